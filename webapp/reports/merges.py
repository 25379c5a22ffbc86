"""Several reports of the same thing become one case in one step: all of them or none. Flushes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from webapp.core.events import Actor
from webapp.reports import lifecycle, service
from webapp.reports.models import Report

MOST = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen: `ready` become duplicates of `original`, `refused` cannot, each with a code why:
    passed_on, ended or duplicate."""

    original: Report
    ready: list[Report]
    refused: list[tuple[Report, str]]


class Changed(ValueError):
    """What was to be merged cannot be, or not all of it any more."""


def plan(cases: Sequence[Report], original: Report) -> Plan:
    """The preview. Nothing is changed."""
    ready: list[Report] = []
    refused: list[tuple[Report, str]] = []
    for one in cases:
        if one.id == original.id:
            continue
        why = _why_not(one)
        if why:
            refused.append((one, why))
        else:
            ready.append(one)
    return Plan(original, ready, refused)


def can_stay(report: Report) -> bool:
    """Whether others can be merged into this case."""
    return report.status not in (lifecycle.DUPLICATE, *lifecycle.HIDDEN)


def likely_original(cases: Sequence[Report]) -> Report:
    """The case that most likely stays: one that a unit has already, else the one that came first."""
    return min(cases, key=lambda r: (not can_stay(r), r.status not in lifecycle.PASSED_ON, r.created_at, r.id))


def merge(planned: Plan, actor: Actor) -> None:
    """Do what was planned. Raises Changed before anything is done."""
    if not planned.ready or not can_stay(planned.original) or any(_why_not(one) for one in planned.ready):
        raise Changed
    for one in planned.ready:
        service.mark_duplicate(one, planned.original, actor)


def _why_not(report: Report) -> str:
    if report.status == lifecycle.DUPLICATE:
        return "duplicate"
    if report.status in lifecycle.ENDED:
        return "ended"
    if (report.status, lifecycle.DUPLICATE) not in lifecycle.TRANSITIONS:
        return "passed_on"
    return ""
