"""A still map of a case: the commune's outline, the place, cases near by. Plain SVG, no script, no tiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import undefer

from webapp.areas.models import COMMUNE, Area
from webapp.core.db import db

WIDTH, HEIGHT, PAD = 360, 240, 12


@dataclass(frozen=True, slots=True)
class Sketch:
    """Path data and points in the drawing's own units."""

    path: str
    here: tuple[float, float] | None
    others: list[tuple[float, float]]
    km: float  # what the scale bar stands for
    bar: float  # its length
    width: int = WIDTH
    height: int = HEIGHT


def sketch(
    commune_code: str | None, here: tuple[float, float] | None, others: list[tuple[float, float]]
) -> Sketch | None:
    """The drawing for a place (lon, lat); None where there is no commune to draw."""
    if not commune_code:
        return None
    area = db.session.scalars(
        select(Area)
        .options(undefer(Area.outline))
        .where(Area.code == commune_code, Area.level == COMMUNE)
        .order_by(Area.valid_from.desc())
        .limit(1)
    ).first()
    if area is None or area.outline is None:
        return None
    west, south, east, north = _box(area.outline, here)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, tall = max((east - west) * squeeze, 1e-6), max(north - south, 1e-6)
    scale = min((WIDTH - 2 * PAD) / wide, (HEIGHT - 2 * PAD) / tall)
    left, top = (WIDTH - wide * scale) / 2, (HEIGHT - tall * scale) / 2

    def at(lon: float, lat: float) -> tuple[float, float]:
        x, y = left + (lon - west) * squeeze * scale, top + (north - lat) * scale
        return round(x, 1), round(y, 1)

    km_units = scale / 111.195
    km = next((k for k in (20.0, 10.0, 5.0, 2.0, 1.0, 0.5) if k * km_units <= WIDTH / 3), 0.5)
    return Sketch(
        path=_path(area.outline, at),
        here=at(*here) if here else None,
        others=[at(lon, lat) for lon, lat in others],
        km=km,
        bar=round(km * km_units, 1),
    )


def _box(outline: BaseGeometry, here: tuple[float, float] | None) -> tuple[float, float, float, float]:
    """Around the outline, and around the place too unless it lies far away."""
    west, south, east, north = outline.bounds
    if here is not None and abs(here[0] - west) < 1 and abs(here[1] - south) < 1:
        west, east = min(west, here[0]), max(east, here[0])
        south, north = min(south, here[1]), max(north, here[1])
    return west, south, east, north


def _path(outline: BaseGeometry, at: object) -> str:
    parts = []
    for polygon in shapely.get_parts(outline):
        for ring in (polygon.exterior, *polygon.interiors):
            points = [at(x, y) for x, y in ring.coords]  # type: ignore[operator]
            parts.append("M" + "L".join(f"{x} {y}" for x, y in points) + "Z")
    return "".join(parts)
