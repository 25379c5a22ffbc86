"""Open data at scale: rows a second and memory of a whole export, beside COPY of the same rows; pages of the API.

PostGIS, filled by `_fill`. The export is `service.write` (all four formats in one pass) and `service.build` (with
checksums and storage). Memory is the highest of this process; it may not grow with the number of rows.
`DGS_BENCH_EXPORT=10000,1000000` says how many cases, each beside the first.
"""

from __future__ import annotations

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from flask import Flask

from tests import services
from tests.bench._fill import fill
from tests.bench._report import Figure, figure, write

SIZES = tuple(int(n) for n in os.environ.get("DGS_BENCH_EXPORT", "10000,1000000").split(","))
PAGES = 40


@contextmanager
def country(run: services.Run, size: int) -> Iterator[tuple[Flask, str]]:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    with run.place(services.POSTGIS, services.AREAS) as place:
        url = place.environ["DATABASE_URL"].replace("+psycopg", "")
        fill(url, size)
        app = create_app(Settings.from_env(place.environ))
        yield app, url
        with app.app_context():
            db.engine.dispose()


def copied(app: Flask, url: str) -> tuple[int, float]:
    """(rows, seconds) of COPY TO STDOUT of what the export reads, thrown away."""
    from webapp.core import clock
    from webapp.core.db import db
    from webapp.reports import open_rows, queries

    with app.app_context():
        query = open_rows._rows().where(queries.countable(clock.now()))
        words = query.compile(db.engine, compile_kwargs={"literal_binds": True})
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        with cursor.copy(f"COPY ({words}) TO STDOUT".replace("%%", "%")) as copy:
            for _piece in copy:
                pass
        return cursor.rowcount, time.perf_counter() - began


def exported(app: Flask) -> tuple[int, float, int]:
    """(rows, seconds, bytes) of all four formats."""
    from webapp.core import clock
    from webapp.opendata import service

    with tempfile.TemporaryDirectory() as folder, app.app_context():
        began = time.perf_counter()
        rows = service.write(Path(folder), clock.now())
        took = time.perf_counter() - began
        return rows, took, sum(path.stat().st_size for path in Path(folder).iterdir())


def read_only(app: Flask) -> float:
    """Seconds for reading and building all rows without writing them anywhere."""
    from webapp.core import clock
    from webapp.core.db import db, reading
    from webapp.opendata.records import Names, records
    from webapp.reports import open_rows

    with app.app_context(), reading():
        names = Names()
        began = time.perf_counter()
        for rows in open_rows.everything(clock.now()):
            records(rows, names)
        took = time.perf_counter() - began
        db.session.rollback()
    return took


def pages(app: Flask, query: str) -> list[float]:
    """Milliseconds of each of some pages in a row."""
    client = app.test_client()
    address, found = f"/api/v1/reports?{query}", []
    for _ in range(PAGES):
        began = time.perf_counter()
        answer = client.get(address)
        found.append(1000 * (time.perf_counter() - began))
        assert answer.status_code == 200, answer.text
        onward = answer.json["next"]
        if not onward:
            break
        address = "{0.path}?{0.query}".format(urlsplit(onward))
    return found


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(app: Flask, url: str, size: int, before: dict[str, float]) -> list[Figure]:
    name = f"{size:,} cases: "
    found: list[Figure] = []
    if not before:
        exported(app)  # the first one also loads code
    busy = time.process_time()
    rows, seconds, written = exported(app)
    busy = time.process_time() - busy
    memory = peak()
    copies, copy_took = copied(app, url)
    assert abs(copies - rows) <= rows / 100, (copies, rows)  # what came out in between
    copy_speed = copies / copy_took
    found.append(
        figure(name + "export in four formats, beside COPY", rows / seconds, "rows/s", floor=copy_speed, n=rows)
    )
    found.append(figure(name + "the same, work of this process", 1e6 * busy / rows, "µs CPU/row", n=rows))
    reading = rows / read_only(app)
    found.append(figure(name + "reading and building rows, beside COPY", reading, "rows/s", floor=copy_speed, n=rows))
    found.append(figure(name + "size of the four files", written / 1e6, "MB", n=4))
    floor = before.setdefault("memory", memory)
    found.append(figure(name + "peak memory", memory, "MiB", floor=floor, less_is_better=True))
    from webapp.opendata import service

    with app.app_context():
        began = time.perf_counter()
        service.build()
        found.append(figure(name + "whole version, stored and summed", time.perf_counter() - began, "s"))
    with psycopg.connect(url) as connection:
        province, commune = connection.execute(
            "SELECT province_code, area_code FROM reports WHERE area_code IS NOT NULL "
            "GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1"
        ).fetchone() or ("", "")
    for what, query in (
        ("page of 100", "limit=100"),
        ("page of 1,000", "limit=1000"),
        ("page of 100 of a province", f"limit=100&province={province}"),
        ("page of 100 of a commune", f"limit=100&commune={commune}"),
        ("page of 100 overdue", "limit=100&status=overdue"),
        ("page of 100 in a box", "limit=100&bbox=105.5,20.5,106.5,21.5"),
        ("page of 100 changed in a day", f"limit=100&updated_since={_yesterday()}"),
    ):
        times = pages(app, query)[1:] or [0.0]
        value = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        first = before.setdefault(what, value)
        title = f"{name}{what}, 95th percentile"
        found.append(figure(title, value, "ms", floor=first, n=len(times), less_is_better=True))
    return found


def _yesterday() -> str:
    from datetime import timedelta

    from webapp.core import clock

    return (clock.today() - timedelta(days=1)).isoformat()


def main() -> None:
    run = services.Run.begin()
    figures: list[Figure] = []
    before: dict[str, Any] = {}
    try:
        for size in SIZES:
            with country(run, size) as (app, url):
                figures += measure(app, url, size, before)
    finally:
        run.end()
    write("export", figures)


if __name__ == "__main__":
    main()
