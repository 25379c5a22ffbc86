"""`python -m workers.relay`: queues the jobs it is told of, finds due ones that nobody spoke of, keeps the map current.

More than one may run: a job that is queued twice is claimed once, and folds of the map take turns.
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


class Ear:
    """Hears of committed jobs and queues them at once. A message that is missed costs one sweep's wait, no more."""

    def __init__(self, connection: Redis) -> None:
        self.connection = connection
        self.heard = connection.pubsub(ignore_subscribe_messages=True)
        self.heard.subscribe(*(kick.channel(name) for name in (kick.QUEUE, kick.NOTICES)))

    def listen(self, until: float) -> None:
        """Queue what is said until then (`time.monotonic` seconds). Raises a redis error where Redis is away."""
        while (left := until - time.monotonic()) > 0:
            message = self.heard.get_message(timeout=left)
            if message is not None:
                name = kick.QUEUE if message["channel"].decode() == kick.channel(kick.QUEUE) else kick.NOTICES
                kick.through(self.connection, name)(kick.heard(message["data"]))


def main() -> None:
    app = create_app()
    connection = queue.connect(app.extensions["dgs"].settings.redis_url)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    swept = 0.0
    ear: Ear | None = None
    while not stop.is_set():
        until = time.monotonic() + mapping.EVERY_SECONDS
        try:
            mapping.follow(app)
            if time.monotonic() - swept >= SWEEP_SECONDS:
                swept = time.monotonic()
                sweep(app, connection)
            ear = ear or Ear(connection)
            ear.listen(until)
        except (RedisError, SQLAlchemyError) as error:
            log.error("sweep failed, trying again: %s", type(error).__name__)
            ear = None
            stop.wait(max(0.0, until - time.monotonic()))


if __name__ == "__main__":
    main()
