"""The link with which somebody opens their account, or chooses a new password."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _

from webapp.accounts import people
from webapp.accounts.models import User
from webapp.pages.auth.entrance import bp


@bp.get("/invitation/<token>")
def invitation(token: str) -> Response:
    """Ask for a password, while the link is good."""
    found = people.invitation(token)
    return _page(found[1]) if found else _gone()


@bp.post("/invitation/<token>")
def invitation_accept(token: str) -> Response:
    """Set the password. Signing in, and the second factor, come next."""
    found = people.invitation(token, hold=True)
    if found is None:
        return _gone()
    made, user = found
    password = request.form.get("password", "")
    errors = password_errors(user, password, request.form.get("again", ""))
    if errors:
        return _page(user, errors, 422)
    people.accept(made, user, password)
    flash(_("Your password is set. Sign in with it now."), "success")
    return redirect("/auth/login", 303)  # type: ignore[return-value]


def password_errors(user: User, password: str, again: str) -> dict[str, str]:
    """What is wrong with a new password that was typed twice, by field."""
    problem = people.password_problem(password, user)
    if problem == "short":
        return {"password": _("At least %(count)s characters.", count=people.SHORTEST_PASSWORD)}
    if problem == "long":
        return {"password": _("Too long: at most %(count)s characters.", count=people.LONGEST_PASSWORD)}
    if problem == "common":
        return {"password": _("This password is easy to guess. Take several words that do not belong together.")}
    if password != again:
        return {"again": _("The two passwords are not the same.")}
    return {}


def _page(user: User, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    page = render_template("auth/invitation.html", user=user, errors=errors or {}, shortest=people.SHORTEST_PASSWORD)
    return Response(page, status, mimetype="text/html")


def _gone() -> Response:
    return Response(render_template("auth/invitation_gone.html"), 404, mimetype="text/html")
