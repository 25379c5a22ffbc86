"""What lies in a map tile, and how many cases there are, out of the sums and points that `fold` keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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
from webapp.reports.queries import GROUP_OF, GROUPS, OVERDUE, Filters

MAX_ZOOM = 20
Cells = tuple[int, int]
_WORLD: Cells = (0, 1 << (2 * cells.ZOOM))


@dataclass(slots=True)
class Square:
    """The sums of one square of a tile."""

    n: int = 0
    late: int = 0
    sum_x: int = 0
    sum_y: int = 0
    squares: int = 0
    sum_id: int = 0
    by: dict[str, int] = field(default_factory=dict)

    def add(self, row: Any) -> None:
        n = int(row.n)
        status = row.state.removesuffix(LATE)
        self.n += n
        self.late += n if row.state.endswith(LATE) else 0
        self.sum_x += int(row.sum_x)
        self.sum_y += int(row.sum_y)
        self.squares += int(row.squares)
        self.sum_id += int(row.sum_id)
        group = GROUP_OF[status]
        self.by[group] = self.by.get(group, 0) + n


def tile(z: int, x: int, y: int, filters: Filters) -> dict[str, Any]:
    """Clusters where several cases share a square of the tile, else single cases.

    `same` marks a cluster of cases at one and the same point, which no zoom takes apart; `area` is its
    commune. Raises ValueError if there is no such tile.
    """
    at = cubes.level(z)
    squares: dict[int, Square] = {}
    for row in _sums(at, cells.tile_range(z, x, y), filters):
        squares.setdefault(row.sub, Square()).add(row)
    found = [squares[sub] for sub in sorted(squares) if squares[sub].n]
    singles = _singles(square.sum_id for square in found if square.n == 1)
    many = [(square, at_one_point(square)) for square in found if square.n > 1]
    communes = _communes(point for _, point in many)
    return {
        "clusters": [_cluster(square, point, communes) for square, point in many],
        "reports": [_single(singles[square.sum_id]) for square in found if square.n == 1],
    }


def counts(filters: Filters) -> dict[str, int]:
    """How many cases there are by group of status, how many of them are overdue, and all together ("total")."""
    found = dict.fromkeys(("total", OVERDUE, *GROUPS), 0)
    for row in _sums(0, _WORLD, filters):
        n, status = int(row.n), row.state.removesuffix(LATE)
        found["total"] += n
        found[GROUP_OF[status]] += n
        found[OVERDUE] += n if row.state.endswith(LATE) else 0
    return found


def states(status: str | None) -> tuple[str, ...] | None:
    """The states that a status, a group of them or "overdue" means; None: all."""
    if not status:
        return None
    if status == OVERDUE:
        return tuple(s + LATE for s in lifecycle.CLOCK_RUNS)
    return tuple(s + late for s in GROUPS.get(status, (status,)) for late in ("", LATE))


def _sums(at: int, within: Cells, filters: Filters) -> Sequence[Any]:
    """Rows of sums by square of zoom `at` and by state, of what matches and lies in a range of cells."""
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
        given |= {"dims": plan.dims, "periods": plan.periods, "first": within[0] >> bits, "last": within[1] >> bits}
        parts.append(_FROM_CELLS.format(level=plan.level, bits=2 * (plan.level - at), only=only))
    for number, span in enumerate(plan.spans):
        parts.append(
            _FROM_POINTS.format(
                square=_SQUARE, bits=2 * (cells.ZOOM - at), only=only + conditions(asked, span, number, given)
            )
        )
    if not parts:
        return ()
    words = parts[0] if len(parts) == 1 else _TOGETHER.format(parts=" UNION ALL ".join(parts))
    return plain(words, given).all()


# Plain SQL, the same on both engines: building these as expressions costs more than running them. Numbers and
# names come from here and from cubes.py; all that was asked for is bound.
_FROM_CELLS = (
    "SELECT cell >> {bits} AS sub, state, SUM(n) AS n, SUM(sum_x) AS sum_x, SUM(sum_y) AS sum_y, "
    "SUM(squares) AS squares, SUM(sum_id) AS sum_id FROM map_cells WHERE level = {level} AND dim IN :dims "
    "AND period IN :periods AND cell >= :first AND cell < :last AND n > 0{only} GROUP BY cell >> {bits}, state"
)
_SQUARE = " + ".join(f"CAST({c} % {OFFSET} AS BIGINT) * ({c} % {OFFSET})" for c in ("x", "y"))
_FROM_POINTS = (
    "SELECT cell >> {bits} AS sub, state, COUNT(*) AS n, SUM(x) AS sum_x, SUM(y) AS sum_y, "
    "SUM({square}) AS squares, SUM(report_id) AS sum_id FROM map_points "
    "WHERE cell >= :low AND cell < :high{only} GROUP BY cell >> {bits}, state"
)
_TOGETHER = (
    "SELECT sub, state, SUM(n) AS n, SUM(sum_x) AS sum_x, SUM(sum_y) AS sum_y, SUM(squares) AS squares, "
    "SUM(sum_id) AS sum_id FROM ({parts}) AS parts GROUP BY sub, state"
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


def at_one_point(square: Square) -> int | None:
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


def _singles(ids: Iterable[int]) -> dict[int, Any]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    words = "SELECT report_id, public_id, lon, lat, category, state FROM map_points WHERE report_id IN :ids"
    return {row.report_id: row for row in plain(words, {"ids": tuple(wanted)})}


def _single(row: Any) -> dict[str, Any]:
    known = catalogue().categories.get(row.category)
    return {
        "id": row.public_id,
        "lon": round(row.lon, 5),
        "lat": round(row.lat, 5),
        "category": row.category,
        "icon": known.icon if known else "icon-other",
        "status": row.state.removesuffix(LATE),
        "overdue": row.state.endswith(LATE),
    }


def _cluster(square: Square, point: int | None, communes: dict[int, str | None]) -> dict[str, Any]:
    lon, lat = cells.position(square.sum_x / square.n + 0.5, square.sum_y / square.n + 0.5)
    by = {group: square.by[group] for group in GROUPS if square.by.get(group)}
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
