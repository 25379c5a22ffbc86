"""The reference data as shipped: whole, consistent, in NFC, and honest about what is not confirmed."""

from __future__ import annotations

import csv
import tomllib
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from webapp.core import clock
from webapp.routing.checks import World, findings
from webapp.routing.decide import Rules
from webapp.routing.rows import parse

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "webapp" / "data"
SPRITE = ROOT / "static" / "icons" / "categories.svg"

CSV_FILES = {
    "units": "code,kind,name_vi,name_en,short_name_vi,level,area_code,parent_code,province_code,"
    "valid_from,valid_to,certainty,source,note",
    "legal_references": "code,title_vi,article,subject_vi,valid_from,valid_to,certainty,source,note",
    "routing_rules": "code,priority,category_code,area_code,time_from,time_to,days,target_kind,"
    "target_unit_code,supervisor_level,lead_organisation_kind,valid_from,valid_to,note_vi,certainty,source",
    "deadlines": "code,step,category_code,working_days,working_hours,hours_around_clock,max_extensions,"
    "extension_days,valid_from,valid_to,certainty,source,note",
    "office_hours": "code,opens,closes,valid_from,valid_to,certainty,source,note",
    "reminders": "code,measure,offset,whom,channel,valid_from,valid_to,certainty,source,note",
    "holidays": "date,kind,name_vi,certainty,source",
    "emergency": "number,code,order,name_vi,name_en,name_km,when_vi,when_en,when_km,certainty,source,note",
    "khmer_review": "file,key,vi,km,confidence,status",
}
COMMUNES = {"86": 124, "75": 95, "31": 114, "11": 45}
COMMUNE_KINDS = {"commune_committee", "front_commune", "police_commune"}
PROVINCE_KINDS = {
    "province_committee", "front_province", "agri_env_dept", "police_province", "forest_ranger",
    "health_dept", "org_farmers", "org_women", "org_youth", "org_veterans", "org_union",
}  # fmt: skip
CERTAINTIES = {"confirmed", "secondary", "check"}
LANGUAGES = {"vi", "en", "km"}
SEED_WASTE_TERMS = {
    "waste_industrial": "công nghiệp",
    "waste_agricultural": "sản xuất nông nghiệp",
    "waste_hospital": "bệnh viện",
    "waste_market": "chợ và trung tâm thương mại",
    "waste_slaughter": "nơi giết, mổ gia súc, gia cầm, chế biến thực phẩm",
    "waste_household": "sinh hoạt của hộ gia đình và cộng đồng dân cư",
}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, strict=True))


def toml() -> dict:
    return tomllib.loads((DATA / "categories.toml").read_text(encoding="utf-8"))


def symbol_ids() -> list[str]:
    tree = ET.parse(SPRITE)
    return [s.attrib["id"] for s in tree.iter("{http://www.w3.org/2000/svg}symbol")]


def period(row: dict[str, str]) -> tuple[date, date]:
    """First and last day of validity, both inclusive; open ends are far away."""
    start = date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min
    end = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
    return start, end


CATEGORIES = {c["code"]: c for c in toml()["category"]}
GROUPS = {g["code"]: g for g in toml()["group"]}
UNITS = rows("units")
RULES = rows("routing_rules")


@pytest.mark.parametrize("path", sorted([*DATA.glob("*.csv"), *DATA.glob("*.toml")]), ids=lambda p: p.name)
def test_files_are_utf8_nfc_without_stray_characters(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert text.endswith("\n")
    assert "\r" not in text
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c != "\n"]
    assert "\ufeff" not in text


@pytest.mark.parametrize(("name", "header"), CSV_FILES.items())
def test_csv_columns_and_trimmed_cells(name: str, header: str) -> None:
    found = rows(name)
    assert found
    assert ",".join(found[0]) == header
    for row in found:
        assert None not in row
        assert all(value is not None and value == value.strip() for value in row.values()), row


@pytest.mark.parametrize("name", ["legal_references", "routing_rules", "deadlines", "emergency"])
def test_codes_are_unique(name: str) -> None:
    counts = Counter(row["code"] for row in rows(name))
    assert [code for code, n in counts.items() if n > 1] == []


