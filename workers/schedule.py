"""What happens by itself. The loop of the relay, or of the embedded worker, asks at each sweep."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from webapp.core import clock, outbox
from webapp.core.db import committing, db, reading
from webapp.core.outbox import Job

EVERY: dict[str, timedelta] = {
    "media.sweep": timedelta(hours=6),
    "jobs.prune": timedelta(days=1),
    "notices.areas": timedelta(hours=1),
    "notices.prune": timedelta(days=1),
    "data.retire": timedelta(days=1),
    "sessions.prune": timedelta(days=1),
    "reorganisations.due": timedelta(hours=1),
    "opendata.nightly": timedelta(hours=1),
    "reminders.climb": timedelta(minutes=10),
}


def plan() -> list[str]:
    """Queue what has not been queued within its period; returns the names.

    Two loops that ask at once may queue a job twice, which its function bears.
    """
    moment = clock.now()
    with reading():
        recent = {
            name: db.session.scalar(select(Job.id).where(Job.name == name, Job.created_at > moment - period).limit(1))
            for name, period in EVERY.items()
        }
        db.session.rollback()
    missing = [name for name, job_id in recent.items() if job_id is None]
    if missing:
        with committing():
            for name in missing:
                outbox.enqueue(name)
    return missing
