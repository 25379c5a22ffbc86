"""Passing a case to a unit by hand, and giving it a new clock."""

from __future__ import annotations

from webapp.core import clock, events
from webapp.core.events import Actor
from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.reports.service import move, stream, touch
from webapp.routing.service import due_at
from webapp.units.models import Unit


class NoteMissing(ValueError):
    """Another unit than the proposed one needs a word on why."""


def assign(report: Report, unit: Unit, actor: Actor, note: str = "") -> None:
    """Pass the case to `unit`. `note` says why where it is not the unit that the rule proposed.

    Raises NoteMissing or a lifecycle error, and nothing has changed then.
    """
    proposed = report.unit_code
    other = proposed is not None and unit.code != proposed
    if other and not note:
        raise NoteMissing
    lifecycle.check(report.status, lifecycle.ASSIGNED, unit=True)
    report.unit_code = unit.code
    # Somebody has decided, so nobody needs to look again after a reorganisation.
    report.routing = {name: value for name, value in report.routing.items() if name != "check"}
    touch(report)
    events.append(stream(report), "report:assigned", actor, unit=unit.code, proposed=proposed, note=note)
    move(report, lifecycle.ASSIGNED, actor)


def restart_clock(report: Report, actor: Actor) -> None:
    """Count the time for the unit's answer anew from now, when a case goes back to it."""
    before = report.due_at
    report.due_at = due_at("answer", report.category_code, clock.now())
    touch(report)
    events.append(
        stream(report),
        "report:clock_restarted",
        actor,
        before=before.isoformat() if before else None,
        due=report.due_at.isoformat() if report.due_at else None,
    )
