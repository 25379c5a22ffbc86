"""What a plan would do, counted before it is done. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.reorganisations import checks, state
from webapp.reorganisations.moves import ROLES, Mover
from webapp.reorganisations.plan import AREA, RENAME, UNIT, WHATS, Plan, Step, What
from webapp.reports import lifecycle
from webapp.reports.models import Report

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One step with names, and how many open cases it takes along."""

    step: Step
    number: int
    was: str  # the name on the eve
    becomes: str  # the name afterwards; empty where nothing comes after
    cases: int  # open, at the unit or in the area, whatever becomes of them


@dataclass(frozen=True, slots=True)
class Flow:
    """Open cases in one role that a unit hands over."""

    code: str
    name: str
    as_unit: int
    as_supervisor: int
    as_lead: int
    heirs: tuple[str, ...]  # names; several where the place decides


@dataclass(frozen=True, slots=True)
class Preview:
    """All of it."""

    changes: list[Change]
    flows: list[Flow]
    cases: int  # open cases that name anything of the plan
    accounts: list[tuple[str, str, str]]  # e-mail address, unit of now, unit afterwards (codes)
    accounts_more: int
    rules: list[str]
    rules_more: int


def preview(plan: Plan) -> Preview:
    """What the plan would do today, as far as its codes are known."""
    mover = Mover(plan)
    accounts = _accounts(plan)
    rules = [rule.code for rule in checks.rules_naming(plan)]
    cases = db.session.scalar(select(func.count()).select_from(Report).where(mover.concerned())) or 0
    # A step that is neither is a fault, and is shown so that it can be removed.
    odd = [Change(s, n, "", "", 0) for n, s in enumerate(plan.steps, start=1) if s.what not in WHATS]
    return Preview(
        sorted([*_changes(plan, AREA), *_changes(plan, UNIT), *odd], key=lambda c: c.number),
        _flows(plan),
        cases,
        accounts[:SHOWN],
        max(0, len(accounts) - SHOWN),
        rules[:SHOWN],
        max(0, len(rules) - SHOWN),
    )


def open_by(column: str, codes: set[str]) -> dict[str, int]:
    """Open cases by code, in one statement."""
    if not codes:
        return {}
    field = getattr(Report, column)
    query = select(field, func.count()).where(field.in_(codes), Report.status.in_(lifecycle.OPEN)).group_by(field)
    return {code: number for code, number in db.session.execute(query)}


def _changes(plan: Plan, what: What) -> list[Change]:
    codes = state.codes_of(plan, what)
    before = state.names_on(what, codes, state.eve(plan))
    after = state.names_on(what, codes, plan.effective_on)
    given = {step.target: step.name_vi for step in plan.of(what) if step.name_vi}
    counts = open_by("area_code" if what == AREA else "unit_code", {step.from_code for step in plan.of(what)})
    if what == AREA:
        counts = open_by("province_code", {step.from_code for step in plan.of(what)}) | counts
    return [
        Change(
            step,
            number,
            step.name_before if step.action == RENAME and step.name_before else before.get(step.from_code, ""),
            given.get(step.target) or after.get(step.target) or before.get(step.target, "") if step.target else "",
            counts.get(step.from_code, 0),
        )
        for number, step in enumerate(plan.steps, start=1)
        if step.what == what
    ]


def _flows(plan: Plan) -> list[Flow]:
    targets = plan.targets(UNIT)
    names = state.names_on(UNIT, state.codes_of(plan, UNIT), state.eve(plan))
    names = state.names_on(UNIT, state.codes_of(plan, UNIT), plan.effective_on) | names
    names |= {step.target: step.name_vi for step in plan.of(UNIT) if step.name_vi}
    unit, supervisor, lead = (open_by(role, set(targets)) for role in ROLES)
    return [
        Flow(
            code,
            names.get(code, code) if code not in {s.to_code for s in steps} else code,
            unit.get(code, 0),
            supervisor.get(code, 0),
            lead.get(code, 0),
            tuple(names.get(s.to_code, s.to_code) for s in steps if s.to_code),
        )
        for code, steps in sorted(targets.items())
        if code in unit or code in supervisor or code in lead
    ]


def _accounts(plan: Plan) -> list[tuple[str, str, str]]:
    codes = plan.ending(UNIT)
    query = select(User.email, User.unit_code).where(User.unit_code.in_(codes), User.active).order_by(User.email)
    return [(email, code, plan.successor(UNIT, code) or "") for email, code in db.session.execute(query) if code]
