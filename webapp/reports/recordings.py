"""Clips and voice notes: sealed evidence, and a stripped copy for staff where one could be made.

Nothing here is ever public: faces and voices in a recording cannot be hidden as they can in a photo.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Float, ForeignKey, Integer, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core import clock, outbox
from webapp.core.db import Base, UtcDateTime, db
from webapp.core.events import BigId
from webapp.reports import codes
from webapp.reports.intake import StoredRecording
from webapp.reports.models import Report

CLIP, VOICE = "clip", "voice"
WAITING, CLEAN, SEALED = "waiting", "clean", "sealed"  # sealed: evidence only, no copy could be proved clean


class Recording(Base):
    """One clip (picture that moves) or voice note (sound only)."""

    __tablename__ = "recordings"
    __table_args__ = (UniqueConstraint("report_id", "sha256", name="uq_recordings_report_sha"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(12))  # report, message
    kind: Mapped[str] = mapped_column(String(8))
    original: Mapped[str] = mapped_column(String(160), index=True)  # name of the sealed original in storage
    sha256: Mapped[str] = mapped_column(String(64))  # of the original as received
    size: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    duration_s: Mapped[float | None] = mapped_column(Float)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    report: Mapped[Report] = relationship()

    @property
    def copy_name(self) -> str:
        """Name in storage of the copy without metadata, for staff only."""
        return f"stripped/{self.public_id}"


def attach(report: Report, stored: Iterable[StoredRecording], *, purpose: str) -> list[Recording]:
    """Attach originals that lie in storage and queue their stripping. The same file twice is one."""
    known = set(db.session.scalars(select(Recording.sha256).where(Recording.report_id == report.id)))
    added = []
    for one in stored:
        if one.sha256 in known:
            continue
        known.add(one.sha256)
        recording = Recording(
            public_id=codes.new_public_id() + codes.new_public_id(),
            report_id=report.id,
            purpose=purpose,
            kind=one.kind,
            original=one.name,
            sha256=one.sha256,
            size=one.size,
            mime=one.mime,
            state=WAITING,
            duration_s=one.duration_s,
            created_at=clock.now(),
        )
        db.session.add(recording)
        db.session.flush()
        outbox.enqueue("recordings.strip", recording_id=recording.id)
        added.append(recording)
    return added


def of(report: Report) -> list[Recording]:
    """The recordings of a report, in the order in which they came."""
    query = select(Recording).where(Recording.report_id == report.id).order_by(Recording.id)
    return list(db.session.scalars(query))


def by_public_id(public_id: str) -> Recording | None:
    """A recording under its random name."""
    return db.session.scalars(select(Recording).where(Recording.public_id == public_id)).first()
