"""The second step of signing in: an app's code, a passkey, or a recovery code."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.accounts import passkeys, people, second_factor, signin
from webapp.accounts.models import StaffSession, User
from webapp.pages import limits
from webapp.pages.auth.views import then

bp = Blueprint("entrance", __name__, url_prefix="/auth")
CODE, PASSKEY, RECOVERY = "code", "passkey", "recovery"


@bp.get("/second")
def second() -> Response:
    """Ask for the second factor."""
    waiting = signin.pending()
    if waiting is None:
        return redirect("/auth/login")  # type: ignore[return-value]
    return _page(waiting[1])


@bp.post("/second")
def second_given() -> Response:
    """Check the second factor; tries are counted for the account, which only its password leads to."""
    waiting = signin.pending()
    if waiting is None:
        flash(_("That took too long. Sign in once more."), "info")
        return redirect("/auth/login", 303)  # type: ignore[return-value]
    row, user = waiting
    if limits.reached(limits.SECOND, _counted(user)):
        abort(429)
    way = request.form.get("way", CODE)
    if not _right(way, row, user):
        limits.count(limits.SECOND, _counted(user))
        return _page(user, _wrong(way), way, 422)
    signin.confirm(row)
    if way == RECOVERY:
        people.note(user, "user:recovery_code_used")
        left = len(user.recovery_codes)
        flash(ngettext("%(num)d recovery code is left.", "%(num)d recovery codes are left.", left), "warning")
    return redirect(then(request.form.get("next")), 303)  # type: ignore[return-value]


@bp.post("/second/passkey")
def second_passkey() -> Response:
    """What the browser needs to use a passkey."""
    waiting = signin.pending()
    if waiting is None or not passkeys.offered():
        abort(403)
    return Response(passkeys.ask_for_proof(waiting[1], waiting[0]), mimetype="application/json")


@bp.post("/second/leave")
def second_leave() -> Response:
    """Do not go on signing in."""
    waiting = signin.pending()
    if waiting is not None:
        signin.give_up()
    return redirect("/auth/login", 303)  # type: ignore[return-value]


def _right(way: str, row: StaffSession, user: User) -> bool:
    if way == PASSKEY:
        try:
            passkeys.prove(user, row, request.form.get("credential", "")[:20_000])
        except passkeys.NotProven:
            return False
        return True
    given = request.form.get("recovery" if way == RECOVERY else "code", "")[:100]
    return second_factor.use_recovery_code(user, given) if way == RECOVERY else second_factor.check(user, given)


def _wrong(way: str) -> dict[str, str]:
    if way == PASSKEY:
        return {"_passkey": _("The passkey was not accepted. Try again, or use another way.")}
    if way == RECOVERY:
        return {"recovery": _("This is none of your recovery codes, or it has been used.")}
    return {"code": _("This code is not right. Enter the six digits that the app shows now; each works once.")}


def _counted(user: User) -> str:
    return f"user:{user.id}"


def _page(user: User, errors: dict[str, str] | None = None, way: str = CODE, status: int = 200) -> Response:
    page = render_template(
        "auth/second.html",
        errors=errors or {},
        way=way,
        has_app=bool(user.totp_secret),
        has_passkey=passkeys.offered() and bool(passkeys.of(user)),
        next=request.values.get("next", "")[:500],
    )
    return Response(page, status, mimetype="text/html")
