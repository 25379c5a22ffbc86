"""Trying a draft before it is published: what is wrong with it, and which of last month's cases would move.

Runs as a job, because a year of a province's cases takes seconds. The result is kept on the draft, with the
digest of the rules it holds for: an edit makes it worthless.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.areas.queries import valid_on
from webapp.core import clock, events, outbox
from webapp.core.db import db, rows_changed
from webapp.core.events import Actor
from webapp.reports import lifecycle
from webapp.reports.models import Category, Report
from webapp.routing import checks, rows, rulesets
from webapp.routing.checks import FOREVER, Finding, Gap, World
from webapp.routing.decide import Rule
from webapp.routing.models import RuleVersion
from webapp.routing.router import Router, router
from webapp.units.models import Unit

JOB = "rules.try"
PERIOD = timedelta(days=31)
LISTED = 500  # findings, gaps and cases that a result lists; the counts are of all


def ask(found: RuleVersion, actor: Actor, day: date | None = None) -> None:
    """Queue the dry run of a draft as it stands; `day`: as if last month's cases came in on that day."""
    found.trial = {"digest": found.digest, "asked": clock.now().isoformat()}
    events.append(rulesets.STREAM, "rules:draft_tried", actor, day=day.isoformat() if day else None)
    db.session.flush()
    outbox.enqueue(JOB, draft_id=found.id, digest=found.digest, day=day.isoformat() if day else None)


def run(draft_id: int, digest: str, day: str | None = None) -> None:
    """The job. A draft that has moved on meanwhile keeps what it has."""
    found = db.session.get(RuleVersion, draft_id)
    if found is None or found.state != rulesets.DRAFT or found.digest != digest:
        return
    result = of(rulesets.rules_of(found), date.fromisoformat(day) if day else None) | {"digest": digest}
    # By statement: the draft's own revision must not move under the hands of whoever has its form open.
    rows_changed(
        update(RuleVersion)
        .where(RuleVersion.id == draft_id, RuleVersion.digest == digest, RuleVersion.state == rulesets.DRAFT)
        .values(trial=result)
    )


def of(rules: list[Rule], day: date | None = None) -> dict[str, Any]:
    """Findings, gaps, and what would move, as JSON."""
    now = router()
    new = now.with_rules(rules)
    today = clock.today()
    changes = rows.compare(now.rules.ordered, rules)
    day = day or starts(changes, today)
    found = checks.findings(new.rules, world())
    before = {(g.province_code, g.why, g.target, g.categories, g.communes) for g in gaps(now, day or today)}
    open_places = gaps(new, day or today)
    return {
        "at": clock.now().isoformat(),
        "day": day.isoformat() if day else None,
        "errors": len(checks.blocking(found, (new.code for _old, new in changes if new))),
        "findings": [finding_data(f) for f in found[:LISTED]],
        "findings_total": len(found),
        "gaps": [
            gap_data(g) | {"new": (g.province_code, g.why, g.target, g.categories, g.communes) not in before}
            for g in open_places[:LISTED]
        ],
        "gaps_total": len(open_places),
        **_moves(now, new, day),
    }


def starts(changes: Iterable[tuple[Rule | None, Rule | None]], today: date) -> date | None:
    """The day from which all changes hold, if that is to come; None if they hold already."""
    days = [today]
    for old, new in changes:
        if new is not None:
            days.append(new.valid_from)
            if new.valid_to and (old is None or old.valid_to != new.valid_to):
                days.append(new.valid_to + timedelta(days=1))
    latest = max(days)
    return latest if latest > today else None


def _moves(now: Router, new: Router, day: date | None) -> dict[str, Any]:
    """Each case of last month decided by the rules in force and by the new ones."""
    query = (
        select(
            Report.public_id,
            Report.category_code,
            Report.area_code,
            Report.province_code,
            Report.created_at,
            Report.bypass_commune,
            Report.status,
        )
        .where(
            Report.created_at >= clock.now() - PERIOD,
            Report.area_code.is_not(None),
            Report.status.not_in(lifecycle.HIDDEN),
        )
        .order_by(Report.created_at.desc())
        .execution_options(yield_per=2000)
    )
    total = moved = still_open = watched = 0
    pairs: Counter[tuple[str | None, str | None]] = Counter()
    cases: list[dict[str, Any]] = []
    for public_id, category, area, province, created_at, bypass, status in db.session.execute(query):
        facts = now.facts(category, area, province, created_at, bypass_commune=bypass)
        if day is not None:
            facts = replace(facts, on=day)
        before, after = now.decide(facts), new.decide(facts)
        total += 1
        if before.unit_code == after.unit_code:
            watched += (before.supervisor_code, before.lead_code) != (after.supervisor_code, after.lead_code)
            continue
        moved += 1
        still_open += status in lifecycle.OPEN
        pairs[before.unit_code, after.unit_code] += 1
        if len(cases) < LISTED:
            cases.append(
                {
                    "case": public_id,
                    "category": category,
                    "area": area,
                    "day": clock.local(created_at).date().isoformat(),
                    "from": before.unit_code,
                    "to": after.unit_code,
                    "from_rule": before.rule_code,
                    "to_rule": after.rule_code,
                }
            )
    return {
        "total": total,
        "moved": moved,
        "moved_open": still_open,
        "watched": watched,
        "pairs": [[frm, to, number] for (frm, to), number in pairs.most_common(100)],
        "cases": cases,
    }


def world() -> World:
    """What rules may speak of, as it is and was."""
    areas: dict[str, list[checks.Span]] = defaultdict(list)
    parents: dict[str, str] = {}
    listed = select(Area.code, Area.level, Area.parent_code, Area.valid_from, Area.valid_to)
    for code, level, parent, start, end in db.session.execute(listed):
        areas[code].append((start, end or FOREVER))
        if level == COMMUNE and parent:
            parents[code] = parent
    units: dict[str, list[checks.Span]] = defaultdict(list)
    kinds = set()
    for code, kind, start, end in db.session.execute(select(Unit.code, Unit.kind, Unit.valid_from, Unit.valid_to)):
        units[code].append((start, end or FOREVER))
        kinds.add(kind)
    return World(frozenset(_categories()), frozenset(kinds), areas, units, parents)


def gaps(decider: Router, on: date) -> list[Gap]:
    """Where these rules name nobody on a day."""
    communes = db.session.execute(
        select(Area.code, Area.parent_code).where(Area.level == COMMUNE, Area.parent_code.is_not(None), valid_on(on))
    ).all()
    places = [(code, province) for code, province in communes if province]
    units = decider.units
    return checks.gaps(decider.rules, on, places, _categories(), find_unit=units.find, exists=units.exists)


def _categories() -> list[str]:
    return list(db.session.scalars(select(Category.code).where(Category.reportable, ~Category.retired)))


def provinces() -> dict[str, str]:
    """Names of all provinces, today's names first."""
    named = select(Area.code, Area.name).where(Area.level == PROVINCE).order_by(Area.valid_from)
    return {code: name for code, name in db.session.execute(named)}


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return asdict(finding) | {"day": finding.day.isoformat() if finding.day else None, "others": list(finding.others)}


def gap_data(gap: Gap) -> dict[str, Any]:
    """A gap as JSON."""
    return asdict(gap) | {"day": gap.day.isoformat(), "categories": list(gap.categories)}
