"""Reading requests: the list with the specification's filters, one by its id, and an id by its token."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, literal, or_, select
from werkzeug.datastructures import MultiDict

from webapp.core import clock
from webapp.core.db import db
from webapp.pages.api.open311 import filters, records
from webapp.pages.api.open311.door import ENDING, address, kept, route
from webapp.pages.api.open311.filters import Query
from webapp.pages.api.open311.formats import Problem, answer
from webapp.reports import lifecycle, queries
from webapp.reports.models import Report

DROPPED = {"page", "after", "end_date", "api_key"}
STATUSES = {"open": lifecycle.OPEN, "closed": lifecycle.ENDED}
COUNTED = 1000  # rows that X-Total-Count counts at most; where there are more, the header is left out


@route("/requests" + ENDING)
def listed(fmt: str) -> Response:
    """Public cases, newest first. Ids override all other filters, as the specification says."""
    now = clock.now()
    ids = filters.read_ids(request.args)
    if ids:
        return kept(answer(fmt, "service_requests", records.by_ids(ids, now)), 0)
    query = filters.read(request.args, now)
    every = select(Report).where(*_conditions(query, now))
    reports = list(db.session.scalars(_page(every, query)))
    more, reports = len(reports) > query.per_page, reports[: query.per_page]
    response = answer(fmt, "service_requests", records.records(records.public_cases(reports, now)))
    paging(response, query, every, reports[-1].public_id if more else "")
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
    found = [queries.is_public(now), Report.created_at >= start, Report.created_at < end]
    if query.codes:
        found.append(Report.category_code.in_(query.codes))
    if query.statuses:
        found.append(Report.status.in_([status for name in query.statuses for status in STATUSES[name]]))
    return found


def _page(every: Select[Report], query: Query) -> Select[Report]:
    """One page and one row more, whole. The rows are chosen by their ids first: what is skipped is not read."""
    newest_first = (Report.created_at.desc(), Report.id.desc())
    ids = every.with_only_columns(Report.id).order_by(*newest_first).limit(query.per_page + 1)
    ids = ids.where(*_after(query.after)) if query.after else ids.offset(query.offset)
    chosen = ids.subquery()
    return select(Report).join(chosen, chosen.c.id == Report.id).order_by(*newest_first).options(*records.LOADED)


def _after(cursor: str) -> list[ColumnElement[bool]]:
    """What comes after the case of this id. Raises Problem 400."""
    last = None
    if filters.is_id(cursor):
        last = db.session.execute(select(Report.created_at, Report.id).where(Report.public_id == cursor)).first()
    if last is None:
        raise bad_cursor()
    return [Report.created_at <= last.created_at, or_(Report.created_at < last.created_at, Report.id < last.id)]


def bad_cursor() -> Problem:
    """What is said to an `after` that no listing gave out."""
    return Problem(400, _("after: only as the Link header of the page before has it."))


def paging(response: Response, query: Query, every: Select[*tuple[Any, ...]], last: str) -> None:
    """Say where the pages around this one are, and how many rows there are in all. `last` is the cursor of the last
    row if more come after it."""
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


def _links(query: Query, last: str) -> str:
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
        around.append(link(query.page + 1, "next", last))
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
