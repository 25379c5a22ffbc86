"""Working days of Vietnam, against a count on one's fingers and the calendar that comes with the program."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.routing.deadlines import add_working_days, is_working_day, working_days_between

DATA = Path(__file__).resolve().parents[2] / "webapp" / "data" / "holidays.csv"
with DATA.open(encoding="utf-8") as file:
    CALENDAR = {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(file)}
days = st.dates(date(2024, 6, 1), date(2027, 12, 31))


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
def test_agrees_with_counting_one_by_one(start: date, term: int) -> None:
    end = add_working_days(start, term, CALENDAR)
    assert is_working_day(end, CALENDAR)
    counted = 0
    day = start
    while day < end:
        day += timedelta(days=1)
        exception = CALENDAR.get(day)
        counted += exception == "working" if exception else day.weekday() not in (5, 6)
    assert counted == term
    assert working_days_between(start, end, CALENDAR) == term
    assert working_days_between(end, start, CALENDAR) == -term
