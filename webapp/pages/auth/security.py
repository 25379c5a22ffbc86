"""One's own account: second factors, recovery codes, where one is signed in, the password."""

from __future__ import annotations

import orjson
from flask import Response, abort, flash, redirect, render_template, request, session
from flask_babel import gettext as _
from flask_security import current_user

from webapp.accounts import passkeys, people, second_factor, sessions, signin
from webapp.accounts.models import StaffSession, User
from webapp.core import text
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.pages import account_labels, limits
from webapp.pages.auth.invitation import password_errors
from webapp.pages.auth.views import bp

HERE = "/auth/security"
NEW_SECRET = "new_app"  # noqa: S105 (where the encrypted secret waits in the cookie until its first code was right)


@bp.get("/security")
def security() -> Response:
    """Everything about one's own account."""
    return _page()


@bp.get("/security/app")
def app_new() -> Response:
    """A code to scan with an app, the same until it is confirmed."""
    if not isinstance(session.get(NEW_SECRET), str):
        session[NEW_SECRET] = second_factor.new_secret()
    return _app_page({})


@bp.post("/security/app")
def app_add() -> Response:
    """Use the app, if it shows the right code."""
    user, secret = _me(), session.get(NEW_SECRET)
    if not isinstance(secret, str):
        return redirect(f"{HERE}/app", 303)  # type: ignore[return-value]
    errors = _not_confirmed(user)
    if not errors and not second_factor.start(user, secret, request.form.get("code", "")[:20]):
        limits.count(limits.SECOND, f"user:{user.id}")
        errors = {"code": _("This code is not right. Enter the six digits that the app shows now.")}
    if errors:
        return _app_page(errors, 422)
    session.pop(NEW_SECRET)
    people.note(user, "user:app_added")
    return _done(user, _("The app is your second factor now."))


@bp.post("/security/app/remove")
def app_remove() -> Response:
    """Forget the app."""
    user = _me()
    errors = _not_confirmed(user) or _last(user, bool(passkeys.of(user)))
    if errors:
        return _page(errors, "app")
    second_factor.stop(user)
    people.note(user, "user:app_removed")
    return _back(_("The app is removed."))


@bp.post("/security/passkeys/options")
def passkey_options() -> Response:
    """What the browser needs to make a passkey, or why not (JSON)."""
    user = _me()
    errors = _not_confirmed(user) or _passkey_errors(user)
    if errors:
        return Response(orjson.dumps({"errors": errors}), 422, mimetype="application/json")
    return Response(passkeys.ask_for_new(user, _row()), mimetype="application/json")


@bp.post("/security/passkeys")
def passkey_add() -> Response:
    """Keep the passkey that the browser made; the password was asked for together with its making."""
    user = _me()
    errors = _passkey_errors(user)
    if not errors:
        try:
            passkeys.add(user, _row(), request.form.get("credential", "")[:20_000], _key_name())
        except passkeys.NotProven:
            errors = {"_passkey": _("The passkey could not be added. Try again; this needs a browser with JavaScript.")}
    if errors:
        return _page(errors, "passkey")
    people.note(user, "user:passkey_added")
    return _done(user, _("The passkey is your second factor now."))


@bp.post("/security/passkeys/<int:key_id>/remove")
def passkey_remove(key_id: int) -> Response:
    """Forget a passkey."""
    user = _me()
    keys = passkeys.of(user)
    key = next((key for key in keys if key.id == key_id), None)
    if key is None:
        abort(404)
    errors = _not_confirmed(user) or _last(user, bool(user.totp_secret) or len(keys) > 1)
    if errors:
        return _page(errors, f"key-{key_id}")
    db.session.delete(key)
    people.note(user, "user:passkey_removed")
    return _back(_("The passkey is removed."))


@bp.post("/security/recovery")
def recovery_new() -> Response:
    """Ten new recovery codes, shown in this one answer."""
    user = _me()
    if not second_factor.has_factor(user):
        abort(409)
    errors = _not_confirmed(user)
    if errors:
        return _page(errors, "recovery")
    people.note(user, "user:recovery_codes_made")
    return _codes(user)


