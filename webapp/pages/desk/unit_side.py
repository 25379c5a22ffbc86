"""What a case page shows of the unit's side: refusal, handover, officer, sheets, a unit without accounts."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from webapp.accounts.permissions import Identity, allowed
from webapp.core import text
from webapp.core.events import Event
from webapp.inspections import sheets
from webapp.inspections.models import Sheet
from webapp.pages import labels
from webapp.pages.desk.timeline import Names
from webapp.pages.desk.unit_words import REFUSAL
from webapp.reports import handovers, lifecycle, unit_links, unit_work
from webapp.reports.models import Report
from webapp.units import contacts
from webapp.units import queries as units


def context(
    report: Report, identity: Identity, entries: list[Event], names: Names, typed: dict[str, Any]
) -> dict[str, Any]:
    """The page's further fields."""
    for_unit = not allowed(identity.role, "message:view")
    signed_in = allowed(identity.role, "inspection:write")
    every = sheets.of(report) if signed_in or not for_unit else []
    asked = handovers.pending(report) if report.status in handovers.DURING else None
    people = unit_work.colleagues(report.unit_code) if signed_in else []
    posts = {u.id: u.name for u in people} | names.posts
    return {
        "refusal": _refusal(report, entries, names),
        "handover": asked and {"unit": asked.to_code, "name": names_of(asked.to_code), "reason": asked.reason},
        "sheets": [_sheet(s) for s in every if for_unit or s.signed_at is not None],
        "sheets_by_answer": _by_answer(every),
        "officers": [(u.id, u.name) for u in people],
        "officer": posts.get(report.assignee_id or 0),
        "may_inspect": signed_in and report.status in (*handovers.DURING, lifecycle.ASSIGNED),
        "refusal_options": [(code, REFUSAL[code]) for code in unit_work.REFUSALS],
        "other_units": _other_units(report, typed) if for_unit else [],
        "by_link": None if for_unit else _link_words(report),
    }


def names_of(code: str) -> str:
    """A unit's name in full."""
    unit = units.by_code(code)
    return unit.name_vi if unit is not None else code


def _refusal(report: Report, entries: list[Event], names: Names) -> dict[str, Any] | None:
    """The refusal for which the case lies with the Front, with the unit that was proposed if it still fits."""
    last = unit_work.last_refusal(entries) if report.status in lifecycle.TRIAGE else None
    if last is None:
        return None
    unit = units.by_code(last.data.get("proposed"))
    fit = unit is not None and unit_work.fits(report, unit)
    return {
        "by": names.unit(last.data.get("unit")),
        "why": REFUSAL.get(last.data.get("why", ""), ""),
        "reason": last.data.get("reason", ""),
        "proposed": unit.code if unit is not None and fit else None,
        "proposed_name": unit.name_vi if unit is not None and fit else "",
        "stands": last.data.get("unit") == report.unit_code,  # no correction has named another unit since
        "count": report.refusals,
        "note": _("As proposed by the unit that gave it back"),
    }


def _sheet(sheet: Sheet) -> dict[str, Any]:
    return {
        "id": sheet.public_id,
        "at": labels.moment(sheet.ended_at or sheet.created_at),
        "signed": labels.moment(sheet.signed_at) if sheet.signed_at else "",
        "attached": sheet.answer_id is not None,
    }


def _by_answer(every: list[Sheet]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for sheet in every:
        if sheet.answer_id is not None:
            found.setdefault(sheet.answer_id, []).append(_sheet(sheet))
    return found


def _other_units(report: Report, typed: dict[str, Any]) -> list[tuple[str, Any]]:
    """Who may be proposed instead: what a search has found, the commune's bodies, the province's."""
    from webapp.pages.desk.case_page import acting_units

    near = [u for u in acting_units(report) if unit_work.fits(report, u)]
    words = text.clean(str(typed.get("refuse_search") or typed.get("pass_on_search") or ""))[:80]
    found = [u for u in units.search(words, report.province_code) if unit_work.fits(report, u)] if words else []
    groups = (
        (_("Found for “%(typed)s”", typed=words), found),
        (_("Commune"), [u for u in near if u.level == "commune"]),
        (_("Province"), [u for u in near if u.level != "commune"]),
    )
    return [(label, [(u.code, u.name_vi) for u in members]) for label, members in groups if members]


def _link_words(report: Report) -> dict[str, str] | None:
    """For the Front: how a unit without accounts hears of its case."""
    if report.status not in lifecycle.AT_UNIT or unit_links.has_accounts(report.unit_code):
        return None
    link = unit_links.last(report)
    if link is None:
        known = contacts.of(report.unit_code) is not None
        words = "" if known else _("Nobody of this unit can sign in and no office address is known: tell it yourself.")
        return {"tone": "warning", "text": words} if words else None
    if link.opened_at:
        return {"tone": "info", "text": _("The unit opened its link on %(at)s.", at=labels.moment(link.opened_at))}
    if link.sent_at:
        said = _("A link was sent to the unit’s office on %(at)s; not opened yet.", at=labels.moment(link.sent_at))
        return {"tone": "info", "text": said}
    return {"tone": "info", "text": _("A link to the unit’s office is about to be sent.")}
