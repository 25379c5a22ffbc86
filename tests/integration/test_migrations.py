"""Migrations: up, down and up again, with data; and the models say what the migrations made."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from tests import factories
from webapp.core.db import Base, db


def test_up_and_down_and_up_again_with_data(app: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    factories.report()
    run_jobs()
    session.remove()
    downgrade(revision="0001")
    session.execute(text("UPDATE events SET actor = actor"))  # the guard is gone
    session.commit()
    session.remove()
    upgrade()
    downgrade(revision="base")
    tables = set(inspect(db.engine).get_table_names())
    assert not tables & set(Base.metadata.tables)
    upgrade()
    assert set(Base.metadata.tables) <= set(inspect(db.engine).get_table_names())


def _ours(item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Not PostGIS's own tables, and no GiST or GIN index where there is no PostgreSQL."""
    if kind == "table":
        return not reflected or name in Base.metadata.tables
    special = kind == "index" and not reflected and item.dialect_kwargs.get("postgresql_using") in ("gist", "gin")
    return not special or db.engine.dialect.name == "postgresql"


def test_models_and_migrations_agree(app: Any, session: Any) -> None:
    from webapp.core.db import GeoColumn

    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": _ours,
                "compare_type": lambda _c, _i, _m, _t, ours: False if isinstance(ours, GeoColumn) else None,
            },
        )
        assert compare_metadata(context, Base.metadata) == []