@pytest.mark.parametrize("name", ["units", "legal_references", "routing_rules", "deadlines", "emergency"])
def test_every_fact_has_a_source_and_a_known_certainty(name: str) -> None:
    for row in rows(name):
        assert row["source"], row
        assert row["certainty"] in CERTAINTIES, row


@pytest.mark.parametrize("name", ["units", "legal_references", "routing_rules", "deadlines"])
def test_periods_do_not_run_backwards(name: str) -> None:
    for row in rows(name):
        start, end = period(row)
        assert start <= end, row


# --- categories ---------------------------------------------------------------------------------


def test_taxonomy_is_whole() -> None:
    assert len(CATEGORIES) == len(toml()["category"]) == 26
    assert len(GROUPS) == len(toml()["group"])
    assert {c["group"] for c in CATEGORIES.values()} == set(GROUPS)
    orders = [c["order"] for c in CATEGORIES.values()]
    assert len(orders) == len(set(orders))
    assert {c for c, v in CATEGORIES.items() if v.get("campaign_only")} == {"burial"}
    emergencies = {c: v for c, v in CATEGORIES.items() if v.get("emergency")}
    assert set(emergencies) == {"emergency"}
    assert emergencies["emergency"]["phones"] == ["113", "114"]


def test_seed_wording_is_kept_verbatim() -> None:
    assert {code: CATEGORIES[code].get("seed_term") for code in SEED_WASTE_TERMS} == SEED_WASTE_TERMS


@pytest.mark.parametrize("code", CATEGORIES)
def test_category_is_complete(code: str) -> None:
    category = CATEGORIES[code]
    assert set(category["name"]) == LANGUAGES
    assert all(category["name"].values())
    assert len(category["name"]["vi"]) <= 28
    assert category["description"]["vi"]
    assert category["description"]["en"]
    assert set(category["evidence"]) == set(category["warning"]) == LANGUAGES
    hints = {lang: len(lines) for lang, lines in category["evidence"].items()}
    assert len(set(hints.values())) == 1, hints
    assert 2 <= hints["vi"] <= 4
    assert len({bool(text) for text in category["warning"].values()}) == 1
    assert category["public_blur_m"] in {0, 100, 250, "commune"}
    for lang_text in (category["name"]["km"], *category["evidence"]["km"]):
        assert any("\u1780" <= char <= "\u17ff" for char in lang_text), lang_text
    assert category["acts"]
    assert category["supervises"]


@pytest.mark.parametrize("code", [c for c, v in CATEGORIES.items() if v["sensitive"]])
def test_sensitive_categories_protect_the_reporter(code: str) -> None:
    category = CATEGORIES[code]
    assert category["public_blur_m"] == "commune"
    assert category["publish_delay_hours"] >= 48
    assert "đối đầu" in category["warning"]["vi"]
    assert "ប្រឈមមុខ" in category["warning"]["km"]


def test_places_of_known_reprisal_are_sensitive() -> None:
    sensitive = {c for c, v in CATEGORIES.items() if v["sensitive"]}
    assert sensitive >= {"sand_river", "topsoil_dune_sand", "mineral_other", "forest", "waste_industrial"}


def test_groups_are_named_in_every_language() -> None:
    for group in GROUPS.values():
        assert set(group["name"]) == LANGUAGES
        assert all(group["name"].values())


def test_every_legal_reference_resolves() -> None:
    known = {row["code"] for row in rows("legal_references")}
    used = {ref for c in CATEGORIES.values() for ref in c["legal"]}
    assert used <= known, used - known
    assert all(c["legal"] for c in CATEGORIES.values() if not c.get("campaign_only"))


def test_sand_hours_hand_over_without_gap_or_overlap() -> None:
    legal = {row["code"]: row for row in rows("legal_references")}
    old_end = period(legal["nd-23-2020-hours"])[1]
    assert old_end + timedelta(days=1) == period(legal["nd-10-2025-hours"])[0] == date(2025, 3, 1)


