"""What belongs to a case, in words: likely duplicates with why, the place's history, links, how often it came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from webapp.accounts.permissions import Identity, may
from webapp.core.db import db
from webapp.inspections.models import Outcome
from webapp.pages import labels
from webapp.pages.desk.nearby import Neighbour
from webapp.reports import desk_queries, duplicates, likeness, links
from webapp.reports.duplicates import Earlier, Suggestion
from webapp.reports.likeness import Likeness
from webapp.reports.links import Linked
from webapp.reports.models import Report


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it. `whole`: the report that this case is a part of; `open_to`: ids of linked cases one may open;
    `around`: the cases of the first two lists by id, numbered in this order for lists and drawings."""

    suggestions: list[tuple[Suggestion, str, list[str]]] = field(default_factory=list)
    history: list[tuple[Earlier, list[str]]] = field(default_factory=list)
    links: list[tuple[Linked, str]] = field(default_factory=list)
    open_to: frozenset[int] = frozenset()
    came_back: int = 0
    whole: Report | None = None
    around: dict[int, Neighbour] = field(default_factory=dict)


def nothing() -> Beside:
    """For those who see one case only."""
    return Beside()


def gather(report: Report, identity: Identity) -> Beside:
    """What belongs to the case and may be seen by this identity; at most seven statements."""
    scope = desk_queries.in_scope(identity)
    linked = links.of_report(report.id)
    found = _new(duplicates.suggestions(report, scope), linked)
    suggested = {s.report.id for s in found}
    before = [e for e in duplicates.earlier(report, scope) if e.report.id not in suggested]
    findings = _findings([e.report.id for e in before])
    recurs = any(one.link.kind == links.RECURRENCE for one in linked)
    others = [s.report for s in found] + [e.report for e in before]
    return Beside(
        suggestions=[(s, how_likely(s.like), reasons(s.like)) for s in found],
        history=[(e, _what_came_of(e.report, findings)) for e in before],
        links=[(one, link_words(one)) for one in linked],
        open_to=frozenset(one.other.id for one in linked if may(identity, "report:view", one.other)),
        came_back=links.came_back(report.id) if recurs else 0,
        whole=next((o.other for o in linked if o.link.kind == links.SPLIT and o.here == "from"), None),
        around={other.id: _neighbour(number, other, report) for number, other in enumerate(others, 1)},
    )


def _neighbour(number: int, other: Report, report: Report) -> Neighbour:
    at = (other.location.x, other.location.y) if other.location is not None else None
    return Neighbour(number, at, (other.created_at - report.created_at).total_seconds() / 86_400)


def suggestions(report: Report, identity: Identity, limit: int) -> list[Suggestion]:
    """Likely duplicates that are not linked to the case yet."""
    found = duplicates.suggestions(report, desk_queries.in_scope(identity), limit)
    return _new(found, links.of_report(report.id))


def _new(found: list[Suggestion], linked: list[Linked]) -> list[Suggestion]:
    joined = {one.other.id for one in linked}
    return [s for s in found if s.report.id not in joined]


def how_likely(like: Likeness) -> str:
    """The score in words, with the number."""
    if like.score >= likeness.LIKELY:
        return _("Very likely the same (%(score)s of 100)", score=like.score)
    return _("Possibly the same (%(score)s of 100)", score=like.score)


def reasons(like: Likeness) -> list[str]:
    """Why two cases are held to be alike, the strongest kinds of reason first."""
    found = []
    if like.bits is not None:
        found.append(
            _("same photo") if like.bits == 0 else _("almost the same photo, %(bits)s of 64 bits apart", bits=like.bits)
        )
    found.append(_("%(metres)s m away", metres=like.metres) if like.metres is not None else _("same commune"))
    found.append(ngettext("%(num)d day apart", "%(num)d days apart", like.days) if like.days else _("within a day"))
    if like.category != "other":
        found.append(_("same category") if like.category == "same" else _("same group of categories"))
    if like.words is not None and like.words >= 0.1:
        found.append(_("words %(percent)s %% alike", percent=round(100 * like.words)))
    return found


def link_words(one: Linked) -> str:
    """What the other case is to this one."""
    return {
        (links.RECURRENCE, "from"): _("Came back after this case"),
        (links.RECURRENCE, "to"): _("Has come back as this case"),
        (links.SPLIT, "from"): _("The report that this is a part of"),
        (links.SPLIT, "to"): _("Part number %(number)s", number=one.link.number),
        (links.MERGED, "from"): _("The case that this is a duplicate of"),
        (links.MERGED, "to"): _("Duplicate"),
    }.get((one.link.kind, one.here), _("Has to do with it"))


def bad_link(code: str) -> str:
    """Why two cases cannot be linked, at the field."""
    return {
        "same": _("This is the case itself."),
        "known": _("The two are linked so already."),
        "order": _("What came back must have come in later."),
        "open": _("The earlier case has not been answered yet, so nothing has come back. Merge the two instead."),
    }[code]


def _findings(reports: list[int]) -> dict[int, str]:
    """The last inspection finding of each of these cases."""
    if not reports:
        return {}
    query = select(Outcome.report_id, Outcome.finding).where(Outcome.report_id.in_(reports)).order_by(Outcome.id)
    return {number: finding for number, finding in db.session.execute(query) if number}


def _what_came_of(report: Report, findings: dict[int, str]) -> list[str]:
    words: list[Any] = []
    if report.closed_at is not None:
        words.append(_("ended on %(day)s", day=labels.day(report.closed_at)))
    if report.id in findings:
        words.append(labels.FINDING.get(findings[report.id], findings[report.id]))
    return [str(word) for word in words]
