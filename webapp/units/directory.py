"""All units in memory, for many questions in a row: who is of this kind, here, on that day?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from webapp.core.db import db
from webapp.units.models import Unit


@dataclass(frozen=True, slots=True)
class Era:
    """One unit from `valid_from` up to and including `valid_to`."""

    code: str
    kind: str
    level: str
    area_code: str | None
    valid_from: date
    valid_to: date | None

    def holds(self, on: date) -> bool:
        """Whether the unit was so on this day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


_EVERYWHERE = "*"


class Directory:
    """Answers as `units.queries` does, without the database."""

    def __init__(self, eras: Iterable[Era]) -> None:
        self._by_kind: dict[tuple[str, str | None], list[Era]] = {}
        self._by_code: dict[str, list[Era]] = {}
        for era in sorted(eras, key=lambda e: (e.code, e.valid_from)):
            served = _EVERYWHERE if era.level == "central" else era.area_code
            self._by_kind.setdefault((era.kind, served), []).append(era)
            self._by_code.setdefault(era.code, []).append(era)
        self.kinds = {kind for kind, _area in self._by_kind}

    def find(self, kind: str, commune_code: str | None, province_code: str | None, on: date) -> str | None:
        """The unit of `kind` that serves the commune, else its province, else the whole country, on that day."""
        for area in (commune_code, province_code, _EVERYWHERE):
            for era in self._by_kind.get((kind, area), ()) if area else ():
                if era.holds(on):
                    return era.code
        return None

    def exists(self, code: str, on: date) -> bool:
        """Whether there was a unit with this code on that day."""
        return any(era.holds(on) for era in self._by_code.get(code, ()))

    def is_of_commune(self, code: str, on: date) -> bool:
        """Whether it is a body of a commune, on that day or, if it is no more, at last."""
        eras = self._by_code.get(code, [])
        holding = [era for era in eras if era.holds(on)] or eras[-1:]
        return bool(holding) and holding[0].level == "commune"

    def eras(self, code: str) -> list[Era]:
        """All states of a unit, oldest first."""
        return self._by_code.get(code, [])


def load() -> Directory:
    """The directory of all units there are and were."""
    rows = db.session.execute(select(Unit.code, Unit.kind, Unit.level, Unit.area_code, Unit.valid_from, Unit.valid_to))
    return Directory(Era(*row) for row in rows)
