"""What the public reads of reports: lists, counts, map tiles, one case.

Every statement here starts from `countable` or `is_public`, and takes only the columns that `privacy.PublicCase`
has too; a test compares the two. A delayed or hidden report is in no number, on no page and under no filter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from geo import cells
from webapp.areas import succession
from webapp.areas.succession import AREA, UNIT, What
from webapp.core import clock
from webapp.core.db import db
from webapp.reports import lifecycle, privacy, verdicts
from webapp.reports.catalogue import area_names, catalogue
from webapp.reports.models import Answer, AnswerFile, Category, Photo, Report
from webapp.reports.paging import Mark, by_hour
from webapp.reports.verdicts import Verdict, VerdictPhoto

__all__ = ["area_names", "catalogue"]  # the names that go with the numbers
# What a status says to somebody who looks at a map. What is hidden is in none, nor is a duplicate: its original
# is counted.
GROUPS: dict[str, tuple[str, ...]] = {
    "waiting": lifecycle.TRIAGE,
    "working": lifecycle.AT_UNIT,
    "answered": (lifecycle.ANSWERED,),
    "done": (lifecycle.VERIFIED, lifecycle.CLOSED),
    "ended": (lifecycle.OUT_OF_SCOPE,),
}
GROUP_OF = {status: group for group, statuses in GROUPS.items() for status in statuses}
OVERDUE = "overdue"

PAGE = 20
_PUBLIC_ID = re.compile(r"[0-9a-z]{1,16}")  # anything else PostgreSQL need not be asked about


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader asks for; None means everything. Days are Vietnam's, both included."""

    category: str | None = None
    group: str | None = None  # of categories
    status: str | None = None  # a status, one of GROUPS, or "overdue"
    since: date | None = None
    until: date | None = None
    unit: str | None = None
    province: str | None = None
    commune: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One case as lists show it: the fields of `privacy.PublicCase` under the same names."""

    id: str
    category_code: str
    status: str
    lon: float | None
    lat: float | None
    area_code: str | None
    province_code: str | None
    reported_at: datetime
    overdue: bool
    due_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows, newest first. `newer` and `older` are ids of cases to go on from, None at an end."""

    rows: tuple[Row, ...]
    newer: str | None
    older: str | None


class BadCursor(ValueError):
    """There is no public case to go on from under this id."""


# -- conditions ----------------------------------------------------------------------------------------------


def is_public(now: datetime, table: Any = Report) -> ColumnElement[bool]:
    """`privacy.is_public` in SQL; `table` is an alias of the reports where there are several."""
    return and_(table.publish_at.is_not(None), table.publish_at <= now, table.status.not_in(lifecycle.HIDDEN))


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """`privacy.is_overdue` in SQL."""
    return and_(
        Report.due_at.is_not(None),
        Report.due_at < privacy.to_the_hour(now),
        Report.status.in_(lifecycle.CLOCK_RUNS),
    )


def countable(now: datetime) -> ColumnElement[bool]:
    """Public and not the duplicate of another: what lists, figures and the map are made of."""
    return and_(is_public(now), Report.status != lifecycle.DUPLICATE)


