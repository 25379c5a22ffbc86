"""Who may do what: every cell of the map, and who never gets which power."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.accounts import permissions as p
from webapp.accounts.permissions import Identity
from webapp.reports import lifecycle as life

ROLES = (
    p.COMMUNE_FRONT,
    p.PROVINCE_FRONT,
    p.CENTRAL_FRONT,
    p.UNIT_OFFICER,
    p.UNIT_LINK,
    p.ADMIN,
    p.SYSTEM,
    p.REPORTER,
    p.MEMBER_ORG,
)
# The map as the rules of the house have it, one line per permission: C commune Front, P province Front,
# T central Front, U unit, L a unit by its link, A admin, S system, R reporter, M member organisation. Written by
# hand, so that a change is made twice.
EXPECTED = {
    "report:list": "CPTU",
    "report:view": "CPTUL",
    "report:take": "CPT",
    "report:assign": "CPT",
    "report:correct": "CPT",
    "report:bypass": "CPT",
    "report:ask": "CPT",
    "report:mark_duplicate": "CPT",
    "report:split": "CPT",
    "report:link": "CPT",
    "report:reject": "CPT",
    "report:hand_over": "CPT",
    "report:verify": "CPT",
    "report:close": "CPT",
    "extension:decide": "CPT",
    "case:escalated": "CPTU",
    "score:view": "CPTU",
    "report:reopen": "CPT",
    "report:publish": "CPT",
    "photo:publish": "CPT",
    "message:view": "CPT",
    "contact:open": "CPT",
    "data:answer": "PT",
    "outcome:publish": "CPT",
    "reply:edit": "CPT",
    "document:issue": "CPTU",
    "report:enter": "CPTM",
    "report:accept": "UL",
    "report:refuse": "UL",
    "report:start": "UL",
    "report:answer": "UL",
    "report:delegate": "U",
    "handover:ask": "U",
    "inspection:write": "U",
    "inspection:sign": "U",
    "outcome:record": "U",
    "extension:ask": "U",
    "job:view": "A",
    "job:retry": "A",
    "user:view": "A",
    "user:manage": "CPTUAM",
    "user:reset_factor": "CPTUAM",
    "audit:view": "TA",
    "audit:export": "TA",
    "reference:view": "A",
    "reference:edit": "A",
    "rules:view": "PTA",
    "rules:edit": "A",
    "reorganisation:view": "A",
    "reorganisation:edit": "A",
    "reorganisation:approve": "A",
    "contact:edit": "A",
    "api_key:manage": "A",
    "report:route": "S",
    "report:supplement": "R",
    "report:withdraw": "R",
    "report:object": "R",
}
LETTERS = dict(zip("CPTULASRM", ROLES, strict=True))
CELLS = [(role, name, letter) for name in EXPECTED for letter, role in LETTERS.items()]


@dataclass
class Case:
    area_code: str | None
    province_code: str | None
    unit_code: str | None
    supervisor_code: str | None
    bypass_commune: bool = False
    decided: bool = True  # passed on by the Front
    heirs: dict[str, str] = field(default_factory=dict)


def test_the_map_holds_nothing_else() -> None:
    assert set(p.PERMISSIONS) == set(EXPECTED)
    assert {role for roles in p.PERMISSIONS.values() for role in roles} <= set(ROLES)


@pytest.mark.parametrize(("role", "name", "letter"), CELLS, ids=[f"{r} {n}" for r, n, _ in CELLS])
def test_each_cell(role: str, name: str, letter: str) -> None:
    assert p.allowed(role, name) == (letter in EXPECTED[name])


def test_matrix_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The matrix as it stands in the code, for whoever reads the log with -s."""
    width = max(map(len, p.PERMISSIONS))
    lines = [" " * width + "  " + " ".join(LETTERS)]
    for name in p.PERMISSIONS:
        lines.append(f"{name:{width}}  " + " ".join("x" if p.allowed(r, name) else "·" for r in ROLES))
    print("\n".join(lines))
    assert len(capsys.readouterr().out.splitlines()) == len(EXPECTED) + 1


codes = st.sampled_from([None, "29512", "29413", "10714"])
provinces = st.sampled_from([None, "86", "31"])
units = st.sampled_from([None, "ubnd-29512", "so-nnmt-86", "mttq-29512", "mttq-86"])
every = st.one_of(codes, provinces, units).filter(bool)
heirs = st.dictionaries(st.sampled_from(["area", "province", "unit", "supervisor"]), every, max_size=2)
cases = st.builds(Case, codes, provinces, units, units, st.booleans(), st.booleans(), heirs)
identities = st.builds(Identity, st.sampled_from(ROLES), st.just(1), units, codes, provinces)
then = st.frozensets(every, max_size=2)
with_a_past = st.builds(
    Identity, st.sampled_from(ROLES), st.just(1), units, codes, provinces, former=then, parts=then, communes=then
)


