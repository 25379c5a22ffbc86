"""Who may do what, in one map. Names are `resource:action`. What is not here is nobody's.

A permission says *what*; *where* is `Scope`: a commune Front sees its commune, a province Front its
province, a unit the cases assigned to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

COMMUNE_FRONT = "commune_front"
PROVINCE_FRONT = "province_front"
CENTRAL_FRONT = "central_front"
UNIT_OFFICER = "unit_officer"
MEMBER_ORG = "member"  # of a member organisation: passes on what people tell it, sees no case
ADMIN = "admin"
SYSTEM = "system"
REPORTER = "reporter"

FRONT = frozenset({COMMUNE_FRONT, PROVINCE_FRONT, CENTRAL_FRONT})
HIGHER_FRONT = frozenset({PROVINCE_FRONT, CENTRAL_FRONT})
UNIT = frozenset({UNIT_OFFICER})
ENTRY = FRONT | {MEMBER_ORG}
COMMUNE_LEVEL = frozenset({COMMUNE_FRONT, UNIT_OFFICER})  # with an area_code: a commune's own body

PERMISSIONS: dict[str, frozenset[str]] = {
    # The Front's desk
    "report:list": FRONT | UNIT,
    "report:view": FRONT | UNIT,
    "report:take": FRONT,
    "report:assign": FRONT,
    "report:correct": FRONT,
    "report:ask": FRONT,
    "report:mark_duplicate": FRONT,
    "report:reject": FRONT,
    "report:verify": FRONT,
    "report:close": FRONT,
    "extension:decide": FRONT,
    "case:escalated": FRONT | UNIT,
    "score:view": FRONT | UNIT,
    "report:reopen": FRONT,
    "report:publish": FRONT,
    "photo:publish": FRONT,
    "message:view": FRONT,
    "contact:open": FRONT,
    "data:answer": HIGHER_FRONT,
    "outcome:publish": FRONT,
    # Reports told by phone, on paper, at a pagoda
    "report:enter": ENTRY,
    # The responsible unit
    "report:accept": UNIT,
    "report:refuse": UNIT,
    "report:start": UNIT,
    "report:answer": UNIT,
    "outcome:record": UNIT,
    "extension:ask": UNIT,
    # Running the instance
    "job:view": frozenset({ADMIN}),
    "job:retry": frozenset({ADMIN}),
    "user:view": frozenset({ADMIN}),
    "reference:view": frozenset({ADMIN}),
    # Not persons
    "report:route": frozenset({SYSTEM}),
    "report:supplement": frozenset({REPORTER}),
    "report:object": frozenset({REPORTER}),
    "report:withdraw": frozenset({REPORTER}),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Someone who asks: their role in the map above, and the unit and areas they act for."""

    role: str
    user_id: int | None = None
    unit_code: str | None = None
    area_code: str | None = None  # commune of a commune-level unit
    province_code: str | None = None


class Case(Protocol):
    """What of a report decides about who may see it."""

    area_code: str | None
    province_code: str | None
    unit_code: str | None
    supervisor_code: str | None
    bypass_commune: bool

    @property
    def decided(self) -> bool:
        """Whether `unit_code` is more than the machine's proposal."""


def allowed(role: str, permission: str) -> bool:
    """Whether `role` has `permission` anywhere. Unknown permissions are nobody's."""
    return role in PERMISSIONS.get(permission, frozenset())


def in_scope(identity: Identity, case: Case) -> bool:
    """Whether this case is the identity's business at all.

    What a sender did not want their commune to see is hidden from every commune-level body, whoever passes it on.
    """
    if case.bypass_commune and identity.role in COMMUNE_LEVEL and identity.area_code:
        return False
    if identity.role == COMMUNE_FRONT:
        return bool(identity.area_code) and (
            case.area_code == identity.area_code or case.supervisor_code == identity.unit_code
        )
    if identity.role == PROVINCE_FRONT:
        return bool(identity.province_code) and case.province_code == identity.province_code
    if identity.role == CENTRAL_FRONT:
        return True
    if identity.role == UNIT_OFFICER:
        return bool(identity.unit_code) and case.unit_code == identity.unit_code and case.decided
    return False


def may(identity: Identity, permission: str, case: Case) -> bool:
    """Whether the identity may do this with this case."""
    return allowed(identity.role, permission) and in_scope(identity, case)
