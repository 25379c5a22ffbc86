"""Many cases at once, on both desks: choose in the list, see what will happen to each, then do it, each by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _

from webapp.accounts.permissions import Identity
from webapp.core import text
from webapp.core.db import committing, db
from webapp.pages import labels
from webapp.pages.access import identity, require
from webapp.pages.desk import actions, bulk_actions, names
from webapp.pages.desk.bulk_actions import Chosen, Line
from webapp.pages.desk.listing import place_words
from webapp.pages.desk.steps import Action
from webapp.pages.desk.views import bp
from webapp.pages.i18n import in_language
from webapp.reports import desk_queries, lifecycle, service, unit_work
from webapp.reports.models import Report
from webapp.routing import assign as assigning
from webapp.units.models import Unit

# The field that an action asks for, once for all cases, and what is said where it is empty.
FIELDS = {
    "ask": "ask_reason",
    "out_of_scope": "out_of_scope_reason",
    "duplicate": "original_id",
    "assign": "assign_note",
    "delegate": "officer",
}


@dataclass(frozen=True, slots=True)
class Room:
    """A desk: its address, and how it does with one case what its line says."""

    base: str
    do: Callable[[actions.Doing, Line], Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, once for all cases. `unit`: to which they are to go, instead of the proposed one of each."""

    action: Action
    who: Identity
    unit: Unit | None = None
    errors: dict[str, str] = field(default_factory=dict)


@bp.post("/bulk")
def bulk() -> Response:
    """Do it with the chosen cases of the Front's desk."""
    return perform(Room("/desk", _do))


def perform(room: Room) -> Response:
    """What the action would do with each chosen case; with `sure`, do it. Writes nothing without."""
    action = bulk_actions.ACTIONS[room.base].get(request.form.get("action", ""))
    chosen = bulk_actions.read(request.form.getlist("case"))
    back = _back(room)
    if action is None or not chosen:
        flash(_("Choose cases in the list, and what to do with them."), "error")
        return redirect(back, 303)  # type: ignore[return-value]
    if len(chosen) > bulk_actions.MOST:
        abort(413)
    who = require(action.permission)
    reports = bulk_actions.cases(chosen, who)
    unit_list = bulk_actions.acting_units(reports.values()) if action.name == "assign" else []
    wanted = _wanted(action, who, unit_list)
    known = bulk_actions.proposed(reports.values()) if action.name == "assign" else None
    lines = [bulk_actions.line(action, c, reports.get(c.public_id), wanted.unit, known) for c in chosen]
    # What is done is what was shown: with another unit than that of the preview, there is another preview first.
    sure = request.form.get("sure") == "1" and request.form.get("shown_unit", "") == request.form.get("unit", "")
    if not sure or wanted.errors:
        status = 422 if request.form.get("sure") == "1" and wanted.errors else 200
        errors = wanted.errors if status == 422 else {}
        return _page("desk/bulk.html", room, action, lines, status, back=back, errors=errors, units=unit_list)
    db.session.rollback()  # each case has a transaction of its own from here on
    done = [_one(room, wanted, c) for c in chosen]
    return _page("desk/bulk_done.html", room, action, done, back=back)


def _one(room: Room, wanted: Wanted, chosen: Chosen) -> Line:
    """Do it with one case, or say why not; the others do not suffer from it."""
    action, who = wanted.action, wanted.who
    try:
        with committing():
            report = desk_queries.by_public_id(chosen.public_id, lock=True)
            if report is not None and not actions.may(who, action.permission, report):
                report = None
            line = bulk_actions.line(action, chosen, report, wanted.unit)
            if report is not None and not line.problem:
                room.do(actions.Doing(action, report, who, service.actor_of(who)), line)
            return line
    except actions.Wrong as wrong:
        problem = " ".join(wrong.errors.values())
    except (lifecycle.NotAllowed, lifecycle.Missing):
        problem = _("This cannot be done now: the case has moved on.")
    return Line(chosen, desk_queries.by_public_id(chosen.public_id), problem)


