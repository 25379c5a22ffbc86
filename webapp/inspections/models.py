"""Inspections: what is looked at, what an officer wrote down on the spot, and what the authority decided."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, Json, UtcDateTime
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


class Checklist(Base):
    """One version of what is looked at on the spot for one group of categories: from `webapp/data/checklists.toml`, or
    written in the browser. A version never changes; a day has the newest that has begun (`versions`)."""

    __tablename__ = "checklists"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    group_code: Mapped[str] = mapped_column(String(40))  # or "*"
    name: Mapped[dict[str, str]] = mapped_column(Json)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # see checklists.Question
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    certainty: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)
    own: Mapped[bool] = mapped_column(Boolean, default=False)  # the operator's: loading the files leaves it alone


class Sheet(Base):
    """One inspection as it was written down on the spot: a draft until it is signed off, then fixed."""

    __tablename__ = "inspection_sheets"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    client_key: Mapped[str] = mapped_column(String(64), unique=True)  # hash of the phone's own random id
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    unit_code: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(Integer)
    checklist_code: Mapped[str] = mapped_column(String(40))
    questions: Mapped[list[dict[str, Any]]] = mapped_column(Json)  # as they were asked that day
    answers: Mapped[dict[str, Any]] = mapped_column(Json)  # by question; for photos the hashes of the originals
    findings: Mapped[str] = mapped_column(Text)
    lon: Mapped[float | None] = mapped_column(Float)
    lat: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[float | None] = mapped_column(Float)
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by the phone's clock
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it came in
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_by: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[str | None] = mapped_column(String(64))  # over all of it, as signed
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answers.id"), index=True)

    report: Mapped[Report] = relationship()

    # A save against a version that has moved on fails instead of overwriting.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
