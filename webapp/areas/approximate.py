"""Approximate areas for an instance that has no boundary file yet: about four in five places are right.

The package `vietnamadminunits` on PyPI (MIT licence) carries the communes of July 2025 with a centre each,
the 10,040 former wards with centre and box, and which of these became part of which commune. Every former
ward is a handful of points, every point a Voronoi cell, and a commune is what its cells make together, cut
off at a distance from its points so that the sea and other countries belong to nobody. Only its data are
read: importing it would load its parsers and a geocoding client.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import shapely
from shapely import MultiPolygon
from sqlalchemy import select

from geo.boundaries import BoundaryError, BoundaryFeature, english_name, split_kind
from geo.outlines import as_multi, join
from geo.positions import in_vietnam
from webapp.areas import service
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.core.db import db

PACKAGE = "vietnamadminunits"
SOURCE = "vietnamadminunits 1.0.4, approximate"

# What has changed since the package's data, and one code that differs from the official list.
# Resolution 30/2026/QH16 made Đồng Nai a centrally-run city from 30 April 2026, resolution 237/NQ-UBTVQH16
# made ten of its communes wards.
NAMES_SINCE = {
    "75": "Thành phố Đồng Nai",
    "25270": "Phường Lộc Ninh",
    "25357": "Phường Tân Khai",
    "25363": "Phường Đồng Phú",
    "26116": "Phường Tân Phú",
    "26170": "Phường Trị An",
    "26248": "Phường Trảng Bom",
    "26326": "Phường Dầu Giây",
    "26368": "Phường Long Thành",
    "26425": "Phường Xuân Lộc",
    "26485": "Phường Nhơn Trạch",
}
CODES = {"06970": "06978"}  # Xã Ba Chẽ

KM_PER_DEGREE = 111.2
SPREAD = 0.3  # how far a ward's outer points stand from its middle, as a share of its half box
REACH = 1.5  # former wards farther from their commune's centre than this many of its sides are misplaced
MARGIN = 0.9  # a commune ends this many of its sides away from its points


@dataclass(frozen=True, slots=True)
class _Commune:
    code: str
    name: str
    province_code: str
    province_name: str
    lon: float
    lat: float
    side_km: float  # of a square as large as the commune

    def sides_away(self, lon: float, lat: float) -> float:
        east = (lon - self.lon) * math.cos(math.radians(lat))
        return math.hypot(east, lat - self.lat) * KM_PER_DEGREE / self.side_km


@dataclass(frozen=True, slots=True)
class _Ward:
    lon: float
    lat: float
    box: tuple[float, float, float, float] | None  # west, south, east, north

    def points(self) -> Iterator[tuple[float, float]]:
        """The middle of the ward, and four points around it where its box is of a believable size."""
        if self.box is None:
            yield self.lon, self.lat
            return
        west, south, east, north = self.box
        lon, lat = (west + east) / 2, (south + north) / 2
        dx, dy = (east - west) / 2 * SPREAD, (north - south) / 2 * SPREAD
        yield from ((lon, lat), (lon - dx, lat), (lon + dx, lat), (lon, lat - dy), (lon, lat + dy))


def load(progress: service.Progress | None = None) -> service.ImportResult | None:
    """Store approximate areas, unless the instance holds any real ones: then None.

    Flushes, does not commit. Raises BoundaryError if the package is missing.
    """
    real = select(Area.id).where(Area.approximate.is_(False), Area.valid_to.is_(None)).limit(1)
    if db.session.scalar(real) is not None:
        return None
    return service.store(
        features(), source=SOURCE, valid_from=service.TWO_LEVELS_SINCE, approximate=True, progress=progress
    )


def features() -> list[BoundaryFeature]:
    """All provinces and communes with approximate shapes, provinces first."""
    folder = data_folder()
    communes, wards = _read(folder / "dataset.db")
    sites = _sites(communes, wards, json.loads((folder / "converter_2025.json").read_text("utf-8")))
    shapes = _shapes(list(communes.values()), sites)
    found: list[BoundaryFeature] = []
    members: dict[tuple[str, str], list[MultiPolygon]] = defaultdict(list)
    for commune in communes.values():
        shape = shapes[commune.code]
        members[commune.province_code, commune.province_name].append(shape)
        found.append(_feature(commune.code, COMMUNE, commune.name, commune.province_code, shape))
    return [
        _feature(code, PROVINCE, name, None, join(parts)) for (code, name), parts in sorted(members.items())
    ] + found


def _feature(code: str, level: str, name: str, parent: str | None, shape: MultiPolygon) -> BoundaryFeature:
    kind, full = split_kind(level, name) or ("", name)
    return BoundaryFeature(code, level, kind, full, english_name(kind, full), parent, None, shape)


def data_folder() -> Path:
    """Where the package keeps its data. Raises BoundaryError if it is not installed."""
    spec = find_spec(PACKAGE)  # finds without importing
    if spec is None or not spec.submodule_search_locations:
        raise BoundaryError(PACKAGE, "the package is not installed, so there are no approximate areas")
    return Path(spec.submodule_search_locations[0]) / "data"


def _read(path: Path) -> tuple[dict[tuple[str, str], _Commune], dict[str, _Ward]]:
    """Communes by (province key, commune key), former wards by the key that the package makes for them."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        rows = connection.execute(
            "SELECT provinceKey, wardKey, wardCode, ward, provinceCode, province, wardLon, wardLat,"
            " wardAreaKm2 FROM admin_units ORDER BY wardCode"
        ).fetchall()
        former = connection.execute(
            "SELECT provinceKey, districtKey, wardKey, wardLon, wardLat, wardBounds FROM admin_units_legacy"
            " WHERE wardLon IS NOT NULL AND wardLat IS NOT NULL"
        ).fetchall()
    communes = {
        (row[0], row[1]): _Commune(
            CODES.get(row[2], row[2]),
            NAMES_SINCE.get(row[2], row[3]),
            row[4],
            NAMES_SINCE.get(row[4], row[5]),
            row[6],
            row[7],
            math.sqrt(max(row[8] or 50.0, 1.0)),
        )
        for row in rows
    }
    wards = {f"{p}_{d}_{w or ''}": _Ward(lon, lat, _box(box)) for p, d, w, lon, lat, box in former}
    return communes, wards


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    """(west, south, east, north) of a text "south,west – north,east"; None where it is no believable ward."""
    try:
        (south, west), (north, east) = (
            (float(a), float(b)) for a, b in (corner.split(",") for corner in (text or "").split("–"))
        )
    except ValueError:
        return None
    across = math.hypot((east - west) * math.cos(math.radians(south)), north - south) * KM_PER_DEGREE
    return (west, south, east, north) if 1.5 < across < 60 else None


