"""What may be about the same thing as a report, and what was there before. Reads only, bounded by indexes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import joinedload, load_only

from geo import cells, spatial
from geo.positions import box_around, distance_m
from webapp.areas import succession
from webapp.core.db import db
from webapp.reports import likeness, pictures
from webapp.reports.likeness import Facts, Likeness
from webapp.reports.models import Category, Photo, Report

NEAR_DAYS = 60
LOOK_AT = 200  # candidates of each kind
SHOWN = 8
PLACE_M, PLACE_SHOWN, PLACE_LOOK_AT = 300, 10, 100
BLURRED_M = 300  # a public position lies at most this far from the exact one, unless only the commune is public

_CASE = (
    load_only(
        Report.public_id,
        Report.status,
        Report.version,
        Report.created_at,
        Report.closed_at,
        Report.category_code,
        Report.description,
        Report.location,
        Report.area_code,
        Report.province_code,
        Report.unit_code,
        Report.supervisor_code,
        Report.bypass_commune,
        Report.duplicate_of_id,
    ),
    joinedload(Report.category, innerjoin=True).load_only(Category.group_code, Category.name),
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A case that may be about the same thing, with the two pictures where they made the difference."""

    report: Report
    like: Likeness
    mine: Photo | None = None
    other: Photo | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A case that was at the same place before; metres apart, None where only the commune is known."""

    report: Report
    metres: int | None


def suggestions(report: Report, scope: ColumnElement[bool], limit: int = SHOWN) -> list[Suggestion]:
    """The likeliest first, in at most three statements. `scope` is the condition of what the asker may see."""
    found: dict[int, Suggestion] = {}
    mine = facts(report)
    for alike in pictures.lookalikes(report, scope, options=_CASE):
        with_picture = facts(report, [alike.mine]), facts(alike.report, [alike.other])
        found[alike.report.id] = Suggestion(alike.report, likeness.compare(*with_picture), alike.mine, alike.other)
    for other in candidates(report, scope):
        if other.id not in found:
            found[other.id] = Suggestion(other, likeness.compare(mine, facts(other)))
    likely = [s for s in found.values() if s.like.score >= likeness.POSSIBLE]
    return sorted(likely, key=lambda s: (-s.like.score, s.report.id))[:limit]


def candidates(report: Report, scope: ColumnElement[bool]) -> Iterable[Report]:
    """Cases near by in space and time, and those of the commune that are known by their commune only."""
    span = timedelta(days=NEAR_DAYS)
    when = Report.created_at.between(report.created_at - span, report.created_at + span)
    query = select(Report).options(*_CASE).where(scope, Report.id != report.id, when).limit(LOOK_AT)
    if report.location is not None:
        where, order = _around(report, likeness.FAR_M)
        yield from db.session.scalars(query.where(where).order_by(*order))
    if report.area_code:
        of_group = select(Category.code).where(Category.group_code == report.category.group_code)
        only_commune = query.where(_same_commune(report), Report.category_code.in_(of_group))
        if report.location is not None:
            only_commune = only_commune.where(Report.location.is_(None))
        yield from db.session.scalars(only_commune.order_by(Report.created_at.desc()))


def earlier(report: Report, scope: ColumnElement[bool], limit: int = PLACE_SHOWN) -> list[Earlier]:
    """What was reported of the same group at this place before, ended cases too, the latest first; without a
    position what was of the same category in the commune. One statement."""
    query = select(Report).options(*_CASE).where(scope, Report.id != report.id, Report.created_at < report.created_at)
    if report.location is None:
        if not report.area_code:
            return []
        query = query.where(_same_commune(report), Report.category_code == report.category_code)
        rows = db.session.scalars(query.order_by(Report.created_at.desc()).limit(limit))
        return [Earlier(other, None) for other in rows]
    of_group = select(Category.code).where(Category.group_code == report.category.group_code)
    where, order = _around(report, PLACE_M)
    query = query.where(where, Report.category_code.in_(of_group)).order_by(*order).limit(PLACE_LOOK_AT)
    here = report.location
    found = [
        Earlier(other, round(distance_m(here.x, here.y, other.location.x, other.location.y)))
        for other in db.session.scalars(query)
        if other.location is not None
    ]
    found = [e for e in found if e.metres is not None and e.metres <= PLACE_M]
    return sorted(found, key=lambda e: e.report.created_at, reverse=True)[:limit]


def facts(report: Report, photos: Iterable[Photo] = ()) -> Facts:
    """What is compared of a report."""
    return Facts(
        at=report.created_at,
        category=report.category_code,
        group=report.category.group_code,
        lon=report.location.x if report.location is not None else None,
        lat=report.location.y if report.location is not None else None,
        area=report.area_code,
        words=report.description,
        pictures=[p.dhash for p in photos if p.dhash is not None],
    )


def _around(report: Report, metres: float) -> tuple[ColumnElement[bool], tuple[Any, ...]]:
    """(condition, order) for cases within about `metres`: by PostGIS's index, nearest first; on SQLite by the cells
    of public positions, widened by what they are blurred, and the commune, latest first."""
    lon, lat = report.location.x, report.location.y  # type: ignore[union-attr]
    if db.session.get_bind().dialect.name == "postgresql":
        near = spatial.in_box(Report.location, *box_around(lon, lat, metres))
        return near, (spatial.distance_from(Report.location, lon, lat),)
    zoom = next(z for z in range(18, 0, -1) if len(_tiles(lon, lat, metres, z)) <= 6)
    ranges = [cells.tile_range(zoom, x, y) for x, y in _tiles(lon, lat, metres, zoom)]
    in_cells = or_(*(and_(Report.public_cell >= low, Report.public_cell < high) for low, high in ranges))
    close = func.abs(func.julianday(Report.created_at) - func.julianday(report.created_at.replace(tzinfo=None)))
    return or_(in_cells, _same_commune(report)), (close,)


def _same_commune(report: Report) -> ColumnElement[bool]:
    """In its commune, or in what that stands in for: ended cases keep their codes."""
    if report.area_code is None:
        return false()
    return Report.area_code.in_(succession.family_of(succession.AREA, report.area_code))


def _tiles(lon: float, lat: float, metres: float, zoom: int) -> list[tuple[int, int]]:
    return cells.tiles_over(*box_around(lon, lat, metres + BLURRED_M), zoom)
