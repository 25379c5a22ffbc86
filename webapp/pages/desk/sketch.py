"""A still map of a case: the commune's outline and the place, or where none is known, the cases that may be the same.
Plain SVG, no script, no tiles."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import undefer

from webapp.areas.models import COMMUNE, Area
from webapp.core.db import db
from webapp.pages.desk.nearby import Neighbour, Sign, path, place

WIDTH, HEIGHT, PAD = 360, 240, 12


@dataclass(frozen=True, slots=True)
class Sketch:
    """Path data and points in the drawing's own units."""

    path: str
    here: tuple[float, float] | None
    signs: list[Sign]  # cases around, where the place itself is not known; else they have a drawing of their own
    km: float  # what the scale bar stands for
    bar: float  # its length
    width: int = WIDTH
    height: int = HEIGHT


def outline(commune_code: str | None) -> BaseGeometry | None:
    """The commune's own, None where it is not known."""
    if not commune_code:
        return None
    area = db.session.scalars(
        select(Area)
        .options(undefer(Area.outline))
        .where(Area.code == commune_code, Area.level == COMMUNE)
        .order_by(Area.valid_from.desc())
        .limit(1)
    ).first()
    return area.outline if area is not None else None


def sketch(shape: BaseGeometry | None, here: tuple[float, float] | None, around: list[Neighbour]) -> Sketch | None:
    """The drawing for a place (lon, lat); None where there is no commune to draw."""
    if shape is None:
        return None
    west, south, east, north = _box(shape, here)
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
        path=path(shape, at),
        here=at(*here) if here else None,
        signs=[] if here else place([(one, at(*one.at)) for one in around if one.at], [], WIDTH, HEIGHT),
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
