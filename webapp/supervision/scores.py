"""Score cards: how the units did in a period. Every number is the count of a list of cases that can be opened.

One definition a measure, as a SELECT of (unit, case); the number and the list behind it (`behind.py`) are made from
the same, so they cannot differ. Periods are days of Vietnam, both included. What happened counts for the unit of then;
where several units are put together, a case that went through two of them counts for each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from webapp.core import clock
from webapp.core.db import db
from webapp.reports import lifecycle
from webapp.reports.feedback import NO, YES, Feedback
from webapp.reports.models import Answer, Report
from webapp.reports.verdicts import ACCEPTED, NOT, PARTLY, Verdict
from webapp.supervision.models import LATE, MET, StepClock

LONGEST = 20  # cases in the list of those that take longest


@dataclass(frozen=True, slots=True)
class Period:
    """A run of days, both included."""

    first: date
    last: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The moments from the first (included) to the last (not included)."""
        return (
            datetime.combine(self.first, time(0), clock.VIETNAM),
            datetime.combine(self.last + timedelta(days=1), time(0), clock.VIETNAM),
        )

    def holds(self, column: Any) -> ColumnElement[bool]:
        """That a moment lies in it, as SQL."""
        begins, ends = self.bounds
        return and_(column >= begins, column < ends)


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


Cases = Select[Any, Any]


def _received(period: Period) -> Cases:
    """Passed on to the unit."""
    return _clocks(StepClock.step == lifecycle.RECEIVE, period.holds(StepClock.started_at))


def _finished(period: Period) -> Cases:
    """A step of the unit ended, done or not."""
    return _clocks(StepClock.step.in_(lifecycle.UNIT_STEPS), period.holds(StepClock.ended_at))


def _handed_on(period: Period) -> Cases:
    """Taken from the unit, or handed over by it, with a step not done."""
    return _finished(period).where(StepClock.moved)


def _in_time(period: Period) -> Cases:
    """Every step that the unit finished in the period was finished by its due time. What was moved before it was due
    has no outcome, and is none of them."""
    return (
        _finished(period)
        .group_by(StepClock.unit_code, StepClock.report_id)
        .having(func.max(StepClock.outcome) == MET, func.min(StepClock.outcome) == MET)
    )


def _late(period: Period) -> Cases:
    """At least one step was finished late, or was moved after its due time."""
    return _finished(period).where(StepClock.outcome == LATE)


def _overdue(_period: Period) -> Cases:
    """Late at this moment, and not yet done."""
    return _running(StepClock.due_at < clock.now(), StepClock.paused_at.is_(None))


def _open(_period: Period) -> Cases:
    """With the unit at this moment."""
    return _running()


def _refused(period: Period) -> Cases:
    """Given back: the Front's own step began at the moment at which the unit's ended."""
    front = aliased(StepClock)
    given_back = (StepClock.step == lifecycle.RECEIVE, StepClock.moved.is_(False), period.holds(StepClock.ended_at))
    return _clocks(*given_back).join(
        front,
        and_(
            front.report_id == StepClock.report_id,
            front.step == lifecycle.SCREEN,
            front.started_at == StepClock.ended_at,
            front.id > StepClock.id,  # not the screening before, all in one moment
        ),
    )


def _came_back(period: Period) -> Cases:
    """To be answered again, after an answer was found insufficient or the case was reopened."""
    checked = aliased(StepClock)
    earlier = select(checked.id).where(
        checked.report_id == StepClock.report_id,
        checked.step == lifecycle.VERIFY,
        checked.ended_at <= StepClock.started_at,
        checked.id < StepClock.id,
    )
    return _clocks(StepClock.step == lifecycle.ANSWER, period.holds(StepClock.started_at), earlier.exists())


def _accepted(period: Period) -> Cases:
    """The Front checked the answer and accepted it."""
    return _verdicts(period, Verdict.verdict == ACCEPTED)


def _sent_back(period: Period) -> Cases:
    """The Front checked the answer and found it insufficient, in whole or in part."""
    return _verdicts(period, Verdict.verdict.in_((NOT, PARTLY)))


def _solved(period: Period) -> Cases:
    """The sender says that it is solved."""
    return _words(period, Feedback.verdict == YES)


def _unsolved(period: Period) -> Cases:
    """The sender says that it is not solved."""
    return _words(period, Feedback.verdict == NO)


