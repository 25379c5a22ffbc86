"""Routing a report: gather facts, decide, write down who, until when and why."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

from shapely.geometry import Point
from sqlalchemy import select

from geo.cells import cell
from geo.positions import blur
from webapp.areas import queries as areas
from webapp.areas.models import Area
from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.core.instance import instance
from webapp.reports import lifecycle
from webapp.reports.models import Category, Report
from webapp.reports.service import move, stream, touch
from webapp.routing.decide import Decision, Facts, decide
from webapp.routing.models import RoutingRule
from webapp.supervision import clocks
from webapp.units import queries as units

OFFSHORE_M = 50_000  # how far off the coast a point still belongs to the nearest province's Front


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
) -> None:
    """Correct the category or the place (lon, lat) and decide anew. History keeps what was before."""
    before = {"category": report.category_code, "area": report.area_code, "unit": report.unit_code}
    if category is not None:
        report.category_code = category.code
        report.category = category
    if position is not None:
        report.location = Point(*position)
        report.area_code = report.province_code = None
    elif commune_code is not None:
        commune = areas.by_code(commune_code, "commune", _day(report))
        if commune is None:
            raise ValueError("unknown commune")
        report.area_code, report.province_code = commune.code, commune.parent_code
        if report.location is not None:
            # The officer says it lies elsewhere, so the position was wrong and must not win again.
            report.location = None
    if position is not None or commune_code is not None or category is not None:
        place(report)
    apply(report, actor)
    after = {"category": report.category_code, "area": report.area_code, "unit": report.unit_code}
    events.append(stream(report), "report:corrected", actor, before=before, after=after)
    touch(report)


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
        seed = hashlib.sha256(f"{instance().settings.code_key}:blur:{report.public_id}".encode()).digest()
        position = blur(lon, lat, metres, seed) if metres else (lon, lat)
    elif commune is not None:
        position = (commune.point_lon, commune.point_lat)
    if position is None:
        report.public_lon = report.public_lat = report.public_cell = report.publish_at = None
        return
    report.public_lon, report.public_lat = position
    report.public_cell = cell(*position)
    report.publish_at = report.created_at + timedelta(hours=report.category.publish_delay_hours)


def apply(report: Report, actor: Actor) -> Decision:
    """Decide from the report's facts and write the decision onto the report and the record."""
    decision = explain(
        report.category_code,
        report.area_code,
        report.province_code,
        _day(report),
        bypass_commune=report.bypass_commune,
    )
    report.unit_code = decision.unit_code
    report.supervisor_code = decision.supervisor_code
    report.lead_code = decision.lead_code
    report.rule_code = decision.rule_code
    clocks.recount(report)  # of a report that is corrected; a new one has none yet
    report.routing = {
        "why": decision.why,
        "commune": report.area_code,
        "province": report.province_code,
        "rule": decision.rule_code,
        "rule_valid_from": decision.rule_valid_from.isoformat() if decision.rule_valid_from else None,
        "target_kind": decision.target_kind,
        "day": _day(report).isoformat(),
    }
    events.append(
        stream(report),
        "report:routed",
        actor,
        unit=decision.unit_code,
        supervisor=decision.supervisor_code,
        lead=decision.lead_code,
        **report.routing,
    )
    return decision


def explain(
    category_code: str,
    commune_code: str | None,
    province_code: str | None,
    on: date,
    *,
    bypass_commune: bool = False,
) -> Decision:
    """The decision for these facts, without a report."""

    def find(kind: str, commune: str | None, province: str | None, day: date) -> str | None:
        unit = units.of_kind_for(kind, commune, province, day)
        return unit.code if unit else None

    def is_of_commune(code: str) -> bool:
        unit = units.by_code(code, on)
        return unit is not None and unit.level == "commune"

    rules = db.session.scalars(select(RoutingRule).where(RoutingRule.category_code.in_(("*", category_code)))).all()
    facts = Facts(category_code, commune_code, province_code, on, bypass_commune)
    return decide(facts, rules, find, is_of_commune)


def _day(report: Report) -> date:
    """The day whose rules and units count: the day the report came in, in Vietnam."""
    return clock.local(report.created_at).date()
