"""Figures for everybody at scale: what each page costs with ten thousand cases and with a million.

PostGIS, filled by `_fill`; facts by the program itself (`fold.rows_of`), sums by its SQL. Pages are those of random
places and units of which there are cases, for a year unless the line says otherwise; server time is that of the
whole request in this process, database and template included. `DGS_BENCH_FIGURES=10000,1000000` says how many cases,
each beside the first.
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
from datetime import date
from typing import Any

import psycopg
from flask import Flask

from tests import services
from tests.bench._fill import fill
from tests.bench._report import Figure, figure, write
from tests.bench.map import p95, wall

SIZES = tuple(int(n) for n in os.environ.get("DGS_BENCH_FIGURES", "10000,1000000").split(","))
ASKED = 120  # times each kind of page
BATCH = 20_000


def facts(app: Flask, url: str, size: int) -> float:
    """What every case counts for; seconds that it took."""
    from webapp.core import clock
    from webapp.figures.fold import COLUMNS, rows_of

    began = time.perf_counter()
    now = clock.now()
    with psycopg.connect(url) as connection, app.app_context():
        for first in range(1, size + 1, BATCH):
            with connection.cursor().copy(f"COPY figure_facts ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                for row in rows_of(range(first, min(first + BATCH, size + 1)), now):
                    copy.write_row([row[name] for name in COLUMNS])
    return time.perf_counter() - began


def sums(app: Flask, url: str) -> float:
    """The sums from all facts; seconds that they took."""
    from webapp.core import clock
    from webapp.core.db import committing, db
    from webapp.figures import fold
    from webapp.figures.models import FigureFact
    from webapp.mapping.models import MapState

    began = time.perf_counter()
    with app.app_context(), committing():
        fold.add_up(FigureFact.__tablename__)
        db.session.get_one(MapState, 1).seen_at = clock.now()
    took = time.perf_counter() - began
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return took


@contextmanager
def country(run: services.Run, size: int) -> Iterator[tuple[Flask, str, float, float]]:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    with run.place(services.POSTGIS, services.AREAS) as place:
        url = place.environ["DATABASE_URL"].replace("+psycopg", "")
        fill(url, size)
        app = create_app(Settings.from_env(place.environ))
        yield app, url, facts(app, url, size), sums(app, url)
        with app.app_context():
            db.engine.dispose()


def pages(url: str, dice: random.Random) -> dict[str, list[str]]:
    """Addresses by the name of their line."""
    year = date.today().year - 1
    with psycopg.connect(url) as connection:

        def some(column: str) -> list[str]:
            rows: list[Any] = connection.execute(
                f"SELECT DISTINCT {column} FROM figure_facts WHERE {column} <> '' ORDER BY 1"
            ).fetchall()
            return [dice.choice(rows)[0] for _ in range(ASKED)]

        provinces, communes, units = some("province"), some("commune"), some("unit")
    return {
        "country, a year": [f"/figures?period={year}"] * ASKED,
        "country, all time, a group of kinds": ["/figures?group=waste"] * ASKED,
        "province, a year": [f"/figures/{code}?period={year}" for code in provinces],
        "province, months across years": [f"/figures/{code}?from={year - 1}-05&to={year}-09" for code in provinces],
        "commune, a year": [f"/figures/{code}?period={year}" for code in communes],
        "unit, a year": [f"/figures/units/{code}?period={year}" for code in units],
        "a commune's year on one page": [f"/figures/{code}/{year}" for code in communes],
        "units of a province in order": [f"/figures/{code}/ranking?period={year}" for code in provinces],
        "province, a year, JSON": [f"/figures/{code}.json?period={year}" for code in provinces],
        "box for other sites": [f"/embed/{code}" for code in communes],
        "list of cases answered late in a province": [
            f"/figures/cases?measure=late&province={code}&period={year}" for code in provinces
        ],
    }


def measure(app: Flask, url: str, size: int, before: dict[str, float]) -> list[Figure]:
    """The figures of one size, each held against that of the first size."""
    found = []
    for what, addresses in pages(url, random.Random(7)).items():
        wall(app, addresses[:10])  # connections, plans, templates
        gc.collect()
        gc.disable()
        times = wall(app, addresses)
        gc.enable()
        for name, value in (("median", statistics.median(times)), ("95th percentile", p95(times))):
            line = f"{what}, {name}"
            first = before.setdefault(line, value)
            found.append(figure(f"{size:,} cases: {line}", value, "ms", floor=first, n=len(times), less_is_better=True))
    return found


def main() -> None:
    run = services.Run.begin()
    figures: list[Figure] = []
    before: dict[str, float] = {}
    try:
        for size in SIZES:
            with country(run, size) as (app, url, counting, adding):
                figures += measure(app, url, size, before)
                figures.append(figure(f"{size:,} cases: facts of all cases", counting, "s"))
                figures.append(figure(f"{size:,} cases: sums from all facts", adding, "s"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures.append(figure("peak memory of this process", peak, "MiB"))
    finally:
        run.end()
    write("figures", figures)


if __name__ == "__main__":
    main()
