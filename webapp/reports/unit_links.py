"""A unit without accounts works by links that are sent to its office address: each signed, for one case, once.

The table holds a hash of the last token only. A token is made when it is sent, so a second try sends another one and
the first is worth nothing. Opening takes a press of a button: mail programs open links by themselves.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import UNIT, User
from webapp.accounts.permissions import UNIT_LINK, Identity
from webapp.core import clock, events, outbox
from webapp.core.db import Base, UtcDateTime, db
from webapp.core.events import Actor, BigId
from webapp.core.instance import instance
from webapp.reports import service
from webapp.reports.models import Report
from webapp.units import contacts
from webapp.units import queries as units

HANDLE = "handle"  # accept or give back, and answer
REMIND = "remind"  # the same, sent because a step is due or late
LIFE = timedelta(days=14)  # of a link that was not opened
STAY = timedelta(hours=8)  # of whoever opened it
LINKS_A_DAY = 3  # for one case to one unit, those that were asked for by hand


class UnitLink(Base):
    """One link: for this case, this unit and this purpose, until it is opened or too old."""

    __tablename__ = "unit_links"
    __table_args__ = (Index("ix_unit_links_report", "report_id", "created_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    unit_code: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # None until it is sent
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    report: Mapped[Report] = relationship()


class Spent(ValueError):
    """The link was opened before, is too old, or the case is no longer with the unit."""


def has_accounts(unit_code: str | None) -> bool:
    """Whether anybody of the unit can sign in."""
    query = select(User.id).where(User.role == UNIT, User.unit_code == unit_code, User.active.is_(True)).limit(1)
    return db.session.scalar(query) is not None


def write_to_unit(report: Report) -> UnitLink | None:
    """Queue a link to the unit that has the case now; None where its people sign in, or no address is known."""
    if has_accounts(report.unit_code) or contacts.of(report.unit_code) is None:
        return None
    link = _add(report, HANDLE)
    outbox.enqueue("notices.unit_link", link_id=link.id)
    return link


def for_reminder(report: Report) -> UnitLink | None:
    """A link to go with a reminder, for a unit that is written to; its letter is the caller's to queue."""
    if has_accounts(report.unit_code) or contacts.of(report.unit_code) is None:
        return None
    return _add(report, REMIND)


def _add(report: Report, purpose: str) -> UnitLink:
    moment = clock.now()
    link = UnitLink(
        report_id=report.id,
        unit_code=report.unit_code or "",
        purpose=purpose,
        created_at=moment,
        expires_at=moment + LIFE,
    )
    db.session.add(link)
    db.session.flush()
    return link


def renew(link: UnitLink) -> bool:
    """Send another link to the unit's own address, if the case is still there and that was not asked too often."""
    report = link.report
    if not _still_there(link) or contacts.of(link.unit_code) is None:
        return False
    since = clock.now() - timedelta(days=1)
    asked = db.session.scalar(
        select(func.count())
        .select_from(UnitLink)
        .where(
            UnitLink.report_id == report.id,
            UnitLink.unit_code == link.unit_code,
            UnitLink.purpose == HANDLE,
            UnitLink.created_at > since,
        )
    )
    if (asked or 0) > LINKS_A_DAY:
        return False
    outbox.enqueue("notices.unit_link", link_id=_add(report, HANDLE).id)
    return True


def address_and_token(link_id: int) -> tuple[str, str] | None:
    """For the notifier: where the link goes, and its token, made anew; None if there is nothing to send (any more)."""
    link = db.session.get(UnitLink, link_id)
    contact = contacts.of(link.unit_code) if link is not None else None
    if link is None or contact is None or link.sent_at is not None or not _still_there(link):
        return None
    token = str(_signer().dumps([link.id, secrets.token_urlsafe(18)]))
    link.token_hash = _hash(token)
    db.session.flush()
    return contact.email, token


def mark_sent(link_id: int) -> None:
    """The link has left the house."""
    link = db.session.get(UnitLink, link_id)
    if link is not None:
        link.sent_at = clock.now()
        events.append(service.stream(link.report), "unit:written_to", events.SYSTEM, unit=link.unit_code)


def by_token(token: str, *, lock: bool = False) -> UnitLink | None:
    """The link of this token, spent or not; None if we did not make it or a newer one has taken its place."""
    try:
        number, _random = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    query = select(UnitLink).where(UnitLink.id == number, UnitLink.token_hash == _hash(token))
    if lock:
        query = query.with_for_update(of=UnitLink)
    return db.session.scalars(query).first()


def is_fresh(link: UnitLink) -> bool:
    """Whether the link can still be opened."""
    return link.opened_at is None and link.expires_at > clock.now() and _still_there(link)


def open_link(link: UnitLink) -> None:
    """Open it, which works once. Raises Spent."""
    if not is_fresh(link):
        raise Spent
    link.opened_at = clock.now()
    events.append(service.stream(link.report), "unit:link_opened", actor_of(link), unit=link.unit_code)


def staying(link_id: int) -> UnitLink | None:
    """The link by which somebody has come in, while they may stay and the unit has no account of its own."""
    link = db.session.get(UnitLink, link_id)
    if link is None or link.opened_at is None or link.opened_at + STAY < clock.now() or not _still_there(link):
        return None
    return link


def identity_of(link: UnitLink) -> Identity:
    """What whoever came in by the link may do, as the rights' map has it; the case is the link's alone."""
    unit = units.by_code(link.unit_code)
    area = unit.area_code if unit is not None and unit.level == "commune" else None
    return Identity(UNIT_LINK, None, link.unit_code, area, unit.province_code if unit is not None else None)


def actor_of(link: UnitLink) -> Actor:
    """The record's name for whoever came in by the link: the unit, and nobody in person."""
    return Actor("unit_link", None, link.unit_code)


def last(report: Report) -> UnitLink | None:
    """The newest link to the unit that has the case."""
    query = select(UnitLink).where(UnitLink.report_id == report.id, UnitLink.unit_code == report.unit_code)
    return db.session.scalars(query.order_by(UnitLink.id.desc()).limit(1)).first()


def _still_there(link: UnitLink) -> bool:
    report = link.report
    return report.unit_code == link.unit_code and report.decided and not has_accounts(link.unit_code)


def _hash(token: str) -> str:
    return hashlib.sha256(b"unit-link:" + token.encode("utf-8", "replace")).hexdigest()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(
        instance().settings.secret_key, salt="unit-link", signer_kwargs={"digest_method": hashlib.sha256}
    )
