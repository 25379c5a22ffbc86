"""Units as an operator enters them: what a row may hold, and writing it.

Here a unit is added, and a slip in its names put right. That it gets another name, place or end from a day on is a
reorganisation: its cases, people and links have to follow, and history keeps the old name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from webapp.areas import queries as areas
from webapp.areas.models import Area
from webapp.core import events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.text import clean
from webapp.units import queries
from webapp.units.models import Unit

STREAM = "reference"
LEVELS = ("commune", "province", "central")
CERTAINTIES = ("confirmed", "secondary", "check", "provisional")
NAMES = ("name_vi", "name_en", "short_name_vi")
STAYS = ("kind", "level", "area_code")  # of a unit that is there
COLUMNS = ("code", "kind", *NAMES, "level", "area_code", "parent_code", "valid_from", "certainty", "source", "note")
NEEDED = ("code", "kind", "name_vi", "level", "valid_from")
LONGEST = {"name_vi": 160, "name_en": 160, "short_name_vi": 80, "source": 500, "note": 500}
RESERVED = frozenset({"new", "import", "export"})  # addresses of pages
PAGE = 50
_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")


class BadUnit(ValueError):
    """A row that is no unit: {column: code of what is wrong}."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


class Known:
    """What a unit may name: kinds, areas, and other units, those among them that come in with it (`also`). Remembers
    what it has looked up: of a table, many rows name the same."""

    def __init__(self, kinds: Collection[str], also: Collection[str] = ()) -> None:
        self.kinds = kinds
        self._units: dict[str, bool] = dict.fromkeys(also, True)
        self._areas: dict[tuple[str, str, date | None], Area | None] = {}

    def unit(self, code: str) -> bool:
        """Whether there is, or was, a unit with this code."""
        if code not in self._units:
            self._units[code] = queries.by_code(code) is not None
        return self._units[code]

    def area(self, code: str, level: str, day: date | None) -> Area | None:
        """The area of this level and day."""
        key = (code, level, day)
        if key not in self._areas:
            self._areas[key] = areas.by_code(code[:8], level, day)
        return self._areas[key]


def parse(cells: Mapping[str, str | None], known: Known, there: Collection[Unit] = ()) -> dict[str, Any]:
    """The values of a unit out of a row of text; `there`: all rows of its code, whose place and parent need no
    second look. Raises BadUnit with a code for each wrong cell."""
    text = {name: clean(cells.get(name)) for name in COLUMNS}
    errors = {name: "missing" for name in NEEDED if not text[name]}
    errors |= {name: "too_long" for name, most in LONGEST.items() if len(text[name]) > most}
    if text["code"] and (not _CODE.fullmatch(text["code"]) or text["code"] in RESERVED):
        errors["code"] = "bad_unit_code"
    for name, choices in (("kind", known.kinds), ("level", LEVELS), ("certainty", CERTAINTIES)):
        if text[name] and text[name] not in choices:
            errors[name] = "not_a_choice"
    day = _day(text["valid_from"], errors)
    parent = text["parent_code"]
    same = next((unit for unit in there if unit.valid_from == day), None)
    if same is not None and (same.level, same.area_code or "") == (text["level"], text["area_code"]):
        province = same.province_code
    else:
        province = _province(text, day, known, errors)
    kept = same is not None and parent == same.parent_code
    if parent and not kept and (parent == text["code"] or not known.unit(parent)):
        errors["parent_code"] = "unit_unknown"
    if errors:
        raise BadUnit(errors)
    return {
        "code": text["code"],
        "kind": text["kind"],
        "name_vi": text["name_vi"],
        "name_en": text["name_en"] or text["name_vi"],
        "short_name_vi": text["short_name_vi"] or text["name_vi"][: LONGEST["short_name_vi"]],
        "level": text["level"],
        "area_code": text["area_code"] or None,
        "parent_code": parent or None,
        "province_code": province,
        "valid_from": day,
        "certainty": text["certainty"] or "check",
        "source": text["source"],
        "note": text["note"],
    }


