"""Read administrative boundaries from files: checked feature by feature, refused whole at the first fault.

Two layouts: a GeoJSON FeatureCollection, plain or gzip; and, in a zip or a folder, that of the public
dataset `thanglequoc/vietnamese-provinces-database`: `NN_name/NN_name.geojson` for a province,
`NN_name/wards/CODE_name.geojson` for a commune. Nothing is repaired in silence: a boundary decides who is
responsible for a place, so a broken one goes back to its author.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon

from geo import sources
from geo.positions import EAST, NORTH, SOUTH, WEST

PROVINCE, COMMUNE = "province", "commune"

# Kinds as they are stored, by the words that a name or a kind begins with. Thị trấn ended on 1 July 2025.
KINDS: Mapping[str, Mapping[str, str]] = {
    PROVINCE: {"tỉnh": "Tỉnh", "thành phố": "Thành phố trực thuộc trung ương"},
    COMMUNE: {"phường": "Phường", "xã": "Xã", "đặc khu": "Đặc khu", "thị trấn": "Thị trấn"},
}
ENGLISH_KINDS = {
    "Tỉnh": "Province",
    "Thành phố trực thuộc trung ương": "City",
    "Phường": "Ward",
    "Xã": "Commune",
    "Đặc khu": "Special Administrative Region",
    "Thị trấn": "Township",
}
_CODE = {PROVINCE: re.compile(r"[0-9]{2}"), COMMUNE: re.compile(r"[0-9]{5}")}
MAX_NAME = 80


class BoundaryError(ValueError):
    """The file is refused: `feature` names what is at fault (or the file), `reason` says why."""

    def __init__(self, feature: str, reason: str) -> None:
        super().__init__(f"{feature}: {reason}")
        self.feature = feature
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BoundaryFeature:
    """One checked area. `name` carries its kind ("Phường Duyên Hải"); the geometry is valid, lon and lat."""

    code: str
    level: str
    kind: str
    name: str
    name_en: str
    parent_code: str | None
    parent_name: str | None  # where the file names the province of a commune
    geometry: MultiPolygon


def read(path: Path, known_provinces: Collection[str] = ()) -> Iterator[BoundaryFeature]:
    """The areas of a file or folder, in its order.

    `known_provinces` are codes that communes may belong to besides the provinces of the file itself; a
    commune that comes with its province's name is accepted too. Raises BoundaryError at the first fault, some
    (no areas at all, an unknown province) only at the end: use nothing before the iterator is exhausted.
    """
    seen: set[tuple[str, str]] = set()
    orphans: dict[str, str] = {}  # province code -> a commune that needs it
    try:
        for entry in sources.entries(path):
            feature = check(entry)
            key = (feature.level, feature.code)
            if key in seen:
                raise BoundaryError(_label(entry), f"the code {feature.code} comes twice")
            seen.add(key)
            if feature.parent_code and not feature.parent_name:
                orphans.setdefault(feature.parent_code, _label(entry))
            yield feature
    except sources.SourceError as error:
        raise BoundaryError(error.where, error.reason) from error
    if not seen:
        raise BoundaryError(path.name, "there are no areas in it")
    for code, label in orphans.items():
        if code not in known_provinces and (PROVINCE, code) not in seen:
            raise BoundaryError(label, f"its province {code} is neither in the file nor known")


def check(entry: sources.Entry) -> BoundaryFeature:
    """The area in one entry of a source. Raises BoundaryError with the reason if it is faulty."""
    label = _label(entry)
    properties = entry.properties
    level = entry.level or properties.get("level") or _level_of_code(properties.get("code"))
    if not isinstance(level, str) or level not in KINDS:
        raise BoundaryError(label, f"level is {level!r:.40}; it must be province or commune")
    code = properties.get("code")
    if not isinstance(code, str) or not _CODE[level].fullmatch(code):
        digits = "2 digits" if level == PROVINCE else "5 digits"
        raise BoundaryError(label, f"code is {code!r:.40}; the code of a {level} is a text of {digits}")
    if entry.code and entry.code != code:
        raise BoundaryError(label, f"code is {code}, but the file's name says {entry.code}")
    name, kind = _name_and_kind(label, level, properties)
    parent = parent_name = None
    if level == COMMUNE:
        parent = entry.parent_code or properties.get("province_code")
        if not isinstance(parent, str) or not _CODE[PROVINCE].fullmatch(parent):
            raise BoundaryError(label, f"province_code is {parent!r:.40}; it must be a text of 2 digits")
        if properties.get("province"):
            parent_name = _text(label, "province", properties["province"])
    english = properties.get("fullNameEn") or properties.get("name_en") or properties.get("nameEn")
    name_en = _text(label, "name_en", english) if english else english_name(kind, name)
    return BoundaryFeature(code, level, kind, name, name_en, parent, parent_name, _geometry(label, entry.geometry))


def split_kind(level: str, name: str) -> tuple[str, str] | None:
    """(kind, name with its kind capitalised) of a full name such as "xã Bắc Sơn"; None without a kind."""
    for words, kind in KINDS[level].items():
        if name.casefold().startswith(words + " ") and len(name) > len(words) + 1:
            return kind, words.capitalize() + name[len(words) :]
    return None


def english_name(kind: str, name: str) -> str:
    """The English name of an area that came without one: "Phường Duyên Hải" -> "Duyen Hai Ward"."""
    words = next((w for kinds in KINDS.values() for w, k in kinds.items() if k == kind), "")
    bare = name[len(words) :].strip() if name.casefold().startswith(words) else name
    return f"{plain_ascii(bare)} {ENGLISH_KINDS[kind]}"


def plain_ascii(text: str) -> str:
    """`text` without diacritics, its capitals kept: "Duyên Hải" -> "Duyen Hai"."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in bare if not unicodedata.combining(c))


