"""Who may do what, in one map. Names are `resource:action`. What is not here is nobody's.

A permission says *what*; *where* is `in_scope`: a commune Front sees its commune, a province Front its
province, a unit the cases assigned to it. Whoever holds a role over an area or a unit of today also holds it over
what that stands in for (ADR 28).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

COMMUNE_FRONT = "commune_front"
PROVINCE_FRONT = "province_front"
CENTRAL_FRONT = "central_front"
UNIT_OFFICER = "unit_officer"
MEMBER_ORG = "member"  # of a member organisation: passes on what people tell it, sees no case
UNIT_LINK = "unit_link"  # whoever opened a link that was sent to a unit without accounts: one case, a few steps
ADMIN = "admin"
SYSTEM = "system"
REPORTER = "reporter"

FRONT = frozenset({COMMUNE_FRONT, PROVINCE_FRONT, CENTRAL_FRONT})
HIGHER_FRONT = frozenset({PROVINCE_FRONT, CENTRAL_FRONT})
UNIT = frozenset({UNIT_OFFICER})
UNIT_OR_LINK = UNIT | {UNIT_LINK}
ENTRY = FRONT | {MEMBER_ORG}
STAFF = FRONT | UNIT | {MEMBER_ORG, ADMIN}
RULES = HIGHER_FRONT | {ADMIN}  # who may look at rules, deadlines and days off, and try them out
COMMUNE_LEVEL = frozenset({COMMUNE_FRONT, UNIT_OFFICER, UNIT_LINK})  # with an area_code: a commune's own body

PERMISSIONS: dict[str, frozenset[str]] = {
    # The Front's desk
    "report:list": FRONT | UNIT,
    "report:view": FRONT | UNIT_OR_LINK,
    "report:take": FRONT,
    "report:assign": FRONT,
    "report:correct": FRONT,
    "report:bypass": FRONT,
    "report:ask": FRONT,
    "report:mark_duplicate": FRONT,
    "report:split": FRONT,
    "report:link": FRONT,
    "report:reject": FRONT,
    "report:hand_over": FRONT,
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
    "reply:edit": FRONT,
    "document:issue": FRONT | UNIT,
    # Reports told by phone, on paper, at a pagoda
    "report:enter": ENTRY,
    # The responsible unit
    "report:accept": UNIT_OR_LINK,
    "report:refuse": UNIT_OR_LINK,
    "report:start": UNIT_OR_LINK,
    "report:answer": UNIT_OR_LINK,
    "report:delegate": UNIT,
    "handover:ask": UNIT,
    "inspection:write": UNIT,
    "inspection:sign": UNIT,
    "outcome:record": UNIT,
    "extension:ask": UNIT,
    # Running the instance
    "job:view": frozenset({ADMIN}),
    "job:retry": frozenset({ADMIN}),
    "user:view": frozenset({ADMIN}),
    # Accounts of others; whose is `manages`
    "user:manage": STAFF,
    "user:reset_factor": STAFF,
    # Who saw, changed or took out what
    "audit:view": frozenset({CENTRAL_FRONT, ADMIN}),
    "audit:export": frozenset({CENTRAL_FRONT, ADMIN}),
    "reference:view": frozenset({ADMIN}),
    "reference:edit": frozenset({ADMIN}),  # deadlines, days off
    "rules:view": RULES,
    "rules:edit": frozenset({ADMIN}),
    "reorganisation:view": frozenset({ADMIN}),
    "reorganisation:edit": frozenset({ADMIN}),
    "reorganisation:approve": frozenset({ADMIN}),
    "contact:edit": frozenset({ADMIN}),
    "api_key:manage": frozenset({ADMIN}),
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
    head: bool = False  # of the unit
    # Codes of then, of areas and units, that their own wholly stand in for today
    former: frozenset[str] = frozenset()
    # Codes of which only a part went to their own: each ended case says to whom it went (`Case.heirs`)
    parts: frozenset[str] = frozenset()
    # Of a province: communes of then and now that came to it without their province
    communes: frozenset[str] = frozenset()

    def own(self, code: str | None) -> frozenset[str]:
        """Their area, province or unit under its code of today, and all that it wholly stands in for."""
        return self.former | {code} if code else frozenset()


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody's account is for: the role in the map above, the unit, and where that stands."""

    role: str
    unit_code: str | None = None
    parent_code: str | None = None  # the unit directly above
    province_code: str | None = None
    head: bool = False


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

    @property
    def heirs(self) -> Mapping[str, str]:
        """Of a case that has ended: where several stand today in the place of what it names ("area", "province",
        "unit", "supervisor"), which of them it belongs to."""


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
            _holds(identity, identity.area_code, case, "area", case.area_code)
            or _holds(identity, identity.unit_code, case, "supervisor", case.supervisor_code)
        )
    if identity.role == PROVINCE_FRONT:
        return bool(identity.province_code) and (
            _holds(identity, identity.province_code, case, "province", case.province_code)
            or case.area_code in identity.communes
            or (case.area_code in identity.parts and case.heirs.get("area") in identity.communes)
        )
    if identity.role == CENTRAL_FRONT:
        return True
    if identity.role in UNIT_OR_LINK:
        return _holds(identity, identity.unit_code, case, "unit", case.unit_code) and case.decided
    return False


def _holds(identity: Identity, own: str | None, case: Case, what: str, code: str | None) -> bool:
    """Whether what a case names is the identity's own, or came to it."""
    if not own or not code:
        return False
    held = identity.own(own)
    return code in held or (code in identity.parts and case.heirs.get(what) in held)


def may(identity: Identity, permission: str, case: Case) -> bool:
    """Whether the identity may do this with this case."""
    return allowed(identity.role, permission) and in_scope(identity, case)


def manages(identity: Identity, post: Post) -> bool:
    """Whether the identity may invite somebody to this post, and switch the account off and on.

    Each level looks after itself and the level directly below: a Front office, or the head of another body, after
    the people of its own unit and of the units under it. A head is only ever made or switched off by a head or from
    above. Nobody gives a right that they do not have themselves, except those who answer for the whole: the central
    Front for all but administrators, an administrator for everybody.
    """
    if not allowed(identity.role, "user:manage"):
        return False
    if identity.role == ADMIN:
        return True
    if identity.role == CENTRAL_FRONT:
        return post.role != ADMIN
    if identity.role not in FRONT and not identity.head:
        return False
    if not rights(post.role) <= rights(identity.role):
        return False
    if identity.unit_code and post.unit_code == identity.unit_code:
        return identity.head or not post.head
    return is_below(identity, post)


def may_reset(identity: Identity, post: Post) -> bool:
    """Whether the identity may take somebody's lost second factor away: only from the level above, so that no
    colleague opens the door to another's account."""
    if not allowed(identity.role, "user:reset_factor") or not manages(identity, post):
        return False
    if identity.role == ADMIN:
        return True
    return post.unit_code != identity.unit_code and (identity.role == CENTRAL_FRONT or is_below(identity, post))


def is_below(identity: Identity, post: Post) -> bool:
    """Whether the post's unit stands directly under the identity's: as its part, or as a commune's Front under the
    Front of its province."""
    if identity.unit_code and post.parent_code == identity.unit_code:
        return True
    in_province = bool(identity.province_code) and post.province_code == identity.province_code
    return identity.role == PROVINCE_FRONT and post.role == COMMUNE_FRONT and in_province


def rights(role: str) -> frozenset[str]:
    """All permissions of a role."""
    return frozenset(name for name, roles in PERMISSIONS.items() if role in roles)
