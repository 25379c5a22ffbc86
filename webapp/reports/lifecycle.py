"""The life of a report as one table: (from, to) -> Transition. Anything that is not here cannot happen."""

from __future__ import annotations

from dataclasses import dataclass

NEW = "new"  # Mới gửi
RECEIVED = "received"  # Đã tiếp nhận
SCREENING = "screening"  # Đang sàng lọc
NEEDS_INFO = "needs_info"  # Cần bổ sung
ASSIGNED = "assigned"  # Đã chuyển xử lý
VERIFYING = "verifying"  # Đang xác minh
IN_PROGRESS = "in_progress"  # Đang xử lý
ANSWERED = "answered"  # Đã trả lời
VERIFIED = "verified"  # Đã kiểm chứng
REWORK = "rework"  # Yêu cầu xử lý lại
CLOSED = "closed"  # Đóng
DUPLICATE = "duplicate"  # Trùng lặp
OUT_OF_SCOPE = "out_of_scope"  # Không thuộc phạm vi
REJECTED = "rejected"  # Từ chối
WITHDRAWN = "withdrawn"  # Người gửi đã rút

STATUSES = (
    NEW,
    RECEIVED,
    SCREENING,
    NEEDS_INFO,
    ASSIGNED,
    VERIFYING,
    IN_PROGRESS,
    ANSWERED,
    VERIFIED,
    REWORK,
    CLOSED,
    DUPLICATE,
    OUT_OF_SCOPE,
    REJECTED,
    WITHDRAWN,
)
TRIAGE = (NEW, RECEIVED, SCREENING, NEEDS_INFO)  # the Front's move
AT_UNIT = (ASSIGNED, VERIFYING, IN_PROGRESS, REWORK)  # the unit's move
ENDED = (CLOSED, DUPLICATE, OUT_OF_SCOPE, REJECTED, WITHDRAWN)
PASSED_ON = (*AT_UNIT, ANSWERED, VERIFIED, CLOSED)  # before, the unit is only the machine's proposal
# Which step's clock runs, by status. None runs while the reporter is asked, nor once the answer is checked.
SCREEN, RECEIVE, ANSWER, HANDLE, VERIFY = STEPS = ("screen", "receive", "answer", "handle", "verify")
STEP = {
    NEW: SCREEN,
    RECEIVED: SCREEN,
    SCREENING: SCREEN,
    ASSIGNED: RECEIVE,
    VERIFYING: ANSWER,
    IN_PROGRESS: HANDLE,
    REWORK: ANSWER,
    ANSWERED: VERIFY,
}
UNIT_STEPS = (RECEIVE, ANSWER, HANDLE)  # the unit owes these, the Front the others
CLOCK_RUNS = tuple(STEP)
# What whoever follows a case is told of; the steps between these are the offices' own.
TOLD = (NEEDS_INFO, ASSIGNED, IN_PROGRESS, ANSWERED, VERIFIED, REWORK, *ENDED)
CLAIMED = (ANSWERED, VERIFIED, CLOSED)  # the unit says it is done; the reporter is asked whether that is so
# Told to the sender, shown to nobody else: abuse, tests, what was never a report; and what the sender took back.
HIDDEN = (REJECTED, WITHDRAWN)
OPEN = tuple(s for s in STATUSES if s not in ENDED)
CORRECTABLE = tuple(s for s in OPEN if s != NEW)  # category, place, and whether the commune may see it


@dataclass(frozen=True, slots=True)
class Transition:
    """What a step asks for. `permission` is a name of `accounts.permissions`."""

    permission: str
    needs_reason: bool = False
    needs_evidence: bool = False
    needs_unit: bool = False


