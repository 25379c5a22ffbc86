"""A plan as plain values: what changes, from which day, and what that means for codes. Knows no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

RENAME, MERGE, SPLIT, ABOLISH = "rename", "merge", "split", "abolish"
ACTIONS = (RENAME, MERGE, SPLIT, ABOLISH)
AREA: Literal["area"] = "area"
UNIT: Literal["unit"] = "unit"
What = Literal["area", "unit"]
WHATS: tuple[What, What] = (AREA, UNIT)


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a plan. What is empty stays as it was, or is taken over from the one that ends."""

    action: str
    what: What
    from_code: str
    to_code: str = ""
    name_vi: str = ""
    name_en: str = ""
    short_name_vi: str = ""
    parent_code: str = ""
    area_code: str = ""  # of a unit that comes into being
    name_before: str = ""  # of an area, where its boundaries were imported under the new name already
    share: float | None = None  # of what is split, 0 to 1: the largest is the main one
    cases: tuple[str, ...] = ()  # communes whose cases go to this unit, where a unit is split
    note: str = ""

    @property
    def target(self) -> str:
        """The code that stands there afterwards; empty where nothing does."""
        return self.from_code if self.action == RENAME else self.to_code


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. `code` names it in links and in the record."""

    code: str
    title: str
    effective_on: date
    legal_basis: str = ""
    note: str = ""
    steps: tuple[Step, ...] = field(default=())

    def of(self, what: What) -> list[Step]:
        """The steps about areas, or about units."""
        return [step for step in self.steps if step.what == what]

    def targets(self, what: What) -> dict[str, list[Step]]:
        """For each code that is merged, split or abolished: its steps, the main one first."""
        found: dict[str, list[Step]] = {}
        for step in self.of(what):
            if step.action != RENAME:
                found.setdefault(step.from_code, []).append(step)
        for steps in found.values():
            # sorted() is stable: of equal shares the first row is the main one.
            steps.sort(key=lambda s: -(s.share if s.share is not None else 0.0))
        return found

    def ending(self, what: What) -> set[str]:
        """Codes that are no more from the day on: all that something else stands in for, wholly."""
        return {code for code, steps in self.targets(what).items() if all(s.to_code != code for s in steps)}

    def successor(self, what: What, code: str) -> str | None:
        """Who stands in for a code after the plan: itself, its main successor, or None."""
        steps = self.targets(what).get(code)
        return (steps[0].to_code or None) if steps else code


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a plan, as a code of `words` and what it is about. `step` counts from 1."""

    code: str
    step: int | None = None
    about: str = ""
    blocking: bool = True


def faults(plan: Plan) -> list[Problem]:
    """What is wrong with the plan in itself, without looking at what there is."""
    found = [] if plan.steps else [Problem("no_steps")]
    seen: set[tuple[str, str, str]] = set()
    for number, step in enumerate(plan.steps, start=1):
        found += [Problem(code, number, about) for code, about in _faults_of(step)]
        key = (step.what, step.from_code, step.target)
        if key in seen:
            found.append(Problem("twice", number, step.from_code))
        seen.add(key)
    for what in WHATS:
        found += _contradictions(plan, what)
    return found


def _faults_of(step: Step) -> Iterable[tuple[str, str]]:
    if step.action not in ACTIONS:
        yield "action_unknown", step.action
        return
    if step.what not in WHATS:
        yield "what_unknown", step.what
        return
    if not step.from_code:
        yield "from_missing", ""
    if step.action == RENAME:
        if step.to_code and step.to_code != step.from_code:
            yield "rename_keeps_code", step.to_code
        if not (step.name_vi or step.parent_code):
            yield "name_missing", step.from_code
    elif step.action != ABOLISH and not step.to_code:
        yield "to_missing", step.from_code
    if step.action == ABOLISH and step.to_code == step.from_code:
        yield "to_itself", step.from_code
    if step.share is not None and not 0 < step.share <= 1:
        yield "share_bad", f"{step.share:g}"
    if step.cases and (step.what != UNIT or step.action != SPLIT):
        yield "cases_only_for_split", step.from_code


def _contradictions(plan: Plan, what: What) -> Iterable[Problem]:
    ending = plan.ending(what)
    for code, steps in plan.targets(what).items():
        numbers = [plan.steps.index(s) + 1 for s in steps]
        if len({s.action for s in steps}) > 1:
            yield Problem("two_fates", numbers[-1], code)
        elif len(steps) > 1 and steps[0].action != SPLIT:
            yield Problem("several_targets", numbers[-1], code)
        if sum(s.share or 0 for s in steps) > 1.0001:
            yield Problem("shares_too_large", numbers[-1], code)
        # Whatever ends in this plan cannot be what comes after: that is also how a circle begins.
        for step, number in zip(steps, numbers, strict=True):
            if step.to_code in ending:
                yield Problem("target_ends", number, step.to_code)
    for number, step in enumerate(plan.steps, start=1):
        if step.what == what and step.action == RENAME and step.from_code in ending:
            yield Problem("two_fates", number, step.from_code)
