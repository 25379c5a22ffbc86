"""Time as offices count it: working days, office hours, and around the clock for what is urgent.

Working days are Monday to Friday, but for the days off and the swapped days in the calendar. Moments are aware
and in Vietnam's time, which knows no summer time, so that adding to them is adding on the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

HOLIDAY, WORKING = "holiday", "working"
DAYS, HOURS, CLOCK = "days", "hours", "clock"  # working days, office hours, hours around the clock
END_OF_DAY = time(23, 59, 59)  # a term of days ends with its last day (Civil Code 2015, article 148(6))
NOBODY_WORKS = 3660  # days in a row; a calendar like that is a mistake

Calendar = Mapping[date, str]  # the days that differ from their weekday: HOLIDAY or WORKING
Office = tuple[tuple[time, time], ...]  # when an office opens and closes on a working day, in order
Pause = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Term:
    """How long a step may take: `amount` of `measure` (DAYS, HOURS or CLOCK)."""

    measure: str
    amount: int


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether offices work on `day`. `calendar` maps the exceptions to HOLIDAY or WORKING."""
    exception = calendar.get(day)
    if exception is not None:
        return exception == WORKING
    return day.weekday() < 5


def add_working_days(start: date, days: int, calendar: Calendar) -> date:
    """The day on which a term of `days` working days that began on `start` ends.

    The day on which the event happens does not count (Civil Code 2015, article 147(2)), so the count begins
    with the next day; with 0 days it is `start` itself, or the next working day if that is none (148(5)).
    Raises ValueError if `days` is negative.
    """
    if days < 0:
        raise ValueError("a term cannot be negative")
    day = start
    if days == 0:
        while not is_working_day(day, calendar):
            day += timedelta(days=1)
        return day
    left = days
    while left:
        day += timedelta(days=1)
        if is_working_day(day, calendar):
            left -= 1
    return day


def working_days_before(end: date, days: int, calendar: Calendar) -> date:
    """The working day that lies `days` working days before `end`; `end` itself with 0."""
    day = end
    while days > 0:
        day -= timedelta(days=1)
        days -= is_working_day(day, calendar)
    return day


def working_days_between(start: date, end: date, calendar: Calendar) -> int:
    """How many working days lie after `start` up to and including `end`; negative if `end` is earlier."""
    if end < start:
        return -working_days_between(end, start, calendar)
    return sum(is_working_day(start + timedelta(days=n), calendar) for n in range(1, (end - start).days + 1))


def add_office_time(start: datetime, span: timedelta, calendar: Calendar, office: Office) -> datetime:
    """The first moment at which `span` of office time has passed since `start`."""
    left = span
    for opens, closes in _open(start, calendar, office):
        begin = max(start, opens)
        if begin < closes:
            if closes - begin >= left:
                return begin + left
            left -= closes - begin
    raise ValueError("offices never open")


def office_time_before(end: datetime, span: timedelta, calendar: Calendar, office: Office) -> datetime:
    """The last moment from which `span` of office time passes until `end`."""
    left = span
    for n in range(NOBODY_WORKS):
        for opens, closes in reversed(_windows(end.date() - timedelta(days=n), end, calendar, office)):
            finish = min(end, closes)
            if opens < finish:
                if finish - opens >= left:
                    return finish - left
                left -= finish - opens
    raise ValueError("offices never open")


def office_time_between(start: datetime, end: datetime, calendar: Calendar, office: Office) -> timedelta:
    """How much office time lies between two moments; nothing if `end` is earlier."""
    passed = timedelta()
    for n in range(max(0, (end.date() - start.date()).days + 1)):
        for opens, closes in _windows(start.date() + timedelta(days=n), start, calendar, office):
            passed += max(timedelta(), min(end, closes) - max(start, opens))
    return passed


def due(start: datetime, term: Term, calendar: Calendar, office: Office, pauses: Iterable[Pause] = ()) -> datetime:
    """When a term that began at `start` ends, with the time in between in which nobody's clock ran left out.

    What is left out is counted as the term itself is, so that a pause over a weekend costs no working day and
    gives none.
    """
    if term.measure == DAYS:
        last = add_working_days(start.date(), term.amount, calendar)
        ends = datetime.combine(last, END_OF_DAY, start.tzinfo)
    elif term.measure == HOURS:
        ends = add_office_time(start, timedelta(hours=term.amount), calendar, office)
    else:
        ends = start + timedelta(hours=term.amount)
    for pause in pauses:
        ends = resumed(ends, term.measure, pause, calendar, office)
    return ends


def resumed(ends: datetime, measure: str, pause: Pause, calendar: Calendar, office: Office) -> datetime:
    """The end of a term after a pause: as much is left of it, or it is as late, as when the pause began."""
    paused, again = pause
    if measure == DAYS:
        days = working_days_between(paused.date(), again.date(), calendar)
        if not days:
            return ends
        return datetime.combine(add_working_days(ends.date(), days, calendar), ends.timetz())
    if measure == HOURS:
        span = office_time_between(paused, again, calendar, office)
        return add_office_time(ends, span, calendar, office) if span else ends
    return ends + (again - paused)


def days_late(ends: datetime, now: datetime, calendar: Calendar) -> int:
    """By how many working days `now` is past `ends`, the one that has begun included; 0 while it is not."""
    if now <= ends:
        return 0
    return max(1, working_days_between(ends.date(), now.date(), calendar))


def _windows(day: date, like: datetime, calendar: Calendar, office: Office) -> list[tuple[datetime, datetime]]:
    if not is_working_day(day, calendar):
        return []
    zone = like.tzinfo
    return [(datetime.combine(day, opens, zone), datetime.combine(day, closes, zone)) for opens, closes in office]


def _open(start: datetime, calendar: Calendar, office: Office) -> Iterator[tuple[datetime, datetime]]:
    for n in range(NOBODY_WORKS):
        yield from _windows(start.date() + timedelta(days=n), start, calendar, office)
