"""Carrying a plan out on areas, units and accounts. Everything in the caller's transaction, and safe to do again.

Rows are closed and opened, never overwritten: what was valid until the day before keeps its name.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from shapely import MultiPolygon
from sqlalchemy import inspect, select

from geo.boundaries import BoundaryFeature, english_name, split_kind
from geo.outlines import as_multi, join
from webapp.areas import service, succession
from webapp.areas.models import PROVINCE, Area
from webapp.areas.queries import forget_caches
from webapp.core.db import Base, db
from webapp.core.text import fold
from webapp.reorganisations import checks, offices, state
from webapp.reorganisations.plan import AREA, RENAME, UNIT, WHATS, Plan, Step
from webapp.units.models import Unit

Row = TypeVar("Row", bound=Base)


def carry_out(plan: Plan) -> dict[str, int]:
    """Do the whole plan but for the cases; counts for the record. Raises BoundaryError (areas that changed
    meanwhile), and then the caller must roll back."""
    done = {"areas": _areas(plan), "units": _units(plan)}
    done["successions"] = sum(
        succession.record(
            what,
            step.from_code,
            step.to_code or None,
            plan.effective_on,
            plan.code,
            share=step.share,
            main=step is _stays(steps),
        )
        for what in WHATS
        for steps in plan.targets(what).values()
        for step in steps
        if len(steps) > 1 or step.to_code != step.from_code
    )
    done["accounts"] = offices.people(plan)
    offices.belongings(plan)
    forget_caches()
    return done


def _stays(steps: list[Step]) -> Step:
    """The step that a mere code is resolved by: the one by which it stays, or what it does from now on would be
    counted for another; else the main one."""
    return next((step for step in steps if step.to_code == step.from_code), steps[0])


# -- areas -----------------------------------------------------------------------------------------------------


@dataclass
class _Becoming:
    """Areas as they will be, for `areas.service.store`, with outlines that still meet their neighbours'."""

    plan: Plan
    features: dict[tuple[bool, bool], list[BoundaryFeature]] = field(default_factory=lambda: defaultdict(list))
    outlines: dict[str, MultiPolygon] = field(default_factory=dict)

    def add(self, code: str, parts: list[Area], *, name: str = "", parent: str = "") -> None:
        """The area that is put together from `parts`; what is not given is taken from the first of them."""
        like = parts[0]
        kind, full = split_kind(like.level, name or like.name) or (like.kind, name or like.name)
        english = english_name(kind, full) if name and name != like.name else like.name_en
        shape = like.boundary if len(parts) == 1 else join([part.boundary for part in parts])
        joined = like.level == PROVINCE and like.source.endswith(service.DISSOLVED)
        self.features[any(part.approximate for part in parts), joined].append(
            BoundaryFeature(code, like.level, kind, full, english, parent or like.parent_code, None, shape)
        )
        light = [part.outline for part in parts if part.outline is not None]
        if len(light) == len(parts):
            # Outlines were simplified together with their neighbours', so together they still meet them.
            self.outlines[code] = as_multi(light[0]) if len(light) == 1 else join([as_multi(x) for x in light])

    def store(self) -> int:
        """Let them hold from the plan's day on; how many are news."""
        changed = 0
        for (approximate, joined), features in self.features.items():
            label = f"{self.plan.code}: {self.plan.title}"[: 120 - len(service.DISSOLVED)]
            result = service.store(
                features,
                source=label + (service.DISSOLVED if joined else ""),
                valid_from=self.plan.effective_on,
                approximate=approximate,
                missing="keep",
            )
            changed += result.touched
        fresh = select(Area).where(Area.code.in_(self.outlines), Area.valid_from == self.plan.effective_on)
        for row in db.session.scalars(fresh):
            row.outline = self.outlines[row.code]
        return changed


def _areas(plan: Plan) -> int:
    before = state.areas_on(state.codes_of(plan, AREA), state.eve(plan), shapes=True)
    orphaned = _orphaned_communes(plan)
    codes = state.codes_of(plan, AREA) | {row.code for row in orphaned}
    # Boundaries of that very day have been imported: the plan only says what these areas are called and where.
    after = state.areas_on(codes, plan.effective_on, shapes=True)
    imported = {code: row for code, row in after.items() if row.valid_from == plan.effective_on}
    becoming, changed, merged = _Becoming(plan), 0, _merged(plan)
    together = {code for code, *_ in merged}
    for step in plan.of(AREA):
        row = before[step.from_code]
        under_later_name = step.action == RENAME and step.name_before and row.name == step.name_vi
        if step.action == RENAME and step.from_code in imported:
            changed += _called(imported[row.code], step.name_vi, step.parent_code)
            changed += _called(row, step.name_before) if under_later_name else False
        elif under_later_name:
            changed += _name_before(row, step, plan.effective_on)
        elif step.action == RENAME and row.code not in together:
            becoming.add(row.code, [row], name=step.name_vi, parent=step.parent_code)
    for code, sources, step in merged:
        if code in imported:
            changed += _called(imported[code], step.name_vi, step.parent_code)
            continue
        own = [before[code]] if code in before else []
        parts = own + [before[source] for source in sources if source != code]
        becoming.add(code, parts, name=step.name_vi, parent=step.parent_code)
    for row in orphaned:
        parent = plan.successor(AREA, row.parent_code or "") or ""
        if row.code in imported:
            changed += _called(imported[row.code], "", parent)
        else:
            becoming.add(row.code, [row], parent=parent)
    changed += becoming.store()
    return changed + _close(state.areas_on(plan.ending(AREA), plan.effective_on), plan)


