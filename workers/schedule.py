"""What happens by itself. The loop of the relay, or of the embedded worker, asks at each sweep."""

from __future__ import annotations

from datetime import datetime, time, timedelta

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
    "scores.close": timedelta(days=1),
}

# On this weekday (0: Monday), from this hour of Vietnam on; once a week, later if nobody was there to ask.
WEEKLY: dict[str, tuple[int, time]] = {"digests.plan": (0, time(7))}


def plan() -> list[str]:
    """Queue what has not been queued within its period; returns the names.

    Two loops that ask at once may queue a job twice, which its function bears.
    """
    moment = clock.now()
    with reading():
        recent = {
            name: db.session.scalar(select(Job.id).where(Job.name == name, Job.created_at >= since).limit(1))
            for name, since in _since(moment).items()
        }
        db.session.rollback()
    missing = [name for name, job_id in recent.items() if job_id is None]
    if missing:
        with committing():
            for name in missing:
                outbox.enqueue(name)
    return missing


def _since(moment: datetime) -> dict[str, datetime]:
    """Since when each job must have been queued, not to be queued again."""
    weekly = {name: _last(moment, weekday, hour) for name, (weekday, hour) in WEEKLY.items()}
    return {name: moment - period for name, period in EVERY.items()} | weekly


def _last(moment: datetime, weekday: int, hour: time) -> datetime:
    """The last time that it was this hour on this weekday in Vietnam."""
    here = clock.local(moment)
    day = here.date() - timedelta(days=(here.weekday() - weekday) % 7)
    found = datetime.combine(day, hour, clock.VIETNAM)
    return found if found <= here else found - timedelta(weeks=1)
