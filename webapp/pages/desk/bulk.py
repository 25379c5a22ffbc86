"""Many cases at once: choose in the list, see what will happen to each, then do it, each case by itself."""

from __future__ import annotations

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
from webapp.reports import desk_queries, lifecycle, service
from webapp.routing import assign as assigning
from webapp.units import queries as units

# The field that an action asks for, once for all cases, and what is said where it is empty.
FIELDS = {"ask": "ask_reason", "out_of_scope": "out_of_scope_reason", "duplicate": "original_id"}


@bp.post("/bulk")
def bulk() -> Response:
    """What the action would do with each chosen case; with `sure`, do it. Writes nothing without."""
    action = bulk_actions.ACTIONS.get(request.form.get("action", ""))
    chosen = bulk_actions.read(request.form.getlist("case"))
    back = _back()
    if action is None or not chosen:
        flash(_("Choose cases in the list, and what to do with them."), "error")
        return redirect(back, 303)  # type: ignore[return-value]
    if len(chosen) > bulk_actions.MOST:
        abort(413)
    who = require(action.permission)
    lines = bulk_actions.preview(action, chosen, who)
    if request.form.get("sure") != "1":
        return _page("desk/bulk.html", action, lines, back=back)
    errors = _missing(action)
    if errors:
        return _page("desk/bulk.html", action, lines, 422, back=back, errors=errors)
    db.session.rollback()  # each case has a transaction of its own from here on
    done = [_one(action, c, who) for c in chosen]
    return _page("desk/bulk_done.html", action, done, back=back)


def _one(action: Action, chosen: Chosen, who: Identity) -> Line:
    """Do it with one case, or say why not; the others do not suffer from it."""
    try:
        with committing():
            report = desk_queries.by_public_id(chosen.public_id, lock=True)
            if report is not None and not actions.may(who, action.permission, report):
                report = None
            line = bulk_actions.line(action, chosen, report)
            if report is not None and not line.problem:
                _do(actions.Doing(action, report, who, service.actor_of(who)))
            return line
    except actions.Wrong as wrong:
        problem = " ".join(wrong.errors.values())
    except (lifecycle.NotAllowed, lifecycle.Missing):
        problem = _("This cannot be done now: the case has moved on.")
    return Line(chosen, desk_queries.by_public_id(chosen.public_id), problem)


def _do(doing: actions.Doing) -> None:
    if doing.action.name != "assign":
        actions.DO[doing.action.name](doing)
        return
    unit = units.by_code(doing.report.unit_code)
    if unit is None:
        raise lifecycle.Missing("unit")
    assigning.assign(doing.report, unit, doing.actor)


def _missing(action: Action) -> dict[str, str]:
    name = FIELDS.get(action.name)
    if name is None:
        return {}
    typed = text.clean(request.form.get(name), multiline=True)
    if len(typed) > 2000:
        return {name: _("Too long: at most %(count)s characters.", count=2000)}
    if typed:
        return {}
    return {
        name: {
            "ask": _("Write what you want to know."),
            "duplicate": _("Enter the number of the case that was there first."),
        }.get(action.name, _("Write the reason."))
    }


def _back() -> str:
    """The list that they came from; never another site."""
    back = request.form.get("back", "")
    return back if back == "/desk" or back.startswith("/desk?") else "/desk"


def _page(template: str, action: Action, lines: list[Line], status: int = 200, **more: Any) -> Response:
    reports = [one.report for one in lines if one.report is not None]
    areas = names.of_areas({code for r in reports for code in (r.area_code, r.province_code)})
    unit_names = names.of_units({r.unit_code for r in reports})
    rows = [
        {
            "value": one.chosen.value,
            "id": one.chosen.public_id,
            "title": in_language(one.report.category.name) if one.report else "",
            "place": place_words(one.report, areas) if one.report else "",
            "unit": unit_names.get(one.report.unit_code or "") if one.report else None,
            "status": labels.STATUS[one.report.status] if one.report else None,
            "to": labels.STATUS[one.to] if one.to else None,
            "problem": one.problem,
        }
        for one in lines
    ]
    page = render_template(
        template,
        action=action,
        field=FIELDS.get(action.name),
        good=[row for row in rows if not row["problem"]],
        bad=[row for row in rows if row["problem"]],
        values=request.form,
        identity_role=identity().role,
        **{"errors": {}, **more},
    )
    return Response(page, status, mimetype="text/html")
