"""What it costs the web process to take a report in, beside the least that could be done.

The floor is a bare Flask route that reads a form, inserts one row of a report's columns through the database's own
driver and commits durably: same database, same process, same run. Ours is the whole request: session, token, limit,
reading, report, record, job, commit, waking a worker. CPU of this process only, which all are counted in;
PostgreSQL's and Redis's own time is in none. Rounds alternate, and the median round counts.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import psycopg
from flask import Flask, request
from sqlalchemy import Column, MetaData, Table, Text, create_engine, event
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from tests import factories, services
from tests.bench._report import Figure, figure, write
from webapp.reports.codes import new_client_id

ROUNDS, PER_ROUND = 15, 60
numbers = itertools.count()  # forty reports come from each network, less than it may send
COLUMNS = (
    *("public_id", "client_key", "code_hash", "version", "category", "description", "observed_at", "lang", "channel"),
    *("lon", "lat", "accuracy", "place_source", "place_text", "area_code", "province_code", "bypass_commune"),
    *("created_at", "status", "updated_at"),
)
UNIQUE = {"public_id", "client_key", "code_hash"}


def bare(insert: Callable[[list[str | None]], Any], commit: Callable[[], None]) -> Flask:
    """A Flask app whose one route reads the form, inserts one row and commits."""
    app = Flask("floor")

    @app.post("/report")
    def create() -> str:
        insert([request.form.get(name) for name in COLUMNS])
        commit()
        return "ok"

    return app


@contextmanager
def floors(place: services.Place) -> Iterator[tuple[Flask, Flask]]:
    """The floor through the driver alone, and through SQLAlchemy's core and its pool; on the database of an
    instance, as durable as ours is."""
    address = place.environ["DATABASE_URL"]
    postgis = place.engine == services.POSTGIS
    columns = ", ".join(f"{name} text{' UNIQUE' if name in UNIQUE else ''}" for name in COLUMNS)
    create = f"CREATE TABLE floor (id {'bigserial' if postgis else 'integer'} PRIMARY KEY, {columns})"
    insert = f"INSERT INTO floor ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s' if postgis else '?'] * len(COLUMNS))})"
    driver: Any
    if postgis:
        driver = psycopg.connect(address.replace("+psycopg", ""))
    else:
        driver = sqlite3.connect(address.removeprefix("sqlite:///"), check_same_thread=False)
        driver.execute("PRAGMA synchronous=FULL")
    driver.execute(create)
    driver.commit()
    engine = create_engine(address)
    core = Table("floor", MetaData(), *(Column(name, Text) for name in COLUMNS)).insert()

    def through_core(values: list[str | None]) -> None:
        with engine.begin() as connection:
            connection.execute(core, dict(zip(COLUMNS, values, strict=True)))

    yield bare(lambda values: driver.execute(insert, values), driver.commit), bare(through_core, lambda: None)
    driver.close()
    engine.dispose()


def per_request(app: Any, make: Callable[[], dict[str, Any]], expected: int) -> float:
    """CPU milliseconds of one request; building the requests is not counted."""
    environs = [
        EnvironBuilder(**make(), environ_base={"REMOTE_ADDR": f"10.0.{next(numbers) // 40 % 250}.7"}).get_environ()
        for _ in range(PER_ROUND)
    ]
    began = time.process_time()
    for environ in environs:
        body, status, _headers = run_wsgi_app(app, environ)
        b"".join(body)
        assert status.startswith(str(expected)), status
    return 1000 * (time.process_time() - began) / PER_ROUND


def measured(run: services.Run, engine: str) -> list[Figure]:
    """The figures of one engine."""
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core import outbox
    from webapp.core.db import db

    with (
        run.place(engine, services.REFERENCE) as place,
        floors(place) as (driver, core),
    ):
        app = create_app(Settings.from_env(place.environ))
        browser = Client(app)
        token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/report").text)
        cookie = "; ".join(f"{c.key}={c.value}" for c in browser._cookies.values())
        assert token
        lon, lat = factories.DUYEN_HAI
        words = {"category": "coal_ash", "description": "Tro xỉ bay vào nhà dân mỗi khi có gió chướng"}
        words |= {"lat": str(lat), "lon": str(lon), "place_source": "device", "accuracy": "12"}

        def ours() -> dict[str, Any]:
            fields = words | {"csrf_token": token[1], "client_id": new_client_id()}
            return {"path": "/report", "method": "POST", "data": fields, "headers": {"Cookie": cookie}}

        def queued() -> dict[str, Any]:
            fields = words | {"client_id": new_client_id()}
            return {"path": "/report", "method": "POST", "data": fields, "headers": {"Accept": "application/json"}}

        def least() -> dict[str, Any]:
            filled = {name: "2026-11-22T02:03:04.567890" for name in COLUMNS} | words
            fields = filled | {name: new_client_id() * 2 for name in UNIQUE}
            return {"path": "/report", "method": "POST", "data": fields}

        def a_round() -> tuple[float, ...]:
            asked = ((app, ours, 303), (app, queued, 201), (driver, least, 200), (core, least, 200))
            return tuple(per_request(*one) for one in asked)

        for _ in range(2):
            a_round()  # what is read once and kept
        statements: list[str] = []
        with app.app_context():
            watched = (
                db.engine,
                "before_cursor_execute",
                lambda *about: about[2].startswith("BEGIN") or statements.append(about[2]),
            )
            event.listen(*watched)
            per_request(app, ours, 303)
            event.remove(*watched)
        form, queue, least_of_all, by_core = map(median, zip(*(a_round() for _ in range(ROUNDS)), strict=True))
        outbox.set_kick(None)
        unkicked = median(per_request(app, ours, 303) for _ in range(ROUNDS))
        with app.app_context():
            db.engine.dispose()
    n = ROUNDS * PER_ROUND
    rows = [
        ("a report by the form", form, least_of_all),
        ("a report out of a phone's queue", queue, least_of_all),
        ("the form, beside a floor through SQLAlchemy", form, by_core),
        ("the form, without waking a worker", unkicked, least_of_all),
    ]
    return [
        *(figure(f"{engine}: {name}", value, "ms CPU", floor=floor, n=n) for name, value, floor in rows),
        figure(f"{engine}: SQL statements of a report", len(statements) / PER_ROUND, "", n=PER_ROUND),
    ]


def main() -> None:
    run = services.Run.begin()
    try:
        write("create", [found for engine in services.ENGINES for found in measured(run, engine)])
    finally:
        run.end()


if __name__ == "__main__":
    main()
