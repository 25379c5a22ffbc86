"""What a sender may ask about their own data under the code, and what is done then.

Law 91/2025/QH15 gives access, correction, withdrawal of consent and deletion; the clocks are rows of
`webapp/data/deadlines.csv`, worked out by the caller. Words of the sender stay in the table, never in the record.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from shapely.geometry import Point
from sqlalchemy import Boolean, Date, ForeignKey, Index, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.permissions import Identity
from webapp.core import clock, events
from webapp.core.db import Base, UtcDateTime, db, rows_changed
from webapp.core.events import Actor, BigId
from webapp.core.instance import instance
from webapp.reports import desk_queries, lifecycle, links
from webapp.reports.models import FROM_SENDER, Contact, Message, Photo, Report
from webapp.reports.service import stream, touch

ACCESS, CORRECT, WITHDRAW, DELETE = "access", "correct", "withdraw", "delete"
# kind -> step of the deadlines that says how long it may take
STEP = {ACCESS: "data_access", CORRECT: "data_correct", WITHDRAW: "data_limit", DELETE: "data_delete"}
KINDS = tuple(STEP)
ACKNOWLEDGE = "data_ack"
KEEP = timedelta(days=731)  # 24 months, a product decision: no statutory period was found
MAX_OPEN = 3  # of one report at a time

# While it is with the Front the sender takes a report back at once; later others act on it already.
WITHDRAWABLE = tuple(frm for frm, to in lifecycle.TRANSITIONS if to == lifecycle.WITHDRAWN)


class DataRequest(Base):
    """A request about personal data, with its clock and its answer."""

    __tablename__ = "data_requests"
    __table_args__ = (Index("ix_data_requests_open", "answered_at", "due_on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledge_by: Mapped[date] = mapped_column(Date)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_on: Mapped[date] = mapped_column(Date)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    granted: Mapped[bool | None] = mapped_column(Boolean)
    answer: Mapped[str] = mapped_column(Text, default="")

    report: Mapped[Report] = relationship()


class TooMany(ValueError):
    """The report has MAX_OPEN requests without an answer already."""


def ask(report: Report, kind: str, text: str, *, acknowledge_by: date, due_on: date) -> DataRequest:
    """Take a request in. Raises TooMany; ValueError for an unknown kind."""
    if kind not in STEP:
        raise ValueError(f"unknown kind {kind!r}")
    if sum(r.answered_at is None for r in of_report(report)) >= MAX_OPEN:
        raise TooMany
    asked = DataRequest(
        report_id=report.id,
        kind=kind,
        text=text,
        created_at=clock.now(),
        acknowledge_by=acknowledge_by,
        due_on=due_on,
    )
    db.session.add(asked)
    db.session.flush()
    events.append(
        stream(report), "data:requested", events.REPORTER, request=asked.id, what=kind, due=due_on.isoformat()
    )
    return asked


def of_report(report: Report) -> list[DataRequest]:
    """The report's requests, newest first."""
    query = select(DataRequest).where(DataRequest.report_id == report.id).order_by(DataRequest.id.desc())
    return list(db.session.scalars(query))


def for_desk(identity: Identity, limit: int = 200) -> list[DataRequest]:
    """Requests in the identity's cases: open ones by due day, then those answered last."""
    query = (
        select(DataRequest)
        .join(DataRequest.report)
        .where(desk_queries.in_scope(identity))
        .order_by(
            DataRequest.answered_at.is_not(None), DataRequest.answered_at.desc(), DataRequest.due_on, DataRequest.id
        )
        .limit(limit)
    )
    return list(db.session.scalars(query))


def count_open(identity: Identity) -> int:
    """How many requests in the identity's cases wait for an answer."""
    query = select(func.count()).select_from(DataRequest).join(DataRequest.report)
    found = db.session.scalar(query.where(desk_queries.in_scope(identity), DataRequest.answered_at.is_(None)))
    return int(found or 0)


def acknowledge(asked: DataRequest, actor: Actor) -> None:
    """Tell the sender that the request has been read; nothing happens the second time."""
    if asked.acknowledged_at is None:
        asked.acknowledged_at = clock.now()
        events.append(stream(asked.report), "data:acknowledged", actor, request=asked.id)


