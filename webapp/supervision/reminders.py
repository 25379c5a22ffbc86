"""Reminders that climb: from the officer to the head of the unit, the unit above and the Front above.

A unit without accounts is reminded at its office address, with a one-time link (`reports.unit_links`).

What is due is found by an index over the clocks that run, so a sweep costs as much as there is to say, however
long the history. Flushes; the edge commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, load_only

from webapp.accounts.models import User
from webapp.areas import succession
from webapp.core import clock, events, outbox
from webapp.core.db import db, one_of_given
from webapp.core.instance import instance
from webapp.notifications import channels
from webapp.notifications.models import EMAIL
from webapp.reports import lifecycle, unit_links
from webapp.reports.models import Report
from webapp.reports.service import stream
from webapp.routing import deadlines, terms
from webapp.supervision import ladder
from webapp.supervision.models import Reminder, ReminderRule, StepClock
from webapp.units import queries as units

AT_ONCE = 200  # clocks of one sweep; the next sweep goes on
PAGE = 50


def rungs(on: date) -> list[ReminderRule]:
    """The ladder as it stands on a day."""
    rules = db.session.scalars(select(ReminderRule).where(ReminderRule.valid_from <= on))
    return [r for r in rules if r.valid_to is None or on <= r.valid_to]


def plan(found: StepClock) -> None:
    """Note on a clock when its next rung is reached: now, at the earliest, if some were passed unsaid."""
    now = clock.now()
    reached, following = _climb(found, set(), now)
    found.next_rung_at = now if reached else following  # what was said already is left out by the sweep
    if found.paused_at is not None or found.ended_at is not None:
        found.next_rung_at = None


def plan_anew(after: int, limit: int = 1000) -> int | None:
    """Note anew, for the running clocks with numbers above `after`, when their next rung is reached, because rungs,
    days off or office hours have changed. Returns after which number to go on; None if all are done."""
    now = clock.now()
    running = StepClock.ended_at.is_(None) & StepClock.paused_at.is_(None)
    query = select(StepClock).where(running, StepClock.id > after).order_by(StepClock.id).limit(limit)
    # Whoever holds one just now plans it anew themselves.
    clocks = db.session.scalars(query.with_for_update(of=StepClock, skip_locked=True)).all()
    said = select(Reminder.clock_id, Reminder.due_at, Reminder.rung).where(
        Reminder.clock_id.in_([c.id for c in clocks])
    )
    written: dict[tuple[int, datetime], set[str]] = {}
    for clock_id, due_at, rung in db.session.execute(said):
        written.setdefault((clock_id, due_at), set()).add(rung)
    for found in clocks:
        reached, following = _climb(found, written.get((found.id, found.due_at), set()), now)
        found.next_rung_at = now if reached else following
    db.session.flush()
    return clocks[-1].id if len(clocks) == limit else None


def sweep() -> int:
    """Write every rung that has been reached, once, and have it sent. May run twice. Returns how many."""
    now = clock.now()
    waiting = db.session.execute(
        select(StepClock.id, StepClock.report_id)
        .where(StepClock.next_rung_at <= now)
        .order_by(StepClock.next_rung_at)
        .limit(AT_ONCE)
    ).all()
    said = 0
    for clock_id, report_id in sorted(waiting, key=lambda row: row.report_id):
        # The case first, as every page does: two that lock in another order would wait for each other.
        report = db.session.scalars(
            select(Report).where(Report.id == report_id).with_for_update(of=Report, skip_locked=True)
        ).first()
        found = db.session.get(StepClock, clock_id, populate_existing=True)
        if report is not None and found is not None and found.next_rung_at is not None and found.next_rung_at <= now:
            said += _remind(report, found, now)
    return said


def _remind(report: Report, found: StepClock, now: datetime) -> int:
    written = set(
        db.session.scalars(select(Reminder.rung).where(Reminder.clock_id == found.id, Reminder.due_at == found.due_at))
    )
    reached, found.next_rung_at = _climb(found, written, now)
    before = count(report.id)
    for number, rung in enumerate(reached, start=before + 1):
        _write(report, found, rung, number, now)
    db.session.flush()
    return len(reached)


def _climb(found: StepClock, written: set[str], now: datetime) -> tuple[list[ReminderRule], datetime | None]:
    started = clock.local(found.started_at)
    reached, following = ladder.climb(
        rungs(clock.local(now).date()),
        started=started,
        ends=clock.local(found.due_at),
        measure=found.measure,
        written=written,
        now=now,
        calendar=terms.calendar(),
        office=terms.office(started.date()),
    )
    return reached, following  # type: ignore[return-value]


def _write(report: Report, found: StepClock, rung: ReminderRule, number: int, now: datetime) -> None:
    addressed = _addressed(report, found, rung.whom)
    late = deadlines.days_late(clock.local(found.due_at), clock.local(now), terms.calendar())
    made = Reminder(
        report_id=report.id,
        clock_id=found.id,
        rung=rung.code,
        whom=rung.whom,
        unit_code=addressed,
        due_at=found.due_at,
        days_late=late,
        created_at=now,
    )
    db.session.add(made)
    db.session.flush()
    events.append(
        stream(report),
        "report:reminded",
        events.SYSTEM,
        step=found.step,
        whom=rung.whom,
        unit=addressed,
        number=number,
        days=late,
        due=found.due_at.isoformat(),
    )
    if rung.channel == ladder.EMAIL and EMAIL in channels.offered(instance().settings):
        _send(report, found, made)


def _send(report: Report, found: StepClock, made: Reminder) -> None:
    readers = recipients(made.unit_code, made.whom, report.assignee_id)
    for user_id in readers:
        outbox.enqueue("notices.remind", reminder_id=made.id, user_id=user_id)
    if not readers and found.step in lifecycle.UNIT_STEPS and made.unit_code == report.unit_code:
        link = unit_links.for_reminder(report)
        if link is not None:
            outbox.enqueue("notices.remind_unit", reminder_id=made.id, link_id=link.id)


def _addressed(report: Report, found: StepClock, whom: str) -> str | None:
    """The code of the unit that a rung speaks to. Where nobody stands above, it is the Front that supervises."""
    if whom in (ladder.OFFICER, ladder.HEAD):
        return found.unit_code
    below = found.unit_code if whom == ladder.UNIT_ABOVE else report.supervisor_code
    unit = units.by_code(below)
    return (unit.parent_code if unit is not None else None) or report.supervisor_code


def recipients(unit_code: str | None, whom: str = "", assignee_id: int | None = None) -> list[int]:
    """Ids of those who are written to for a unit. For the officer: who has the case in hand; for the head: the
    unit's heads. Where there is none, and for all others: every active account of the unit."""
    if not unit_code:
        return []
    rows = db.session.execute(
        select(User.id, User.head).where(User.unit_code == unit_code, User.active).order_by(User.id)
    ).all()
    meant = {
        ladder.OFFICER: [number for number, _head in rows if number == assignee_id],
        ladder.HEAD: [number for number, head in rows if head],
    }
    return meant.get(whom) or [number for number, _head in rows]


