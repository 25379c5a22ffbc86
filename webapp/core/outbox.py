"""Jobs. A job is a row first, written in the transaction of what it follows from; Redis is only the kick.

A lost kick, a dead Redis or a killed worker therefore lose nothing: the sweep finds the row again. The web
writes job names; which function a name stands for is the workers' business (`workers.registry`).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, Integer, String, Text, event, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.core import clock
from webapp.core.db import Base, Json, Prepared, UtcDateTime, db, named, row_of, rows_changed, table_of
from webapp.core.events import BigId

log = logging.getLogger(__name__)

PENDING, RUNNING, DONE, FAILED = "pending", "running", "done", "failed"
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8
NOTICES = "notices."  # names of jobs that need the key to addresses; only a process that holds it may claim them


class Job(Base):
    """One thing to do later. Arguments are ids and codes, never personal data."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_run_after", "state", "run_after"),
        Index("ix_jobs_name_created", "name", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    args: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(12), default=PENDING)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


# What wakes a worker once the row is committed; the app sets it from its settings. Gets the job ids.
_kick: Callable[[list[int]], None] | None = None
_kick_notifier: Callable[[list[int]], None] | None = None


def set_kick(kick: Callable[[list[int]], None] | None, notifier: Callable[[list[int]], None] | None = None) -> None:
    """Say how workers are woken: a word to the relay, or the event of the embedded thread.

    `notifier` wakes the process that sends notices, where that is another one.
    """
    global _kick, _kick_notifier
    _kick, _kick_notifier = kick, notifier or kick


def for_notifier(name: str) -> bool:
    """Whether a job of this name needs the key to addresses."""
    return name.startswith(NOTICES)


COLUMNS = ("name", "args", "state", "run_after", "created_at")
_INSERT = Prepared(lambda _dialect: insert(table_of(Job)).values(named(table_of(Job), *COLUMNS)).returning(Job.id))


def enqueue(name: str, *, run_after: datetime | None = None, **args: Any) -> int:
    """Add a job to the open transaction and return its id; a worker is woken when it commits."""
    moment = clock.now()
    due = run_after or moment
    row = {"name": name, "args": args, "state": PENDING, "run_after": due, "created_at": moment}
    job_id: int = _INSERT.run(row_of(table_of(Job), row))[0]
    if due <= moment:
        remember(job_id, name)
    return job_id


def remember(job_id: int, name: str) -> None:
    """Wake a worker for this job when the open transaction commits."""
    db.session.info.setdefault("kicks", []).append((job_id, for_notifier(name)))


@event.listens_for(Session, "after_commit")
def _after_commit(session: Session) -> None:
    jobs = session.info.pop("kicks", [])
    for kick, ids in (
        (_kick, [job_id for job_id, notice in jobs if not notice]),
        (_kick_notifier, [job_id for job_id, notice in jobs if notice]),
    ):
        if ids and kick is not None:
            try:
                kick(ids)
            except Exception as error:  # the sweep will find the rows
                log.warning("jobs %s were not kicked: %s", ids, type(error).__name__)


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, _previous: Any) -> None:
    session.info.pop("kicks", None)


def claim(job_id: int) -> Job | None:
    """Take the job for LEASE and return it, or None if it is done, not due yet, or held by a live worker.

    Commits nothing; the caller commits so that other workers see the lease.
    """
    moment = clock.now()
    token = secrets.token_hex(16)
    taken = rows_changed(
        update(Job)
        .where(Job.id == job_id, _due(moment))
        .values(state=RUNNING, lease=token, lease_until=moment + LEASE, attempts=Job.attempts + 1)
    )
    if taken != 1:
        return None
    return db.session.scalars(select(Job).where(Job.id == job_id).execution_options(populate_existing=True)).one()


def due_ids(limit: int = 100, *, notices: bool | None = None) -> list[int]:
    """Ids of jobs that should run now, those whose worker died included, oldest first.

    `notices`: only those for the notifier, or only the others.
    """
    query = select(Job.id).where(_due(clock.now())).order_by(Job.run_after, Job.id).limit(limit)
    if notices is not None:
        mine = Job.name.startswith(NOTICES)
        query = query.where(mine if notices else ~mine)
    return list(db.session.scalars(query))


def _due(moment: datetime) -> Any:
    return or_(
        (Job.state == PENDING) & (Job.run_after <= moment),
        (Job.state == RUNNING) & (Job.lease_until < moment),
    )


def finish(job_id: int, lease: str) -> bool:
    """Mark the job done; False if the lease was lost, and then the work must be rolled back."""
    moment = clock.now()
    done = rows_changed(
        update(Job)
        .where(Job.id == job_id, Job.lease == lease, Job.state == RUNNING)
        .values(state=DONE, lease=None, lease_until=None, finished_at=moment, last_error=None)
    )
    return done == 1


def give_up_or_retry(job_id: int, lease: str, error: str) -> None:
    """Put the job back with a growing pause (10 s, 40 s, 90 s …), or mark it failed for staff to see."""
    job = db.session.get(Job, job_id, populate_existing=True)
    if job is None or job.lease != lease:
        return
    job.last_error, job.lease, job.lease_until = error[:2000], None, None
    if job.attempts >= MAX_ATTEMPTS:
        job.state, job.finished_at = FAILED, clock.now()
    else:
        job.state = PENDING
        job.run_after = clock.now() + timedelta(seconds=10 * job.attempts**2)


def retry(job: Job) -> None:
    """Give a failed job a fresh set of attempts (an operator's decision)."""
    job.state, job.attempts, job.run_after, job.finished_at = PENDING, 0, clock.now(), None
    remember(job.id, job.name)
