"""The home page and the choice of language."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from webapp.core import clock
from webapp.core.instance import instance
from webapp.inspections import queries as inspections
from webapp.mapping import queries as mapping
from webapp.pages import labels
from webapp.pages.i18n import remember
from webapp.pages.public.map_config import SIGNS
from webapp.pages.public.views import case_rows, outcome_rows
from webapp.pages.web import csrf
from webapp.reports import queries
from webapp.reports.queries import Filters

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> str:
    """What this is, and the two things to do: report, and see what became of it."""
    now = clock.now()
    outcomes, _total = inspections.published(inspections.Filters(), now, limit=3)
    return render_template(
        "public/home.html",
        counts=mapping.counts(Filters()),
        states=[(code, labels.STATUS_GROUP.get(code, labels.OVERDUE), *sign) for code, sign in SIGNS.items()],
        cases=case_rows(queries.public_list(Filters(), now, limit=5).rows, now),
        outcomes=outcome_rows(outcomes),
        number=labels.number,
    )


@bp.post("/language")
@csrf.exempt  # harmless, and a token would make every public page set a cookie
def set_language() -> Response:
    """Remember the language and go back to where the person was."""
    return remember(request.form.get("lang", ""), request.form.get("next", "/"))


@bp.get("/styleguide")
def styleguide() -> str:
    """Every component in every state; only where the demo runs."""
    if not instance().settings.demo:
        abort(404)
    return render_template("styleguide.html")
