"""Who is responsible: a pure function over facts and rules, so that it can be explained, tried and tested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from heapq import merge

WORKING, OFF = "working", "off"  # of a rule's `days`
NOON = "12:00"


@dataclass(frozen=True, slots=True)
class Rule:
    """For this category, in this area, at these times: that unit acts."""

    code: str
    priority: int
    category_code: str  # or "*"
    area_code: str | None = None  # None: everywhere
    time_from: str | None = None  # "22:00", with time_to, or both None
    time_to: str | None = None
    days: str | None = None  # WORKING, OFF, None: every day
    target_kind: str | None = None  # either this
    target_unit_code: str | None = None  # or that
    supervisor_level: str = "commune"
    lead_organisation_kind: str | None = None
    valid_from: date = date.min
    valid_to: date | None = None
    note_vi: str = ""
    certainty: str = "check"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision rests on. Codes of areas are those of the General Statistics Office."""

    category_code: str
    commune_code: str | None
    province_code: str | None
    on: date
    bypass_commune: bool = False  # the sender does not want their commune to see it, or the Front decided so
    at: str = NOON  # time of day in Vietnam, "HH:MM"
    off: bool = False  # no working day


@dataclass(frozen=True, slots=True)
class Decision:
    """Who acts, who supervises, who leads for the sector, by which rule, and why, as a code with values.

    `why` is one of: `rule` (a rule named a unit), `no_area` (the place is in no known commune), `no_rule`
    (no rule fits the category there that day), `no_unit` (the rule's unit does not exist there that day),
    `bypass` (the rule names a body of the commune, which must not see it).
    With any but `rule`, `unit_code` is None and the Front decides by hand.
    """

    why: str
    unit_code: str | None = None
    supervisor_code: str | None = None
    lead_code: str | None = None
    rule_code: str | None = None
    rule_valid_from: date | None = None
    target_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """A rule about this category and place, and what spoke for or against it: `wins`, `later` (would fit, but one
    before it in order did), `not_yet`, `ended` (its days of validity), `time`, `days`."""

    rule: Rule
    verdict: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A unit that was looked for: what for (unit, supervisor, lead), which kind or code, and who was found."""

    role: str
    wanted: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with every rule about this category and place in order, and every unit that was looked for."""

    decision: Decision
    considered: tuple[Considered, ...]
    looked: tuple[Looked, ...]
    others: int  # rules about other categories or other places


# (kind, commune, province, day) -> code of the unit of that kind there, if any
FindUnit = Callable[[str, str | None, str | None, date], str | None]
Key = tuple[int, int, str]


def order(rule: Rule) -> Key:
    """The place of a rule in the order: the smallest priority, then the narrower area, then the code."""
    return rule.priority, -len(rule.area_code or ""), rule.code  # communes have longer codes than provinces


def against(rule: Rule, facts: Facts) -> str | None:
    """What speaks against a rule about this category and place, as in `Considered`; None if it fits."""
    if facts.on < rule.valid_from:
        return "not_yet"
    if rule.valid_to is not None and facts.on > rule.valid_to:
        return "ended"
    if rule.days and (rule.days == OFF) != facts.off:
        return "days"
    if rule.time_from and rule.time_to and not in_window(facts.at, rule.time_from, rule.time_to):
        return "time"
    return None


def in_window(at: str, start: str, end: str) -> bool:
    """Whether a time of day lies from `start` up to, not including, `end`; a window may go past midnight."""
    return start <= at < end if start < end else at >= start or at < end


def fits(rule: Rule, facts: Facts) -> bool:
    """Whether the rule speaks about this category in this area on this day at this time."""
    return (
        rule.category_code in ("*", facts.category_code)
        and rule.area_code in (None, "", facts.commune_code, facts.province_code)
        and against(rule, facts) is None
    )