TRANSITIONS: dict[tuple[str, str], Transition] = {
    (NEW, RECEIVED): Transition("report:route"),
    (RECEIVED, SCREENING): Transition("report:take"),
    # The Front passes it on
    (RECEIVED, ASSIGNED): Transition("report:assign", needs_unit=True),
    (SCREENING, ASSIGNED): Transition("report:assign", needs_unit=True),
    # or asks the reporter, who answers under the code
    (RECEIVED, NEEDS_INFO): Transition("report:ask", needs_reason=True),
    (SCREENING, NEEDS_INFO): Transition("report:ask", needs_reason=True),
    (NEEDS_INFO, SCREENING): Transition("report:supplement"),
    (NEEDS_INFO, ASSIGNED): Transition("report:assign", needs_unit=True),
    # or ends it, never without a word
    (RECEIVED, DUPLICATE): Transition("report:mark_duplicate"),
    (SCREENING, DUPLICATE): Transition("report:mark_duplicate"),
    (NEEDS_INFO, DUPLICATE): Transition("report:mark_duplicate"),
    (RECEIVED, OUT_OF_SCOPE): Transition("report:reject", needs_reason=True),
    (SCREENING, OUT_OF_SCOPE): Transition("report:reject", needs_reason=True),
    (RECEIVED, REJECTED): Transition("report:reject", needs_reason=True),
    (SCREENING, REJECTED): Transition("report:reject", needs_reason=True),
    (NEEDS_INFO, REJECTED): Transition("report:reject", needs_reason=True),
    # The reporter takes it back as long as it is with the Front; later that is a request to the Front
    (RECEIVED, WITHDRAWN): Transition("report:withdraw"),
    (SCREENING, WITHDRAWN): Transition("report:withdraw"),
    (NEEDS_INFO, WITHDRAWN): Transition("report:withdraw"),
    # The unit accepts or gives it back
    (ASSIGNED, VERIFYING): Transition("report:accept"),
    (ASSIGNED, SCREENING): Transition("report:refuse", needs_reason=True),
    (VERIFYING, IN_PROGRESS): Transition("report:start"),
    (VERIFYING, ANSWERED): Transition("report:answer", needs_evidence=True),
    (IN_PROGRESS, ANSWERED): Transition("report:answer", needs_evidence=True),
    (REWORK, IN_PROGRESS): Transition("report:start"),
    (REWORK, ANSWERED): Transition("report:answer", needs_evidence=True),
    # or asks to hand it over, which the Front grants, or the Front takes it from a unit that does not act; the next
    # unit accepts it first
    (ASSIGNED, ASSIGNED): Transition("report:hand_over", needs_reason=True, needs_unit=True),
    (VERIFYING, ASSIGNED): Transition("report:hand_over", needs_reason=True, needs_unit=True),
    (IN_PROGRESS, ASSIGNED): Transition("report:hand_over", needs_reason=True, needs_unit=True),
    (REWORK, ASSIGNED): Transition("report:hand_over", needs_reason=True, needs_unit=True),
    # The Front finds out later what it is, where it lies or who must not see it, and it is routed anew: nobody has
    # taken it on there. Why stands in the entry of that correction, which only the Front reads.
    (ASSIGNED, RECEIVED): Transition("report:correct"),
    (VERIFYING, RECEIVED): Transition("report:correct"),
    (IN_PROGRESS, RECEIVED): Transition("report:correct"),
    (REWORK, RECEIVED): Transition("report:correct"),
    (ANSWERED, RECEIVED): Transition("report:correct"),
    (VERIFIED, RECEIVED): Transition("report:correct"),
    # The Front checks the answer
    (ANSWERED, VERIFIED): Transition("report:verify"),
    (ANSWERED, REWORK): Transition("report:verify", needs_reason=True),
    (VERIFIED, CLOSED): Transition("report:close"),
    # Nothing that has ended is out of reach
    (CLOSED, REWORK): Transition("report:reopen", needs_reason=True),
    (DUPLICATE, SCREENING): Transition("report:reopen", needs_reason=True),
    (OUT_OF_SCOPE, SCREENING): Transition("report:reopen", needs_reason=True),
    (REJECTED, SCREENING): Transition("report:reopen", needs_reason=True),
    (WITHDRAWN, SCREENING): Transition("report:reopen", needs_reason=True),
}


class NotAllowed(ValueError):
    """The step is not in the table from where the report stands."""


class Missing(ValueError):
    """The step needs something that was not given; `what` is reason, evidence or unit."""

    def __init__(self, what: str) -> None:
        super().__init__(f"this step needs a {what}")
        self.what = what


def check(frm: str, to: str, *, reason: str = "", evidence: bool = False, unit: bool = False) -> Transition:
    """The transition from `frm` to `to`. Raises NotAllowed if there is none, Missing if it needs more."""
    transition = TRANSITIONS.get((frm, to))
    if transition is None:
        raise NotAllowed(f"{frm} -> {to}")
    for needed, given, what in (
        (transition.needs_reason, bool(reason), "reason"),
        (transition.needs_evidence, evidence, "evidence"),
        (transition.needs_unit, unit, "unit"),
    ):
        if needed and not given:
            raise Missing(what)
    return transition


def next_steps(frm: str) -> dict[str, Transition]:
    """Where a report can go from `frm`, with what each step asks for."""
    return {to: transition for (start, to), transition in TRANSITIONS.items() if start == frm}
