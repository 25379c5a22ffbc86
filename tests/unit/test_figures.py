"""What a case counts for, what may be said of a share, and what an address asks for."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.clock import VIETNAM
from webapp.figures import facts, fair
from webapp.figures.facts import Case, Step, Word
from webapp.figures.queries import periods
from webapp.pages.public import charts, figures_asked, figures_tables, figures_words
from webapp.pages.public.charts import Series
from webapp.pages.public.filters import Known
from webapp.reports import lifecycle as life

SENT = datetime(2026, 9, 28, 9, tzinfo=VIETNAM)
COMMITTEE, DEPARTMENT, FRONT = "ubnd-29512", "so-nnmt-86", "mttq-29512"


def at(days: float) -> datetime:
    return SENT + timedelta(days=days)


def step(number: int, name: str, begins: float, ends: float | None, unit: str = COMMITTEE, **more: Any) -> Step:
    days = None if ends is None else int(ends - begins)
    given: dict[str, Any] = {"late": False, "days": days, "extended": False, "taken_over": False} | more
    return Step(number, name, unit, at(begins), at(begins), None if ends is None else at(ends), **given)


def counts(status: str, steps: list[Step], words: list[Word] = (), *, overdue: bool = False) -> dict[Any, set[str]]:  # type: ignore[assignment]
    found = facts.of_case(Case(status, overdue, SENT, COMMITTEE), steps, words)
    return {(fact.unit, fact.month): set(fact.counts) for fact in found}


def test_a_case_answered_in_time_counts_in_the_month_of_each_step() -> None:
    steps = [
        step(1, life.SCREEN, 0, 1, FRONT),
        step(2, life.RECEIVE, 1, 2),
        step(3, life.ANSWER, 2, 12),
        step(4, life.VERIFY, 12, 14, FRONT),
    ]
    assert counts(life.VERIFIED, steps, [Word("accepted", COMMITTEE, at(14)), Word("solved", COMMITTEE, at(40))]) == {
        ("", 202609): {"reported"},
        (COMMITTEE, 202609): {"received"},
        (COMMITTEE, 202610): {"answered", "in_time", "accepted"},
        (COMMITTEE, 202611): {"solved"},
    }


def test_to_accept_late_makes_the_answer_late() -> None:
    steps = [
        step(1, life.RECEIVE, 1, 9, late=True),
        step(2, life.ANSWER, 9, 12, extended=True),
        step(3, life.VERIFY, 12, None, FRONT),
    ]
    found = counts(life.ANSWERED, steps)
    assert found[COMMITTEE, 202610] == {"answered", "late", "extended"}
    assert found["", 0] == {"waiting"}


def test_each_answer_is_judged_by_its_own_turn() -> None:
    """The first came late; the second, in the next month, in time."""
    steps = [
        step(1, life.RECEIVE, 1, 2),
        step(2, life.ANSWER, 2, 20, late=True),
        step(3, life.VERIFY, 20, 30, FRONT),
        step(4, life.ANSWER, 30, 40),
        step(5, life.VERIFY, 40, None, FRONT),
    ]
    found = counts(life.ANSWERED, steps)
    assert found[COMMITTEE, 202610] == {"answered", "late", "came_back"}
    assert found[COMMITTEE, 202611] == {"answered", "in_time"}


def test_twice_in_a_month_is_one_case_and_late_if_once_was() -> None:
    steps = [
        step(1, life.ANSWER, 4, 6, late=True),
        step(2, life.VERIFY, 6, 7, FRONT),
        step(3, life.ANSWER, 7, 19),
        step(4, life.VERIFY, 19, None, FRONT),
    ]
    fact = next(f for f in facts.of_case(Case(life.ANSWERED, False, SENT, COMMITTEE), steps, []) if f.unit)
    assert fact.counts == {"answered", "late", "came_back"}
    assert fact.days == 12


def test_what_was_given_back_or_handed_on_is_told_apart() -> None:
    refused = [step(1, life.RECEIVE, 4, 6), step(2, life.SCREEN, 6, None, FRONT)]
    assert counts(life.SCREENING, refused)[COMMITTEE, 202610] == {"received", "refused"}
    handed = [
        step(1, life.RECEIVE, 4, 5),
        step(2, life.ANSWER, 5, 10, moved=True),
        step(3, life.RECEIVE, 10, None, DEPARTMENT, taken_over=True),
    ]
    found = counts(life.ASSIGNED, handed, overdue=True)
    assert found[COMMITTEE, 202610] == {"received", "handed_on"}
    assert found[DEPARTMENT, 202610] == {"received", "taken_over"}


def test_what_is_with_the_unit_now() -> None:
    assert counts(life.IN_PROGRESS, [], overdue=True)[COMMITTEE, 0] == {"open", "overdue"}
    assert counts(life.REWORK, [])[COMMITTEE, 0] == {"open"}
    assert (COMMITTEE, 0) not in counts(life.CLOSED, [])
    assert counts(life.OUT_OF_SCOPE, []) == {("", 202609): {"reported"}}


def test_months_are_vietnams() -> None:
    assert facts.month_of(datetime.fromisoformat("2026-08-31T17:00:00+00:00")) == 202609


def test_every_measure_has_a_name_and_a_meaning() -> None:
    assert set(figures_words.MEASURES) == set(facts.MEASURES)
    shown = {*figures_tables.HEAD, *figures_tables.MORE, *figures_tables.PLACES, *figures_tables.UNITS}
    assert shown <= set(figures_words.NAME)
    assert set(facts.MEASURES) <= shown | {"in_time"}


# -- shares and order ------------------------------------------------------------------------------------------------


def test_few_cases_do_not_stand_before_many() -> None:
    shares = {"three": (3, 3), "many": (95, 100), "half": (10, 20), "ten": (10, 10), "none": (0, 0)}
    places, few = fair.ranked(shares)
    assert [(p.number, p.code) for p in places] == [(1, "many"), (2, "ten"), (3, "half")]
    assert few == ["three", "none"]


def test_equals_share_a_place() -> None:
    places, _few = fair.ranked({"a": (20, 20), "b": (20, 20), "c": (10, 20)})
    assert [p.number for p in places] == [1, 1, 3]


@pytest.mark.parametrize(
    ("part", "whole", "low"), [(81, 263, 0.2553), (15, 148, 0.0624), (0, 20, 0.0), (1, 29, 0.0061)]
)
def test_the_interval_is_wilsons(part: int, whole: int, low: float) -> None:
    """The examples of R. G. Newcombe, Statistics in Medicine 17 (1998), method 3."""
    assert fair.wilson_low(part, whole) == pytest.approx(low, abs=0.0001)


@given(st.integers(1, 500), st.integers(0, 500))
def test_the_lower_end_lies_below_the_share(whole: int, part: int) -> None:
    part = min(part, whole)
    low = fair.wilson_low(part, whole)
    assert 0 <= low <= part / whole + 1e-9
    assert fair.wilson_low(2 * part, 2 * whole) >= low - 1e-12, "more of the same is surer"


# -- periods and addresses -------------------------------------------------------------------------------------------

MONTHS = st.integers(2019 * 12, 2031 * 12).map(lambda n: n // 12 * 100 + n % 12 + 1)


@given(MONTHS, MONTHS)
def test_whole_years_and_months_are_all_the_months_once(one: int, other: int) -> None:
    first, last = min(one, other), max(one, other)
    covered: list[int] = []
    for period in periods(first, last):
        covered += [period * 100 + n for n in range(1, 13)] if period < 10_000 else [period]
    wanted = [y * 100 + m for y in range(2019, 2032) for m in range(1, 13) if first <= y * 100 + m <= last]
    assert covered == wanted
    assert periods(None, None) == (0,)


KNOWN = Known(frozenset({"coal_ash"}), frozenset({"air"}))
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("query", "first", "last", "address"),
    [
        ({}, None, None, ""),
        ({"period": "2026"}, 202601, 202612, "period=2026"),
        ({"period": "2026-Q3"}, 202607, 202609, "period=2026-Q3"),
        ({"period": "2026-02", "utm": "x"}, 202602, 202602, "period=2026-02"),
        ({"from": "2026-01", "to": "2026-05", "period": "2025"}, 202601, 202605, "from=2026-01&to=2026-05"),
        ({"from": "2026-08"}, 202608, 202611, "from=2026-08&to=2026-11"),
    ],
)
def test_an_address_says_its_months(query: dict[str, str], first: int | None, last: int | None, address: str) -> None:
    question, problems = figures_asked.read(query.items(), KNOWN, TODAY)
    assert (question.first, question.last, problems) == (first, last, {})
    assert figures_asked.canonical(question) == address


@pytest.mark.parametrize(
    "query",
    [
        {"period": "2026-Q5"},
        {"period": "2026-13"},
        {"period": "26"},
        {"period": "२०२६"},
        {"from": "2026-13"},
        {"from": "2026-05", "to": "2026-01"},
        {"to": "tháng 5"},
        {"category": "x"},
        {"group": "x"},
    ],
)
def test_what_is_wrong_is_named_and_left_out(query: dict[str, str]) -> None:
    question, problems = figures_asked.read(query.items(), KNOWN, TODAY)
    assert set(problems) <= set(query)
    assert problems
    assert question == figures_asked.Question()


# -- charts ----------------------------------------------------------------------------------------------------------


def test_a_chart_is_well_formed_named_and_true_to_its_numbers() -> None:
    values = [0, 3, 12]
    drawn = charts.bars(
        "c", "A < B", "words", ["1", "2", "<3>"], [Series("x", "one", values), Series("y", "two", [1, 0, 6])]
    )
    tree = ET.fromstring(drawn)
    assert tree.get("role") == "img"
    assert [e.text for e in tree[:2]] == ["A < B", "words"]
    assert tree.get("aria-labelledby") == f"{tree[0].get('id')} {tree[1].get('id')}"
    heights = [float(e.get("height", 0)) for e in tree.iter("rect") if e.get("class") == "bar one"]
    assert heights[1] == pytest.approx(4 * heights[0], rel=0.01)
    assert "style=" not in drawn
    bars = [e for e in tree.iter("rect")]
    assert all(float(e.get("x", -1)) >= 0 and float(e.get("y", -1)) >= 0 for e in bars)


@given(st.lists(st.integers(0, 10**7), max_size=40))
def test_any_chart_stays_in_its_frame(values: list[int]) -> None:
    drawn = charts.bars("c", "t", "d", [str(n) for n in range(len(values))], [Series("x", "one", values)])
    for x, y, wide, high in re.findall(r'x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn):
        assert float(x) + float(wide) <= charts.WIDE
        assert float(y) + float(high) <= charts.HIGH


@pytest.mark.parametrize(
    ("value", "end"), [(0, 2), (2, 2), (3, 4), (7, 10), (11, 20), (61, 100), (399, 400), (1001, 2000)]
)
def test_the_axis_ends_on_a_round_number(value: int, end: int) -> None:
    assert charts.nice(value) == end
