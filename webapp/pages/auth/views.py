"""Around signing in: the form's answers, and where each role goes afterwards."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask_security import current_user

from webapp.accounts import permissions, second_factor, signin
from webapp.pages import limits
from webapp.pages.access import identity

bp = Blueprint("account", __name__, url_prefix="/auth")
bp.record_once(lambda state: limits.init_app(state.app))  # type: ignore[arg-type]
PAGES = frozenset({"auth", "account", "entrance"})  # blueprints whose pages nobody keeps


@bp.get("/home")
def home() -> Response:
    """The desk of the one who signed in; before that, where the second factor is set up."""
    if second_factor.missing(current_user):
        return redirect("/auth/security")  # type: ignore[return-value]
    role = identity().role
    if role in permissions.FRONT:
        return redirect("/desk")  # type: ignore[return-value]
    if role == permissions.MEMBER_ORG:
        return redirect("/entry")  # type: ignore[return-value]
    return redirect("/unit" if role in permissions.UNIT else "/admin")  # type: ignore[return-value]


def then(target: str | None) -> str:
    """Where to go after signing in: an address on this site, else the desk."""
    target = target or ""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/auth/home"


@bp.after_app_request
def _refused(response: Response) -> Response:
    """Flask-Security answers a failed sign-in with 200; a refusal is 4xx here, and then nothing is saved."""
    if request.endpoint == "auth.login" and request.method == "POST":
        if response.status_code == 200:
            response.status_code = 422
        elif response.status_code in (302, 303) and signin.current() is not None:
            limits.remember_browser(response, request.form.get("email", ""))
    if request.blueprint in PAGES and "fs-static" not in request.path:
        response.headers["Cache-Control"] = "no-store"
    return response
