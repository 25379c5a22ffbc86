"""Where a case waits on the desks: one lane for each status and each way of having come to it.

A lane is kept with the case (`Report.lane`), so that a desk reads its first page from an index whatever the
number of cases. Lanes are numbered in the order in which they ask for attention. Being late or due soon is not
a lane: it comes with time, from `Report.lane_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webapp.reports import lifecycle as life

OVERDUE, SOON = 0, 1  # before every lane
SOON_IS = timedelta(days=2)
NO_CLOCK = datetime(9999, 1, 1, tzinfo=UTC)  # comes after every due time

REFUSED, REOPENED, OBJECTED, SUPPLEMENTED = "refused", "reopened", "objected", "supplemented"
HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Lane:
    """`why` a case of this `status` is here; `clock`: it is sorted by its due time, else by when it came."""

    number: int
    status: str
    why: str
    clock: bool = True


LANES = {
    lane.number: lane
    for lane in (
        Lane(10, life.NEW, "new"),
        Lane(11, life.RECEIVED, "new"),
        Lane(20, life.SCREENING, REFUSED),
        Lane(30, life.SCREENING, REOPENED),
        Lane(40, life.ANSWERED, OBJECTED, clock=False),
        Lane(41, life.VERIFIED, OBJECTED, clock=False),
        Lane(42, life.CLOSED, OBJECTED, clock=False),
        Lane(50, life.ANSWERED, "answered", clock=False),
        Lane(60, life.SCREENING, SUPPLEMENTED),
        Lane(61, life.SCREENING, "screening"),
        # with a unit that has asked the Front to hand it over
        Lane(65, life.REWORK, HANDOVER),
        Lane(66, life.VERIFYING, HANDOVER),
        Lane(67, life.IN_PROGRESS, HANDOVER),
        Lane(70, life.VERIFIED, "verified", clock=False),
        # the unit's move
        Lane(80, life.REWORK, REOPENED),
        Lane(81, life.REWORK, "rework"),
        Lane(82, life.ASSIGNED, "assigned"),
        Lane(83, life.VERIFYING, "verifying"),
        Lane(84, life.IN_PROGRESS, "in_progress"),
        # the sender's
        Lane(90, life.NEEDS_INFO, "needs_info", clock=False),
    )
}
_BY_WAY = {(lane.status, lane.why): lane.number for lane in LANES.values()}
# How a case without anything particular waits in its status.
_PARTICULAR = (REFUSED, REOPENED, OBJECTED, SUPPLEMENTED, HANDOVER)
_USUAL = {lane.status: lane.number for lane in LANES.values() if lane.why not in _PARTICULAR}
HANDOVERS = tuple(lane.number for lane in LANES.values() if lane.why == HANDOVER)


def lane_of(status: str, why: str = "") -> int | None:
    """The lane of a status, for a particular reason where there is a lane for that; None: it waits nowhere."""
    return _BY_WAY.get((status, why), _USUAL.get(status))


def after(before: str | None, status: str, lane: int | None = None) -> int | None:
    """The lane of a case that has just come from one status, and from a `lane` there, to another status."""
    why = (
        HANDOVER  # the request waits on when the unit begins meanwhile
        if lane in HANDOVERS and status == life.IN_PROGRESS
        else REFUSED
        if before == life.ASSIGNED
        else SUPPLEMENTED
        if before == life.NEEDS_INFO
        else REOPENED
        if before in life.ENDED
        else ""
    )
    return lane_of(status, why)


def sorted_at(lane: int | None, due_at: datetime | None, came_at: datetime) -> datetime | None:
    """By what a case is sorted in its lane: its due time, or when it came."""
    if lane is None:
        return None
    return (due_at or NO_CLOCK) if LANES[lane].clock else came_at


def rank(lane: int, at: datetime, now: datetime) -> int:
    """How urgent: OVERDUE, SOON, else the lane's own number."""
    if LANES[lane].clock and at < now:
        return OVERDUE
    return SOON if LANES[lane].clock and at < now + SOON_IS else lane


def of_statuses(statuses: tuple[str, ...]) -> tuple[int, ...]:
    """The lanes in which cases of these statuses wait."""
    return tuple(lane.number for lane in LANES.values() if lane.status in statuses)
