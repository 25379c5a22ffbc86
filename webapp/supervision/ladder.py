"""When which rung of the ladder is reached: pure functions over a due time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Protocol

from webapp.routing import deadlines
from webapp.routing.deadlines import CLOCK, DAYS, Calendar, Office

OFFICER, HEAD, UNIT_ABOVE, FRONT_ABOVE = WHOM = ("officer", "head_of_unit", "unit_above", "front_above")
EMAIL, DESK = CHANNELS = ("email", "desk")


class Rung(Protocol):
    """What is asked of a rung; `models.ReminderRule` is one."""

    code: str
    measure: str
    offset: int
    whom: str
    channel: str


def moment(rung: Rung, ends: datetime, measure: str, calendar: Calendar, office: Office) -> datetime:
    """When the rung is reached for a term that ends at `ends` (Vietnam's time) and is counted in `measure`.

    Days: in the morning of that working day, when the office opens. Hours: to the minute, around the clock or in
    office hours as the term itself.
    """
    if rung.measure == DAYS:
        day = ends.date()
        if rung.offset < 0:
            day = deadlines.working_days_before(day, -rung.offset, calendar)
        elif rung.offset > 0:
            day = deadlines.add_working_days(day, rung.offset, calendar)
        return datetime.combine(day, office[0][0], ends.tzinfo)
    span = timedelta(hours=abs(rung.offset))
    if measure == CLOCK or not span:
        return ends + span if rung.offset > 0 else ends - span
    if rung.offset < 0:
        return deadlines.office_time_before(ends, span, calendar, office)
    return deadlines.add_office_time(ends, span, calendar, office)


def climb(
    rungs: Iterable[Rung],
    *,
    started: datetime,
    ends: datetime,
    measure: str,
    written: Collection[str],
    now: datetime,
    calendar: Calendar,
    office: Office,
) -> tuple[list[Rung], datetime | None]:
    """(rungs reached by `now` that are not `written`, lowest first; when the next one is reached, if any).

    A rung that lies before the step began is passed over: nobody is reminded of what they have just been given.
    """
    mine = DAYS if measure == DAYS else "hours"
    placed = sorted(
        (
            (moment(rung, ends, measure, calendar, office), rung.offset, rung.code, rung)
            for rung in rungs
            if rung.measure == mine and rung.code not in written
        ),
        key=lambda item: item[:3],
    )
    placed = [item for item in placed if item[0] > started]
    return (
        [rung for at, _, _, rung in placed if at <= now],
        next((at for at, *_ in placed if at > now), None),
    )
