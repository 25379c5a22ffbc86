"""What lies in a map tile, and how many cases there are, out of the sums and points that `fold` keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select

from geo import cells
from webapp.areas import succession
from webapp.areas.succession import AREA, UNIT, What
from webapp.core import clock
from webapp.core.db import db, plain
from webapp.mapping import cubes
from webapp.mapping.cubes import OFFSET
from webapp.mapping.models import LATE, MapPoint
from webapp.reports import lifecycle
from webapp.reports.catalogue import catalogue
from webapp.reports.queries import GROUPS, OVERDUE, Filters

MAX_ZOOM = 20
Cells = tuple[int, int]
_WORLD: Cells = (0, 1 << (2 * cells.ZOOM))


def tile(z: int, x: int, y: int, filters: Filters) -> dict[str, Any]:
    """Clusters where several cases share a square of the tile, else single cases.

    `same` marks a cluster of cases at one and the same point, which no zoom takes apart; `area` is its
    commune. Raises ValueError if there is no such tile.
    """
    found = _squares(cubes.level(z), cells.tile_range(z, x, y), filters)
    many = [(square, at_one_point(square)) for square in found if square.n > 1]
    communes = _communes(point for _, point in many)
    return {
        "clusters": [_cluster(square, point, communes) for square, point in many],
        "reports": [_single(square.single) for square in found if square.n == 1],
    }


def counts(filters: Filters) -> dict[str, int]:
    """How many cases there are by group of status, how many of them are overdue, and all together ("total")."""
    for all_ in _squares(0, _WORLD, filters):
        return {"total": all_.n, OVERDUE: all_.late} | {group: getattr(all_, group) for group in GROUPS}
    return dict.fromkeys(("total", OVERDUE, *GROUPS), 0)


def states(status: str | None) -> tuple[str, ...] | None:
    """The states that a status, a group of them or "overdue" means; None: all."""
    if not status:
        return None
    if status == OVERDUE:
        return tuple(s + LATE for s in lifecycle.CLOCK_RUNS)
    return tuple(s + late for s in GROUPS.get(status, (status,)) for late in ("", LATE))


def _squares(at: int, within: Cells, filters: Filters) -> Sequence[Any]:
    """The squares of zoom `at` in a range of cells that hold anything that matches, in their order, as rows: `sub`,
    `n`, `late`, `sum_x`, `sum_y`, `squares`, a count for each of GROUPS, and `single`, what `_single` reads."""
    asked = question(filters)
    first = first_day() if filters.until and not filters.since else None
    plan = cubes.plan(at, asked, first, clock.today())
    given: dict[str, Any] = {"low": within[0], "high": within[1]}
    wanted = states(filters.status)
    only = ""
    if wanted is not None:
        given["states"] = wanted
        only = " AND state IN :states"
    parts = []
    if plan.periods:
        bits = 2 * (cells.ZOOM - plan.level)
        given |= {"dims": plan.dims, "periods": plan.periods, "less": plan.less}
        given |= {"first": within[0] >> bits, "last": within[1] >> bits}
        for sign, periods in (("", ":periods"), ("-", ":less"))[: 2 if plan.less else 1]:
            parts.append(
                _FROM_CELLS.format(level=plan.level, bits=2 * (plan.level - at), only=only, sign=sign, periods=periods)
            )
    for number, span in enumerate(plan.spans):
        parts.append(
            _FROM_POINTS.format(
                square=_SQUARE, bits=2 * (cells.ZOOM - at), only=only + conditions(asked, span, number, given)
            )
        )
    if not parts:
        return ()
    return plain(_BY_SQUARE.format(counts=_COUNTS, parts=" UNION ALL ".join(parts)), given)


# Plain SQL, the same on both engines: building these as expressions costs more than running them. Numbers and
# names come from here and from cubes.py; all that was asked for is bound.
_FROM_CELLS = (
    "SELECT cell >> {bits} AS sub, state, {sign}SUM(n) AS n, {sign}SUM(sum_x) AS sum_x, {sign}SUM(sum_y) AS sum_y, "
    "{sign}SUM(squares) AS squares, {sign}SUM(sum_id) AS sum_id FROM map_cells WHERE level = {level} AND dim IN :dims "
    "AND period IN {periods} AND cell >= :first AND cell < :last AND n > 0{only} GROUP BY cell >> {bits}, state"
)
_SQUARE = " + ".join(f"CAST({c} % {OFFSET} AS BIGINT) * ({c} % {OFFSET})" for c in ("x", "y"))
_FROM_POINTS = (
    "SELECT cell >> {bits} AS sub, state, COUNT(*) AS n, SUM(x) AS sum_x, SUM(y) AS sum_y, "
    "SUM({square}) AS squares, SUM(report_id) AS sum_id FROM map_points "
    "WHERE cell >= :low AND cell < :high{only} GROUP BY cell >> {bits}, state"
)


def _count(of: Iterable[str], name: str) -> str:
    listed = ", ".join(f"'{state}'" for state in of)
    return f"CAST(SUM(CASE WHEN state IN ({listed}) THEN n ELSE 0 END) AS BIGINT) AS {name}"


_COUNTS = ", ".join(
    (
        *(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in ("n", "sum_x", "sum_y", "squares", "sum_id")),
        _count((status + LATE for status in lifecycle.CLOCK_RUNS), "late"),
        *(_count((s + late for s in of for late in ("", LATE)), group) for group, of in GROUPS.items()),
    )
)
# Where a square holds one case, the sum of ids is its own.
_BY_SQUARE = (
    "SELECT found.*, CASE WHEN n = 1 THEN (SELECT public_id || ' ' || CAST(lon AS TEXT) || ' ' || CAST(lat AS TEXT) "
    "|| ' ' || state || ' ' || category FROM map_points WHERE report_id = found.sum_id) END AS single "
    "FROM (SELECT sub, {counts} FROM ({parts}) AS parts GROUP BY sub HAVING SUM(n) > 0) AS found ORDER BY sub"
)
# Of thousands of cases at one point one is enough to look at.
_FIRST_AT = (
    "SELECT asked.cell, (SELECT commune FROM map_points WHERE map_points.cell = asked.cell LIMIT 1) AS commune "
    "FROM ({asked}) AS asked"
)
_PROPERTIES = (("category", "categories"), ("unit", "units"), ("province", "provinces"), ("commune", "communes"))


def conditions(asked: cubes.Question, span: cubes.Span, number: int, given: dict[str, Any]) -> str:
    """What else is asked of a point, as SQL; its values go into `given`."""
    found = []
    if days := span.days():  # so that an index by day and cell is asked for the cells of each day
        given[f"days_{number}"] = days
        found.append(f"day IN :days_{number}")
        span = cubes.Span(None, None)
    for sign, name, day in ((">=", f"since_{number}", span.first), ("<=", f"until_{number}", span.last)):
        if day is not None:
            found.append(f"day {sign} :{name}")
            given[name] = day
    for column, name in _PROPERTIES:
        if values := getattr(asked, name):
            found.append(f"{column} IN :{name}")
            given[name] = values
    return "".join(f" AND {condition}" for condition in found)


def question(filters: Filters) -> cubes.Question:
    """The filters, but for the status, as the sums know them."""
    categories = {filters.category} if filters.category else set()
    if filters.group:
        of_group = {c.code for c in catalogue().categories.values() if c.group == filters.group}
        categories = categories & of_group if categories else of_group
        categories = categories or {""}  # asked for and none: no case has that
    return cubes.Question(
        tuple(sorted(categories)),
        _family(UNIT, filters.unit),
        _family(AREA, filters.province),
        _family(AREA, filters.commune),
        filters.since,
        filters.until,
    )


def _family(what: What, code: str | None) -> tuple[str, ...]:
    """The code with those that it stands in for since a reorganisation, as in `reports.queries`."""
    return tuple(sorted(succession.family_of(what, code))) if code else ()


def first_day() -> date:
    """The day of the oldest case."""
    found = db.session.scalar(select(func.min(MapPoint.day)))
    return date(found // 10_000, found // 100 % 100, found % 100) if found else clock.today()


# -- from sums to what is drawn ------------------------------------------------------------------------------------


def at_one_point(square: Any) -> int | None:
    """The cell at which all cases of a square lie; None if they lie apart.

    The squares of n equal numbers add up to n times the square of their mean, of unequal ones to more.
    """
    x, rest_x = divmod(square.sum_x, square.n)
    y, rest_y = divmod(square.sum_y, square.n)
    if rest_x or rest_y or square.squares != square.n * ((x % OFFSET) ** 2 + (y % OFFSET) ** 2):
        return None
    return cells.interleave(x, y)


def _communes(at: Iterable[int | None]) -> dict[int, str | None]:
    """The commune of one case at each of these cells."""
    wanted = sorted({cell for cell in at if cell is not None})
    if not wanted:
        return {}
    asked = " UNION ALL ".join(f"SELECT CAST(:at_{place} AS BIGINT) AS cell" for place in range(len(wanted)))
    rows = plain(_FIRST_AT.format(asked=asked), {f"at_{place}": cell for place, cell in enumerate(wanted)})
    return {row.cell: row.commune or None for row in rows}


def _single(said: str) -> dict[str, Any]:
    public_id, lon, lat, state, category = said.split(" ", 4)
    known = catalogue().categories.get(category)
    return {
        "id": public_id,
        "lon": round(float(lon), 5),
        "lat": round(float(lat), 5),
        "category": category,
        "icon": known.icon if known else "icon-other",
        "status": state.removesuffix(LATE),
        "overdue": state.endswith(LATE),
    }


def _cluster(square: Any, point: int | None, communes: dict[int, str | None]) -> dict[str, Any]:
    lon, lat = cells.position(square.sum_x / square.n + 0.5, square.sum_y / square.n + 0.5)
    by = {group: n for group in GROUPS if (n := getattr(square, group))}
    cluster: dict[str, Any] = {
        "lon": round(lon, 5),
        "lat": round(lat, 5),
        "count": square.n,
        "by": by,
        "overdue": square.late,
    }
    if point is not None and point in communes:
        cluster |= {"same": True, "area": communes[point]}
    return cluster
