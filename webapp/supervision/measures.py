"""What the figures of score cards count: one definition a measure, as a SELECT of (unit, case, moment).

The number and the list behind it (`behind.py`), and the sums of the days that are over (`closed_days.py`), are
made from the same, so they cannot differ. What happened counts for the unit of then. Moments are those at which it
was written down, so what is past stays as it is: a hand-over keeps from when a term counts, not when the unit had it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from webapp.core import clock
from webapp.reports import lifecycle
from webapp.reports.feedback import NO, YES, Feedback
from webapp.reports.models import Answer
from webapp.reports.verdicts import ACCEPTED, NOT, PARTLY, Verdict
from webapp.supervision.models import LATE, MET, StepClock


class When(Protocol):
    """Some moments."""

    def holds(self, column: Any) -> ColumnElement[bool]:
        """That a moment is one of them, as SQL."""
        ...


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


@dataclass(frozen=True, slots=True)
class Periods:
    """Several runs of days, one at least."""

    parts: tuple[Period, ...]

    def holds(self, column: Any) -> ColumnElement[bool]:
        """That a moment lies in one of them, as SQL."""
        return or_(*(part.holds(column) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Before:
    """All time before a day."""

    day: date

    def holds(self, column: Any) -> ColumnElement[bool]:
        """That a moment lies before it, as SQL."""
        return and_(column < datetime.combine(self.day, time(0), clock.VIETNAM))


Cases = Select[*tuple[Any, ...]]


def _received(when: When) -> Cases:
    """Passed on to the unit."""
    return _clocks(StepClock.made_at, StepClock.step == lifecycle.RECEIVE, when.holds(StepClock.made_at))


def _finished(when: When) -> Cases:
    """A step of the unit ended, done or not."""
    return _clocks(StepClock.ended_at, StepClock.step.in_(lifecycle.UNIT_STEPS), when.holds(StepClock.ended_at))


def _handed_on(when: When) -> Cases:
    """Taken from the unit, or handed over by it, with a step not done."""
    return _finished(when).where(StepClock.moved)


def timed(when: When) -> Cases:
    """A step of the unit ended in time or late: those that are in time, and those that are late."""
    return _finished(when).where(StepClock.outcome.is_not(None))


def _in_time(when: When) -> Cases:
    """Every step that the unit finished in the period was finished by its due time. What was moved before it was due
    has no outcome, and is none of them."""
    return (
        select(StepClock.unit_code, StepClock.report_id, func.max(StepClock.ended_at))
        .where(StepClock.step.in_(lifecycle.UNIT_STEPS), when.holds(StepClock.ended_at))
        .group_by(StepClock.unit_code, StepClock.report_id)
        .having(func.max(StepClock.outcome) == MET, func.min(StepClock.outcome) == MET)
    )


def _late(when: When) -> Cases:
    """At least one step was finished late, or was moved after its due time."""
    return _finished(when).where(StepClock.outcome == LATE)


def _overdue(_when: When) -> Cases:
    """Late at this moment, and not yet done."""
    return _running(StepClock.due_at < clock.now(), StepClock.paused_at.is_(None))


def _open(_when: When) -> Cases:
    """With the unit at this moment."""
    return _running()


def _refused(when: When) -> Cases:
    """Given back: the Front's own step began at the moment at which the unit's ended."""
    front = aliased(StepClock)
    given_back = (StepClock.step == lifecycle.RECEIVE, StepClock.moved.is_(False), when.holds(StepClock.ended_at))
    return _clocks(StepClock.ended_at, *given_back).join(
        front,
        and_(
            front.report_id == StepClock.report_id,
            front.step == lifecycle.SCREEN,
            front.started_at == StepClock.ended_at,
            front.id > StepClock.id,  # not the screening before, all in one moment
        ),
    )


def _came_back(when: When) -> Cases:
    """To be answered again, after an answer was found insufficient or the case was reopened."""
    checked = aliased(StepClock)
    earlier = select(checked.id).where(
        checked.report_id == StepClock.report_id,
        checked.step == lifecycle.VERIFY,
        checked.ended_at <= StepClock.started_at,
        checked.id < StepClock.id,
    )
    begun = (StepClock.step == lifecycle.ANSWER, when.holds(StepClock.made_at))
    return _clocks(StepClock.made_at, *begun, earlier.exists())


def _accepted(when: When) -> Cases:
    """The Front checked the answer and accepted it."""
    return _verdicts(when, Verdict.verdict == ACCEPTED)


def _sent_back(when: When) -> Cases:
    """The Front checked the answer and found it insufficient, in whole or in part."""
    return _verdicts(when, Verdict.verdict.in_((NOT, PARTLY)))


def _solved(when: When) -> Cases:
    """The sender says that it is solved."""
    return _words(when, Feedback.verdict == YES)


def _unsolved(when: When) -> Cases:
    """The sender says that it is not solved."""
    return _words(when, Feedback.verdict == NO)


# In the order in which they are shown.
MEASURES: dict[str, Callable[[When], Cases]] = {
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


def took(when: When, *conditions: ColumnElement[bool]) -> Cases:
    """(unit, case, working days, moment) of each answer of the unit. Handling counts from where answering did, so the
    step that ended with the answer is the whole; to have begun, or to have handed over, is not to have answered."""
    check = aliased(StepClock)
    return (
        select(
            StepClock.unit_code,
            StepClock.report_id,
            func.max(StepClock.spent_days).label("days"),
            func.max(StepClock.ended_at),
        )
        .join(
            check,
            and_(
                check.report_id == StepClock.report_id,
                check.step == lifecycle.VERIFY,
                check.started_at == StepClock.ended_at,
            ),
        )
        .where(
            StepClock.step.in_((lifecycle.ANSWER, lifecycle.HANDLE)),
            StepClock.spent_days.is_not(None),
            when.holds(StepClock.ended_at),
            *conditions,
        )
        .group_by(StepClock.unit_code, StepClock.report_id, check.id)
    )


def marks(when: When) -> Cases:
    """(unit, case, mark, moment) of each mark that a sender gave to an answer of the unit."""
    return (
        select(Answer.unit_code, Feedback.report_id, Feedback.rating, Feedback.created_at)
        .join(Answer, Answer.id == Feedback.answer_id)
        .where(when.holds(Feedback.created_at), Feedback.rating.is_not(None))
    )


def among(unit: Any) -> ColumnElement[Any]:
    """A unit's code, to be compared among the few rows of a case: so written that no index of units is read for it."""
    return func.coalesce(unit, "")


def _clocks(moment: Any, *conditions: ColumnElement[bool]) -> Cases:
    return select(StepClock.unit_code, StepClock.report_id, moment).where(*conditions)


def _running(*conditions: ColumnElement[bool]) -> Cases:
    at_unit = (StepClock.step.in_(lifecycle.UNIT_STEPS), StepClock.ended_at.is_(None))
    return _clocks(StepClock.due_at, *at_unit, *conditions)


def _verdicts(when: When, condition: ColumnElement[bool]) -> Cases:
    return select(Verdict.unit_code, Verdict.report_id, Verdict.created_at).where(
        when.holds(Verdict.created_at), Verdict.again.is_(False), condition
    )


def _words(when: When, condition: ColumnElement[bool]) -> Cases:
    return (
        select(Answer.unit_code, Feedback.report_id, Feedback.created_at)
        .join(Answer, Answer.id == Feedback.answer_id)
        .where(when.holds(Feedback.created_at), condition)
    )
