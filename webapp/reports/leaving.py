"""Cases in the hands of somebody who leaves: listed, and passed to a colleague or back to the unit. Flushes."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, select

from webapp.accounts import people
from webapp.accounts.people import OpenWork
from webapp.core import events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.reports import lifecycle, service
from webapp.reports.models import Report

CASE = "case"


def _in_hand(user_id: int) -> ColumnElement[bool]:
    return and_(Report.assignee_id == user_id, Report.status.not_in(lifecycle.ENDED))


def listed(user_id: int, most: int) -> list[OpenWork]:
    """The open cases that somebody has in hand, oldest first."""
    query = select(Report).where(_in_hand(user_id)).order_by(Report.id).limit(most)
    return [
        OpenWork(CASE, r.public_id, r.category.name, f"/unit/cases/{r.public_id}") for r in db.session.scalars(query)
    ]


def count(user_id: int) -> int:
    """How many cases that is."""
    return db.session.scalar(select(func.count()).select_from(Report).where(_in_hand(user_id))) or 0


def hand_over(user_id: int, to: int | None, actor: Actor) -> int:
    """Put them all into the hands of a colleague, or of nobody; the record of each says so."""
    query = select(Report).where(_in_hand(user_id)).order_by(Report.id).with_for_update(of=Report)
    cases = db.session.scalars(query).all()
    for report in cases:
        put(report, to, actor, left=user_id)
    return len(cases)


def put(report: Report, to: int | None, actor: Actor, *, left: int) -> None:
    """The case passes from one who leaves to a colleague, or to nobody."""
    report.assignee_id = to
    service.touch(report)
    events.append(service.stream(report), "report:delegated", actor, officer=to, left=left)


WORK = people.Work(listed, count, hand_over)
