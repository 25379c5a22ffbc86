"""The clock of each step: it starts, pauses and ends as the case moves. Flushes; the edge commits.

`follow` is called by `reports.service.move` (the app connects the two: time stands a floor above reports), so no
status can change without its clock. `report.due_at` is always the due time of the clock that runs.
"""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import select

from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.reports.service import stream
from webapp.routing import deadlines, terms
from webapp.routing.deadlines import END_OF_DAY, Term
from webapp.supervision import reminders
from webapp.supervision.models import ASKED, LAPSED, LATE, MET, Extension, StepClock

_AT_WORK = (lifecycle.ANSWER, lifecycle.HANDLE)
_ELSEWHERE = (lifecycle.ASSIGNED, lifecycle.RECEIVED)  # where a case goes when it is taken from a unit or handed over


def running(report: Report) -> StepClock | None:
    """The clock that runs for the case, or stands still while the reporter is asked."""
    return db.session.scalars(
        select(StepClock).where(StepClock.report_id == report.id, StepClock.ended_at.is_(None))
    ).first()


def history(report: Report) -> list[StepClock]:
    """All clocks of the case, oldest first."""
    return list(db.session.scalars(select(StepClock).where(StepClock.report_id == report.id).order_by(StepClock.id)))


def follow(report: Report, frm: str, to: str, actor: Actor, due: datetime | None = None) -> None:
    """The case has gone from one status to another: pause, resume, end and start its clocks accordingly.

    `due` is the due time of the step that begins, where somebody has chosen it instead of the rules.
    """
    now = clock.now()
    found = running(report)
    if to == lifecycle.NEEDS_INFO:
        if found is not None:
            _pause(found, now)
        return
    if found is not None and found.paused_at is not None:
        _resume(found, now)
    step = lifecycle.STEP.get(to)
    if found is not None and found.step == step and found.unit_code == _owner(report, step) and due is None:
        report.due_at = found.due_at
        return
    if found is not None:
        found.moved = found.step in lifecycle.UNIT_STEPS and to in _ELSEWHERE
        _end(found, now, done=not found.moved)
    report.due_at = None
    if step is None:
        return
    began = _origin(report, frm, step, found, now)
    started = start(report, step, began, due)
    if started is not None and step == lifecycle.RECEIVE and found is not None and found.step in _AT_WORK:
        started.counts_from = found.started_at  # handed over: what the former unit took is not given again
    if started is not None and step == lifecycle.HANDLE and found is not None and found.step == lifecycle.ANSWER:
        _keep_what_was_set(report, started, found)
    if to == lifecycle.REWORK:
        _say_restarted(report, actor, found, started)


def start(report: Report, step: str, began: datetime, due: datetime | None = None) -> StepClock | None:
    """Start the clock of a step that counts from `began`. None, and no due time, where no rule gives it a term."""
    local = clock.local(began)
    rule = terms.rule_for(step, report.category_code, local.date())
    if rule is None and due is None:
        return None
    term = terms.term(rule) if rule is not None else Term(deadlines.DAYS, 0)
    ends = due or deadlines.due(local, term, terms.calendar(), terms.office(local.date()))
    made = StepClock(
        report_id=report.id,
        step=step,
        unit_code=_owner(report, step),
        rule_code=rule.code if rule is not None else None,
        measure=term.measure if due is None else deadlines.DAYS,
        amount=term.amount,
        started_at=began,
        made_at=clock.now(),
        first_due_at=ends,
        due_at=ends,
        pauses=[],
        extensions=0,
    )
    db.session.add(made)
    reminders.plan(made)
    db.session.flush()
    report.due_at = made.due_at
    return made


def recount(report: Report) -> None:
    """The category or those responsible have changed: the running clock follows the rules that hold now.

    A due time that the Front has extended, or has set itself, stays.
    """
    found = running(report)
    if found is None:
        return
    found.unit_code = _owner(report, found.step)
    began = clock.local(found.started_at)
    rule = terms.rule_for(found.step, report.category_code, began.date())
    if rule is not None and rule.code != found.rule_code and not found.extensions and _by_rule(found):
        term, calendar, office = terms.term(rule), terms.calendar(), terms.office(began.date())
        found.rule_code, found.measure, found.amount = rule.code, term.measure, term.amount
        found.first_due_at = deadlines.due(began, term, calendar, office)
        due = deadlines.due(began, term, calendar, office, _pauses(found))
        if found.step in lifecycle.UNIT_STEPS:
            # The unit could not know: a shorter term makes nobody late at once, and none is longer than it was.
            fresh = deadlines.due(clock.local(clock.now()), term, calendar, office)
            due = max(due, min(found.due_at, fresh))
        found.due_at = report.due_at = due
    reminders.plan(found)
    db.session.flush()


def count_anew(report: Report, actor: Actor) -> None:
    """The Front gives the unit that now has the case the whole time for an answer, not what was left of it."""
    found = running(report)
    if found is None:
        return
    before = found.due_at
    found.counts_from = None
    if found.step in _AT_WORK:
        _end(found, clock.now(), done=False)
        start(report, lifecycle.ANSWER, clock.now())
    db.session.flush()
    events.append(
        stream(report),
        "report:clock_restarted",
        actor,
        before=before.isoformat(),
        due=report.due_at.isoformat() if report.due_at else None,
    )


