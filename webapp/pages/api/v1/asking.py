"""Reading what a program asks for. Everything has a limit, and what is not understood is refused by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.core import clock
from webapp.core.db import db
from webapp.pages.api import cursors
from webapp.pages.api.cursors import BadCursor, Cursor, OtherQuestion
from webapp.pages.api.v1.door import Problem
from webapp.pages.public import filters as reading
from webapp.pages.public.filters import PLACE_PARAMS, TILE_PARAMS, describe, read_bbox
from webapp.pages.public.views import known_codes
from webapp.reports.paging import Mark
from webapp.reports.queries import Filters
from webapp.units import queries as units

JSON, GEOJSON, JSONL = "json", "geojson", "jsonl"
FORMATS = (JSON, GEOJSON, JSONL)
DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
OWN_PARAMS = ("bbox", "updated_since", "format", "limit", "cursor")
PARAMS = (*TILE_PARAMS, *PLACE_PARAMS, *OWN_PARAMS)

_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?", re.ASCII)
_LOST_PLUS = re.compile(r"(T[0-9:.]+) (\d{2}:\d{2})$")
_YEARS = range(2000, 2101)


@dataclass(frozen=True, slots=True)
class Asked:
    """One page of one question. `question` is what all its pages have in common."""

    filters: Filters
    bbox: tuple[float, float, float, float] | None
    changed_since: datetime | None
    format: str
    limit: int
    start: Mark | None
    question: Any


def read(args: MultiDict[str, str]) -> Asked:
    """The question in a query string. Raises Problem 400 with everything that is wrong."""
    wrong = {name[:40]: reading.PROBLEMS["repeated"] for name in OWN_PARAMS if len(args.getlist(name)) > 1}
    own = {name: args.get(name, "").strip() for name in OWN_PARAMS}
    rest = [(name, value) for name, value in args.items(multi=True) if name not in OWN_PARAMS]
    filters, problems = reading.read(rest, known_codes(), clock.today(), allowed=(*TILE_PARAMS, *PLACE_PARAMS))
    wrong |= describe(problems) | _unknown_places(filters)
    bbox = read_bbox(own["bbox"]) if own["bbox"] else None
    if own["bbox"] and bbox is None:
        wrong["bbox"] = reading.PROBLEMS["bbox"]
    since = _moment(own["updated_since"], wrong)
    form = own["format"] or JSON
    if form not in FORMATS:
        wrong["format"] = "one of " + ", ".join(FORMATS)
    limit = DEFAULT_LIMIT
    if own["limit"]:
        limit = int(own["limit"]) if _NUMBER.fullmatch(own["limit"]) else 0
        if not 1 <= limit <= MAX_LIMIT:
            wrong["limit"] = f"a whole number from 1 to {MAX_LIMIT}"
    question = (filters, bbox, since)
    start = _open(own["cursor"], question, wrong) if own["cursor"] else None
    if wrong:
        raise Problem(400, "Some parameters are not valid.", wrong)
    return Asked(filters, bbox, since, form, limit, start, question)


def cursor(mark: Mark, question: Any) -> str:
    """Where the next page of a question begins, as the address of that page has it."""
    return cursors.write(Cursor(mark.hour, mark.public_id), question)


def _open(text: str, question: Any, wrong: dict[str, str]) -> Mark | None:
    try:
        found = cursors.read(text, question)
    except OtherQuestion:
        wrong["cursor"] = "it belongs to another question; keep all filters the same from page to page"
    except BadCursor:
        wrong["cursor"] = "not a cursor of this service, or too old; begin anew without one"
    else:
        return Mark(found.hour, found.public_id)
    return None


def _unknown_places(filters: Filters) -> dict[str, str]:
    """Codes of no area and no unit, of today or before."""
    wrong = {}
    for name, level, code in (("province", PROVINCE, filters.province), ("commune", COMMUNE, filters.commune)):
        there = select(Area.id).where(Area.code == code, Area.level == level).limit(1)
        if code and db.session.scalar(there) is None:
            wrong[name] = reading.PROBLEMS["unknown"]
    if filters.unit and units.by_code(filters.unit) is None:
        wrong["unit"] = reading.PROBLEMS["unknown"]
    return wrong


def _moment(raw: str, wrong: dict[str, str]) -> datetime | None:
    """A day of Vietnam, or a moment with its offset."""
    # In an address a plus sign that was not escaped arrives as a space.
    text = _LOST_PLUS.sub(r"\1+\2", raw)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
        if moment is not None and moment.year in _YEARS:
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=clock.VIETNAM)
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    wrong["updated_since"] = "not a day such as 2026-03-01, nor a time such as 2026-03-01T07:00:00+07:00"
    return None
