"""What one case counts for, by unit and month: pure rules, the same words as the score cards (`supervision/scores.py`).

A score card asks about any run of days. Figures for everybody are added up beforehand by month: in a single month both
say the same of the same cases; over more months a case counts once in each month in which it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.core import clock
from webapp.reports import lifecycle

# What happened, by the month in which it did.
FLOW = (
    "reported",
    "received",
    "taken_over",
    "answered",
    "in_time",
    "late",
    "extended",
    "refused",
    "handed_on",
    "came_back",
    "accepted",
    "sent_back",
    "solved",
    "partly",
    "unsolved",
)
NOW = ("waiting", "open", "overdue")  # as it is at this moment, under the month 0
MEASURES = (*FLOW, *NOW)
MOST_DAYS = 250  # a working year; what took longer counts as that
AT_ONCE = 0  # the month of what holds now
_AT_WORK = (lifecycle.ANSWER, lifecycle.HANDLE)


@dataclass(frozen=True, slots=True)
class Case:
    """What is public of a case at this moment."""

    status: str
    overdue: bool
    created_at: datetime
    unit: str


@dataclass(frozen=True, slots=True)
class Step:
    """One clock of a case, as far as figures need it. `made_at`: when the unit got it, where a hand-over keeps from
    when its term counts. `taken_over`: of an acceptance, that a part of the time for
    the answer had been used by another unit. `days` in working days, None while it runs. `moved`: it was taken from the
    unit undone."""

    number: int
    step: str
    unit: str
    started_at: datetime
    made_at: datetime
    ended_at: datetime | None
    late: bool
    days: int | None
    extended: bool
    taken_over: bool
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """What the Front or the sender said of a unit's answer; `says` is one of FLOW."""

    says: str
    unit: str
    at: datetime


@dataclass(slots=True)
class Fact:
    """What a case counts for under one unit ("" for none) in one month (202611; 0: now)."""

    unit: str
    month: int
    counts: frozenset[str] = frozenset()
    days: int | None = None  # that the answer took, where there was one

    def values(self) -> dict[str, Any]:
        """It as a row of the table."""
        row: dict[str, Any] = {name: int(name in self.counts) for name in MEASURES}
        return row | {"unit": self.unit, "month": self.month, "days": self.days}


def of_case(case: Case, steps: Sequence[Step], words: Iterable[Word]) -> list[Fact]:
    """All that a case counts for. `steps` in the order in which they came."""
    found: dict[tuple[str, int], Fact] = {}

    def note(unit: str, at: datetime | None, *names: str, days: int | None = None) -> None:
        month = month_of(at) if at is not None else AT_ONCE
        fact = found.setdefault((unit, month), Fact(unit, month))
        fact.counts |= set(names)
        if days is not None:
            fact.days = max(fact.days or 0, min(days, MOST_DAYS))

    note("", case.created_at, "reported")
    if case.status in lifecycle.AT_UNIT:
        note(case.unit, None, "open", *(["overdue"] if case.overdue else []))
    elif case.status in (*lifecycle.TRIAGE, lifecycle.ANSWERED):
        note("", None, "waiting")
    for step in steps:
        if step.step in lifecycle.UNIT_STEPS:
            _note_step(step, steps, note)
    for word in words:
        note(word.unit, word.at, word.says)
    for fact in found.values():
        if "answered" in fact.counts and "late" not in fact.counts:
            fact.counts |= {"in_time"}
    return list(found.values())


def month_of(moment: datetime) -> int:
    """202611 for a moment in November 2026, Vietnam's time."""
    local = clock.local(moment)
    return local.year * 100 + local.month


def _note_step(step: Step, steps: Sequence[Step], note: Any) -> None:
    later = [s for s in steps if s.number > step.number and s.started_at == step.ended_at]
    if step.step == lifecycle.RECEIVE:
        note(step.unit, step.made_at, "received", *(["taken_over"] if step.taken_over else []))
        if not step.moved and any(s.step == lifecycle.SCREEN for s in later):
            note(step.unit, step.ended_at, "refused")
    if step.step == lifecycle.ANSWER and any(
        s.step == lifecycle.VERIFY and s.number < step.number and s.ended_at and s.ended_at <= step.started_at
        for s in steps
    ):
        note(step.unit, step.made_at, "came_back")
    if step.moved and later:
        note(step.unit, step.ended_at, "handed_on")
    if step.step in _AT_WORK and _is_answered(step, steps):
        turn = _turn(step, steps)
        more = [
            name
            for name, held in (("late", any(s.late for s in turn)), ("extended", any(s.extended for s in turn)))
            if held
        ]
        note(step.unit, step.ended_at, "answered", *more, days=step.days)


def _is_answered(step: Step, steps: Sequence[Step]) -> bool:
    """The step ended with an answer: the Front's check begins at that moment."""
    return step.ended_at is not None and any(
        s.step == lifecycle.VERIFY and s.started_at == step.ended_at for s in steps
    )


def _turn(answer: Step, steps: Sequence[Step]) -> list[Step]:
    """What the unit did for this answer: its steps since the one before, where there was one."""
    own = [s for s in steps if s.unit == answer.unit and s.step in lifecycle.UNIT_STEPS and s.number <= answer.number]
    before = [s.number for s in own if s.number < answer.number and s.step in _AT_WORK and _is_answered(s, steps)]
    return [s for s in own if s.number > max(before, default=0)]
