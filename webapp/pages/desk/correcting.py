"""What a case is, where it lies and who must not see it, set right by an officer; at any time while it is open."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _

from geo.positions import PositionError, parse_position
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE
from webapp.core import text
from webapp.core.db import db
from webapp.pages import messages
from webapp.pages.desk import case_page, timeline
from webapp.pages.desk.doing import Doing, Wrong
from webapp.reports import lifecycle
from webapp.reports.models import Category, Report
from webapp.routing import service as routing


def correct(doing: Doing) -> str:
    """Correct the category or the place, and say what that changed."""
    report, form = doing.report, request.form
    with_unit = report.status not in lifecycle.TRIAGE
    reason = doing.text("correct_reason", _("Write the reason.") if with_unit else "", limit=2000)
    category = _chosen_category(form.get("category", ""), report)
    commune = _commune(text.clean(form.get("commune")))
    commune_code = commune if commune and commune != report.area_code else None
    position = _position(form.get("lat", "").strip(), form.get("lon", "").strip(), report)
    if commune_code and position:
        raise Wrong(commune=_("Give either a position or a commune, not both."))
    if category is None and commune_code is None and position is None:
        raise Wrong(_form=_("Nothing was changed: choose another category or place."))
    before = (report.category_code, report.area_code, report.unit_code)
    try:
        routing.reroute(
            report,
            doing.actor,
            category=category,
            commune_code=commune_code,
            position=position,
            reason=reason,
            keep_unit=form.get("keep_unit") == "1",
        )
    except ValueError:
        raise Wrong(commune=messages.say("commune_unknown")) from None
    after = (report.category_code, report.area_code, report.unit_code)
    names = case_page.names_for(report, {before[2], after[2]}, {before[1], after[1]})
    keys = ("category", "area", "unit")
    changed = timeline.changes(
        {"before": dict(zip(keys, before, strict=True)), "after": dict(zip(keys, after, strict=True))}, names
    )
    said = _("Corrected and routed anew. %(changes)s", changes="; ".join(changed))
    more = _taken_back(report, with_unit, names.unit(before[2]))
    return f"{said}. {more}" if more else said


def _taken_back(report: Report, with_unit: bool, unit: str) -> str:
    """What to know where the case had been with a unit."""
    if not with_unit:
        return ""
    if report.status != lifecycle.RECEIVED:
        return _("%(unit)s keeps it.", unit=unit)
    return _("%(unit)s is told that it no longer has it; it waits for the Front to pass it on.", unit=unit)


def bypass(doing: Doing) -> str:
    """Keep the case from every body of its commune."""
    reason = doing.text("bypass_reason", _("Write the reason."), limit=2000)
    report, held = doing.report, doing.report.unit_code
    with_unit = report.status not in lifecycle.TRIAGE
    try:
        routing.bypass(report, doing.actor, reason)
    except routing.AlreadyBypassed:
        raise lifecycle.NotAllowed("bypass") from None
    unit = case_page.names_for(report, {held}, set()).unit(held)
    said = _("Nobody of the commune sees the case any more. It was routed anew.")
    return f"{said} {_taken_back(report, with_unit, unit)}".rstrip()


def _commune(typed: str) -> str:
    """The code of a commune that was chosen, or typed as a code or a name (cases without a province)."""
    if not typed or typed.isdigit():
        return typed[:8]
    communes = [a for a in areas.search(typed) if a.level == COMMUNE]
    if not communes:
        raise Wrong(commune=messages.say("commune_unknown"))
    # Only a name that is there whole decides; what merely resembles is asked back.
    folded = text.fold(typed)
    found = [a for a in communes if folded in (a.folded, areas.bare_name(a))]
    found = found or [a for a in communes if areas.bare_name(a) in folded]
    if len(found) != 1:
        some = ", ".join(f"{a.name} ({a.code})" for a in (found or communes)[:6])
        raise Wrong(commune=_("Which one? Enter the code: %(communes)s", communes=some))
    return found[0].code


def _chosen_category(code: str, report: Report) -> Category | None:
    if not code or code == report.category_code:
        return None
    category = db.session.get(Category, code)
    if category is None or category.retired or not category.reportable:
        raise Wrong(category=messages.say("category_unknown"))
    return category


def _position(lat: str, lon: str, report: Report) -> tuple[float, float] | None:
    if not lat and not lon:
        return None
    try:
        position = parse_position(lat, lon)
    except PositionError as error:
        raise Wrong(lat=messages.say(f"position_{error.code}")) from None
    old = report.location
    if old is not None and abs(old.x - position[0]) < 1e-6 and abs(old.y - position[1]) < 1e-6:
        return None
    return position