@bp.post("/security/sessions/<int:session_id>/end")
def session_end(session_id: int) -> Response:
    """Sign out somewhere else."""
    if not sessions.end(_me(), session_id):
        abort(404)
    return _back(_("Signed out there."), "#sessions")


@bp.post("/security/sessions/end")
def sessions_end() -> Response:
    """Sign out everywhere but here."""
    sessions.end_all(_me(), but=_row().id)
    return _back(_("You are signed out everywhere else."), "#sessions")


@bp.post("/security/password")
def password_change() -> Response:
    """A new password; other sessions end."""
    user = _me()
    errors = _not_confirmed(user, always=True)
    errors = errors or password_errors(user, request.form.get("password", ""), request.form.get("again", ""))
    if errors:
        return _page(errors, "password")
    people.change_password(user, request.form["password"], _row().id)
    return _back(_("Your password is changed. You are signed out everywhere else."))


def _me() -> User:
    user: User = current_user._get_current_object()
    return user


def _row() -> StaffSession:
    row = signin.current()
    if row is None:
        abort(403)
    return row


def _not_confirmed(user: User, *, always: bool = False) -> dict[str, str]:
    """A page left open must not be enough to change how one signs in: the password is asked for again, except for
    the very first second factor, right after signing in."""
    if not always and not second_factor.has_factor(user):
        return {}
    if limits.reached(limits.SECOND, f"user:{user.id}"):
        abort(429)
    if signin.is_password(user, request.form.get("current", "")[:200]):
        return {}
    limits.count(limits.SECOND, f"user:{user.id}")
    return {"current": _("This is not your password.")}


def _last(user: User, another: bool) -> dict[str, str]:
    """Where a second factor is required, the last one cannot be taken away."""
    if another or not instance().settings.second_factor:
        return {}
    return {"current": _("This is your only second factor. Add another one first.")}


def _key_name() -> str:
    return text.clean(request.form.get("key_name"))


def _passkey_errors(user: User) -> dict[str, str]:
    if not passkeys.offered():
        abort(404)
    if not _key_name():
        return {"key_name": _("Give it a name, so that you know it again.")}
    if len(_key_name()) > 60:
        return {"key_name": _("Too long: at most %(count)s characters.", count=60)}
    if len(passkeys.of(user)) >= passkeys.MOST:
        return {"key_name": _("You have %(count)s passkeys. Remove one first.", count=passkeys.MOST)}
    return {}


def _done(user: User, message: str) -> Response:
    """After the first factor come the recovery codes, before there is need of them."""
    flash(message, "success")
    return redirect(HERE, 303) if user.recovery_codes else _codes(user)  # type: ignore[return-value]


def _codes(user: User) -> Response:
    page = render_template("auth/recovery_codes.html", codes=second_factor.new_recovery_codes(user))
    return Response(page, 200, mimetype="text/html")


def _back(message: str, part: str = "") -> Response:
    flash(message, "success")
    return redirect(HERE + part, 303)  # type: ignore[return-value]


def _app_page(errors: dict[str, str], status: int = 200) -> Response:
    user = _me()
    drawing, letters = second_factor.drawing(user, session[NEW_SECRET])
    page = render_template(
        "auth/app.html", errors=errors, drawing=drawing, letters=letters, ask=second_factor.has_factor(user)
    )
    return Response(page, status, mimetype="text/html")


def _page(errors: dict[str, str] | None = None, opened: str = "") -> Response:
    user = _me()
    page = render_template(
        "auth/security.html",
        user=user,
        errors=errors or {},
        opened=opened,
        key_name=_key_name(),
        missing=second_factor.missing(user),
        keys=passkeys.of(user),
        offered=passkeys.offered(),
        sessions=sessions.of(user),
        this_session=_row().id,
        machines=account_labels.MACHINE,
        programs=account_labels.PROGRAM,
    )
    return Response(page, 422 if errors else 200, mimetype="text/html")