def matching(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of the filters, `countable` among them."""
    found = [countable(now)]
    if filters.category:
        found.append(Report.category_code == filters.category)
    if filters.group:
        of_group = select(Category.code).where(Category.group_code == filters.group)
        found.append(Report.category_code.in_(of_group))
    if filters.status == OVERDUE:
        found.append(is_overdue(now))
    elif filters.status in GROUPS:
        found.append(Report.status.in_(GROUPS[filters.status]))
    elif filters.status:
        found.append(Report.status == filters.status)
    if filters.since:
        found.append(Report.created_at >= _midnight(filters.since))
    if filters.until:
        found.append(Report.created_at < _midnight(filters.until + timedelta(days=1)))
    if filters.unit:
        # While the Front screens, the unit is only the machine's proposal and nobody else's to know.
        found.append(and_(_of(Report.unit_code, UNIT, filters.unit), Report.status.in_(lifecycle.PASSED_ON)))
    if filters.province:
        found.append(_of(Report.province_code, AREA, filters.province))
    if filters.commune:
        found.append(_of(Report.area_code, AREA, filters.commune))
    return found


def _of(column: InstrumentedAttribute[str | None], what: What, code: str) -> ColumnElement[bool]:
    """The code, and those that it stands in for since: links by an old code keep working, and cases that were
    closed before a merger are found under the name of today."""
    family = succession.family_of(what, code)
    return column == code if len(family) == 1 else column.in_(sorted(family))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, clock_time(0), clock.VIETNAM)


# -- lists and figures -----------------------------------------------------------------------------------------


def public_list(
    filters: Filters,
    now: datetime,
    *,
    after: str | None = None,
    before: str | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of cases, newest first (see `paging`): those after (older) or before (newer) a case's id.

    Cursors are ids and not moments, because a moment would tell when exactly somebody sent a report. `bbox` is
    (west, south, east, north) in degrees. Raises BadCursor.
    """
    query = row_columns().where(*matching(filters, now))
    if bbox is not None:
        query = query.where(*within_box(bbox))
    cursor = after or before
    start = None
    if cursor:
        at = at_cursor(cursor, now)
        start = Mark(privacy.to_the_hour(at.created_at), cursor)
    backwards = before is not None and after is None
    rows = by_hour(query, Report.created_at, limit + 1, start=start, backwards=backwards)
    found = [row_of(r, now) for r in rows]
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
        return Page(tuple(found), found[0].id if found and more else None, found[-1].id if found else cursor)
    return Page(tuple(found), found[0].id if found and after else None, found[-1].id if found and more else None)


def at_cursor(cursor: str, now: datetime) -> Any:
    """(created_at, id, status, due_at) of the public case to go on from. Raises BadCursor."""
    columns = (Report.created_at, Report.id, Report.status, Report.due_at)
    found = None
    if _PUBLIC_ID.fullmatch(cursor):
        found = db.session.execute(select(*columns).where(Report.public_id == cursor, is_public(now))).first()
    if found is None:
        raise BadCursor(cursor)
    return found


def overdue_last(now: datetime, limit: int) -> list[Row]:
    """The cases whose time ran out last, latest first."""
    query = row_columns().where(*matching(Filters(status=OVERDUE), now))
    return [row_of(r, now) for r in by_hour(query, Report.due_at, limit)]


def by_ids(ids: Iterable[str], now: datetime) -> list[Row]:
    """Public rows of these cases, in no particular order; duplicates included."""
    wanted = [public_id for public_id in ids if _PUBLIC_ID.fullmatch(public_id)]
    query = row_columns().where(Report.public_id.in_(wanted), is_public(now))
    return [row_of(r, now) for r in db.session.execute(query)]


def row_columns() -> Any:
    """The statement whose rows `row_of` reads."""
    return select(
        Report.public_id,
        Report.category_code,
        Report.status,
        Report.public_lon,
        Report.public_lat,
        Report.area_code,
        Report.province_code,
        Report.created_at,
        Report.due_at,
        Report.updated_at,
        Report.publish_at,
    )


def row_of(row: Any, now: datetime) -> Row:
    """What the public may see of a row of `row_columns`."""
    return Row(
        id=row.public_id,
        category_code=row.category_code,
        status=row.status,
        lon=row.public_lon,
        lat=row.public_lat,
        area_code=row.area_code,
        province_code=row.province_code,
        reported_at=privacy.to_the_hour(row.created_at),
        overdue=privacy.is_overdue(row, now),
        due_at=privacy.to_the_hour(row.due_at) if row.due_at else None,
        updated_at=privacy.changed_at(row),
    )


def within_box(bbox: tuple[float, float, float, float]) -> list[ColumnElement[bool]]:
    """At a public place in the box (west, south, east, north; degrees): by the few cell ranges that cover it, for the
    index, and then exactly."""
    west, south, east, north = bbox
    zoom = 0
    while zoom < 18:
        left, top = cells.tile_of(west, north, zoom + 1)
        right, bottom = cells.tile_of(east, south, zoom + 1)
        if (right - left + 1) * (bottom - top + 1) > 6:
            break
        zoom += 1
    ranges = [cells.tile_range(zoom, x, y) for x, y in cells.tiles_over(west, south, east, north, zoom)]
    return [
        or_(*(and_(Report.public_cell >= low, Report.public_cell < high) for low, high in ranges)),
        Report.public_lon.between(west, east),
        Report.public_lat.between(south, north),
    ]


# -- one case --------------------------------------------------------------------------------------------------


def is_id(text: str) -> bool:
    """Whether a text can be the public id of a case."""
    return bool(_PUBLIC_ID.fullmatch(text))


def public_photo(public_id: str, now: datetime) -> Photo | None:
    """The picture, if everybody may see it: it is clean and let out, its case is public, its answer too."""
    query = (
        select(Photo)
        .join(Report, Report.id == Photo.report_id)
        .outerjoin(Answer, Answer.id == Photo.answer_id)
        .outerjoin(VerdictPhoto, VerdictPhoto.photo_id == Photo.id)
        .outerjoin(Verdict, Verdict.id == VerdictPhoto.verdict_id)
        .where(
            Photo.public_id == public_id,
            is_public(now),
            or_(
                Photo.purpose == "report",
                and_(Photo.purpose == "answer", Answer.public.is_(True)),
                and_(Photo.purpose == verdicts.PURPOSE, Verdict.public.is_(True)),
            ),
        )
    )
    photo = db.session.scalars(query).first()
    return photo if photo is not None and privacy.shows(photo) else None


def public_file(public_id: str, now: datetime) -> AnswerFile | None:
    """The document, if everybody may read it: it is let out, its answer too, and its case is public."""
    query = (
        select(AnswerFile)
        .join(Report, Report.id == AnswerFile.report_id)
        .join(Answer, Answer.id == AnswerFile.answer_id)
        .where(AnswerFile.public_id == public_id, is_public(now), Answer.public.is_(True))
    )
    file = db.session.scalars(query).first()
    return file if file is not None and privacy.shows_file(file) else None