@given(identities, cases, st.sampled_from(sorted(EXPECTED)))
def test_nobody_acts_outside_role_and_area(identity: Identity, case: Case, name: str) -> None:
    if not p.may(identity, name, case):
        return
    assert identity.role in p.PERMISSIONS[name]
    assert identity.role in p.FRONT | p.UNIT_OR_LINK, "only Front and unit have cases"
    if case.bypass_commune:
        assert identity.role in p.HIGHER_FRONT or not identity.area_code, "a commune's body sees what it must not"
    if identity.role in p.UNIT_OR_LINK:
        assert identity.unit_code
        assert case.unit_code == identity.unit_code
        assert case.decided, "a proposal of the machine is nobody's case yet"
    if identity.role == p.PROVINCE_FRONT:
        assert identity.province_code
        assert case.province_code == identity.province_code
    if identity.role == p.COMMUNE_FRONT:
        assert case.area_code == identity.area_code or case.supervisor_code == identity.unit_code


@given(with_a_past, cases, st.sampled_from(sorted(EXPECTED)))
def test_codes_of_then_give_nothing_but_what_they_name(identity: Identity, case: Case, name: str) -> None:
    today = dataclasses.replace(identity, former=frozenset(), parts=frozenset(), communes=frozenset())
    assert p.may(identity, name, case) or not p.may(today, name, case), "a past takes nothing away"
    if not p.may(identity, name, case) or p.may(today, name, case):
        return
    assert identity.role in p.PERMISSIONS[name]
    assert identity.role in p.FRONT | p.UNIT_OR_LINK
    assert not (case.bypass_commune and identity.role in p.COMMUNE_LEVEL and identity.area_code)
    named = {case.area_code, case.province_code, case.unit_code, case.supervisor_code}
    divided = {code for code in named & identity.parts if case.heirs}
    assert named & (identity.former | identity.communes) or divided


@given(cases)
def test_an_identity_without_a_place_sees_nothing(case: Case) -> None:
    for role in (p.COMMUNE_FRONT, p.PROVINCE_FRONT, p.UNIT_OFFICER, p.UNIT_LINK):
        assert not p.in_scope(Identity(role, 1), case)


def test_the_unit_never_judges_its_own_answer_and_never_reads_the_reporter() -> None:
    judging = ("report:verify", "report:close", "report:publish", "photo:publish", "outcome:publish")
    for name in (*judging, "message:view", "contact:open", "data:answer"):
        assert not p.allowed(p.UNIT_OFFICER, name)
        assert not p.allowed(p.UNIT_LINK, name)
    for transition in life.TRANSITIONS.values():
        roles = p.PERMISSIONS[transition.permission]
        assert not (roles & p.UNIT and roles & p.FRONT), "no step belongs to both sides"


def test_unknown_permissions_are_nobodys() -> None:
    assert not any(p.allowed(role, "report:delete") for role in ROLES)


# -- whose accounts one looks after ----------------------------------------------------------------------------

staff = st.sampled_from([p.COMMUNE_FRONT, p.PROVINCE_FRONT, p.CENTRAL_FRONT, p.UNIT_OFFICER, p.MEMBER_ORG, p.ADMIN])
managers = st.builds(Identity, staff, st.just(1), units, codes, provinces, st.booleans())
posts = st.builds(p.Post, staff, units, units, provinces, st.booleans())


@given(managers, posts)
def test_nobody_gives_more_than_they_have(who: Identity, post: p.Post) -> None:
    if not p.manages(who, post):
        return
    if post.role == p.ADMIN:
        assert who.role == p.ADMIN
    if who.role in {p.ADMIN, p.CENTRAL_FRONT}:
        return
    assert p.rights(post.role) <= p.rights(who.role)
    assert who.head or who.role in p.FRONT
    own = bool(who.unit_code) and post.unit_code == who.unit_code
    below = bool(who.unit_code) and post.parent_code == who.unit_code
    commune = who.role == p.PROVINCE_FRONT and post.role == p.COMMUNE_FRONT and post.province_code == who.province_code
    assert own or below or (commune and bool(who.province_code))
    if own and post.head:
        assert who.head


@given(managers, posts)
def test_a_second_factor_is_reset_from_above_only(who: Identity, post: p.Post) -> None:
    if p.may_reset(who, post):
        assert p.manages(who, post)
        assert who.role == p.ADMIN or post.unit_code != who.unit_code


@pytest.mark.parametrize("role", [p.SYSTEM, p.REPORTER, "", "king"])
def test_who_is_no_staff_looks_after_nobody(role: str) -> None:
    who = Identity(role, 1, "mttq-86", province_code="86", head=True)
    assert not p.manages(who, p.Post(p.MEMBER_ORG, "phunu-86", "mttq-86", "86"))
