"""Upkeep jobs: nothing is kept that nothing needs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.core import clock
from webapp.core.db import db, rows_changed
from webapp.core.instance import instance
from webapp.core.outbox import DONE, Job
from webapp.reports.models import AnswerFile, Photo
from webapp.reports.recordings import Recording

KEEP_UPLOADS = timedelta(days=1)
KEEP_JOBS = timedelta(days=30)


def sweep_uploads() -> int:
    """Delete sealed originals that no report refers to a day after they came in; returns how many.

    They were kept for a form that was never sent in the end.
    """
    return (
        _sweep("originals/", Photo.original)
        + _sweep("recordings/", Recording.original)
        + _sweep("documents/", AnswerFile.original)
    )


def _sweep(prefix: str, column: InstrumentedAttribute[str]) -> int:
    storage = instance().storage
    old = list(storage.older_than(prefix, clock.now() - KEEP_UPLOADS))
    gone = 0
    for start in range(0, len(old), 500):
        names = old[start : start + 500]
        used = set(db.session.scalars(select(column).where(column.in_(names))))
        for name in names:
            if name not in used:
                storage.delete(name)
                gone += 1
    return gone


def prune_jobs() -> int:
    """Delete the rows of jobs that were done a month ago; returns how many. Failed ones stay for staff."""
    return rows_changed(delete(Job).where(Job.state == DONE, Job.finished_at < clock.now() - KEEP_JOBS))
