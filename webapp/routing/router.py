"""Rules, units and days off in memory, compiled once for each state of theirs, and decisions with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask import current_app
from sqlalchemy import select

from webapp.core import clock, stamps
from webapp.core.db import db
from webapp.routing import decide as deciding
from webapp.routing.deadlines import is_working_day
from webapp.routing.decide import Decision, Explanation, Facts, Rule, Rules
from webapp.routing.models import CalendarDay, RoutingRule
from webapp.routing.rows import COLUMNS
from webapp.units import directory
from webapp.units.directory import Directory
from webapp.units.models import Unit

_WATCHED = (RoutingRule, Unit, CalendarDay)


@dataclass(frozen=True, slots=True)
class Router:
    """Decides without asking the database."""

    rules: Rules
    units: Directory
    calendar: Mapping[date, str]

    def facts(
        self,
        category_code: str,
        commune_code: str | None,
        province_code: str | None,
        moment: datetime,
        *,
        bypass_commune: bool = False,
    ) -> Facts:
        """The facts of something that comes in at `moment` (aware)."""
        local = clock.local(moment)
        off = not is_working_day(local.date(), self.calendar)
        at = f"{local:%H:%M}"
        return Facts(category_code, commune_code, province_code, local.date(), bypass_commune, at, off)

    def decide(self, facts: Facts) -> Decision:
        """Who is responsible."""
        units = self.units
        return deciding.decide(
            facts, self.rules, units.find, lambda code: units.is_of_commune(code, facts.on), units.exists
        )

    def explain(self, facts: Facts) -> Explanation:
        """Who is responsible, with everything that was looked at."""
        units = self.units
        return deciding.explain(
            facts, self.rules, units.find, lambda code: units.is_of_commune(code, facts.on), units.exists
        )

    def with_rules(self, rules: Iterable[Rule]) -> Router:
        """The same with another set of rules."""
        return Router(Rules(rules), self.units, self.calendar)


def router() -> Router:
    """The router for the reference data as this transaction sees them; compiled anew only after a change."""
    stamp = stamps.current(*_WATCHED)
    known: tuple[tuple[str, ...], Router] | None = current_app.extensions.get("routing_router")
    if known and known[0] == stamp:
        return known[1]
    fresh = Router(Rules(in_force()), directory.load(), all_days())
    current_app.extensions["routing_router"] = (stamp, fresh)
    return fresh


def in_force() -> list[Rule]:
    """The rules of the set in force, those whose days are over or to come included."""
    columns = [getattr(RoutingRule, name) for name in COLUMNS]
    return [Rule(*row) for row in db.session.execute(select(*columns))]


def all_days() -> dict[date, str]:
    """Every day that differs from its weekday."""
    return {day: kind for day, kind in db.session.execute(select(CalendarDay.day, CalendarDay.kind))}