def _sites(
    communes: dict[tuple[str, str], _Commune],
    wards: dict[str, _Ward],
    converter: dict[str, dict[str, dict[str, list]]],
) -> dict[tuple[float, float], str]:
    """Which commune each point belongs to. Of points in the same place the first stays."""
    heirs: dict[str, list[_Commune]] = defaultdict(list)
    for province, by_commune in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for key, parts in by_commune.items():
            for part in parts:
                heirs[part].append(communes[province, key])
    for province, by_ward in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for part, targets in by_ward.items():
            # The default one first: it tells below whether the ward's position can be right.
            for target in sorted(targets, key=lambda t: not t["isDefaultNewWard"]):
                heirs[part].append(communes[province, target["newWardKey"]])
    sites = {(c.lon, c.lat): c.code for c in communes.values() if in_vietnam(c.lon, c.lat)}
    for key, candidates in sorted(heirs.items()):
        ward = wards.get(key)
        if ward is None or candidates[0].sides_away(ward.lon, ward.lat) > REACH:
            continue
        for lon, lat in ward.points():
            nearest = min(candidates, key=lambda c: c.sides_away(lon, lat))
            if in_vietnam(lon, lat):
                sites.setdefault((lon, lat), nearest.code)
    return sites


def _shapes(communes: list[_Commune], sites: dict[tuple[float, float], str]) -> dict[str, MultiPolygon]:
    """The shape of each commune: its cells as one, cut off at a distance from its points."""
    places = shapely.multipoints(np.array(list(sites)))
    cells = shapely.get_parts(shapely.voronoi_polygons(places, ordered=True))
    of_commune: dict[str, list[int]] = defaultdict(list)
    for index, code in enumerate(sites.values()):
        of_commune[code].append(index)
    points = shapely.get_parts(places)
    shapes = {}
    for commune in communes:
        own = of_commune[commune.code]
        reach = commune.side_km * MARGIN / KM_PER_DEGREE
        near = shapely.buffer(shapely.convex_hull(shapely.multipoints(points[own])), reach, quad_segs=4)
        whole = shapely.coverage_union_all(cells[own])
        # Six digits, 0.1 m, on one grid: neighbours keep the same corners.
        cut = shapely.set_precision(shapely.intersection(whole, near), 1e-6)
        shapes[commune.code] = as_multi(cut)
    return shapes
