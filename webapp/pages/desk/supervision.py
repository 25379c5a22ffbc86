"""What a case page says of time and of checking: clocks, extensions, reminders, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from webapp.core import clock
from webapp.pages import labels
from webapp.pages.desk import time_words
from webapp.reports import feedback, verdicts
from webapp.reports.models import Report
from webapp.reports.verdicts import Verdict
from webapp.supervision import clocks, extensions, reminders
from webapp.supervision.models import ASKED, Extension, Reminder, StepClock


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows behind it, read before names are looked up."""

    clocks: list[StepClock]
    extensions: list[Extension]
    reminders: list[Reminder]
    verdicts: list[Verdict]
    said: str  # the reporter's last word: yes, partly, no, or nothing

    @property
    def units(self) -> set[str | None]:
        """Codes of the units they speak of."""
        return {
            *(c.unit_code for c in self.clocks),
            *(e.asked_by for e in self.extensions),
            *(e.decided_by for e in self.extensions),
            *(r.unit_code for r in self.reminders),
            *(v.front_code for v in self.verdicts),
            *(v.unit_code for v in self.verdicts),
        }


def gather(report: Report) -> Gathered:
    """Read what there is; a statement for each."""
    last = feedback.last(report)
    return Gathered(
        clocks.history(report),
        extensions.of(report),
        reminders.of(report),
        verdicts.of(report),
        last.verdict if last else "",
    )


def view(found: Gathered, names: Any, now: datetime) -> dict[str, Any]:
    """The same in words; `names` are those of `timeline`."""
    running = next((c for c in found.clocks if c.ended_at is None), None)
    asked = next((e for e in found.extensions if e.state == ASKED), None)
    mine = [r for r in found.reminders if running is not None and r.clock_id == running.id]
    return {
        "running": _clock(running, names, now) if running else None,
        "reminded": _(
            "Reminded %(number)s times, last: %(whom)s, %(day)s",
            number=len(mine),
            whom=time_words.REMINDED[mine[-1].whom],
            day=labels.day(mine[-1].created_at),
        )
        if mine
        else "",
        "past": [_clock(c, names, now) for c in found.clocks if c.ended_at is not None],
        "extensions": [_extension(e, names) for e in found.extensions],
        "asked": asked,
        "latest": extensions.latest(running) if running else None,
        "left": extensions.left(running) if running else 0,
        "verdicts": [_verdict(v, names) for v in found.verdicts],
        "sent_back": sum(v.verdict != verdicts.ACCEPTED and v.rest_due_at is None for v in found.verdicts),
        "reporter": {
            "yes": _("says it is solved"),
            "partly": _("says it is solved in part"),
            "no": _("says it is not solved"),
        }.get(found.said, _("has not said anything")),
    }


def _clock(one: StepClock, names: Any, now: datetime) -> dict[str, Any]:
    late = one.paused_at is None and (one.outcome == "late" or (one.ended_at is None and now > one.due_at))
    return {
        "step": time_words.STEP[one.step],
        "unit": names.unit(one.unit_code),
        "started": labels.moment(one.started_at),
        "due": labels.moment(one.due_at),
        "ended": labels.moment(one.ended_at) if one.ended_at else "",
        "paused": labels.moment(one.paused_at) if one.paused_at else "",
        "extended": one.extensions,
        "late": labels.overdue_words(one.due_at, one.ended_at or now) if late else "",
        "undone": one.outcome is None,
        "outcome": time_words.STEP_OUTCOME.get(one.outcome or "", ""),
        "days": clocks.spent_days(one, now) if one.spent_days is None else one.spent_days,
    }


def _extension(one: Extension, names: Any) -> dict[str, Any]:
    return {
        "state": time_words.EXTENSION[one.state],
        "tone": {"granted": "progress", "refused": "bad", "asked": "attention"}.get(one.state, "neutral"),
        "who": names.unit(one.asked_by or one.decided_by),
        "reason": one.reason,
        "answer": one.answer,
        "until": labels.day(clock.local(one.after).date() if one.after else one.wanted_day),
        "at": labels.moment(one.created_at),
    }


def _verdict(one: Verdict, names: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "answer_id": one.answer_id,
        "verdict": labels.VERDICT[one.verdict],
        "tone": labels.VERDICT_TONE[one.verdict],
        "again": one.again,
        "text": one.text,
        "by": names.unit(one.front_code),
        "at": labels.moment(one.created_at),
        "day": labels.day(one.created_at),
        "rest": labels.day(one.rest_due_at) if one.rest_due_at else "",
        "photos": one.photos,
        "public": one.public,
    }
