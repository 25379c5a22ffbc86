"""The database: base class, column types that mean the same on SQLite and PostgreSQL, and transactions.

Services flush and never commit; `committing()` is what the edges (a request, a job, a command) use.
"""

from __future__ import annotations

import re
import select
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast

import orjson
import shapely
from flask_sqlalchemy import SQLAlchemy
from geoalchemy2 import Geometry, WKBElement
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ARRAY,
    CTE,
    JSON,
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    CursorResult,
    Date,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    LargeBinary,
    Pool,
    Select,
    String,
    Table,
    Text,
    bindparam,
    event,
    func,
    literal,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
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


class _List(TypeDecorator[Collection[Any]]):
    """Plain values as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, of: type[Integer | String]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.of) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        found = list(value or ())
        return found if dialect.name == "postgresql" else orjson.dumps(found).decode()


class _OneOf(FunctionElement[bool]):
    name = "one_of"
    type = Boolean()
    inherit_cache = True


@compiles(_OneOf, "postgresql")
def _in_array(element: _OneOf, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(part, **given) for part in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(_OneOf)
def _in_json(element: _OneOf, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(part, **given) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - what is compiled, not what is given


def one_of(column: Any, values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
    """`column IN values` with all values as one parameter: hundreds of them cost more than the query itself."""
    return cast("ColumnElement[bool]", _OneOf(column, literal(values, _List(_plain_type(column)))))


def one_of_given(column: Any, name: str) -> ColumnElement[bool]:
    """The same for a statement that is made once: the values are its parameter of this name."""
    return cast("ColumnElement[bool]", _OneOf(column, bindparam(name, type_=_List(_plain_type(column)))))


def _plain_type(column: Any) -> type[Integer | String]:
    kinds: tuple[type[Integer | String], ...] = (BigInteger, Integer, String)
    for kind in kinds:
        if isinstance(column.type, kind):
            return kind
    raise TypeError(f"{column}: of what type? (That of a foreign key is known when the other table is.)")


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

db = SQLAlchemy(model_class=Base)

# Whether the transaction that begins next will write. SQLite takes its single write lock at once then:
# a reader that turns writer halfway fails without waiting if anyone else wrote in between.
_writes: ContextVar[bool] = ContextVar("writes", default=True)
# Whether each statement stands alone. A transaction that only reads and sees what was committed before each statement
# anyway (READ COMMITTED) is two round trips for nothing, and its ROLLBACK makes psycopg forget what it had prepared.
_alone: ContextVar[bool] = ContextVar("alone", default=False)


def rows_changed(statement: Executable) -> int:
    """Execute an UPDATE or DELETE past the session's objects; how many rows it met."""
    options = {"synchronize_session": False}
    result = db.session.execute(statement, execution_options=options)
    return int(cast("CursorResult[Any]", result).rowcount)


def table_of(model: type[Base]) -> Table:
    """The table of a model, for statements past the session's objects."""
    return cast("Table", model.__table__)


def named(table: Table, *names: str) -> dict[str, BindParameter[Any]]:
    """Values of a row to insert into `table`: for these columns, and those with a constant default of their own, a
    parameter `<table>_<column>`. The fewer, the cheaper: psycopg reads a statement of 50 anew each time."""
    return {
        column.name: bindparam(f"{table.name}_{column.name}", _default(column), type_=column.type)
        for column in table.columns
        if column.name in names or column.default is not None
    }


def _default(column: Column[Any]) -> Any:
    """The constant that a column has by itself, an empty list or dictionary too; None where it has none."""
    default = cast("Any", column.default)
    if default is None or default.is_scalar:
        return default and default.arg
    made = default.arg(None)
    if made not in ([], {}):
        raise TypeError(f"the default of {column} is another one each time")
    return made


