"""Deadlines, days off, office hours and rungs of reminders as tables that an operator edits: what a row may hold,
and writing it.

A row that was written here is the operator's own (`own`): loading the program's files leaves it alone. Rows are
never deleted; a deadline ends on a day, a wrong day off becomes a working day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from webapp.core import clock, events, outbox
from webapp.core.db import Base, db
from webapp.core.events import Actor
from webapp.core.text import clean
from webapp.reports.models import Category
from webapp.routing import terms
from webapp.routing.deadlines import HOLIDAY, WORKING
from webapp.routing.models import CalendarDay, DeadlineRule, OfficeHours
from webapp.routing.rows import Wrong, read_day
from webapp.supervision import ladder
from webapp.supervision.models import ReminderRule

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
FURTHEST = {"days": 365, "hours": 2000}  # of a rung from the due time, before or after
_CODE = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
TERMS = ("working_days", "working_hours", "hours_around_clock")
LEAST_DAYS_OFF = 5  # fewer in a year than any year has: that year's list is not there yet


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be edited. `columns`: what its files hold; `numbers`, `signed` and `days`: those that are no
    text; `check`: what a row of values must keep to; `clash`: what rows must keep to among each other, as it gives
    {key: (column, code of what is wrong)} for all rows by their key."""

    name: str
    model: type[Base]
    key: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]
    numbers: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    check: Callable[[dict[str, Any], dict[str, str]], None] | None = None
    signed: tuple[str, ...] = ()
    clash: Callable[[dict[Any, dict[str, Any]]], dict[Any, tuple[str, str]]] | None = None


def _in_order(values: dict[str, Any], errors: dict[str, str]) -> None:
    if values["valid_from"] and values["valid_to"] and values["valid_to"] < values["valid_from"]:
        errors["valid_to"] = "ends_early"


def _opens_before_it_closes(values: dict[str, Any], errors: dict[str, str]) -> None:
    for name in ("opens", "closes"):
        if values[name] and not _TIME.fullmatch(values[name]):
            errors.setdefault(name, "not_a_time")
    if not errors.keys() & {"opens", "closes"} and values["opens"] >= values["closes"]:
        errors["closes"] = "closes_early"
    _plain_code(values, errors)
    _in_order(values, errors)


def _overlap(rows: dict[Any, dict[str, Any]]) -> dict[Any, tuple[str, str]]:
    """Hours that stand in the way of others on the same day: time would be counted twice."""
    found = {}
    ordered = sorted(rows.values(), key=lambda r: (r["opens"], r["code"]))
    for number, row in enumerate(ordered):
        for other in ordered[number + 1 :]:
            same_days = row["valid_from"] <= (other["valid_to"] or date.max) and other["valid_from"] <= (
                row["valid_to"] or date.max
            )
            if same_days and other["opens"] < row["closes"]:
                found[row["code"]] = found[other["code"]] = ("opens", "overlap")
    return found


def _near_the_due_time(values: dict[str, Any], errors: dict[str, str]) -> None:
    if values["offset"] is not None and abs(values["offset"]) > FURTHEST.get(values["measure"], 0):
        errors.setdefault("offset", "too_far")
    _plain_code(values, errors)
    _in_order(values, errors)


def _plain_code(values: dict[str, Any], errors: dict[str, str]) -> None:
    if values["code"] and not _CODE.fullmatch(values["code"]):
        errors.setdefault("code", "bad_code")


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
HOURS = Table(
    "hours",
    OfficeHours,
    "code",
    ("code", "opens", "closes", "valid_from", "valid_to", "certainty", "source", "note"),
    ("code", "opens", "closes", "valid_from", "source"),
    {"certainty": CERTAINTIES},
    days=("valid_from", "valid_to"),
    check=_opens_before_it_closes,
    clash=_overlap,
)
RUNGS = Table(
    "reminders",
    ReminderRule,
    "code",
    ("code", "measure", "offset", "whom", "channel", "valid_from", "valid_to", "certainty", "source", "note"),
    ("code", "measure", "offset", "whom", "channel", "valid_from", "source"),
    {"measure": tuple(FURTHEST), "whom": ladder.WHOM, "channel": ladder.CHANNELS, "certainty": CERTAINTIES},
    days=("valid_from", "valid_to"),
    check=_near_the_due_time,
    signed=("offset",),
)
TABLES = {table.name: table for table in (DEADLINES, DAYS, HOURS, RUNGS)}


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
        elif name in table.signed:
            values[name] = _signed(name, cell, errors)
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


def _signed(name: str, text: str, errors: dict[str, str]) -> int | None:
    """A number of days or hours; negative: before. A minus may be written as one."""
    plain = text.replace("\u2212", "-").removeprefix("+")
    if plain.removeprefix("-").isdecimal() and len(plain) < 7:
        return int(plain)
    if text:
        errors[name] = "not_a_number_of_either_sign"
    return None


def clashes(table: Table, saved: list[dict[str, Any]]) -> dict[Any, tuple[str, str]]:
    """{key: (column, code of what is wrong)} of those rows that could not stand beside the others, once saved."""
    if table.clash is None:
        return {}
    rows = {getattr(row, table.key): values_of(table, row) for row in db.session.scalars(select(table.model))}
    rows |= {values[table.key]: values for values in saved}
    keys = {values[table.key] for values in saved}
    return {key: wrong for key, wrong in table.clash(rows).items() if key in keys}


def values_of(table: Table, row: Any) -> dict[str, Any]:
    """A row as `parse` gives it."""
    return {name: getattr(row, name) for name in table.columns}


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


def save_all(table: Table, rows: list[dict[str, Any]], actor: Actor) -> int:
    """Write rows that were read by `parse`; how many of them differed."""
    changed = sum(save(table, values, actor) for values in rows)
    if changed and table is not DEADLINES:
        outbox.enqueue("reminders.plan", after=0)  # running clocks look for their next rung anew
    return changed


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
