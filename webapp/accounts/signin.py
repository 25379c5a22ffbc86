"""Signing in: Flask-Security checks the password, `sessions` says where one is signed in, and until when.

The browser's cookie holds a session's key and when a page was last opened. Somebody who gave the password but not
yet the second factor is nobody on every page but the one that asks for it (`pending`).
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Flask, abort, current_app, g, request, session
from flask_login import user_logged_in, user_logged_out
from flask_security import LoginForm, Security, SQLAlchemyUserDatastore
from flask_security.utils import hash_password, verify_password

from webapp.accounts import second_factor, sessions
from webapp.accounts.models import Role, StaffSession, User
from webapp.core import clock
from webapp.core.db import db
from webapp.core.instance import instance

KEY, SEEN = "staff_key", "staff_seen"  # in the browser's signed cookie
SEEN_EVERY = 60  # seconds: how exact "left idle" is; each time costs a cookie


class SignInForm(LoginForm):  # type: ignore[misc]
    """E-mail address and password. How long one stays signed in is the operator's to say, not the form's."""

    remember = None


def init_app(app: Flask) -> None:
    """Add sign-in under /auth."""
    app.config.update(
        SECURITY_URL_PREFIX="/auth",
        SECURITY_BLUEPRINT_NAME="auth",
        SECURITY_LOGIN_URL="/login",
        SECURITY_LOGOUT_URL="/logout",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW="/auth/home",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_LOGIN_USER_TEMPLATE="auth/login.html",
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"],
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=False,
        SECURITY_CHANGEABLE=False,
        SECURITY_TRACKABLE=False,  # would store addresses
        SECURITY_FRESHNESS=timedelta(minutes=-1),  # its own page for asking the password again is not used
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_I18N_DIRNAME=["builtin", f"{app.root_path}/translations"],
        REMEMBER_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
    )
    Security(app, SQLAlchemyUserDatastore(db, User, Role), login_form=SignInForm)
    app.login_manager.user_loader(_load)  # type: ignore[attr-defined]
    # Flask-Security also takes a token in a header, which the password alone would earn.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    # A session is a row with a key of its own. Flask-Login would tie it to an address besides, which phones change,
    # and write a cookie for each visitor.
    app.login_manager.session_protection = None  # type: ignore[attr-defined]
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)
    app.before_request(_forms_only)
    app.after_request(_mark_seen)


def _forms_only() -> None:
    """Flask-Security reads JSON as well, and breaks at any that is no object; our pages send forms."""
    if request.is_json and request.endpoint in ("auth.login", "auth.logout"):
        abort(415)


def current() -> StaffSession | None:
    """The session of this request, pending or not; None for the public."""
    found = _found()
    return found[0] if found else None


def pending() -> tuple[StaffSession, User] | None:
    """The session that still waits for its second factor, with its account."""
    found = _found()
    return found if found and found[0].confirmed_at is None else None


def confirm(row: StaffSession) -> None:
    """The second factor of the session that is pending was given."""
    sessions.confirm(row)
    session[SEEN] = int(clock.now().timestamp())


def _found() -> tuple[StaffSession, User] | None:
    """What the cookie's key leads to, asked once in a request."""
    if "staff_session" not in g:
        key, seen = session.get(KEY), session.get(SEEN, 0)
        idle = clock.now().timestamp() - seen
        fresh = idle <= instance().settings.staff_idle_minutes * 60
        g.staff_session = sessions.find(key) if isinstance(key, str) and fresh else None
    found: tuple[StaffSession, User] | None = g.staff_session
    return found


def _load(uniquifier: str) -> User | None:
    """Flask-Login asks who this is. A cookie without a living, confirmed session is nobody's."""
    found = _found()
    if found is None or found[0].confirmed_at is None or found[1].fs_uniquifier != uniquifier:
        return None
    return found[1]


def _begin(_app: Flask, user: User, **_more: object) -> None:
    """The password was right: start a session, pending if the account has a second factor."""
    old = _found()
    if old is not None:
        sessions.end(old[1], old[0].id)
    confirmed = not second_factor.has_factor(user)
    row, session[KEY] = sessions.begin(user, request.headers.get("User-Agent", ""), confirmed=confirmed)
    session[SEEN] = int(clock.now().timestamp())
    g.staff_session = (row, user)


def _end(_app: Flask, **_more: object) -> None:
    found = _found()
    if found is not None:
        sessions.end(found[1], found[0].id)
    leave()


def give_up() -> None:
    """End the session that is pending."""
    found = pending()
    if found is not None:
        sessions.end(found[1], found[0].id)
        leave()


def leave() -> None:
    """Forget the session in this browser; its row is somebody else's to end."""
    session.pop(KEY, None)
    session.pop(SEEN, None)
    g.staff_session = None


def _mark_seen(response):  # type: ignore[no-untyped-def]
    """Note in the cookie that a page was opened: in the cookie, because reading must not write to the database."""
    if g.get("staff_session") is not None:
        now = int(clock.now().timestamp())
        if now - session.get(SEEN, 0) >= SEEN_EVERY:
            session[SEEN] = now
    return response


def hashed(password: str) -> str:
    """What is stored of a password. The same letters typed in another form of Unicode are the same password, as for
    the sign-in form: keyboards differ in how they write ê and ơ."""
    return str(hash_password(_form(password)))


def is_password(user: User, password: str) -> bool:
    """Whether this is the account's password."""
    return bool(user.password) and bool(verify_password(_form(password), user.password))


def _form(password: str) -> str:
    return str(current_app.extensions["security"]._password_util.normalize(password))


def add_user(
    *, email: str, password: str, name: str, role: str, unit_code: str | None, head: bool = False, active: bool = True
) -> User:
    """Create an account. `name` is the post; `role` is one of accounts.models.ROLES; without a password nobody can
    sign in yet."""
    user = User(
        email=email,
        password=hashed(password) if password else "",
        active=active,
        fs_uniquifier=secrets.token_hex(32),
        name=name,
        role=role,
        unit_code=unit_code,
        head=head,
        recovery_codes=[],
        created_at=clock.now(),
    )
    db.session.add(user)
    db.session.flush()
    return user
