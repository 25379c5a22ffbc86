"""Spatial SQL for PostgreSQL, the only place that builds any. SQLite has none: see `webapp.areas.queries`."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, Float, Integer, func, literal

SRID = 4326


def covers_point(boundary: Any, lon: float, lat: float) -> ColumnElement[bool]:
    """SQL condition: the PostGIS column `boundary` covers the position in degrees, its edge included."""
    point = func.ST_SetSRID(func.ST_MakePoint(literal(lon, Float), literal(lat, Float)), literal(SRID, Integer))
    return func.ST_Covers(boundary, point)


def in_box(column: Any, west: float, south: float, east: float, north: float) -> ColumnElement[bool]:
    """SQL condition: the PostGIS column touches a box in degrees; answered by its index alone."""
    edges = (literal(edge, Float) for edge in (west, south, east, north))
    return cast("ColumnElement[bool]", column.op("&&")(func.ST_MakeEnvelope(*edges, literal(SRID, Integer))))


def distance_from(column: Any, lon: float, lat: float) -> ColumnElement[float]:
    """SQL expression to order by, nearest first; the index hands the rows out in this order (KNN)."""
    point = func.ST_SetSRID(func.ST_MakePoint(literal(lon, Float), literal(lat, Float)), literal(SRID, Integer))
    return cast("ColumnElement[float]", column.op("<->")(point))
