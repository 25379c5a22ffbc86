"""Passing a case to a unit by hand, and giving it its time anew."""

from __future__ import annotations

from webapp.core import events
from webapp.core.events import Actor
from webapp.reports import lifecycle, unit_work
from webapp.reports.models import Report
from webapp.reports.service import move, stream, touch
from webapp.supervision import clocks
from webapp.units.models import Unit


class NoteMissing(ValueError):
    """Another unit than the proposed one needs a word on why, and so does one that has given the case back."""


def assign(report: Report, unit: Unit, actor: Actor, note: str = "") -> None:
    """Pass the case to `unit`. `note` says why where it is not the one to be expected (`unit_work.expected`).

    Raises NoteMissing or a lifecycle error, and nothing has changed then.
    """
    proposed = report.unit_code
    if proposed is not None and not note and unit.code != unit_work.expected(report):
        raise NoteMissing
    lifecycle.check(report.status, lifecycle.ASSIGNED, unit=True)
    report.unit_code = unit.code
    # Somebody has decided, so nobody needs to look again after a reorganisation.
    report.routing = {name: value for name, value in report.routing.items() if name != "check"}
    touch(report)
    events.append(stream(report), "report:assigned", actor, unit=unit.code, proposed=proposed, note=note)
    move(report, lifecycle.ASSIGNED, actor)


def restart_clock(report: Report, actor: Actor) -> None:
    """Give the unit the whole time for its answer from now on. Rework needs no such word: it has its own clock."""
    clocks.count_anew(report, actor)
