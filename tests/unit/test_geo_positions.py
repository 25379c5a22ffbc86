"""Positions: what people write is understood or refused with a reason; blurring keeps its two limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.positions import PositionError, blur, distance_m, in_vietnam, parse_position


@pytest.mark.parametrize(
    "lat, lon",
    [
        ("9.585", "106.525"),
        ("9,585", "106,525"),
        (" +9.585 ", "106.525°"),
        ("９．５８５", "１０６．５２５"),  # full width
        ("៩.៥៨៥", "១០៦.៥២៥"),  # Khmer
        ("9.585000000000000000000", "106.525"),
    ],
)
def test_ways_to_write_a_position(lat: str, lon: str) -> None:
    assert parse_position(lat, lon) == (106.525, 9.585)


def test_minus_sign_of_typography() -> None:
    assert parse_position("\u22129.5", "-12") == (-12.0, -9.5)


@pytest.mark.parametrize(
    "lat, lon, code",
    [
        ("", "106.5", "not_a_number"),
        ("abc", "106.5", "not_a_number"),
        ("nan", "106.5", "not_a_number"),
        ("NaN", "nan", "not_a_number"),
        ("9.5", "inf", "not_a_number"),
        ("9.5", "-Infinity", "not_a_number"),
        ("1e1", "106.5", "not_a_number"),
        ("1_0", "106.5", "not_a_number"),
        ("0x10", "106.5", "not_a_number"),
        ("9.5.1", "106.5", "not_a_number"),
        ("9.585, 106.525", "", "not_a_number"),
        ("9" * 1_000_000, "106.5", "not_a_number"),
        ("9.5\n10", "106.5", "not_a_number"),
        ("9.5; DROP", "106.5", "not_a_number"),
        ("91", "10", "out_of_range"),
        ("-90.1", "10", "out_of_range"),
        ("10", "181", "out_of_range"),
        ("9585", "106525", "out_of_range"),
        ("106.525", "9.585", "swapped"),
        ("106,525", "9,585", "swapped"),
    ],
)
def test_what_is_no_position(lat: str, lon: str, code: str) -> None:
    with pytest.raises(PositionError) as refused:
        parse_position(lat, lon)
    assert refused.value.code == code


def test_a_position_abroad_is_taken_as_it_is() -> None:
    assert parse_position("48.8566", "2.3522") == (2.3522, 48.8566)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_position_or_refused(lat: str, lon: str) -> None:
    try:
        east, north = parse_position(lat, lon)
    except PositionError as error:
        assert error.code in {"not_a_number", "out_of_range", "swapped"}
    else:
        assert abs(east) <= 180
        assert abs(north) <= 90


def test_distances() -> None:
    # Hà Nội to Thành phố Hồ Chí Minh: about 1,140 km; one degree along a meridian: 111.195 km.
    assert distance_m(105.8525, 21.0285, 106.7009, 10.7769) == pytest.approx(1_144_000, rel=0.005)
    assert distance_m(106, 10, 106, 11) == pytest.approx(111_195, abs=1)
    assert distance_m(106, 10, 106, 10) == 0
    assert distance_m(179.9, 0, -179.9, 0) == pytest.approx(22_239, abs=1)


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(1, 20_000), st.binary(min_size=1, max_size=40))
def test_blur_moves_by_a_quarter_at_least_and_by_all_at_most(
    lon: float, lat: float, metres: float, seed: bytes
) -> None:
    moved = blur(lon, lat, metres, seed)
    assert 0.25 * metres <= distance_m(lon, lat, *moved) <= metres
    assert moved == blur(lon, lat, metres, seed)
    assert abs(moved[0]) <= 180


def test_blur_depends_on_the_seed_and_spreads_evenly() -> None:
    lon, lat, metres = 106.525, 9.585, 300.0
    moved = [blur(lon, lat, metres, b"key" + bytes([i >> 8, i & 255])) for i in range(4000)]
    assert len(set(moved)) == 4000
    # Even over the ring: half of its area lies within this radius; and as much to the east as to the west.
    half = math.sqrt((0.25**2 + 1) / 2) * metres
    near = sum(distance_m(lon, lat, *m) <= half for m in moved)
    assert 0.46 < near / 4000 < 0.54
    assert 0.46 < sum(m[0] > lon for m in moved) / 4000 < 0.54
    assert 0.46 < sum(m[1] > lat for m in moved) / 4000 < 0.54


def test_blur_by_nothing_and_wrong_use() -> None:
    assert blur(106.5, 9.5, 0, b"x") == (106.5, 9.5)
    with pytest.raises(ValueError, match="seed"):
        blur(106.5, 9.5, 100, b"")
    with pytest.raises(ValueError, match="distance"):
        blur(106.5, 9.5, -1, b"x")


def test_vietnam_has_its_islands() -> None:
    assert in_vietnam(112.3, 16.5)  # Hoàng Sa
    assert in_vietnam(114.3, 8.6)  # Trường Sa
    assert not in_vietnam(100.5, 13.75)  # Băng Cốc
