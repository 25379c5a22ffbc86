"""The RQ side of jobs: what a message from the web, which holds a job's id, sets going."""

from __future__ import annotations

from flask import Flask
from redis import Redis

_app: Flask | None = None


def connect(redis_url: str) -> Redis:
    """A connection that a blocking worker may wait on longer than redis-py's default of five seconds."""
    return Redis.from_url(redis_url, socket_timeout=None, socket_connect_timeout=5, health_check_interval=30)


def serve(app: Flask) -> None:
    """Say which app the jobs of this worker process run in."""
    global _app
    _app = app


def run(job_id: int) -> None:
    """What RQ calls (`webapp.core.kick.FUNCTION`)."""
    from workers.run import run_job

    if _app is None:
        raise RuntimeError("start workers with `python -m workers`")
    run_job(_app, job_id)
