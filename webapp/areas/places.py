"""Finding an area by what somebody typed: today's name, or one of before with the name it has today."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from webapp.areas import legacy, succession
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.areas.queries import bare_name, by_code, valid_on
from webapp.core.db import db
from webapp.core.text import clean, fold

MAX_CHOICES = 12


@dataclass(frozen=True, slots=True)
class Found:
    """An area of today; `formerly` is the old name that it was found by, None if it was found by its own."""

    area: Area
    formerly: str | None = None


def find(text: str, on: date | None = None, limit: int = 20) -> list[Found]:
    """Areas that a text may mean on a day (default: today), the best first.

    Every word must be in the area's name or its province's, with or without diacritics. Where no name is there
    whole, former places are asked as well.
    """
    text = clean(text[:160])
    now, whole = _by_name(text, on, limit)
    found = [Found(area) for area in now]
    if whole or len(found) >= limit:
        return found
    there = {(area.level, area.code) for area in now}
    old = _today(legacy.search(text), on)
    return ([f for f in old if (f.area.level, f.area.code) not in there] + found)[:limit]


def formerly(text: str, communes: Iterable[Area]) -> list[Found]:
    """Which of these communes of today a former name means; at most 12."""
    here = {area.code: area for area in communes}
    found = _today(legacy.search(text, within=set(here)), None)
    return [f for f in found if f.area.level == COMMUNE and f.area.code in here][:MAX_CHOICES]


def _by_name(text: str, on: date | None, limit: int) -> tuple[list[Area], bool]:
    """Areas by their own name, and whether the best of them is there whole."""
    folded = fold(text[:80])
    words = folded.split()[:8]
    if not words:
        return [], True
    parent = aliased(Area)
    query = (
        select(Area)
        .outerjoin(
            parent,
            and_(parent.code == Area.parent_code, parent.level == PROVINCE, valid_on(on, parent)),
        )
        .where(valid_on(on))
    )
    for word in words:
        query = query.where(
            or_(Area.folded.contains(word, autoescape=True), parent.folded.contains(word, autoescape=True))
        )
    # A word of the area's own name must be among them, or a province's name would list all its communes.
    query = query.where(or_(*(Area.folded.contains(word, autoescape=True) for word in words)))
    found = list(db.session.scalars(query.limit(500)))

    def rank(area: Area) -> tuple[int, int, str, str]:
        bare = bare_name(area)
        fit = 0 if bare == folded else 1 if folded.startswith((bare, area.folded)) else 2
        fit = 3 if fit == 2 and not bare.startswith(words[0]) else fit
        return fit, area.level == COMMUNE, bare, area.code

    ranked = sorted(found, key=rank)[:limit]
    return ranked, bool(ranked) and rank(ranked[0])[0] <= 1


def _today(places: list[legacy.LegacyPlace], on: date | None) -> list[Found]:
    """The areas in whose place the former ones stand, each once, under the first old name that led there."""
    codes = list(dict.fromkeys(code for place in places for code in place.today))
    if not codes:
        return []
    since = max(place.valid_to for place in places) + timedelta(days=1)
    ends = succession.currents_of(succession.AREA, codes, on, since=since)
    wanted = {end for code in codes for end in ends[code]}
    query = select(Area).where(Area.code.in_(wanted), valid_on(on)).order_by(Area.code)
    areas = {(area.level, area.code): area for area in db.session.scalars(query)}
    found: dict[tuple[str, str], Found] = {}
    for place in places:
        level = PROVINCE if place.level == legacy.FORMER_PROVINCE else COMMUNE
        for end in (end for code in place.today for end in ends[code]):
            area = areas.get((level, end))
            if area is not None:
                found.setdefault((level, end), Found(area, place.full_name))
    return list(found.values())


def current(code: str, level: str = COMMUNE) -> Area | None:
    """The area with a code, or what stands in its place today: links by an old code keep working."""
    found = by_code(code, level)
    if found is None and (heir := succession.current_of(succession.AREA, code)) and heir != code:
        found = by_code(heir, level)
    return found
