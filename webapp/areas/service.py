"""Take in administrative areas: compare with what is there, close what ended, open what is new.

Everything happens in the caller's transaction, so that an import is whole or not at all. Rows are closed,
never deleted; a row that turns out never to have been valid (an approximate one that a real one replaces from
the same day on) ends the day before it began.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import shapely
from shapely import MultiPolygon, Point
from sqlalchemy import select, update

from geo import boundaries
from geo.boundaries import BoundaryError, BoundaryFeature
from geo.outlines import join, outlines_of
from webapp.areas import queries
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.text import fold

# The day on which Vietnam went over to two levels, with 34 provinces (resolution 202/2025/QH15 and its kin).
TWO_LEVELS_SINCE = date(2025, 7, 1)
# Marks provinces that were put together from their communes, so that a later import may do so anew.
DISSOLVED = " (joined from communes)"

Progress = Callable[[str, int, int | None], None]
# What to do with communes of a covered province that the file lacks: retire them but refuse the file if
# that would be more than half of a province ("check"), retire them all the same, or keep them.
Missing = Literal["check", "retire", "keep"]


@dataclass(slots=True)
class ImportResult:
    """What an import did, counted by level ("province", "commune")."""

    added: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    retired: Counter[str] = field(default_factory=Counter)
    corrected: int = 0  # of the changed ones: rewritten in place, because they are valid from the same day

    @property
    def touched(self) -> int:
        return self.added.total() + self.changed.total() + self.retired.total()

    def as_data(self) -> dict[str, Any]:
        """For the record of events."""
        names = ("added", "changed", "unchanged", "retired")
        return {n: dict(getattr(self, n)) for n in names} | {"corrected": self.corrected}


@dataclass(frozen=True, slots=True)
class _Placed:
    feature: BoundaryFeature
    row: Area
    written: bool


def import_boundaries(
    path: Path,
    *,
    source: str = "",
    valid_from: date = TWO_LEVELS_SINCE,
    missing: Missing = "check",
    progress: Progress | None = None,
) -> ImportResult:
    """Import a boundary file or folder (see `geo.boundaries`) as the state of things from `valid_from` on.

    Provinces of which the file has only communes are joined from these, unless a real one is known. Importing
    the same again changes nothing. Flushes, does not commit; raises BoundaryError with the feature and the
    reason if the file is refused, and then the caller must roll back.
    """
    known = set(db.session.scalars(select(Area.code).where(Area.level == PROVINCE, Area.valid_to.is_(None))))
    features: list[BoundaryFeature] = []
    for feature in boundaries.read(path, known):
        features.append(feature)
        if progress and len(features) % 250 == 0:
            progress("read", len(features), None)
    label = (source or path.name)[: 120 - len(DISSOLVED)]
    return store(features, source=label, valid_from=valid_from, missing=missing, progress=progress)


def store(
    features: list[BoundaryFeature],
    *,
    source: str,
    valid_from: date,
    approximate: bool = False,
    missing: Missing = "check",
    progress: Progress | None = None,
) -> ImportResult:
    """Bring the areas in line with checked features; see `import_boundaries`. One event if any changed."""
    result = ImportResult()
    history = _history()
    placed: list[_Placed] = []
    for feature in features:
        placed.append(_place(feature, history, result, source=source, valid_from=valid_from, approximate=approximate))
        if progress and len(placed) % 250 == 0:
            progress("compare", len(placed), len(features))
    if missing != "keep":
        _retire(features, history, result, valid_from, missing)
    written_in = {p.feature.parent_code for p in placed if p.written}
    for province in _joined_provinces(features, history, result, written_in, missing):
        placed.append(
            _place(
                province,
                history,
                result,
                source=source + DISSOLVED,
                valid_from=valid_from,
                approximate=approximate,
            )
        )
    if result.touched:
        _outline(placed, progress)
        events.append(
            "areas",
            "areas:imported",
            events.SYSTEM,
            source=source,
            valid_from=valid_from.isoformat(),
            approximate=approximate,
            **result.as_data(),
        )
    queries.forget_caches()
    return result


def digest_of(feature: BoundaryFeature) -> str:
    """SHA-256, in hex, over names, kind, parent and boundary, wherever its rings begin."""
    words = "\x1f".join(
        (feature.level, feature.code, feature.kind, feature.name, feature.name_en, feature.parent_code or "")
    )
    shape = shapely.to_wkb(shapely.normalize(feature.geometry), byte_order=1)
    return hashlib.sha256(words.encode() + b"\x1e" + shape).hexdigest()


def _history() -> dict[tuple[str, str], list[Area]]:
    """All rows by level and code, oldest first."""
    grouped: dict[tuple[str, str], list[Area]] = defaultdict(list)
    for row in db.session.scalars(select(Area).order_by(Area.valid_from)):
        grouped[row.level, row.code].append(row)
    return grouped


def _place(
    feature: BoundaryFeature,
    history: dict[tuple[str, str], list[Area]],
    result: ImportResult,
    *,
    source: str,
    valid_from: date,
    approximate: bool,
) -> _Placed:
    """Make sure that a row stands for `feature` from `valid_from` on; count what that took."""
    digest = digest_of(feature)
    versions = history[feature.level, feature.code]
    same_day = next((v for v in versions if v.valid_from == valid_from), None)
    real = [v for v in versions if not _never_valid(v)]
    latest = real[-1] if real else None
    open_now = latest is not None and latest.valid_to is None
    if latest and open_now and latest.digest == digest and latest.approximate == approximate:
        result.unchanged[feature.level] += 1
        return _Placed(feature, latest, False)
    if latest and latest.valid_from > valid_from:
        later = [v for v in real if v.valid_from > valid_from]
        if not (open_now and not approximate and all(v.approximate for v in later)):
            raise BoundaryError(
                f"{feature.code} {feature.name}",
                f"a later state, valid from {latest.valid_from:%Y-%m-%d}, is already there; "
                "import older states first, or give a later --valid-from",
            )
        # Real boundaries take the place of all approximate ones since. What these were called in between is
        # said again by the plan that renamed them (`reorganisations.service.again`).
        same_day = same_day or later[0]
        for version in later:
            if version is not same_day:
                version.valid_to = version.valid_from - timedelta(days=1)
    elif latest and not open_now and latest is not same_day and latest.valid_to >= valid_from:  # type: ignore[operator]
        raise BoundaryError(
            f"{feature.code} {feature.name}",
            f"it ended on {latest.valid_to:%Y-%m-%d}; give a later --valid-from to open it again",
        )
    counted = result.changed if open_now else result.added
    counted[feature.level] += 1
    if same_day is not None:
        row = same_day
        result.corrected += open_now
    else:
        row = Area()
        db.session.add(row)
        versions.append(row)
    if latest and open_now and latest is not row:
        latest.valid_to = valid_from - timedelta(days=1)
    row.approximate = approximate
    _fill(row, feature, digest=digest, source=source, valid_from=valid_from)
    return _Placed(feature, row, True)


def _never_valid(row: Area) -> bool:
    return row.valid_to is not None and row.valid_to < row.valid_from


def _fill(row: Area, feature: BoundaryFeature, *, digest: str, source: str, valid_from: date) -> None:
    point = _label_point(feature.geometry)
    row.code, row.level, row.kind = feature.code, feature.level, feature.kind
    row.name, row.name_en, row.folded = feature.name, feature.name_en, fold(feature.name)
    row.parent_code = feature.parent_code
    row.valid_from, row.valid_to = valid_from, None
    row.source, row.digest = source, digest
    row.min_lon, row.min_lat, row.max_lon, row.max_lat = feature.geometry.bounds
    row.point_lon, row.point_lat = point.x, point.y
    row.imported_at = clock.now()
    row.boundary = feature.geometry
    row.outline = None


def _label_point(shape: MultiPolygon) -> Point:
    """The centroid of the largest part where that lies inside of it, else some point well inside."""
    largest = max(shape.geoms, key=lambda part: part.area)
    centre = largest.centroid
    return centre if largest.contains(centre) else largest.representative_point()


def _retire(
    features: list[BoundaryFeature],
    history: dict[tuple[str, str], list[Area]],
    result: ImportResult,
    valid_from: date,
    missing: Missing,
) -> None:
    """Close the communes that the file lacks, in the provinces of which it has communes."""
    present = {f.code for f in features if f.level == COMMUNE}
    covered = {f.parent_code for f in features if f.level == COMMUNE}
    leaving: dict[str | None, list[Area]] = defaultdict(list)
    total: Counter[str | None] = Counter()
    for (level, code), versions in history.items():
        row = next((v for v in reversed(versions) if v.valid_to is None), None)
        if level != COMMUNE or row is None or row.parent_code not in covered:
            continue
        total[row.parent_code] += 1
        if code not in present:
            leaving[row.parent_code].append(row)
    for province, rows in leaving.items():
        if missing == "check" and len(rows) * 2 > total[province]:
            raise BoundaryError(
                f"province {province}",
                f"{len(rows)} of its communes are not in the file; say with --missing "
                "whether to retire or to keep them",
            )
        for row in rows:
            if row.valid_from > valid_from and not row.approximate:
                raise BoundaryError(
                    f"{row.code} {row.name}",
                    f"it is not in the file, but valid only from {row.valid_from:%Y-%m-%d}; give a later --valid-from",
                )
            row.valid_to = valid_from - timedelta(days=1)
            result.retired[COMMUNE] += 1


def _joined_provinces(
    features: list[BoundaryFeature],
    history: dict[tuple[str, str], list[Area]],
    result: ImportResult,
    written_in: set[str | None],
    missing: Missing,
) -> list[BoundaryFeature]:
    """Provinces that the file names but has no shape of, each joined from its communes.

    Only where none is known yet, or an approximate or itself joined one and communes have changed; in "keep"
    mode, where the file may hold a part of the communes only, only where none is known.
    """
    shaped = {f.code for f in features if f.level == PROVINCE}
    members: dict[str, list[BoundaryFeature]] = defaultdict(list)
    for feature in features:
        if feature.parent_code and feature.parent_name and feature.parent_code not in shaped:
            members[feature.parent_code].append(feature)
    joined = []
    for code, communes in members.items():
        known = next((v for v in history[PROVINCE, code] if v.valid_to is None), None)
        if known and not (known.approximate or known.source.endswith(DISSOLVED)):
            continue
        if known and (missing == "keep" or code not in written_in):
            result.unchanged[PROVINCE] += 1
            continue
        names = {c.parent_name for c in communes}
        name = names.pop() or ""
        split = boundaries.split_kind(PROVINCE, name)
        if names or split is None:
            fault = "two names in the file" if names else f"a name without a kind of province, {name!r}"
            raise BoundaryError(f"province {code}", f"it has {fault}")
        kind, full = split
        english = boundaries.english_name(kind, full)
        shape = join([c.geometry for c in communes])
        joined.append(BoundaryFeature(code, PROVINCE, kind, full, english, None, None, shape))
    return joined


def _outline(placed: list[_Placed], progress: Progress | None) -> None:
    """Set the outlines of the written rows, and of those next to them, whose edges must follow."""
    for level in (PROVINCE, COMMUNE):
        of_level = [p for p in placed if p.feature.level == level]
        changed = [p.feature.geometry for p in of_level if p.written]
        if not changed:
            continue
        if progress:
            progress("outline", 0, len(of_level))
        near = shapely.STRtree(shapely.envelope(changed))
        shapes = outlines_of([p.feature.geometry for p in of_level], level)
        if progress:
            progress("write", 0, len(changed))
        for item, shape in zip(of_level, shapes, strict=True):
            if item.written:
                item.row.outline = shape
        db.session.flush()
        for item, shape in zip(of_level, shapes, strict=True):
            # By SQL, so that the row's unloaded columns stay unloaded.
            if not item.written and len(near.query(item.feature.geometry)):
                db.session.execute(update(Area).where(Area.id == item.row.id).values(outline=shape))
        if progress:
            progress("write", len(changed), len(changed))