def answer(asked: DataRequest, actor: Actor, text: str, *, granted: bool) -> None:
    """Answer; a granted withdrawal or deletion is carried out here and now."""
    acknowledge(asked, actor)
    asked.answered_at, asked.granted, asked.answer = clock.now(), granted, text
    events.append(stream(asked.report), "data:answered", actor, request=asked.id, what=asked.kind, granted=granted)
    if granted and asked.kind == WITHDRAW:
        restrict(asked.report, actor)
    if granted and asked.kind == DELETE:
        erase(asked.report, actor)


def can_withdraw(report: Report) -> bool:
    """Whether the sender takes the report back by themself: it is with the Front, and nobody else's hangs on it."""
    if report.status not in (lifecycle.NEW, *WITHDRAWABLE):
        return False
    if links.parts_of(report.id) or links.whole_of(report.id):
        return False
    return not db.session.scalar(select(Report.id).where(Report.duplicate_of_id == report.id).limit(1))


def forget_contact(report: Report) -> bool:
    """Delete the sealed contacts; whether there were any."""
    found = db.session.scalars(select(Contact).where(Contact.report_id == report.id)).all()
    for contact in found:
        db.session.delete(contact)
    db.session.flush()
    return bool(found)


def restrict(report: Report, actor: Actor) -> None:
    """Consent is withdrawn: no contact any more, and nothing the sender wrote or took is public any more."""
    contact = forget_contact(report)
    photos = [p for p in report.photos if p.purpose in FROM_SENDER and p.public]
    for photo in photos:
        photo.public = False
    report.public_text = ""
    touch(report)
    events.append(stream(report), "data:restricted", actor, contact=contact, photos=[p.id for p in photos])
    for _number, part in links.parts_of(report.id):
        restrict(part, actor)


def erase(report: Report, actor: Actor) -> None:
    """Delete what the sender gave of themself: contact, words, talk, original files and what was not let out.

    What remains are facts of the case: kind, commune, status, the record, answers, and texts and pictures that an
    officer has let out. Where the position was the phone's, only the blurred one remains: it said where the
    sender stood. Files go at once, whatever becomes of the transaction: they were to go.
    """
    store = instance().storage
    gone = _forget_words(report)
    report.accuracy_m = report.observed_at = None
    if report.location is not None and report.place_source == "device":
        known = report.public_lon is not None and report.public_lat is not None
        report.location = Point(report.public_lon, report.public_lat) if known else None
    files: list[str] = []
    originals = 0
    for photo in [p for p in report.photos if p.purpose in FROM_SENDER]:
        if photo.original:
            files.append(photo.original)
            originals += 1
        photo.original, photo.dhash = "", None
        if not (photo.public and photo.state == "clean"):
            files += [photo.clean_name, photo.thumb_name]
            db.session.delete(photo)
    touch(report)
    db.session.flush()
    db.session.expire(report, ["photos"])
    events.append(
        stream(report),
        "data:erased",
        actor,
        originals=originals,
        **gone,
    )
    for _number, part in links.parts_of(report.id):  # made of what the same sender gave
        erase(part, actor)
    for name in files:
        if not _used_elsewhere(name):
            store.delete(name)


def _forget_words(report: Report) -> dict[str, Any]:
    """Delete contact, words, talk and the texts of requests; what there was, in numbers."""
    contact = forget_contact(report)
    said = rows_changed(delete(Message).where(Message.report_id == report.id))
    words = bool(report.description or report.place_text)
    report.description = report.place_text = ""
    for asked in of_report(report):
        asked.text = ""
    db.session.flush()
    db.session.expire(report, ["messages"])
    return {"contact": contact, "words": words, "messages": said}


def retire(limit: int = 200) -> int:
    """Delete contact, words and talk of cases that were closed KEEP ago; returns how many cases."""
    words = (Report.description != "") | (Report.place_text != "")
    contact = select(Contact.id).where(Contact.report_id == Report.id).exists()
    talk = select(Message.id).where(Message.report_id == Report.id).exists()
    old = db.session.scalars(
        select(Report)
        .where(Report.closed_at < clock.now() - KEEP, words | contact | talk)
        .order_by(Report.id)
        .limit(limit)
    ).all()
    for report in old:
        events.append(stream(report), "data:retired", events.SYSTEM, **_forget_words(report))
    db.session.flush()
    return len(old)


def _used_elsewhere(name: str) -> bool:
    """Whether another row still names this original: the same file may be a report's and a message's."""
    return bool(db.session.scalar(select(Photo.id).where(Photo.original == name).limit(1)))
