"""Map cells: a tile is one contiguous range, at every zoom, for every position."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import cells
from geo.positions import distance_m

LON = st.floats(-180, 180, allow_nan=False)
LAT = st.floats(-90, 90, allow_nan=False)
ZOOM = st.integers(0, cells.ZOOM)


@given(LON, LAT, ZOOM)
def test_cell_lies_in_the_range_of_its_tile(lon: float, lat: float, z: int) -> None:
    lo, hi = cells.tile_range(z, *cells.tile_of(lon, lat, z))
    assert lo <= cells.cell(lon, lat) < hi
    assert hi - lo == 4 ** (cells.ZOOM - z)


@given(LON, LAT, st.integers(0, cells.ZOOM - 1))
def test_range_of_a_tile_is_that_of_its_four_children(lon: float, lat: float, z: int) -> None:
    x, y = cells.tile_of(lon, lat, z)
    children = sorted(cells.tile_range(z + 1, 2 * x + i, 2 * y + j) for i in (0, 1) for j in (0, 1))
    lo, hi = cells.tile_range(z, x, y)
    assert children[0][0] == lo
    assert children[-1][1] == hi
    assert all(left[1] == right[0] for left, right in pairwise(children))


@given(st.integers(1, 24), st.data())
def test_neighbours_do_not_overlap_and_share_an_edge(z: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, 2**z - 2))
    y = data.draw(st.integers(0, 2**z - 1))
    lo, hi = cells.tile_range(z, x, y)
    next_lo, next_hi = cells.tile_range(z, x + 1, y)
    assert hi <= next_lo or next_hi <= lo
    assert cells.tile_bounds(z, x, y)[2] == cells.tile_bounds(z, x + 1, y)[0]


@given(st.floats(-179.9, 179.9), st.floats(-85, 85), ZOOM)
def test_position_lies_within_the_bounds_of_its_tile(lon: float, lat: float, z: int) -> None:
    west, south, east, north = cells.tile_bounds(z, *cells.tile_of(lon, lat, z))
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


@given(st.floats(102, 118), st.floats(6, 24))
def test_middle_of_a_cell_is_near_and_has_the_same_cell(lon: float, lat: float) -> None:
    number = cells.cell(lon, lat)
    back = cells.position_of(number)
    assert cells.cell(*back) == number
    assert distance_m(lon, lat, *back) < 1.75


@given(st.integers(0, 2**24 - 1), st.integers(0, 2**24 - 1))
def test_interleaving_can_be_undone(x: int, y: int) -> None:
    assert cells.deinterleave(cells.interleave(x, y)) == (x, y)


def test_known_tiles() -> None:
    # The tile of zoom 10 with Hà Nội's Hồ Gươm, as web maps number it.
    assert cells.tile_of(105.8525, 21.0285, 10) == (813, 450)
    assert cells.tile_range(0, 0, 0) == (0, 2**48)
    assert cells.tile_bounds(0, 0, 0) == pytest.approx((-180, -85.0511287798, 180, 85.0511287798))


@pytest.mark.parametrize("lat", [-90, 90, -86, 86])
def test_beyond_mercator_is_moved_to_the_edge(lat: float) -> None:
    edge = cells.MAX_LATITUDE if lat > 0 else -cells.MAX_LATITUDE
    assert cells.cell(105, lat) == cells.cell(105, edge)
    assert cells.tile_of(105, lat, 3)[1] == (0 if lat > 0 else 7)


def test_the_far_east_is_the_last_column() -> None:
    assert cells.tile_of(180, 0, 4)[0] == 15


@pytest.mark.parametrize("lon, lat", [(float("nan"), 10), (105, float("inf"))])
def test_numbers_that_are_none_are_refused(lon: float, lat: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        cells.cell(lon, lat)


@pytest.mark.parametrize("tile", [(25, 0, 0), (-1, 0, 0), (2, 4, 0), (2, 0, 4), (2, -1, 0)])
def test_tiles_that_do_not_exist_are_refused(tile: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"no (tile|zoom)"):
        cells.tile_range(*tile)
    with pytest.raises(ValueError, match=r"no (tile|zoom)"):
        cells.tile_bounds(*tile)


@pytest.mark.parametrize("number", [-1, 2**48])
def test_cells_that_do_not_exist_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="no cell"):
        cells.position_of(number)


def test_tiles_over_a_box() -> None:
    assert cells.tiles_over(102, 8, 110, 24, 4) == [(12, 6), (12, 7)]
    assert len(cells.tiles_over(-180, -85, 180, 85, 3)) == 64
