"""Who is responsible."""

from dataclasses import dataclass
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from webapp.routing.decide import Facts, decide, fits

DAY = date(2026, 11, 21)


@dataclass(frozen=True)
class Rule:
    code: str
    priority: int = 100
    category_code: str = "coal_ash"
    area_code: str | None = None
    target_kind: str | None = "agri_env_dept"
    target_unit_code: str | None = None
    supervisor_level: str = "province"
    lead_organisation_kind: str | None = "org_veterans"
    valid_from: date = date(2025, 7, 1)
    valid_to: date | None = None


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


rules = st.lists(
    st.builds(
        Rule,
        code=st.text("abcdef", min_size=1, max_size=6),
        priority=st.integers(1, 3),
        category_code=st.sampled_from(["*", "coal_ash", "other"]),
        area_code=st.sampled_from([None, "86", "29512", "75"]),
        valid_from=st.dates(date(2026, 1, 1), date(2027, 1, 1)),
        valid_to=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    ),
    max_size=8,
    unique_by=lambda rule: rule.code,
)


@given(rules, st.randoms())
def test_the_order_of_rules_in_the_table_never_matters(table: list[Rule], random: object) -> None:
    shuffled = list(table)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    decision = decide(HERE, table, find)
    assert decide(HERE, shuffled, find) == decision
    fitting = [rule for rule in table if fits(rule, HERE)]
    assert (decision.rule_code is not None) == bool(fitting)
    if fitting:
        assert min(rule.priority for rule in fitting) == next(
            rule.priority for rule in table if rule.code == decision.rule_code
        )
