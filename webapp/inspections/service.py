"""Recording an inspection's outcome and publishing it."""

from __future__ import annotations

from datetime import date

from webapp.core import clock, events, outbox
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.inspections.models import FINDINGS, MEASURES, Outcome
from webapp.reports import codes
from webapp.reports.models import Report
from webapp.reports.service import stream, touch

MAX_SUMMARY = 5000
MAX_FINE_VND = 10_000_000_000_000


class OutcomeError(ValueError):
    """A field of an outcome is wrong; `errors` maps field to code."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


def record(
    report: Report,
    actor: Actor,
    *,
    inspected_on: date | None,
    finding: str,
    measure: str,
    summary: str,
    fine_vnd: int | None = None,
    decision_number: str = "",
) -> Outcome:
    """Record what an inspection of this case found. Not public until the Front publishes it.

    `fine_vnd` in đồng. Raises OutcomeError with every field that is wrong.
    """
    errors: dict[str, str] = {}
    if inspected_on is None:
        errors["inspected_on"] = "date_missing"
    elif inspected_on > clock.today():
        errors["inspected_on"] = "date_future"
    if finding not in FINDINGS:
        errors["finding"] = "finding_missing"
    if measure not in MEASURES:
        errors["measure"] = "measure_missing"
    if not summary:
        errors["summary"] = "summary_missing"
    elif len(summary) > MAX_SUMMARY:
        errors["summary"] = "summary_long"
    if fine_vnd is not None and not 0 < fine_vnd <= MAX_FINE_VND:
        errors["fine_vnd"] = "fine_bad"
    if measure == "fine" and fine_vnd is None:
        errors["fine_vnd"] = "fine_missing"
    if errors or inspected_on is None:
        raise OutcomeError(errors)
    outcome = Outcome(
        public_id=codes.new_public_id(),
        report_id=report.id,
        unit_code=actor.unit_code or "",
        user_id=actor.user_id,
        inspected_on=inspected_on,
        finding=finding,
        measure=measure,
        fine_vnd=fine_vnd,
        decision_number=decision_number,
        summary=summary,
        created_at=clock.now(),
    )
    db.session.add(outcome)
    db.session.flush()
    events.append(
        stream(report),
        "outcome:recorded",
        actor,
        outcome=outcome.public_id,
        inspected_on=inspected_on.isoformat(),
        finding=finding,
        measure=measure,
        fine_vnd=fine_vnd,
        decision_number=decision_number,
        summary=summary,
    )
    touch(report)
    return outcome


def publish(outcome: Outcome, actor: Actor) -> None:
    """Publish an outcome for the people to know and supervise. Publishing twice changes nothing."""
    if outcome.public:
        return
    outcome.public = True
    outcome.published_at = clock.now()
    outcome.published_by_code = actor.unit_code
    events.append(f"outcome:{outcome.id}", "outcome:published", actor, public=True, outcome=outcome.public_id)
    if outcome.report is not None:
        entry = events.append(
            stream(outcome.report), "outcome:published", actor, public=True, outcome=outcome.public_id
        )
        outbox.enqueue("notices.report", report_id=outcome.report.id, event_id=entry.id)
        touch(outcome.report)
