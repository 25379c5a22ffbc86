"""`servicerequestupdates`: what changed on public cases, as FixMyStreet's programs ask for it.

Not part of GeoReport v2; the fields are those of its extension for updates.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy import BigInteger, ColumnElement, cast, func, select

from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Event
from webapp.pages.api.cursors import Cursor
from webapp.pages.api.open311 import filters, records
from webapp.pages.api.open311.door import ENDING, kept, route
from webapp.pages.api.open311.filters import Query
from webapp.pages.api.open311.formats import answer
from webapp.pages.api.open311.requests import bad_cursor, hours, of_cases, page, paging, read_cursor
from webapp.pages.labels import STATUS
from webapp.reports import privacy, queries
from webapp.reports.models import Report
from webapp.reports.paging import Mark

_MOVED = "report:moved"
_STREAM = len("report:") + 1  # where the id begins in the name of a report's stream
_PLACE = (Report.public_id, Event.seq)  # the order within an hour
ROOT = "service_requests_updates"
FEW = 2000  # cases


@route("/servicerequestupdates" + ENDING)
def updates(fmt: str) -> Response:
    """Steps of public cases between two dates, oldest first by the hour, so that a program can go on where it stopped.

    Within an hour they stand by case: in the order of the true moments, somebody whose own reports were taken in
    before and after another would know when that came in.
    """
    now = clock.now()
    ids = filters.read_ids(request.args)
    if ids:
        rows = _of_cases(ids, now)
        steps = _numbers({row.stream for row in rows})
        return kept(answer(fmt, ROOT, [_update(row, steps[row.stream, row.seq]) for row in rows]), 0)
    query = filters.read(request.args, now)
    since, until = hours(query)
    every = _steps(now).where(Event.at >= since, Event.at < until, *_asked(query, now))
    rows, more = page(every, Event.at, query, _mark(query), backwards=True, within=_PLACE)
    steps = _numbers({row.stream for row in rows})
    response = answer(fmt, ROOT, [_update(row, steps[row.stream, row.seq]) for row in rows])
    last = rows[-1] if more else None
    cursor = Cursor(records.floor_hour(last.at), last.public_id, steps[last.stream, last.seq]) if last else None
    paging(response, query, every, cursor)
    return kept(response, 0)


def _steps(now: datetime) -> Any:
    return (
        select(Event.stream, Event.seq, Event.at, Event.kind, Event.data, Event.public, Report.public_id)
        .join(Report, Report.id == cast(func.substr(Event.stream, _STREAM), BigInteger))
        .where(Event.kind == _MOVED, Event.public.is_(True), queries.is_public(now))
    )


def _asked(query: Query, now: datetime) -> list[ColumnElement[bool]]:
    """What is asked of the cases. Where few cases match, it is these that are named: the days may hold hundreds of
    thousands of other cases' steps, which would all have to be looked at."""
    conditions = of_cases(query)
    if not conditions:
        return []
    since, until = hours(query)
    # A case has changed at or after each of its steps, and came in before; the step is written down after the change.
    lively = Report.updated_at >= since - records.HOUR, Report.created_at < until
    keys = list(
        db.session.scalars(select(Report.id).where(*conditions, *lively, queries.is_public(now)).limit(FEW + 1))
    )
    return conditions if len(keys) > FEW else [_streams(keys)]


def _streams(keys: Iterable[int]) -> ColumnElement[bool]:
    return Event.stream.in_([f"report:{key}" for key in keys])


def _of_cases(ids: list[str], now: datetime) -> list[Any]:
    """All steps of these cases, as far as they fit into one answer."""
    keys = db.session.scalars(select(Report.id).where(Report.public_id.in_(ids), queries.is_public(now)))
    found = _steps(now).where(_streams(keys)).limit(filters.LIMIT)
    rows = db.session.execute(found.order_by(*_PLACE)).all()
    return sorted(rows, key=lambda row: (records.floor_hour(row.at), row.public_id, row.seq))


def _update(row: Any, step: int) -> dict[str, Any]:
    ((at, _kind, data),) = privacy.public_steps([row])
    return {
        "update_id": f"{row.public_id}-{step}",
        "service_request_id": row.public_id,
        "status": records.status_of(data["to"]),
        "description": str(STATUS[data["to"]]),
        "updated_datetime": records.w3c(at),
        "media_url": None,
    }


def _numbers(streams: Iterable[str]) -> dict[tuple[str, int], int]:
    """The how-manieth of its case's public steps each is, from 1: the number in the record would tell how much goes on
    that is not public."""
    steps = select(Event.stream, Event.seq).where(
        Event.stream.in_(streams), Event.kind == _MOVED, Event.public.is_(True)
    )
    found: dict[tuple[str, int], int] = {}
    last: dict[str, int] = {}
    for stream, seq in db.session.execute(steps.order_by(Event.stream, Event.seq)):
        found[stream, seq] = last[stream] = last.get(stream, 0) + 1
    return found


def _mark(query: Query) -> Mark | None:
    """Where the page begins. Raises Problem 400."""
    cursor = read_cursor(query)
    if cursor is None:
        return None
    number = db.session.scalar(select(Report.id).where(Report.public_id == cursor.public_id))
    numbers = _numbers([f"report:{number}"])
    seq = next((seq for (_stream, seq), step in numbers.items() if step == cursor.step), None)
    if seq is None:
        raise bad_cursor()
    return Mark(cursor.hour, cursor.public_id, seq)
