"""Whose figures a page shows: the country, a province, a commune or a unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import abort, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.areas import places
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.core import clock
from webapp.core.db import db
from webapp.figures import queries
from webapp.figures.queries import COUNTRY, UNIT, Scope
from webapp.pages.i18n import language
from webapp.units import queries as units
from webapp.units.models import FRONT_KINDS, Unit


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose figures a page shows: its name, address, and the parameters by which its cases are listed."""

    dim: str
    code: str
    name: str
    path: str
    scope: Scope
    where: Mapping[str, str]
    area: Area | None = None
    unit: Unit | None = None


def country_subject() -> Subject:
    """The whole country."""
    return Subject(COUNTRY, "", _("Whole country"), "/figures", queries.scope_of(COUNTRY, ""), {})


def place_subject(code: str) -> Subject:
    """The province or commune of today under a code of then or now; 404 if there is none."""
    known = code.isascii() and code.isdigit() and len(code) <= 8
    area = (places.current(code, PROVINCE) or places.current(code, COMMUNE)) if known else None
    if area is None:
        abort(404)
    scope = queries.scope_of(area.level, area.code)
    return Subject(area.level, area.code, area.name, f"/figures/{area.code}", scope, {area.level: area.code}, area)


def unit_subject(code: str) -> Subject:
    """A unit that answers cases, or the one that stands in its place; 404 if there is none."""
    found = units.by_code(code) if len(code) <= 40 and code.replace("-", "").replace("_", "").isalnum() else None
    if found is None or found.is_front or found.is_member:
        abort(404)
    heir = units.unit_of_now(found.code) or found
    scope = queries.scope_of(UNIT, heir.code)
    return Subject(
        UNIT, heir.code, unit_name(heir), f"/figures/units/{heir.code}", scope, {"unit": heir.code}, unit=heir
    )


def asked_subject() -> Subject:
    """Whose cases are asked for in the address."""
    if code := request.args.get("unit"):
        return unit_subject(code)
    if code := request.args.get(COMMUNE) or request.args.get(PROVINCE):
        return place_subject(code)
    return country_subject()


def above(subject: Subject) -> tuple[str, str] | None:
    """(address, name) of what a subject is a part of."""
    code = subject.area.parent_code if subject.area else subject.unit.province_code if subject.unit else None
    if subject.unit is not None and subject.unit.level == COMMUNE and subject.unit.area_code:
        code = subject.unit.area_code
    if not code:
        return None if subject.dim == COUNTRY else ("/figures", _("Whole country"))
    area = areas.by_code(code, PROVINCE) or areas.by_code(code, COMMUNE)
    return (f"/figures/{area.code}", area.name) if area else ("/figures", _("Whole country"))


def units_of_place(subject: Subject, kind: str | None = None) -> list[Unit]:
    """The units of today of a province, without those of its communes unless one kind is asked for; or of a commune."""
    query = select(Unit).where(
        Unit.kind.not_in(FRONT_KINDS), ~Unit.kind.startswith("org_"), units.valid_on(clock.today())
    )
    if subject.dim == COMMUNE:
        query = query.where(Unit.area_code == subject.code)
    elif kind:
        query = query.where(Unit.province_code == subject.code, Unit.kind == kind)
    else:
        query = query.where(Unit.province_code == subject.code, Unit.level != COMMUNE)
    return list(db.session.scalars(query.order_by(Unit.level.desc(), Unit.kind, Unit.name_vi, Unit.code)))


def unit_name(unit: Unit) -> str:
    """Vietnamese, or English for readers of English."""
    return unit.name_en if language() == "en" else unit.name_vi
