"""The week in one page: what the score cards say of it, what is late, what falls due, what waits longest.

Whoever reads it, in a letter or at the desk, finds what their own score cards show, counted by them. Nothing in it
names a reporter. Flushes; the edge commits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, delete, or_, select, union
from sqlalchemy.orm import Mapped, mapped_column

from webapp.accounts.permissions import FRONT, Identity
from webapp.core import clock
from webapp.core.db import Base, UtcDateTime, db, rows_changed
from webapp.reports import lifecycle
from webapp.reports.feedback import Feedback
from webapp.reports.models import Answer, Report
from webapp.supervision import scope, scores
from webapp.supervision.measures import Period
from webapp.supervision.models import StepClock
from webapp.supervision.scores import Score
from webapp.units import queries as units
from webapp.units.models import Unit

OWN_STEPS = (lifecycle.SCREEN, lifecycle.VERIFY)  # the Front's
AUTHORITY = "agri_env_dept"  # the environmental authority of a province, the Front's counterpart in the programme
OLDEST = 5  # cases in the list of those that are open longest
_WEEK = re.compile(r"(20\d\d)-W(\d\d)")


class DigestSent(Base):
    """That a week was told to an office: the row is what keeps it from being told twice."""

    __tablename__ = "digests"

    week: Mapped[str] = mapped_column(String(8), primary_key=True)  # 2026-W47
    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Week:
    """A week of the ISO calendar, Monday to Sunday."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Week:
        """The week that a day lies in."""
        found = day.isocalendar()
        return cls(found.year, found.week)

    @classmethod
    def parse(cls, written: str) -> Week:
        """`2026-W47`. Raises ValueError for anything else, and for a week that there is not."""
        found = _WEEK.fullmatch(written.strip())
        if found is None:
            raise ValueError(written)
        week = cls(int(found[1]), int(found[2]))
        date.fromisocalendar(week.year, week.number, 1)
        return week

    @property
    def period(self) -> Period:
        """Its days."""
        first = date.fromisocalendar(self.year, self.number, 1)
        return Period(first, first + timedelta(days=6))

    def moved(self, weeks: int) -> Week:
        """The week so many weeks later, or earlier."""
        return Week.of(self.period.first + timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"


Waiting = list[tuple[Report, StepClock]]


@dataclass(frozen=True, slots=True)
class Digest:
    """A week as one reader is told of it. The lists are of this moment, and hold `scores.LONGEST` cases at most."""

    week: Week
    names: dict[str, str]  # of the units spoken of
    scores: dict[str, Score]  # of the week, by unit; those with nothing are left out
    total: Score
    overdue: Waiting  # with the units
    own_overdue: Waiting  # the Front's own steps
    due: Waiting  # until the end of this week, with the units or the Front
    oldest: Waiting  # with the units, by when they were reported

    @property
    def anything(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.scores or self.own_overdue or self.due)


def compose(identity: Identity, province: str, week: Week) -> Digest:
    """The week for this reader; `province` where the reader looks after more than one."""
    below = scope.units_of(identity, province)
    codes = [unit.code for unit in below]
    visible = scope.visible(identity)
    found = {c: s for c, s in scores.scores(codes, week.period, visible).items() if s.anything}
    own = [identity.unit_code] if identity.role in FRONT and identity.unit_code else []
    late = StepClock.due_at < clock.now()
    runs = StepClock.paused_at.is_(None)
    soon = (runs, StepClock.due_at >= clock.now(), StepClock.due_at < _end_of_this_week())
    at_units = scores.waiting(codes, lifecycle.UNIT_STEPS, *soon, visible=visible)
    at_front = scores.waiting(own, OWN_STEPS, *soon, visible=visible)
    due = sorted(at_units + at_front, key=lambda pair: (pair[1].due_at, pair[0].id))[: scores.LONGEST]
    return Digest(
        week=week,
        names=_names(below, own),
        scores=found,
        total=scores.together(found.values()),
        overdue=scores.waiting(codes, lifecycle.UNIT_STEPS, late, runs, visible=visible),
        own_overdue=scores.waiting(own, OWN_STEPS, late, runs, visible=visible),
        due=due,
        oldest=scores.waiting(codes, lifecycle.UNIT_STEPS, visible=visible, oldest=True)[:OLDEST],
    )


def addressees(week: Week) -> list[str]:
    """Codes of the offices that may have something to read: the Front of each province and its environmental
    authority, and the Front of each commune, wherever a step ran or a sender spoke."""
    busy = set(db.session.scalars(_busy(week.period)))
    of_today = {heir or code for code, heir in units.currents_of(busy).items()}
    there = units.by_codes(of_today).values()
    places = {(u.province_code, u.area_code if u.level == "commune" else None) for u in there}
    provinces = {province for province, _commune in places if province}
    communes = {commune for _province, commune in places if commune}
    query = select(Unit.code).where(
        units.valid_on(clock.today()),
        or_(
            Unit.kind.in_(("front_province", AUTHORITY)) & Unit.province_code.in_(provinces),
            (Unit.kind == "front_commune") & Unit.area_code.in_(communes),
        ),
    )
    return sorted(set(db.session.scalars(query)))


def take(week: Week, unit_code: str) -> bool:
    """Note that the week is told to this office; False if it was before."""
    if db.session.get(DigestSent, (str(week), unit_code)) is not None:
        return False
    db.session.add(DigestSent(week=str(week), unit_code=unit_code, created_at=clock.now()))
    db.session.flush()
    return True


def forget(week: Week) -> int:
    """Forget to whom the weeks before this one were told; returns how many rows. Nobody asks for them any more."""
    return rows_changed(delete(DigestSent).where(DigestSent.week < str(week)))


def _names(below: list[Unit], own: list[str]) -> dict[str, str]:
    named = [*below, *units.by_codes(set(own)).values()]
    return {unit.code: unit.short_name_vi or unit.name_vi for unit in named}


def _end_of_this_week() -> datetime:
    return Week.of(clock.today()).period.bounds[1]


def _busy(period: Period) -> Any:
    """Codes of the units that had or have a step of a case, or were judged by a sender."""
    steps: Select[Any] = select(StepClock.unit_code).where(
        or_(StepClock.ended_at.is_(None), period.holds(StepClock.ended_at)), StepClock.unit_code.is_not(None)
    )
    judged: Select[Any] = (
        select(Answer.unit_code)
        .join(Feedback, Feedback.answer_id == Answer.id)
        .where(period.holds(Feedback.created_at), Answer.unit_code != "")
    )
    return union(steps, judged)