def test_every_icon_is_a_symbol_of_the_sprite() -> None:
    ids = symbol_ids()
    assert len(ids) == len(set(ids))
    wanted = {x["icon"] for x in (*CATEGORIES.values(), *GROUPS.values())}
    assert wanted == set(ids)


def test_sprite_is_safe_to_serve_under_a_strict_policy() -> None:
    tree = ET.parse(SPRITE)
    for element in tree.iter():
        tag = element.tag.rsplit("}", 1)[-1]
        assert tag in {"svg", "symbol", "g", "path"}, tag
        assert not {"style", "onload", "href"} & set(element.attrib)
        if tag == "symbol":
            assert element.attrib["viewBox"] == "0 0 24 24"
            assert element.attrib["stroke"] == "currentColor"


# --- units --------------------------------------------------------------------------------------


def test_each_commune_has_its_three_units_every_day_since_july_2025() -> None:
    for day in (date(2025, 7, 1), date(2026, 4, 29), date(2026, 4, 30), date(2027, 1, 1)):
        valid = [u for u in UNITS if u["level"] == "commune" and period(u)[0] <= day <= period(u)[1]]
        assert len(valid) == 3 * 378
        kinds = defaultdict(Counter)
        for unit in valid:
            kinds[unit["province_code"]][unit["kind"]] += 1
        assert kinds == {p: {k: n for k in COMMUNE_KINDS} for p, n in COMMUNES.items()}
        assert len({u["area_code"] for u in valid}) == 378


def test_each_province_has_each_kind_exactly_once() -> None:
    for day in (date(2025, 8, 1), date(2026, 4, 29), date(2026, 4, 30), date(2027, 1, 1)):
        valid = [u for u in UNITS if u["level"] == "province" and period(u)[0] <= day <= period(u)[1]]
        for province in COMMUNES:
            kinds = Counter(u["kind"] for u in valid if u["province_code"] == province)
            assert {k: kinds[k] for k in PROVINCE_KINDS} == dict.fromkeys(PROVINCE_KINDS, 1), province
            assert set(kinds) - PROVINCE_KINDS <= {"iz_board"}


def test_same_unit_never_has_two_names_on_one_day() -> None:
    eras = defaultdict(list)
    for unit in UNITS:
        eras[unit["code"]].append(unit)
    for code, spans in eras.items():
        spans.sort(key=lambda u: u["valid_from"])
        for before, after in pairwise(spans):
            assert period(before)[1] + timedelta(days=1) == period(after)[0], code
            assert (before["kind"], before["area_code"]) == (after["kind"], after["area_code"])


def test_parents_exist_and_codes_follow_their_area() -> None:
    codes = {u["code"] for u in UNITS}
    for unit in UNITS:
        assert not unit["parent_code"] or unit["parent_code"] in codes, unit
        if unit["level"] == "central":
            assert (unit["code"], unit["area_code"], unit["province_code"]) == ("mttq-tw", "", "")
            continue
        assert unit["code"].endswith("-" + unit["area_code"])
        assert unit["area_code"] == unit["province_code"] or unit["level"] == "commune"
        assert unit["name_vi"]
        assert unit["name_en"]
        assert unit["short_name_vi"]


def test_dong_nai_is_a_city_since_30_april_2026() -> None:
    names = {u["valid_from"]: u["name_vi"] for u in UNITS if u["code"] == "so-nnmt-75"}
    assert names == {
        "2025-07-01": "Sở Nông nghiệp và Môi trường tỉnh Đồng Nai",
        "2026-04-30": "Sở Nông nghiệp và Môi trường thành phố Đồng Nai",
    }
    wards = {
        u["area_code"]
        for u in UNITS
        if u["province_code"] == "75" and u["level"] == "commune" and "phường" in u["name_vi"]
        and not u["valid_to"]
    }  # fmt: skip
    assert len(wards) == 33
    renamed = {u["area_code"] for u in UNITS if u["level"] == "commune" and u["valid_to"] == "2026-04-29"}
    assert len(renamed) == 10


