"""Spatial SQL for PostgreSQL, the only place that builds any. SQLite has none: see `webapp.areas.queries`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, func, literal

SRID = 4326


def covers_point(boundary: Any, lon: float, lat: float) -> ColumnElement[bool]:
    """SQL condition: the PostGIS column `boundary` covers the position in degrees, its edge included."""
    point = func.ST_SetSRID(func.ST_MakePoint(literal(lon, Float), literal(lat, Float)), literal(SRID, Integer))
    return func.ST_Covers(boundary, point)
