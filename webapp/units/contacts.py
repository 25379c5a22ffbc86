"""Where a unit without accounts is written to. The operator's own table; an office's address, never a person's."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock, events
from webapp.core.db import Base, UtcDateTime, db
from webapp.core.events import Actor
from webapp.units.models import Unit

_EMAIL = re.compile(r"[^@\s<>,;:\"\\()]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
PAGE = 50


class UnitContact(Base):
    """The office address of one unit."""

    __tablename__ = "unit_contacts"

    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    email: Mapped[str] = mapped_column(String(200))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BadAddress(ValueError):
    """This is no e-mail address."""


def of(unit_code: str | None) -> UnitContact | None:
    """The unit's address, if the operator has given one."""
    return db.session.get(UnitContact, unit_code) if unit_code else None


def tidy(email: str) -> str:
    """An address as it is kept, or nothing. Raises BadAddress."""
    email = email.strip()
    if not email:
        return ""
    if len(email) > 200 or not _EMAIL.fullmatch(email):
        raise BadAddress(email)
    local, _, host = email.rpartition("@")
    return f"{local}@{host.lower()}"


def put(unit: Unit, email: str, actor: Actor) -> None:
    """Set the unit's address; an empty one removes it. Raises BadAddress.

    The record says that it was changed and by whom, not what it is.
    """
    email = tidy(email)
    known = of(unit.code)
    if not email:
        if known is not None:
            db.session.delete(known)
            events.append("units", "unit:contact_removed", actor, unit=unit.code)
        return
    if known is None:
        db.session.add(UnitContact(unit_code=unit.code, email=email, updated_at=clock.now()))
    elif known.email == email:
        return
    else:
        known.email, known.updated_at = email, clock.now()
    events.append("units", "unit:contact_set", actor, unit=unit.code)


def page(after: str = "") -> list[UnitContact]:
    """PAGE addresses and one more if there are more, by unit code, those after `after`."""
    query = select(UnitContact).where(UnitContact.unit_code > after).order_by(UnitContact.unit_code)
    return list(db.session.scalars(query.limit(PAGE + 1)))


def every(limit: int) -> list[UnitContact]:
    """All addresses, at most so many, by unit code."""
    return list(db.session.scalars(select(UnitContact).order_by(UnitContact.unit_code).limit(limit)))
