"""Who is responsible: a pure function over facts and rules, so that it can be explained, tried and tested."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class Rule(Protocol):
    """What is asked of a rule; `routing.models.RoutingRule` is one."""

    code: str
    priority: int
    category_code: str
    area_code: str | None
    target_kind: str | None
    target_unit_code: str | None
    supervisor_level: str
    lead_organisation_kind: str | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision rests on. Codes of areas are those of the General Statistics Office."""

    category_code: str
    commune_code: str | None
    province_code: str | None
    on: date
    bypass_commune: bool = False  # the sender does not want their commune to see it


@dataclass(frozen=True, slots=True)
class Decision:
    """Who acts, who supervises, who leads for the sector, by which rule, and why, as a code with values.

    `why` is one of: `rule` (a rule named a unit), `no_area` (the place is in no known commune), `no_rule`
    (no rule fits the category there that day), `no_unit` (the rule's unit does not exist there that day),
    `bypass` (the rule names a body of the commune, which the sender does not want to see it).
    With any but `rule`, `unit_code` is None and the Front decides by hand.
    """

    why: str
    unit_code: str | None = None
    supervisor_code: str | None = None
    lead_code: str | None = None
    rule_code: str | None = None
    rule_valid_from: date | None = None
    target_kind: str | None = None


# (kind, commune, province, day) -> code of the unit of that kind there, if any
FindUnit = Callable[[str, str | None, str | None, date], str | None]


def fits(rule: Rule, facts: Facts) -> bool:
    """Whether the rule speaks about this category in this area on this day."""
    return (
        rule.category_code in ("*", facts.category_code)
        and rule.area_code in (None, "", facts.commune_code, facts.province_code)
        and rule.valid_from <= facts.on
        and (rule.valid_to is None or facts.on <= rule.valid_to)
    )


def _of_no_commune(_unit: str) -> bool:
    return False


def decide(
    facts: Facts,
    rules: Iterable[Rule],
    find_unit: FindUnit,
    is_of_commune: Callable[[str], bool] = _of_no_commune,
) -> Decision:
    """The first fitting rule by priority decides; equal priorities go to the narrower area, then the code.

    `is_of_commune` says whether a unit is a body of a commune: with `facts.bypass_commune` none of those is named,
    and the province's Front supervises.
    """
    supervisor = _supervisor("province" if facts.bypass_commune else "commune", facts, find_unit)
    if facts.commune_code is None:
        return Decision("no_area", supervisor_code=_supervisor("province", facts, find_unit))
    fitting = sorted((r for r in rules if fits(r, facts)), key=lambda r: (r.priority, -_width(r), r.code))
    if not fitting:
        return Decision("no_rule", supervisor_code=supervisor)
    rule = fitting[0]
    unit = rule.target_unit_code
    if not unit and rule.target_kind:
        unit = find_unit(rule.target_kind, facts.commune_code, facts.province_code, facts.on)
    lead = None
    if rule.lead_organisation_kind:
        lead = find_unit(rule.lead_organisation_kind, facts.commune_code, facts.province_code, facts.on)
    why = "rule" if unit else "no_unit"
    if facts.bypass_commune:
        lead = None if lead and is_of_commune(lead) else lead
        if unit and is_of_commune(unit):
            why, unit = "bypass", None
    return Decision(
        why=why,
        unit_code=unit or None,
        supervisor_code=supervisor if facts.bypass_commune else _supervisor(rule.supervisor_level, facts, find_unit),
        lead_code=lead,
        rule_code=rule.code,
        rule_valid_from=rule.valid_from,
        target_kind=rule.target_kind,
    )


def _width(rule: Rule) -> int:
    """How narrow a rule's area is: codes of communes are longer than those of provinces."""
    return len(rule.area_code or "")


def _supervisor(level: str, facts: Facts, find_unit: FindUnit) -> str | None:
    """The Front at `level`, else the next one above that exists; the central one supervises all the rest."""
    kinds = ["front_commune", "front_province", "front_central"]
    if level == "province":
        kinds = kinds[1:]
    for kind in kinds:
        unit = find_unit(kind, facts.commune_code, facts.province_code, facts.on)
        if unit:
            return unit
    return None
