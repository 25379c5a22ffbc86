"""The map at scale: what a tile costs with ten thousand cases and with a million, beside a bare route and query.

PostGIS, filled by `_fill`. Tiles are drawn where people are: the tile of a random case, any zoom from 5 to 18, any
filter. Server time is that of the whole request in this process, database included; nothing is kept from one
request to the next unless the line says so. `DGS_BENCH_MAP=10000,1000000` says how many cases, each beside the first;
`DGS_BENCH_MAP_SQLITE=100000` how many there are on SQLite, beside the same on PostGIS; `DGS_BENCH_TILES=10000000` how
many for tiles alone, beside the first size: nothing but the map's tables is kept ready for them.
"""

from __future__ import annotations

import gc
import os
import random
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import insert, select, text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from geo import cells
from tests import services
from tests.bench import _served
from tests.bench._fill import fill
from tests.bench._report import Figure, figure, write
from tests.bench._served import Wish

SIZES = tuple(int(n) for n in os.environ.get("DGS_BENCH_MAP", "10000,1000000").split(","))
ON_SQLITE = int(os.environ.get("DGS_BENCH_MAP_SQLITE", "0"))
TILES_ALONE = int(os.environ.get("DGS_BENCH_TILES", "0"))
TILES, ROUNDS = 400, 5
PHONE = (360, 740)
GATHER = """
CREATE FUNCTION pg_temp.gather(n bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  n := n & x'5555555555555555'::bigint;
  n := (n | (n >> 1)) & x'3333333333333333'::bigint;
  n := (n | (n >> 2)) & x'0F0F0F0F0F0F0F0F'::bigint;
  n := (n | (n >> 4)) & x'00FF00FF00FF00FF'::bigint;
  n := (n | (n >> 8)) & x'0000FFFF0000FFFF'::bigint;
  RETURN (n | (n >> 16)) & x'00000000FFFFFFFF'::bigint;
END $$
"""
# The same rows as `mapping.fold` makes one by one; `fold.first_wrong` compares the sums.
POINTS = """
INSERT INTO map_points (report_id, public_id, lon, lat, cell, x, y, state, category, unit, province, commune, month,
    day)
SELECT id, public_id, public_lon, public_lat, public_cell,
    pg_temp.gather(public_cell), pg_temp.gather(public_cell >> 1),
    status || CASE WHEN due_at < now() AND status = ANY(%(clock)s) THEN '!' ELSE '' END, category_code,
    CASE WHEN status = ANY(%(passed)s) THEN coalesce(unit_code, '') ELSE '' END, coalesce(province_code, ''),
    coalesce(area_code, ''), to_char(created_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYYMM')::int,
    to_char(created_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYYMMDD')::int
FROM reports WHERE publish_at <= now() AND public_cell IS NOT NULL AND status <> ALL(%(none)s)
"""


def add_up(app: Flask, url: str) -> float:
    """Make the map's tables from the reports; seconds that the sums took."""
    from webapp.core import clock
    from webapp.core.db import committing, db
    from webapp.mapping import fold
    from webapp.mapping.models import MapState
    from webapp.reports import lifecycle

    given = {"clock": list(lifecycle.CLOCK_RUNS), "passed": list(lifecycle.PASSED_ON)}
    # One transaction that holds the turn of the folds: the relay of a running instance would fold the same cases.
    with app.app_context(), committing():
        fold.begin_anew()
        connection = db.session.connection()
        connection.exec_driver_sql(GATHER)
        connection.exec_driver_sql(POINTS, given | {"none": [*lifecycle.HIDDEN, lifecycle.DUPLICATE]})
        began = time.perf_counter()
        fold.add_up("map_points")
        state = db.session.get_one(MapState, 1)
        state.seen_at = clock.now()
    took = time.perf_counter() - began
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return took


def questions(url: str, number: int, dice: random.Random) -> list[str]:
    """Addresses of tiles where people are, each with a filter or none."""
    with psycopg.connect(url) as connection:
        points = connection.execute(
            "SELECT lon, lat, category, unit FROM map_points WHERE report_id = ANY(%s)",
            ([dice.randrange(1, _most(connection)) for _ in range(3 * number)],),
        ).fetchall()
    today = date.today()
    found = []
    for lon, lat, category, unit in points[:number]:
        zoom = dice.randint(5, 18)
        x, y = cells.tile_of(lon, lat, zoom)
        since = today - timedelta(days=dice.randint(1, 900))
        query = dice.choice(
            (
                "",
                f"category={category}",
                f"group={dice.choice(('waste', 'water', 'air'))}",
                f"status={dice.choice(('waiting', 'done', 'overdue', 'closed'))}",
                f"from={since}",
                f"category={category}&from={since}&to={since + timedelta(days=dice.randint(1, 400))}",
                f"unit={unit}" if unit else "",
            )
        )
        found.append(f"/map/tiles/{zoom}/{x}/{y}.json" + (f"?{query}" if query else ""))
    return found


