"""Who is responsible."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.routing import decide as deciding
from webapp.routing.decide import Facts, Rules, decide, explain, fits, in_window

DAY = date(2026, 11, 21)


def Rule(code: str, **changes: Any) -> deciding.Rule:
    given: dict[str, Any] = {
        "priority": 100,
        "category_code": "coal_ash",
        "target_kind": "agri_env_dept",
        "supervisor_level": "province",
        "lead_organisation_kind": "org_veterans",
        "valid_from": date(2025, 7, 1),
    }
    return deciding.Rule(code, **given | changes)


UNITS = {
    ("agri_env_dept", "86"): "so-nnmt-86",
    ("commune_committee", "29512"): "ubnd-29512",
    ("front_commune", "29512"): "mttq-29512",
    ("front_province", "86"): "mttq-86",
    ("org_veterans", "86"): "ccb-86",
}


def find(kind: str, commune: str | None, province: str | None, _day: date) -> str | None:
    if kind == "front_central":
        return "mttq-tw"
    return UNITS.get((kind, commune or "")) or UNITS.get((kind, province or ""))


HERE = Facts("coal_ash", "29512", "86", DAY)


def test_a_rule_names_unit_supervisor_and_lead() -> None:
    decision = decide(HERE, [Rule("r1")], find)
    assert (decision.why, decision.unit_code) == ("rule", "so-nnmt-86")
    assert (decision.supervisor_code, decision.lead_code, decision.rule_code) == ("mttq-86", "ccb-86", "r1")


def test_the_narrower_rule_goes_first_whatever_order_they_come_in() -> None:
    wide, narrow = Rule("wide"), Rule("narrow", area_code="29512", target_kind=None, target_unit_code="kcn-86")
    for rules in ([wide, narrow], [narrow, wide]):
        assert decide(HERE, rules, find).unit_code == "kcn-86"
    assert decide(HERE, [Rule("first", priority=1), narrow], find).rule_code == "first"


def test_yesterdays_rule_does_not_decide_today() -> None:
    old = Rule("old", valid_to=date(2026, 11, 20))
    new = Rule("new", valid_from=date(2026, 11, 21), target_kind="commune_committee", supervisor_level="commune")
    assert decide(HERE, [old, new], find).rule_code == "new"
    before = Facts("coal_ash", "29512", "86", date(2026, 11, 20))
    assert decide(before, [old, new], find).rule_code == "old"


def test_without_a_place_a_rule_or_a_unit_the_front_decides() -> None:
    sea = decide(Facts("coal_ash", None, "86", DAY), [Rule("r")], find)
    assert (sea.why, sea.unit_code, sea.supervisor_code) == ("no_area", None, "mttq-86")
    abroad = decide(Facts("coal_ash", None, None, DAY), [Rule("r")], find)
    assert (abroad.why, abroad.supervisor_code) == ("no_area", "mttq-tw")
    other = decide(Facts("other", "29512", "86", DAY), [Rule("r")], find)
    assert (other.why, other.supervisor_code) == ("no_rule", "mttq-29512")
    elsewhere = decide(Facts("coal_ash", "00004", "01", DAY), [Rule("r")], find)
    assert (elsewhere.why, elsewhere.unit_code, elsewhere.supervisor_code) == ("no_unit", None, "mttq-tw")
    assert elsewhere.rule_code == "r"


def of_commune(code: str) -> bool:
    return code.endswith("-29512")


def test_a_sender_who_bypasses_the_commune_is_not_sent_back_to_it() -> None:
    bypassing = Facts("coal_ash", "29512", "86", DAY, bypass_commune=True)
    here = Rule("here", target_kind="commune_committee", supervisor_level="commune")
    decision = decide(bypassing, [here], find, of_commune)
    assert (decision.why, decision.unit_code, decision.supervisor_code) == ("bypass", None, "mttq-86")
    assert decision.rule_code == "here"
    named = Rule("named", target_kind=None, target_unit_code="ca-29512", supervisor_level="commune")
    assert decide(bypassing, [named], find, of_commune).why == "bypass"
    province = decide(bypassing, [Rule("province", supervisor_level="commune")], find, of_commune)
    assert (province.why, province.unit_code, province.supervisor_code) == ("rule", "so-nnmt-86", "mttq-86")
    assert decide(bypassing, [], find, of_commune).supervisor_code == "mttq-86"


times = st.sampled_from(["00:00", "05:59", "06:00", "12:00", "17:00", "22:00", "23:59"])
days = st.dates(date(2026, 10, 1), date(2027, 1, 1))


@st.composite
def some_rules(draw: Any) -> list[deciding.Rule]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        start, end = draw(st.tuples(times, times).filter(lambda t: t[0] != t[1]) | st.just((None, None)))
        first = draw(days)
        kind, unit = draw(st.sampled_from([("agri_env_dept", None), ("commune_committee", None), (None, "kcn-86")]))
        found.append(
            Rule(
                f"{draw(st.sampled_from('abc'))}{number}",
                priority=draw(st.integers(1, 3)),
                category_code=draw(st.sampled_from(["*", "coal_ash", "other"])),
                area_code=draw(st.sampled_from([None, "86", "29512", "75"])),
                time_from=start,
                time_to=end,
                days=draw(st.sampled_from([None, "working", "off"])),
                target_kind=kind,
                target_unit_code=unit,
                supervisor_level=draw(st.sampled_from(["commune", "province"])),
                valid_from=first,
                valid_to=draw(st.none() | st.just(first + timedelta(days=draw(st.integers(0, 60))))),
            )
        )
    return found


some_facts = st.builds(
    Facts,
    st.sampled_from(["coal_ash", "other", "noise"]),
    st.sampled_from(["29512", "29413"]),
    st.just("86"),
    days,
    bypass_commune=st.booleans(),
    at=times,
    off=st.booleans(),
)


def definition(facts: Facts, rules: list[deciding.Rule]) -> str | None:
    """Which rule decides, by the definition: of all that fit, the first in order."""
    fitting = [r for r in rules if fits(r, facts)]
    return min(fitting, key=lambda r: (r.priority, -len(r.area_code or ""), r.code)).code if fitting else None


@given(some_rules(), some_facts, st.randoms())
def test_the_index_decides_as_the_definition_does(table: list[deciding.Rule], facts: Facts, random: Any) -> None:
    decision = decide(facts, table, find, of_commune)
    assert decision.rule_code == definition(facts, table)
    shuffled = list(table)
    random.shuffle(shuffled)
    assert decide(facts, Rules(shuffled), find, of_commune) == decision


@given(some_rules(), some_facts)
def test_the_explanation_names_every_rule_about_it_in_order_and_ends_in_the_decision(
    table: list[deciding.Rule], facts: Facts
) -> None:
    rules = Rules(table)
    told = explain(facts, rules, find, of_commune)
    assert told.decision == decide(facts, rules, find, of_commune)
    about = [
        r
        for r in table
        if r.category_code in ("*", facts.category_code)
        and r.area_code in (None, facts.commune_code, facts.province_code)
    ]
    assert [c.rule for c in told.considered] == sorted(about, key=deciding.order)
    assert told.others == len(table) - len(about)
    winners = [c.rule.code for c in told.considered if c.verdict == "wins"]
    assert winners == ([told.decision.rule_code] if told.decision.rule_code else [])
    for c in told.considered:
        assert (c.verdict in ("wins", "later")) == fits(c.rule, facts)


@pytest.mark.parametrize(
    ("start", "end", "inside", "outside"),
    [
        ("06:00", "18:00", ("06:00", "12:00", "17:59"), ("05:59", "18:00", "23:00")),
        ("22:00", "06:00", ("22:00", "23:59", "00:00", "05:59"), ("06:00", "12:00", "21:59")),
    ],
)
def test_a_window_holds_its_first_minute_and_not_its_last(
    start: str, end: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    assert all(in_window(at, start, end) for at in inside)
    assert not any(in_window(at, start, end) for at in outside)


def test_at_night_and_on_days_off_somebody_else_acts() -> None:
    night = Rule("night", priority=10, time_from="18:00", time_to="06:00", target_kind=None, target_unit_code="ca-86")
    free = Rule("free", priority=20, days="off", target_kind=None, target_unit_code="truc-86")
    rules = Rules([Rule("day"), night, free])
    assert decide(HERE, rules, find).rule_code == "day"
    assert decide(replace(HERE, at="23:30"), rules, find).unit_code == "ca-86"
    assert decide(replace(HERE, off=True), rules, find).unit_code == "truc-86"
    assert decide(replace(HERE, off=True, at="05:59"), rules, find).unit_code == "ca-86"
    told = explain(HERE, rules, find)
    assert [(c.rule.code, c.verdict) for c in told.considered] == [
        ("night", "time"),
        ("free", "days"),
        ("day", "wins"),
    ]
    assert (told.looked[0].wanted, told.looked[0].found) == ("agri_env_dept", "so-nnmt-86")


def test_a_rule_that_names_an_abolished_unit_names_nobody() -> None:
    named = Rule("named", target_kind=None, target_unit_code="kcn-86")
    gone = decide(HERE, [named], find, exists=lambda _code, _on: False)
    assert (gone.why, gone.unit_code, gone.rule_code) == ("no_unit", None, "named")
