"""A week's digest as a letter to an office: figures, case numbers, units, days and links. Nothing of a report goes into
a mail (ADR 12); what a case is about stands behind the sign-in."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from flask_babel import force_locale, gettext, ngettext

from webapp.accounts.permissions import FRONT, Identity
from webapp.core import clock
from webapp.notifications.words import Message
from webapp.routing import terms
from webapp.supervision.digest import Digest, Waiting
from webapp.supervision.scores import LONGEST
from webapp.supervision.words import MEASURES, STEP

MOST_UNITS = 15


def letter(digest: Digest, identity: Identity, site: str, key: str) -> Message:
    """The letter for whoever sees what `identity` sees; `site` is the address under which the pages lie."""
    base = site + ("/desk" if identity.role in FRONT else "/unit")
    with force_locale("vi"):
        parts = [_head(digest), *_figures(digest, base), *_lists(digest, identity, base)]
        return Message(
            subject=gettext(
                "Week %(week)s: %(late)d overdue, %(due)d due",
                week=f"{digest.week.number:02}/{digest.week.year}",
                late=digest.total.numbers["overdue"],
                due=len(digest.due),
            ),
            body="\n\n".join(parts),
            link=f"{base}/digest?week={digest.week}",
            stop="",
            key=key,
            lang="vi",
        )


def _head(digest: Digest) -> str:
    days = digest.week.period
    return gettext(
        "What happened from %(first)s to %(last)s, and what waits now. The pages behind the links need an account.",
        first=f"{days.first:%d/%m/%Y}",
        last=f"{days.last:%d/%m/%Y}",
    )


def _figures(digest: Digest, base: str) -> list[str]:
    """A paragraph for each unit, a line and a link for each number; those that are late come first."""
    period = urlencode({"from": digest.week.period.first.isoformat(), "to": digest.week.period.last.isoformat()})
    order = sorted(digest.scores, key=lambda c: (-digest.scores[c].numbers["overdue"], digest.names[c]))
    if not order:
        return []
    parts = [_title(gettext("Figures of the week"))]
    if len(order) > 1:
        numbers = [f"{MEASURES[name][0]}: {n}" for name, n in digest.total.numbers.items() if n]
        parts.append("\n".join([gettext("All together"), *numbers, f"{base}/scores?{period}"]))
    for code in order[:MOST_UNITS]:
        lines = [digest.names[code]]
        for name, number in digest.scores[code].numbers.items():
            if number:
                lines.append(f"- {MEASURES[name][0]}: {number}\n  {base}/scores/{code}/{name}?{period}")
        parts.append("\n".join(lines))
    if len(order) > MOST_UNITS:
        more = len(order) - MOST_UNITS
        parts.append(ngettext("%(num)d unit more on the page:", "%(num)d units more on the page:", more))
        parts[-1] += f"\n{base}/scores?{period}"
    return parts


def _lists(digest: Digest, identity: Identity, base: str) -> list[str]:
    late = _list(gettext("Overdue with the units"), digest.overdue, digest, identity, base)
    more = digest.total.numbers["overdue"] - len(digest.overdue)
    if late and more > 0 and len(digest.overdue) == LONGEST:
        late.append(ngettext("%(num)d case more on the page.", "%(num)d cases more on the page.", more))
    return [
        *late,
        *_list(gettext("Overdue with yourselves"), digest.own_overdue, digest, identity, base),
        *_list(gettext("Due until the end of this week"), digest.due, digest, identity, base),
        *_list(gettext("Open longest"), digest.oldest, digest, identity, base, since=True),
    ]


def _list(
    title: str, rows: Waiting, digest: Digest, identity: Identity, base: str, *, since: bool = False
) -> list[str]:
    if not rows:
        return []
    now, lines = clock.now(), []
    for report, running in rows:
        unit = digest.names.get(running.unit_code or "", running.unit_code or "")
        # A unit does not open what is with another one.
        opens = identity.role in FRONT or running.unit_code == identity.unit_code
        link = f"\n  {base}/cases/{report.public_id}" if opens else ""
        words = [unit, str(STEP[running.step]), _when(running.due_at, now)]
        if since:
            words.append(gettext("reported on %(day)s", day=_day(report.created_at)))
        lines.append(f"- {report.public_id}: {'; '.join(words)}{link}")
    return [_title(title), "\n".join(lines)]


def _when(due: datetime, now: datetime) -> str:
    days = terms.days_late(due, now)
    if days:
        return ngettext("%(num)d day overdue", "%(num)d days overdue", days)
    return gettext("due %(day)s", day=_day(due))


def _day(moment: datetime) -> str:
    return f"{clock.local(moment):%d/%m/%Y}"


def _title(words: str) -> str:
    return words.upper()
