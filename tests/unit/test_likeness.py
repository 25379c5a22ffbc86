"""How likely two reports are the same: what speaks for it, what against, and that order does not matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.reports.likeness import LIKELY, POSSIBLE, Facts, compare, nearest, similarity

DAY = datetime(2026, 10, 5, 8, tzinfo=UTC)
LON, LAT = 106.525, 9.585
METRE = 1 / 111_195  # degrees of latitude
WORDS = "Rác thải đổ đầy bờ kênh gần chợ Duyên Hải"
PICTURE = 0xF0C3_5A96_1234_8EEF


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {"at": DAY, "category": "waste_household", "group": "waste", "lon": LON, "lat": LAT}
    return Facts(**given | {"area": "29512", "words": WORDS} | changes)


def test_the_same_thing_told_twice_is_very_likely_the_same() -> None:
    told = "bờ kênh gần chợ Duyên Hải đầy rác thải, hôi lắm"
    like = compare(facts(), facts(at=DAY + timedelta(hours=5), lat=LAT + 40 * METRE, words=told))
    assert like.score >= LIKELY
    assert (like.metres, like.days, like.category) == (40, 0, "same")
    assert like.words is not None
    assert like.words > 0.4


def test_diacritics_do_not_matter() -> None:
    assert similarity(WORDS, "rac thai do day bo kenh gan cho duyen hai") == 1.0
    assert similarity("rác", WORDS) is None


def test_another_place_is_another_case_however_alike_the_words() -> None:
    like = compare(facts(), facts(lat=LAT + 1500 * METRE))
    assert like.score == 0
    assert like.metres == 1500


def test_the_same_picture_outweighs_another_place() -> None:
    far = facts(lat=LAT + 1500 * METRE, words="", pictures=[PICTURE ^ 0b1])
    like = compare(facts(pictures=[PICTURE]), far)
    assert like.bits == 1
    assert like.score >= LIKELY


def test_a_picture_of_one_colour_says_nothing() -> None:
    assert nearest([0], [0]) is None
    assert nearest([-1], [-1]) is None


def test_negative_numbers_of_the_database_are_the_same_hash() -> None:
    assert nearest([PICTURE - (1 << 64)], [PICTURE]) == 0


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        ({"lat": LAT + 50 * METRE}, {"lat": LAT + 400 * METRE}),
        ({"at": DAY - timedelta(days=1)}, {"at": DAY - timedelta(days=30)}),
        ({"category": "waste_household"}, {"category": "plastic"}),
        ({"category": "plastic"}, {"category": "noise", "group": "air"}),
        ({"words": WORDS}, {"words": "Tiếng ồn từ xưởng cưa suốt đêm"}),
    ],
)
def test_each_reason_counts_by_itself(nearer: dict[str, Any], farther: dict[str, Any]) -> None:
    assert compare(facts(), facts(**nearer)).score > compare(facts(), facts(**farther)).score


def test_of_the_commune_alone_nothing_follows() -> None:
    """Two reports of one category and commune, weeks apart, without a place or words, are not suggested."""
    one = facts(lon=None, lat=None, words="")
    other = facts(lon=None, lat=None, words="", category="plastic", at=DAY - timedelta(days=40))
    assert compare(one, other).score < POSSIBLE


some = st.builds(
    facts,
    at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
    lon=st.one_of(st.none(), st.floats(106.5, 106.55)),
    lat=st.floats(9.5, 9.6),
    category=st.sampled_from(["waste_household", "plastic"]),
    words=st.text(max_size=60),
    pictures=st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=3),
)


@given(some, some)
def test_it_does_not_matter_which_came_first(one: Facts, other: Facts) -> None:
    assert compare(one, other) == compare(other, one)
    assert 0 <= compare(one, other).score <= 100
