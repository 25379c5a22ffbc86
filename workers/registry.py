"""Job name -> function. Functions take ids, run in an app context, and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workers import photos, recordings, routing, upkeep

JOBS: dict[str, Callable[..., Any]] = {
    "reports.route": routing.route,
    "photos.clean": photos.clean,
    "photos.hide": photos.hide,
    "recordings.strip": recordings.strip_copy,
    "media.sweep": upkeep.sweep_uploads,
    "jobs.prune": upkeep.prune_jobs,
}
