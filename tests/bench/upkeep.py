"""What it costs to keep the map's sums current, and how soon they are: `python -m tests.bench.upkeep`.

Reports are sent by several senders at once to a served instance with its worker and relay, on PostGIS, in rounds that
alternate between the sums being kept and the trigger that notes changes being off. Meanwhile, with the sums kept, cases
change their status one by one, and a tile is asked for until it says so, through the web process and what it keeps.
"""

from __future__ import annotations

import json
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import select

from geo import cells
from tests import factories, services
from tests.bench import _served, served
from tests.bench._report import Figure, figure, write
from tests.bench._served import Served, Wish

SENDERS, ROUNDS, SECONDS = 3, 4, float(os.environ.get("DGS_BENCH_UPKEEP", "15"))
CHANGES = 40
PATIENCE = 30.0


def send(url: str, make: Callable[[], Wish], until: float) -> int:
    """Send reports one after the other until then; returns how many were acknowledged."""
    sender = Served(url, 0)
    sent = 0
    while time.monotonic() < until:
        sender.ask(make())
        sent += 1
    return sent


@contextmanager
def sending(url: str, make: Callable[[], Wish], until: float) -> Iterator[list[int]]:
    """Several senders at work until then, in the background; when it ends, what each got acknowledged."""
    counts: list[int] = []
    senders = [threading.Thread(target=lambda: counts.append(send(url, make, until))) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    try:
        yield counts
    finally:
        for sender in senders:
            sender.join()


def trigger(connection: Any, *, on: bool) -> None:
    """Whether changes of reports are noted for the map."""
    connection.execute(f"ALTER TABLE reports {'ENABLE' if on else 'DISABLE'} TRIGGER USER")


def speeds(ours: Served, make: Callable[[], Wish], database: str) -> tuple[list[float], list[float]]:
    """Reports a second of each round (with the sums, without them)."""
    found: tuple[list[float], list[float]] = ([], [])
    with psycopg.connect(database, autocommit=True) as connection:
        for number in range(2 * ROUNDS + 1):
            kept = number % 2 == 0
            trigger(connection, on=kept)
            began = time.monotonic()
            with sending(ours.url, make, began + SECONDS) as counts:
                pass
            if number:  # the first round warms up
                found[0 if kept else 1].append(sum(counts) / (time.monotonic() - began))
        trigger(connection, on=True)
    return found


def freshness(ours: Served, make: Callable[[], Wish], app: Any) -> list[float]:
    """Seconds from the commit of a change of status to the tile that shows it, while reports come in."""
    from webapp.core.db import committing, db
    from webapp.core.events import Actor
    from webapp.reports import lifecycle, service
    from webapp.reports.models import Report

    officer = Actor("front", None, "mttq-29512")
    zoom = 10
    x, y = cells.tile_of(*factories.DUYEN_HAI, zoom)
    asked = Wish(f"/map/tiles/{zoom}/{x}/{y}.json?status=working")
    viewer = Served(ours.url, 0)

    def shown() -> int:
        said = json.loads(viewer.ask(asked))
        return len(said["reports"]) + sum(cluster["count"] for cluster in said["clusters"])

    with app.app_context():
        query = select(Report.id).where(Report.status == lifecycle.RECEIVED).order_by(Report.id).limit(CHANGES)
        chosen = list(db.session.scalars(query))
        db.session.remove()
    assert len(chosen) == CHANGES
    found = []
    with sending(ours.url, make, time.monotonic() + CHANGES * 3):
        for report_id in chosen:
            before = shown()
            with app.app_context(), committing():
                service.move(db.session.get_one(Report, report_id), lifecycle.ASSIGNED, officer)
            began = time.monotonic()
            while shown() <= before:
                assert time.monotonic() - began < PATIENCE, "the tile does not follow"
                time.sleep(0.05)
            found.append(time.monotonic() - began)
    return found


def measured(run: services.Run) -> list[Figure]:
    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    figures = []
    with run.place(services.POSTGIS, services.REFERENCE) as place:
        served.instance(place)
        database = place.environ["DATABASE_URL"].replace("+psycopg", "")
        app = create_app(Settings.from_env(place.environ))
        with _served.ours(place, PROXIES="1", TILES_KEPT_S="2") as ours, services.worker(place):
            make = served.arrivals(ours)["a report out of a phone's queue"]
            seen = freshness(ours, make, app)
            with_sums, without = speeds(ours, make, database)
        with app.app_context():
            db.engine.dispose()
    name = "from the commit of a change to the tile that shows it, while reports come in"
    figures.append(figure(f"{name}, median", statistics.median(seen), "s", n=len(seen)))
    figures.append(
        figure(f"{name}, 95th percentile (at most 5)", statistics.quantiles(seen, n=20)[-1], "s", n=len(seen))
    )
    figures.append(
        figure(
            "reports a second with the sums kept, beside without",
            statistics.median(with_sums),
            "reports/s",
            floor=statistics.median(without),
            n=ROUNDS,
        )
    )
    return figures


def main() -> None:
    run = services.Run.begin()
    try:
        write("upkeep", measured(run))
    finally:
        run.end()


if __name__ == "__main__":
    main()
