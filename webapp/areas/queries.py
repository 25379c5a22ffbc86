"""Which area is it? Reads only. One path on both databases: boxes by SQL, shapes by shapely.

The boxes come from an ordinary index, the few shapes that a position may lie in from a small cache, so that
an embedded instance answers like one with PostGIS; a test compares the two on a thousand positions.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from datetime import date
from threading import Lock
from typing import Any

import numpy as np
import shapely
from flask import current_app
from shapely import MultiPolygon, Point
from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from geo.outlines import as_geojson
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.core import clock
from webapp.core.db import db
from webapp.core.text import fold

MAX_CACHED_SHAPES = 512  # about 12 MB
METRES_PER_DEGREE = 111_195.0  # of latitude on the sphere that geo.positions measures on
_APPROXIMATE_FOR_S = 30.0


# Built once: building it anew took a third of a lookup's time.
_CANDIDATES = (
    select(Area)
    .where(Area.level == bindparam("level"))
    .where(Area.min_lon <= bindparam("lon"), Area.max_lon >= bindparam("lon"))
    .where(Area.min_lat <= bindparam("lat"), Area.max_lat >= bindparam("lat"))
    .where(Area.valid_from <= bindparam("day"))
    .where(or_(Area.valid_to.is_(None), Area.valid_to >= bindparam("day")))
    .order_by(Area.approximate, Area.code)
)


def locate(lon: float, lat: float, on: date | None = None, level: str = COMMUNE) -> Area | None:
    """The area of `level` that covered a position (degrees, edge included) on a day (default: today).

    On a shared border the smaller code wins, so that the answer never depends on chance; where real and
    approximate areas overlap, the real one. None at sea and abroad.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return None
    day = on or clock.today()
    candidates = db.session.scalars(_CANDIDATES, {"lon": lon, "lat": lat, "level": level, "day": day})
    point = Point(lon, lat)
    for area in candidates:
        if _shapes.covers(area, point):
            return area
    return None


def nearest(
    lon: float, lat: float, max_m: float = 50_000.0, on: date | None = None, level: str = COMMUNE
) -> tuple[Area, float] | None:
    """The area nearest to a position and the distance in metres (0 inside); None if none within `max_m`.

    For positions off the coast. Distances are measured on a plane around the position: good to 1 % at 50 km.
    """
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) < 89):
        return None
    north = METRES_PER_DEGREE
    east = METRES_PER_DEGREE * math.cos(math.radians(lat))
    dx, dy = max_m / east, max_m / north
    query = (
        select(Area)
        .where(Area.level == level, Area.min_lon <= lon + dx, Area.max_lon >= lon - dx)
        .where(Area.min_lat <= lat + dy, Area.max_lat >= lat - dy, valid_on(on))
    )
    candidates = [
        (
            math.hypot(
                max(area.min_lon - lon, 0, lon - area.max_lon) * east,
                max(area.min_lat - lat, 0, lat - area.max_lat) * north,
            ),
            area.approximate,
            area.code,
            area,
        )
        for area in db.session.scalars(query)
    ]
    best: tuple[float, bool, str, Area] | None = None
    origin = Point(0, 0)
    for at_least, approximate, code, area in sorted(candidates, key=lambda c: c[:3]):
        if at_least > (best[0] if best else max_m):
            break  # boxes are in order of distance: no later one can be nearer
        plane = shapely.transform(area.boundary, lambda c: (c - np.array([lon, lat])) * np.array([east, north]))
        away = float(shapely.distance(origin, plane))
        if away <= max_m and (best is None or (away, approximate, code) < best[:3]):
            best = (away, approximate, code, area)
    return (best[3], best[0]) if best else None


def by_code(code: str, level: str = COMMUNE, on: date | None = None) -> Area | None:
    """The area with a code of the General Statistics Office, as it was on a day (default: today)."""
    return db.session.scalars(
        select(Area).where(Area.code == code, Area.level == level, valid_on(on)).order_by(Area.valid_from.desc())
    ).first()


def provinces(on: date | None = None) -> list[Area]:
    """All provinces of a day (default: today), by name without its kind."""
    return _by_name(select(Area).where(Area.level == PROVINCE, valid_on(on)))