# In the order in which they are shown.
MEASURES: dict[str, Callable[[Period], Cases]] = {
    "received": _received,
    "in_time": _in_time,
    "late": _late,
    "handed_on": _handed_on,
    "overdue": _overdue,
    "open": _open,
    "refused": _refused,
    "came_back": _came_back,
    "accepted": _accepted,
    "sent_back": _sent_back,
    "solved": _solved,
    "unsolved": _unsolved,
}
NOW = frozenset({"overdue", "open"})  # as it is at this moment, whatever the period


def scores(units: Collection[str], period: Period, visible: ColumnElement[bool] | None = None) -> dict[str, Score]:
    """The figures of these units (codes), those with none left out. `visible` narrows the cases that are counted."""
    found: dict[str, Score] = {}
    if not units:
        return found
    for name, measure in MEASURES.items():
        unit, report = measure(period).subquery().c
        query = select(unit, func.count(report.distinct())).where(unit.in_(units)).group_by(unit)
        if visible is not None:
            query = query.join(Report, Report.id == report).where(visible)
        for code, number in db.session.execute(query):
            found.setdefault(code, Score()).numbers[name] = number
    for code, days, number in db.session.execute(_durations(units, period, visible)):
        found.setdefault(code, Score()).days[days] = number
    given = marks(period).where(Answer.unit_code.in_(units))
    if visible is not None:
        given = given.join(Report, Report.id == Feedback.report_id).where(visible)
    each = given.subquery().c
    query = select(each.unit_code, func.count(), func.sum(each.rating)).group_by(each.unit_code)
    for code, number, total in db.session.execute(query):
        score = found.setdefault(code, Score())
        score.rated, score.ratings = number, int(total or 0)
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
            StepClock.unit_code.in_(units),
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


def _clocks(*conditions: ColumnElement[bool]) -> Cases:
    return select(StepClock.unit_code, StepClock.report_id).where(*conditions)


def _running(*conditions: ColumnElement[bool]) -> Cases:
    return _clocks(StepClock.step.in_(lifecycle.UNIT_STEPS), StepClock.ended_at.is_(None), *conditions)


def _verdicts(period: Period, condition: ColumnElement[bool]) -> Cases:
    return select(Verdict.unit_code, Verdict.report_id).where(
        period.holds(Verdict.created_at), Verdict.again.is_(False), condition
    )


def _words(period: Period, condition: ColumnElement[bool]) -> Cases:
    return (
        select(Answer.unit_code, Feedback.report_id)
        .join(Answer, Answer.id == Feedback.answer_id)
        .where(period.holds(Feedback.created_at), condition)
    )


def took(period: Period, *conditions: ColumnElement[bool]) -> Select[Any, Any, Any]:
    """(unit, case, working days) of those that the unit answered. Handling counts from where answering did, so the
    step that ended with the answer is the whole; to have begun, or to have handed over, is not to have finished."""
    check = aliased(StepClock)
    return (
        select(StepClock.unit_code, StepClock.report_id, func.max(StepClock.spent_days).label("days"))
        .join(
            check,
            and_(
                check.report_id == StepClock.report_id,
                check.step == lifecycle.VERIFY,
                check.started_at == StepClock.ended_at,
                period.holds(check.started_at),
            ),
        )
        .where(
            StepClock.step.in_((lifecycle.ANSWER, lifecycle.HANDLE)),
            StepClock.spent_days.is_not(None),
            period.holds(StepClock.ended_at),
            *conditions,
        )
        .group_by(StepClock.unit_code, StepClock.report_id)
    )


def marks(period: Period) -> Select[Any, Any, Any]:
    """(unit, case, mark) of each mark that a sender gave to an answer of the unit."""
    return (
        select(Answer.unit_code, Feedback.report_id, Feedback.rating)
        .join(Answer, Answer.id == Feedback.answer_id)
        .where(period.holds(Feedback.created_at), Feedback.rating.is_not(None))
    )


def _durations(units: Collection[str], period: Period, visible: ColumnElement[bool] | None) -> Select[Any]:
    """(unit, working days, how many cases)."""
    found = took(period, StepClock.unit_code.in_(units))
    if visible is not None:
        found = found.join(Report, Report.id == StepClock.report_id).where(visible)
    each = found.subquery()
    return select(each.c.unit_code, each.c.days, func.count()).group_by(each.c.unit_code, each.c.days)
