"""The only builder of what the public sees of an inspection's outcome. What is not taken here stays inside.

Never taken: who of the unit wrote it down, and a case that is itself not public.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from webapp.reports import privacy as reports


@dataclass(frozen=True, slots=True)
class PublicOutcome:
    """All that the public may know of one outcome. `fine_vnd` in đồng."""

    id: str
    unit_code: str
    inspected_on: date
    finding: str
    measure: str
    fine_vnd: int | None
    decision_number: str
    summary: str
    published_at: datetime
    published_by_code: str | None
    case_id: str | None
    category_code: str | None
    area_code: str | None
    province_code: str | None


def is_public(outcome: Any) -> bool:
    """Whether the outcome has been published. `inspections.queries.is_public` says the same in SQL."""
    return bool(outcome.public) and outcome.published_at is not None


def public_outcome(outcome: Any, now: datetime) -> PublicOutcome | None:
    """The public side of an outcome, or None if it is not published.

    What is inspected (category and commune) is part of the outcome only where its case is public by now.
    """
    if not is_public(outcome):
        return None
    report = outcome.report
    shown = report if report is not None and reports.is_public(report, now) else None
    return PublicOutcome(
        id=outcome.public_id,
        unit_code=outcome.unit_code,
        inspected_on=outcome.inspected_on,
        finding=outcome.finding,
        measure=outcome.measure,
        fine_vnd=outcome.fine_vnd,
        decision_number=outcome.decision_number,
        summary=outcome.summary,
        published_at=outcome.published_at,
        published_by_code=outcome.published_by_code,
        case_id=shown.public_id if shown else None,
        category_code=shown.category_code if shown else None,
        area_code=shown.area_code if shown else None,
        province_code=shown.province_code if shown else None,
    )
