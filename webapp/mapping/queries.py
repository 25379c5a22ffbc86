"""What lies in a map tile, and how many cases there are, out of the sums and points that `fold` keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal, literal_column, select, union_all
from sqlalchemy.orm import aliased

from geo import cells
from webapp.core import clock
from webapp.core.db import db
from webapp.mapping import cubes
from webapp.mapping.cubes import OFFSET
from webapp.mapping.models import LATE, MapCell, MapPoint
from webapp.reports import lifecycle
from webapp.reports.catalogue import catalogue
from webapp.reports.queries import GROUP_OF, GROUPS, OVERDUE, Filters

MAX_ZOOM = 20
SUMS = ("n", "sum_x", "sum_y", "squares", "sum_id")
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
    for row in db.session.execute(_sums(at, cells.tile_range(z, x, y), filters)):
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
    for row in db.session.execute(_sums(0, _WORLD, filters)):
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


def _sums(at: int, within: Cells, filters: Filters) -> Select[Any]:
    """Sums by square of zoom `at` and by state, of what matches and lies in a range of cells."""
    asked = _question(filters)
    first = _first_day() if filters.until and not filters.since else None
    plan = cubes.plan(at, asked, first, clock.today())
    wanted = states(filters.status)
    parts = []
    if plan.periods:
        parts.append(_from_cells(plan, at, within, wanted))
    parts += [_from_points(span, at, within, asked, wanted) for span in plan.spans]
    if not parts:
        parts.append(_from_points(cubes.Span(1, 0), at, within, asked, wanted))  # no day lies there
    if len(parts) == 1:
        return parts[0]
    rows = union_all(*parts).subquery()
    return select(rows.c.sub, rows.c.state, *(func.sum(rows.c[name]).label(name) for name in SUMS)).group_by(
        rows.c.sub, rows.c.state
    )


def _question(filters: Filters) -> cubes.Question:
    categories = {filters.category} if filters.category else set()
    if filters.group:
        of_group = {c.code for c in catalogue().categories.values() if c.group == filters.group}
        categories = categories & of_group if categories else of_group
        categories = categories or {""}  # asked for and none: no case has that
    return cubes.Question(
        tuple(sorted(categories)),
        filters.unit or "",
        filters.province or "",
        filters.commune or "",
        filters.since,
        filters.until,
    )


def _first_day() -> date:
    found = db.session.scalar(select(func.min(MapPoint.day)))
    return date(found // 10_000, found // 100 % 100, found % 100) if found else clock.today()


def _shifted(column: Any, bits: int) -> ColumnElement[Any]:
    # As a literal: PostgreSQL does not take a parameter in GROUP BY for the one in SELECT.
    return column.op(">>")(literal_column(str(int(bits))))


def _from_cells(plan: cubes.Plan, at: int, within: Cells, wanted: Iterable[str] | None) -> Select[Any]:
    bits = 2 * (cells.ZOOM - plan.level)
    sub = _shifted(MapCell.cell, 2 * (plan.level - at)).label("sub")
    query = (
        select(sub, MapCell.state, *(func.sum(getattr(MapCell, name)).label(name) for name in SUMS))
        .where(
            MapCell.level == plan.level,
            MapCell.dim.in_(plan.dims),
            MapCell.period.in_(plan.periods),
            MapCell.cell >= within[0] >> bits,
            MapCell.cell < within[1] >> bits,
            MapCell.n > 0,
        )
        .group_by(sub, MapCell.state)
    )
    return query if wanted is None else query.where(MapCell.state.in_(wanted))


def _from_points(
    span: cubes.Span, at: int, within: Cells, asked: cubes.Question, wanted: Iterable[str] | None
) -> Select[Any]:
    sub = _shifted(MapPoint.cell, 2 * (cells.ZOOM - at)).label("sub")
    x, y = (cast(column % OFFSET, BigInteger) for column in (MapPoint.x, MapPoint.y))
    query = (
        select(
            sub,
            MapPoint.state,
            func.count().label("n"),
            func.sum(MapPoint.x).label("sum_x"),
            func.sum(MapPoint.y).label("sum_y"),
            func.sum(x * x + y * y).label("squares"),
            func.sum(MapPoint.report_id).label("sum_id"),
        )
        .where(MapPoint.cell >= within[0], MapPoint.cell < within[1])
        .group_by(sub, MapPoint.state)
    )
    if wanted is not None:
        query = query.where(MapPoint.state.in_(wanted))
    if span.first is not None:
        query = query.where(MapPoint.day >= span.first)
    if span.last is not None:
        query = query.where(MapPoint.day <= span.last)
    if asked.categories:
        query = query.where(MapPoint.category.in_(asked.categories))
    for column, value in (
        (MapPoint.unit, asked.unit),
        (MapPoint.province, asked.province),
        (MapPoint.commune, asked.commune),
    ):
        if value:
            query = query.where(column == value)
    return query


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
    point = aliased(MapPoint)
    parts = [
        select(literal(cell, BigInteger).label("cell"), point.commune).where(point.cell == cell).limit(1).subquery()
        for cell in wanted
    ]
    rows = db.session.execute(union_all(*(select(part.c.cell, part.c.commune) for part in parts)))
    return {cell: commune or None for cell, commune in rows}


def _singles(ids: Iterable[int]) -> dict[int, Any]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    columns = (MapPoint.report_id, MapPoint.public_id, MapPoint.lon, MapPoint.lat, MapPoint.category, MapPoint.state)
    return {row.report_id: row for row in db.session.execute(select(*columns).where(MapPoint.report_id.in_(wanted)))}


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
