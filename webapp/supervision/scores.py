"""Score cards: how the units did in a period. Every number is the count of a list of cases that can be opened.

What each number counts is in `measures.py`, the days that are over are added up in `closed_days.py`. Periods are
days of Vietnam, both included. Where several units are put together, a case that went through two of them counts for
each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select

from webapp.core.db import db, one_of
from webapp.reports import lifecycle
from webapp.reports.feedback import Feedback
from webapp.reports.models import Answer, Report
from webapp.supervision import closed_days, measures
from webapp.supervision.measures import MEASURES, Cases, Period, Periods, When
from webapp.supervision.models import StepClock

LONGEST = 20  # cases in the list of those that take longest


@dataclass(slots=True)
class Score:
    """The figures of one unit. `days`: working days that a case took it -> how many cases."""

    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    days: dict[int, int] = field(default_factory=dict)
    ratings: int = 0
    rated: int = 0

    def add(self, other: Score) -> None:
        """Take the figures of another unit in."""
        for name, number in other.numbers.items():
            self.numbers[name] += number
        for days, number in other.days.items():
            self.days[days] = self.days.get(days, 0) + number
        self.ratings += other.ratings
        self.rated += other.rated

    def percentile(self, share: float) -> int | None:
        """The number of working days within which this share (0 to 1) of the cases was finished; None without any.

        The nearest-rank percentile: the smallest value that at least the share does not exceed.
        """
        total = sum(self.days.values())
        seen = 0
        for days in sorted(self.days):
            seen += self.days[days]
            if seen >= share * total:
                return days
        return None

    @property
    def rating(self) -> float | None:
        """The mean of the reporters' marks, 1 to 5."""
        return self.ratings / self.rated if self.rated else None

    @property
    def anything(self) -> bool:
        return any(self.numbers.values())


def scores(units: Collection[str], period: Period, visible: ColumnElement[bool] | None = None) -> dict[str, Score]:
    """The figures of these units (codes), those with none left out. `visible` narrows the cases that are counted.

    Days that are over are read from their sums, unless the cases are narrowed, and only the rest is counted.
    """
    found: dict[str, Score] = {}
    if not units:
        return found
    run = closed_days.within(period) if visible is None else None
    rest = _rest(period, run.days) if run is not None else period
    numbers: Counter[tuple[str, str]] = Counter()
    lasted: Counter[tuple[str, int]] = Counter()
    if run is not None:
        for code, name, number in closed_days.counts(units, run):
            numbers[code, name] += number
        for code, days, number in closed_days.days(units, run):
            lasted[code, days] += number
    for name in measures.NOW:
        for code, number in _counts(measures.MEASURES[name], units, period, visible):
            numbers[code, name] += number
    if rest is not None:
        for name, measure in closed_days.ONCE.items():
            for code, number in _counts(measure, units, rest, visible, run.days if run is not None else None):
                numbers[code, name] += number
        for code, days, number in db.session.execute(_durations(units, rest, visible)):
            lasted[code, days] += number
        for code, number, total in db.session.execute(_ratings(units, rest, visible)):
            numbers[code, closed_days.RATED] += number
            numbers[code, closed_days.RATINGS] += int(total)
    for (code, name), number in numbers.items():
        score = found.setdefault(code, Score())
        if name in score.numbers:
            score.numbers[name] = number
    for code, score in found.items():
        score.numbers["in_time"] = numbers[code, closed_days.TIMED] - numbers[code, "late"]
        score.rated, score.ratings = numbers[code, closed_days.RATED], numbers[code, closed_days.RATINGS]
    for (code, days), number in lasted.items():
        found.setdefault(code, Score()).days[days] = number
    return found


def longest(units: Collection[str], visible: ColumnElement[bool] | None = None) -> list[tuple[Report, StepClock]]:
    """The cases that are with these units and have waited longest past their due time, or will soonest be due."""
    return waiting(units, lifecycle.UNIT_STEPS, visible=visible)


def waiting(
    units: Collection[str],
    steps: Collection[str],
    *conditions: ColumnElement[bool],
    visible: ColumnElement[bool] | None = None,
    oldest: bool = False,
) -> list[tuple[Report, StepClock]]:
    """The first LONGEST of the cases that wait for these units in one of these steps: the soonest due first, or
    those that were reported first."""
    query = (
        select(Report, StepClock)
        .join(StepClock, StepClock.report_id == Report.id)
        .where(
            StepClock.ended_at.is_(None),
            StepClock.step.in_(steps),
            one_of(StepClock.unit_code, units),
            *conditions,
        )
        .order_by(Report.created_at if oldest else StepClock.due_at, Report.id)
        .limit(LONGEST)
    )
    if visible is not None:
        query = query.where(visible)
    return [(report, running) for report, running in db.session.execute(query)]


def together(found: Iterable[Score]) -> Score:
    """The figures of several units as one."""
    total = Score()
    for score in found:
        total.add(score)
    return total


def _rest(period: Period, known: Period) -> Periods | None:
    """The days of a period before and after those that are known already."""
    one = timedelta(days=1)
    parts = [Period(period.first, known.first - one), Period(known.last + one, period.last)]
    found = tuple(part for part in parts if part.first <= part.last)
    return Periods(found) if found else None


def _counts(
    measure: Callable[[When], Cases],
    units: Collection[str],
    when: When,
    visible: ColumnElement[bool] | None,
    known: Period | None = None,
) -> Iterable[Any]:
    """(unit, how many cases), those left out that did the same in the days that are known already."""
    some = measure(when).subquery().c
    each = select(some[0], some[1]).where(one_of(some[0], units)).distinct().subquery().c
    unit, report = each[0], each[1]
    query = select(unit, func.count()).group_by(unit)
    if known is not None:
        # A value rather than EXISTS: looked up for each case, and never turned into a count of all that is known.
        other = measure(known).subquery().c
        same = (other[1] == report, measures.among(other[0]) == unit)
        there = select(literal(1)).where(*same).limit(1).scalar_subquery()
        query = query.where(there.is_(None))
    if visible is not None:
        query = query.join(Report, Report.id == report).where(visible)
    return db.session.execute(query)


def _durations(units: Collection[str], when: When, visible: ColumnElement[bool] | None) -> Select[Any]:
    """(unit, working days, how many answers)."""
    found = measures.took(when, one_of(StepClock.unit_code, units))
    if visible is not None:
        found = found.join(Report, Report.id == StepClock.report_id).where(visible)
    each = found.subquery()
    return select(each.c.unit_code, each.c.days, func.count()).group_by(each.c.unit_code, each.c.days)


def _ratings(units: Collection[str], when: When, visible: ColumnElement[bool] | None) -> Select[Any]:
    """(unit, how many marks, their sum)."""
    given = measures.marks(when).where(one_of(Answer.unit_code, units))
    if visible is not None:
        given = given.join(Report, Report.id == Feedback.report_id).where(visible)
    each = given.subquery().c
    return select(each.unit_code, func.count(), func.sum(each.rating)).group_by(each.unit_code)
