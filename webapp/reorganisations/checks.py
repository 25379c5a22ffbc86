"""What stands in the way of a plan, seen against the areas, units, accounts and rules that there are."""

from __future__ import annotations

from collections.abc import Iterator

import shapely
from sqlalchemy import or_, select

from geo.boundaries import split_kind
from webapp.accounts.models import User
from webapp.areas.models import PROVINCE
from webapp.core.db import db
from webapp.reorganisations import state
from webapp.reorganisations.plan import AREA, RENAME, SPLIT, UNIT, WHATS, Plan, Problem, Step, What, faults
from webapp.routing.models import RoutingRule

MAX_UNCOVERED = 0.01  # of a split area: what the new boundaries may leave out, for they are drawn anew
SHOWN = 20  # of a kind of problem; the rest follows once these are put right


def problems(plan: Plan) -> list[Problem]:
    """All problems, the blocking ones first. Reads only."""
    found = faults(plan)
    if not any(problem.blocking for problem in found):
        for what in WHATS:
            found += _codes(plan, what)
        if not any(problem.blocking for problem in found):
            found += [*_areas(plan), *_left_behind(plan), *_accounts(plan), *_rules(plan)]
    return sorted(found, key=lambda p: (not p.blocking, p.step or 0))


def blocked(found: list[Problem]) -> bool:
    """Whether the plan cannot be carried out."""
    return any(problem.blocking for problem in found)


def _codes(plan: Plan, what: What) -> Iterator[Problem]:
    codes = state.codes_of(plan, what)
    before = state.names_on(what, codes, state.eve(plan))
    after = state.names_on(what, codes, plan.effective_on)
    later = state.begun_after(what, codes, plan.effective_on)
    named = {step.target for step in plan.of(what) if step.name_vi}
    for number, step in enumerate(plan.steps, start=1):
        if step.what != what:
            continue
        if step.from_code not in before:
            yield Problem("unknown_code", number, step.from_code)
        for code in sorted({step.from_code, step.target} & later):
            yield Problem("overlap", number, code)
        if step.target and step.action != RENAME and step.target not in after | before and step.target not in named:
            yield Problem("target_missing", number, step.target)


def _areas(plan: Plan) -> Iterator[Problem]:
    codes = state.codes_of(plan, AREA)
    before = state.areas_on(codes, state.eve(plan), shapes=True)
    after = state.areas_on(codes, plan.effective_on, shapes=True)
    for number, step in enumerate(plan.steps, start=1):
        if step.what != AREA:
            continue
        level = before[step.from_code].level
        other = after.get(step.target) or before.get(step.target)
        if other is not None and other.level != level:
            yield Problem("level_differs", number, step.target)
        for name in filter(None, (step.name_vi, step.name_before)):
            if split_kind(level, name) is None:
                yield Problem("kind_unknown", number, name)
        if not step.target:
            yield Problem("land_left", number, step.from_code)
        if step.action == SPLIT and step.target not in after:
            yield Problem("split_boundary", number, step.target)
    for code, steps in plan.targets(AREA).items():
        shapes = [after[step.to_code].boundary for step in steps if step.to_code in after]
        if steps[0].action == SPLIT and len(shapes) == len(steps):
            old = before[code].boundary
            left = shapely.difference(old, shapely.union_all(shapes)).area / (old.area or 1)
            if left > MAX_UNCOVERED:
                yield Problem("gap", plan.steps.index(steps[0]) + 1, f"{code} ({left:.0%})")


def _left_behind(plan: Plan) -> Iterator[Problem]:
    """Units of areas that end, and communes of provinces that are split, need a step of their own."""
    ending = plan.ending(AREA)
    units_ending = plan.ending(UNIT)
    moved = {step.from_code for step in plan.of(UNIT) if step.action == RENAME and step.area_code}
    left = [u for u in state.units_serving(ending, plan.effective_on) if u.code not in units_ending | moved]
    for unit in left[:SHOWN]:
        yield Problem("unit_left", None, f"{unit.code} {unit.name_vi}")
    split = {code for code, steps in plan.targets(AREA).items() if len(steps) > 1 and code in ending}
    placed = {step.from_code for step in plan.of(AREA) if step.parent_code or step.action != RENAME}
    communes = [c for c in state.communes_under(split, plan.effective_on) if c.code not in placed]
    for commune in communes[:SHOWN]:
        yield Problem("commune_left", None, f"{commune.code} {commune.name}")


def _accounts(plan: Plan) -> Iterator[Problem]:
    orphaned = {code for code in plan.ending(UNIT) if plan.successor(UNIT, code) is None}
    query = select(User).where(User.unit_code.in_(orphaned), User.active).order_by(User.email).limit(SHOWN)
    for user in db.session.scalars(query):
        yield Problem("account_left", _number(plan, user.unit_code or ""), user.email)


def _number(plan: Plan, unit_code: str) -> int | None:
    steps: list[Step] = plan.targets(UNIT).get(unit_code, [])
    return plan.steps.index(steps[0]) + 1 if steps else None


def _rules(plan: Plan) -> Iterator[Problem]:
    """Rules are the Front's to change; a plan only says which name somebody who will be no more."""
    for rule in rules_naming(plan)[:SHOWN]:
        yield Problem("rule_names", None, f"{rule.code}: {rule.target_unit_code or rule.area_code}", blocking=False)


def rules_naming(plan: Plan) -> list[RoutingRule]:
    """Routing rules that hold on the plan's day or later and name what ends."""
    areas, units = plan.ending(AREA), plan.ending(UNIT)
    query = select(RoutingRule).where(
        or_(RoutingRule.area_code.in_(areas), RoutingRule.target_unit_code.in_(units)),
        or_(RoutingRule.valid_to.is_(None), RoutingRule.valid_to >= plan.effective_on),
    )
    return list(db.session.scalars(query.order_by(RoutingRule.code)))


def provinces_ending(plan: Plan) -> set[str]:
    """Codes of provinces that are no more from the day on."""
    ending = plan.ending(AREA)
    found = state.areas_on(ending, state.eve(plan))
    return {code for code, area in found.items() if area.level == PROVINCE}
