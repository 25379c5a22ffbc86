"""How a report enters the database: its row, the first entry of its record and the job that routes it.

PostgreSQL takes the three in one statement, which costs a third of the round trips and of the CPU of whoever asks;
the entry's hash is then counted by the database, over the same bytes (`events.unnumbered`). SQLite cannot insert
inside WITH and is no round trip away: there they are three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text, bindparam, cast, func, insert, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ColumnElement, Executable

from webapp.core import clock, events, outbox
from webapp.core.db import Prepared, db, named, row_of, table_of
from webapp.core.events import Actor, Event
from webapp.core.outbox import Job
from webapp.reports.models import Report

STREAM = "report:"  # and the report's number: its stream in the record
KIND = "report:submitted"
JOB = "reports.route"
COLUMNS = (
    *("public_id", "client_key", "code_hash", "version", "category_code", "description", "observed_at", "lang"),
    *("channel", "source", "received_at", "entered_by_unit", "location", "accuracy_m", "place_source", "place_text"),
    *("area_code", "province_code", "bypass_commune", "created_at", "updated_at", "status"),
)


def write(row: Mapping[str, Any], actor: Actor, said: Mapping[str, Any]) -> int | None:
    """Insert the report (a value for each of COLUMNS), its first entry (public, with `said`) and its job.

    Returns the report's number, or None and nothing is written if its client key is known: the database decides, for
    two at the same moment as well.
    """
    report = row_of(table_of(Report), row)
    if db.engine.dialect.name == "sqlite":
        written = _REPORT.run(report)
        if written is None:
            return None
        number: int = written[0]
        events.begin(f"{STREAM}{number}", KIND, actor, public=True, **said)
        outbox.enqueue(JOB, report_id=number)
        return number
    entry = events.unnumbered(STREAM, KIND, actor, public=True, **said)
    written = _ALL.run(report | row_of(table_of(Event), entry) | {"jobs_created_at": clock.now()})
    if written is None:
        return None
    number, job = written
    outbox.remember(job, JOB)
    return number


def _report(dialect: str) -> Any:
    make = {"sqlite": sqlite, "postgresql": postgresql}[dialect].insert
    report = table_of(Report)
    new = make(report).values(named(report, *COLUMNS))
    return new.on_conflict_do_nothing(index_elements=[report.c.client_key]).returning(report.c.id)


def _all(dialect: str) -> Executable:
    new = _report(dialect).cte("new")
    number = cast(new.c.id, Text)
    text = {name: bindparam(f"events_{name}", type_=Text()) for name in ("prefix", "head", "tail")}
    content = func.convert_to(text["head"] + number + text["tail"], _constant("UTF8"))
    entry = named(table_of(Event), *events.COLUMNS) | {
        "stream": text["prefix"] + number,
        "hash": func.encode(func.sha256(content), _constant("hex")),
    }
    job = named(table_of(Job), *outbox.COLUMNS) | {
        "name": _constant(JOB),
        "args": func.jsonb_build_object(_constant("report_id"), new.c.id),
        "state": _constant(outbox.PENDING),
        "run_after": bindparam("jobs_created_at", type_=Job.created_at.type),
    }
    entered = insert(table_of(Event)).from_select(list(entry), select(*entry.values()).select_from(new)).cte("entered")
    queued = insert(table_of(Job)).from_select(list(job), select(*job.values()).select_from(new))
    waiting = queued.returning(table_of(Job).c.id).cte("waiting")
    return select(new.c.id, waiting.c.id).add_cte(entered)


def _constant(word: str) -> ColumnElement[str]:
    return literal_column(f"'{word}'", Text)


_REPORT = Prepared(_report)
_ALL = Prepared(_all)