def communes_of(province_code: str, on: date | None = None) -> list[Area]:
    """The communes of a province on a day (default: today), by name without its kind."""
    return _by_name(select(Area).where(Area.level == COMMUNE, Area.parent_code == province_code, valid_on(on)))


def codes() -> list[str]:
    """The codes of all provinces and communes of today."""
    return list(db.session.scalars(select(Area.code).where(valid_on(None)).order_by(Area.level.desc(), Area.code)))


def search(text: str, on: date | None = None, limit: int = 20) -> list[Area]:
    """Areas whose name, or their province's, holds every word of `text`; with or without diacritics.

    "duyen hai vinh long" finds Phường Duyên Hải, Tỉnh Vĩnh Long. Whole names and beginnings come first. An old
    name finds what stands in its place; `places.find` tells by which.
    """
    from webapp.areas import places

    return [found.area for found in places.find(text, on, limit)]


def any_approximate() -> bool:
    """Whether an area valid today is only approximate, so that pages must say so; 30 s old at most."""
    known = current_app.extensions.get("areas_approximate")
    if known and known[1] > time.monotonic():
        return bool(known[0])
    query = select(Area.id).where(Area.approximate.is_(True), valid_on(None)).limit(1)
    found = db.session.scalar(query) is not None
    current_app.extensions["areas_approximate"] = (found, time.monotonic() + _APPROXIMATE_FOR_S)
    return found


def outlines(
    level: str = PROVINCE,
    *,
    province: str | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    on: date | None = None,
) -> dict[str, Any]:
    """Light outlines as a GeoJSON FeatureCollection (properties code, name, parent, approximate) for the map.

    Limited to a province's communes and to areas that touch `bbox` (west, south, east, north) where given.
    """
    query = select(Area.code, Area.name, Area.parent_code, Area.approximate, Area.outline).where(
        Area.level == level, valid_on(on)
    )
    if province is not None:
        query = query.where((Area.code if level == PROVINCE else Area.parent_code) == province)
    if bbox is not None:
        west, south, east, north = bbox
        query = query.where(Area.min_lon <= east, Area.max_lon >= west)
        query = query.where(Area.min_lat <= north, Area.max_lat >= south)
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name, "parent": parent, "approximate": approximate},
            "geometry": as_geojson(outline),
        }
        for code, name, parent, approximate, outline in db.session.execute(query.order_by(Area.code))
        if outline is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def valid_on(on: date | None, area: Any = Area) -> ColumnElement[bool]:
    """SQL condition: the area was valid on a day (default: today in Vietnam)."""
    day = on or clock.today()
    return and_(area.valid_from <= day, or_(area.valid_to.is_(None), area.valid_to >= day))


def bare_name(area: Area) -> str:
    """An area's folded name without its kind: "Phường Duyên Hải" -> "duyen hai"."""
    for kind in (fold(area.kind), "thanh pho"):
        if area.folded.startswith(kind + " "):
            return area.folded[len(kind) + 1 :]
    return area.folded


def forget_caches() -> None:
    """After an import, for this process; others see it within half a minute."""
    current_app.extensions.pop("areas_approximate", None)


def _by_name(query: Select[Any]) -> list[Area]:
    return sorted(db.session.scalars(query), key=lambda area: (bare_name(area), area.code))


class _ShapeCache:
    """Prepared boundaries of the areas asked for last.

    Keyed by content as well as by row, so that an import or another database never meets an old shape. One
    lock around it all: GEOS builds the index of a prepared shape at first use, which two threads must not do.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._shapes: OrderedDict[tuple[int, str], MultiPolygon] = OrderedDict()
        self._lock = Lock()

    def covers(self, area: Area, point: Point) -> bool:
        key = (area.id, area.digest)
        with self._lock:
            shape = self._shapes.get(key)
        if shape is None:
            shape = db.session.scalar(select(Area.boundary).where(Area.id == area.id))
            if shape is None:
                return False
        with self._lock:
            shape = self._shapes.setdefault(key, shape)
            self._shapes.move_to_end(key)
            if len(self._shapes) > self._size:
                self._shapes.popitem(last=False)
            shapely.prepare(shape)
            return bool(shapely.covers(shape, point))


_shapes = _ShapeCache(MAX_CACHED_SHAPES)
