"""`servicerequestupdates`: what changed on public cases, as FixMyStreet's programs ask for it.

Not part of GeoReport v2; the fields are those of its extension for updates.
"""

from __future__ import annotations

from flask import Response, request
from sqlalchemy import BigInteger, cast, func, select

from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Event
from webapp.pages.api.open311 import filters, records
from webapp.pages.api.open311.door import ENDING, kept, route
from webapp.pages.api.open311.formats import answer
from webapp.pages.api.open311.requests import hours, links
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
    statement = (
        select(Event, Report.public_id)
        .join(Report, Report.id == cast(func.substr(Event.stream, _STREAM), BigInteger))
        .where(Event.kind == _MOVED, Event.public.is_(True), Event.at >= start, Event.at < end)
        .where(queries.is_public(now))
        .order_by(Event.at, Event.id)
        .limit(query.per_page + 1)
        .offset((query.page - 1) * query.per_page)
    )
    if query.codes:
        statement = statement.where(Report.category_code.in_(query.codes))
    found = db.session.execute(statement).all()
    listed = []
    for entry, public_id in found[: query.per_page]:
        for at, _kind, data in privacy.public_steps([entry]):
            listed.append(
                {
                    # Part of the entry's hash: ids in a row would tell how much goes on that is not public.
                    "update_id": entry.hash[:20],
                    "service_request_id": public_id,
                    "status": records.status_of(data["to"]),
                    "description": str(STATUS[data["to"]]),
                    "updated_datetime": records.w3c(at),
                    "media_url": None,
                }
            )
    response = answer(fmt, "service_requests_updates", listed)
    if around := links(query, len(found) > query.per_page):
        response.headers["Link"] = around
    return kept(response, 0)
