"""What others say of an answer: the reporter whether it is solved, neighbours that they see it too."""

from __future__ import annotations

import hmac
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock, events
from webapp.core.db import Base, UtcDateTime, db, rows_changed
from webapp.core.events import Actor, BigId
from webapp.core.instance import instance
from webapp.reports import lanes, lifecycle, service
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Report

YES, PARTLY, NO = "yes", "partly", "no"
VERDICTS = (YES, PARTLY, NO)
ASKED_FOR = timedelta(days=30)  # after a case was closed
MAX_TIMES = 5  # that one may change one's mind


class Feedback(Base):
    """The reporter's word on whether it is solved; the last one counts. Words and pictures are in the talk."""

    __tablename__ = "feedback"
    __table_args__ = (
        Index("ix_feedback_report", "report_id", "settled_at"),
        Index("ix_feedback_created", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"))  # what it speaks of
    verdict: Mapped[str] = mapped_column(String(8))
    rating: Mapped[int | None] = mapped_column(Integer)  # 1 to 5
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the Front has looked, or it was taken back


class Witness(Base):
    """Somebody's device that says "I see it too". No time and no address: a count is all it is for."""

    __tablename__ = "witnesses"
    __table_args__ = (UniqueConstraint("report_id", "device_key", name="uq_witnesses_report_device"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    device_key: Mapped[str] = mapped_column(String(64))


class NotAsked(ValueError):
    """There is nothing (any more) to say this of."""


def is_asked(report: Report, now: datetime) -> bool:
    """Whether the reporter may say now if it is solved."""
    if report.status not in lifecycle.CLAIMED:
        return False
    return report.closed_at is None or report.closed_at > now - ASKED_FOR


def last(report: Report) -> Feedback | None:
    """What the reporter said last."""
    return db.session.scalars(
        select(Feedback).where(Feedback.report_id == report.id).order_by(Feedback.id.desc()).limit(1)
    ).first()


def say(report: Report, verdict: str, rating: int | None, text: str, photos: tuple[StoredPhoto, ...]) -> Feedback:
    """The reporter says whether it is solved. "no" asks the Front to look again: the status stays, for it is the
    Front's to give, and the case is flagged on its desk until it has. Raises NotAsked."""
    moment = clock.now()
    times = db.session.scalar(select(func.count()).select_from(Feedback).where(Feedback.report_id == report.id))
    if not is_asked(report, moment) or (times or 0) >= MAX_TIMES * max(1, len(report.answers)):
        raise NotAsked
    if text:
        service.add_message(report, "reporter", text)
    added = service.add_photos(report, photos, purpose="message")
    _settle(report, moment)
    said = Feedback(
        report_id=report.id,
        answer_id=report.answers[-1].id if report.answers else None,
        verdict=verdict,
        rating=rating,
        created_at=moment,
        settled_at=None if verdict == NO else moment,
    )
    db.session.add(said)
    report.lane = lanes.lane_of(report.status, lanes.OBJECTED if verdict == NO else "")
    db.session.flush()
    kind = "report:objected" if verdict == NO else "report:rated"
    events.append(
        service.stream(report),
        kind,
        events.REPORTER,
        public=True,
        word=verdict,
        rating=rating,
        photos=len(added),
        text=bool(text),
    )
    service.touch(report)
    return said


def uphold(report: Report, actor: Actor, reason: str) -> None:
    """The Front has looked again and finds the answer sufficient after all. Raises lifecycle.Missing, NotAsked."""
    if not reason:
        raise lifecycle.Missing("reason")
    if not _settle(report, clock.now()):
        raise NotAsked
    service.add_message(report, "front", reason, actor.user_id)
    events.append(service.stream(report), "report:upheld", actor, public=True, reason=reason)
    service.touch(report)


def objected(reports: list[int]) -> set[int]:
    """Those whose reporter says "not solved" and waits for the Front."""
    query = select(Feedback.report_id).where(
        Feedback.report_id.in_(reports), Feedback.verdict == NO, Feedback.settled_at.is_(None)
    )
    return set(db.session.scalars(query))


def settle(report: Report) -> None:
    """The Front has given its verdict in another way: by accepting the answer or sending it back."""
    _settle(report, clock.now())


def _settle(report: Report, moment: datetime) -> int:
    settled = rows_changed(
        update(Feedback).where(Feedback.report_id == report.id, Feedback.settled_at.is_(None)).values(settled_at=moment)
    )
    if settled:
        report.lane = lanes.lane_of(report.status)
    return settled


def witness(report_id: int, public_id: str, device: str) -> bool:
    """Count this device for the case; False if it was counted before, for it or for one that was merged into it.

    Keys of two cases cannot be compared without the device at hand, on purpose: whoever said so of both before they
    were merged stays counted twice.
    """
    merged = db.session.execute(select(Report.id, Report.public_id).where(Report.duplicate_of_id == report_id))
    keys = {number: _device_key(name, device) for number, name in merged}
    known = select(Witness.id).where(Witness.report_id.in_(keys), Witness.device_key.in_(keys.values()))
    if keys and db.session.scalar(known.limit(1)) is not None:
        return False
    try:
        with db.session.begin_nested():
            db.session.add(Witness(report_id=report_id, device_key=_device_key(public_id, device)))
            db.session.flush()
    except IntegrityError:
        return False
    return True


def _device_key(public_id: str, device: str) -> str:
    words = f"witness:{public_id}:{device}".encode()
    return hmac.digest(instance().settings.code_key.encode(), words, "sha256").hex()


def witnessed(report_id: Any) -> ColumnElement[bool]:
    """The witnesses of a case, those of its duplicates included, as a condition; `report_id` may be a column."""
    same = (
        select(Report.id)
        .where(or_(Report.id == report_id, Report.duplicate_of_id == report_id))
        .correlate_except(Report)
    )
    return Witness.report_id.in_(same)


def witnesses(report_id: int) -> int:
    """How many others see it too, those of its duplicates included."""
    return db.session.scalar(select(func.count()).where(witnessed(report_id))) or 0


def witness_counts(reports: list[int]) -> dict[int, int]:
    """The same for several cases in one statement; a case that nobody else sees is not among them."""
    of = case((Report.id.in_(reports), Report.id), else_=Report.duplicate_of_id)
    of_these = or_(Report.id.in_(reports), Report.duplicate_of_id.in_(reports))
    # Rows are few: they are counted here, so that no engine has to group by an expression with parameters.
    query = select(of).join(Witness, Witness.report_id == Report.id).where(of_these)
    return dict(Counter(db.session.scalars(query)))