@dataclass(frozen=True, slots=True)
class Said:
    """What a reminder's letter is made of: a number, a step, days. Nothing else may go into a mail."""

    address: str
    public_id: str
    step: str
    days_late: int
    due_at: datetime
    whom: str
    room: str  # where the reader finds it: desk, unit, or escalated (a unit that does not see the case)
    key: str


def letter(reminder_id: int, user_id: int) -> Said | None:
    """The letter for one reader; None if there is no more to say: the step is done, or the account is gone."""
    row = db.session.execute(
        select(Reminder, StepClock, Report.public_id, User)
        .join(StepClock, StepClock.id == Reminder.clock_id)
        .join(Report, Report.id == Reminder.report_id)
        .join(User, User.id == user_id)
        .where(Reminder.id == reminder_id)
        .options(load_only(User.email, User.active, User.role, User.unit_code))
    ).first()
    if row is None:
        return None
    reminder, found, public_id, user = row
    if found.ended_at is not None or not user.active or user.unit_code != reminder.unit_code:
        return None
    room = "desk" if user.role != "unit" else "unit" if reminder.whom != ladder.UNIT_ABOVE else "escalated"
    return Said(
        user.email,
        public_id,
        found.step,
        reminder.days_late,
        reminder.due_at,
        reminder.whom,
        room,
        f"r{reminder_id}-{user_id}",
    )