def _label(entry: sources.Entry) -> str:
    parts = [str(entry.properties[k])[:60] for k in ("code", "fullName", "name") if entry.properties.get(k)]
    return f"{entry.where} ({' '.join(parts[:2])})" if parts else entry.where


def _level_of_code(code: Any) -> str | None:
    levels = [level for level, form in _CODE.items() if isinstance(code, str) and form.fullmatch(code)]
    return levels[0] if levels else None


def _name_and_kind(label: str, level: str, properties: Mapping[str, Any]) -> tuple[str, str]:
    name = _text(label, "name", properties.get("fullName") or properties.get("name"))
    split = split_kind(level, name)
    if split is None:
        # The kind stands apart: "Duyên Hải" with kind "Phường".
        given = _text(label, "kind", properties.get("kind"))
        words = next((w for w in KINDS[level] if (given.casefold() + " ").startswith(w + " ")), None)
        if words is None:
            known = ", ".join(KINDS[level].values())
            raise BoundaryError(label, f"kind is {given!r:.40}; a {level} is one of: {known}")
        split = KINDS[level][words], f"{words.capitalize()} {name}"
    return split[1], split[0]


def _text(label: str, key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BoundaryError(label, f"{key} is missing")
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > MAX_NAME:
        raise BoundaryError(label, f"{key} is longer than {MAX_NAME} characters")
    if any(unicodedata.category(c).startswith("C") for c in text):
        raise BoundaryError(label, f"{key} has control characters in it")
    return text


def _geometry(label: str, geometry: Any) -> MultiPolygon:
    if not isinstance(geometry, Mapping):
        raise BoundaryError(label, "it has no geometry")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):  # not a set: it may be anything, a list too
        raise BoundaryError(label, f"its geometry is a {kind!r:.40}, not a Polygon or MultiPolygon")
    polygons: Any = [coordinates] if kind == "Polygon" else coordinates
    if not polygons:
        raise BoundaryError(label, "its geometry is empty")
    try:
        shape = shapely.multipolygons([_polygon(label, rings) for rings in polygons])
    except BoundaryError:
        raise
    except (TypeError, ValueError, IndexError, shapely.GEOSException) as error:
        raise BoundaryError(label, f"its coordinates do not make a polygon ({str(error)[:80]})") from error
    if not shape.is_valid:
        raise BoundaryError(label, f"its geometry is not valid: {shapely.is_valid_reason(shape)}")
    return shape


def _polygon(label: str, rings: Any) -> Any:
    outer, *holes = [shapely.linearrings(_ring(label, ring)) for ring in rings]
    return shapely.polygons(outer, holes=holes or None)


def _ring(label: str, ring: Any) -> np.ndarray:
    """A closed ring as an array of lon, lat."""
    points = np.asarray(ring)
    if points.ndim != 2 or points.shape[1] not in {2, 3} or points.dtype.kind not in "fi" or len(points) < 4:
        raise BoundaryError(label, "its coordinates are not rings of at least four [lon, lat] pairs")
    points = points[:, :2].astype(float)
    if not np.isfinite(points).all():
        raise BoundaryError(label, "a coordinate is not a number")
    if (points[0] != points[-1]).any():
        raise BoundaryError(label, "a ring of its geometry is not closed")
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    if west >= SOUTH and east <= NORTH and south >= WEST and north <= EAST:
        raise BoundaryError(label, f"longitude and latitude look swapped ({west:.7g}, {south:.7g})")
    if west < WEST or east > EAST or south < SOUTH or north > NORTH:
        raise BoundaryError(
            label,
            f"a coordinate lies outside Vietnam (lon {west:.7g} to {east:.7g}, lat {south:.7g} to {north:.7g})",
        )
    return points
