"""Which commune a typed name means: one of today, or one of before with what it is now."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from webapp.areas import places
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, Area
from webapp.areas.places import Found
from webapp.core import text


@dataclass(frozen=True, slots=True)
class Choice:
    """A commune as it is offered. `name` says what it was, where it was found by an old name."""

    code: str
    name: str
    parent_code: str | None


def offers(typed: str, province: str) -> list[Choice]:
    """Communes that a typed name means within a province of today, by its name of today or of before; with no
    province those of the whole country, each with its province. At most 12."""
    name = text.fold(text.clean(typed)[:160])
    if not name:
        return []
    if not province:
        return _nationwide(typed)
    here = areas.communes_of(province[:8])
    # The exact name of today wins; then what holds it; an old name before a mere resemblance.
    for way in (_same, _holds):
        if found := [area for area in here if way(name, area)]:
            return [_choice(Found(area)) for area in found[: places.MAX_CHOICES]]
    if old := places.formerly(typed, here):
        return [_choice(found) for found in old]
    return [_choice(Found(area)) for area in here if _held(name, area)][: places.MAX_CHOICES]


def choice_of(area: Area) -> Choice:
    """One commune of today."""
    return _choice(Found(area))


def _nationwide(typed: str) -> list[Choice]:
    found = [f for f in places.find(typed) if f.area.level == COMMUNE][: places.MAX_CHOICES]
    provinces = {area.code: area.name for area in areas.provinces()} if found else {}
    return [_choice(f, provinces.get(f.area.parent_code or "", "")) for f in found]


def _choice(found: Found, province: str = "") -> Choice:
    area = found.area
    name = f"{area.name}, {province}" if province else area.name
    if found.formerly:
        name = _("%(old)s, now %(new)s", old=found.formerly, new=name)
    return Choice(area.code, name, area.parent_code)


def _same(name: str, area: Area) -> bool:
    return name in (area.folded, areas.bare_name(area))


def _holds(name: str, area: Area) -> bool:
    return name in area.folded


def _held(name: str, area: Area) -> bool:
    return areas.bare_name(area) in name
