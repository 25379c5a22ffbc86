"""What is wrong with a set of rules before it is used: pure functions over the rules and what they speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from webapp.routing.decide import OFF, WORKING, Facts, FindUnit, Rule, Rules, against, order

FOREVER = date.max
ERROR, WARNING = "error", "warning"
Span = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. `code` is one of

    errors    `unknown_category`, `unknown_area`, `unknown_unit`, `unknown_kind`, `unknown_lead`
    warnings  `area_not_there`, `unit_not_there` (on `day`, within the rule's own days), `shadowed` (never decides,
              because of `others`), `tie` (`others` stand at the same place in order and name somebody else)
    """

    level: str
    code: str
    rule_code: str
    value: str = ""
    day: date | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """What rules speak of: codes of categories, kinds of units, and since when until when areas and units were."""

    categories: frozenset[str]
    kinds: frozenset[str]
    areas: Mapping[str, Sequence[Span]]
    units: Mapping[str, Sequence[Span]]
    parents: Mapping[str, str]  # commune -> province


def findings(rules: Rules, world: World) -> list[Finding]:
    """Everything that `Finding` names, errors first, then by rule."""
    found = [f for rule in rules.ordered for f in references(rule, world)]
    found += shadowed(rules, world)
    found += ties(rules)
    return sorted(found, key=lambda f: (f.level != ERROR, f.rule_code, f.code))


def blocking(found: Iterable[Finding], changed: Iterable[str]) -> list[Finding]:
    """The errors in rules that a change touches. What was wrong before does not stop it from being mended."""
    touched = set(changed)
    return [f for f in found if f.level == ERROR and f.rule_code in touched]


def references(rule: Rule, world: World) -> list[Finding]:
    """What the rule names and nobody knows, or is not there on all its days."""
    found = []
    mine = (rule.valid_from, rule.valid_to or FOREVER)
    if rule.category_code != "*" and rule.category_code not in world.categories:
        found.append(Finding(ERROR, "unknown_category", rule.code, rule.category_code))
    if rule.target_kind and rule.target_kind not in world.kinds:
        found.append(Finding(ERROR, "unknown_kind", rule.code, rule.target_kind))
    lead = rule.lead_organisation_kind
    if lead and lead not in world.kinds:
        found.append(Finding(ERROR, "unknown_lead", rule.code, lead))
    for name, code, spans in (("area", rule.area_code, world.areas), ("unit", rule.target_unit_code, world.units)):
        if not code:
            continue
        if code not in spans:
            found.append(Finding(ERROR, f"unknown_{name}", rule.code, code))
        elif day := _first_gap(mine, spans[code]):
            found.append(Finding(WARNING, f"{name}_not_there", rule.code, code, day))
    return found


def _first_gap(wanted: Span, there: Sequence[Span]) -> date | None:
    """The first day of `wanted` on which none of the spans holds."""
    day = wanted[0]
    for start, end in sorted(there):
        if start > day:
            break
        if end >= day:
            if end >= wanted[1]:
                return None
            day = end + timedelta(days=1)
    return day


def shadowed(rules: Rules, world: World) -> list[Finding]:
    """Rules that decide nothing, whatever the facts, because rules before them in order take it all.

    Exact but for one case: a rule for the whole country or a province that only rules for each single area
    within it take away together is not found.
    """
    shelves: dict[tuple[str, str], list[Rule]] = defaultdict(list)
    for rule in rules.ordered:
        shelves[rule.category_code, rule.area_code or ""].append(rule)
    found = []
    for rule in rules.ordered:
        areas = {"", rule.area_code or "", world.parents.get(rule.area_code or "", "")}
        by: set[str] = set()
        for category in world.categories if rule.category_code == "*" else (rule.category_code,):
            mine = [r for c in {"*", category} for a in areas for r in shelves.get((c, a), ())]
            taking = _taken(rule, sorted((r for r in mine if order(r) < order(rule)), key=order))
            if taking is None:
                break
            by |= taking
        else:
            if by:
                found.append(Finding(WARNING, "shadowed", rule.code, others=tuple(sorted(by))))
    return found


