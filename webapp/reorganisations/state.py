"""Areas and units as they were on a day, by code: what plans are checked against and carried out on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import undefer

from webapp.areas import queries as areas
from webapp.areas.models import Area
from webapp.core.db import db
from webapp.reorganisations.plan import AREA, Plan, What
from webapp.units import queries as units
from webapp.units.models import Unit

_AT_ONCE = 500  # codes in one statement


def eve(plan: Plan) -> date:
    """The last day of the old state."""
    return plan.effective_on - timedelta(days=1)


def areas_on(codes: Collection[str], day: date, *, shapes: bool = False) -> dict[str, Area]:
    """The areas with these codes that were valid on a day. Codes of provinces and communes never coincide."""
    found: dict[str, Area] = {}
    for some in _parts(codes):
        query = select(Area).where(Area.code.in_(some), areas.valid_on(day)).order_by(Area.valid_from)
        if shapes:
            query = query.options(undefer(Area.boundary), undefer(Area.outline))
        found |= {area.code: area for area in db.session.scalars(query)}
    return found


def units_on(codes: Collection[str], day: date) -> dict[str, Unit]:
    """The units with these codes that existed on a day."""
    found: dict[str, Unit] = {}
    for some in _parts(codes):
        query = select(Unit).where(Unit.code.in_(some), units.valid_on(day)).order_by(Unit.valid_from)
        found |= {unit.code: unit for unit in db.session.scalars(query)}
    return found


def names_on(what: What, codes: Collection[str], day: date) -> dict[str, str]:
    """Names by code on a day."""
    if what == AREA:
        return {code: area.name for code, area in areas_on(codes, day).items()}
    return {code: unit.name_vi for code, unit in units_on(codes, day).items()}


def begun_after(what: What, codes: Collection[str], day: date) -> set[str]:
    """Which of the codes have a row that begins after the day, which an earlier change would overlap."""
    model = Area if what == AREA else Unit
    found: set[str] = set()
    for some in _parts(codes):
        query = select(model.code).where(model.code.in_(some), model.valid_from > day)
        # A row that ended before it began was never valid (see areas.service).
        query = query.where(or_(model.valid_to.is_(None), model.valid_to >= model.valid_from))
        found |= set(db.session.scalars(query))
    return found


def communes_under(provinces: Collection[str], day: date, *, shapes: bool = False) -> list[Area]:
    """The communes of these provinces on a day."""
    if not provinces:
        return []
    query = select(Area).where(Area.parent_code.in_(provinces), areas.valid_on(day)).order_by(Area.code)
    if shapes:
        query = query.options(undefer(Area.boundary), undefer(Area.outline))
    return list(db.session.scalars(query))


def units_serving(area_codes: Collection[str], day: date) -> list[Unit]:
    """Units of these areas themselves on a day."""
    found: list[Unit] = []
    for some in _parts(area_codes):
        query = select(Unit).where(Unit.area_code.in_(some), units.valid_on(day)).order_by(Unit.code)
        found += db.session.scalars(query)
    return found


def units_naming(provinces: Collection[str], parents: Collection[str], day: date) -> list[Unit]:
    """Units that lie in one of these provinces, or below one of these units, on a day."""
    found: dict[int, Unit] = {}
    for column, codes in ((Unit.province_code, provinces), (Unit.parent_code, parents)):
        for some in _parts(codes):
            query = select(Unit).where(column.in_(some), units.valid_on(day))
            found |= {unit.id: unit for unit in db.session.scalars(query)}
    return list(found.values())


def codes_of(plan: Plan, what: What) -> set[str]:
    """Every code that the plan's steps about areas, or about units, name."""
    return {code for step in plan.of(what) for code in (step.from_code, step.to_code) if code}


def _parts(codes: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(codes)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
