"""Which sums answer which question, and that days fall into months without gap or overlap."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webapp.mapping import cubes
from webapp.mapping.cubes import Question, Span, plan

DAYS = st.dates(date(2019, 1, 1), date(2031, 12, 31))
TODAY, FIRST = date(2026, 11, 21), date(2024, 3, 5)


@given(DAYS, DAYS)
def test_months_and_ends_are_all_the_days_once(one: date, other: date) -> None:
    since, until = min(one, other), max(one, other)
    months, ends = cubes.split(since, until)
    days = [first + timedelta(days=n) for first, last in ends for n in range((last - first).days + 1)]
    day = since
    while day <= until:
        whole = day.year * 100 + day.month in months
        assert whole != (day in days), day
        day += timedelta(days=1)
    assert len(days) == len(set(days)) <= 60
    assert len(ends) <= 2


@given(DAYS, DAYS, st.integers(0, 24), st.sampled_from(["", "coal_ash"]), st.sampled_from(["", "so-nnmt-86"]))
def test_a_plan_names_only_sums_that_are_kept(one: date, other: date, at: int, category: str, unit: str) -> None:
    asked = Question(
        (category,) if category else (), (unit,) if unit else (), since=min(one, other), until=max(one, other)
    )
    made = plan(at, asked, FIRST, TODAY)
    kept = {(c.level, c.dim, c.period) for c in cubes.CUBES}
    for period in made.periods + made.less:
        kind = {1: cubes.ALL, 4: cubes.YEAR, 6: cubes.MONTH, 8: cubes.DAY}[len(str(period))]
        assert (made.level, "category" if category else "unit" if unit else "", kind) in kept
    assert made.level == max(at, cubes.FIRST) or not made.dims


def days_of(period: int) -> list[int]:
    """The days of a period as numbers; a year of 12 months of 31 days is as good as any here."""
    text = str(period)
    if len(text) == 8:
        return [period]
    months = [period] if len(text) == 6 else [period * 100 + n for n in range(1, 13)]
    return [month * 100 + n for month in months for n in range(1, 32)]


@given(DAYS, DAYS, st.integers(0, 24), st.sampled_from(["", "coal_ash"]))
def test_what_is_added_and_taken_away_is_each_day_asked_for_once(
    one: date, other: date, at: int, category: str
) -> None:
    since, until = min(one, other), max(one, other)
    made = plan(at, Question((category,) if category else (), since=since, until=until), FIRST, TODAY)
    times: Counter[int] = Counter()
    for period in made.periods:
        times.update(days_of(period))
    for period in made.less:
        times.subtract(days_of(period))
    day = date(2019, 1, 1)
    while day <= TODAY:
        number = cubes.number(day)
        counted = times[number] + sum((s.first or 0) <= number <= (s.last or 99999999) for s in made.spans)
        assert counted == (since <= day <= until), day
        day += timedelta(days=1)


def test_nearly_a_year_is_the_year_less_what_is_missing() -> None:
    made = plan(8, Question(since=date(2025, 2, 20)), None, TODAY)
    assert set(made.periods) == {2025, 2026, *range(20250220, 20250229)}
    assert (set(made.less), made.spans) == ({202501, 202502}, ())
    made = plan(8, Question(since=date(2025, 2, 3)), None, TODAY)  # nearly the whole of February as well
    assert (set(made.periods), set(made.less)) == ({2025, 2026}, {202501, 20250201, 20250202})


def test_without_days_one_row_a_square_and_state_is_enough() -> None:
    assert plan(9, Question(), None, TODAY) == cubes.Plan(9, ("",), (0,), ())
    assert plan(3, Question(("noise", "dust")), None, TODAY) == cubes.Plan(7, ("c:noise", "c:dust"), (0,), ())


def test_two_properties_at_once_are_counted_from_the_points() -> None:
    assert plan(9, Question(("noise",), ("ca-86",)), None, TODAY).dims == ()


def test_an_open_beginning_begins_with_the_first_case_and_the_month_at_hand_is_whole() -> None:
    made = plan(11, Question(until=date(2024, 5, 2)), FIRST, TODAY)
    assert (made.periods, made.spans) == ((202404,), (Span(20240305, 20240331), Span(20240501, 20240502)))
    made = plan(11, Question(since=date(2026, 10, 1)), None, TODAY)
    assert (made.periods, made.spans) == ((202610, 202611), ())
    assert plan(11, Question(since=date(2026, 10, 1), until=TODAY), None, TODAY) == made
    made = plan(11, Question(since=date(2026, 10, 1), until=TODAY - timedelta(days=1)), None, TODAY)
    assert (made.periods, made.spans) == ((202610,), (Span(20261101, 20261120),))
    assert plan(11, Question(since=TODAY + timedelta(days=1)), None, TODAY).periods == ()


def test_where_sums_by_day_are_kept_the_ends_come_from_them() -> None:
    made = plan(8, Question(since=date(2026, 9, 30), until=date(2026, 11, 2)), None, TODAY)
    assert (made.periods, made.spans) == ((202610, 20260930, 20261101, 20261102), ())
