"""Whose figures somebody reads on score cards and digests, and which cases are counted in them."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from webapp.accounts.permissions import COMMUNE_FRONT, COMMUNE_LEVEL, UNIT_OFFICER, Identity
from webapp.areas import succession
from webapp.reports.models import Report
from webapp.units import posts
from webapp.units import queries as units
from webapp.units.models import Unit


def units_of(identity: Identity, province: str) -> list[Unit]:
    """Whose figures these are: the units that the Front supervises in its area, and those before them; a
    unit's own, those before it and those below."""
    if identity.role == UNIT_OFFICER:
        return units.below(*succession.family_of(succession.UNIT, identity.unit_code or ""))
    if identity.role == COMMUNE_FRONT:
        return units.supervised(province, identity.area_code, former=True) if identity.area_code else []
    return units.supervised(province, former=True) if province else []


def visible(identity: Identity) -> ColumnElement[bool] | None:
    """What a commune's own bodies must not see is in none of their numbers either."""
    if identity.role in COMMUNE_LEVEL and identity.area_code:
        return Report.bypass_commune.is_(False)
    return None


UNIT, HEAD, NOW = "", "head", "now"
WAYS = (UNIT, HEAD, NOW)


def groups(below: list[Unit], by: str) -> dict[str, set[str]]:
    """Which units' figures stand in one line, by the code that the line is named after.

    UNIT: each its own, as of then. HEAD: with every unit above it. NOW: with the unit that stands in its place
    today, the main one of several; what ended without a successor keeps its own line.
    """
    codes = {unit.code for unit in below}
    if by == NOW:
        heirs = units.currents_of(codes)
        found: dict[str, set[str]] = {}
        for code in codes:
            found.setdefault(heirs[code] or code, set()).add(code)
        return found
    if by != HEAD:
        return {code: {code} for code in codes}
    parents = {unit.code: unit.parent_code for unit in below}
    found = {}
    for code in codes:
        seen: set[str] = set()
        at: str | None = code
        while at in parents and at not in seen:
            seen.add(at)
            found.setdefault(at, set()).add(code)
            at = parents[at]
    return found


def office(unit: Unit) -> Identity | None:
    """What anybody of this unit may see, as the map of rights has it; None for a unit that has no desk."""
    role = posts.role_of(posts.account_role_for(unit), unit)
    if role is None:
        return None
    area = unit.area_code if unit.level == "commune" else None
    return Identity(role, None, unit.code, area, unit.province_code)
