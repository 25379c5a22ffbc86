"""The Front checks an answer: accepted, in part, or not; with words and pictures of its own. Every verdict stays."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from webapp.core import clock
from webapp.core.db import Base, UtcDateTime, db
from webapp.core.events import Actor, BigId
from webapp.reports import feedback, lifecycle, service
from webapp.reports.intake import StoredPhoto
from webapp.reports.models import Photo, Report

ACCEPTED, PARTLY, NOT = VERDICTS = ("accepted", "partly", "not")
PURPOSE = "verification"  # of the Front's own pictures


class Verdict(Base):
    """What the Front found when it checked an answer."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index("ix_verdicts_report", "report_id"),
        Index("ix_verdicts_unit", "unit_code", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"))
    verdict: Mapped[str] = mapped_column(String(8))
    again: Mapped[bool] = mapped_column(Boolean, default=False)  # once more, after the reporter's "not solved"
    text: Mapped[str] = mapped_column(Text)
    unit_code: Mapped[str | None] = mapped_column(String(40))  # whose answer it was
    front_code: Mapped[str | None] = mapped_column(String(40))  # who checked
    user_id: Mapped[int | None] = mapped_column(Integer)
    rest_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # in part: until when the rest is owed
    public: Mapped[bool] = mapped_column(Boolean, default=False)  # its words are; the verdict itself always is
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    photos: Mapped[list[Photo]] = relationship(secondary="verdict_photos", order_by=Photo.id)


class VerdictPhoto(Base):
    """A picture that the Front took when it checked."""

    __tablename__ = "verdict_photos"

    verdict_id: Mapped[int] = mapped_column(ForeignKey("verdicts.id"), primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photos.id"), primary_key=True, index=True)


def of(report: Report) -> list[Verdict]:
    """The case's verdicts, oldest first."""
    query = select(Verdict).where(Verdict.report_id == report.id).order_by(Verdict.id)
    return list(db.session.scalars(query.options(selectinload(Verdict.photos))))


def check(
    report: Report,
    actor: Actor,
    verdict: str,
    text: str,
    *,
    photos: tuple[StoredPhoto, ...] = (),
    rest_due: datetime | None = None,
) -> Verdict:
    """Give the verdict on the last answer and take the step that follows from it.

    "not" sends the case back with a new clock. "partly" sends it back as well: until `rest_due`, if the Front
    accepts what was done and sets a date for the rest, else as "not" does. Raises lifecycle.NotAllowed or
    lifecycle.Missing, and nothing has changed then.
    """
    if verdict not in VERDICTS:
        raise lifecycle.Missing("verdict")
    to = lifecycle.VERIFIED if verdict == ACCEPTED else lifecycle.REWORK
    lifecycle.check(report.status, to, reason=text, unit=bool(report.unit_code))
    rest_due = rest_due if verdict == PARTLY else None
    made = _keep(report, actor, verdict, text, photos, rest_due=rest_due)
    service.move(report, to, actor, reason=text, due=rest_due, verdict=verdict, rest=bool(rest_due), check=made.id)
    return made


def uphold(report: Report, actor: Actor, reason: str, photos: tuple[StoredPhoto, ...] = ()) -> Verdict:
    """The Front has looked again after the reporter's "not solved", and the answer stands.

    Raises lifecycle.Missing, feedback.NotAsked.
    """
    feedback.uphold(report, actor, reason)
    return _keep(report, actor, ACCEPTED, reason, photos, again=True)


def publish(report: Report, chosen: set[str]) -> None:
    """Let out the words of exactly these verdicts (ids as a form sends them); their pictures go by themselves."""
    for verdict in of(report):
        verdict.public = str(verdict.id) in chosen


def counts(unit_code: str, since: datetime, until: datetime) -> dict[str, int]:
    """How a unit's answers were judged in a period: verdict -> number."""
    query = (
        select(Verdict.verdict, func.count())
        .where(Verdict.unit_code == unit_code, Verdict.created_at >= since, Verdict.created_at < until)
        .group_by(Verdict.verdict)
    )
    return dict.fromkeys(VERDICTS, 0) | {verdict: number for verdict, number in db.session.execute(query)}


def sent_back(report: Report) -> int:
    """How often an answer to this case was found insufficient."""
    return sum(v.verdict == NOT or (v.verdict == PARTLY and v.rest_due_at is None) for v in of(report))


def rest_until(day: date) -> datetime:
    """The end of a day in Vietnam, as the due time of the rest."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=clock.VIETNAM)


def _keep(
    report: Report,
    actor: Actor,
    verdict: str,
    text: str,
    photos: tuple[StoredPhoto, ...],
    *,
    rest_due: datetime | None = None,
    again: bool = False,
) -> Verdict:
    made = Verdict(
        report_id=report.id,
        answer_id=report.answers[-1].id if report.answers else None,
        verdict=verdict,
        again=again,
        text=text,
        unit_code=report.unit_code,
        front_code=actor.unit_code,
        user_id=actor.user_id,
        rest_due_at=rest_due,
        created_at=clock.now(),
    )
    made.photos = service.add_photos(report, photos, purpose=PURPOSE)
    db.session.add(made)
    db.session.flush()
    return made
