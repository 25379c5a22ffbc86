"""Dân Giám Sát. `create_app` is the whole house, read from top to bottom."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from webapp.commands import Commands
from webapp.config import Settings
from webapp.core import outbox
from webapp.core.db import db
from webapp.core.instance import attach
from webapp.core.urls import LazyRule

migrate = Migrate()


def create_app(settings: Settings | None = None) -> Flask:
    """The app for `settings` (default: from the environment). Raises UnsafeSettings."""
    settings = settings or Settings.from_env()
    app = Flask(__name__, static_folder="../static", template_folder="../templates")
    app.url_rule_class = LazyRule
    app.config.update(_flask_config(settings))
    app.cli = Commands()
    attach(app, settings)

    db.init_app(app)
    migrate.init_app(app, db, directory="webapp/migrations", render_as_batch=True)

    from webapp import pages
    from webapp.accounts import people, signin
    from webapp.inspections import leaving as sheets_left
    from webapp.reorganisations import moves
    from webapp.reports import leaving as cases_left
    from webapp.reports import service
    from webapp.supervision import clocks

    service.set_timekeeper(clocks.follow)
    service.set_usher(moves.come_back)
    people.add_work(cases_left.WORK)
    people.add_work(sheets_left.WORK)
    signin.init_app(app)
    pages.init_app(app)
    _connect_workers(settings)
    return app


def _flask_config(settings: Settings) -> dict[str, object]:
    engine: dict[str, object] = {}
    if settings.database_url.startswith("sqlite"):
        settings.home.mkdir(parents=True, exist_ok=True)
    else:
        engine |= {"pool_size": 10, "max_overflow": 10}
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine,
        "SESSION_COOKIE_NAME": "dgs",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        # Above every field's own limit, so that a text that is too long meets the message at its field.
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": 12 * 3600,
        "WTF_CSRF_SSL_STRICT": False,  # pages send no referrer; the token alone decides
        "BABEL_DEFAULT_LOCALE": "vi",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Ho_Chi_Minh",
        "SEND_FILE_MAX_AGE_DEFAULT": 31_536_000,
    }


def _connect_workers(settings: Settings) -> None:
    """Say how committed jobs are kicked; an embedded instance's thread sets its own kick when it starts."""
    if settings.embedded:
        return
    from redis import Redis

    from webapp.core import kick

    connection = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
    outbox.set_kick(kick.call(connection), kick.call(connection, kick.NOTICES))
