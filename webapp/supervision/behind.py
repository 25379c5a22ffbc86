"""The cases behind a figure of a score card: as many rows as the number says, a page at a time. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, null, or_, select

from webapp.core.db import db, one_of
from webapp.reports.models import Report
from webapp.supervision import measures
from webapp.supervision.measures import Cases, Period, When

PAGE = 50
WIDTHS = (4_000, 64_000)  # how many cases back a page is looked for, before all of them are
TOOK, RATED = "took", "rated"  # behind the median and the 90th percentile, and behind the mark
MADE_OF: dict[str, tuple[Callable[[When], Cases], Any]] = {
    TOOK: (measures.took, func.max),
    RATED: (measures.marks, func.avg),
}
FIGURES = (*measures.MEASURES, *MADE_OF)

After = tuple[int, str]  # the case and the unit of the last row of a page


@dataclass(frozen=True, slots=True)
class Counted:
    """A case as a figure counts it: for one unit; `value` is what it brings to the figure, where that is made of
    values: the most working days of its answers, or the mean of its marks."""

    report: Report
    unit_code: str
    value: float | None = None


def cases(
    name: str,
    units: Collection[str],
    period: Period,
    visible: ColumnElement[bool] | None = None,
    after: After | None = None,
) -> tuple[list[Counted], After | None]:
    """A page of what a figure counts for these units, newest case first, and what to go on from (None: no more).

    A case that went through two of the units stands there for each, as it is counted. Raises KeyError if there is no
    such figure.
    """
    newest = after[0] if after is not None else db.session.scalar(select(func.max(Report.id))) or 0

    def first(width: int) -> list[Counted]:
        """The first rows among the newest cases, so many numbers back."""
        unit, number, value = _rows(name, period, units, (max(newest - width, 0), newest))
        query = select(Report, unit, value).join(Report, Report.id == number)
        if visible is not None:
            query = query.where(visible)
        if after is not None:
            last, last_unit = after
            query = query.where(or_(number < last, and_(number == last, unit > last_unit)))
        return [Counted(*row) for row in db.session.execute(query.order_by(number.desc(), unit).limit(PAGE + 1))]

    # Among many cases a page is full before most of them were looked at.
    fitting = (some for width in WIDTHS if width < newest and len(some := first(width)) > PAGE)
    found = next(fitting, None) or first(newest)
    last_row = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], (last_row.report.id, last_row.unit_code) if last_row else None


def _rows(name: str, period: Period, units: Collection[str], numbers: tuple[int, int]) -> tuple[Any, Any, Any]:
    """(unit, case, value) as columns, each pair once, of these units and of cases with a number above one and up to
    another."""
    measure, of_all = MADE_OF.get(name) or (measures.MEASURES[name], None)
    each = measure(period)
    unit, number = each.selected_columns[:2]
    above, newest = numbers
    counted = each.where(one_of(unit, units), number > above, number <= newest).subquery().c
    if of_all is None:
        pairs = select(counted[0], counted[1]).distinct().subquery().c
        return pairs[0], pairs[1], null()
    rows = select(counted[0], counted[1], of_all(counted[2]).label("value")).group_by(counted[0], counted[1])
    made = rows.subquery().c
    return made[0], made[1], made[2]
