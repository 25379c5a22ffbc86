"""Running one job: claim the row, do the work, and commit both together."""

from __future__ import annotations

import logging
import traceback

from flask import Flask

from webapp.core import outbox
from webapp.core.db import committing, db, reading
from webapp.core.instance import instance
from workers.registry import JOBS

log = logging.getLogger(__name__)


class LeaseLost(RuntimeError):
    """Another worker took the job over meanwhile; this one's work must not be committed."""


def run_job(app: Flask, job_id: int) -> bool:
    """Run one job to its end; True if it was done here. A failure is kept with its row, never raised."""
    with app.app_context():
        with committing():
            if not holds_addresses() and _is_notice(job_id):
                return False
            job = outbox.claim(job_id)
            if job is None:
                return False
            name, args, lease = job.name, dict(job.args), job.lease or ""
        try:
            with committing():
                JOBS[name](**args)
                if not outbox.finish(job_id, lease):
                    raise LeaseLost(name)
        except Exception as error:
            # Class and place only: a message could quote what somebody wrote.
            where = traceback.extract_tb(error.__traceback__)[-1]
            summary = f"{type(error).__name__} in {where.name}:{where.lineno}"
            log.warning("job %s %s failed: %s", job_id, name, summary)
            with committing():
                outbox.give_up_or_retry(job_id, lease, summary)
            return False
        return True


def holds_addresses() -> bool:
    """Whether this process has the key to addresses, without which it must leave notices to the one that has."""
    return bool(instance().identity.private_key)


def _is_notice(job_id: int) -> bool:
    job = db.session.get(outbox.Job, job_id)
    return job is not None and outbox.for_notifier(job.name)


def drain(app: Flask, limit: int = 10_000) -> int:
    """Run due jobs until none is left; returns how many were done."""
    done = 0
    while done < limit:
        with app.app_context(), reading():
            ids = outbox.due_ids(notices=None if holds_addresses() else False)
            db.session.rollback()
        ran = sum(run_job(app, job_id) for job_id in ids)
        done += ran
        if not ran:
            break
    return done
