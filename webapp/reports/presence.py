"""Who has a case open just now, so that two people do not work on it without knowing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Integer, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import Base, UtcDateTime, db, rows_changed
from webapp.core.events import BigId

STAYS = timedelta(seconds=90)  # after the last sign; a page gives one every 30 s


class Presence(Base):
    """The last sign that somebody has a case open. Gone with the next sign after it is old."""

    __tablename__ = "presences"
    __table_args__ = (Index("ix_presences_seen", "seen_at"),)

    report_id: Mapped[int] = mapped_column(BigId, ForeignKey("reports.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("users.id"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


def here(report_id: int, user_id: int) -> None:
    """The person has the case open."""
    moment = clock.now()
    db.session.execute(delete(Presence).where(Presence.seen_at < moment - STAYS))
    mine = (Presence.report_id == report_id, Presence.user_id == user_id)
    if not rows_changed(update(Presence).where(*mine).values(seen_at=moment)):
        try:
            with db.session.begin_nested():
                db.session.execute(insert(Presence).values(report_id=report_id, user_id=user_id, seen_at=moment))
        except IntegrityError:
            pass  # the same person in another window, at the same moment


def gone(report_id: int, user_id: int) -> None:
    """The person has closed it."""
    db.session.execute(delete(Presence).where(Presence.report_id == report_id, Presence.user_id == user_id))


def others(report_id: int, user_id: int | None) -> list[tuple[str, str | None]]:
    """Who else has it open: the post held and the unit's code."""
    query = (
        select(User.name, User.unit_code)
        .join(Presence, Presence.user_id == User.id)
        .where(Presence.report_id == report_id, Presence.seen_at >= clock.now() - STAYS, User.id != user_id)
        .order_by(User.name, User.id)
        .limit(10)
    )
    return [(name, unit) for name, unit in db.session.execute(query)]
