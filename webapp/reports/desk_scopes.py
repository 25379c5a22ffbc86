"""Whose business a case is, in statements that are kept: the twin of `desk_queries.in_scope`; a test compares the two.

What the codes of then bring (ADR 28) is asked for beside what the code of today does, never in one condition with
it, so that each is read from an index in the order of the list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, false, func, or_, true

from webapp.accounts import permissions
from webapp.accounts.permissions import Identity
from webapp.reports import lanes, lifecycle
from webapp.reports.models import HEIRS, Report

T = Report.__table__.c
Conditions = list[ColumnElement[bool]]
_ENDED_LANES = lanes.of_statuses(lifecycle.ENDED)
_COLUMN = {"province": T.province_code, "unit": T.unit_code, "commune unit": T.unit_code}


@dataclass(frozen=True, slots=True)
class Scope:
    """What makes a statement another one; every code is a parameter. `former`: how many codes of then."""

    kind: str
    former: int = 0
    rest: bool = False  # parts of what was divided, and communes that came without their province

    @property
    def for_unit(self) -> bool:
        return "unit" in self.kind


def of(identity: Identity) -> Scope:
    """The scope of an identity."""
    role = identity.role
    kind = ""
    if role == permissions.COMMUNE_FRONT and identity.area_code:
        kind = "commune"
    elif role == permissions.PROVINCE_FRONT and identity.province_code:
        kind = "province"
    elif role == permissions.CENTRAL_FRONT:
        kind = "central"
    elif role == permissions.UNIT_OFFICER and identity.unit_code:
        kind = "commune unit" if identity.area_code else "unit"
    if kind in _COLUMN:
        return Scope(kind, len(identity.former), bool(identity.parts or identity.communes))
    return Scope(kind, rest=kind == "commune" and bool(identity.former or identity.parts))


def given(identity: Identity) -> dict[str, Any]:
    """The values of the statement's parameters."""
    scope = of(identity)
    found: dict[str, Any] = {
        "my_area": identity.area_code,
        "my_province": identity.province_code,
        "my_unit": identity.unit_code,
        "me": identity.user_id,
    }
    if scope.former or scope.rest:
        own = {"commune": identity.area_code, "province": identity.province_code}.get(scope.kind, identity.unit_code)
        found |= {
            "held": sorted(identity.own(own)),
            "held_units": sorted(identity.own(identity.unit_code)),
            "former": sorted(identity.former),
            "parts": sorted(identity.parts),
            "communes": sorted(identity.communes),
        }
        found |= {f"former_{number}": code for number, code in enumerate(sorted(identity.former))}
    return found


def codes(identity: Identity) -> frozenset[str]:
    """Codes of which a case names at least one if it is the identity's business; empty: of any, or of none."""
    own = {
        "commune": (identity.area_code, identity.unit_code),
        "province": (identity.province_code,),
        "unit": (identity.unit_code,),
        "commune unit": (identity.unit_code,),
    }.get(of(identity).kind, ())
    named = frozenset(code for code in own if code)
    return named | identity.former | identity.parts | identity.communes if named else named


def of_today(scope: Scope) -> Conditions:
    """What the codes of today bring. A commune has few enough cases that its codes of then are among them."""
    scopes: dict[str, Conditions] = {
        "commune": [T.bypass_commune.is_(False), _of_commune() if scope.rest else or_(_is("area"), _is("supervisor"))],
        "province": [_is("province")],
        "central": [true()],
        "unit": [_is("unit"), *_common(scope)],
        "commune unit": [_is("unit"), *_common(scope)],
    }
    return scopes.get(scope.kind, [false()])


def of_then(scope: Scope, *, waiting: bool = False) -> Conditions | None:
    """What the codes of then bring, and those of today do not; None if there are none. `waiting`: in a lane."""
    if scope.kind not in _COLUMN or not (scope.former or scope.rest):
        return None
    by_code = _COLUMN[scope.kind].in_(_codes("former"))
    return [or_(by_code, _rest(scope, waiting=waiting)) if scope.rest else by_code, *_common(scope)]


def one_by_one(scope: Scope) -> list[Conditions]:
    """What `of_then` brings by whole codes, each code for itself."""
    if scope.kind not in _COLUMN:
        return []
    column = _COLUMN[scope.kind]
    return [[column == bindparam(f"former_{n}", type_=String), *_common(scope)] for n in range(scope.former)]


def scattered(scope: Scope) -> Conditions | None:
    """What `of_then` brings besides, and neither `of_today` nor `one_by_one` do; None if there is nothing."""
    return [_rest(scope), *_common(scope)] if scope.kind in _COLUMN and scope.rest else None


def _common(scope: Scope) -> Conditions:
    if not scope.for_unit:
        return []
    passed_on = T.status.in_(lifecycle.PASSED_ON)
    return [T.bypass_commune.is_(False), passed_on] if scope.kind == "commune unit" else [passed_on]


def _is(what: str) -> ColumnElement[bool]:
    """What a case names is the identity's own of today."""
    own = {"supervisor": "my_unit"}.get(what, f"my_{what}")
    return T[f"{what}_code"] == bindparam(own, type_=String)


def _codes(name: str) -> Any:
    return bindparam(name, type_=String, expanding=True)


def _divided(what: str, held: str = "held") -> ColumnElement[bool]:
    """What a case names has been divided, and this case went to the identity's part."""
    return and_(T[f"{what}_code"].in_(_codes("parts")), T.routing[(HEIRS, what)].as_string().in_(_codes(held)))


def _of_commune() -> ColumnElement[bool]:
    return or_(
        T.area_code.in_(_codes("held")),
        T.supervisor_code.in_(_codes("held_units")),
        _divided("area"),
        _divided("supervisor", "held_units"),
    )


def _rest(scope: Scope, *, waiting: bool = False) -> ColumnElement[bool]:
    """What was divided, or came without its province. Of what was divided only ended cases say where they went:
    in a lane that is what somebody has objected to."""
    of_province = scope.kind == "province"
    found = or_(_divided("province"), _divided("area", "communes")) if of_province else _divided("unit")
    if waiting:
        found = and_(found, T.lane.in_(_ENDED_LANES))
    if of_province:
        found = or_(found, T.area_code.in_(_codes("communes")))
    return and_(found, func.coalesce(_COLUMN[scope.kind], "").not_in(_codes("held")))
