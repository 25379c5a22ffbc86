"""The map's own base: outlines of provinces and communes, small enough for a phone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import Any

import numpy as np
import orjson
import shapely
from flask import Response, request
from sqlalchemy import func, select

from geo.outlines import as_multi
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.core.db import db
from webapp.pages.public.filters import PROBLEMS, read_bbox
from webapp.pages.public.shared import pack, refused, shared_bytes

# What is left out, and the grid that corners are put on, in degrees. Far out a pixel is a kilometre or more.
FAR_TOLERANCE, FAR_GRID, NEAR_GRID = 0.008, 500, 10_000
MAX_BOX = 6.0  # square degrees of communes in one answer: about the four largest provinces
NEVER_DROPPED = {"48", "56"}  # Đà Nẵng with Hoàng Sa and Khánh Hòa with Trường Sa keep their smallest islands
MAX_KEPT = 64

HOUR = "public, max-age=3600, stale-while-revalidate=86400"
YEAR = "public, max-age=31536000, immutable"

# The two archipelagos are on every map, whatever boundaries are imported, as Vietnam's: Law of the Sea of
# Vietnam 18/2012/QH13, articles 1 and 19; Law on Surveying and Mapping 27/2018/QH14. (lon, lat) rounded.
ARCHIPELAGOS: tuple[dict[str, Any], ...] = (
    {
        "name": "Quần đảo Hoàng Sa",
        "province": "48",
        "note": "TP. Đà Nẵng, Việt Nam",
        "lon": 112.0,
        "lat": 16.45,
        "islands": (
            (111.61, 16.53), (112.34, 16.83), (111.20, 15.78), (112.73, 16.67), (111.71, 16.45),
            (111.59, 16.45), (111.78, 16.58), (112.33, 16.95),
        ),
    },
    {
        "name": "Quần đảo Trường Sa",
        "province": "56",
        "note": "tỉnh Khánh Hòa, Việt Nam",
        "lon": 113.6,
        "lat": 9.6,
        "islands": (
            (111.92, 8.64), (114.33, 11.43), (114.37, 10.18), (114.33, 9.89), (112.92, 7.89), (114.48, 10.38),
            (114.37, 10.38), (115.80, 10.73), (112.23, 8.97), (113.85, 7.38), (111.67, 8.15), (114.30, 11.05),
        ),
    },
)  # fmt: skip


def version() -> str:
    """Changes with every import, and only then."""
    latest, rows = db.session.execute(select(func.max(Area.imported_at), func.count(Area.id))).one()
    return f"{int(latest.timestamp()):x}-{rows}" if latest else "0"


def answer() -> Response:
    """`/map/areas.json`: level=province (the whole country, lightly), or level=commune with province=CODE or
    bbox=west,south,east,north.

    Rings are whole numbers of 1/scale degree, the first corner (lon, lat) and then differences.
    """
    level = request.args.get("level", PROVINCE)
    province = request.args.get("province", "")
    raw_box = request.args.get("bbox", "")
    problems: dict[str, str] = {}
    if level not in (PROVINCE, COMMUNE):
        problems["level"] = f"{PROBLEMS['unknown']}; one of {PROVINCE}, {COMMUNE}"
    if province and not (province.isascii() and province.isdigit() and len(province) <= 8):
        problems["province"] = PROBLEMS["bad"]
    box = read_bbox(raw_box) if raw_box else None
    if raw_box and box is None:
        problems["bbox"] = PROBLEMS["bbox"]
    if level == COMMUNE and not problems:
        if not province and box is None:
            problems["level"] = "communes need province or bbox"
        elif not province and box and (box[2] - box[0]) * (box[3] - box[1]) > MAX_BOX:
            problems["bbox"] = f"larger than {MAX_BOX:g} square degrees"
    unknown = set(request.args) - {"level", "province", "bbox", "v"}
    problems |= {name[:40]: PROBLEMS["parameter"] for name in sorted(unknown)}
    problems |= {name[:40]: PROBLEMS["repeated"] for name, given in request.args.lists() if len(given) > 1}
    if problems:
        return refused(problems)
    if box is not None:
        # Outwards to a grid, so that a map that moves a little asks for the same again.
        box = tuple(np.concatenate([np.floor(np.multiply(box[:2], 4)), np.ceil(np.multiply(box[2:], 4))]) / 4)
    now = version()
    data, packed = _kept((now, level, province, box), lambda: _body(level, province, box))
    return shared_bytes(data, YEAR if request.args.get("v") == now else HOUR, packed=packed)


def _body(level: str, province: str, box: tuple[float, float, float, float] | None) -> bytes:
    query = select(
        Area.code, Area.level, Area.name, Area.parent_code, Area.point_lon, Area.point_lat, Area.outline
    ).where(areas.valid_on(None))
    if box is not None:
        west, south, east, north = box
        query = query.where(Area.min_lon <= east, Area.max_lon >= west)
        query = query.where(Area.min_lat <= north, Area.max_lat >= south)
    if level == PROVINCE:
        query = query.where(Area.level == PROVINCE)
        if province:
            query = query.where(Area.code == province)
    else:
        own = (Area.level == COMMUNE) & (Area.parent_code == province)
        itself = (Area.level == PROVINCE) & (Area.code == province)
        query = query.where(own | itself if province else Area.level == COMMUNE)
    rows = db.session.execute(query.order_by(Area.level.desc(), Area.code)).all()
    shapes = [row.outline for row in rows]
    far = level == PROVINCE and not province
    if far:
        shapes = _lighter([row.code for row in rows], shapes)
    grid = FAR_GRID if far else NEAR_GRID
    found = [
        {
            "code": row.code,
            "level": row.level,
            "name": row.name,
            "parent": row.parent_code,
            "label": [round(row.point_lon, 4), round(row.point_lat, 4)],
            "rings": _rings(shape, grid),
        }
        for row, shape in zip(rows, shapes, strict=True)
        if shape is not None
    ]
    return orjson.dumps({"scale": grid, "areas": found})


def _lighter(codes: list[str], shapes: list[Any]) -> list[Any]:
    """Shapes for the whole country: together simplified, islands that would be less than a dot left out."""
    present = [i for i, shape in enumerate(shapes) if shape is not None]
    light = list(shapes)
    if present:
        simple = shapely.coverage_simplify(np.array([shapes[i] for i in present], dtype=object), FAR_TOLERANCE)
        for i, shape in zip(present, simple, strict=True):
            whole = as_multi(shape)
            largest = max((part.area for part in whole.geoms), default=0.0)
            kept = [p for p in whole.geoms if p.area > 4e-4 or p.area == largest or codes[i] in NEVER_DROPPED]
            light[i] = shapely.MultiPolygon(kept)
    return light


def _rings(shape: Any, grid: int) -> list[list[int]]:
    rings = []
    for part in shape.geoms:
        for ring in (part.exterior, *part.interiors):
            points = np.round(shapely.get_coordinates(ring) * grid).astype(np.int64)
            steps = np.diff(points, axis=0)
            moved = (steps != 0).any(axis=1)
            if moved.sum() < 3:
                continue
            rings.append(np.concatenate([points[:1], steps[moved]]).ravel().tolist())
    return rings


def bounds(code: str, level: str) -> list[float] | None:
    """[west, south, east, north] of an area that is valid today."""
    row = db.session.execute(
        select(Area.min_lon, Area.min_lat, Area.max_lon, Area.max_lat).where(
            Area.code == code, Area.level == level, areas.valid_on(None)
        )
    ).first()
    return [round(float(value), 4) for value in row] if row else None


def province_boxes() -> list[list[Any]]:
    """[code, west, south, east, north] of every province."""
    rows: Iterable[Any] = db.session.execute(
        select(Area.code, Area.min_lon, Area.min_lat, Area.max_lon, Area.max_lat)
        .where(Area.level == PROVINCE, areas.valid_on(None))
        .order_by(Area.code)
    )
    return [[row[0], *(round(float(value), 2) for value in row[1:])] for row in rows]


_bodies: OrderedDict[Any, tuple[bytes, bytes]] = OrderedDict()
_lock = Lock()


def _kept(key: Any, make: Any) -> tuple[bytes, bytes]:
    """What was made under this key, plain and packed; made once, the latest few kept in memory."""
    # The database is part of the key: one process may serve several instances in tests.
    key = (str(db.engine.url), *key)
    with _lock:
        if key in _bodies:
            _bodies.move_to_end(key)
            return _bodies[key]
    data = make()
    value = (data, pack(data))
    with _lock:
        _bodies[key] = value
        while len(_bodies) > MAX_KEPT:
            _bodies.popitem(last=False)
    return value
