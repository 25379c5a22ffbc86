"""What is found wrong in a set of rules, against counting out every case."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given

from tests.unit.test_decide import Rule, some_rules
from webapp.routing import checks, rows
from webapp.routing.checks import World, findings, gaps, shadowed
from webapp.routing.decide import Facts, Rules, decide, fits

CATEGORIES = frozenset({"coal_ash", "other"})
SINCE = (date(2020, 1, 1), date.max)
WORLD = World(
    CATEGORIES,
    frozenset({"agri_env_dept", "commune_committee", "org_veterans"}),
    {code: [SINCE] for code in ("86", "75", "29512", "29413", "25210")},
    {"kcn-86": [SINCE], "cu-86": [(date(2025, 7, 1), date(2026, 6, 30))]},
    {"29512": "86", "29413": "86", "25210": "75"},
)


def ever_decides(code: str, table: list[Any]) -> bool:
    """Whether the rule decides for some category, commune, day and time, by trying all that matter."""
    starts = {r.valid_from for r in table} | {r.valid_to + timedelta(days=1) for r in table if r.valid_to}
    times = {t for r in table for t in (r.time_from, r.time_to) if t} | {"00:00"}
    for category in CATEGORIES:
        for commune, province in (("29512", "86"), ("29413", "86"), ("25210", "75"), ("00004", "01")):
            for on in starts:
                for at in times:
                    for off in (False, True):
                        facts = Facts(category, commune, province, on, at=at, off=off)
                        first = Rules(table).first(facts)
                        if first is not None and first.code == code:
                            return True
    return False


@given(some_rules())
def test_a_rule_is_shadowed_exactly_when_it_never_decides(table: list[Any]) -> None:
    found = {f.rule_code for f in shadowed(Rules(table), WORLD)}
    assert found == {r.code for r in table if not ever_decides(r.code, table)}


def test_who_shadows_is_said() -> None:
    table = [
        Rule("first-half", priority=1, valid_to=date(2025, 12, 31)),
        Rule("second-half", priority=1, valid_from=date(2026, 1, 1)),
        Rule("never", area_code="29512"),
        Rule("at-night", priority=50, category_code="other", time_from="22:00", time_to="06:00"),
        Rule("by-day", priority=60, category_code="other"),
    ]
    found = shadowed(Rules(table), WORLD)
    assert [(f.rule_code, f.others) for f in found] == [("never", ("first-half", "second-half"))]


def test_what_nobody_knows_and_what_is_not_there_on_its_days() -> None:
    table = [
        Rule("a", category_code="burning", area_code="99999", target_kind="ministry", lead_organisation_kind="org_x"),
        Rule("b", target_kind=None, target_unit_code="nobody-1"),
        Rule("c", target_kind=None, target_unit_code="cu-86", area_code="86"),
        Rule("d", area_code="75", valid_from=date(2019, 1, 1)),
    ]
    found = {(f.rule_code, f.code, f.day) for f in findings(Rules(table), WORLD)}
    assert found == {
        ("a", "unknown_category", None),
        ("a", "unknown_area", None),
        ("a", "unknown_kind", None),
        ("a", "unknown_lead", None),
        ("b", "unknown_unit", None),
        ("c", "unit_not_there", date(2026, 7, 1)),
        ("d", "area_not_there", date(2019, 1, 1)),
    }
    assert all((f.level == checks.ERROR) == f.code.startswith("unknown") for f in findings(Rules(table), WORLD))


def test_two_rules_at_the_same_place_that_name_others_are_a_tie() -> None:
    table = [
        Rule("a"),
        Rule("b", target_kind="commune_committee"),
        Rule("c", category_code="*", target_kind="commune_committee"),
        Rule("same-as-a", category_code="other"),
        Rule("night", category_code="coal_ash", area_code="86", time_from="18:00", time_to="06:00"),
        Rule("day", area_code="86", target_kind="commune_committee", time_from="06:00", time_to="18:00"),
    ]
    found = {(f.rule_code, f.others) for f in findings(Rules(table), WORLD) if f.code == "tie"}
    assert found == {("a", ("b", "c")), ("c", ("same-as-a",))}


def test_gaps_are_put_together_by_province() -> None:
    def find(kind: str, commune: str | None, province: str | None, _on: date) -> str | None:
        return f"{kind}-86" if province == "86" and kind == "agri_env_dept" else None

    found = gaps(
        Rules([Rule("r")]),
        date(2026, 11, 22),
        [("29512", "86"), ("29413", "86"), ("25210", "75")],
        CATEGORIES,
        find_unit=find,
        exists=lambda _code, _on: True,
    )
    assert [(g.province_code, g.why, g.target, g.categories, g.communes) for g in found] == [
        ("75", "no_rule", "", ("other",), 1),
        ("75", "no_unit", "agri_env_dept", ("coal_ash",), 1),
        ("86", "no_rule", "", ("other",), 2),
    ]


@given(some_rules())
def test_gaps_are_where_the_decision_names_nobody(table: list[Any]) -> None:
    """Put together cleverly, they say the same as asking for each category in each commune."""

    def find(kind: str, commune: str | None, _province: str | None, _on: date) -> str | None:
        return f"{kind}-1" if kind == "agri_env_dept" or commune == "29512" else None

    on = date(2026, 11, 22)
    communes = [("29512", "86"), ("29413", "86"), ("25210", "75")]
    found = gaps(Rules(table), on, communes, CATEGORIES, find_unit=find, exists=lambda code, _on: code == "x")
    said = {(g.province_code, g.why, c) for g in found for c in g.categories}
    asked = set()
    for commune, province in communes:
        for category in CATEGORIES:
            told = decide(Facts(category, commune, province, on), table, find, exists=lambda code, _on: code == "x")
            if told.unit_code is None:
                asked.add((province, told.why, category))
    assert said == asked


# --- a rule as a row -----------------------------------------------------------------------------


@given(some_rules())
def test_rows_of_text_and_packed_rows_mean_the_same_rules(table: list[Any]) -> None:
    table = [rows.parse(rows.as_cells(r) | {"source": "Quyết định"}) for r in table]
    assert rows.unpack(rows.pack(table)) == sorted(table, key=lambda r: r.code)
    assert not rows.compare(table, reversed(table))


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"code": ""}, {"code": "missing"}),
        ({"code": "Có dấu"}, {"code": "bad_code"}),
        ({"priority": "0"}, {"priority": "not_a_number"}),
        ({"priority": "9" * 40}, {"priority": "not_a_number"}),
        ({"target_kind": ""}, {"target_unit_code": "one_target"}),
        ({"target_unit_code": "kcn-86"}, {"target_unit_code": "one_target"}),
        ({"time_from": "22:00"}, {"time_from": "half_a_window"}),
        ({"time_from": "22:00", "time_to": "22:00"}, {"time_to": "empty_window"}),
        ({"time_from": "24:00", "time_to": "06:00"}, {"time_from": "not_a_time"}),
        ({"days": "sunday"}, {"days": "not_a_choice"}),
        ({"valid_from": "31/02/2026"}, {"valid_from": "not_a_day"}),
        ({"valid_to": "2025-01-01"}, {"valid_to": "ends_early"}),
        ({"area_code": "123456789"}, {"area_code": "too_long"}),
    ],
)
def test_a_wrong_cell_is_named(cells: dict[str, str], wrong: dict[str, str]) -> None:
    good = rows.as_cells(Rule("r")) | {"source": "Quyết định"}
    with pytest.raises(rows.Wrong) as error:
        rows.parse(good | cells)
    assert error.value.errors == wrong


def test_times_and_days_are_taken_as_people_write_them() -> None:
    typed = {"time_from": "6:00", "time_to": "18:30", "valid_from": "1/7/2025", "valid_to": "2026-12-31 00:00:00"}
    rule = rows.parse(rows.as_cells(Rule("r")) | {"source": "Quyết định"} | typed)
    assert (rule.time_from, rule.time_to) == ("06:00", "18:30")
    assert (rule.valid_from, rule.valid_to) == (date(2025, 7, 1), date(2026, 12, 31))
    assert fits(rule, Facts("coal_ash", "29512", "86", date(2026, 1, 1), at="06:00"))