class Rules:
    """A set of rules, put in order once, so that a decision looks at few of them however many there are."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.ordered = sorted(rules, key=order)
        self._shelves: dict[tuple[str, str], list[tuple[Key, Rule]]] = {}
        for rule in self.ordered:
            shelf = self._shelves.setdefault((rule.category_code, rule.area_code or ""), [])
            shelf.append((order(rule), rule))
        self.places = {place for _category, place in self._shelves}  # areas that rules name

    def about(self, facts: Facts) -> Iterator[Rule]:
        """The rules about this category (or all) and this place (or one that holds it), in order."""
        yield from (rule for _key, rule in merge(*self._near(facts)))

    def first(self, facts: Facts) -> Rule | None:
        """The rule that decides."""
        best: tuple[Key, Rule] | None = None
        for shelf in self._near(facts):
            for entry in shelf:
                if best is not None and entry[0] > best[0]:
                    break
                if against(entry[1], facts) is None:
                    best = entry
                    break
        return best[1] if best else None

    def _near(self, facts: Facts) -> list[list[tuple[Key, Rule]]]:
        places = {"", facts.commune_code or "", facts.province_code or ""}
        wanted = ((category, place) for category in ("*", facts.category_code) for place in places)
        return [self._shelves[pair] for pair in wanted if pair in self._shelves]


def _of_no_commune(_unit: str) -> bool:
    return False


def _there(_unit: str, _on: date) -> bool:
    return True


def decide(
    facts: Facts,
    rules: Rules | Iterable[Rule],
    find_unit: FindUnit,
    is_of_commune: Callable[[str], bool] = _of_no_commune,
    exists: Callable[[str, date], bool] = _there,
) -> Decision:
    """The first fitting rule in `order` decides.

    `is_of_commune` says whether a unit is a body of a commune: with `facts.bypass_commune` none of those is named,
    and the province's Front supervises. `exists` says whether a unit that a rule names was there that day.
    """
    if facts.commune_code is None:
        return Decision("no_area", supervisor_code=_supervisor("province", facts, find_unit))
    rule = (rules if isinstance(rules, Rules) else Rules(rules)).first(facts)
    if rule is None:
        level = "province" if facts.bypass_commune else "commune"
        return Decision("no_rule", supervisor_code=_supervisor(level, facts, find_unit))
    unit: str | None = None
    if rule.target_unit_code:
        unit = rule.target_unit_code if exists(rule.target_unit_code, facts.on) else None
    elif rule.target_kind:
        unit = find_unit(rule.target_kind, facts.commune_code, facts.province_code, facts.on)
    lead = None
    if rule.lead_organisation_kind:
        lead = find_unit(rule.lead_organisation_kind, facts.commune_code, facts.province_code, facts.on)
    why = "rule" if unit else "no_unit"
    if facts.bypass_commune:
        lead = None if lead and is_of_commune(lead) else lead
        if unit and is_of_commune(unit):
            why, unit = "bypass", None
    level = "province" if facts.bypass_commune else rule.supervisor_level
    return Decision(
        why=why,
        unit_code=unit,
        supervisor_code=_supervisor(level, facts, find_unit),
        lead_code=lead,
        rule_code=rule.code,
        rule_valid_from=rule.valid_from,
        target_kind=rule.target_kind,
    )


def explain(
    facts: Facts,
    rules: Rules,
    find_unit: FindUnit,
    is_of_commune: Callable[[str], bool] = _of_no_commune,
    exists: Callable[[str, date], bool] = _there,
) -> Explanation:
    """The same decision with how it came about."""
    looked: list[Looked] = []

    def find(kind: str, commune: str | None, province: str | None, on: date) -> str | None:
        found = find_unit(kind, commune, province, on)
        role = "supervisor" if kind in FRONTS else "lead" if kind.startswith("org_") else "unit"
        looked.append(Looked(role, kind, found))
        return found

    def there(code: str, on: date) -> bool:
        found = exists(code, on)
        looked.append(Looked("unit", code, code if found else None))
        return found

    decision = decide(facts, rules, find, is_of_commune, there)
    considered: list[Considered] = []
    won = decision.why == "no_area"  # without a place no rule is asked at all
    for rule in rules.about(facts) if not won else ():
        verdict = against(rule, facts) or ("later" if won else "wins")
        won = won or verdict == "wins"
        considered.append(Considered(rule, verdict))
    return Explanation(decision, tuple(considered), tuple(looked), len(rules.ordered) - len(considered))


FRONTS = ("front_commune", "front_province", "front_central")


def _supervisor(level: str, facts: Facts, find_unit: FindUnit) -> str | None:
    """The Front at `level`, else the next one above that exists; the central one supervises all the rest."""
    for kind in FRONTS[1:] if level == "province" else FRONTS:
        unit = find_unit(kind, facts.commune_code, facts.province_code, facts.on)
        if unit:
            return unit
    return None
