"""`servicerequestupdates`: what changed on public cases, as FixMyStreet's programs ask for it.

Not part of GeoReport v2; the fields are those of its extension for updates.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request
from sqlalchemy import BigInteger, Select, cast, func, or_, select

from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Event
from webapp.pages.api.open311 import filters, records
from webapp.pages.api.open311.door import ENDING, kept, route
from webapp.pages.api.open311.filters import Query
from webapp.pages.api.open311.formats import answer
from webapp.pages.api.open311.requests import bad_cursor, hours, paging
from webapp.pages.labels import STATUS
from webapp.reports import privacy, queries
from webapp.reports.models import Report

_MOVED = "report:moved"
_STREAM = len("report:") + 1  # where the id begins in the name of a report's stream


@route("/servicerequestupdates" + ENDING)
def updates(fmt: str) -> Response:
    """Steps of public cases between two dates, oldest first, so that a program can go on where it stopped."""
    now = clock.now()
    query = filters.read(request.args, now)
    start, end = hours(query)
    every = (
        select(Event, Report.public_id)
        .join(Report, Report.id == cast(func.substr(Event.stream, _STREAM), BigInteger))
        .where(Event.kind == _MOVED, Event.public.is_(True), Event.at >= start, Event.at < end)
        .where(queries.is_public(now))
    )
    if query.codes:
        every = every.where(Report.category_code.in_(query.codes))
    found = db.session.execute(_page(every, query)).all()
    more, found = len(found) > query.per_page, found[: query.per_page]
    listed = [_update(entry, public_id) for entry, public_id in found]
    response = answer(fmt, "service_requests_updates", listed)
    paging(response, query, every, _cursor(*found[-1]) if more else "")
    return kept(response, 0)


def _update(entry: Event, public_id: str) -> dict[str, Any]:
    ((at, _kind, data),) = privacy.public_steps([entry])
    return {
        "update_id": _id(entry),
        "service_request_id": public_id,
        "status": records.status_of(data["to"]),
        "description": str(STATUS[data["to"]]),
        "updated_datetime": records.w3c(at),
        "media_url": None,
    }


def _id(entry: Event) -> str:
    """Part of the entry's hash: ids in a row would tell how much goes on that is not public."""
    return entry.hash[:20]


def _cursor(entry: Event, public_id: str) -> str:
    return f"{public_id}.{_id(entry)}"


def _page(every: Select[Event, str], query: Query) -> Select[Event, str]:
    """One page and one row more."""
    page = every.order_by(Event.at, Event.id).limit(query.per_page + 1)
    if not query.after:
        return page.offset(query.offset)
    last = _position(query.after)
    return page.where(Event.at >= last.at, or_(Event.at > last.at, Event.id > last.id))


def _position(cursor: str) -> Event:
    """The entry that a cursor stands for. Raises Problem 400."""
    public_id, _point, update_id = cursor.partition(".")
    number = None
    if filters.is_id(public_id):
        number = db.session.scalar(select(Report.id).where(Report.public_id == public_id))
    if number is None:
        raise bad_cursor()
    steps = select(Event).where(Event.stream == f"report:{number}", Event.kind == _MOVED)
    found = [entry for entry in db.session.scalars(steps) if _id(entry) == update_id]
    if not found:
        raise bad_cursor()
    return found[0]
