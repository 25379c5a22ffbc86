"""What it costs the web process to take a report in, beside the least that could be done.

The floor is a bare Flask route that inserts one row through psycopg and commits, on the same PostgreSQL in the
same run. Ours is the whole request of the form: token, session, reading, report, record, job, commit. CPU of
this process only, which both are counted in; the database's own time is in neither. Rounds alternate, and the
median round counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import psycopg
from flask import Flask, request
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from tests import factories, services
from tests.bench._report import figure, write
from webapp.reports.codes import new_client_id

ROUNDS, PER_ROUND = 9, 60


def bare(address: str) -> Flask:
    """The floor: one insert, one commit, one connection that stays open."""
    app = Flask("floor")
    connection = psycopg.connect(address)
    connection.execute("CREATE TABLE floor (id bigserial PRIMARY KEY, category text, words text, at timestamptz)")
    connection.commit()

    @app.post("/report")
    def create() -> str:
        connection.execute(
            "INSERT INTO floor (category, words, at) VALUES (%s, %s, now())",
            (request.form["category"], request.form["description"]),
        )
        connection.commit()
        return "ok"

    return app


def per_request(app: Any, make: Callable[[], dict[str, Any]], expected: int) -> float:
    """CPU milliseconds of one request; building the requests is not counted."""
    environs = [EnvironBuilder(**make()).get_environ() for _ in range(PER_ROUND)]
    began = time.process_time()
    for environ in environs:
        body, status, _headers = run_wsgi_app(app, environ)
        b"".join(body)
        assert status.startswith(str(expected)), status
    return 1000 * (time.process_time() - began) / PER_ROUND


def main() -> None:
    import re

    from webapp import create_app
    from webapp.config import Settings
    from webapp.core import outbox

    run = services.Run.begin()
    try:
        with run.place(services.POSTGIS, services.REFERENCE) as place:
            app = create_app(Settings.from_env(place.environ))
            outbox.set_kick(lambda ids: None)  # waking a worker is Redis's work, the same for everybody
            floor_app = bare(place.environ["DATABASE_URL"].replace("+psycopg", ""))
            browser = Client(app)
            page = browser.get("/report").text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)
            cookie = "; ".join(f"{c.key}={c.value}" for c in browser._cookies.values())
            assert token

            lon, lat = factories.DUYEN_HAI
            words = {"category": "coal_ash", "description": "Tro xỉ bay vào nhà dân mỗi khi có gió chướng"}

            def ours() -> dict[str, Any]:
                fields = words | {
                    "csrf_token": token[1],
                    "client_id": new_client_id(),
                    "lat": str(lat),
                    "lon": str(lon),
                }
                return {"path": "/report", "method": "POST", "data": fields, "headers": {"Cookie": cookie}}

            def least() -> dict[str, Any]:
                return {"path": "/report", "method": "POST", "data": words}

            per_request(app, ours, 303)
            per_request(floor_app, least, 200)
            rounds = [(per_request(app, ours, 303), per_request(floor_app, least, 200)) for _ in range(ROUNDS)]
        mine = statistics.median(a for a, _ in rounds)
        floor = statistics.median(b for _, b in rounds)
        write(
            "create", [figure("create a report, CPU of the web process", mine, "ms", floor=floor, n=ROUNDS * PER_ROUND)]
        )
    finally:
        run.end()


if __name__ == "__main__":
    main()
