"""Routing a report: gather facts, decide, write down who, until when and why."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from shapely.geometry import Point

from geo.cells import cell
from geo.positions import blur
from webapp.areas import queries as areas
from webapp.areas import succession
from webapp.areas.models import Area
from webapp.core import clock, events
from webapp.core.events import Actor
from webapp.core.instance import instance
from webapp.reports import gone, lifecycle, privacy
from webapp.reports.models import Category, Report
from webapp.reports.service import move, stream, touch
from webapp.routing import rulesets
from webapp.routing.decide import Decision, Explanation
from webapp.routing.router import router
from webapp.supervision import clocks
from webapp.units import queries as units

OFFSHORE_M = 50_000  # how far off the coast a point still belongs to the nearest province's Front
BY_SENDER, BY_FRONT = "sender", "front"  # who wants the commune bypassed
KEPT = 12  # rules that a report remembers as considered


class AlreadyBypassed(ValueError):
    """No body of the commune sees the case as it is."""


def route(report: Report) -> None:
    """Route a new report; one that has been routed before is left as it is, so a job may run twice."""
    if report.status != lifecycle.NEW:
        return
    place(report)
    apply(report, events.SYSTEM)
    move(report, lifecycle.RECEIVED, events.SYSTEM)


def reroute(
    report: Report,
    actor: Actor,
    *,
    category: Category | None = None,
    commune_code: str | None = None,
    position: tuple[float, float] | None = None,
    reason: str = "",
    keep_unit: bool = False,
) -> None:
    """Correct the category or the place (lon, lat) and decide anew. History keeps what was before.

    Once it has been passed to a unit that needs a reason, and where the rules name another unit the case goes back to
    the Front, unless `keep_unit` leaves it where it is. Raises ValueError for an unknown commune, lifecycle.NotAllowed
    or lifecycle.Missing; nothing has changed then.
    """
    _may_change(report, reason)
    commune = areas.by_code(commune_code, "commune", _day(report)) if commune_code is not None else None
    if commune_code is not None and commune is None:
        raise ValueError("unknown commune")
    before = _standing(report)
    if category is not None:
        report.category_code = category.code
        report.category = category
    if position is not None:
        report.location = Point(*position)
        report.area_code = report.province_code = None
    elif commune is not None:
        report.area_code, report.province_code = commune.code, commune.parent_code
        if report.location is not None:
            # The officer says it lies elsewhere, so the position was wrong and must not win again.
            report.location = None
    if position is not None or commune_code is not None or category is not None:
        place(report)
    _decide_anew(report, actor, keep=keep_unit)
    said: dict[str, Any] = {"reason": reason} if reason else {}
    events.append(stream(report), "report:corrected", actor, before=before, after=_standing(report), **said)
    touch(report)


def bypass(report: Report, actor: Actor, reason: str) -> None:
    """Keep the case from every body of its commune, for a conflict of interest, and decide anew. A body that has it
    loses it to the Front above; any other keeps it.

    Raises AlreadyBypassed, lifecycle.NotAllowed, and lifecycle.Missing without a reason; nothing has changed then.
    """
    if report.bypass_commune:
        raise AlreadyBypassed
    if not reason:
        raise lifecycle.Missing("reason")
    _may_change(report, reason)
    before = _standing(report)
    report.bypass_commune = True
    report.routing = {**report.routing, "bypass": BY_FRONT}
    _decide_anew(report, actor, keep=True)
    events.append(stream(report), "report:bypassed", actor, reason=reason, before=before, after=_standing(report))
    touch(report)


def _may_change(report: Report, reason: str) -> None:
    if report.status in lifecycle.ENDED:
        raise lifecycle.NotAllowed(f"{report.status} correct")
    if report.status not in lifecycle.TRIAGE and not reason:
        raise lifecycle.Missing("reason")


def _decide_anew(report: Report, actor: Actor, *, keep: bool) -> None:
    """Decide for what the case is now. Where a unit has it already and the rules name another one, it goes back to
    the Front, and the unit is told; `keep` leaves it with the unit, if that may have it at all."""
    held, officer = report.unit_code, report.assignee_id
    if report.status in lifecycle.TRIAGE:
        apply(report, actor)
        return
    if (keep and _may_have(report, held)) or _explain(report).decision.unit_code == held:
        apply(report, actor, held=held)
        return
    # Before the rest changes: the step that ends was the former unit's.
    move(report, lifecycle.RECEIVED, actor, handed_over_by=held, recalled=True)
    gone.tell(report, held, officer)
    apply(report, actor)


def _may_have(report: Report, code: str | None) -> bool:
    """Whether a unit may be left in charge of the case as it is now: not a body of a commune that must not see it,
    nor one of another province."""
    unit = units.by_code(code)
    if unit is None or (report.bypass_commune and unit.level == "commune"):
        return False
    return unit.level == "central" or not report.province_code or unit.province_code == report.province_code


def _standing(report: Report) -> dict[str, str | None]:
    """What a correction may change, for the record."""
    return {
        "category": report.category_code,
        "area": report.area_code,
        "unit": report.unit_code,
        "supervisor": report.supervisor_code,
        "rule": report.rule_code,
    }


def place(report: Report) -> None:
    """Find the commune of the report's position and fix what the public may see of the place.

    A position outranks a picked commune. A point off the coast gets the nearest province but no commune.
    """
    commune: Area | None = None
    day = _day(report)
    if report.location is not None:
        lon, lat = report.location.x, report.location.y
        commune = areas.locate(lon, lat, day)
        if commune is not None:
            report.area_code, report.province_code = commune.code, commune.parent_code
        elif report.area_code is None:
            near = areas.nearest(lon, lat, OFFSHORE_M, day)
            report.province_code = near[0].parent_code if near else None
    if commune is None and report.area_code:
        commune = areas.by_code(report.area_code, "commune", day)
    set_public_place(report, commune)


def set_public_place(report: Report, commune: Area | None) -> None:
    """What the public sees: a displaced position, the commune as a whole, or nothing.

    The displacement is fixed for a report (a keyed hash), so asking again and again averages nothing out.
    """
    metres = report.category.public_blur_m
    position: tuple[float, float] | None = None
    if metres is not None and report.location is not None:
        lon, lat = report.location.x, report.location.y
        # Another seed for each distance: two displacements the same way would be two points of a line to the place.
        words = f"{instance().settings.code_key}:blur:{report.public_id}:{metres}"
        seed = hashlib.sha256(words.encode()).digest()
        position = blur(lon, lat, metres, seed) if metres else (lon, lat)
    elif commune is not None:
        position = (commune.point_lon, commune.point_lat)
    if position is None:
        report.public_lon = report.public_lat = report.public_cell = report.publish_at = None
        return
    report.public_lon, report.public_lat = position
    report.public_cell = cell(*position)
    report.publish_at = privacy.appears_at(report.created_at, report.category.publish_delay_hours)


def apply(report: Report, actor: Actor, *, held: str | None = None) -> Decision:
    """Decide from the report's facts and write the decision onto the report and the record. `held`: a unit with which
    the case stays, whomever the rules name."""
    explanation = _explain(report)
    decision = explanation.decision
    by = BY_FRONT if report.bypass_commune and (report.routing or {}).get("bypass") == BY_FRONT else BY_SENDER
    report.unit_code = held or decision.unit_code
    report.supervisor_code = decision.supervisor_code
    report.lead_code = decision.lead_code
    report.rule_code = decision.rule_code
    clocks.recount(report)  # of a report that is corrected; a new one has none yet
    why: dict[str, Any] = {
        "why": decision.why,
        "commune": report.area_code,
        "province": report.province_code,
        "rule": decision.rule_code,
        "rule_valid_from": decision.rule_valid_from.isoformat() if decision.rule_valid_from else None,
        "target_kind": decision.target_kind,
        "day": _day(report).isoformat(),
        "at": f"{clock.local(_moment(report)):%H:%M}",
        "version": rulesets.number(),
        "bypass": by if report.bypass_commune else None,
    }
    report.routing = why | {
        "considered": [[c.rule.code, c.verdict] for c in explanation.considered if c.verdict != "later"][-KEPT:],
        "looked": [[found.role, found.wanted, found.found] for found in explanation.looked],
    }
    events.append(
        stream(report),
        "report:routed",
        actor,
        unit=report.unit_code,
        supervisor=decision.supervisor_code,
        lead=decision.lead_code,
        **why,
    )
    return decision


def _explain(report: Report) -> Explanation:
    return explain(
        report.category_code,
        report.area_code,
        report.province_code,
        _moment(report),
        bypass_commune=report.bypass_commune,
    )


def explain(
    category_code: str,
    commune_code: str | None,
    province_code: str | None,
    moment: datetime,
    *,
    bypass_commune: bool = False,
) -> Explanation:
    """The decision for something that comes in at `moment`, without a report, and how it comes about."""
    now = router()
    facts = now.facts(category_code, commune_code, province_code, moment, bypass_commune=bypass_commune)
    return now.explain(facts)


def _moment(report: Report) -> datetime:
    """The moment whose map, rules and units count: when the report came in. If areas or units have been followed by
    others since then, that hour of today: whoever corrects a place now gives the case to somebody who is there."""
    came = clock.local(report.created_at)
    last = succession.last_day()
    if last is None or came.date() >= last:
        return report.created_at
    return datetime.combine(clock.today(), came.time(), clock.VIETNAM)


def _day(report: Report) -> date:
    """That moment's day in Vietnam."""
    return clock.local(_moment(report)).date()
