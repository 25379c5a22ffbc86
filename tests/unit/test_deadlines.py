"""Working days, office hours and the clock, against counts on one's fingers: day by day, minute by minute."""

import csv
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

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
# Ten years: those of the calendar that comes with the program, and around them the days off of every year.
TEN_YEARS = (
    {
        date(year, month, day): "holiday"
        for year in range(2022, 2033)
        for month, day in ((1, 1), (4, 30), (5, 1), (9, 2), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5))
        if date(year, month, day).weekday() < 5
    }
    | {date(2029, 4, 28): "working", date(2023, 12, 30): "working"}
    | CALENDAR
)
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


pauses = st.lists(st.integers(0, 20 * 24 * 60), min_size=2, max_size=6, unique=True).map(sorted)


@settings(max_examples=200, deadline=None)
@given(moments, st.sampled_from([Term(DAYS, 3), Term(DAYS, 10), Term(HOURS, 6), Term(CLOCK, 24)]), pauses)
def test_a_pause_gives_and_takes_no_time(start: datetime, term: Term, cuts: list[int]) -> None:
    marks = [start + timedelta(minutes=cut) for cut in cuts[: len(cuts) // 2 * 2]]
    stops = list(zip(marks[::2], marks[1::2], strict=True))
    end = deadlines.due(start, term, TEN_YEARS, OFFICE, stops)
    if term.measure == DAYS:
        paused = {
            stop.date() + timedelta(days=n) for stop, on in stops for n in range(1, (on.date() - stop.date()).days + 1)
        }
        # A pause that begins when the term has ended already keeps it as late as it is.
        ends = [deadlines.due(start, term, TEN_YEARS, OFFICE, stops[:n]) for n in range(len(stops))]
        late = [stop for (stop, _), before in zip(stops, ends, strict=True) if stop.date() > before.date()]
        counted = sum(
            works(day)
            for n in range(1, (end.date() - start.date()).days + 1)
            if (day := start.date() + timedelta(days=n)) not in paused
        )
        assert late or counted == term.amount
        return
    ran = [
        (a, b)
        for a, b in pairwise([start, *(m for pair in stops for m in pair), end])
        if not any(a == s for s, _ in stops)
    ]
    if stops and stops[-1][1] > end:
        return  # the term had ended before the pause did; what follows is lateness
    if term.measure == HOURS:
        assert sum(minutes(a, b) for a, b in ran) == term.amount * 60
    else:
        assert sum((b - a for a, b in ran), timedelta()) == timedelta(hours=term.amount)


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
