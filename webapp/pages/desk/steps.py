"""What staff can do with a case: each action, the permission it asks for, and why it cannot be done now."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from webapp.accounts.permissions import Identity, allowed
from webapp.reports import feedback, handovers, splits
from webapp.reports import lifecycle as life
from webapp.reports.models import Report
from webapp.supervision import extensions

ANY_ROUTED = tuple(s for s in life.STATUSES if s != life.NEW)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `to`: the statuses it may lead to; `during`: where it takes no step, when it is open."""

    name: str
    permission: str
    label: LazyString
    when: LazyString  # when it becomes possible
    icon: str
    to: tuple[str, ...] = ()
    during: tuple[str, ...] = ()
    variant: str = "second"


FRONT_ACTIONS = (
    Action(
        "take",
        "report:take",
        _("Take on"),
        _("when a report has just been received"),
        "user",
        to=(life.SCREENING,),
        variant="primary",
    ),
    Action(
        "assign",
        "report:assign",
        _("Pass to a unit"),
        _("while the case is being screened"),
        "forward",
        to=(life.ASSIGNED,),
        variant="primary",
    ),
    Action(
        "hand_over",
        "report:hand_over",
        _("Grant the handover"),
        _("when the unit asks for it"),
        "forward",
        to=(life.ASSIGNED,),
        variant="primary",
    ),
    Action(
        "keep",
        "report:hand_over",
        _("Decline the handover"),
        _("when the unit asks for it"),
        "back",
        during=handovers.DURING,
    ),
    Action(
        "take_away",
        "report:hand_over",
        _("Give it to another unit"),
        _("while it is with a unit that does not ask to hand it over"),
        "forward",
        during=(life.ASSIGNED, *handovers.DURING),
    ),
    Action(
        "verify",
        "report:verify",
        _("Accept the answer"),
        _("once the unit has answered"),
        "check",
        to=(life.VERIFIED,),
        variant="primary",
    ),
    Action(
        "rework",
        "report:verify",
        _("Send back for rework"),
        _("once the unit has answered"),
        "refresh",
        to=(life.REWORK,),
        variant="danger",
    ),
    Action(
        "extend",
        "extension:decide",
        _("Extend the time"),
        _("while a step runs that may still be extended"),
        "clock",
        during=life.CLOCK_RUNS,
    ),
    Action(
        "close",
        "report:close",
        _("Close the case"),
        _("once the answer has been accepted"),
        "st-closed",
        to=(life.CLOSED,),
        variant="primary",
    ),
    Action(
        "uphold",
        "report:verify",
        _("The answer stands"),
        _("when the sender says that it is not solved"),
        "check",
        during=(life.ANSWERED, life.VERIFIED, life.CLOSED),
    ),
    Action(
        "ask",
        "report:ask",
        _("Ask the sender for more"),
        _("while the case is being screened"),
        "chat",
        to=(life.NEEDS_INFO,),
    ),
    Action(
        "correct",
        "report:correct",
        _("Correct category or place"),
        _("while the case is open"),
        "edit",
        during=life.CORRECTABLE,
    ),
    Action(
        "bypass",
        "report:bypass",
        _("Keep from the commune"),
        _("while the case is open and the commune may still see it"),
        "shield",
        during=life.CORRECTABLE,
    ),
    Action(
        "duplicate",
        "report:mark_duplicate",
        _("Mark as a duplicate"),
        _("while the case is being screened"),
        "copy",
        to=(life.DUPLICATE,),
    ),
    Action(
        "merge",
        "report:mark_duplicate",
        _("Merge with other cases"),
        _("unless the case is a duplicate itself or was not accepted"),
        "copy",
        during=tuple(s for s in ANY_ROUTED if s not in (life.DUPLICATE, *life.HIDDEN)),
    ),
    Action(
        "split",
        "report:split",
        _("Split into several cases"),
        _("while the case is being screened"),
        "list",
        during=splits.SPLITTABLE,
    ),
    Action(
        "link",
        "report:link",
        _("Link to another case"),
        _("once the report has been received"),
        "external",
        during=ANY_ROUTED,
    ),
    Action(
        "out_of_scope",
        "report:reject",
        _("Out of scope"),
        _("while the case is being screened"),
        "st-out_of_scope",
        to=(life.OUT_OF_SCOPE,),
        variant="danger",
    ),
    Action(
        "reject",
        "report:reject",
        _("Reject"),
        _("while the case is being screened"),
        "st-rejected",
        to=(life.REJECTED,),
        variant="danger",
    ),
    Action(
        "reopen",
        "report:reopen",
        _("Reopen"),
        _("once the case has ended"),
        "refresh",
        to=(life.SCREENING, life.REWORK),
    ),
    Action(
        "publish",
        "report:publish",
        _("What the public sees"),
        _("once the report has been received"),
        "eye",
        during=ANY_ROUTED,
    ),
)
UNIT_ACTIONS = (
    Action(
        "accept",
        "report:accept",
        _("Accept the case"),
        _("when the Front has passed it to you"),
        "check",
        to=(life.VERIFYING,),
        variant="primary",
    ),
    Action(
        "start",
        "report:start",
        _("Start handling"),
        _("once you have accepted it"),
        "forward",
        to=(life.IN_PROGRESS,),
        variant="primary",
    ),
    Action(
        "answer",
        "report:answer",
        _("Answer with evidence"),
        _("once you have accepted it"),
        "send",
        to=(life.ANSWERED,),
        variant="primary",
    ),
    Action(
        "more_time",
        "extension:ask",
        _("Ask for more time"),
        _("while your step runs and may still be extended"),
        "clock",
        during=life.AT_UNIT,
    ),
    Action(
        "refuse",
        "report:refuse",
        _("Refuse with a reason"),
        _("before you have accepted it"),
        "back",
        to=(life.SCREENING,),
        variant="danger",
    ),
    Action(
        "delegate",
        "report:delegate",
        _("Give it to an officer"),
        _("while it is with your unit"),
        "user",
        during=life.AT_UNIT,
    ),
    Action(
        "pass_on",
        "handover:ask",
        _("Ask to hand it over"),
        _("once you have accepted it, while no request waits"),
        "forward",
        during=handovers.DURING,
    ),
    Action(
        "outcome",
        "outcome:record",
        _("Record an inspection outcome"),
        _("once you have accepted it"),
        "document",
        during=(life.VERIFYING, life.IN_PROGRESS, life.REWORK, life.ANSWERED, life.VERIFIED, life.CLOSED),
    ),
)
# Whose move it is, for the one who looks and wonders.
TURN = {
    life.NEW: _("The system is looking for the responsible unit; this takes seconds."),
    life.RECEIVED: _("The Front's move: check it and pass it on."),
    life.SCREENING: _("The Front's move: check it and pass it on."),
    life.NEEDS_INFO: _("The sender's move: the question stands on their page."),
    life.ASSIGNED: _("The unit's move: accept it or give it back with a reason."),
    life.VERIFYING: _("The unit's move: check on the spot, then act and answer."),
    life.IN_PROGRESS: _("The unit's move: answer with evidence."),
    life.REWORK: _("The unit's move: the answer was not enough."),
    life.ANSWERED: _("The Front's move: check the answer."),
    life.VERIFIED: _("The Front's move: close the case."),
    life.CLOSED: _("Ended. It can be reopened with a reason."),
    life.DUPLICATE: _("Ended. It can be reopened with a reason."),
    life.OUT_OF_SCOPE: _("Ended. It can be reopened with a reason."),
    life.REJECTED: _("Ended. It can be reopened with a reason."),
    life.WITHDRAWN: _("The sender has taken it back. Reopen it only if they ask for that."),
}


