"""The embedded instance's worker: a thread in the web process that drains the same outbox."""

from __future__ import annotations

import logging
import threading
import time

from flask import Flask

from webapp.core import outbox
from workers import mapping, schedule
from workers.run import drain

log = logging.getLogger(__name__)
SWEEP_SECONDS = 5.0


class EmbeddedWorker(threading.Thread):
    """Wakes at once when a job commits in this process, and every few seconds for what is due later."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="jobs", daemon=True)
        self._app = app
        self._wake = threading.Event()
        self._stopping = False
        outbox.set_kick(lambda _ids: self._wake.set())

    def run(self) -> None:
        swept = 0.0
        while not self._stopping:
            woken = self._wake.wait(mapping.EVERY_SECONDS)
            self._wake.clear()
            try:
                if woken or time.monotonic() - swept >= SWEEP_SECONDS:
                    swept = time.monotonic()
                    with self._app.app_context():
                        schedule.plan()
                    drain(self._app)
                mapping.follow(self._app)
            except Exception as error:  # a locked database must not end the thread
                log.error("the job thread goes on after %s", type(error).__name__)

    def stop(self) -> None:
        """End after the job at hand."""
        self._stopping = True
        self._wake.set()
        self.join(timeout=30)
