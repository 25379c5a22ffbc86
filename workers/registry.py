"""Job name -> function. Functions take ids, run in an app context, and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.reports import data_requests
from workers import answer_files, notices, photos, recordings, routing, upkeep

JOBS: dict[str, Callable[..., Any]] = {
    "reports.route": routing.route,
    "photos.clean": photos.clean,
    "photos.hide": photos.hide,
    "recordings.strip": recordings.strip_copy,
    "answer_files.check": answer_files.check,
    "media.sweep": upkeep.sweep_uploads,
    "jobs.prune": upkeep.prune_jobs,
    # Names that begin with "notices." are claimed only where the key to addresses is (`outbox.NOTICES`).
    "notices.confirm": notices.confirm,
    "notices.report": notices.report,
    "notices.areas": notices.areas,
    "notices.send": notices.send,
    "notices.unit_link": notices.unit_link,
    "notices.prune": notices.prune,
    "data.retire": data_requests.retire,
}
