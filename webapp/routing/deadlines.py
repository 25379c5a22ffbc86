"""Working days of Vietnam: Monday to Friday, but for the days off and the swapped days in the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

HOLIDAY, WORKING = "holiday", "working"


def is_working_day(day: date, calendar: Mapping[date, str]) -> bool:
    """Whether offices work on `day`. `calendar` maps the exceptions to HOLIDAY or WORKING."""
    exception = calendar.get(day)
    if exception is not None:
        return exception == WORKING
    return day.weekday() < 5


def add_working_days(start: date, days: int, calendar: Mapping[date, str]) -> date:
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


def working_days_between(start: date, end: date, calendar: Mapping[date, str]) -> int:
    """How many working days lie after `start` up to and including `end`; negative if `end` is earlier."""
    if end < start:
        return -working_days_between(end, start, calendar)
    return sum(is_working_day(start + timedelta(days=n), calendar) for n in range(1, (end - start).days + 1))