def _taken(rule: Rule, before: list[Rule]) -> set[str] | None:
    """The codes of the rules that together hold on all days and times of `rule`; None if some are left to it."""
    first, last = rule.valid_from, rule.valid_to or FOREVER
    near = [r for r in before if r.valid_from <= last and (r.valid_to or FOREVER) >= first]
    if not near:
        return None
    days = {first} | {r.valid_from for r in near if r.valid_from > first}
    days |= {r.valid_to + timedelta(days=1) for r in near if r.valid_to and r.valid_to < last}
    times = {t for r in (rule, *near) for t in (r.time_from, r.time_to) if t} | {"00:00"}
    by: set[str] = set()
    for on in sorted(days):
        for off in (False, True):
            for at in sorted(times):
                facts = Facts("", None, None, on, at=at, off=off)
                if not _holds(rule, facts):
                    continue
                taker = next((r for r in near if _holds(r, facts)), None)
                if taker is None:
                    return None
                by.add(taker.code)
    return by


def _holds(rule: Rule, facts: Facts) -> bool:
    return against(rule, facts) is None


def ties(rules: Rules) -> list[Finding]:
    """Rules at the same place in order that meet and name somebody else: only the code decides between them."""
    shelves: dict[tuple[int, str], list[Rule]] = defaultdict(list)
    for rule in rules.ordered:
        shelves[rule.priority, rule.area_code or ""].append(rule)
    found = []
    for shelf in shelves.values():
        by_category: dict[str, list[Rule]] = defaultdict(list)
        for rule in shelf:
            by_category[rule.category_code].append(rule)
        for rule in shelf:
            rivals = shelf if rule.category_code == "*" else by_category[rule.category_code] + by_category["*"]
            others = [r.code for r in rivals if r.code > rule.code and _meet(rule, r) and _differ(rule, r)]
            if others:
                found.append(Finding(WARNING, "tie", rule.code, others=tuple(sorted(others))[:10]))
    return found


def _meet(one: Rule, other: Rule) -> bool:
    if one.valid_from > (other.valid_to or FOREVER) or other.valid_from > (one.valid_to or FOREVER):
        return False
    if {one.days, other.days} == {WORKING, OFF}:
        return False
    times = {t for r in (one, other) for t in (r.time_from, r.time_to) if t} | {"00:00"}
    day = max(one.valid_from, other.valid_from)
    off = OFF in (one.days, other.days)
    return any(_holds(one, f) and _holds(other, f) for f in (Facts("", None, None, day, at=t, off=off) for t in times))


def _differ(one: Rule, other: Rule) -> bool:
    def names(rule: Rule) -> tuple[str | None, ...]:
        return rule.target_kind, rule.target_unit_code, rule.supervisor_level, rule.lead_organisation_kind

    return names(one) != names(other)


@dataclass(frozen=True, slots=True)
class Gap:
    """Communes of a province in which categories have no unit, on `day`: `why` is no_rule or no_unit."""

    day: date
    province_code: str
    why: str
    target: str  # the kind or unit that the rule names
    categories: tuple[str, ...]
    communes: int
    example: str  # code of one of them


def gaps(
    rules: Rules,
    on: date,
    communes: Iterable[tuple[str, str]],
    categories: Iterable[str],
    *,
    find_unit: FindUnit,
    exists: Callable[[str, date], bool],
) -> list[Gap]:
    """Where the set names nobody on a day at noon of a working day: each commune (code, province) by each category.

    Communes of a province that lack the same thing are put together.
    """
    missing: dict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    known = sorted(categories)

    @cache
    def first(category: str, commune: str, province: str) -> Rule | None:
        return rules.first(Facts(category, commune, province, on))

    @cache
    def there(kind: str | None, unit: str | None, commune: str, province: str) -> bool:
        return exists(unit, on) if unit else bool(kind and find_unit(kind, commune, province, on))

    for commune, province in communes:
        named = commune if commune in rules.places else ""  # communes that no rule names are alike
        for category in known:
            rule = first(category, named, province)
            if rule is None:
                missing[province, "no_rule", ""][category].add(commune)
            elif not there(rule.target_kind, rule.target_unit_code, commune, province):
                missing[province, "no_unit", rule.target_kind or rule.code][category].add(commune)
    found = []
    for (province, why, target), by_category in sorted(missing.items()):
        places: set[str] = set().union(*by_category.values())
        found.append(Gap(on, province, why, target, tuple(sorted(by_category)), len(places), min(places)))
    return found