def hand_over(report: Report, *, restart: bool = False) -> None:
    """The same step goes to the unit that the case names now: its clock goes on there, or begins anew.

    What the former unit took of the time stays in its own row.
    """
    found, now = running(report), clock.now()
    if found is None or found.unit_code == _owner(report, found.step):
        return
    _end(found, now, done=found.step not in lifecycle.UNIT_STEPS)
    made = start(report, found.step, now)
    if made is not None and not restart:
        made.started_at, made.first_due_at, made.due_at = found.started_at, found.first_due_at, found.due_at
        made.measure, made.amount, made.rule_code = found.measure, found.amount, found.rule_code
        made.pauses, made.extensions = list(found.pauses), found.extensions
        made.counts_from, made.paused_at = found.counts_from, found.paused_at
        report.due_at = made.due_at
        reminders.plan(made)
    db.session.flush()


def extend(report: Report, found: StepClock, due: datetime) -> None:
    """Put the due time of a running clock off."""
    found.due_at, found.extensions = due, found.extensions + 1
    report.due_at = due
    reminders.plan(found)
    db.session.flush()


def end_of(day: object, at: time = END_OF_DAY) -> datetime:
    """The end of a day in Vietnam."""
    return datetime.combine(day, at, clock.VIETNAM)  # type: ignore[arg-type]


def _owner(report: Report, step: str | None) -> str | None:
    return report.unit_code if step in lifecycle.UNIT_STEPS else report.supervisor_code


def _origin(report: Report, frm: str, step: str, before: StepClock | None, now: datetime) -> datetime:
    """From when the step's term counts. Handling counts from where the time for an answer did: to say that one has
    begun buys no time."""
    if frm == lifecycle.NEW:
        return report.created_at
    if before is not None:
        if step == lifecycle.HANDLE and before.step == lifecycle.ANSWER:
            return before.started_at
        if step == lifecycle.ANSWER and before.step == lifecycle.RECEIVE:
            return before.counts_from or now
    return now


def _keep_what_was_set(report: Report, made: StepClock, before: StepClock) -> None:
    """To say that one has begun takes away no time that was granted, and puts off no day that the Front has set."""
    if _by_rule(before):
        if not before.extensions or before.due_at <= made.due_at:
            return
    else:
        made.first_due_at = before.first_due_at
    made.due_at = report.due_at = before.due_at
    reminders.plan(made)
    db.session.flush()


def _by_rule(found: StepClock) -> bool:
    """Whether its due time was counted from its term, and not set by somebody."""
    began = clock.local(found.started_at)
    by_rule = deadlines.due(began, Term(found.measure, found.amount), terms.calendar(), terms.office(began.date()))
    return found.first_due_at == by_rule


def _pause(found: StepClock, now: datetime) -> None:
    found.paused_at, found.next_rung_at = now, None
    db.session.flush()


def _resume(found: StepClock, now: datetime) -> None:
    paused = found.paused_at or now
    local = clock.local(found.started_at).date()
    pause = (clock.local(paused), clock.local(now))
    found.pauses = [*found.pauses, [paused.isoformat(), now.isoformat()]]
    found.due_at = deadlines.resumed(
        clock.local(found.due_at), found.measure, pause, terms.calendar(), terms.office(local)
    )
    found.paused_at = None
    reminders.plan(found)
    db.session.flush()


def _end(found: StepClock, now: datetime, *, done: bool = True) -> None:
    """End a clock. A step that the unit has not done itself was not in time; nor late, unless it was due."""
    found.ended_at, found.next_rung_at = now, None
    found.outcome = LATE if now > found.due_at else MET if done else None
    found.spent_days = spent_days(found, now)
    for asked in db.session.scalars(select(Extension).where(Extension.clock_id == found.id, Extension.state == ASKED)):
        asked.state = LAPSED
    db.session.flush()


def spent_days(found: StepClock, now: datetime) -> int:
    """Working days that the step has taken by `now`, pauses left out."""
    calendar = terms.calendar()
    spans = [(clock.local(found.started_at), clock.local(found.ended_at or found.paused_at or now))]
    taken = sum(deadlines.working_days_between(a.date(), b.date(), calendar) for a, b in spans)
    paused = sum(deadlines.working_days_between(a.date(), b.date(), calendar) for a, b in _pauses(found))
    return max(0, taken - paused)


def _pauses(found: StepClock) -> list[deadlines.Pause]:
    return [(clock.local(datetime.fromisoformat(a)), clock.local(datetime.fromisoformat(b))) for a, b in found.pauses]


def _say_restarted(report: Report, actor: Actor, before: StepClock | None, after: StepClock | None) -> None:
    events.append(
        stream(report),
        "report:clock_restarted",
        actor,
        before=before.due_at.isoformat() if before else None,
        due=after.due_at.isoformat() if after else None,
    )
