"""Deadlines and days off as tables that an operator edits: what a row may hold, and writing it.

A row that was written here is the operator's own (`own`): loading the program's files leaves it alone. Rows are
never deleted; a deadline ends on a day, a wrong day off becomes a working day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from webapp.core import clock, events
from webapp.core.db import Base, db
from webapp.core.events import Actor
from webapp.core.text import clean
from webapp.reports.models import Category
from webapp.routing import terms
from webapp.routing.deadlines import HOLIDAY, WORKING
from webapp.routing.models import CalendarDay, DeadlineRule
from webapp.routing.rows import Wrong, read_day

STREAM = "reference"
STEPS = (
    "screen",
    "receive",
    "answer",
    "handle",
    "verify",
    "data_ack",
    "data_access",
    "data_correct",
    "data_limit",
    "data_delete",
)
CERTAINTIES = ("confirmed", "secondary", "check", "provisional")
MOST = {
    "working_days": 3650,
    "working_hours": 30_000,
    "hours_around_clock": 87_600,
    "max_extensions": 10,
    "extension_days": 365,
}
TERMS = ("working_days", "working_hours", "hours_around_clock")
LEAST_DAYS_OFF = 5  # fewer in a year than any year has: that year's list is not there yet


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be edited. `columns`: what its files hold; `numbers` and `days`: those that are no text."""

    name: str
    model: type[Base]
    key: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    numbers: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    check: Callable[[dict[str, Any], dict[str, str]], None] | None = None


def _one_term(values: dict[str, Any], errors: dict[str, str]) -> None:
    if sum(values[name] is not None for name in TERMS) != 1:
        errors.setdefault("working_days", "one_term")
    if values["category_code"] != "*" and db.session.get(Category, values["category_code"] or "") is None:
        errors.setdefault("category_code", "not_a_choice")
    if values["valid_from"] and values["valid_to"] and values["valid_to"] < values["valid_from"]:
        errors["valid_to"] = "ends_early"


DEADLINES = Table(
    "deadlines",
    DeadlineRule,
    "code",
    (
        "code",
        "step",
        "category_code",
        *TERMS,
        "max_extensions",
        "extension_days",
        "valid_from",
        "valid_to",
        "certainty",
        "source",
        "note",
    ),
    ("code", "step", "category_code", "valid_from", "source"),
    {"step": STEPS, "certainty": CERTAINTIES},
    numbers=tuple(MOST),
    days=("valid_from", "valid_to"),
    check=_one_term,
)
DAYS = Table(
    "days",
    CalendarDay,
    "day",
    ("day", "kind", "name_vi", "certainty", "source"),
    ("day", "kind", "name_vi", "source"),
    {"kind": (HOLIDAY, WORKING), "certainty": CERTAINTIES},
    days=("day",),
)
TABLES = {table.name: table for table in (DEADLINES, DAYS)}


def parse(table: Table, cells: Mapping[str, str | None]) -> dict[str, Any]:
    """The values of a row of text. Raises `rows.Wrong` with a code for each wrong cell."""
    if table is DAYS and cells.get("date") and not cells.get("day"):
        cells = {**cells, "day": cells["date"]}  # as the program's own file calls it
    text = {name: clean(cells.get(name)) for name in table.columns}
    text["certainty"] = text["certainty"] or "check"
    errors = {name: "missing" for name in table.needed if not text[name]}
    values: dict[str, Any] = {}
    for name, cell in text.items():
        if name in table.days:
            values[name] = read_day(name, cell, errors)
        elif name in table.numbers:
            values[name] = _number(name, cell, errors)
        else:
            values[name] = cell
            if len(cell) > (getattr(table.model, name).type.length or 1000):
                errors[name] = "too_long"
            elif cell and name in table.choices and cell not in table.choices[name]:
                errors[name] = "not_a_choice"
    if table.check is not None:
        table.check(values, errors)
    if errors:
        raise Wrong(errors)
    return values


def _number(name: str, text: str, errors: dict[str, str]) -> int | None:
    if not text:
        return None
    if text.isdecimal() and len(text) < 7 and 0 < int(text) <= MOST[name]:
        return int(text)
    errors[name] = "not_a_number"
    return None


def as_cells(table: Table, row: Any) -> dict[str, str]:
    """A row as text, the way `parse` reads it."""
    return {name: "" if getattr(row, name) is None else str(getattr(row, name)) for name in table.columns}


def by_key(table: Table, typed: str) -> Any | None:
    """The row with this key as it stands in addresses."""
    if table is DAYS:
        errors: dict[str, str] = {}
        day = read_day("day", typed, errors)
        return db.session.get(CalendarDay, day) if day else None
    return db.session.get(table.model, typed[:60])


def rows(table: Table, after: str = "", limit: int = 100) -> list[Any]:
    """Rows by their key, from after one on; one more than `limit` if there are more. Days off: the latest first."""
    column = getattr(table.model, table.key)
    query = select(table.model)
    if table is DAYS:
        query = query.order_by(column.desc())
        day = read_day("day", after, {})
        if day:
            query = query.where(column < day)
    else:
        query = query.order_by(column)
        if after:
            query = query.where(column > after)
    return list(db.session.scalars(query.limit(limit + 1)))


def save(table: Table, values: dict[str, Any], actor: Actor) -> bool:
    """Write a row as the operator's own; False if there was nothing to change."""
    row = db.session.get(table.model, values[table.key])
    before = as_cells(table, row) if row is not None else None
    if row is None:
        row = table.model(**values)
        db.session.add(row)
    else:
        for name, value in values.items():
            if getattr(row, name) != value:
                setattr(row, name, value)
    after = as_cells(table, row)
    if before == after:
        return False
    row.own = True  # type: ignore[attr-defined]
    db.session.flush()
    terms.forget()
    events.append(STREAM, "reference:edited", actor, table=table.name, before=before, after=after)
    return True


def days_off_of(year: int) -> tuple[int, bool]:
    """(how many days off of a year are known, whether any of them is only provisional)."""
    days = (CalendarDay.day >= date(year, 1, 1)) & (CalendarDay.day <= date(year, 12, 31))
    off = days & (CalendarDay.kind == HOLIDAY)
    known = db.session.scalar(select(func.count()).where(off)) or 0
    open_ones = db.session.scalar(select(func.count()).where(off, CalendarDay.certainty == "provisional"))
    return known, bool(open_ones)


def calendar_state(today: date | None = None) -> dict[str, Any]:
    """Whether the days off reach far enough: `short` if this year or (from October on) the next is missing,
    `provisional` if the year that begins soon is not confirmed, `needed` the year, `last` the last one known."""
    today = today or clock.today()
    # A clock that starts in December runs into the next year.
    needed = today.year + 1 if today.month >= 10 else today.year
    known = {year: days_off_of(year) for year in range(today.year, today.year + 4)}
    there = {year for year, (count, _open) in known.items() if count >= LEAST_DAYS_OFF}
    short = next((year for year in range(today.year, needed + 1) if year not in there), None)
    return {
        "last": max(there, default=None),
        "needed": short or needed,
        "short": short is not None,
        "provisional": short is None and today.month >= 10 and known[needed][1],
    }