def _day(typed: str, errors: dict[str, str]) -> date | None:
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", typed):
        typed = f"{match[3]}-{match[2]:0>2}-{match[1]:0>2}"
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        errors["valid_from"] = "not_a_day"
        return None


def _province(text: dict[str, str], day: date | None, known: Known, errors: dict[str, str]) -> str | None:
    """The province of the area that the row names."""
    level, code = text["level"], text["area_code"]
    if level not in LEVELS or "valid_from" in errors:
        return None
    if level == "central":
        if code:
            errors["area_code"] = "no_area_here"
        return None
    area = known.area(code, level, day) if code else None
    if area is None:
        errors["area_code"] = "area_unknown" if code else "missing"
        return None
    return area.code if level == "province" else area.parent_code


def as_cells(unit: Unit) -> dict[str, str]:
    """A unit as text, the way `parse` reads it."""
    return {
        name: value.isoformat() if isinstance(value, date) else str(value or "")
        for name in COLUMNS
        for value in [getattr(unit, name)]
    }


def check(values: dict[str, Any], there: Collection[Unit]) -> Unit | None:
    """The row that these values put right, of all rows of this code; None for a new unit. Raises BadUnit for what only
    a reorganisation may do, and for a second unit of a kind in a place: the rules would find only one of them."""
    if there:
        same = [unit for unit in there if unit.valid_from == values["valid_from"]]
        if not same:
            raise BadUnit({"valid_from": "unit_changes"})
        if moved := [name for name in STAYS if getattr(same[0], name) != values[name]]:
            raise BadUnit(dict.fromkeys(moved, "unit_changes"))
        return same[0]
    day = values["valid_from"]
    place = Unit.area_code.is_(None) if values["area_code"] is None else Unit.area_code == values["area_code"]
    other = select(Unit.code).where(
        Unit.kind == values["kind"], place, (Unit.valid_to.is_(None)) | (Unit.valid_to >= day)
    )
    if db.session.scalar(other.limit(1)) is not None:
        raise BadUnit({"kind": "unit_of_kind"})
    return None


def rows_of(codes: Collection[str], *, hold: bool = False) -> dict[str, list[Unit]]:
    """All rows of these codes, oldest first; `hold`: until the transaction ends."""
    query = select(Unit).where(Unit.code.in_(codes)).order_by(Unit.code, Unit.valid_from)
    found: dict[str, list[Unit]] = {}
    for unit in db.session.scalars(query.with_for_update() if hold else query):
        found.setdefault(unit.code, []).append(unit)
    return found


def save(values: dict[str, Any], actor: Actor) -> bool:
    """Add a unit, or put one right, as the operator's own; False if nothing differs. The values were read by `parse`.
    Raises BadUnit."""
    unit = check(values, rows_of([values["code"]], hold=True).get(values["code"], ()))
    before = as_cells(unit) if unit is not None else None
    if unit is None:
        unit = Unit(**values, own=True)
        db.session.add(unit)
    else:
        for name, value in values.items():
            if getattr(unit, name) != value:
                setattr(unit, name, value)
    after = as_cells(unit)
    if before == after:
        return False
    unit.own = True
    db.session.flush()
    events.append(STREAM, "unit:saved", actor, what=unit.code, before=before, after=after)
    return True


def page(kind: str = "", province: str = "", after: str = "") -> list[Unit]:
    """PAGE units of today or to come, and one more if there are more, by code, those after `after`."""
    query = select(Unit).where(Unit.code > after, Unit.valid_to.is_(None))
    if kind:
        query = query.where(Unit.kind == kind)
    if province:
        query = query.where(Unit.province_code == province)
    return list(db.session.scalars(query.order_by(Unit.code).limit(PAGE + 1)))


def every() -> list[Unit]:
    """All rows of all units, by code, oldest first."""
    return list(db.session.scalars(select(Unit).order_by(Unit.code, Unit.valid_from)))
