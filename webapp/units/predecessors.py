"""What somebody's unit, commune and province stand in for today: where rights over ended cases come from (ADR 28)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.accounts.permissions import COMMUNE_FRONT, PROVINCE_FRONT, UNIT_OFFICER, Identity
from webapp.areas import queries as areas
from webapp.areas import succession
from webapp.areas.models import COMMUNE, Area
from webapp.areas.succession import AREA, UNIT, What
from webapp.core import clock
from webapp.core.db import db
from webapp.units import queries as units
from webapp.units.models import Unit

Codes = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Past:
    """The fields of an identity that come from successions."""

    former: Codes = frozenset()
    parts: Codes = frozenset()
    communes: Codes = frozenset()

    def __or__(self, other: _Past) -> _Past:
        return _Past(self.former | other.former, self.parts | other.parts, self.communes | other.communes)


def with_former(identity: Identity) -> Identity:
    """The identity with all codes of then that it answers for today. Kept for half a minute."""
    key = ("predecessors", identity.role, identity.unit_code, identity.area_code, identity.province_code, clock.today())
    past = succession.kept(key, lambda: _read(identity))
    if past == _Past():
        return identity
    return dataclasses.replace(identity, former=past.former, parts=past.parts, communes=past.communes)


def _read(identity: Identity) -> _Past:
    """Only what the rule compares for this role."""
    if identity.role == PROVINCE_FRONT and identity.province_code:
        past = _of(AREA, identity.province_code)
        return past | _communes_of(identity.province_code, past.former | {identity.province_code})
    past = _Past()
    if identity.role in (COMMUNE_FRONT, UNIT_OFFICER) and identity.unit_code:
        past |= _of(UNIT, identity.unit_code)
    if identity.role == COMMUNE_FRONT and identity.area_code:
        past |= _of(AREA, identity.area_code)
    return past


def _of(what: What, code: str) -> _Past:
    """Codes that this one alone stands in for, and codes of which it has a part."""
    came = succession.former_of(what, {code})[code] - {code}
    if not came:
        return _Past()
    ends = succession.currents_of(what, came)
    # What has been given to another meanwhile is theirs, whatever it was before.
    again = _of_today(what, came)
    whole = frozenset(c for c in came if ends[c] == (code,) and c not in again)
    return _Past(whole, frozenset(c for c in came - whole if code in ends[c]))


def _communes_of(province: str, held: Codes) -> _Past:
    """What lay elsewhere before its communes, or those that these stand in for, came to the province."""
    query = select(Area.code).where(Area.level == COMMUNE, Area.parent_code == province, areas.valid_on(None))
    today = frozenset(db.session.scalars(query))
    came = _together(succession.former_of(AREA, today).values())
    query = select(Area.code).where(Area.level == COMMUNE, Area.code.in_(came), Area.parent_code.not_in(held))
    elsewhere = frozenset(db.session.scalars(query))
    if not elsewhere:
        return _Past()
    ends = {code: frozenset(heirs) for code, heirs in succession.currents_of(AREA, elsewhere).items()}
    given_away = _of_today(AREA, elsewhere) - today
    whole = frozenset(c for c in elsewhere if ends[c] and ends[c] <= today and c not in given_away)
    parts = frozenset(c for c in elsewhere - whole if ends[c] & today)
    return _Past(parts=parts, communes=whole | _together(ends[c] & today for c in parts))


def _of_today(what: What, codes: Codes) -> set[str]:
    model: Any = Area if what == AREA else Unit
    valid = areas.valid_on(None) if what == AREA else units.valid_on(clock.today())
    return set(db.session.scalars(select(model.code).where(model.code.in_(codes), valid)))


def _together(several: Iterable[Codes]) -> Codes:
    return frozenset().union(*several)
