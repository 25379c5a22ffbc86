"""Alembic's environment: our models, our column types by name, PostGIS's own tables left alone."""

from contextlib import contextmanager

from alembic import context
from flask import current_app

from webapp.accounts import models as _accounts  # noqa: F401
from webapp.areas import models as _areas  # noqa: F401
from webapp.core import events, outbox  # noqa: F401
from webapp.core.db import Base, GeoColumn, UtcDateTime
from webapp.inspections import models as _inspections  # noqa: F401
from webapp.notifications import models as _notifications  # noqa: F401
from webapp.reports import feedback as _feedback  # noqa: F401
from webapp.reports import models as _reports  # noqa: F401
from webapp.reports import recordings as _recordings  # noqa: F401
from webapp.routing import models as _routing  # noqa: F401
from webapp.units import models as _units  # noqa: F401


def render_item(kind, item, autogen_context):
    """Our own column types as they are written in the models."""
    if kind == "type" and isinstance(item, GeoColumn):
        return f"webapp.core.db.GeoColumn({item.kind!r})"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "webapp.core.db.UtcDateTime()"
    return False


def include_object(_item, name, kind, reflected, _compare_to):
    """Tables in the database that are not ours (PostGIS, tiger) are none of our business."""
    return not (kind == "table" and reflected and name not in Base.metadata.tables)


@contextmanager
def unchecked_references(connection):
    """On SQLite a column goes by making its table anew, and dropping the old one would be refused while other rows
    refer to it. So references are not enforced meanwhile; afterwards all of them are looked at, and one that leads
    nowhere is an error (https://www.sqlite.org/lang_altertable.html, section 7)."""
    if connection.dialect.name != "sqlite":
        yield
        return
    plain = connection.connection.dbapi_connection  # past SQLAlchemy, which would begin a transaction first
    plain.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = plain.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"references that lead nowhere after the migrations: {broken[:5]}")
    finally:
        connection.rollback()
        plain.execute("PRAGMA foreign_keys=ON")


def run():
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection, unchecked_references(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            include_object=include_object,
            render_as_batch=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
