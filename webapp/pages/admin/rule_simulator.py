"""The simulator: this place, this category, this time: who, by which rule, and why."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from geo.positions import PositionError, parse_position
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, Area
from webapp.core import clock, text
from webapp.core.db import db
from webapp.pages import messages, routing_words
from webapp.pages.access import require
from webapp.pages.admin import places
from webapp.pages.admin.rules import bp, category_choices, names_for, page, unclear_words
from webapp.pages.desk.case_page import day_or_none
from webapp.pages.desk.timeline import routing_words as why_words
from webapp.reports.models import Category
from webapp.routing import rulesets
from webapp.routing.decide import Facts
from webapp.routing.router import Router, router

ASKED = ("category", "lat", "lon", "commune", "day", "time", "bypass", "version")


@bp.get("/simulate")
def simulate() -> Response:
    """This place, this category, this time: who, by which rule, and why."""
    require("rules:view")
    asked = {name: text.clean(request.args.get(name))[:80] for name in ASKED}
    errors: dict[str, str] = {}
    result = _simulated(asked, errors) if asked["category"] or asked["commune"] or asked["lat"] else None
    local = clock.local(clock.now())
    values = {"day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"} | {k: v for k, v in asked.items() if v}
    return page(
        "admin/routing/simulate.html",
        "simulate",
        422 if errors else 200,
        values=values,
        errors=errors,
        result=result,
        categories=category_choices(),
        number=rulesets.number(),
    )


def _simulated(asked: dict[str, str], errors: dict[str, str]) -> dict[str, Any] | None:
    category = db.session.get(Category, asked["category"]) if asked["category"] else None
    if category is None:
        errors["category"] = messages.say("category_missing")
    day = day_or_none(asked["day"]) if asked["day"] else clock.today()
    if day is None or not 1900 < day.year < 2200:
        errors["day"] = str(routing_words.ROW_ERROR["not_a_day"])
    moment = _time(asked["time"] or "12:00")
    if moment is None:
        errors["time"] = str(routing_words.ROW_ERROR["not_a_time"])
    commune = _commune(asked, day or clock.today(), errors)
    version = None
    if asked["version"]:
        version = (
            rulesets.version(int(asked["version"]))
            if asked["version"].isdecimal() and len(asked["version"]) < 9
            else None
        )
        if version is None:
            errors["version"] = _("There is no such version.")
    if errors or category is None or day is None or moment is None:
        return None
    decider = router().with_rules(rulesets.rules_of(version)) if version else router()
    facts = decider.facts(
        category.code,
        commune.code if commune else None,
        commune.parent_code if commune else None,
        datetime.combine(day, moment, clock.VIETNAM),
        bypass_commune=asked["bypass"] == "1",
    )
    return shown(decider, facts, (version.number if version else None) or rulesets.number())


def _time(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed.zfill(5)[:5])
    except ValueError:
        return None


def _commune(asked: dict[str, str], day: date, errors: dict[str, str]) -> Area | None:
    if asked["lat"] or asked["lon"]:
        try:
            lon, lat = parse_position(asked["lat"], asked["lon"])
        except PositionError as error:
            errors["lat"] = messages.say(f"position_{error.code}")
            return None
        return areas.locate(lon, lat, day)
    if not asked["commune"]:
        errors["commune"] = _("Give a position or a commune.")
        return None
    try:
        return places.find(asked["commune"], day, COMMUNE)
    except places.Unclear as unclear:
        errors["commune"] = unclear_words(unclear)
        return None


def shown(decider: Router, facts: Facts, number: int) -> dict[str, Any]:
    """A decision with its explanation, in words."""
    told = decider.explain(facts)
    decision = told.decision
    codes: set[str | None] = {decision.unit_code, decision.supervisor_code, decision.lead_code}
    codes |= {one.found for one in told.looked} | {one.wanted for one in told.looked}
    unit_codes, area_codes = routing_words.codes_of(c.rule for c in told.considered)
    names = names_for(codes | unit_codes, area_codes | {facts.commune_code, facts.province_code})
    why = {
        "why": decision.why,
        "commune": facts.commune_code,
        "rule": decision.rule_code,
        "rule_valid_from": decision.rule_valid_from.isoformat() if decision.rule_valid_from else None,
    }
    return {
        "decision": decision,
        "names": names,
        "facts": facts,
        "why": why_words(why, names),
        "number": number,
        "considered": [(c.rule, c.verdict, routing_words.verdict(c.verdict, c.rule)) for c in told.considered[:100]],
        "looked": [routing_words.looked(one.role, one.wanted, one.found, names) for one in told.looked],
        "others": told.others,
    }
