"""Lighter outlines for maps, and joining neighbours into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon

# Roughly the side, in degrees, of the details that are left out: 100 m for communes, seen when near; 300 m
# for provinces, seen when far.
TOLERANCE = {"commune": 0.001, "province": 0.003}


def outlines_of(shapes: Sequence[MultiPolygon], level: str) -> list[MultiPolygon]:
    """Simplified shapes in the same order; edges shared by two of them stay shared.

    Where neighbours do not quite meet (348 communes of the public dataset), the two edges are simplified
    each on its own, as outer edges are: nothing is refused for that, a hairline on a map harms nobody, and
    who is responsible is decided by the full boundary. A shape that comes out invalid stays as it was.
    """
    whole = np.array(shapes, dtype=object)
    light = shapely.coverage_simplify(whole, TOLERANCE[level])
    usable = shapely.is_valid(light) & ~shapely.is_empty(light)
    return [as_multi(light[i] if usable[i] else whole[i]) for i in range(len(whole))]


def join(shapes: Sequence[MultiPolygon]) -> MultiPolygon:
    """One shape of many neighbours.

    Those whose edges meet exactly are joined along them, which is fast; the few others by general overlay.
    """
    whole = np.array(shapes, dtype=object)
    meeting = shapely.is_empty(shapely.coverage_invalid_edges(whole))
    parts = list(whole[~meeting])
    if meeting.any():
        parts.append(shapely.coverage_union_all(whole[meeting]))
    return as_multi(parts[0] if len(parts) == 1 else shapely.union_all(parts))


def as_multi(shape: Any) -> MultiPolygon:
    """A polygonal shape as MultiPolygon; lines and points that an overlay left behind are dropped."""
    if isinstance(shape, MultiPolygon):
        return shape
    parts = [p for p in shapely.get_parts(shape) if p.geom_type in {"Polygon", "MultiPolygon"}]
    return MultiPolygon([p for part in parts for p in shapely.get_parts(part)])


def as_geojson(shape: MultiPolygon, digits: int = 5) -> dict[str, Any]:
    """GeoJSON geometry for drawing, rounded (5 digits: about a metre), repeated points left out."""
    polygons = []
    for part in shape.geoms:
        rings = [_rounded(part.exterior, digits), *(_rounded(hole, digits) for hole in part.interiors)]
        if rings[0]:
            polygons.append([ring for ring in rings if ring])
    return {"type": "MultiPolygon", "coordinates": polygons}


def _rounded(ring: Any, digits: int) -> list[list[float]]:
    points = np.round(shapely.get_coordinates(ring), digits)
    fresh = np.ones(len(points), dtype=bool)
    fresh[1:] = (points[1:] != points[:-1]).any(axis=1)
    kept: list[list[float]] = points[fresh].tolist()
    return kept if len(kept) >= 4 else []
