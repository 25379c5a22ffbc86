"""Signing in: Flask-Security does it; here are its settings."""

from __future__ import annotations

import secrets

from flask import Flask
from flask_security import Security, SQLAlchemyUserDatastore
from flask_security.utils import hash_password

from webapp.accounts.models import Role, User
from webapp.core import clock
from webapp.core.db import db


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
    Security(app, SQLAlchemyUserDatastore(db, User, Role))


def add_user(*, email: str, password: str, name: str, role: str, unit_code: str | None) -> User:
    """Create an account. `name` is the post; `role` is one of accounts.models.ROLES."""
    user = User(
        email=email,
        password=hash_password(password),
        active=True,
        fs_uniquifier=secrets.token_hex(32),
        name=name,
        role=role,
        unit_code=unit_code,
        created_at=clock.now(),
    )
    db.session.add(user)
    db.session.flush()
    return user
