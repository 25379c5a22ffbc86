"""Reading requests: the list with the specification's filters, one by its id, and an id by its token."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy import Select, select

from webapp.core import clock
from webapp.core.db import db
from webapp.pages.api.open311 import filters, records
from webapp.pages.api.open311.door import ENDING, address, kept, route
from webapp.pages.api.open311.filters import Query
from webapp.pages.api.open311.formats import Problem, answer
from webapp.reports import lifecycle, queries
from webapp.reports.models import Report

DROPPED = {"page", "end_date", "api_key"}
STATUSES = {"open": lifecycle.OPEN, "closed": lifecycle.ENDED}


@route("/requests" + ENDING)
def listed(fmt: str) -> Response:
    """Public cases, newest first. Ids override all other filters, as the specification says."""
    now = clock.now()
    ids = filters.read_ids(request.args)
    if ids:
        return kept(answer(fmt, "service_requests", records.by_ids(ids, now)), 0)
    query = filters.read(request.args, now)
    reports = list(db.session.scalars(_statement(query, now).options(*records.LOADED)))
    more, reports = len(reports) > query.per_page, reports[: query.per_page]
    response = answer(fmt, "service_requests", records.records(records.public_cases(reports, now)))
    if around := links(query, more):
        response.headers["Link"] = around
    return kept(response, 0)


def hours(query: Query) -> tuple[datetime, datetime]:
    """What the true time must be at or after, and before, for the published one to lie within the dates.

    The published time is the full hour. If the true one were compared, asking again with ever smaller spans
    would find out the minute of a report.
    """
    start, end = records.floor_hour(query.since), records.floor_hour(query.until)
    return (start if start == query.since else start + records.HOUR), end + records.HOUR


def _statement(query: Query, now: datetime) -> Select[Report]:
    """One page and one row more."""
    start, end = hours(query)
    statement = select(Report).where(queries.is_public(now), Report.created_at >= start, Report.created_at < end)
    if query.codes:
        statement = statement.where(Report.category_code.in_(query.codes))
    if query.statuses:
        wanted = [status for name in query.statuses for status in STATUSES[name]]
        statement = statement.where(Report.status.in_(wanted))
    newest_first = statement.order_by(Report.created_at.desc(), Report.id.desc())
    return newest_first.limit(query.per_page + 1).offset((query.page - 1) * query.per_page)


def links(query: Query, more: bool) -> str:
    """The Link header: the pages around this one, with all that was asked for."""

    def link(page: int, relation: str) -> str:
        pairs = [(n, v) for n, v in request.args.items(multi=True) if n not in DROPPED]
        # The first page fixes the end, so that all pages mean the same days. What becomes public meanwhile
        # can show a case twice, on this page and the next, but hides none.
        pairs += [("end_date", query.until.strftime("%Y-%m-%dT%H:%M:%SZ")), ("page", str(page))]
        return f'<{address(request.path)}?{urlencode(pairs)}>; rel="{relation}"'

    around = []
    if query.page > 1:
        around += [link(1, "first"), link(query.page - 1, "prev")]
    if more and query.page < filters.MAX_PAGE:
        around.append(link(query.page + 1, "next"))
    return ", ".join(around)


@route("/requests/<request_id>" + ENDING)
def one(request_id: str, fmt: str) -> Response:
    """One case by its id, as a list of one."""
    found = records.by_ids([request_id], clock.now()) if filters.is_id(request_id) else []
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
