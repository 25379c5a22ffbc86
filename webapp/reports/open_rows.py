"""Cases as rows of open data: all of them in one go, or page by page. `privacy.public_row` builds each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from webapp.core.db import db
from webapp.reports import privacy, queries
from webapp.reports.models import Category, Report
from webapp.reports.paging import Mark, by_hour
from webapp.reports.privacy import PublicRow
from webapp.reports.queries import Filters

BATCH = 5_000


def _rows() -> Any:
    return select(
        Report.public_id,
        Report.category_code,
        Report.status,
        Report.public_lon,
        Report.public_lat,
        Category.public_blur_m,
        Report.location.is_not(None).label("placed"),
        Report.area_code,
        Report.province_code,
        Report.unit_code,
        Report.supervisor_code,
        Report.created_at,
        Report.updated_at,
        Report.publish_at,
        Report.due_at,
        Report.public_text,
    ).join(Category, Category.code == Report.category_code)


def everything(now: datetime) -> Iterator[list[PublicRow]]:
    """All countable cases by their random ids, in batches, as they are at one moment: one statement read through
    a cursor of the server, so that neither side holds more than a batch. The caller says `reading()`."""
    query = _rows().where(queries.countable(now)).order_by(Report.public_id)
    for part in db.session.execute(query, execution_options={"yield_per": BATCH}).partitions():
        yield [privacy.public_row(row, now) for row in part]


def page(
    filters: Filters,
    now: datetime,
    limit: int,
    *,
    start: Mark | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    changed_since: datetime | None = None,
) -> tuple[list[PublicRow], Mark | None]:
    """(rows, where the next page begins), newest first (see `paging`).

    `bbox` is (west, south, east, north) in degrees. `changed_since` counts by the hour in which it lies: by
    anything finer, asking again and again would find out the minute of a change.
    """
    query = _rows().where(*queries.matching(filters, now))
    if bbox is not None:
        query = query.where(*queries.within_box(bbox))
    if changed_since is not None:
        hour = privacy.to_the_hour(changed_since)
        query = query.where(or_(Report.updated_at >= hour, Report.publish_at >= hour))
    found = [privacy.public_row(row, now) for row in by_hour(query, Report.created_at, limit + 1, start=start)]
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], Mark(last.reported_at, last.id)


def one(public_id: str, now: datetime) -> PublicRow | None:
    """The row of one case; None if there is none that open data has."""
    if not queries.is_id(public_id):
        return None
    row = db.session.execute(_rows().where(Report.public_id == public_id, queries.countable(now))).first()
    return privacy.public_row(row, now) if row is not None else None
