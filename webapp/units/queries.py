"""Reading units as they were on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, bindparam, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.areas import succession
from webapp.core import clock
from webapp.core.db import db
from webapp.core.text import fold
from webapp.units.models import FRONT_KINDS, Unit


def valid_on(day: date | BindParameter[date]) -> Any:
    """The SQL condition that a unit existed on `day`."""
    return (Unit.valid_from <= day) & or_(Unit.valid_to.is_(None), Unit.valid_to >= day)


# Asked at every request of staff, so it is made once.
_OF_CODE = select(Unit).where(Unit.code == bindparam("code"), valid_on(bindparam("day", type_=Date)))


def by_code(code: str | None, on: date | None = None) -> Unit | None:
    """The unit under its name of that day (default today); if it is no more, under its last name."""
    if not code:
        return None
    day = on or clock.today()
    found = db.session.scalars(_OF_CODE, {"code": code, "day": day}).first()
    if found is None:
        newest = select(Unit).where(Unit.code == code).order_by(Unit.valid_from.desc()).limit(1)
        found = db.session.scalars(newest).first()
    return found


def by_codes(codes: set[str], on: date | None = None) -> dict[str, Unit]:
    """Units by code in one statement, each under its name of that day or its last one."""
    if not codes:
        return {}
    day = on or clock.today()
    units: dict[str, Unit] = {}
    for unit in db.session.scalars(select(Unit).where(Unit.code.in_(codes)).order_by(Unit.valid_from)):
        if unit.code not in units or unit.valid_from <= day:
            units[unit.code] = unit
    return units


def supervised(province_code: str, commune_code: str | None = None, *, former: bool = False) -> list[Unit]:
    """The units of a province (or of one commune) that answer cases, each under its last name, by code.

    Units that are no more are among them: what they did stays. `former`: also those of the provinces and communes
    that this one stands in for.
    """

    def of(column: InstrumentedAttribute[str | None], code: str) -> ColumnElement[bool]:
        return column.in_(sorted(succession.family_of(succession.AREA, code))) if former else column == code

    query = select(Unit).where(
        Unit.kind.not_in(FRONT_KINDS), ~Unit.kind.startswith("org_"), of(Unit.province_code, province_code)
    )
    if commune_code:
        query = query.where(of(Unit.area_code, commune_code))
    return list({unit.code: unit for unit in db.session.scalars(query.order_by(Unit.code, Unit.valid_from))}.values())


def below(*codes: str) -> list[Unit]:
    """The units and all units under them, each under its last name."""
    found: dict[str, Unit] = {}
    wave = set(codes)
    while wave:
        rows = db.session.scalars(
            select(Unit)
            .where(or_(Unit.code.in_(wave), Unit.parent_code.in_(wave)))
            .order_by(Unit.code, Unit.valid_from)
        )
        new = {unit.code: unit for unit in rows}
        wave = set(new) - set(found)
        found |= new
    return [found[key] for key in sorted(found)]


def of_kind_for(kind: str, commune_code: str | None, province_code: str | None, on: date) -> Unit | None:
    """The unit of `kind` that serves the commune, else its province, else the whole country, on that day."""
    served = [area for area in (commune_code, province_code) if area]
    query = select(Unit).where(
        Unit.kind == kind, valid_on(on), or_(Unit.area_code.in_(served), Unit.level == "central")
    )
    units = {unit.area_code: unit for unit in db.session.scalars(query.order_by(Unit.code.desc()))}
    return next((units[area] for area in [*served, None] if area in units), None)


def unit_of_then(code: str | None, day: date) -> Unit | None:
    """The unit under the name that it had on that day: whom a case of then was with."""
    return by_code(code, day)


def unit_of_now(code: str | None, on: date | None = None) -> Unit | None:
    """Who stands in the place of a unit of then on a day (default: today); None if nobody does."""
    heir = current_of(code, on) if code else None
    return by_code(heir, on)


def current_of(code: str, on: date | None = None) -> str | None:
    """The code of the unit, or of its main successor, on a day (default: today); None if nobody came after."""
    return succession.current_of(succession.UNIT, code, on)


def currents_of(codes: set[str], on: date | None = None) -> dict[str, str | None]:
    """`current_of` for many codes in few statements: what statistics group by to be read by unit of now."""
    ends = succession.currents_of(succession.UNIT, codes, on)
    return {code: found[0] if found else None for code, found in ends.items()}


def search(typed: str, province_code: str | None, on: date | None = None, limit: int = 12) -> list[Unit]:
    """Units of a province (None: of all) and of the centre whose code is `typed`, or whose name holds it with or
    without diacritics; whole names first, then by level and name."""
    wanted = fold(typed)
    if len(wanted) < 2:
        return []
    query = select(Unit).where(valid_on(on or clock.today()))
    if province_code:
        query = query.where(or_(Unit.province_code == province_code, Unit.level == "central"))
    found = []
    for unit in db.session.scalars(query.order_by(Unit.level.desc(), Unit.name_vi, Unit.code)):
        names = (fold(unit.name_vi), fold(unit.short_name_vi))
        if unit.code == typed.strip().lower() or wanted in names:
            found.append((0, unit))
        elif any(wanted in name for name in names):
            found.append((1, unit))
    found.sort(key=lambda pair: pair[0])
    return [unit for _rank, unit in found[:limit]]
