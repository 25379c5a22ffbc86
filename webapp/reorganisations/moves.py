"""Open cases follow to the successors. Closed ones stay where they were answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy import ColumnElement, or_, select

from geo.cells import cell
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, Area
from webapp.core import events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.reorganisations import state
from webapp.reorganisations.models import APPLIED, Reorganisation, ReorganisationStep
from webapp.reorganisations.plan import AREA, UNIT, Plan, Step
from webapp.reports import lifecycle
from webapp.reports.models import HEIRS, Report
from webapp.reports.service import stream, touch
from webapp.reports.unit_links import write_to_unit
from webapp.reports.unit_work import colleagues
from webapp.supervision import clocks
from webapp.units.models import Unit

ROLES = ("unit_code", "supervisor_code", "lead_code")
CHECK = "check"  # in `Report.routing`: the plan after which a person should look at who is responsible


class Placed(Protocol):
    """What of a case decides where it goes."""

    @property
    def location(self) -> Any: ...
    @property
    def area_code(self) -> str | None: ...
    @property
    def province_code(self) -> str | None: ...
    @property
    def unit_code(self) -> str | None: ...
    @property
    def supervisor_code(self) -> str | None: ...
    @property
    def lead_code(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Move:
    """Where one case goes. `doubt`: the plan alone does not say, so the main successor has it for the time being."""

    area_code: str | None
    province_code: str | None
    unit_code: str | None
    supervisor_code: str | None
    lead_code: str | None
    doubt: bool


@dataclass
class Mover:
    """What a plan means for cases. Made once for many of them."""

    plan: Plan
    _communes: dict[str, Area | None] = field(default_factory=dict)

    @cached_property
    def areas(self) -> dict[str, list[Step]]:
        return self.plan.targets(AREA)

    @cached_property
    def units(self) -> dict[str, list[Step]]:
        return self.plan.targets(UNIT)

    @cached_property
    def _targets(self) -> dict[str, Unit]:
        codes = {step.to_code for steps in self.units.values() for step in steps if step.to_code}
        return state.units_on(codes, self.plan.effective_on)

    @cached_property
    def _parents(self) -> dict[str, str | None]:
        """The province of each commune of the plan, as it is from its day on."""
        codes = {step.to_code for steps in self.areas.values() for step in steps if step.to_code}
        codes |= {step.from_code for step in self.plan.of(AREA)}
        found = state.areas_on(codes, self.plan.effective_on)
        return {code: area.parent_code for code, area in found.items() if area.level == COMMUNE}

    def concerned(self) -> ColumnElement[bool]:
        """Open cases that name anything that is merged, split or ended, or lie in what changes its province."""
        areas, units = list(self.areas), list(self.units)
        named = [getattr(Report, role).in_(units) for role in ROLES] if units else []
        moved = [step.from_code for step in self.plan.of(AREA) if step.parent_code]
        if areas or moved:
            named += [Report.area_code.in_([*areas, *moved]), Report.province_code.in_(areas)]
        return Report.status.in_(lifecycle.OPEN) & (or_(*named) if named else Report.id < 0)

    def left_behind(self) -> ColumnElement[bool]:
        """Open cases under codes that ended with the plan."""
        areas, units = self.plan.ending(AREA), self.plan.ending(UNIT)
        named = [getattr(Report, role).in_(units) for role in ROLES]
        return Report.status.in_(lifecycle.OPEN) & or_(
            Report.area_code.in_(areas), Report.province_code.in_(areas), *named
        )

    def move_of(self, report: Placed) -> Move:
        """Where the case goes; nothing is written."""
        area, doubt = self._area(report)
        province = self._parents.get(area or "") or self.plan.successor(AREA, report.province_code or "") or None
        if area is None and report.province_code in self.areas and len(self.areas[report.province_code]) > 1:
            doubt = True
        held: dict[str, str | None] = {}
        for role in ROLES:
            held[role], unsure = self._unit(getattr(report, role), report, area, province)
            doubt = doubt or unsure
        return Move(area, province, held["unit_code"], held["supervisor_code"], held["lead_code"], doubt)

    def _area(self, report: Placed) -> tuple[str | None, bool]:
        steps = self.areas.get(report.area_code or "")
        if not steps:
            return report.area_code, False
        if len(steps) == 1:
            return steps[0].to_code or report.area_code, not steps[0].to_code
        if report.location is not None:
            place = areas.locate(report.location.x, report.location.y, self.plan.effective_on)
            if place is not None and place.code in {step.to_code for step in steps}:
                return place.code, False
        return steps[0].to_code, True

    def _unit(
        self, code: str | None, report: Placed, area: str | None, province: str | None
    ) -> tuple[str | None, bool]:
        steps = self.units.get(code or "")
        if not steps:
            return code, False
        if len(steps) == 1:
            # Ended, and nobody came after: it keeps the name, so that the case is not lost, and is flagged.
            return steps[0].to_code or code, not steps[0].to_code
        places = {place for place in (report.area_code, area) if place}
        named = [step for step in steps if places.intersection(step.cases)]
        if not named:
            served = [p for p in (area, province) if p]
            named = [s for s in steps if (u := self._targets.get(s.to_code)) is not None and u.area_code in served[:1]]
            named = named or [s for s in steps if not s.cases and len([o for o in steps if not o.cases]) == 1]
        return (named[0].to_code, False) if len(named) == 1 else (steps[0].to_code, True)

    def commune(self, code: str) -> Area | None:
        """The commune as it is from the plan's day on."""
        if code not in self._communes:
            self._communes[code] = areas.by_code(code, COMMUNE, self.plan.effective_on)
        return self._communes[code]


