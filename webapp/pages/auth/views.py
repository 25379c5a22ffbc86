"""Around signing in: the form's answers, and where each role goes afterwards."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request

from webapp.accounts import permissions
from webapp.pages import limits
from webapp.pages.access import identity

bp = Blueprint("account", __name__, url_prefix="/auth")
bp.record_once(lambda state: limits.init_app(state.app))  # type: ignore[arg-type]


@bp.get("/home")
def home() -> Response:
    """The desk of the one who signed in."""
    role = identity().role
    if role in permissions.FRONT:
        return redirect("/desk")  # type: ignore[return-value]
    if role == permissions.MEMBER_ORG:
        return redirect("/entry")  # type: ignore[return-value]
    return redirect("/unit" if role in permissions.UNIT else "/admin")  # type: ignore[return-value]


@bp.after_app_request
def _refused(response: Response) -> Response:
    """Flask-Security answers a failed sign-in with 200; a refusal is 4xx here, and then nothing is saved."""
    if request.endpoint == "auth.login":
        if request.method == "POST" and response.status_code == 200:
            response.status_code = 422
        response.headers["Cache-Control"] = "no-store"
    return response
