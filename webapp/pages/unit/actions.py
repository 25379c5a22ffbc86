"""What the unit's signed-in people do with a case."""

from __future__ import annotations

from flask import Response

from webapp.pages.access import identity, require
from webapp.pages.unit import doing
from webapp.pages.unit.views import bp, found
from webapp.pages.web import csrf
from webapp.reports.service import actor_of


@bp.post("/cases/<public_id>/<name>")
@csrf.exempt  # `doing` checks it, so that an expired page keeps the answer and its pictures
def act(public_id: str, name: str) -> Response:
    """Do one of `steps.UNIT_ACTIONS`."""
    who = require("report:view")
    return doing.perform(doing.Door("/unit", who, actor_of(who), f"user-{identity().user_id}", found), public_id, name)