def _do(doing: actions.Doing, line: Line) -> None:
    if doing.action.name == "assign":
        _assign(doing, line.unit)
    elif doing.action.name == "publish":
        _publish(doing.report, doing)
    else:
        actions.DO[doing.action.name](doing)


def _assign(doing: actions.Doing, unit: Unit | None) -> None:
    if unit is None:
        raise lifecycle.Missing("unit")
    try:
        assigning.assign(doing.report, unit, doing.actor, doing.text("assign_note", limit=1000))
    except assigning.NoteMissing:
        raise lifecycle.Missing("reason") from None


def _publish(report: Report, doing: actions.Doing) -> None:
    """Let the answers out; everything else stays as it is, out or in."""
    service.publish(
        report,
        doing.actor,
        text=report.public_text,
        photo_ids={p.id for p in report.photos if p.public},
        answer_ids={a.id for a in report.answers},
        file_ids=frozenset(f.id for a in report.answers for f in a.files if f.public),
    )


def _wanted(action: Action, who: Identity, unit_list: list[Unit]) -> Wanted:
    code = request.form.get("unit", "") if action.name == "assign" else ""
    unit = next((u for u in unit_list if u.code == code), None)
    errors = _missing(action, chosen=bool(code), who=who)
    if code and unit is None:
        errors["unit"] = _("Choose the unit.")
    return Wanted(action, who, unit, errors)


def _missing(action: Action, *, chosen: bool, who: Identity) -> dict[str, str]:
    name = FIELDS.get(action.name)
    if name is None:
        return {}
    typed = text.clean(request.form.get(name), multiline=True)
    if len(typed) > (1000 if action.name == "assign" else 2000):
        return {name: _("Too long: at most %(count)s characters.", count=1000 if action.name == "assign" else 2000)}
    if action.name == "delegate":
        known = {str(u.id) for u in unit_work.colleagues(who.unit_code)} | {NOBODY}
        return {} if typed in known else {name: _("Choose an officer of your unit.")}
    if typed or (action.name == "assign" and not chosen):
        return {}
    return {
        name: {
            "ask": _("Write what you want to know."),
            "duplicate": _("Enter the number of the case that was there first."),
            "assign": _("The rule names another unit: write why it goes to this one."),
        }.get(action.name, _("Write the reason."))
    }


NOBODY = "nobody"  # instead of an officer


def _back(room: Room) -> str:
    """The list that they came from; never another site."""
    back = request.form.get("back", "")
    return back if back == room.base or back.startswith(f"{room.base}?") else room.base


def _page(template: str, room: Room, action: Action, lines: list[Line], status: int = 200, **more: Any) -> Response:
    reports = [one.report for one in lines if one.report is not None]
    areas = names.of_areas({code for r in reports for code in (r.area_code, r.province_code)})
    posts = desk_queries.posts(r.assignee_id for r in reports) if action.name == "delegate" else {}
    rows = [
        {
            "value": one.chosen.value,
            "id": one.chosen.public_id,
            "title": in_language(one.report.category.name) if one.report else "",
            "place": place_words(one.report, areas) if one.report else "",
            "unit": one.unit.name_vi if one.unit else None,
            "to": labels.STATUS[one.to] if one.to else None,
            "will": one.will,
            "officer": posts.get(one.report.assignee_id or 0, "") if one.report else "",
            "problem": one.problem,
        }
        for one in lines
    ]
    colleagues = unit_work.colleagues(identity().unit_code) if action.name == "delegate" else []
    page = render_template(
        template,
        base=room.base,
        action=action,
        title=bulk_actions.label(action),
        field=FIELDS.get(action.name),
        good=[row for row in rows if not row["problem"]],
        bad=[row for row in rows if row["problem"]],
        values=request.form,
        unit_choices=[(u.code, u.name_vi) for u in more.pop("units", [])],
        officers=[*((str(u.id), u.name) for u in colleagues), (NOBODY, _("Nobody: it lies with the unit"))],
        **{"errors": {}, **more},
    )
    return Response(page, status, mimetype="text/html")
