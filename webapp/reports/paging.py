"""Pages of public cases by the hour, as the public knows the times.

Within an hour the order is that of the random public ids: in the order of the true moments, somebody who sends
reports of their own could read between which two of them another came in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from webapp.core.db import db
from webapp.reports.models import Report
from webapp.reports.privacy import to_the_hour

HOUR = timedelta(hours=1)
Columns = Sequence[InstrumentedAttribute[Any]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a page begins: behind this case, or behind this step of it. Nothing but what the public knows of it,
    but for `seq`, the step's number in the record, which stays inside."""

    hour: datetime
    public_id: str
    seq: int | None = None

    @property
    def place(self) -> tuple[str | int, ...]:
        """Where it stands within its hour."""
        return (self.public_id,) if self.seq is None else (self.public_id, self.seq)


def by_hour(
    query: Select[Any],
    column: InstrumentedAttribute[Any],
    limit: int,
    *,
    start: Mark | None = None,
    backwards: bool = False,
    within: Columns = (Report.public_id,),
) -> Sequence[Any]:
    """At most `limit` rows of `query`, by the hour of `column` and then `within`, latest first; `backwards`: earliest
    first. `start`: only those behind it in that order. `column`, which the rows must hold, is read along its index:
    each statement meets at most the rows that it returns, or those of one hour."""
    found: list[Any] = []
    edge: ColumnElement[bool] | None = None
    if start is not None:
        here, there = tuple_(*within), tuple_(*start.place)
        behind = here > there if backwards else here < there
        found += _of_hour(query.where(behind), column, start.hour, limit, backwards=backwards, within=within)
        edge = column >= start.hour + HOUR if backwards else column < start.hour
    wanted = limit - len(found)
    if not wanted:
        return found
    if edge is not None:
        query = query.where(edge)
    along = column.asc() if backwards else column.desc()
    rows = db.session.execute(query.order_by(along).limit(wanted)).all()
    if len(rows) < wanted:
        return found + _sorted(rows, column, backwards, within)
    # The page may end in the midst of an hour, of which other rows belong to it than those of the first minutes.
    last = to_the_hour(getattr(rows[-1], column.key))
    found += _sorted([row for row in rows if to_the_hour(getattr(row, column.key)) != last], column, backwards, within)
    return found + _of_hour(query, column, last, limit - len(found), backwards=backwards, within=within)


def _of_hour(
    query: Select[Any],
    column: InstrumentedAttribute[Any],
    hour: datetime,
    limit: int,
    *,
    backwards: bool,
    within: Columns,
) -> list[Any]:
    order = [one.asc() if backwards else one.desc() for one in within]
    of_hour = query.where(column >= hour, column < hour + HOUR)
    return list(db.session.execute(of_hour.order_by(*order).limit(limit)).all())


def _sorted(rows: Sequence[Any], column: InstrumentedAttribute[Any], backwards: bool, within: Columns) -> list[Any]:
    def place(row: Any) -> tuple[Any, ...]:
        return to_the_hour(getattr(row, column.key)), *(getattr(row, one.key) for one in within)

    return sorted(rows, key=place, reverse=not backwards)
