"""Rules, deadlines and days off, all with the days on which they hold. Loaded from `webapp/data/`."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class RoutingRule(Base):
    """For this category and area, that unit acts. The smallest priority that fits wins."""

    __tablename__ = "routing_rules"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    priority: Mapped[int] = mapped_column(Integer)
    category_code: Mapped[str] = mapped_column(String(40))  # or "*"
    area_code: Mapped[str | None] = mapped_column(String(8))  # province or commune; None: everywhere
    target_kind: Mapped[str | None] = mapped_column(String(32))
    target_unit_code: Mapped[str | None] = mapped_column(String(40))
    supervisor_level: Mapped[str] = mapped_column(String(10))
    lead_organisation_kind: Mapped[str | None] = mapped_column(String(32))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    note_vi: Mapped[str] = mapped_column(Text, default="")
    certainty: Mapped[str] = mapped_column(String(12), default="check")
    source: Mapped[str] = mapped_column(Text, default="")


class DeadlineRule(Base):
    """How long a step may take: working days, office hours, or hours around the clock for what is urgent; and how
    often and by how many working days it may be extended."""

    __tablename__ = "deadline_rules"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    step: Mapped[str] = mapped_column(String(12))  # screen, receive, answer, handle, verify, data_…
    category_code: Mapped[str] = mapped_column(String(40))  # or "*"
    working_days: Mapped[int | None] = mapped_column(Integer)
    working_hours: Mapped[int | None] = mapped_column(Integer)
    hours_around_clock: Mapped[int | None] = mapped_column(Integer)
    max_extensions: Mapped[int | None] = mapped_column(Integer)  # None: none
    extension_days: Mapped[int | None] = mapped_column(Integer)  # each at most, in working days
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    certainty: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)


class CalendarDay(Base):
    """A day that differs from its weekday: a weekday off, or a weekend day worked in exchange."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))  # holiday, working
    name_vi: Mapped[str] = mapped_column(Text)
    certainty: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)


class OfficeHours(Base):
    """From when to when offices are open on a working day."""

    __tablename__ = "office_hours"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    opens: Mapped[str] = mapped_column(String(5))  # 07:30
    closes: Mapped[str] = mapped_column(String(5))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    certainty: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
