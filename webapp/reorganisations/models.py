"""A reorganisation and its steps as rows. What it did to areas and units stands in their own tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

from sqlalchemy import Date, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, Json, UtcDateTime
from webapp.reorganisations.plan import Plan, Step, What

DRAFT = "draft"
APPROVED = "approved"  # waits for its day, or for the worker
APPLIED = "applied"
WITHDRAWN = "withdrawn"
REFUSED = "refused"  # on its day something stood in the way; see `refusal`


class Reorganisation(Base):
    """One plan, from its draft to the day on which it is carried out."""

    __tablename__ = "reorganisations"
    __table_args__ = (Index("ix_reorganisations_state", "state", "effective_on"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    effective_on: Mapped[date] = mapped_column(Date)
    legal_basis: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default=DRAFT)
    refusal: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[int | None] = mapped_column(Integer)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cases_moved: Mapped[int] = mapped_column(Integer, default=0)
    cases_doubtful: Mapped[int] = mapped_column(Integer, default=0)  # for a person to look at
    moved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the last open case had followed

    steps: Mapped[list[ReorganisationStep]] = relationship(
        order_by="ReorganisationStep.position", cascade="all, delete-orphan"
    )

    @property
    def plan(self) -> Plan:
        """The plan as plain values."""
        steps = tuple(row.step for row in self.steps)
        return Plan(self.code, self.title, self.effective_on, self.legal_basis, self.note, steps)


class ReorganisationStep(Base):
    """One step; the columns are those of `plan.Step`."""

    __tablename__ = "reorganisation_steps"
    __table_args__ = (UniqueConstraint("reorganisation_id", "position", name="uq_reorganisation_steps_position"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    reorganisation_id: Mapped[int] = mapped_column(ForeignKey("reorganisations.id"))
    position: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(10))
    what: Mapped[str] = mapped_column(String(4))
    from_code: Mapped[str] = mapped_column(String(40))
    to_code: Mapped[str] = mapped_column(String(40), default="")
    name_vi: Mapped[str] = mapped_column(String(160), default="")
    name_en: Mapped[str] = mapped_column(String(160), default="")
    short_name_vi: Mapped[str] = mapped_column(String(80), default="")
    parent_code: Mapped[str] = mapped_column(String(40), default="")
    area_code: Mapped[str] = mapped_column(String(8), default="")
    name_before: Mapped[str] = mapped_column(String(160), default="")
    share: Mapped[float | None] = mapped_column(Float)
    cases: Mapped[list[str]] = mapped_column(Json, default=list)
    note: Mapped[str] = mapped_column(Text, default="")

    @property
    def step(self) -> Step:
        """The row as plain values."""
        return Step(
            self.action,
            cast("What", self.what),
            self.from_code,
            self.to_code,
            self.name_vi,
            self.name_en,
            self.short_name_vi,
            self.parent_code,
            self.area_code,
            self.name_before,
            self.share,
            tuple(self.cases),
            self.note,
        )
