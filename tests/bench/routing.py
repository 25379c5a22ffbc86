"""Routing: decisions per second in one process over 10,000 rules and all 3,321 communes.

The communes are those of `vietnamadminunits`, the units and rules are made up: for each commune a committee, a
police and a Front, for each province its offices, and 10,000 rules over 26 categories, many of them for one
commune, some only at night or on days off. Facts are drawn at random. The same decisions are taken by the plain
definition (every rule looked at) as a floor, and one by one through the database as a web process or a worker
does it, with the look whether the compiled rules are still those of the database.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert

from tests import services
from tests.bench._report import Figure, figure, write
from tests.integration.areas_app import areas_app
from webapp.areas import approximate
from webapp.areas.models import COMMUNE
from webapp.core import events
from webapp.core.db import committing, db, reading
from webapp.routing import checks, rulesets
from webapp.routing.decide import Facts, Rule, Rules, fits, order
from webapp.routing.router import Router, router
from webapp.units.directory import Directory, Era
from webapp.units.models import Unit

RULES, DECISIONS, BY_DEFINITION, BY_DATABASE = 10_000, 100_000, 300, 3_000
SINCE = date(2025, 7, 1)
CATEGORIES = [f"category-{n:02}" for n in range(26)]
BY_COMMUNE = ("commune_committee", "police_commune", "front_commune")
BY_PROVINCE = ("agri_env_dept", "police_province", "front_province", "org_women", "org_farmers")


def communes() -> list[tuple[str, str]]:
    """(commune, province) of the whole country."""
    return sorted((f.code, f.parent_code or "") for f in approximate.features() if f.level == COMMUNE)


def units(places: list[tuple[str, str]]) -> list[Era]:
    found = [Era("mttq-tw", "front_central", "central", None, SINCE, None)]
    for code, _province in places:
        found += [Era(f"{kind}-{code}", kind, "commune", code, SINCE, None) for kind in BY_COMMUNE]
    for province in sorted({p for _code, p in places}):
        found += [Era(f"{kind}-{province}", kind, "province", province, SINCE, None) for kind in BY_PROVINCE]
    return found


def rules(places: list[tuple[str, str]], draw: random.Random) -> list[Rule]:
    """A rule for each category everywhere, the rest for provinces, communes, nights, days off, and of the past."""
    made = [Rule(f"r-{c}", 1000, c, target_kind=draw.choice(BY_COMMUNE[:2]), valid_from=SINCE) for c in CATEGORIES]
    while len(made) < RULES:
        commune, province = draw.choice(places)
        start, end = draw.choice([(None, None), (None, None), ("22:00", "06:00"), ("06:00", "18:00")])
        first = SINCE + timedelta(days=draw.randrange(400))
        made.append(
            Rule(
                f"r-{len(made):05}",
                draw.randrange(1, 900),
                draw.choice(["*", *CATEGORIES * 3]),
                draw.choice([commune, commune, commune, province]),
                start,
                end,
                draw.choice([None, None, "off"]),
                target_kind=draw.choice(["agri_env_dept", "police_province", "commune_committee"]),
                supervisor_level=draw.choice(["commune", "province"]),
                lead_organisation_kind=draw.choice([None, "org_women", "org_farmers"]),
                valid_from=first,
                valid_to=draw.choice([None, first + timedelta(days=draw.randrange(300))]),
            )
        )
    return made


def questions(places: list[tuple[str, str]], draw: random.Random, number: int) -> list[Facts]:
    return [
        Facts(
            draw.choice(CATEGORIES),
            *draw.choice(places),
            SINCE + timedelta(days=draw.randrange(500)),
            bypass_commune=draw.random() < 0.05,
            at=f"{draw.randrange(24):02}:{draw.randrange(60):02}",
            off=draw.random() < 0.3,
        )
        for _ in range(number)
    ]


def rate(ask: Callable[[Facts], Any], facts: Sequence[Facts]) -> float:
    """Answers per second of processor time."""
    begun = time.process_time()
    for one in facts:
        ask(one)
    return len(facts) / (time.process_time() - begun)


def by_definition(table: list[Rule], facts: Facts) -> str | None:
    fitting = [r for r in table if fits(r, facts)]
    return min(fitting, key=order).code if fitting else None


def stored(
    engine: str, run: services.Run, places: list[tuple[str, str]], table: list[Rule], facts: list[Facts]
) -> float:
    """Decisions per second where each asks the database whether its rules are still the same."""
    with areas_app(run, engine):
        with committing():
            db.session.execute(
                insert(Unit),
                [
                    {
                        "code": e.code,
                        "kind": e.kind,
                        "level": e.level,
                        "area_code": e.area_code,
                        "valid_from": e.valid_from,
                        "name_vi": e.code,
                        "name_en": e.code,
                        "short_name_vi": e.code,
                    }
                    for e in units(places)
                ],
            )
            rulesets.store(table, events.SYSTEM, "bench", rulesets.COMMAND)
        with reading():
            router()
            begun = time.perf_counter()
            for one in facts:
                router().decide(one)
            return len(facts) / (time.perf_counter() - begun)


def main() -> int:
    draw = random.Random(42)
    places = communes()
    table = rules(places, draw)
    facts = questions(places, draw, DECISIONS)
    begun = time.process_time()
    compiled = Router(Rules(table), Directory(units(places)), {})
    compiling = time.process_time() - begun
    wrong = [f for f in facts[:BY_DEFINITION] if compiled.decide(f).rule_code != by_definition(table, f)]
    if wrong:
        print(f"{len(wrong)} decisions differ from the definition", file=sys.stderr)
        return 1
    plain = rate(lambda f: by_definition(table, f), facts[:BY_DEFINITION])
    size = f"{RULES} rules, {len(places)} communes"
    found = rate(compiled.decide, facts)
    begun = time.process_time()
    checks.findings(compiled.rules, checks.World(frozenset(CATEGORIES), frozenset(), {}, {}, dict(places)))
    checking = time.process_time() - begun
    begun = time.process_time()
    checks.gaps(
        compiled.rules,
        date(2026, 11, 22),
        places,
        CATEGORIES,
        find_unit=compiled.units.find,
        exists=compiled.units.exists,
    )
    figures: list[Figure] = [
        figure(f"decisions, {size}", found, "1/s", floor=5000, n=DECISIONS),
        figure("decisions against looking at every rule", found, "1/s", floor=plain, n=BY_DEFINITION),
        figure("decisions with explanation", rate(compiled.explain, facts[:20_000]), "1/s", n=20_000),
        figure("gaps: every category in every commune", time.process_time() - begun, "s"),
        figure("shadowed rules and ties", checking, "s"),
        figure("compiling rules and units", compiling, "s"),
    ]
    run = services.Run.begin()
    try:
        for engine in services.ENGINES:
            got = stored(engine, run, places, table, facts[:BY_DATABASE])
            figures.append(
                figure(f"decisions that ask whether rules have changed, {engine}", got, "1/s", n=BY_DATABASE)
            )
    finally:
        run.end()
    write("routing", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