def due_still(reminder_id: int) -> tuple[str, int] | None:
    """(number of the case, days late) of a reminder to a unit's office address; None if the step is done."""
    row = db.session.execute(
        select(Report.public_id, Reminder.days_late)
        .join(Reminder, Reminder.report_id == Report.id)
        .join(StepClock, StepClock.id == Reminder.clock_id)
        .where(Reminder.id == reminder_id, StepClock.ended_at.is_(None))
    ).first()
    return (row.public_id, row.days_late) if row is not None else None


# -- for the pages ----------------------------------------------------------------------------------------------


def count(report_id: int) -> int:
    """How often somebody was reminded of the case."""
    return db.session.scalar(select(func.count()).select_from(Reminder).where(Reminder.report_id == report_id)) or 0


def counts(report_ids: list[int]) -> dict[int, int]:
    """How often somebody was reminded of the steps that run now, by case; one statement."""
    if not report_ids:
        return {}
    return {report_id: number for report_id, number in db.session.execute(_counts(), {"ids": report_ids})}


@cache
def _counts() -> Any:
    return (
        select(Reminder.report_id, func.count())
        .join(StepClock, StepClock.id == Reminder.clock_id)
        .where(one_of_given(Reminder.report_id, "ids"), StepClock.ended_at.is_(None))
        .group_by(Reminder.report_id)
    )


def of(report: Report) -> list[Reminder]:
    """The case's reminders, oldest first."""
    return list(db.session.scalars(select(Reminder).where(Reminder.report_id == report.id).order_by(Reminder.id)))


@dataclass(frozen=True, slots=True)
class Escalated:
    """A late step of somebody below, as those above are shown it: nothing of the report but its number and kind."""

    id: int
    public_id: str
    category_code: str
    area_code: str | None
    step: str
    unit_code: str | None
    due_at: datetime
    reminded_at: datetime


def escalated(unit_code: str | None, after: int | None = None) -> tuple[list[Escalated], int | None]:
    """(what was reported up to this unit and is still not done, newest first; where the next page begins)."""
    codes = succession.family_of(succession.UNIT, unit_code or "")  # what the offices before it were told, too
    other = aliased(Reminder)
    up = (ladder.UNIT_ABOVE, ladder.FRONT_ABOVE)
    # Whom two rungs lead to is shown the last one only.
    last = select(func.max(other.id)).where(
        other.clock_id == Reminder.clock_id, other.unit_code.in_(codes), other.whom.in_(up)
    )
    query = (
        select(Reminder, StepClock, Report.public_id, Report.category_code, Report.area_code)
        .join(StepClock, StepClock.id == Reminder.clock_id)
        .join(Report, Report.id == Reminder.report_id)
        .where(
            Reminder.unit_code.in_(codes),
            Reminder.whom.in_(up),
            Reminder.id == last.scalar_subquery(),
            StepClock.ended_at.is_(None),
            StepClock.due_at == Reminder.due_at,
            Report.status.in_(lifecycle.CLOCK_RUNS),
        )
        .order_by(Reminder.id.desc())
        .limit(PAGE + 1)
    )
    if after is not None:
        query = query.where(Reminder.id < after)
    rows = [
        Escalated(r.id, number, category, area, c.step, c.unit_code, c.due_at, r.created_at)
        for r, c, number, category, area in db.session.execute(query)
    ]
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None
