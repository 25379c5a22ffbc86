"""Single positions: read what a person or a device wrote, measure between two, blur one for the public."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import unicodedata

EARTH_RADIUS_M = 6_371_008.8  # mean radius, as the IUGG defines it

# Vietnam with its islands, Hoàng Sa and Trường Sa included, rounded outwards.
WEST, SOUTH, EAST, NORTH = 102.0, 6.0, 118.0, 24.0

NOT_A_NUMBER, OUT_OF_RANGE, SWAPPED = "not_a_number", "out_of_range", "swapped"

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")


class PositionError(ValueError):
    """What was written is no position; `code` says why: not_a_number, out_of_range or swapped."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_position(lat_text: str, lon_text: str) -> tuple[float, float]:
    """(lon, lat) in degrees from two texts such as "9,585" and "106.525".

    Takes decimal points and commas, any script's digits (Khmer, full width), a degree sign after the number.
    Raises PositionError: `not_a_number` for anything else, words for infinity included; `swapped` where the
    two read as Vietnam the other way round; `out_of_range` beyond 90 or 180 degrees.
    """
    lat, lon = _number(lat_text), _number(lon_text)
    if in_vietnam(lat, lon) and not in_vietnam(lon, lat):
        raise PositionError(SWAPPED)
    if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
        raise PositionError(OUT_OF_RANGE)
    return lon, lat


def in_vietnam(lon: float, lat: float) -> bool:
    """Whether a position lies in the box around Vietnam and its islands (parts of the neighbours too)."""
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two positions in degrees along the sphere (haversine; off by at most 0.6 %)."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    north, east = (p2 - p1) / 2, math.radians(lon2 - lon1) / 2
    half_chord = math.sin(north) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(east) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, half_chord)))


def box_around(lon: float, lat: float, metres: float) -> tuple[float, float, float, float]:
    """(west, south, east, north) in degrees of the smallest box that holds the circle around a position."""
    north = math.degrees(metres / EARTH_RADIUS_M)
    east = north / max(0.01, math.cos(math.radians(min(89.0, abs(lat) + north))))
    return lon - east, lat - north, lon + east, lat + north


def blur(lon: float, lat: float, metres: float, seed: bytes) -> tuple[float, float]:
    """(lon, lat) moved by at least a quarter of `metres` and at most `metres`; unmoved where that is 0.

    Spread evenly over that ring, in any direction. The same seed moves the same way each time, so that
    repeated publication gives nobody an average to work with; the seed must be secret (a key and the case's
    id, say), or the way back could be computed. Raises ValueError for an empty seed or negative `metres`.
    """
    if metres < 0 or not seed:
        raise ValueError("a blur needs a distance and a secret seed")
    if metres == 0:
        return lon, lat
    random = hmac.new(seed, b"position blur", hashlib.sha256).digest()
    angle = 2 * math.pi * int.from_bytes(random[:8], "big") / 2**64
    share = int.from_bytes(random[8:16], "big") / 2**64
    # Even over the area of the ring, and a hand's breadth inside of it so that rounding cannot leave it.
    inner, outer = metres * 0.2501, metres * 0.9999
    away = math.sqrt(inner**2 + share * (outer**2 - inner**2)) / EARTH_RADIUS_M
    start = math.radians(lat)
    sine = math.sin(start) * math.cos(away) + math.cos(start) * math.sin(away) * math.cos(angle)
    end = math.asin(max(-1.0, min(1.0, sine)))
    east = math.atan2(
        math.sin(angle) * math.sin(away) * math.cos(start), math.cos(away) - math.sin(start) * math.sin(end)
    )
    moved = lon + math.degrees(east)
    if not -180.0 <= moved <= 180.0:
        moved = (moved + 540.0) % 360.0 - 180.0
    return moved, math.degrees(end)


def _number(text: str) -> float:
    """A plain decimal number. float() alone would also take "nan", "1e400", "1_0"."""
    # A negative number pasted from a web page may carry the typographic minus sign.
    plain = unicodedata.normalize("NFKC", text[:80]).replace("\u2212", "-").strip().rstrip("°").strip()
    if len(text) > 80 or not _NUMBER.fullmatch(plain):
        raise PositionError(NOT_A_NUMBER)
    return float(plain.replace(",", "."))
