"""Job name -> function. Functions take ids, run in an app context, and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webapp.accounts import sessions
from webapp.reports import data_requests, feedback
from webapp.routing import trial
from workers import (
    answer_files,
    letters,
    notices,
    opendata,
    photos,
    recordings,
    reorganisations,
    routing,
    supervision,
    upkeep,
)

JOBS: dict[str, Callable[..., Any]] = {
    "reports.route": routing.route,
    trial.JOB: trial.run,
    "photos.clean": photos.clean,
    "photos.hide": photos.hide,
    "recordings.strip": recordings.strip_copy,
    "answer_files.check": answer_files.check,
    "media.sweep": upkeep.sweep_uploads,
    "witnesses.tell_apart": feedback.tell_apart,
    "jobs.prune": upkeep.prune_jobs,
    # Names that begin with "notices." are claimed only where the key to addresses is (`outbox.NOTICES`).
    "notices.confirm": notices.confirm,
    "notices.report": notices.report,
    "notices.areas": notices.areas,
    "notices.send": notices.send,
    "notices.remind": notices.remind,
    "notices.remind_unit": notices.remind_unit,
    "notices.digest": letters.digest,
    "notices.unit_link": notices.unit_link,
    "notices.prune": notices.prune,
    "notices.gone": letters.gone,
    "notices.invitation": letters.invitation,
    "sessions.prune": sessions.prune,
    "data.retire": data_requests.retire,
    "reorganisations.apply": reorganisations.apply,
    "reorganisations.move": reorganisations.move,
    "reorganisations.words": reorganisations.words,
    "reorganisations.heirs": reorganisations.heirs,
    "reorganisations.due": reorganisations.due,
    "opendata.nightly": opendata.nightly,
    "reminders.climb": supervision.climb,
    "reminders.plan": supervision.plan,
    "scores.close": supervision.close_days,
    "digests.plan": supervision.plan_digests,
    "digests.tell": supervision.tell,
}
