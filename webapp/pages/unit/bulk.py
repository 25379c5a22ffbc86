"""Many cases at once on the unit's desk: accept them, give them to an officer."""

from __future__ import annotations

from flask import Response, request

from webapp.pages.desk import bulk
from webapp.pages.desk.bulk_actions import Line
from webapp.pages.desk.doing import Doing
from webapp.pages.unit import doing
from webapp.pages.unit.views import bp
from webapp.reports import unit_work


@bp.post("/bulk")
def many() -> Response:
    """What would happen to each chosen case; with `sure`, do it."""
    return bulk.perform(bulk.Room("/unit", _do))


def _do(one: Doing, _line: Line) -> None:
    if one.action.name == "delegate" and request.form.get("officer") == bulk.NOBODY:
        unit_work.delegate(one.report, one.actor, None)
    else:
        doing.DO[one.action.name](one)
