"""The public list with what is most urgent first: what is awaited, the earliest due time first; then the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, not_, or_

from webapp.core.db import db
from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.reports.queries import PAGE, Filters, Page, Row, at_cursor, matching, row_columns, row_of, within_box

# The index on due times holds little else: a case that has ended has none.
_AWAITED = and_(Report.due_at.is_not(None), Report.status.in_(lifecycle.CLOCK_RUNS))


def most_urgent(
    filters: Filters,
    now: datetime,
    *,
    after: str | None = None,
    before: str | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    limit: int = PAGE,
) -> Page:
    """A page as `queries.public_list` gives it, in the other order; `newer` goes back, `older` goes on.
    Raises BadCursor."""
    query = row_columns().where(*matching(filters, now), *(within_box(bbox) if bbox else ()))
    cursor = after or before
    at = at_cursor(cursor, now) if cursor else None
    backwards = before is not None and after is None
    found: list[Row] = []
    for condition, order in _parts(at, backwards=backwards):
        part = query.where(condition).order_by(*order).limit(limit + 1 - len(found))
        found += [row_of(row, now) for row in db.session.execute(part)]
        if len(found) > limit:
            break
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
        return Page(tuple(found), found[0].id if found and more else None, found[-1].id if found else cursor)
    return Page(tuple(found), found[0].id if found and after else None, found[-1].id if found and more else None)


def _parts(at: Any, *, backwards: bool) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The two runs of the list, each as a condition and an order, from the case at hand on, in reading direction."""
    awaited, rest = (_AWAITED, (Report.due_at, Report.id)), (not_(_AWAITED), (Report.created_at, Report.id))
    among_awaited = at is not None and at.due_at is not None and at.status in lifecycle.CLOCK_RUNS
    for number, (condition, (moment, key)) in enumerate((rest, awaited) if backwards else (awaited, rest)):
        first = condition is _AWAITED
        upwards = first != backwards  # due times rise, days of sending fall
        order = (moment, key) if upwards else (moment.desc(), key.desc())
        if at is None:
            yield condition, order
        elif first == among_awaited:
            here = at.due_at if first else at.created_at
            beyond = (moment > here, key > at.id) if upwards else (moment < here, key < at.id)
            yield and_(condition, or_(beyond[0], and_(moment == here, beyond[1]))), order
        elif number == 1:  # the run that comes after the one in which we stand
            yield condition, order
