"""Migrations: up, down and up again, with data; and the models say what the migrations made."""

from __future__ import annotations

from datetime import date
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from shapely.geometry import Point
from sqlalchemy import JSON, func, inspect, select, text

from tests import factories
from webapp.core import clock
from webapp.core.db import Base, GeoColumn, UtcDateTime, db
from webapp.core.events import Actor
from webapp.reports import lifecycle as life
from webapp.reports import service


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


def test_cases_that_were_open_before_get_a_clock(app: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    open_one, ended, answered = factories.report(), factories.report(), factories.report()
    run_jobs()
    numbers = {"open": open_one.id, "ended": ended.id, "answered": answered.id}
    session.remove()
    downgrade(revision="0006")
    for name, status in (("ended", "closed"), ("answered", "answered")):
        session.execute(
            text("UPDATE reports SET status = :status WHERE id = :id"), {"status": status, "id": numbers[name]}
        )
    session.commit()
    before = session.scalar(text("SELECT due_at FROM reports WHERE id = :id"), {"id": numbers["open"]})
    session.remove()
    upgrade()
    rows = session.execute(text("SELECT report_id, step, due_at FROM step_clocks WHERE ended_at IS NULL"))
    found = {row.report_id: row for row in rows}
    assert set(found) == {numbers["open"], numbers["answered"]}
    assert (found[numbers["open"]].step, found[numbers["open"]].due_at) == ("screen", before)
    assert found[numbers["answered"]].step == "verify"
    due = dict(session.execute(text("SELECT id, due_at FROM reports")).all())
    assert due[numbers["ended"]] is None
    assert due[numbers["answered"]] == found[numbers["answered"]].due_at


def test_how_often_a_case_was_given_back_is_counted_from_the_record(app: Any, session: Any, run_jobs: Any) -> None:
    factories.duyen_hai()
    given_back, accepted = (factories.report(category_code="waste_household") for _ in range(2))
    run_jobs()
    office = Actor("unit", None, "ubnd-29512")
    for report in (given_back, accepted):
        service.move(report, life.ASSIGNED, office)
    for to in (life.SCREENING, life.ASSIGNED, life.SCREENING):
        service.move(given_back, to, office, reason="Không thuộc thẩm quyền")
    ids = given_back.id, accepted.id
    session.commit()
    session.remove()
    downgrade(revision="0011")
    upgrade()
    rows = {row.id: row.refusals for row in session.execute(text("SELECT id, refusals FROM reports"))}
    assert [rows[number] for number in ids] == [2, 0]


def _ours(item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Not PostGIS's own tables, and no GiST or GIN index where there is no PostgreSQL."""
    if kind == "table":
        return not reflected or name in Base.metadata.tables
    special = kind == "index" and not reflected and item.dialect_kwargs.get("postgresql_using") in ("gist", "gin")
    return not special or db.engine.dialect.name == "postgresql"


def test_models_and_migrations_agree(app: Any, session: Any) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": _ours,
                "compare_type": lambda _c, _i, _m, _t, ours: False if isinstance(ours, GeoColumn) else None,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_down_and_up_again_with_a_row_in_every_table(app: Any, session: Any, run_jobs: Any) -> None:
    """On SQLite a table that others refer to is made anew where a column goes; no row may stand in the way."""
    factories.duyen_hai()
    first, second = factories.report(), factories.report()
    run_jobs()
    second.duplicate_of_id = first.id
    session.flush()
    fill_the_rest(session)
    empty = [t.name for t in Base.metadata.sorted_tables if not session.scalar(select(func.count()).select_from(t))]
    assert empty == []
    session.commit()
    kept = ("reports", "contacts", "photos", "messages", "answers", "events", "users", "units")
    before = {name: session.scalar(text(f"SELECT count(*) FROM {name}")) for name in kept}
    session.remove()
    downgrade(revision="0001")
    assert {name: session.scalar(text(f"SELECT count(*) FROM {name}")) for name in kept} == before
    assert session.scalar(text("SELECT duplicate_of_id FROM reports WHERE duplicate_of_id IS NOT NULL")) is not None
    session.remove()
    upgrade()
    assert {name: session.scalar(text(f"SELECT count(*) FROM {name}")) for name in kept} == before
    session.remove()
    downgrade(revision="base")
    upgrade()


def fill_the_rest(session: Any) -> None:
    """A row in each table that has none, referring to rows that are there."""
    for table in Base.metadata.sorted_tables:
        if session.scalar(select(func.count()).select_from(table)):
            continue
        row = {column.name: some_value(session, column) for column in table.columns}
        session.execute(table.insert().values({name: value for name, value in row.items() if value is not None}))


def some_value(session: Any, column: Any) -> Any:
    if column.foreign_keys:
        other = next(iter(column.foreign_keys)).column
        return session.scalar(select(other).order_by(other).limit(1))
    if isinstance(column.type, GeoColumn):
        return Point(106.5, 9.5) if column.type.kind == "POINT" else Point(106.5, 9.5).buffer(0.1)
    if column.nullable:
        return None
    if isinstance(column.type, UtcDateTime):
        return clock.now()
    if isinstance(column.type, JSON):
        return {}
    return {
        str: lambda: "x",
        int: lambda: 1,
        float: lambda: 1.0,
        bool: lambda: False,
        bytes: lambda: b"x",
        date: clock.today,
    }[column.type.python_type]()
