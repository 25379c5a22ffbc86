"""Whose figures somebody reads on score cards and digests, and which cases are counted in them."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from webapp.accounts.permissions import COMMUNE_FRONT, COMMUNE_LEVEL, UNIT_OFFICER, Identity
from webapp.reports.models import Report
from webapp.units import posts
from webapp.units import queries as units
from webapp.units.models import Unit


def units_of(identity: Identity, province: str) -> list[Unit]:
    """Whose figures these are: the units that the Front supervises in its area; a unit's own and those below."""
    if identity.role == UNIT_OFFICER:
        return units.below(identity.unit_code or "")
    if identity.role == COMMUNE_FRONT:
        return units.supervised(province, identity.area_code) if identity.area_code else []
    return units.supervised(province) if province else []


def visible(identity: Identity) -> ColumnElement[bool] | None:
    """What a commune's own bodies must not see is in none of their numbers either."""
    if identity.role in COMMUNE_LEVEL and identity.area_code:
        return Report.bypass_commune.is_(False)
    return None


def office(unit: Unit) -> Identity | None:
    """What anybody of this unit may see, as the map of rights has it; None for a unit that has no desk."""
    role = posts.role_of(posts.account_role_for(unit), unit)
    if role is None:
        return None
    area = unit.area_code if unit.level == "commune" else None
    return Identity(role, None, unit.code, area, unit.province_code)
