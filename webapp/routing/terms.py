"""What the tables say about time: days off, office hours, and how long a step may take on a day."""

from __future__ import annotations

import time as machine
from datetime import date, datetime, time

from flask import current_app
from sqlalchemy import select

from webapp.core import clock
from webapp.core.db import db
from webapp.routing import deadlines
from webapp.routing.deadlines import CLOCK, DAYS, HOURS, Office, Term
from webapp.routing.models import CalendarDay, DeadlineRule, OfficeHours

_KEPT_FOR_S = 30.0
_DEFAULT: Office = ((time(7, 30), time(11, 30)), (time(13), time(17)))  # where an instance has loaded none


def calendar() -> dict[date, str]:
    """All exceptional days. Read again after half a minute at the latest, so that a list needs no statement more."""
    known = current_app.extensions.get("calendar_days")
    if known and known[1] > machine.monotonic():
        found: dict[date, str] = known[0]
        return found
    found = {day: kind for day, kind in db.session.execute(select(CalendarDay.day, CalendarDay.kind))}
    current_app.extensions["calendar_days"] = (found, machine.monotonic() + _KEPT_FOR_S)
    return found


def forget() -> None:
    """After a change of the days off, for this process; others see it within half a minute."""
    current_app.extensions.pop("calendar_days", None)


def office(on: date) -> Office:
    """When offices are open on a working day like `on`."""
    rows = db.session.scalars(select(OfficeHours).where(OfficeHours.valid_from <= on).order_by(OfficeHours.opens))
    found = tuple(
        (time.fromisoformat(row.opens), time.fromisoformat(row.closes))
        for row in rows
        if row.valid_to is None or on <= row.valid_to
    )
    return found or _DEFAULT


def rule_for(step: str, category_code: str, on: date) -> DeadlineRule | None:
    """The rule for a step that began on a day: the category's own before the one for all, the newest first."""
    rules = db.session.scalars(
        select(DeadlineRule).where(
            DeadlineRule.step == step,
            DeadlineRule.category_code.in_(("*", category_code)),
            DeadlineRule.valid_from <= on,
        )
    )
    fitting = [r for r in rules if r.valid_to is None or on <= r.valid_to]
    return max(fitting, key=lambda r: (r.category_code != "*", r.valid_from), default=None)


def term(rule: DeadlineRule) -> Term:
    """How long the rule gives."""
    if rule.hours_around_clock is not None:
        return Term(CLOCK, rule.hours_around_clock)
    if rule.working_hours is not None:
        return Term(HOURS, rule.working_hours)
    return Term(DAYS, rule.working_days or 0)


def due_at(step: str, category_code: str, start: datetime) -> datetime | None:
    """When a step that began at `start` is due. None without a rule."""
    local = clock.local(start)
    rule = rule_for(step, category_code, local.date())
    if rule is None:
        return None
    return deadlines.due(local, term(rule), calendar(), office(local.date()))


def days_late(due: datetime, now: datetime) -> int:
    """By how many working days `now` is past `due`; 0 while it is not."""
    return deadlines.days_late(clock.local(due), clock.local(now), calendar())
