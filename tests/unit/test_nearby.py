"""The cases around a case as drawings: every one has its number, none lies on another, and time reads left to right."""

from __future__ import annotations

import itertools
import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from webapp.pages.desk import nearby
from webapp.pages.desk.nearby import GAP, Neighbour

HERE = (106.5, 9.58)
COMMUNE = shapely.box(106.4, 9.5, 106.501, 9.7)
METRE = 1 / nearby.METRES_PER_DEGREE

around = st.lists(
    st.tuples(
        st.one_of(st.none(), st.tuples(st.floats(-900, 900), st.floats(-900, 900))),
        st.floats(-4000, 60),
    ),
    min_size=1,
    max_size=18,
)


def neighbours(found: list[tuple[tuple[float, float] | None, float]]) -> list[Neighbour]:
    return [
        Neighbour(number, (HERE[0] + at[0] * METRE, HERE[1] + at[1] * METRE) if at else None, days)
        for number, (at, days) in enumerate(found, 1)
    ]


def apart(signs: list[nearby.Sign]) -> float:
    return min(
        (math.dist((a.x, a.y), (b.x, b.y)) for a in signs for b in signs if a.number < b.number), default=math.inf
    )


@given(around)
def test_every_case_has_its_number_and_none_covers_another(
    found: list[tuple[tuple[float, float] | None, float]],
) -> None:
    given = neighbours(found)
    drawn = nearby.draw(COMMUNE, HERE, given)
    assert drawn is not None
    assert [sign.number for sign in drawn.strip.signs] == [one.number for one in given]
    assert apart(drawn.strip.signs) >= GAP - 0.5
    assert {age for age, _words in drawn.ages} == {one.age for one in given}
    for sign in drawn.strip.signs:
        assert 0 < sign.x < nearby.WIDTH
        assert drawn.strip.top <= sign.y < nearby.AXIS
    placed = [one.number for one in given if one.at]
    if not placed:
        assert drawn.close is None
        return
    assert drawn.close is not None
    assert [sign.number for sign in drawn.close.signs] == placed
    assert apart(drawn.close.signs) >= GAP - 0.5
    assert all(math.dist((sign.x, sign.y), drawn.close.here) >= GAP - 0.5 for sign in drawn.close.signs)


@given(st.lists(st.floats(-4000, 60), min_size=2, max_size=18))
def test_what_came_earlier_lies_further_to_the_left(days: list[float]) -> None:
    strip = nearby.draw(None, None, [Neighbour(n, None, day) for n, day in enumerate(days, 1)]).strip  # type: ignore[union-attr]
    in_time = [sign.px for _day, sign in sorted(zip(days, strip.signs, strict=True), key=lambda pair: pair[0])]
    assert in_time == sorted(in_time)
    for day, sign in zip(days, strip.signs, strict=True):
        assert sign.px == strip.here or (sign.px < strip.here) == (day < 0) or abs(day) < 0.1
    labels = sorted(x for x, _label in strip.ticks)
    assert all(b - a >= nearby.LABEL for a, b in itertools.pairwise(labels))


def test_what_lies_far_away_stands_at_the_edge_and_is_said_to() -> None:
    drawn = nearby.draw(COMMUNE, HERE, neighbours([((50, 50), -1), ((30_000, 0), -2)]))
    assert drawn is not None
    assert drawn.close is not None
    assert drawn.close.far
    assert drawn.close.signs[1].x == nearby.WIDTH - nearby.PAD
    assert drawn.close.metres * 3 >= 100, "the near one decides the scale"


def test_nothing_around_draws_nothing() -> None:
    assert nearby.draw(COMMUNE, HERE, []) is None


@pytest.mark.parametrize(("days", "age"), [(0, "week"), (-7, "week"), (7.5, "months"), (-60, "months"), (-61, "older")])
def test_shades_tell_the_age(days: float, age: str) -> None:
    assert Neighbour(1, None, days).age == age