def _most(connection: Any) -> int:
    return int(connection.execute("SELECT max(report_id) FROM map_points").fetchone()[0])


def ask(app: Any, address: str, **headers: str) -> bytes:
    body, status, _headers = run_wsgi_app(app, EnvironBuilder(path=address, headers=headers).get_environ())
    said = b"".join(body)
    assert status[:3] in ("200", "304"), (address, status, said[:200])
    return said


def wall(app: Any, addresses: list[str]) -> list[float]:
    """Milliseconds of each request."""
    found = []
    for address in addresses:
        environ = EnvironBuilder(path=address).get_environ()
        began = time.perf_counter()
        body, status, _headers = run_wsgi_app(app, environ)
        b"".join(body)
        found.append(1000 * (time.perf_counter() - began))
        assert status.startswith("200"), (address, status)
    return found


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


@contextmanager
def country(
    run: services.Run, size: int, *, bare: bool = True, indexed: bool = True
) -> Iterator[tuple[Flask, services.Place, float]]:
    from webapp import create_app
    from webapp.config import Settings

    with run.place(services.POSTGIS, services.AREAS) as place:
        url = place.environ["DATABASE_URL"].replace("+psycopg", "")
        fill(url, size, bare=bare, indexed=indexed)
        app = create_app(Settings.from_env(place.environ))
        yield app, place, add_up(app, url)
        from webapp.core.db import db

        with app.app_context():
            db.engine.dispose()


@contextmanager
def on_sqlite(run: services.Run, source: Flask) -> Iterator[Flask]:
    """The same cases in an instance on SQLite, copied table by table, the sums made anew."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import committing, db, table_of
    from webapp.mapping import fold
    from webapp.mapping.models import MapPoint
    from webapp.reports.models import Report

    with run.place(services.SQLITE, services.AREAS) as place:
        app = create_app(Settings.from_env(place.environ))
        for model in (Report, MapPoint):
            table = table_of(model)
            with source.app_context():
                rows = [dict(row) for row in db.session.execute(select(table)).mappings()]
                db.session.remove()
            with app.app_context(), committing():
                db.session.execute(text("PRAGMA defer_foreign_keys = ON"))
                db.session.execute(insert(table), rows)
        with app.app_context(), committing():
            db.session.execute(text("DELETE FROM map_changes"))
            fold.add_up("map_points")
            db.session.execute(text("UPDATE map_state SET seen_at = CURRENT_TIMESTAMP"))
        with app.app_context():
            db.session.execute(text("ANALYZE"))
            db.session.commit()
        yield app
        with app.app_context():
            db.engine.dispose()


def beside_sqlite(run: services.Run, app: Flask, url: str, size: int) -> list[Figure]:
    """Tiles of the same cases on both, one after the other."""
    addresses = questions(url, TILES, random.Random(5))
    with on_sqlite(run, app) as small:
        figures = []
        for each in (app, small):
            wall(each, addresses[:60])
        times = wall(app, addresses), wall(small, addresses)
        assert [ask(app, a) for a in addresses[:50]] == [ask(small, a) for a in addresses[:50]]
        for what, of in (("median", statistics.median), ("95th percentile", p95)):
            name = f"{size:,} cases on SQLite, beside PostGIS: tile, server time, {what}"
            figures.append(figure(name, of(times[1]), "ms", floor=of(times[0]), n=TILES, less_is_better=True))
    return figures


def measure(app: Flask, url: str, size: int, took: float, before: dict[str, float]) -> list[Figure]:
    """The figures of one size, each held against that of the first size."""
    dice = random.Random(5)
    addresses = questions(url, TILES, dice)
    name = f"{size:,} cases: "
    wall(app, addresses[:60])  # connections, plans, caches of the database
    gc.collect()
    gc.disable()
    found = []

    def note(what: str, value: float, unit: str, n: int, floor: float | None = None) -> None:
        first = before.setdefault(what, value)
        found.append(figure(name + what, value, unit, floor=floor or first, n=n, less_is_better=True))

    times = wall(app, addresses)
    note("tile, server time, median", statistics.median(times), "ms", TILES)
    note("tile, server time, 95th percentile", p95(times), "ms", TILES)
    # Noise is as large as what is looked for: the least of six times for each of other tiles.
    others = questions(url, 600, random.Random(11))
    least = [min(each) for each in zip(*(wall(app, others) for _ in range(6)), strict=True)]
    note("tile, least of six, 95th percentile", p95(least), "ms", len(others))
    found.append(figure(name + "sums made from all points", took, "s"))
    if size == TILES_ALONE:
        gc.enable()
        return found
    for zoom in (5, 8, 10, 12, 14, 16):
        plain = [a for a in questions(url, 1200, dice) if a.startswith(f"/map/tiles/{zoom}/")][:60]
        times = wall(app, plain)
        note(f"tile of zoom {zoom}, 95th percentile", p95(times), "ms", len(plain))
    # A phone's whole view of the country, a city and a street, beside one query for a hundred markers.
    with psycopg.connect(url) as connection:
        for what, zoom in (("country", 6), ("city", 11), ("street", 16)):
            views, queries = [], []
            for lon, lat in connection.execute(
                "SELECT lon, lat FROM map_points WHERE report_id = ANY(%s)",
                ([dice.randrange(1, _most(connection)) for _ in range(40)],),
            ).fetchall():
                tiles = viewport(lon, lat, zoom)
                views.append(sum(wall(app, [f"/map/tiles/{zoom}/{x}/{y}.json" for x, y in tiles])))
                queries.append(bbox(connection, tiles, zoom))
            found.append(
                figure(
                    name + f"view of a {what}, all tiles, beside one bbox query LIMIT 100",
                    statistics.median(views),
                    "ms",
                    floor=statistics.median(queries),
                    n=len(views),
                    less_is_better=True,
                )
            )
    gc.enable()
    return found


def as_served(place: services.Place, app: Flask, size: int) -> list[Figure]:
    """Requests a second of one process under gunicorn, by its CPU, beside an empty route under the same gunicorn:
    tiles that nobody has asked for before, one that many look at, and one that is known already."""
    each = 100
    url = place.environ["DATABASE_URL"].replace("+psycopg", "")
    fresh = iter(dict.fromkeys(questions(url, 40 * each, random.Random(9))))
    with _served.ours(place, TILES_KEPT_S="2") as served, _served.floor(place) as floor:
        empty = (floor, lambda: Wish("/"))
        median = sorted((len(ask(app, a)), a) for a in questions(url, 101, random.Random(3)))[50][1]
        served.ask(Wish(median))
        tag = served.tag
        found = []
        known = Wish(median, headers={"If-None-Match": tag}, expected=304)
        for what, make in (
            ("tile nobody asked for before (aim 0.4)", lambda: Wish(next(fresh))),
            ("median tile, asked for by many (aim 0.4)", lambda: Wish(median)),
            ("the same with If-None-Match (aim 0.7)", lambda: known),
        ):
            mine, least = _served.compare((served, make), empty, rounds=ROUNDS, each=each)
            name = f"{size:,} cases, as served: {what}"
            found.append(figure(name, mine, "ms CPU", floor=least, n=ROUNDS * each, less_is_better=True))
    return found


def viewport(lon: float, lat: float, zoom: int) -> list[tuple[int, int]]:
    """The tiles that a phone's screen touches around a place."""
    x, y = cells.tile_of(lon, lat, zoom)
    wide, high = PHONE[0] // 256 + 1, PHONE[1] // 256 + 1
    return [(x + dx, y + dy) for dx in range(wide) for dy in range(high)]


