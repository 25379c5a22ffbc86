"""Job name -> function. Functions take ids, run in an app context, and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.reports import data_requests
from workers import photos, routing, upkeep

JOBS: dict[str, Callable[..., Any]] = {
    "reports.route": routing.route,
    "photos.clean": photos.clean,
    "media.sweep": upkeep.sweep_uploads,
    "jobs.prune": upkeep.prune_jobs,
    "data.retire": data_requests.retire,
}
