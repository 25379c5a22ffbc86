"""Working days, office hours and the clock, against counts on one's fingers: day by day, minute by minute."""

import csv
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.core.clock import VIETNAM
from webapp.routing import deadlines
from webapp.routing.deadlines import CLOCK, DAYS, HOURS, Term, add_working_days, is_working_day, working_days_between

DATA = Path(__file__).resolve().parents[2] / "webapp" / "data" / "holidays.csv"
with DATA.open(encoding="utf-8") as file:
    CALENDAR = {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(file)}
OFFICE = ((time(7, 30), time(11, 30)), (time(13), time(17)))
FIRST, LAST = date(2022, 1, 1), date(2031, 12, 31)
# Ten years: those of the calendar that comes with the program, and around them Tết and the other days off as the moon
# has them, from a library of somebody else's.
ELSEWHERE = {
    day: "holiday"
    for day in holidays.country_holidays("VN", years=range(2022, 2033))
    if day.weekday() < 5 and not 2024 <= day.year <= 2028
}
TEN_YEARS = ELSEWHERE | {date(2029, 4, 28): "working", date(2023, 12, 30): "working"} | CALENDAR
days = st.dates(FIRST, LAST)
moments = st.datetimes(datetime.combine(FIRST, time()), datetime.combine(LAST, time())).map(
    lambda m: m.replace(second=0, microsecond=0, tzinfo=VIETNAM)
)


@cache
def works(day: date) -> bool:
    """The same question asked in another way: week, then exceptions by hand."""
    if day in TEN_YEARS:
        return TEN_YEARS[day] == "working"
    return day.isoweekday() not in (6, 7)


def open_at(moment: datetime) -> bool:
    """Whether the minute that begins at `moment` is office time."""
    minute = moment.hour * 60 + moment.minute
    return works(moment.date()) and (450 <= minute < 690 or 780 <= minute < 1020)


def minutes(start: datetime, end: datetime) -> int:
    """Office minutes between two moments, stepping."""
    counted, at = 0, start
    while at < end:
        counted += open_at(at)
        at += timedelta(minutes=1)
    return counted


def test_over_tet_2026_ten_working_days_take_three_weeks() -> None:
    # Friday 13 February; 16 to 20 February are off.
    assert add_working_days(date(2026, 2, 13), 10, CALENDAR) == date(2026, 3, 6)
    assert add_working_days(date(2026, 2, 13), 1, CALENDAR) == date(2026, 2, 23)


def test_a_saturday_worked_in_exchange_counts() -> None:
    assert not is_working_day(date(2026, 1, 2), CALENDAR)
    assert is_working_day(date(2026, 1, 10), CALENDAR)
    assert add_working_days(date(2026, 1, 9), 1, CALENDAR) == date(2026, 1, 10)


def test_the_day_itself_does_not_count() -> None:
    monday = date(2026, 11, 16)
    assert add_working_days(monday, 1, CALENDAR) == date(2026, 11, 17)
    assert add_working_days(monday, 0, CALENDAR) == monday
    assert add_working_days(date(2026, 11, 21), 0, CALENDAR) == date(2026, 11, 23)
    with pytest.raises(ValueError, match="negative"):
        add_working_days(monday, -1, CALENDAR)


@given(days, st.integers(1, 60))
def test_days_agree_with_counting_one_by_one(start: date, term: int) -> None:
    end = add_working_days(start, term, TEN_YEARS)
    counted, day = 0, start
    while day < end:
        day += timedelta(days=1)
        counted += works(day)
    assert works(end)
    assert counted == term
    assert working_days_between(start, end, TEN_YEARS) == term
    assert working_days_between(end, start, TEN_YEARS) == -term
    assert deadlines.working_days_before(end, term, TEN_YEARS) <= start or not works(start)
    assert works(deadlines.working_days_before(end, term, TEN_YEARS))


def test_every_term_over_ten_years_agrees_with_one_list_of_working_days() -> None:
    """Not a sample: every day of ten years with every term of the tables, against an index into one list."""
    every = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 200)]
    working = [day for day in every if works(day)]
    following, position = {}, 0
    for day in every:
        while position < len(working) and working[position] <= day:
            position += 1
        following[day] = position  # where in the list the first working day after `day` stands
    for day in every[: (LAST - FIRST).days]:
        for term in (1, 2, 3, 5, 10, 15):
            assert add_working_days(day, term, TEN_YEARS) == working[following[day] + term - 1]


@settings(max_examples=60)
@given(moments, st.integers(1, 40))
def test_office_hours_agree_with_counting_minute_by_minute(start: datetime, hours: int) -> None:
    end = deadlines.due(start, Term(HOURS, hours), TEN_YEARS, OFFICE)
    assert minutes(start, end) == hours * 60
    assert open_at(end - timedelta(minutes=1)), "a term ends at the last minute that it takes, not after a night"
    assert deadlines.office_time_between(start, end, TEN_YEARS, OFFICE) == timedelta(hours=hours)


