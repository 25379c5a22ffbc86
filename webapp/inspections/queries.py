"""Reading published outcomes of inspections."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload

from webapp.areas import succession
from webapp.core.db import db
from webapp.inspections.models import Outcome
from webapp.inspections.privacy import PublicOutcome, public_outcome
from webapp.reports import queries as reports
from webapp.reports.models import Report
from webapp.units.models import Unit

PAGE = 20


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader asks for; None means everything. `province` is that of the unit, `year` of the inspection."""

    province: str | None = None
    finding: str | None = None
    year: int | None = None


def is_public() -> ColumnElement[bool]:
    """`privacy.is_public` in SQL."""
    return and_(Outcome.public.is_(True), Outcome.published_at.is_not(None))


def published(filters: Filters, now: datetime, *, page: int = 1, limit: int = PAGE) -> tuple[list[PublicOutcome], int]:
    """A page (1, 2, …) of outcomes, published last first, and how many there are in all."""
    where = [is_public()]
    if filters.province:
        provinces = succession.family_of(succession.AREA, filters.province)
        where.append(Outcome.unit_code.in_(select(Unit.code).where(Unit.province_code.in_(provinces))))
    if filters.finding:
        where.append(Outcome.finding == filters.finding)
    if filters.year:
        where.append(Outcome.inspected_on.between(date(filters.year, 1, 1), date(filters.year, 12, 31)))
    total = db.session.scalar(select(func.count()).select_from(Outcome).where(*where)) or 0
    query = (
        select(Outcome)
        .where(*where)
        .options(joinedload(Outcome.report))
        .order_by(Outcome.published_at.desc(), Outcome.id.desc())
    )
    found = db.session.scalars(query.limit(limit).offset((page - 1) * limit))
    return [shown for outcome in found if (shown := public_outcome(outcome, now))], total


def by_id(public_id: str, now: datetime) -> PublicOutcome | None:
    """The published outcome under its public id; None if there is none."""
    if not (public_id.isascii() and public_id.isalnum()):
        return None  # PostgreSQL refuses to be asked about some of what an address can hold
    query = select(Outcome).where(Outcome.public_id == public_id, is_public()).options(joinedload(Outcome.report))
    outcome = db.session.scalars(query).first()
    return public_outcome(outcome, now) if outcome is not None else None


def of_report(report_id: int, now: datetime) -> list[PublicOutcome]:
    """The published outcomes of a case, by day of inspection."""
    query = (
        select(Outcome)
        .where(Outcome.report_id == report_id, is_public())
        .options(joinedload(Outcome.report))
        .order_by(Outcome.inspected_on, Outcome.id)
    )
    return [shown for outcome in db.session.scalars(query) if (shown := public_outcome(outcome, now))]


def of_areas(codes: Collection[str], year: int, now: datetime, limit: int) -> list[PublicOutcome]:
    """The published outcomes of a year whose public case lies in these communes, by day of inspection."""
    query = (
        select(Outcome)
        .join(Report, Report.id == Outcome.report_id)
        .where(
            is_public(),
            reports.is_public(now),
            Report.area_code.in_(codes),
            Outcome.inspected_on.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .options(joinedload(Outcome.report))
        .order_by(Outcome.inspected_on, Outcome.id)
        .limit(limit)
    )
    return [shown for outcome in db.session.scalars(query) if (shown := public_outcome(outcome, now))]


def years() -> list[int]:
    """The years of which there are published outcomes, newest first."""
    first, last = db.session.execute(
        select(func.min(Outcome.inspected_on), func.max(Outcome.inspected_on)).where(is_public())
    ).one()
    return list(range(last.year, first.year - 1, -1)) if first and last else []
