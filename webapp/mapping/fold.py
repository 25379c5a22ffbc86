"""Keeping the map's sums current: what changed is taken out as it was and put in as it is.

`tick` runs every second or two in the relay (or the embedded worker). Only one fold runs at a time; whoever
finds another at it goes home. A case is on the map one fold after the change was committed. The figures for everybody
(`webapp/figures`) are folded in the same turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, insert, select, text, union

from geo.cells import ZOOM, deinterleave
from webapp.core import clock
from webapp.core.db import db
from webapp.figures import fold as figures
from webapp.mapping import cubes
from webapp.mapping.cubes import OFFSET
from webapp.mapping.models import LATE, MapCell, MapChange, MapDelta, MapPoint, MapState
from webapp.reports import lifecycle, privacy
from webapp.reports.models import Report
from webapp.reports.queries import countable

BATCH = 2_000
# Clocks of several hosts may differ; looking at a case once more changes nothing.
OVERLAP = timedelta(minutes=2)

_FACTS = ("cell", "x", "y", "state", "category", "unit", "province", "commune", "month", "day")
_COLUMNS = ("report_id", *_FACTS)
_READ = (
    Report.id,
    Report.public_id,
    Report.public_lon,
    Report.public_lat,
    Report.public_cell,
    Report.status,
    Report.due_at,
    Report.category_code,
    Report.unit_code,
    Report.province_code,
    Report.area_code,
    Report.created_at,
)


def tick(limit: int = BATCH) -> int:
    """Fold up to `limit` changes in the open transaction; returns how many were looked at, 0 if another fold is
    at work. The caller commits, and asks again while as many come as were asked for."""
    state = _turn()
    if state is None:
        return 0
    now = clock.now()
    _note_what_time_changed(state, now)
    changes = db.session.execute(select(MapChange.id, MapChange.report_id).order_by(MapChange.id).limit(limit)).all()
    if changes:
        ids = {change.report_id for change in changes}
        moved = _look_again(ids, now)
        if figures.look_again(ids, now) or moved:
            state.version += 1
        db.session.execute(delete(MapChange).where(MapChange.id.in_([change.id for change in changes])))
    db.session.flush()
    return len(changes)


def begin_anew() -> None:
    """Forget all sums and look at every case again; `tick` does it, batch by batch."""
    state = _turn(wait=True)
    for model in (MapCell, MapPoint, MapDelta, MapChange):
        db.session.execute(delete(model))
    figures.forget()
    if state is not None:
        state.seen_at = None
        state.version += 1
    db.session.flush()


def add_up(source: str = MapDelta.__tablename__) -> None:
    """Add what lies in `source` (the deltas, or for a fresh start the points) to every sum."""
    for cube in cubes.CUBES:
        db.session.execute(text(_add_sql(cube, source)))


def first_wrong() -> str:
    """The name of a sum that differs from its points, "" if all agree. Reads everything: for operators and tests."""
    for cube in cubes.CUBES:
        kept, counted = (
            {tuple(row) for row in db.session.execute(text(query))} for query in (_kept_sql(cube), _counted_sql(cube))
        )
        if kept != counted:
            return f"{cube.level} {cube.dim or 'everything'} {cube.period}"
    return figures.first_wrong()


def _turn(*, wait: bool = False) -> MapState | None:
    query = select(MapState).where(MapState.id == 1).with_for_update(skip_locked=not wait)
    return db.session.scalars(query).first()


def _note_what_time_changed(state: MapState, now: Any) -> None:
    """Cases whose delay has run out, or whose answer has become late, since it was last looked."""
    if state.seen_at is None:
        found = select(Report.id).where(Report.publish_at.is_not(None))
    else:
        since = state.seen_at - OVERLAP
        # The public hears of lateness on the full hour, see `privacy.is_overdue`.
        hour, hour_before = privacy.to_the_hour(now), privacy.to_the_hour(since)
        either = union(
            select(Report.id).where(Report.publish_at > since, Report.publish_at <= now),
            select(Report.id).where(
                and_(Report.due_at >= hour_before, Report.due_at < hour, Report.status.in_(lifecycle.CLOCK_RUNS))
            ),
        ).subquery()
        found = select(either.c.id)
    db.session.execute(insert(MapChange).from_select(["report_id"], found))
    state.seen_at = now


def _look_again(ids: set[int], now: Any) -> bool:
    """Whether any of these cases counts otherwise now; the sums are brought to that."""
    columns = [getattr(MapPoint, name) for name in (*_COLUMNS, "public_id", "lon", "lat")]
    before = {
        row.report_id: row._asdict() for row in db.session.execute(select(*columns).where(MapPoint.report_id.in_(ids)))
    }
    after = {
        row.id: _point(row, now)
        for row in db.session.execute(
            select(*_READ).where(Report.id.in_(ids), countable(now), Report.public_cell.is_not(None))
        )
    }
    changed = {number for number in ids if before.get(number) != after.get(number)}
    if not changed:
        return False
    gone = [before[number] for number in changed if number in before]
    new = [after[number] for number in changed if number in after]
    if gone:
        db.session.execute(delete(MapPoint).where(MapPoint.report_id.in_([point["report_id"] for point in gone])))
    if new:
        db.session.execute(insert(MapPoint), new)
    db.session.execute(insert(MapDelta), [*_signed(gone, -1), *_signed(new, 1)])
    add_up()
    db.session.execute(delete(MapDelta))
    return True


def _signed(points: Iterable[dict[str, Any]], sign: int) -> list[dict[str, Any]]:
    return [{"sign": sign} | {name: point[name] for name in _COLUMNS} for point in points]


def _point(row: Any, now: Any) -> dict[str, Any]:
    x, y = deinterleave(row.public_cell)
    day = cubes.number(clock.local(row.created_at).date())
    return {
        "report_id": row.id,
        "cell": row.public_cell,
        "x": x,
        "y": y,
        "state": row.status + (LATE if privacy.is_overdue(_Clock(row.status, row.due_at), now) else ""),
        "category": row.category_code,
        "unit": (row.unit_code or "") if row.status in lifecycle.PASSED_ON else "",
        "province": row.province_code or "",
        "commune": row.area_code or "",
        "month": day // 100,
        "day": day,
        "public_id": row.public_id,
        "lon": row.public_lon,
        "lat": row.public_lat,
    }


class _Clock:
    """What `privacy.is_overdue` asks of a report."""

    def __init__(self, status: str, due_at: Any) -> None:
        self.status, self.due_at = status, due_at


# -- SQL, the same on both engines. Names come from cubes.py, never from outside. ---------------------------------


def _keys(cube: cubes.Cube) -> tuple[str, str, str]:
    """(dim, period, where) of a cube as SQL over facts."""
    period = {cubes.ALL: "0", cubes.YEAR: "month / 100", cubes.MONTH: "month", cubes.DAY: "day"}[cube.period]
    if not cube.dim:
        return "''", period, "1 = 1"
    return f"'{cubes.PREFIX[cube.dim]}' || {cube.dim}", period, f"{cube.dim} <> ''"


def _sums(sign: str) -> str:
    x, y = f"(x % {OFFSET})", f"(y % {OFFSET})"
    return ", ".join(
        (
            f"SUM({sign})",
            f"SUM({sign} * CAST(x AS BIGINT))",
            f"SUM({sign} * CAST(y AS BIGINT))",
            f"SUM({sign} * (CAST({x} AS BIGINT) * {x} + CAST({y} AS BIGINT) * {y}))",
            f"SUM({sign} * report_id)",
        )
    )


def _add_sql(cube: cubes.Cube, source: str) -> str:
    dim, period, where = _keys(cube)
    shift = 2 * (ZOOM - cube.level)
    sign = "sign" if source == MapDelta.__tablename__ else "1"
    added = ", ".join(f"{name} = map_cells.{name} + excluded.{name}" for name in _SUMS)
    return (
        f"INSERT INTO map_cells (level, dim, period, cell, state, {', '.join(_SUMS)}) "  # noqa: S608
        f"SELECT {cube.level}, {dim}, {period}, cell >> {shift}, state, {_sums(sign)} FROM {source} WHERE {where} "
        f"GROUP BY {_group(cube, shift)} HAVING SUM({sign} * {sign}) > 0 "
        f"ON CONFLICT (level, dim, period, cell, state) DO UPDATE SET {added}"
    )


_SUMS = ("n", "sum_x", "sum_y", "squares", "sum_id")


def _group(cube: cubes.Cube, shift: int) -> str:
    period = "" if cube.period == cubes.ALL else _keys(cube)[1]
    names = [cube.dim, period, f"cell >> {shift}", "state"]
    return ", ".join(name for name in names if name)


def _kept_sql(cube: cubes.Cube) -> str:
    dim = f"dim LIKE '{cubes.PREFIX[cube.dim]}%'" if cube.dim else "dim = ''"
    least = {cubes.ALL: 0, cubes.YEAR: 1, cubes.MONTH: 10_000, cubes.DAY: 1_000_000}[cube.period]
    most = {cubes.ALL: 0, cubes.YEAR: 9_999, cubes.MONTH: 999_999, cubes.DAY: 99_999_999}[cube.period]
    return (
        f"SELECT dim, period, cell, state, {', '.join(_SUMS)} FROM map_cells "  # noqa: S608
        f"WHERE level = {cube.level} AND {dim} AND period BETWEEN {least} AND {most} AND n <> 0"
    )


def _counted_sql(cube: cubes.Cube) -> str:
    dim, period, where = _keys(cube)
    shift = 2 * (ZOOM - cube.level)
    return (
        f"SELECT {dim}, {period}, cell >> {shift}, state, {_sums('1')} FROM map_points WHERE {where} "  # noqa: S608
        f"GROUP BY {_group(cube, shift)}"
    )
