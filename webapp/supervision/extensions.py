"""More time: the unit asks with a reason, the Front grants or refuses; or the Front extends of itself.

How often and by how much is data (`deadline_rules`). Flushes; the edge commits.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from webapp.core import clock, events, outbox
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.reports.service import stream, touch
from webapp.routing import deadlines, terms
from webapp.routing.models import DeadlineRule
from webapp.supervision import clocks
from webapp.supervision.models import ASKED, GRANTED, REFUSED, Extension, StepClock


class CannotExtend(ValueError):
    """More time cannot be had; `code` says why: none_left, not_running, asked_already, not_later, too_far,
    day_off, nothing_asked."""

    def __init__(self, code: str, days: int = 0) -> None:
        super().__init__(code)
        self.code, self.days = code, days


def of(report: Report) -> list[Extension]:
    """All that was asked and given, oldest first."""
    return list(db.session.scalars(select(Extension).where(Extension.report_id == report.id).order_by(Extension.id)))


def pending(report: Report) -> Extension | None:
    """What the unit has asked and the Front has not decided."""
    query = (
        select(Extension)
        .join(StepClock, StepClock.id == Extension.clock_id)
        .where(Extension.report_id == report.id, Extension.state == ASKED, StepClock.ended_at.is_(None))
    )
    return db.session.scalars(query).first()


def possible(report: Report, *, asking: bool = False) -> bool:
    """Whether more time may be given now; `asking`: whether the unit may ask for it."""
    found = clocks.running(report)
    if found is None or found.paused_at is not None or not left(found):
        return False
    return not asking or (found.step in lifecycle.UNIT_STEPS and pending(report) is None)


def left(found: StepClock) -> int:
    """How often the running step may still be extended."""
    rule = _rule(found)
    return max(0, ((rule.max_extensions if rule else None) or 0) - found.extensions)


def ask(report: Report, actor: Actor, reason: str, until: date) -> Extension:
    """The unit asks for time until the end of a day. Raises lifecycle.Missing or CannotExtend."""
    found = _extensible(report, reason)
    if found.step not in lifecycle.UNIT_STEPS:
        raise CannotExtend("not_running")
    if pending(report) is not None:
        raise CannotExtend("asked_already")
    _check_day(found, until)
    asked = Extension(
        report_id=report.id,
        clock_id=found.id,
        state=ASKED,
        asked_by=actor.unit_code,
        reason=reason,
        wanted_day=until,
        created_at=clock.now(),
    )
    db.session.add(asked)
    touch(report)
    db.session.flush()
    events.append(stream(report), "extension:asked", actor, reason=reason, until=until.isoformat(), step=found.step)
    return asked


def grant(report: Report, actor: Actor, until: date, reason: str) -> Extension:
    """The Front extends until the end of a day: what was asked (then the unit's reason stands), or of itself.

    Raises lifecycle.Missing or CannotExtend.
    """
    asked = pending(report)
    found = _extensible(report, reason or (asked.reason if asked else ""))
    _check_day(found, until)
    now = clock.now()
    if asked is None:
        asked = Extension(
            report_id=report.id,
            clock_id=found.id,
            state=GRANTED,
            reason=reason,
            wanted_day=until,
            created_at=now,
        )
        db.session.add(asked)
    else:
        asked.answer = reason
    asked.state, asked.decided_by, asked.decided_at = GRANTED, actor.unit_code, now
    asked.before, asked.after = found.due_at, clocks.end_of(until)
    clocks.extend(report, found, asked.after)
    touch(report)
    entry = events.append(
        stream(report),
        "extension:granted",
        actor,
        public=True,
        reason=asked.reason,
        note=asked.answer,
        due=asked.after.isoformat(),
        before=asked.before.isoformat(),
        step=found.step,
        number=found.extensions,
    )
    outbox.enqueue("notices.report", report_id=report.id, event_id=entry.id)
    return asked


def refuse(report: Report, actor: Actor, reason: str) -> Extension:
    """The Front refuses what was asked. Raises lifecycle.Missing or CannotExtend."""
    asked = pending(report)
    if asked is None:
        raise CannotExtend("nothing_asked")
    if not reason:
        raise lifecycle.Missing("reason")
    asked.state, asked.decided_by, asked.decided_at = REFUSED, actor.unit_code, clock.now()
    asked.answer = reason
    touch(report)
    db.session.flush()
    events.append(stream(report), "extension:refused", actor, reason=reason)
    return asked


def _extensible(report: Report, reason: str) -> StepClock:
    if not reason:
        raise lifecycle.Missing("reason")
    found = clocks.running(report)
    if found is None or found.paused_at is not None or report.status not in lifecycle.CLOCK_RUNS:
        raise CannotExtend("not_running")
    if not left(found):
        raise CannotExtend("none_left")
    return found


def _check_day(found: StepClock, until: date) -> None:
    """A working day after the due day and after today, and not further from it than the rule allows."""
    calendar = terms.calendar()
    due, today = clock.local(found.due_at).date(), clock.today()
    if until <= due or until <= today:
        raise CannotExtend("not_later")
    if not deadlines.is_working_day(until, calendar):
        raise CannotExtend("day_off")
    rule = _rule(found)
    most = (rule.extension_days if rule else None) or 0
    if most and deadlines.working_days_between(max(due, today), until, calendar) > most:
        raise CannotExtend("too_far", most)


def latest(found: StepClock) -> date | None:
    """The last day until which the step may be extended now; None where the rule names no bound."""
    rule = _rule(found)
    if rule is None or not rule.extension_days:
        return None
    begin = max(clock.local(found.due_at).date(), clock.today())
    return deadlines.add_working_days(begin, rule.extension_days, terms.calendar())


def _rule(found: StepClock) -> DeadlineRule | None:
    return db.session.get(DeadlineRule, found.rule_code) if found.rule_code else None
