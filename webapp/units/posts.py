"""Accounts and the units they are for: which role that makes, and whose accounts somebody looks after."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from webapp.accounts import permissions
from webapp.accounts.models import ADMIN, FRONT, MEMBER, UNIT, User
from webapp.accounts.permissions import Identity, Post
from webapp.core import clock
from webapp.core.db import db
from webapp.units import queries as units
from webapp.units.models import Unit

FRONT_ROLES = {
    "front_commune": permissions.COMMUNE_FRONT,
    "front_province": permissions.PROVINCE_FRONT,
    "front_central": permissions.CENTRAL_FRONT,
}
ACTIVE, INVITED, OFF = "active", "invited", "off"
STATES = (ACTIVE, INVITED, OFF)
PAGE = 50


def role_of(account_role: str, unit: Unit | None) -> str | None:
    """The role in the map of permissions; None if an account's role and unit contradict each other."""
    if account_role == ADMIN:
        return permissions.ADMIN
    if unit is None or unit.is_member != (account_role == MEMBER):
        return None
    if account_role == FRONT:
        return FRONT_ROLES.get(unit.kind)
    if account_role == UNIT:
        return None if unit.is_front else permissions.UNIT_OFFICER
    return permissions.MEMBER_ORG


def account_role_for(unit: Unit | None) -> str:
    """What an account of this unit can only be; without a unit it is an administrator's."""
    if unit is None:
        return ADMIN
    return FRONT if unit.is_front else MEMBER if unit.is_member else UNIT


def post_of(user: User, unit: Unit | None) -> Post | None:
    """What an account is for; None if role and unit contradict each other."""
    return post_in(user.role, unit, head=user.head)


def post_in(account_role: str, unit: Unit | None, *, head: bool) -> Post | None:
    """A post in a unit; None if role and unit contradict each other."""
    role = role_of(account_role, unit)
    if role is None:
        return None
    if unit is None or account_role == ADMIN:
        return Post(role, head=head)
    return Post(role, unit.code, unit.parent_code, unit.province_code, head)


def units_in_reach(identity: Identity, most: int) -> list[Unit]:
    """The identity's own unit and those directly below it, at most `most`, its own first."""
    query = (
        select(Unit)
        .where(units.valid_on(clock.today()), Unit.code.in_(_codes(identity)))
        .order_by(Unit.code != identity.unit_code, Unit.kind, Unit.name_vi)
        .limit(most)
    )
    return list(db.session.scalars(query)) if identity.unit_code else []


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list is wanted: part of a name or address, a state, and the address after which to go on."""

    words: str = ""
    state: str = ""
    after: str = ""


def listed(identity: Identity, wanted: Wanted) -> tuple[list[User], str | None]:
    """Accounts that the identity looks after, by address, and after which address the next page begins."""
    found = every(identity, wanted, PAGE + 1)
    return found[:PAGE], found[PAGE - 1].email if len(found) > PAGE else None


def every(identity: Identity, wanted: Wanted, most: int) -> list[User]:
    """Accounts that the identity looks after, by address, at most so many."""
    query = select(User).where(_in_reach(identity), User.email > wanted.after)
    if wanted.words:
        part = f"%{wanted.words.lower().replace('%', '')}%"
        query = query.where(
            or_(func.lower(User.email).like(part), func.lower(User.name).like(part), User.unit_code == wanted.words)
        )
    return list(db.session.scalars(query.where(_in_state(wanted.state)).order_by(User.email).limit(most)))


def _in_state(state: str) -> ColumnElement[bool]:
    if state == OFF:
        return User.active.is_(False)
    if state == INVITED:
        return and_(User.active, User.password == "")
    return and_(User.active, User.password != "") if state == ACTIVE else true()


def _in_reach(identity: Identity) -> ColumnElement[bool]:
    if identity.role == permissions.ADMIN:
        return true()
    if identity.role == permissions.CENTRAL_FRONT:
        return User.role != ADMIN
    return and_(User.role != ADMIN, User.unit_code.in_(_codes(identity))) if identity.unit_code else false()


def _codes(identity: Identity):  # type: ignore[no-untyped-def]
    """The codes of the identity's unit and those directly below (`permissions.is_below` says the same of one)."""
    near = or_(Unit.code == identity.unit_code, Unit.parent_code == identity.unit_code)
    if identity.role == permissions.PROVINCE_FRONT and identity.province_code:
        near = or_(near, and_(Unit.kind == "front_commune", Unit.province_code == identity.province_code))
    return select(Unit.code).where(near)
