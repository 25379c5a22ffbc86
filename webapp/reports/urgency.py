"""The public list with what is most urgent first: what is awaited, the earliest due time first; then the rest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, not_

from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.reports.paging import Mark, by_hour
from webapp.reports.privacy import to_the_hour
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
    # Due times rise, days of sending fall. Both by the hour: `paging` says why.
    runs = [(_AWAITED, Report.due_at, True), (not_(_AWAITED), Report.created_at, False)]
    here = _AWAITED if at and at.due_at is not None and at.status in lifecycle.CLOCK_RUNS else None
    found: list[Row] = []
    for condition, column, rising in reversed(runs) if backwards else runs:
        start = None
        if cursor and at:
            if (condition is _AWAITED) == (here is _AWAITED):
                start = Mark(to_the_hour(getattr(at, column.key)), cursor)
            elif (condition is _AWAITED) != backwards:
                continue  # the run before the one in which we stand
        wanted = limit + 1 - len(found)
        part = by_hour(query.where(condition), column, wanted, start=start, backwards=rising != backwards)
        found += [row_of(row, now) for row in part]
        if len(found) > limit:
            break
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
        return Page(tuple(found), found[0].id if found and more else None, found[-1].id if found else cursor)
    return Page(tuple(found), found[0].id if found and after else None, found[-1].id if found and more else None)