def _merged(plan: Plan) -> list[tuple[str, list[str], Step]]:
    """(code, what goes into it, the step that says most) for each area that is put together from others."""
    found: dict[str, list[Step]] = defaultdict(list)
    for steps in plan.targets(AREA).values():
        if len(steps) == 1 and steps[0].to_code:
            found[steps[0].to_code].append(steps[0])
    renamed = {step.from_code: step for step in plan.of(AREA) if step.action == RENAME}
    return [
        (code, [s.from_code for s in steps], renamed.get(code) or next((s for s in steps if s.name_vi), steps[0]))
        for code, steps in found.items()
    ]


def _orphaned_communes(plan: Plan) -> list[Area]:
    """Communes of provinces that end, where no step says anything about them."""
    named = {step.from_code for step in plan.of(AREA)} | {step.to_code for step in plan.of(AREA)}
    communes = state.communes_under(checks.provinces_ending(plan), state.eve(plan), shapes=True)
    return [c for c in communes if c.code not in named]


def _name_before(row: Area, step: Step, day: date) -> bool:
    """Boundaries of today were imported as of an earlier day: give that time back its own name."""
    _begin(row, day)
    return _called(row, step.name_before)


def _called(row: Area, name: str, parent: str = "") -> bool:
    """Write another name or parent into a row, whose shape stays; what is empty stays, too. Whether it was news."""
    if (not name or name == row.name) and (not parent or parent == row.parent_code):
        return False
    if name and name != row.name:
        row.kind, row.name = split_kind(row.level, name) or (row.kind, name)
        row.name_en, row.folded = english_name(row.kind, row.name), fold(row.name)
    row.parent_code = parent or row.parent_code
    feature = BoundaryFeature(row.code, row.level, row.kind, row.name, row.name_en, row.parent_code, None, row.boundary)
    row.digest = service.digest_of(feature)
    return True


# -- units -----------------------------------------------------------------------------------------------------


def _units(plan: Plan) -> int:
    before = state.units_on(state.codes_of(plan, UNIT), state.eve(plan))
    today = state.units_on(state.codes_of(plan, UNIT), plan.effective_on)
    ending = plan.ending(UNIT)
    changes: dict[str, dict[str, Any]] = defaultdict(dict)
    rows: dict[str, Unit] = {}
    for unit in state.units_naming(checks.provinces_ending(plan), ending, plan.effective_on):
        if unit.code not in ending:
            rows[unit.code] = unit
            changes[unit.code] |= {
                "province_code": _after(plan, AREA, unit.province_code),
                "parent_code": _after(plan, UNIT, unit.parent_code),
            }
    moved = {step.target: step.parent_code for step in plan.of(AREA) if step.parent_code}
    for unit in state.units_serving(moved, plan.effective_on):
        if unit.code not in ending:
            rows[unit.code] = unit
            changes[unit.code] |= {"province_code": moved[unit.area_code or ""]}
    created: dict[str, Unit] = {}
    for step in plan.of(UNIT):
        target = step.target
        row = today.get(target) or before.get(target)
        if row is not None and target not in ending:
            rows[target] = row
            changes[target] |= _named(step)
        elif target and target not in created:
            created[target] = _created(plan, step, before[step.from_code])
    changed = sum(_change(rows[code], values, plan.effective_on) for code, values in changes.items() if values)
    db.session.add_all(created.values())
    db.session.flush()
    return changed + len(created) + _close(state.units_on(ending, plan.effective_on), plan)


def _after(plan: Plan, what: Any, code: str | None) -> str | None:
    return plan.successor(what, code) if code else code


def _named(step: Step) -> dict[str, Any]:
    """What a step says about its target."""
    names = ("name_vi", "name_en", "short_name_vi", "parent_code", "area_code")
    values = {name: value for name in names if (value := getattr(step, name))}
    if step.name_vi and not step.short_name_vi:
        values["short_name_vi"] = step.name_vi[:80]
    if step.name_vi and not step.name_en:
        values["name_en"] = step.name_vi
    return values


def _created(plan: Plan, step: Step, like: Unit) -> Unit:
    """The unit that a step brings into being, of the kind of the one it stands in for."""
    area = step.area_code or _after(plan, AREA, like.area_code)
    values = {
        "area_code": area,
        "province_code": _after(plan, AREA, like.province_code),
        "parent_code": _after(plan, UNIT, like.parent_code),
        "source": plan.legal_basis,
        "note": plan.title,
        **_named(step),
    }
    unit = _copy(like, **values)
    unit.code, unit.valid_from, unit.valid_to = step.target, plan.effective_on, None
    return unit


def _change(row: Unit, values: dict[str, Any], day: date) -> bool:
    """Let the values hold from the day on; whether that was news."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not differing:
        return False
    target = row if row.valid_from == day else _begin(row, day)
    for name, value in differing.items():
        setattr(target, name, value)
    return True


# -- both ------------------------------------------------------------------------------------------------------


def _copy(row: Row, **values: Any) -> Row:
    """A new row like this one, with other values; not yet in the session."""
    columns = [c.key for c in inspect(type(row)).column_attrs if c.key != "id"]
    return type(row)(**{name: getattr(row, name) for name in columns} | values)


def _begin(row: Any, day: date) -> Any:
    """Close a row the day before and open one like it, in the place of one of that day that was never valid."""
    fresh = _copy(row, valid_from=day, valid_to=row.valid_to)
    model: Any = type(row)
    void = db.session.scalars(select(model).where(model.code == row.code, model.valid_from == day)).first()
    if void is not None:
        fresh.id = void.id
        fresh = db.session.merge(fresh)
    row.valid_to = date.fromordinal(day.toordinal() - 1)
    db.session.add(fresh)
    db.session.flush()
    return fresh


def _close(rows: dict[str, Any], plan: Plan) -> int:
    for row in rows.values():
        row.valid_to = state.eve(plan)
    db.session.flush()
    return len(rows)