def bbox(connection: Any, tiles: list[tuple[int, int]], zoom: int) -> float:
    """Milliseconds of a bare query for what lies in these tiles, at most a hundred."""
    bounds = [cells.tile_bounds(zoom, x, y) for x, y in tiles]
    box = (min(b[0] for b in bounds), min(b[1] for b in bounds), max(b[2] for b in bounds), max(b[3] for b in bounds))
    began = time.perf_counter()
    connection.execute(
        "SELECT public_id, status, ST_X(location), ST_Y(location) FROM reports "
        "WHERE location && ST_MakeEnvelope(%s, %s, %s, %s, 4326) LIMIT 100",
        box,
    ).fetchall()
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    run = services.Run.begin()
    figures: list[Figure] = []
    before: dict[str, float] = {}
    try:
        for size in SIZES:
            with country(run, size) as (app, place, took):
                url = place.environ["DATABASE_URL"].replace("+psycopg", "")
                figures += measure(app, url, size, took, before)
                figures += as_served(place, app, size)
        if TILES_ALONE:
            with country(run, TILES_ALONE, indexed=False) as (app, place, took):
                url = place.environ["DATABASE_URL"].replace("+psycopg", "")
                figures += measure(app, url, TILES_ALONE, took, before)
        if ON_SQLITE:
            with country(run, ON_SQLITE) as (app, place, _took):
                url = place.environ["DATABASE_URL"].replace("+psycopg", "")
                figures += beside_sqlite(run, app, url, ON_SQLITE)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures.append(figure("peak memory of this process", peak, "MiB"))
    finally:
        run.end()
    write("map", figures)


if __name__ == "__main__":
    main()
