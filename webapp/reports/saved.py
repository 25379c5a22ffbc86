"""Filters that a member of staff has given a name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock
from webapp.core.db import Base, Json, UtcDateTime, db, rows_changed
from webapp.core.events import BigId

MAX_SAVED, MAX_NAME = 12, 60


class SavedFilter(Base):
    """One named filter of one person's desk; `query` as in the address of the list."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("user_id", "name", name="uq_saved_filters_user_name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(Integer, ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    query: Mapped[dict[str, str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TooMany(ValueError):
    """One person keeps MAX_SAVED filters at most."""


def of(user_id: int) -> list[tuple[int, str, dict[str, str]]]:
    """A person's filters: id, name, query; the oldest first."""
    s = SavedFilter.__table__.c
    rows = db.session.execute(select(s.id, s.name, s.query).where(s.user_id == user_id).order_by(s.id))
    return [(number, name, query) for number, name, query in rows]


def save(user_id: int, name: str, query: dict[str, str]) -> SavedFilter:
    """Keep a filter; one of the same name is replaced. Raises TooMany."""
    known = db.session.scalars(
        select(SavedFilter).where(SavedFilter.user_id == user_id, SavedFilter.name == name)
    ).first()
    if known is not None:
        known.query = query
        return known
    count = db.session.scalar(select(func.count()).select_from(SavedFilter).where(SavedFilter.user_id == user_id))
    if (count or 0) >= MAX_SAVED:
        raise TooMany
    made = SavedFilter(user_id=user_id, name=name, query=query, created_at=clock.now())
    db.session.add(made)
    db.session.flush()
    return made


def forget(user_id: int, number: int) -> bool:
    """Delete one of the person's own filters; False if there is none."""
    return bool(rows_changed(delete(SavedFilter).where(SavedFilter.user_id == user_id, SavedFilter.id == number)))
