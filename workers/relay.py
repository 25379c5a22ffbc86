"""`python -m workers.relay`: finds due jobs that nobody was woken for and wakes a worker; keeps the map current.

More than one may run: a job that is kicked twice is claimed once, and folds of the map take turns.
"""

from __future__ import annotations

import logging
import signal
import threading
import time

from flask import Flask
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from webapp import create_app
from webapp.core import kick, outbox
from webapp.core.db import db, reading
from workers import mapping, queue, schedule

log = logging.getLogger(__name__)
SWEEP_SECONDS = 5.0


def sweep(app: Flask, connection: Redis) -> int:
    """Queue what is due by the calendar, then kick every due job once; returns how many."""
    with app.app_context():
        schedule.plan()
    with app.app_context(), reading():
        ids, notices = outbox.due_ids(notices=False), outbox.due_ids(notices=True)
        db.session.rollback()
    kick.through(connection)(ids)
    kick.through(connection, kick.NOTICES)(notices)
    return len(ids) + len(notices)


def main() -> None:
    app = create_app()
    connection = queue.connect(app.extensions["dgs"].settings.redis_url)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    swept = 0.0
    while not stop.wait(mapping.EVERY_SECONDS):
        try:
            mapping.follow(app)
            if time.monotonic() - swept >= SWEEP_SECONDS:
                swept = time.monotonic()
                sweep(app, connection)
        except (RedisError, SQLAlchemyError) as error:
            log.error("sweep failed, trying again: %s", type(error).__name__)


if __name__ == "__main__":
    main()
