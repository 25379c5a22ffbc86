"""A queue page, the Front's and the unit's: what is asked for, and each row in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Request
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.accounts.permissions import PROVINCE_FRONT, Identity
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE
from webapp.core import clock, text
from webapp.core.db import db
from webapp.pages import labels
from webapp.pages.i18n import in_language
from webapp.pages.web import asset
from webapp.reports import desk_queries, lifecycle
from webapp.reports.desk_queries import Filters, Row
from webapp.reports.models import CategoryGroup, Report
from webapp.units import queries as units

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
    "mine": _l("Mine"),
    "accept": _l("To accept"),
    "verifying": _l("Being verified"),
    "in_progress": _l("Being handled"),
    "rework": _l("Rework"),
}
UNIT_TAB_LABELS = TAB_LABELS | {"answered": _l("Answered")}
_NOTES: dict[str, LazyString] = {
    "refused": _l("Given back by the unit"),
    "handover": _l("Asks to hand over"),
    "reopened": _l("Reopened"),
    "supplemented": _l("Sender replied"),
    "objected": _l("The sender says: not solved"),
}


def context(request: Request, identity: Identity, base: str) -> dict[str, Any]:
    """All that a queue page shows. `base` is the desk's address: /desk or /unit."""
    now = clock.now()
    args = request.args
    tabs = desk_queries.tabs_of(identity)
    tab = args.get("tab", "now")
    tab = tab if tab in tabs else "now"
    typed = text.clean(args.get("q"))[:80]
    group, commune = args.get("group", "")[:40], args.get("commune", "")[:8]
    filters = _filters(group, commune, typed)
    totals = desk_queries.counts(identity, now)
    page = desk_queries.queue(identity, tab, filters, now, args.get("after", "")[:80])
    groups = list(db.session.scalars(select(CategoryGroup).order_by(CategoryGroup.position)))
    choices = _communes(identity)
    names = {code: name for code, name in choices}
    missing = {r.report.area_code for r in page.rows} | {r.report.province_code for r in page.rows}
    missing -= names.keys() | {None}
    if missing - {identity.province_code}:
        names |= desk_queries.area_names(missing)
    unit_names = units.by_codes({r.report.unit_code for r in page.rows if r.report.unit_code})
    asked = {"q": typed, "group": group, "commune": commune}
    asked = {name: value for name, value in asked.items() if value}
    tab_words = UNIT_TAB_LABELS if base == "/unit" else TAB_LABELS
    return {
        "tab": tab,
        "tab_label": tab_words[tab],
        "tabs": [(_address(base, {"tab": t, **asked}), tab_words[t], t == tab, totals[t]) for t in tabs],
        "rows": [_row(r, base, names, unit_names, now) for r in page.rows],
        "more": _address(base, {"tab": tab, **asked, "after": page.after}) if page.after else None,
        "first": _address(base, {"tab": tab, **asked}) if args.get("after") else None,
        "plain": _address(base, {"tab": tab}),
        "values": {"q": typed, "group": group, "commune": commune, "tab": tab},
        "filtered": bool(asked),
        "groups": [(g.code, in_language(g.name)) for g in groups],
        "communes": choices,
        "total": totals[tab],
        "words": {
            "signs": asset("icons/ui.svg"),
            "pictograms": asset("icons/categories.svg"),
            "proposed": _("proposed:"),
            "photos": _("photos"),
            "contact": _("contact left"),
        },
    }


def _filters(group: str, commune: str, typed: str) -> Filters:
    if not typed:
        return Filters(group, commune)
    # A case number has no spaces; a name of a place may also be one word, so both are looked up.
    number = typed.lower() if typed.isascii() and " " not in typed else ""
    found = tuple(a.code for a in areas.search(typed) if a.level == COMMUNE)
    return Filters(group, commune, number, found)


def _communes(identity: Identity) -> list[tuple[str, str]]:
    """What a province's desk can be narrowed to."""
    if identity.role != PROVINCE_FRONT or not identity.province_code:
        return []
    return [(a.code, a.name) for a in areas.communes_of(identity.province_code)]


def _address(base: str, query: dict[str, str]) -> str:
    return f"{base}?{urlencode(query)}"


def _row(row: Row, base: str, names: dict[str, str], unit_names: dict[str, Any], now: Any) -> dict[str, Any]:
    report = row.report
    unit = unit_names.get(report.unit_code or "")
    flags = [str(_NOTES[row.note])] if row.note else []
    if row.note == "refused" and report.refusals > 1:
        flags = [ngettext("Given back %(num)d time", "Given back %(num)d times", report.refusals)]
    if report.bypass_commune:
        flags.append(_("Not for the commune"))
    if not report.area_code:
        flags.append(_("No known commune"))
    return {
        "url": f"{base}/cases/{report.public_id}",
        "id": report.public_id,
        "title": in_language(report.category.name),
        "category_icon": report.category.icon,
        "urgent": report.category.urgent,
        "place": place_words(report, names),
        "at": labels.moment(report.created_at),
        "iso": report.created_at.isoformat(),
        "status": report.status,
        "status_label": labels.STATUS[report.status],
        "tone": labels.STATUS_TONE[report.status],
        "unit": (unit.short_name_vi or unit.name_vi) if unit else None,
        "proposed": report.status in ("received", "screening", "needs_info"),
        "due": due_words(report, now),
        "photos": row.has_photos,
        "contact": row.has_contact,
        "flags": flags,
    }


def place_words(report: Report, names: dict[str, str]) -> str:
    """The commune, else the province, else that it is unknown. Never the exact place or what was typed."""
    return (
        names.get(report.area_code or "")
        or names.get(report.province_code or "")
        or report.area_code
        or _("Place unknown")
    )


def due_words(report: Report, now: Any) -> dict[str, str] | None:
    """The clock in words with a tone: late, soon (within two days) or calm; None where none runs."""
    if report.due_at is None or report.status not in lifecycle.CLOCK_RUNS:
        return None
    if report.due_at < now:
        return {"tone": "late", "text": labels.overdue_words(report.due_at, now)}
    left = report.due_at - now
    return {
        "tone": "soon" if left.total_seconds() < 2 * 86_400 else "",
        "text": _("due %(day)s", day=labels.day(report.due_at)),
    }
