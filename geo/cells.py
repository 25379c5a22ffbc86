"""Map cells: one integer per position, ordered so that a map tile is one contiguous range of them.

A cell is the Morton (Z-order) number of the tile of zoom 24 that holds the position, in the usual tile
scheme of web maps (spherical mercator, x east, y south, zoom 0 one tile). The two top bits of a cell name its
tile of zoom 1, the two after them that of zoom 2, and so on. A query by tile is therefore
`WHERE cell >= lo AND cell < hi` on any database, with an ordinary index.
"""

from __future__ import annotations

import math

ZOOM = 24
SIDE = 1 << ZOOM  # tiles of zoom 24 along one side of the world; a cell has 2 * ZOOM = 48 bits

# Where spherical mercator cuts the world so that it becomes a square.
MAX_LATITUDE = math.degrees(math.atan(math.sinh(math.pi)))


def cell(lon: float, lat: float) -> int:
    """The cell (0 <= cell < 2**48) of a position in degrees.

    Beyond the square of web mercator the position is moved to its edge. Raises ValueError if a number is
    not finite.
    """
    x, y = tile_of(lon, lat, ZOOM)
    return interleave(x, y)


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    """(x, y) of the tile of zoom `z` (0 to 24) that holds a position in degrees; clamped as in `cell`."""
    _check_zoom(z)
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise ValueError("a position must be finite")
    lat = max(-MAX_LATITUDE, min(MAX_LATITUDE, lat))
    sine = math.sin(math.radians(lat))
    across = (lon + 180.0) / 360.0
    down = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    # Always by way of zoom 24: computed at each zoom anew, a position on an edge could round to a tile
    # that is not the parent of its cell.
    x = max(0, min(SIDE - 1, math.floor(across * SIDE)))
    y = max(0, min(SIDE - 1, math.floor(down * SIDE)))
    return x >> (ZOOM - z), y >> (ZOOM - z)


def tile_range(z: int, x: int, y: int) -> tuple[int, int]:
    """(lo, hi): the cells of tile (z, x, y) are exactly those with lo <= cell < hi.

    Raises ValueError if there is no such tile.
    """
    _check_tile(z, x, y)
    width = 2 * (ZOOM - z)
    first = interleave(x, y) << width
    return first, first + (1 << width)


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """(west, south, east, north) of a tile in degrees. Raises ValueError if there is no such tile."""
    _check_tile(z, x, y)
    side = 1 << z
    return _lon(x / side), _lat((y + 1) / side), _lon((x + 1) / side), _lat(y / side)


def position_of(number: int) -> tuple[float, float]:
    """(lon, lat) in degrees of the middle of a cell, at most about 1.7 m from any position in it.

    Raises ValueError if there is no such cell.
    """
    if not 0 <= number < 1 << (2 * ZOOM):
        raise ValueError(f"no cell {number}")
    x, y = deinterleave(number)
    return position(x + 0.5, y + 0.5)


def position(x: float, y: float) -> tuple[float, float]:
    """(lon, lat) in degrees of a place in tile coordinates of zoom 24, fractions included."""
    return _lon(x / SIDE), _lat(y / SIDE)


def tiles_over(west: float, south: float, east: float, north: float, z: int) -> list[tuple[int, int]]:
    """(x, y) of all tiles of zoom `z` that touch a box in degrees (west <= east), row by row."""
    left, top = tile_of(west, north, z)
    right, bottom = tile_of(east, south, z)
    return [(x, y) for y in range(top, bottom + 1) for x in range(left, right + 1)]


def interleave(x: int, y: int) -> int:
    """The Morton number of x and y (up to 24 bits each): bits of x in the even places, of y in the odd."""
    return _spread(x) | (_spread(y) << 1)


def deinterleave(number: int) -> tuple[int, int]:
    """(x, y) of a Morton number."""
    return _gather(number), _gather(number >> 1)


def _spread(n: int) -> int:
    n = (n | (n << 16)) & 0x0000FFFF0000FFFF
    n = (n | (n << 8)) & 0x00FF00FF00FF00FF
    n = (n | (n << 4)) & 0x0F0F0F0F0F0F0F0F
    n = (n | (n << 2)) & 0x3333333333333333
    return (n | (n << 1)) & 0x5555555555555555


def _gather(n: int) -> int:
    n &= 0x5555555555555555
    n = (n | (n >> 1)) & 0x3333333333333333
    n = (n | (n >> 2)) & 0x0F0F0F0F0F0F0F0F
    n = (n | (n >> 4)) & 0x00FF00FF00FF00FF
    n = (n | (n >> 8)) & 0x0000FFFF0000FFFF
    return (n | (n >> 16)) & 0x00000000FFFFFFFF


def _lon(across: float) -> float:
    return across * 360.0 - 180.0


def _lat(down: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down))))


def _check_zoom(z: int) -> None:
    if not 0 <= z <= ZOOM:
        raise ValueError(f"no zoom {z}")


def _check_tile(z: int, x: int, y: int) -> None:
    _check_zoom(z)
    if not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ValueError(f"no tile {z}/{x}/{y}")
