"""A case goes from one unit to another: a unit that has accepted it asks, and the Front grants that or declines; or
the Front takes it from a unit that does not act. Flushes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Boolean, ColumnElement, ForeignKey, Index, Integer, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock, events
from webapp.core.db import Base, UtcDateTime, db
from webapp.core.events import Actor, BigId
from webapp.reports import gone, lanes, lifecycle, service, unit_work
from webapp.reports.models import Report
from webapp.units.models import Unit

# While the unit itself may ask
DURING = (lifecycle.VERIFYING, lifecycle.IN_PROGRESS, lifecycle.REWORK)


class Handover(Base):
    """One request. `granted` is None while nobody has decided, and where the case went on by itself."""

    __tablename__ = "handovers"
    __table_args__ = (Index("ix_handovers_report", "report_id", "decided_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    from_code: Mapped[str] = mapped_column(String(40))
    to_code: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    granted: Mapped[bool | None] = mapped_column(Boolean)


class NotOpen(ValueError):
    """There is no request to decide on, or one waits already."""


def pending(report: Report) -> Handover | None:
    """The request that waits for the Front."""
    query = select(Handover).where(Handover.report_id == report.id, Handover.decided_at.is_(None))
    return db.session.scalars(query.order_by(Handover.id.desc()).limit(1)).first()


def is_pending() -> ColumnElement[bool]:
    """The SQL condition on Report that a request waits."""
    return (
        select(Handover.id)
        .where(Handover.report_id == Report.id, Handover.decided_at.is_(None))
        .correlate(Report)
        .exists()
    )


def waiting(report_ids: Iterable[int]) -> set[int]:
    """Those of the reports for which a request waits, in one statement."""
    ids = list(report_ids)
    if not ids:
        return set()
    return set(
        db.session.scalars(select(Handover.report_id).where(Handover.report_id.in_(ids), Handover.decided_at.is_(None)))
    )


def ask(report: Report, actor: Actor, unit: Unit, reason: str) -> Handover:
    """Ask the Front to give the case to `unit`. The clock runs on meanwhile.

    Raises lifecycle.NotAllowed, lifecycle.Missing, NotOpen, or unit_work.Unfit.
    """
    if report.status not in DURING:
        raise lifecycle.NotAllowed(f"{report.status} hand over")
    if not reason:
        raise lifecycle.Missing("reason")
    if not unit_work.fits(report, unit):
        raise unit_work.Unfit(unit.code)
    if pending(report) is not None:
        raise NotOpen
    asked = Handover(
        report_id=report.id,
        from_code=report.unit_code or "",
        to_code=unit.code,
        user_id=actor.user_id,
        reason=reason,
        created_at=clock.now(),
    )
    db.session.add(asked)
    report.lane = lanes.lane_of(report.status, lanes.HANDOVER)
    db.session.flush()
    service.touch(report)
    events.append(service.stream(report), "handover:asked", actor, unit=unit.code, reason=reason)
    return asked


def grant(report: Report, actor: Actor, unit: Unit) -> Handover:
    """Give the case to the unit that was asked for, which accepts it like any other. Its clock is the old one:
    whoever wants a new one restarts it. Raises NotOpen or a lifecycle error."""
    asked = pending(report)
    if asked is None or asked.to_code != unit.code:
        raise NotOpen
    lifecycle.check(report.status, lifecycle.ASSIGNED, reason=asked.reason, unit=True)
    asked.decided_at, asked.granted = clock.now(), True
    before, report.unit_code = report.unit_code, unit.code
    service.move(report, lifecycle.ASSIGNED, actor, reason=asked.reason, handed_over_by=before)
    return asked


def can_be_taken(report: Report) -> bool:
    """Whether the Front may give the case to another unit of itself; a request that waits is decided first."""
    return report.status in (lifecycle.ASSIGNED, *DURING) and pending(report) is None


def take_away(report: Report, actor: Actor, unit: Unit, reason: str) -> None:
    """The Front gives the case to another unit, without the one that has it having asked: it does not act, or it
    should never have had it. Raises a lifecycle error, or unit_work.Unfit; nothing has changed then."""
    if not can_be_taken(report):
        raise lifecycle.NotAllowed(f"{report.status} take away")
    if not unit_work.fits(report, unit):
        raise unit_work.Unfit(unit.code)
    lifecycle.check(report.status, lifecycle.ASSIGNED, reason=reason, unit=True)
    before, officer = report.unit_code, report.assignee_id
    report.unit_code = unit.code
    service.move(report, lifecycle.ASSIGNED, actor, reason=reason, handed_over_by=before, taken=True)
    gone.tell(report, before, officer)


def decline(report: Report, actor: Actor, reason: str) -> Handover:
    """The case stays where it is. Raises NotOpen or lifecycle.Missing."""
    asked = pending(report)
    if asked is None:
        raise NotOpen
    if not reason:
        raise lifecycle.Missing("reason")
    asked.decided_at, asked.granted = clock.now(), False
    report.lane = lanes.lane_of(report.status)
    service.touch(report)
    events.append(service.stream(report), "handover:declined", actor, unit=asked.to_code, reason=reason)
    return asked


def drop(report: Report) -> None:
    """The case has gone on, so nobody decides any more."""
    asked = pending(report)
    if asked is not None:
        asked.decided_at = clock.now()
