"""The cases behind a figure of a score card: as many rows as the number says, a page at a time. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, null, or_, select

from webapp.core.db import db
from webapp.reports.models import Report
from webapp.supervision import scores
from webapp.supervision.scores import Period

PAGE = 50
TOOK, RATED = "took", "rated"  # behind the median and the 90th percentile, and behind the mark
MADE_OF: dict[str, Callable[[Period], Select[Any, Any, Any]]] = {TOOK: scores.took, RATED: scores.marks}
FIGURES = (*scores.MEASURES, *MADE_OF)

After = tuple[int, str]  # the case and the unit of the last row of a page


@dataclass(frozen=True, slots=True)
class Counted:
    """A case as a figure counts it: for one unit; `value` is what it brings to the figure, where that is made of
    values: its working days, or the mean of its marks."""

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
    unit, number, value = _rows(name, period)
    query = select(Report, unit, value).join(Report, Report.id == number).where(unit.in_(units))
    if visible is not None:
        query = query.where(visible)
    if after is not None:
        last, last_unit = after
        query = query.where(or_(number < last, and_(number == last, unit > last_unit)))
    query = query.order_by(number.desc(), unit).limit(PAGE + 1)
    found = [Counted(*row) for row in db.session.execute(query)]
    last_row = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], (last_row.report.id, last_row.unit_code) if last_row else None


def _rows(name: str, period: Period) -> tuple[Any, Any, Any]:
    """(unit, case, value) as columns, each pair once."""
    if name in MADE_OF:
        each = MADE_OF[name](period).subquery().c
        unit, number, value = each
        rows = select(unit, number, func.avg(value).label("value")).group_by(unit, number).subquery().c
        return rows[0], rows[1], rows[2]
    pairs = scores.MEASURES[name](period).distinct().subquery().c
    return pairs[0], pairs[1], null()
