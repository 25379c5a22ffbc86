"""Areas by themselves: what stands above them (units, reports, pages) is not needed to try them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_migrate import Migrate, upgrade

from tests import services


@contextmanager
def areas_app(run: services.Run, engine: str) -> Iterator[Flask]:
    """An application in its context, with a migrated, empty database of its own and the areas commands.

    For a whole module: importing all of Vietnam for each test would take minutes.
    """
    from webapp.areas.cli import areas_cli
    from webapp.core.db import db

    with run.place(engine, "") as place:
        app = Flask("areas")
        app.config["SQLALCHEMY_DATABASE_URI"] = place.environ["DATABASE_URL"]
        db.init_app(app)
        Migrate(app, db, directory="webapp/migrations")
        app.cli.add_command(areas_cli)
        with app.app_context():
            upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()
