"""The tables of supervision. None of them names anybody: units, days, and words between offices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Json, UtcDateTime
from webapp.core.events import BigId

MET, LATE = "met", "late"
ASKED, GRANTED, REFUSED, LAPSED = "asked", "granted", "refused", "lapsed"


def _as_started(context: Any) -> datetime:
    started: datetime = context.get_current_parameters()["started_at"]
    return started


class StepClock(Base):
    """One step of one case: who owed it, from when to when, and whether it was done in time. Rows stay.

    A step that comes again (rework, another unit) has another row, so time and lateness can be counted per step,
    unit and day. Whoever is late now is a row without an end whose due time has passed.
    """

    __tablename__ = "step_clocks"
    __table_args__ = (
        # One clock at most runs for a case: two writers at once cannot start two.
        Index(
            "uq_step_clocks_running",
            "report_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("ix_step_clocks_report", "report_id"),
        Index("ix_step_clocks_unit", "unit_code", "step", "made_at"),
        Index("ix_step_clocks_ended", "unit_code", "ended_at"),
        # What is with a unit now, and the soonest due of it.
        Index(
            "ix_step_clocks_open",
            "unit_code",
            "step",
            "due_at",
            "report_id",
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        # What the reminders look for; empty once a clock has ended or its ladder is climbed.
        Index(
            "ix_step_clocks_next_rung",
            "next_rung_at",
            postgresql_where=text("next_rung_at IS NOT NULL"),
            sqlite_where=text("next_rung_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    step: Mapped[str] = mapped_column(String(12))  # one of lifecycle.STEPS
    unit_code: Mapped[str | None] = mapped_column(String(40))  # who owes it, under its code of then
    rule_code: Mapped[str | None] = mapped_column(String(60))
    measure: Mapped[str] = mapped_column(String(8))  # days, hours, clock
    amount: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)  # from when its term counts
    # When this row was written: where a hand-over keeps `started_at`, that is when this unit got the case
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_as_started)
    # Of an acceptance after a hand-over: from when the time for the answer counts on, however late it is accepted
    counts_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # before pauses and extensions
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pauses: Mapped[list[list[str]]] = mapped_column(Json, default=list)  # [from, to] each, ISO
    extensions: Mapped[int] = mapped_column(Integer, default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # met, late; None while it runs, and where it was taken from the unit before it was done or due
    outcome: Mapped[str | None] = mapped_column(String(4))
    moved: Mapped[bool] = mapped_column(Boolean, default=False)  # ended undone: given to another, or routed anew
    spent_days: Mapped[int | None] = mapped_column(Integer)  # working days it took, pauses left out
    next_rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Extension(Base):
    """More time for a step: asked by the unit and decided by the Front, or given by the Front of itself."""

    __tablename__ = "extensions"
    __table_args__ = (
        Index("ix_extensions_report", "report_id"),
        Index(
            "uq_extensions_asked",
            "clock_id",
            unique=True,
            postgresql_where=text("state = 'asked'"),
            sqlite_where=text("state = 'asked'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    clock_id: Mapped[int] = mapped_column(ForeignKey("step_clocks.id"))
    state: Mapped[str] = mapped_column(String(8))  # asked, granted, refused, lapsed
    asked_by: Mapped[str | None] = mapped_column(String(40))  # unit; None: the Front of itself
    reason: Mapped[str] = mapped_column(Text)
    wanted_day: Mapped[date] = mapped_column(Date)
    decided_by: Mapped[str | None] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # due time before and after it was granted
    after: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReminderRule(Base):
    """One rung of the ladder: so long before or after the due time, this one is reminded."""

    __tablename__ = "reminder_rules"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    measure: Mapped[str] = mapped_column(String(8))  # days: for terms in days; hours: for terms in hours
    offset: Mapped[int] = mapped_column(Integer)  # working days or hours; negative: before
    whom: Mapped[str] = mapped_column(String(16))  # officer, head_of_unit, unit_above, front_above
    channel: Mapped[str] = mapped_column(String(8))  # email, or desk: shown there only
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    certainty: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    own: Mapped[bool] = mapped_column(Boolean, default=False)  # the operator's: loading the files leaves it alone


class Reminder(Base):
    """That a rung was reached, once for each due time: the row is what keeps it from being said twice."""

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("clock_id", "rung", "due_at", name="uq_reminders_clock_rung"),
        Index("ix_reminders_report", "report_id"),
        Index("ix_reminders_unit", "unit_code", "whom", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    clock_id: Mapped[int] = mapped_column(ForeignKey("step_clocks.id"))
    rung: Mapped[str] = mapped_column(String(40))
    whom: Mapped[str] = mapped_column(String(16))
    unit_code: Mapped[str | None] = mapped_column(String(40))  # which unit was addressed
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    days_late: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
