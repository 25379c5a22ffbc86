"""Reading requests: the list with the specification's filters, one by its id, and an id by its token."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.datastructures import MultiDict

from webapp.core import clock
from webapp.core.db import db
from webapp.pages.api import cursors
from webapp.pages.api.cursors import BadCursor, Cursor
from webapp.pages.api.open311 import filters, records
from webapp.pages.api.open311.door import ENDING, address, kept, route
from webapp.pages.api.open311.filters import Query
from webapp.pages.api.open311.formats import Problem, answer
from webapp.pages.api.open311.records import LOADED
from webapp.reports import lifecycle, queries
from webapp.reports.models import Report
from webapp.reports.paging import Mark, by_hour

DROPPED = {"page", "after", "end_date", "api_key"}
STATUSES = {"open": lifecycle.OPEN, "closed": lifecycle.ENDED}
COUNTED = 1000  # rows that X-Total-Count counts at most; where there are more, the header is left out


@route("/requests" + ENDING)
def listed(fmt: str) -> Response:
    """Public cases, newest first by the hour. Ids override all other filters, as the specification says.

    Within an hour they stand by their random ids: `reports.paging` says why.
    """
    now = clock.now()
    ids = filters.read_ids(request.args)
    if ids:
        return kept(answer(fmt, "service_requests", records.by_ids(ids, now)), 0)
    query = filters.read(request.args, now)
    every = select(Report.id, Report.public_id, Report.created_at).where(*_conditions(query, now))
    rows, more = page(every, Report.created_at, query, _mark(query))
    response = answer(fmt, "service_requests", _records(rows, now))
    last = Cursor(records.floor_hour(rows[-1].created_at), rows[-1].public_id) if more else None
    paging(response, query, every, last)
    return kept(response, 0)


def hours(query: Query) -> tuple[datetime, datetime]:
    """What the true time must be at or after, and before, for the published one to lie within the dates.

    The published time is the full hour. If the true one were compared, asking again with ever smaller spans
    would find out the minute of a report.
    """
    start, end = records.floor_hour(query.since), records.floor_hour(query.until)
    return (start if start == query.since else start + records.HOUR), end + records.HOUR


def _conditions(query: Query, now: datetime) -> list[ColumnElement[bool]]:
    start, end = hours(query)
    return [queries.is_public(now), Report.created_at >= start, Report.created_at < end, *of_cases(query)]


def of_cases(query: Query) -> list[ColumnElement[bool]]:
    """What is asked of the cases, the days aside."""
    found: list[ColumnElement[bool]] = []
    if query.codes:
        found.append(Report.category_code.in_(query.codes))
    if query.statuses:
        found.append(Report.status.in_([status for name in query.statuses for status in STATUSES[name]]))
    return found


def page(
    every: Any, column: InstrumentedAttribute[Any], query: Query, after: Mark | None, **order: Any
) -> tuple[list[Any], bool]:
    """(the rows of the page that is asked for, whether more come after them). `every` reads no more of a row than its
    place: those before a page that is asked for by its number are read with it."""
    skipped = 0 if after else query.offset
    found = by_hour(every, column, skipped + query.per_page + 1, start=after, **order)[skipped:]
    return list(found[: query.per_page]), len(found) > query.per_page


def _mark(query: Query) -> Mark | None:
    """Where the page begins, if the Link header of another has said so. Raises Problem 400."""
    cursor = read_cursor(query)
    return Mark(cursor.hour, cursor.public_id) if cursor else None


def read_cursor(query: Query) -> Cursor | None:
    """What `after` holds. Raises Problem 400 if no listing gave it out, or one to another question."""
    if not query.after:
        return None
    try:
        return cursors.read(query.after, _question(query))
    except BadCursor:
        raise bad_cursor() from None


def bad_cursor() -> Problem:
    """What is said to an `after` that no listing gave out."""
    return Problem(400, _("after: only as the Link header of the page before has it."))


def _question(query: Query) -> Any:
    """What all pages of a listing have in common. The page that gave the cursor out may not have named its days."""
    return request.endpoint, hours(query), sorted(query.codes), sorted(query.statuses)


def _records(rows: list[Any], now: datetime) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    found = {
        report.id: report for report in db.session.scalars(select(Report).where(Report.id.in_(ids)).options(*LOADED))
    }
    return records.records(records.public_cases((found[one] for one in ids if one in found), now))


def paging(response: Response, query: Query, every: Any, last: Cursor | None) -> None:
    """Say where the pages around this one are, and how many rows there are in all. `last` is the last row if more come
    after it."""
    if around := _links(query, last):
        response.headers["Link"] = around
    if not query.paged:
        return
    counted = (
        every.with_only_columns(literal(1), maintain_column_froms=True).order_by(None).limit(COUNTED + 1).subquery()
    )
    total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    if total <= COUNTED:
        response.headers["X-Total-Count"] = str(total)


def _links(query: Query, last: Cursor | None) -> str:
    """The Link header: the pages around this one, with all that was asked for."""

    def link(page: int, relation: str, after: str = "") -> str:
        pairs = [(n, v) for n, v in request.args.items(multi=True) if n not in DROPPED]
        # The first page fixes the end, so that all pages mean the same days. What becomes public meanwhile
        # can show a case twice, on this page and the next, but hides none.
        pairs += [("end_date", query.until.strftime("%Y-%m-%dT%H:%M:%SZ")), ("page", str(page))]
        pairs += [("after", after)] if after else []
        return f'<{address(request.path)}?{urlencode(pairs)}>; rel="{relation}"'

    around = []
    if query.page > 1:
        around.append(link(1, "first"))
        if query.offset - query.per_page <= filters.MAX_OFFSET:
            around.append(link(query.page - 1, "prev"))
    if last and query.page < filters.MAX_PAGE:
        around.append(link(query.page + 1, "next", cursors.write(last, _question(query))))
    return ", ".join(around)


@route("/requests/<request_id>" + ENDING)
def one(request_id: str, fmt: str) -> Response:
    """One case by its id, as a list of one; or several, their ids between commas, without those that are unknown."""
    ids = filters.read_ids(MultiDict({"service_request_id": request_id})) if "," in request_id else [request_id]
    found = records.by_ids(ids, clock.now()) if all(map(filters.is_id, ids)) else []
    if not found:
        raise Problem(404, _("service_request_id: %(id)s was not found.", id=request_id[:40]))
    return kept(answer(fmt, "service_requests", found), 0)


@route("/tokens/<token>" + ENDING)
def by_token(token: str, fmt: str) -> Response:
    """The id under a token. Ids are given at once here, so a report's token is its id; the address is for
    programs that always take this way."""
    if not filters.is_id(token) or not records.posted_here(token):
        raise Problem(404, _("token: %(token)s was not found.", token=token[:40]))
    return kept(answer(fmt, "service_requests", [{"service_request_id": token, "token": token}]), 0)
