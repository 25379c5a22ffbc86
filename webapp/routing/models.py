"""Rules, deadlines and days off, all with the days on which they hold. Loaded from `webapp/data/`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from webapp.core.db import Base, Json, UtcDateTime
from webapp.core.stamps import watch


@watch
class RoutingRule(Base):
    """For this category and area, that unit acts. The smallest priority that fits wins.

    These are the rows of the rule set in force; they change only by publishing a set (`rulesets`).
    """

    __tablename__ = "routing_rules"

    code: Mapped[str] = mapped_column(String(60), primary_key=True)
    priority: Mapped[int] = mapped_column(Integer)
    category_code: Mapped[str] = mapped_column(String(40))  # or "*"
    area_code: Mapped[str | None] = mapped_column(String(8))  # province or commune; None: everywhere
    time_from: Mapped[str | None] = mapped_column(String(5))  # "22:00" in Vietnam; with time_to, or both None
    time_to: Mapped[str | None] = mapped_column(String(5))  # the first minute it no longer holds; may be past midnight
    days: Mapped[str | None] = mapped_column(String(8))  # working, off; None: every day
    target_kind: Mapped[str | None] = mapped_column(String(32))
    target_unit_code: Mapped[str | None] = mapped_column(String(40))
    supervisor_level: Mapped[str] = mapped_column(String(10))
    lead_organisation_kind: Mapped[str | None] = mapped_column(String(32))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    note_vi: Mapped[str] = mapped_column(Text, default="")
    certainty: Mapped[str] = mapped_column(String(12), default="check")
    source: Mapped[str] = mapped_column(Text, default="")


class RuleVersion(Base):
    """A whole set of rules: a draft, and once published a version with its number that nobody changes.

    A set that was given up stays as it was left. At most one draft is open.
    """

    __tablename__ = "rule_versions"
    __table_args__ = (UniqueConstraint("number", name="uq_rule_versions_number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[int | None] = mapped_column(Integer)  # once published
    state: Mapped[str] = mapped_column(String(10))  # draft, published, dropped
    base: Mapped[int] = mapped_column(Integer)  # number of the version that it was made from; 0: none
    origin: Mapped[str] = mapped_column(String(8))  # browser, command, file
    rows: Mapped[list[dict[str, Any]]] = deferred(mapped_column(Json, nullable=False))
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 over the rows
    revision: Mapped[int] = mapped_column(Integer)  # counts the edits of a draft; guards stale saves
    changes: Mapped[list[int]] = mapped_column(Json)  # rules added, changed, removed against the base
    note: Mapped[str] = mapped_column(Text)  # why, in the words of whoever published it
    trial: Mapped[dict[str, Any] | None] = deferred(mapped_column(Json))  # result of the last dry run, see `trial`
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(Integer)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by: Mapped[int | None] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012


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
    own: Mapped[bool] = mapped_column(Boolean, default=False)  # the operator's: loading the files leaves it alone


@watch
class CalendarDay(Base):
    """A day that differs from its weekday: a weekday off, or a weekend day worked in exchange."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))  # holiday, working
    name_vi: Mapped[str] = mapped_column(Text)
    certainty: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(Text)
    own: Mapped[bool] = mapped_column(Boolean, default=False)  # as above


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
    own: Mapped[bool] = mapped_column(Boolean, default=False)  # as above
