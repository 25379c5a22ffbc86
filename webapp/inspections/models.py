"""Inspection outcomes: what the authority found at a place and what it decided."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, UtcDateTime
from webapp.core.events import BigId
from webapp.reports.models import Report

FINDINGS = ("violation", "no_violation", "not_established")
MEASURES = ("none", "reminder", "fine", "suspension", "remedy", "criminal")


class Outcome(Base):
    """The outcome of one inspection, recorded by the unit and published by the Front."""

    __tablename__ = "inspection_outcomes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"), index=True)
    unit_code: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(Integer)
    inspected_on: Mapped[date] = mapped_column(Date)
    finding: Mapped[str] = mapped_column(String(20))
    measure: Mapped[str] = mapped_column(String(20))
    fine_vnd: Mapped[int | None] = mapped_column(BigInteger)
    decision_number: Mapped[str] = mapped_column(String(80), default="")
    summary: Mapped[str] = mapped_column(Text)
    public: Mapped[bool] = mapped_column(Boolean, default=False, index=True)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by_code: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    report: Mapped[Report | None] = relationship()
