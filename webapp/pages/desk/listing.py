"""A queue page, the Front's and the unit's: what is asked for, and each row in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.accounts.permissions import PROVINCE_FRONT, Identity
from webapp.core import clock, text
from webapp.pages import labels
from webapp.pages.desk import bulk_actions, names
from webapp.pages.i18n import language
from webapp.pages.web import asset
from webapp.reports import lanes, lifecycle, queue, saved, search
from webapp.reports.catalogue import catalogue
from webapp.reports.models import Report
from webapp.reports.queue import Filters, Row

TAB_LABELS: dict[str, LazyString] = {
    "now": _l("Needs me now"),
    "triage": _l("To triage"),
    "waiting": _l("Waiting for the sender"),
    "units": _l("With units"),
    "overdue": _l("Overdue"),
    "answered": _l("Answered, to check"),
    "verified": _l("Checked, to close"),
    "ended": _l("Ended"),
    "all": _l("All"),
    "accept": _l("To accept"),
    "verifying": _l("Being verified"),
    "in_progress": _l("Being handled"),
    "rework": _l("Rework"),
}
UNIT_TAB_LABELS = TAB_LABELS | {"answered": _l("Answered")}
# Why a row stands where it does, with the tone of its badge. What is late or due soon says so in its clock.
WHY: dict[str, tuple[LazyString, str]] = {
    "new": (_l("New: nobody has taken it on"), "info"),
    "refused": (_l("Given back by the unit"), "attention"),
    "reopened": (_l("Reopened"), "attention"),
    "objected": (_l("The sender says: not solved"), "attention"),
    "answered": (_l("Waits for your check"), "info"),
    "supplemented": (_l("Sender replied"), "attention"),
}


def context(request: Request, identity: Identity, base: str) -> dict[str, Any]:
    """All that a queue page shows. `base` is the desk's address: /desk or /unit."""
    now = clock.now()
    asked = asked_for(request.args, identity)
    tab, size = asked["tab"], int(asked["n"] or queue.PAGE)
    filters = Filters(asked["group"], asked["commune"], search.words(asked["q"]))
    totals = queue.counts(identity, now)
    page = queue.page(identity, tab, filters, now, request.args.get("after", "")[:80], size=size)
    narrowed = {name: asked[name] for name in ("q", "group", "commune", "n") if asked[name]}
    tab_words = UNIT_TAB_LABELS if base == "/unit" else TAB_LABELS
    known = catalogue()
    lang = language()
    return {
        "base": base,
        "tab": tab,
        "tab_label": tab_words[tab],
        "tabs": [
            (address(base, {"tab": t, **narrowed}), tab_words[t], t == tab, tally(totals[t]))
            for t in queue.tabs_of(identity)
        ],
        "rows": _rows(page.rows, base, now),
        "size": size,
        "more": address(base, {"tab": tab, **narrowed, "after": page.after}) if page.after else None,
        "first": address(base, {"tab": tab, **narrowed}) if request.args.get("after") else None,
        "sizes": [(n, n == size, address(base, {"tab": tab, **narrowed, "n": str(n)})) for n in queue.SIZES],
        "plain": address(base, {"tab": tab}),
        "here": address(base, {"tab": tab, **narrowed}),
        "values": asked,
        "filtered": any(asked[name] for name in ("q", "group", "commune")),
        "groups": [(g.code, g.name.get(lang) or g.name["vi"]) for g in known.groups.values()],
        "communes": _communes(identity),
        "saved": [(n, name, address(base, query)) for n, name, query in saved.of(identity.user_id or 0)],
        "total": tally(totals[tab]),
        "bulk": bulk_actions.choices(identity),
        "words": {
            "signs": asset("icons/ui.svg"),
            "pictograms": asset("icons/categories.svg"),
            "proposed": _("proposed:"),
            "photos": _("photos"),
            "contact": _("contact left"),
            "choose": _("Choose case"),
        },
    }


def asked_for(args: Any, identity: Identity) -> dict[str, str]:
    """What an address asks of the list; anything that makes no sense is left out."""
    tab, size = args.get("tab", "now"), args.get("n", "")
    return {
        "tab": tab if tab in queue.tabs_of(identity) else "now",
        "q": text.clean(args.get("q"))[:80],
        "group": args.get("group", "")[:40],
        "commune": args.get("commune", "")[:8],
        "n": size if size in {str(n) for n in queue.SIZES if n != queue.SIZES[0]} else "",
    }


def tally(number: int) -> str:
    """A count as it is shown: beyond what is counted, "999+"."""
    return f"{queue.MOST}+" if number > queue.MOST else str(number)


def _communes(identity: Identity) -> list[tuple[str, str]]:
    """What a province's desk can be narrowed to."""
    if identity.role != PROVINCE_FRONT or not identity.province_code:
        return []
    return names.of_communes(identity.province_code)


def address(base: str, query: dict[str, str]) -> str:
    return f"{base}?{urlencode(query)}"


def _rows(rows: list[Row], base: str, now: datetime) -> list[dict[str, Any]]:
    areas = names.of_areas({code for r in rows for code in (r.area_code, r.province_code)})
    unit_names = names.of_units({r.unit_code for r in rows})
    categories, lang = catalogue().categories, language()
    # Each word once per page, not once per row.
    statuses = {s: str(labels.STATUS[s]) for s in {r.status for r in rows}}
    why = {w: (str(WHY[w][0]), WHY[w][1]) for w in {r.note for r in rows} if w in WHY}
    hidden, nowhere = _("Not for the commune"), _("No known commune")
    shown = []
    for row in rows:
        category = categories[row.category_code]
        flags = [why[row.note]] if row.note in why else []
        if row.bypass_commune:
            flags.append((hidden, "attention"))
        if not row.area_code:
            flags.append((nowhere, "attention"))
        shown.append(
            {
                "url": f"{base}/cases/{row.public_id}",
                "id": row.public_id,
                "version": row.version,
                "title": category.name.get(lang) or category.name["vi"],
                "icon": category.icon,
                "place": place_words(row, areas),
                "at": labels.moment(row.created_at),
                "iso": row.created_at.isoformat(timespec="minutes"),
                "status": row.status,
                "status_label": statuses[row.status],
                "tone": labels.STATUS_TONE[row.status],
                "unit": unit_names.get(row.unit_code or ""),
                "proposed": row.status in ("received", "screening", "needs_info"),
                "due": due_words(row, now),
                "photos": row.has_photos,
                "contact": row.has_contact,
                "flags": flags,
            }
        )
    return shown


def place_words(report: Report | Row, names: dict[str, str]) -> str:
    """The commune, else the province, else that it is unknown. Never the exact place or what was typed."""
    return (
        names.get(report.area_code or "")
        or names.get(report.province_code or "")
        or report.area_code
        or _("Place unknown")
    )


def due_words(report: Report | Row, now: Any) -> dict[str, str] | None:
    """The clock in words with a tone: late, soon (within two days) or calm; None where none runs."""
    if report.due_at is None or report.status not in lifecycle.CLOCK_RUNS:
        return None
    if report.due_at < now:
        return {"tone": "late", "text": labels.overdue_words(report.due_at, now)}
    return {
        "tone": "soon" if report.due_at < now + lanes.SOON_IS else "",
        "text": _("due %(day)s", day=labels.day(report.due_at)),
    }