# --- rules and clocks -----------------------------------------------------------------------------


def test_each_reportable_category_has_one_nationwide_rule() -> None:
    nationwide = Counter(r["category_code"] for r in RULES if not r["area_code"])
    without_rule = {"other", "burial"}
    assert nationwide == dict.fromkeys(set(CATEGORIES) - without_rule, 1)


def test_shipped_rules_are_rules_without_errors() -> None:
    """By the program's own reader and checks, against the units as shipped."""
    found = [parse(rule) for rule in RULES]
    spans: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for unit in UNITS:
        spans[unit["code"]].append(period(unit))
    areas = {u["area_code"]: [(date.min, date.max)] for u in UNITS if u["area_code"]}
    parents = {u["area_code"]: u["province_code"] for u in UNITS if u["level"] == "commune"}
    world = World(frozenset(CATEGORIES), frozenset(u["kind"] for u in UNITS), areas, spans, parents)
    assert findings(Rules(found), world) == []


def test_rules_point_at_things_that_exist() -> None:
    by_kind = defaultdict(set)
    for unit in UNITS:
        by_kind[unit["kind"]].add(unit["province_code"])
    codes = {u["code"]: u for u in reversed(UNITS)}  # the earliest era of each unit
    areas = {u["area_code"] for u in UNITS}
    for rule in RULES:
        assert rule["category_code"] in CATEGORIES
        assert bool(rule["target_kind"]) != bool(rule["target_unit_code"]), rule
        assert rule["supervisor_level"] in {"commune", "province"}
        assert int(rule["priority"]) > 0
        if rule["target_kind"]:
            assert by_kind[rule["target_kind"]] == set(COMMUNES), rule
            level = "commune" if rule["target_kind"] in COMMUNE_KINDS else "province"
            assert rule["supervisor_level"] == level
        else:
            unit = codes[rule["target_unit_code"]]
            assert period(unit)[0] <= period(rule)[0]
            assert rule["area_code"] in areas
            here = {u["province_code"] for u in UNITS if u["area_code"] == rule["area_code"]}
            assert here == {unit["province_code"]}
        lead = rule["lead_organisation_kind"]
        assert not lead or by_kind[lead] == set(COMMUNES), rule


def test_area_rules_win_over_the_nationwide_one() -> None:
    default = {r["category_code"]: int(r["priority"]) for r in RULES if not r["area_code"]}
    specific = [r for r in RULES if r["area_code"]]
    assert specific
    assert all(int(r["priority"]) < default[r["category_code"]] for r in specific)


def test_every_step_has_a_default_deadline_and_one_unit_of_time() -> None:
    found = rows("deadlines")
    steps = {"screen", "receive", "answer", "handle", "verify"}
    steps |= {"data_ack", "data_access", "data_correct", "data_limit", "data_delete"}
    assert {d["step"] for d in found if d["category_code"] == "*"} == steps
    pairs = Counter((d["step"], d["category_code"]) for d in found)
    assert max(pairs.values()) == 1
    for deadline in found:
        assert deadline["step"] in steps
        assert deadline["category_code"] == "*" or deadline["category_code"] in CATEGORIES
        filled = [deadline[k] for k in ("working_days", "working_hours", "hours_around_clock") if deadline[k]]
        assert len(filled) == 1
        assert int(filled[0]) > 0
        assert deadline["certainty"] == "check"  # no statutory period has been confirmed


def test_a_step_that_may_be_extended_says_by_how_much() -> None:
    for deadline in rows("deadlines"):
        assert bool(deadline["max_extensions"]) == bool(deadline["extension_days"]), deadline
        assert not deadline["max_extensions"] or deadline["step"] in {"answer", "handle", "verify"}, deadline


def test_the_ladder_climbs() -> None:
    order = ["officer", "officer", "head_of_unit", "unit_above", "front_above"]
    for measure in ("days", "hours"):
        rungs = sorted((r for r in rows("reminders") if r["measure"] == measure), key=lambda r: int(r["offset"]))
        assert [r["whom"] for r in rungs] == order
        assert int(rungs[0]["offset"]) < 0 == int(rungs[1]["offset"]) < int(rungs[2]["offset"])


