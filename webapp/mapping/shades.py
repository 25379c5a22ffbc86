"""The map's sums by area and by month: what provinces and communes are shaded by, and what the slider stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from webapp.areas import queries as areas
from webapp.areas import succession
from webapp.areas.models import PROVINCE, Area
from webapp.core import clock
from webapp.core.db import db, plain
from webapp.mapping import cubes
from webapp.mapping.models import LATE
from webapp.mapping.queries import conditions, first_day, question, states
from webapp.reports import lifecycle
from webapp.reports.queries import Filters

LEAST = 5  # of fewer cases a share says nothing; the map hatches them


@dataclass(slots=True)
class AreaSum:
    """Cases of an area of today. `awaited` are those in which somebody owes the next step by a due time, `late`
    those of them whose time has passed: the share in time is that of the rest."""

    code: str
    total: int = 0
    awaited: int = 0
    late: int = 0


def by_area(level: str, within: str | None, filters: Filters) -> list[AreaSum]:
    """Sums of every province, or of every commune of the province `within`; filters by area are left aside.

    Cases under codes of before count for what stands in their place, as under `queries.tile`.
    """
    found = {code: AreaSum(code) for code in _codes_of_today(level, within)}
    heirs = _heirs(found)
    filters = replace(filters, province=None, commune=None)
    for row in _sums_by_area(level, tuple(sorted(heirs)), filters):
        total = found[heirs[row.area]]
        status, n = row.state.removesuffix(LATE), int(row.n)
        total.total += n
        total.awaited += n if status in lifecycle.CLOCK_RUNS else 0
        total.late += n if row.state.endswith(LATE) else 0
    return list(found.values())


def by_month(filters: Filters) -> list[tuple[int, int]]:
    """(month like 202611, cases sent in it), oldest first, of months that have any; days of the filters are left
    aside."""
    asked = question(replace(filters, since=None, until=None))
    plan = cubes.plan(cubes.FIRST, asked, None, clock.today())
    given: dict[str, Any] = {}
    only = _only(filters, given)
    if plan.periods:
        given["dims"] = plan.dims
        words = _MONTHS_FROM_CELLS.format(level=plan.level, only=only)
    else:
        words = _MONTHS_FROM_POINTS.format(only=only + conditions(asked, cubes.Span(None, None), 0, given))
    return [(row.month, int(row.n)) for row in plain(words, given)]


_MONTHS_FROM_CELLS = (
    "SELECT period AS month, SUM(n) AS n FROM map_cells WHERE level = {level} AND dim IN :dims "
    "AND period BETWEEN 190001 AND 299912 AND n > 0{only} GROUP BY period ORDER BY period"
)
_MONTHS_FROM_POINTS = "SELECT month, COUNT(*) AS n FROM map_points WHERE month > 0{only} GROUP BY month ORDER BY month"
_AREAS_FROM_CELLS = (
    "SELECT substr(dim, 3) AS area, state, SUM(n) AS n FROM map_cells WHERE level = {level} AND dim IN :dims "
    "AND period IN :periods AND n > 0{only} GROUP BY dim, state"
)
_AREAS_FROM_POINTS = (
    "SELECT {column} AS area, state, COUNT(*) AS n FROM map_points WHERE month > 0{only} GROUP BY {column}, state"
)


def _sums_by_area(level: str, codes: tuple[str, ...], filters: Filters) -> Sequence[Any]:
    asked = question(filters)
    asked = replace(asked, provinces=codes) if level == PROVINCE else replace(asked, communes=codes)
    oldest = first_day() if filters.until and not filters.since else None
    plan = cubes.plan(cubes.FIRST, asked, oldest, clock.today())
    given: dict[str, Any] = {}
    only = _only(filters, given)
    parts = []
    if plan.periods:
        given |= {"dims": plan.dims, "periods": plan.periods}
        parts.append(_AREAS_FROM_CELLS.format(level=plan.level, only=only))
    for number, span in enumerate(plan.spans):
        where = only + conditions(asked, span, number, given)
        parts.append(_AREAS_FROM_POINTS.format(column=level, only=where))
    return plain(" UNION ALL ".join(parts), given) if codes and parts else ()


def _only(filters: Filters, given: dict[str, Any]) -> str:
    wanted = states(filters.status)
    if wanted is None:
        return ""
    given["states"] = wanted
    return " AND state IN :states"


def _codes_of_today(level: str, within: str | None) -> list[str]:
    query = select(Area.code).where(Area.level == level, areas.valid_on(None)).order_by(Area.code)
    if within is not None:
        query = query.where(Area.parent_code == within)
    return list(db.session.scalars(query))


def _heirs(codes: dict[str, AreaSum]) -> dict[str, str]:
    """For each code of then and now, which of `codes` takes its cases along: as in `succession.family_of`."""
    former = succession.former_of(succession.AREA, codes)
    every = {old for olds in former.values() for old in olds}
    ends = succession.currents_of(succession.AREA, every)
    found = {code: code for code in codes}
    for old in every - set(codes):
        if ends[old] and ends[old][0] in codes:
            found[old] = ends[old][0]
    return found
