"""Ended cases keep their codes. Where plans divided what they name, each is told to which part it belongs today.

Written into `Report.routing`, not into the record: it follows from the plans and the place, and is found anew
whenever that is asked for, from the case's own codes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from webapp.areas import succession
from webapp.core.db import db
from webapp.reorganisations.models import APPLIED, Reorganisation
from webapp.reorganisations.moves import Mover
from webapp.reorganisations.plan import AREA, UNIT, WHATS, Plan, What
from webapp.reports import lifecycle
from webapp.reports.models import HEIRS, Report

# What a case names, by the word that `permissions.Case.heirs` has for it
_NAMED: dict[str, What] = {"area": AREA, "province": AREA, "unit": UNIT, "supervisor": UNIT}


@dataclass(frozen=True, slots=True)
class _Ended:
    """An ended case under the codes that stood in the place of its own before a plan."""

    location: Any
    area_code: str | None
    province_code: str | None
    unit_code: str | None
    supervisor_code: str | None
    lead_code: str | None = None


def divided(plan: Plan, what: What) -> set[str]:
    """Codes in whose place there are several from the plan's day on."""
    return {code for code, steps in plan.targets(what).items() if len(steps) > 1}


def batch(plan: Plan, after: int, limit: int) -> list[Report]:
    """The next ended cases that the plan may concern, by their number."""
    named: list[ColumnElement[bool]] = []
    for what in WHATS:
        came = succession.former_of(what, divided(plan, what)).values()
        codes = sorted({code for some in came for code in some})
        if codes:
            named += [getattr(Report, f"{word}_code").in_(codes) for word, of in _NAMED.items() if of == what]
    if not named:
        return []
    query = select(Report).where(Report.id > after, Report.status.in_(lifecycle.ENDED), or_(*named))
    return list(db.session.scalars(query.order_by(Report.id).limit(limit)))


def find(reports: list[Report]) -> int:
    """Write down to whom these ended cases belong today; of how many that was news. Flushes."""
    applied = select(Reorganisation).where(Reorganisation.state == APPLIED)
    rows = db.session.scalars(applied.order_by(Reorganisation.effective_on, Reorganisation.id)).all()
    plans = [(row.moved_at, Mover(row.plan)) for row in rows]
    news = 0
    for report in reports:
        ended_at = report.closed_at or report.updated_at
        found = _heirs(report, [mover for moved_at, mover in plans if moved_at is None or moved_at > ended_at])
        if found != report.heirs:
            others = {name: value for name, value in report.routing.items() if name != HEIRS}
            report.routing = others | ({HEIRS: found} if found else {})
            news += 1
    db.session.flush()
    return news


def _heirs(report: Report, since: list[Mover]) -> dict[str, str]:
    codes: dict[str, str | None] = {word: getattr(report, f"{word}_code") for word in _NAMED}
    asked: set[str] = set()  # what a mere code does not say
    for mover in since:
        steps = {AREA: mover.areas, UNIT: mover.units}
        asked |= {word for word, what in _NAMED.items() if len(steps[what].get(codes[word] or "", ())) > 1}
        to = mover.move_of(
            _Ended(report.location, codes["area"], codes["province"], codes["unit"], codes["supervisor"])
        )
        codes = {word: getattr(to, f"{word}_code") for word in _NAMED}
    return {word: code for word in sorted(asked) if (code := codes[word])}
