"""A case has gone from the unit that had it, without the unit's doing: the unit is told, in a letter with a number.

Flushes; the notifier sends.
"""

from __future__ import annotations

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core import outbox
from webapp.core.db import db
from webapp.reports.models import Report
from webapp.units import contacts


def tell(report: Report, unit_code: str | None, officer: int | None = None) -> None:
    """Queue a letter to whoever had the case in hand, else to every account of the unit, else to its office."""
    if unit_code is None:
        return
    query = select(User.id).where(User.unit_code == unit_code, User.active.is_(True)).order_by(User.id)
    known = list(db.session.scalars(query))
    readers: list[int | None] = [officer] if officer in known else [*known]
    if not readers and contacts.of(unit_code) is not None:
        readers = [None]
    for user_id in readers:
        outbox.enqueue("notices.gone", report_id=report.id, unit_code=unit_code, user_id=user_id)


def number_of(report_id: int, unit_code: str) -> str | None:
    """The number of the case, if it is still gone from the unit: it may have come back meanwhile."""
    report = db.session.get(Report, report_id)
    if report is None or (report.unit_code == unit_code and report.decided):
        return None
    return report.public_id
