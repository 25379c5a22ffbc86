"""The two facts taken from EXIF: which way is up, and where. Nothing else is read.

A reader of its own, because EXIF is the part of a picture that strangers control most freely: this one looks
at two directories, follows no chains, takes no size on trust and keeps nothing.
Layout: TIFF 6.0 section 2; tags: CIPA DC-008 (Exif 2.32), sections 4.6.4 and 4.6.6.
"""

import struct
from collections.abc import Iterator

_ORIENTATION, _GPS_IFD = 0x0112, 0x8825
_LAT_REF, _LAT, _LON_REF, _LON = 1, 2, 3, 4
_ASCII, _SHORT, _LONG, _RATIONAL, _SRATIONAL = 2, 3, 4, 5, 10
_MAX_ENTRIES = 512


def orientation(exif: bytes) -> int:
    """EXIF orientation 1-8 of a TIFF block; 1 when it is absent, damaged or out of range. Never raises."""
    try:
        order, first = _header(exif)
        for tag, kind, _count, at in _entries(exif, order, first):
            if tag == _ORIENTATION and kind in (_SHORT, _LONG):
                (value,) = struct.unpack_from(order + ("H" if kind == _SHORT else "L"), exif, at)
                return value if 1 <= value <= 8 else 1
    except (struct.error, ValueError):
        pass
    return 1


def position(exif: bytes) -> tuple[float, float] | None:
    """(lon, lat) in WGS84 degrees from the GPS directory, or None. Never raises.

    None also when a hemisphere is missing (guessing it would move a report across the globe), when a value is
    out of range, and for exactly 0/0, which cameras write for "no fix".
    """
    try:
        order, first = _header(exif)
        pointers = {tag: at for tag, kind, _count, at in _entries(exif, order, first) if kind == _LONG}
        (directory,) = struct.unpack_from(order + "L", exif, pointers[_GPS_IFD])
        found = {tag: (kind, count, at) for tag, kind, count, at in _entries(exif, order, directory)}
        lat = _degrees(exif, order, found[_LAT]) * _sign(exif, found[_LAT_REF], "N", "S")
        lon = _degrees(exif, order, found[_LON]) * _sign(exif, found[_LON_REF], "E", "W")
    except (struct.error, ValueError, KeyError, ZeroDivisionError):
        return None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lon == 0 and lat == 0):
        return None
    return lon, lat


def _header(exif: bytes) -> tuple[str, int]:
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        raise ValueError("no TIFF header")
    magic, first = struct.unpack_from(order + "HL", exif, 2)
    if magic != 42:
        raise ValueError("no TIFF header")
    return order, first


def _entries(exif: bytes, order: str, directory: int) -> Iterator[tuple[int, int, int, int]]:
    """(tag, type, count, offset of the four value bytes) for each entry of one directory."""
    (count,) = struct.unpack_from(order + "H", exif, directory)
    for at in range(directory + 2, directory + 2 + 12 * min(count, _MAX_ENTRIES), 12):
        tag, kind, n = struct.unpack_from(order + "HHL", exif, at)
        yield tag, kind, n, at + 8


def _degrees(exif: bytes, order: str, entry: tuple[int, int, int]) -> float:
    kind, count, at = entry
    if kind not in (_RATIONAL, _SRATIONAL) or not 1 <= count <= 3:
        raise ValueError("not degrees, minutes, seconds")
    (start,) = struct.unpack_from(order + "L", exif, at)
    pair = order + ("LL" if kind == _RATIONAL else "ll")
    total = 0.0
    for i in range(count):
        over, under = struct.unpack_from(pair, exif, start + 8 * i)
        if under == 0 and over == 0 and i > 0:  # cameras write 0/0 for minutes or seconds they do not give
            continue
        total += over / under / 60**i
    if total < 0:
        raise ValueError("the sign belongs in the hemisphere")
    return total


def _sign(exif: bytes, entry: tuple[int, int, int], positive: str, negative: str) -> int:
    kind, _count, at = entry
    letter = exif[at : at + 1].decode("latin-1").upper()
    if kind != _ASCII or letter not in (positive, negative) or not letter:
        raise ValueError("no hemisphere")
    return 1 if letter == positive else -1