def test_offices_open_before_they_close_and_do_not_overlap() -> None:
    hours = sorted((h["opens"], h["closes"]) for h in rows("office_hours"))
    assert all(opens < closes for opens, closes in hours)
    assert all(before[1] <= after[0] for before, after in pairwise(hours))


def test_urgent_categories_are_received_within_hours() -> None:
    urgent = {c for c, v in CATEGORIES.items() if v["urgent"]}
    for step in ("screen", "receive"):
        found = [d for d in rows("deadlines") if d["step"] == step]
        assert urgent == {d["category_code"] for d in found if d["hours_around_clock"]}


# --- calendar and telephone numbers -----------------------------------------------------------------


def test_calendar_lists_weekdays_off_and_weekend_days_worked() -> None:
    found = rows("holidays")
    days = [date.fromisoformat(h["date"]) for h in found]
    assert days == sorted(set(days))
    for day, row in zip(days, found, strict=True):
        assert row["kind"] == ("working" if day.weekday() >= 5 else "holiday"), row
        assert row["certainty"] in CERTAINTIES | {"provisional"}
        assert row["source"]
    years = {d.year for d in days}
    assert years == set(range(2024, max(years) + 1))


# A clock that starts late in the year runs into the next one, so this fails as soon as that one is missing.
@pytest.mark.parametrize("year", range(2024, max(2028, clock.today().year + 1) + 1))
def test_year_has_the_days_of_the_labour_code(year: int) -> None:
    found = [h for h in rows("holidays") if h["date"].startswith(str(year))]
    off = {h["date"][5:] for h in found if h["kind"] == "holiday"}
    names = [h["name_vi"] for h in found if h["kind"] == "holiday" and h["date"][5:7] in {"01", "02"}]
    assert len([n for n in names if "Tết" in n and "Dương lịch" not in n]) == 5
    assert any("Giỗ Tổ" in h["name_vi"] for h in found)
    weekday_fixed = ["01-01", "04-30", "05-01", "09-02"] + (["11-24"] if year >= 2026 else [])
    assert {d for d in weekday_fixed if date.fromisoformat(f"{year}-{d}").weekday() < 5} <= off


def test_swapped_days_come_in_pairs() -> None:
    found = {h["date"]: h for h in rows("holidays")}
    swaps = {
        "2024-04-29": "2024-05-04",
        "2025-05-02": "2025-04-26",
        "2026-01-02": "2026-01-10",
        "2026-08-31": "2026-08-22",
    }
    assert {h["date"] for h in found.values() if h["kind"] == "working"} == set(swaps.values())
    assert all(found[off]["kind"] == "holiday" for off in swaps)


def test_unannounced_years_say_so() -> None:
    """The Government announces the days off of a year in the months before it."""
    later = [h for h in rows("holidays") if h["date"] >= "2027"]
    assert {h["certainty"] for h in later} == {"provisional"}


def test_emergency_numbers() -> None:
    found = {e["number"]: e for e in rows("emergency")}
    assert list(found)[:3] == ["113", "114", "115"]
    assert found["0869000660"]["certainty"] == "check"
    for entry in found.values():
        assert entry["name_vi"]
        assert entry["name_en"]
        assert entry["name_km"]
        assert entry["number"].isdigit()
    assert set(CATEGORIES["emergency"]["phones"]) <= set(found)


def test_khmer_texts_are_listed_for_review_as_they_stand() -> None:
    listed = {(r["file"], r["key"]): r["km"] for r in rows("khmer_review")}
    for code, category in CATEGORIES.items():
        prefix = f"category.{code}."
        assert listed[("categories.toml", prefix + "name")] == category["name"]["km"]
        for i, hint in enumerate(category["evidence"]["km"], start=1):
            assert listed[("categories.toml", f"{prefix}evidence.{i}")] == hint
        if category["warning"]["km"]:
            assert listed[("categories.toml", prefix + "warning")] == category["warning"]["km"]
