"""Inspections that somebody who leaves has not signed off. Who was on the spot stays as it is; a colleague gets the
case in hand and signs. Flushes."""

from __future__ import annotations

from sqlalchemy import Select, func, or_, select

from webapp.accounts import people
from webapp.accounts.models import User
from webapp.accounts.people import OpenWork
from webapp.core import events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.inspections.models import Sheet
from webapp.reports import leaving, lifecycle
from webapp.reports.models import Report
from webapp.reports.service import stream

SHEET = "sheet"


def _drafts(user_id: int) -> Select[Sheet, Report]:
    # A reorganisation takes person and case along, and the sheet keeps the name of its day.
    now_at = select(User.unit_code).where(User.id == user_id).scalar_subquery()
    return (
        select(Sheet, Report)
        .join(Report, Report.id == Sheet.report_id)
        .where(
            Sheet.user_id == user_id,
            Sheet.signed_at.is_(None),
            or_(Report.unit_code == Sheet.unit_code, Report.unit_code == now_at),
            Report.status.in_(lifecycle.AT_UNIT),
        )
        .order_by(Sheet.report_id, Sheet.id)
    )


def listed(user_id: int, most: int) -> list[OpenWork]:
    """The drafts, by case."""
    return [
        OpenWork(SHEET, report.public_id, report.category.name, f"/unit/sheets/{sheet.public_id}")
        for sheet, report in db.session.execute(_drafts(user_id).limit(most))
    ]


def count(user_id: int) -> int:
    """How many drafts that is."""
    drafts = _drafts(user_id).with_only_columns(Sheet.id).order_by(None)
    return db.session.scalar(select(func.count()).select_from(drafts.subquery())) or 0


def hand_over(user_id: int, to: int | None, actor: Actor) -> int:
    """Note in the record of each case whose the draft is now; a case in nobody's hands goes along with it."""
    drafts = db.session.execute(_drafts(user_id).with_for_update(of=Report)).all()
    for sheet, report in drafts:
        if to is not None and report.assignee_id is None:
            leaving.put(report, to, actor, left=user_id)
        events.append(stream(report), "inspection:handed_on", actor, sheet=sheet.public_id, officer=to)
    return len(drafts)


WORK = people.Work(listed, count, hand_over)