def batch(mover: Mover, after: int, limit: int) -> list[Report]:
    """The next open cases that the plan may concern, by their number."""
    query = select(Report).where(Report.id > after, mover.concerned()).order_by(Report.id).limit(limit)
    return list(db.session.scalars(query))


def move(mover: Mover, reports: Iterable[Report], actor: Actor) -> tuple[int, int]:
    """Let these cases follow; how many moved, and how many of them need a person. Twice does no more than once."""
    moved = doubtful = 0
    for report in reports:
        to = mover.move_of(report)
        names = ("area_code", "province_code", *ROLES)
        before = {name: getattr(report, name) for name in names}
        after = {name: getattr(to, name) for name in names}
        flagged = report.routing.get(CHECK) == mover.plan.code
        if before == after and (not to.doubt or flagged):
            continue
        for name, value in after.items():
            setattr(report, name, value)
        if any(before[role] != after[role] for role in ROLES):
            clocks.hand_over(report)
        if before["unit_code"] != after["unit_code"]:
            _new_hands(report)
        if to.doubt:
            report.routing = report.routing | {CHECK: mover.plan.code}
        if before["area_code"] != after["area_code"]:
            _public_place(report, mover)
        events.append(
            stream(report),
            "report:reorganised",
            actor,
            plan=mover.plan.code,
            title=mover.plan.title,
            before=_short(before),
            after=_short(after),
            doubt=to.doubt,
        )
        touch(report)
        moved += 1
        doubtful += to.doubt
    db.session.flush()
    return moved, doubtful


def come_back(report: Report, actor: Actor) -> None:
    """Let a case that ended, and now comes back, follow the plans that were carried out meanwhile: it stayed where
    it was then, and must not go to somebody who is no more."""
    query = select(Reorganisation).where(
        Reorganisation.state == APPLIED,
        or_(Reorganisation.moved_at.is_(None), Reorganisation.moved_at > (report.closed_at or report.updated_at)),
    )
    for row in db.session.scalars(query.order_by(Reorganisation.effective_on, Reorganisation.id)).all():
        # Under the codes to which the plan before has brought it
        named = {report.area_code, report.province_code, *(getattr(report, role) for role in ROLES)} - {None}
        steps = select(ReorganisationStep.id).where(
            ReorganisationStep.reorganisation_id == row.id, ReorganisationStep.from_code.in_(named)
        )
        if db.session.scalar(steps.limit(1)) is not None:
            move(Mover(row.plan), [report], actor)
    if report.heirs:
        report.routing = {name: value for name, value in report.routing.items() if name != HEIRS}


def _new_hands(report: Report) -> None:
    """Whoever had it in hand has it only in the same office; an office without accounts is written to."""
    if report.assignee_id is not None and report.assignee_id not in {u.id for u in colleagues(report.unit_code)}:
        report.assignee_id = None
    if report.status in lifecycle.AT_UNIT:
        write_to_unit(report)


def _short(values: dict[str, Any]) -> dict[str, Any]:
    """Under the names that the record uses elsewhere."""
    return {name.removesuffix("_code"): value for name, value in values.items()}


def _public_place(report: Report, mover: Mover) -> None:
    """A case that is shown as its commune is shown as the new one."""
    commune = mover.commune(report.area_code or "")
    shown_whole = report.location is None or report.category.public_blur_m is None
    if commune is not None and shown_whole and report.public_lon is not None:
        report.public_lon, report.public_lat = commune.point_lon, commune.point_lat
        report.public_cell = cell(commune.point_lon, commune.point_lat)