@settings(max_examples=60)
@given(moments, st.integers(1, 40))
def test_office_time_before_is_the_way_back(end: datetime, hours: int) -> None:
    begin = deadlines.office_time_before(end, timedelta(hours=hours), TEN_YEARS, OFFICE)
    assert minutes(begin, end) == hours * 60
    assert open_at(begin)


def test_four_office_hours_given_at_noon_end_at_five_and_over_tet_after_it() -> None:
    noon = datetime(2026, 2, 13, 12, 0, tzinfo=VIETNAM)
    assert deadlines.due(noon, Term(HOURS, 4), CALENDAR, OFFICE) == noon.replace(hour=17)
    after = datetime(2026, 2, 23, 8, 30, tzinfo=VIETNAM)
    assert deadlines.due(noon, Term(HOURS, 5), CALENDAR, OFFICE) == after
    assert deadlines.due(noon, Term(CLOCK, 4), CALENDAR, OFFICE) == noon.replace(hour=16), "urgent: no lunch, no night"


def test_ten_years_hold_what_makes_counting_hard() -> None:
    for year in range(2022, 2032):
        off = [day for day in TEN_YEARS if day.year == year and day.month in (1, 2) and TEN_YEARS[day] == "holiday"]
        assert len(off) >= 4, f"Tết of {year}"
    swapped = [day for day, kind in TEN_YEARS.items() if kind == "working"]
    assert len(swapped) >= 5
    assert {day.weekday() for day in swapped} <= {5, 6}


Stops = list[tuple[datetime, datetime]]


def ticks(start: datetime, until: datetime, unit: timedelta, counts: Callable[[datetime], bool], stops: Stops) -> int:
    """How many units that count, and in which nobody is paused, lie between two moments, ticking."""
    counted, at = 0, start
    while at < until:
        counted += counts(at) and not any(a <= at < b for a, b in stops)
        at += unit
    return counted


def as_ticks(moment: datetime, measure: str) -> datetime:
    """The tick that a moment lies in: days begin when the day of the event is over."""
    if measure != DAYS:
        return moment
    return moment.replace(hour=0, minute=0) + timedelta(days=1)


LIKE = {
    DAYS: (timedelta(days=1), lambda at: works(at.date())),
    HOURS: (timedelta(minutes=1), open_at),
    CLOCK: (timedelta(minutes=1), lambda _at: True),
}
SIZE = {DAYS: 1, HOURS: 60, CLOCK: 60}
pauses = st.lists(st.integers(0, 20 * 24 * 60), min_size=0, max_size=6, unique=True).map(sorted)
TERMS = [Term(DAYS, 1), Term(DAYS, 3), Term(DAYS, 10), Term(HOURS, 6), Term(CLOCK, 24)]


@settings(max_examples=150)
@given(moments, st.sampled_from(TERMS), pauses)
def test_a_pause_gives_and_takes_no_time(start: datetime, term: Term, cuts: list[int]) -> None:
    """A countdown, tick by tick, that stands still in pauses and goes below nothing when it is late."""
    marks = [start + timedelta(minutes=cut) for cut in cuts[: len(cuts) // 2 * 2]]
    stops = list(zip(marks[::2], marks[1::2], strict=True))
    end = deadlines.due(start, term, TEN_YEARS, OFFICE, stops)
    unit, counts = LIKE[term.measure]
    still = [(as_ticks(a, term.measure), as_ticks(b, term.measure)) for a, b in stops]
    resumed = max([m for pair in still for m in pair], default=as_ticks(start, term.measure))
    left = term.amount * SIZE[term.measure] - ticks(as_ticks(start, term.measure), resumed, unit, counts, still)
    if left > 0:
        at = resumed
        while left:
            left -= counts(at)
            at += unit
        ended = datetime.combine((at - unit).date(), deadlines.END_OF_DAY, VIETNAM) if term.measure == DAYS else at
        assert end == ended
    else:  # it had ended before the last pause did: it is as late afterwards as it was
        assert ticks(as_ticks(end, term.measure), resumed, unit, counts, []) == -left
    assert term.measure != DAYS or works(end.date())


@given(moments, st.integers(-3000, 60_000))
def test_lateness_is_counted_in_working_days_begun_ones_included(end: datetime, after: int) -> None:
    now = end + timedelta(minutes=after)
    late = deadlines.days_late(end, now, TEN_YEARS)
    if after <= 0:
        assert late == 0
        return
    day, counted = end.date(), 0
    while day < now.date():
        day += timedelta(days=1)
        counted += works(day)
    assert late == max(1, counted)
