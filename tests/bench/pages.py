"""What the public reads of many cases: `python -m tests.bench.pages`.

Server time of the whole request in this process, database included, on PostGIS filled by `_fill`; nothing is kept from
one request to the next. `DGS_BENCH_PAGES=10000,1000000` says how many cases, each held against the first.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
from datetime import date, timedelta
from typing import Any

import psycopg
from flask import Flask

from tests import services
from tests.bench._report import Figure, figure, write
from tests.bench.map import country, p95, wall

SIZES = tuple(int(n) for n in os.environ.get("DGS_BENCH_PAGES", "10000,1000000").split(","))
TIMES = 100


def questions(connection: Any, dice: random.Random) -> dict[str, list[str]]:
    """Addresses of each kind of page, where people are."""
    most = connection.execute("SELECT max(report_id) FROM map_points").fetchone()[0]
    points = connection.execute(
        "SELECT public_id, lon, lat, category, province, commune FROM map_points WHERE report_id = ANY(%s)",
        ([dice.randrange(1, most) for _ in range(3 * TIMES)],),
    ).fetchall()[:TIMES]
    assert len(points) == TIMES
    today = date.today()
    found: dict[str, list[str]] = {}
    for case, lon, lat, category, province, commune in points:
        since = today - timedelta(days=dice.randint(30, 700))
        box = f"{lon - 0.05:.4f},{lat - 0.05:.4f},{lon + 0.05:.4f},{lat + 0.05:.4f}"
        for name, address in {
            "case page": f"/cases/{case}",
            "list of everything": "/map",
            "list of a commune": f"/map?commune={commune}",
            "list of a province, one kind, since a day": f"/map?province={province}&category={category}&from={since}",
            "list, overdue in a province": f"/map?province={province}&status=overdue",
            "list beside the map, in view": f"/map/list?bbox={box}",
            "months for the slider, one kind": f"/map/months.json?category={category}",
            "shades of the provinces, a year": f"/map/shades.json?from={today - timedelta(days=365)}",
            "bulk API, a page of one kind in a box": f"/api/v1/reports?category={category}&bbox={box}",
            "Open311, newest of a kind": f"/open311/v2/requests.json?service_code={category}",
            "Atom of a commune": f"/feeds/commune/{commune}.atom",
        }.items():
            found.setdefault(name, []).append(address)
    return found


def measure(app: Flask, url: str, size: int, before: dict[str, float]) -> list[Figure]:
    with psycopg.connect(url) as connection:
        asked = questions(connection, random.Random(11))
    found = []
    gc.collect()
    for what, addresses in asked.items():
        wall(app, addresses[:10])
        times = wall(app, addresses)
        for name, value in (("median", statistics.median(times)), ("95th percentile", p95(times))):
            first = before.setdefault(what + name, value)
            title = f"{size:,} cases: {what}, {name}"
            found.append(figure(title, value, "ms", floor=first, n=len(times), less_is_better=True))
    return found


def main() -> None:
    run = services.Run.begin()
    figures: list[Figure] = []
    before: dict[str, float] = {}
    try:
        for size in SIZES:
            with country(run, size, bare=False) as (app, place, _took):
                url = place.environ["DATABASE_URL"].replace("+psycopg", "")
                figures += measure(app, url, size, before)
    finally:
        run.end()
    write("pages", figures)


if __name__ == "__main__":
    main()