def row_of(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """{column: value} as the parameters of `named`."""
    return {f"{table.name}_{name}": value for name, value in row.items()}


class Prepared:
    """A statement that is compiled once for each database and run in the session's transaction past its objects:
    a fraction of the CPU, for the few that every report costs. `make` gets the dialect's name ("sqlite",
    "postgresql") and returns a statement whose parameters are all named."""

    def __init__(self, make: Callable[[str], Executable]) -> None:
        self._make = make
        self._made: dict[str, _Compiled] = {}

    def run(self, values: Mapping[str, Any]) -> Any:
        """Execute it; the first row of what it is RETURNING, or None."""
        if not _writes.get():
            raise RuntimeError("a transaction that only reads must not write")
        connection = db.session.connection()
        dialect = connection.dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _Compiled(self._make(dialect.name), dialect)
        result = connection.exec_driver_sql(made.text, made.parameters(values))
        return result.first() if result.returns_rows else None


def plain(words: str, values: Mapping[str, Any]) -> list[Any]:
    """The rows, as named tuples, of a SELECT that is written out. Values are named `:name`; a tuple is a list, written
    `IN :name`. It is brought into the driver's form once for each wording, which costs less than any expression, and
    the driver keeps what it has prepared. Types of the database's own only.

    Where statements stand alone and nothing was asked yet, it goes to the driver past the session, which would take
    as long again as the statement.
    """
    if _alone.get() and not (db.session.registry.has() and db.session().in_transaction()):
        engine = db.engine
        pooled = engine.raw_connection()
        try:
            return _rows(pooled.driver_connection, engine.dialect.name, words, values)
        except engine.dialect.loaded_dbapi.Error:
            pass  # once more with the session, which says what it was in SQLAlchemy's words
        finally:
            pooled.close()
    connection = db.session.connection()
    text, given = _written(connection.dialect.name, words, values)
    return list(connection.exec_driver_sql(text, given).all())


def _written(dialect: str, words: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The words and the values in the driver's form."""
    if dialect == "postgresql":
        # A list is one array, so that lists of any length are one prepared statement.
        return _for_postgresql(words), {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}
    lists = {name: value for name, value in values.items() if isinstance(value, tuple)}
    given = {name: value for name, value in values.items() if name not in lists}
    for name, value in lists.items():
        given |= {f"{name}_{place}": one for place, one in enumerate(value)}
    return _for_sqlite(words, tuple(sorted((name, len(value)) for name, value in lists.items()))), given


def _rows(driver: Any, dialect: str, words: str, values: Mapping[str, Any]) -> list[Any]:
    if dialect == "postgresql" and not driver.autocommit:
        driver.autocommit = True
    cursor = driver.cursor()
    try:
        cursor.execute(*_written(dialect, words, values))
        kind = _kinds.get(words)
        if kind is None:
            if len(_kinds) >= MOST_WORDINGS:
                _kinds.clear()
            kind = _kinds[words] = cast("Any", namedtuple("Row", [column[0] for column in cursor.description]))
        return list(map(kind._make, cursor.fetchall()))
    finally:
        cursor.close()


MOST_WORDINGS = 1024
_kinds: dict[str, Any] = {}
_NAME = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
_LIST = re.compile(r"\bIN :([a-z][a-z0-9_]*)")


@lru_cache(maxsize=MOST_WORDINGS)
def _for_postgresql(words: str) -> str:
    return _NAME.sub(r"%(\1)s", _LIST.sub(r"= ANY(%(\1)s)", words.replace("%", "%%")))


@lru_cache(maxsize=MOST_WORDINGS)
def _for_sqlite(words: str, lengths: tuple[tuple[str, int], ...]) -> str:
    known = dict(lengths)

    def written(found: re.Match[str]) -> str:
        name = found[1]
        return f"IN ({', '.join(f':{name}_{place}' for place in range(known[name]))})"

    return _LIST.sub(written, words)


class Nested:
    """A read of one thing with the lists that hang on it, in one statement that is compiled once for each database:
    each list comes as JSON that the database makes, so there is one round trip and nothing for an ORM to build.

    `make` returns the rows that all is about, as a CTE, and {name: select of plain columns, the first an order}
    whose conditions may name the CTE's columns.
    """

    def __init__(self, make: Callable[[], tuple[CTE, dict[str, Select[Any]]]]) -> None:
        self._make = make
        self._made: dict[str, tuple[_Compiled, list[tuple[str, Callable[[list[Any]], Any]]]]] = {}

    def run(self, values: Mapping[str, Any]) -> dict[str, list[Any]] | None:
        """{name: rows with the columns as attributes, in the order of their first column}, or None where the CTE is
        empty. Moments are aware and in UTC."""
        connection = db.session.connection()
        made = self._made.get(connection.dialect.name)
        if made is None:
            made = self._made[connection.dialect.name] = self._compile(connection.dialect)
        statement, parts = made
        found = connection.exec_driver_sql(statement.text, statement.parameters(values)).first()
        if found is None:
            return None
        return {
            name: sorted(map(row, orjson.loads(text))) if text else []
            for (name, row), text in zip(parts, found, strict=True)
        }

    def _compile(self, dialect: Dialect) -> tuple[_Compiled, list[tuple[str, Callable[[list[Any]], Any]]]]:
        one, selects = self._make()
        parts, columns = [], []
        for name, query in selects.items():
            parts.append((name, _row_maker(name, list(query.selected_columns))))
            listed = _listed(dialect.name, list(query.selected_columns))
            within = query.with_only_columns(listed, maintain_column_froms=True)
            columns.append(within.correlate(one).scalar_subquery().label(name))
        # Lists of constants are written out; every other parameter needs a value to begin with, None will do.
        return _Compiled(sql_select(*columns).select_from(one), dialect, render_postcompile=True), parts


def _listed(dialect: str, columns: list[Any]) -> ColumnElement[Any]:
    """All rows as one text: a JSON array of arrays."""
    if dialect == "postgresql":
        return sql_cast(func.json_agg(func.json_build_array(*columns)), Text)
    inside = [func.json(c) if isinstance(c.type, JSON) else c for c in columns]  # else it would be a string in JSON
    return func.json_group_array(func.json_array(*inside))


def _row_maker(name: str, columns: list[Any]) -> Callable[[list[Any]], Any]:
    """What makes a row with attributes out of a list of JSON values."""
    made = namedtuple(name, [column.key for column in columns])  # type: ignore[misc]
    readers: list[tuple[int, Callable[[Any], Any]]] = []
    for place, column in enumerate(columns):
        if isinstance(column.type, GeoColumn | LargeBinary):
            raise TypeError(f"{column} does not fit into JSON")
        for kind, reader in ((UtcDateTime, _moment), (Date, date.fromisoformat), (Boolean, bool)):
            if isinstance(column.type, kind):
                readers.append((place, reader))

    def row(values: list[Any]) -> Any:
        for place, reader in readers:
            if values[place] is not None:
                values[place] = reader(values[place])
        return made._make(values)

    return row


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


class _Compiled:
    def __init__(self, statement: Executable, dialect: Dialect, **options: bool) -> None:
        compiled = cast("SQLCompiler", cast("Any", statement).compile(dialect=dialect, compile_kwargs=options))
        self.text = str(compiled)
        self.positions = compiled.positiontup
        constants = compiled.params
        self.names: list[tuple[str, Callable[[Any], Any], Any]] = []
        for name in constants if self.positions is None else self.positions:
            bind = compiled.binds.get(name)  # none for what a list of constants was made into
            process = bind.type.dialect_impl(dialect).bind_processor(dialect) if bind is not None else None
            self.names.append((name, process or (lambda value: value), constants[name]))

    def parameters(self, values: Mapping[str, Any]) -> Any:
        given = values.get
        if self.positions is None:
            return {name: process(given(name, default)) for name, process, default in self.names}
        return tuple([process(given(name, default)) for name, process, default in self.names])


@contextmanager
def reading() -> Iterator[None]:
    """Transactions that begin inside only read, so that they wait for nobody."""
    token = _writes.set(False)
    try:
        yield
    finally:
        _writes.reset(token)


def set_writes(value: bool, *, alone: bool = False) -> None:
    """Say for the current context (a request) whether it is going to write; and, if it is not, whether its statements
    may stand alone on PostgreSQL, which rules out cursors of the server (`yield_per`)."""
    _writes.set(value)
    _alone.set(alone and not value)


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
        _remember_long_statements()
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


def _remember_long_statements() -> None:
    """psycopg reads a statement of more than 4 KB anew each time, as of an ORM that never writes the same twice. Ours
    are long, few and always the same: half a millisecond for each 15 KB. (128 of them are kept.)"""
    from psycopg import _queries

    _queries.MAX_CACHED_STATEMENT_LENGTH = 64 * 1024
    _queries.MAX_CACHED_STATEMENT_PARAMS = 200


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
        return
    driver = connection.connection.dbapi_connection
    if driver.autocommit != _alone.get():
        driver.autocommit = _alone.get()
