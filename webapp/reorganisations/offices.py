"""What an office has beside its cases follows to the main successor."""

from __future__ import annotations

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.reorganisations.plan import UNIT, Plan
from webapp.reports.handovers import Handover
from webapp.reports.replies import ReplyTemplate
from webapp.units.contacts import UnitContact


def people(plan: Plan) -> int:
    """Accounts follow to the main successor; the check has seen to it that there is one."""
    followed = 0
    for code in plan.ending(UNIT):
        heir = plan.successor(UNIT, code)
        for user in db.session.scalars(select(User).where(User.unit_code == code)) if heir else ():
            user.unit_code = heir
            followed += 1
    db.session.flush()
    return followed


def belongings(plan: Plan) -> None:
    """Office addresses follow as well, where the successor has none of its own, and so do a Front's own texts to
    reply with and requests to hand a case over that nobody has decided."""
    for code in plan.ending(UNIT):
        heir = plan.successor(UNIT, code)
        if heir is None:
            continue
        contact = db.session.get(UnitContact, code)
        if contact is not None and db.session.get(UnitContact, heir) is None:
            contact.unit_code = heir
        for asked in db.session.scalars(
            select(Handover).where(Handover.to_code == code, Handover.decided_at.is_(None))
        ):
            asked.to_code = heir
        for text in db.session.scalars(select(ReplyTemplate).where(ReplyTemplate.unit_code == code)):
            text.unit_code = heir
    db.session.flush()