def actions_of(identity: Identity) -> tuple[Action, ...]:
    """What the identity's role can ever do with a case."""
    return tuple(a for a in (*FRONT_ACTIONS, *UNIT_ACTIONS) if allowed(identity.role, a.permission))


def target(action: Action, status: str) -> str | None:
    """The status to which the action leads from `status`, if the table has such a step for its permission."""
    for to, transition in life.next_steps(status).items():
        if to in action.to and transition.permission == action.permission:
            return to
    return None


def possible(action: Action, report: Report) -> bool:
    """Whether the action can be done where the report stands."""
    if action.name == "uphold" and not feedback.objected([report.id]):
        return False
    if action.name == "bypass" and report.bypass_commune:
        return False
    if action.name in ("extend", "more_time") and report.status in action.during:
        return extensions.possible(report, asking=action.name == "more_time")
    if action.name == "take_away":
        return handovers.can_be_taken(report)
    if action.name in ("hand_over", "keep", "pass_on"):
        if report.status not in handovers.DURING:
            return False
        return (handovers.pending(report) is None) == (action.name == "pass_on")
    return report.status in action.during or target(action, report.status) is not None


def split(identity: Identity, report: Report) -> tuple[list[Action], list[Action]]:
    """(what can be done now, what cannot)."""
    every = [(a, possible(a, report)) for a in actions_of(identity)]
    return [a for a, can in every if can], [a for a, can in every if not can]
