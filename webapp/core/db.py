"""The database: base class, column types that mean the same on SQLite and PostgreSQL, and transactions.

Services flush and never commit; `committing()` is what the edges (a request, a job, a command) use.
"""

from __future__ import annotations

import select
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

import shapely
from flask_sqlalchemy import SQLAlchemy
from geoalchemy2 import Geometry, WKBElement
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    JSON,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Insert,
    LargeBinary,
    Pool,
    Table,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

SRID = 4326


class Base(DeclarativeBase):
    """Common parent of all models."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime. Refuses naive ones, which would mean a different moment on each machine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class GeoColumn(TypeDecorator[BaseGeometry]):
    """A shapely geometry in WGS84 (lon, lat): PostGIS `geometry` on PostgreSQL, WKB bytes on SQLite."""

    impl = LargeBinary
    cache_ok = True
    # GeoAlchemy2 looks at these on every column that turns out to be geometric.
    spatial_index = False
    management = False

    def __init__(self, kind: str = "GEOMETRY") -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect | None) -> TypeEngine[Any]:
        # Indexes are written in the models and migrations, so GeoAlchemy2 must not add its own.
        geometry = Geometry(self.kind, srid=SRID, spatial_index=False)
        if dialect is None:  # as GeoAlchemy2's listeners ask
            return geometry
        if dialect.name == "postgresql":
            return dialect.type_descriptor(geometry)
        return dialect.type_descriptor(LargeBinary())

    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        wkb = shapely.to_wkb(value)
        return WKBElement(wkb, srid=SRID) if dialect.name == "postgresql" else wkb

    def process_result_value(self, value: Any, dialect: Dialect) -> BaseGeometry | None:
        if value is None:
            return None
        if isinstance(value, WKBElement):
            data = value.data
            return shapely.from_wkb(bytes.fromhex(data) if isinstance(data, str) else bytes(data))
        return shapely.from_wkb(value)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

db = SQLAlchemy(model_class=Base)

# Whether the transaction that begins next will write. SQLite takes its single write lock at once then:
# a reader that turns writer halfway fails without waiting if anyone else wrote in between.
_writes: ContextVar[bool] = ContextVar("writes", default=True)


def rows_changed(statement: Executable) -> int:
    """Execute an UPDATE or DELETE past the session's objects; how many rows it met."""
    options = {"synchronize_session": False}
    result = db.session.execute(statement, execution_options=options)
    return int(cast("CursorResult[Any]", result).rowcount)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements past the session's objects."""
    return cast("Table", model.__table__)


def insert_row(statement: Insert, row: dict[str, Any]) -> Any:
    """Insert one row in the session's transaction without making an object of it: a quarter of the CPU. Returns
    what the statement is RETURNING (its first column; None where the row was not inserted)."""
    if not _writes.get():
        raise RuntimeError("a transaction that only reads must not write")
    result = db.session.connection().execute(statement, row)
    return result.scalar() if result.returns_rows else None


@contextmanager
def reading() -> Iterator[None]:
    """Transactions that begin inside only read, so that they wait for nobody."""
    token = _writes.set(False)
    try:
        yield
    finally:
        _writes.reset(token)


def set_writes(value: bool) -> None:
    """Say for the current context (a request) whether it is going to write."""
    _writes.set(value)


@contextmanager
def committing() -> Iterator[None]:
    """Commit what happens inside, or roll it all back and raise again: the edge of a job or a command."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # an acknowledged report survives a power cut
        "busy_timeout=15000",
        "foreign_keys=ON",
        "mmap_size=268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Pool, "checkout")
def _on_checkout(connection: Any, _record: Any, _proxy: Any) -> None:
    """Notice a server that went away while the connection lay in the pool. A healthy one has nothing to say, so
    it need not be asked: that would be one more round trip for each request."""
    if isinstance(connection, sqlite3.Connection):
        return
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error  # the pool connects anew


@event.listens_for(Engine, "begin")
def _on_begin(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes.get() else "BEGIN")
