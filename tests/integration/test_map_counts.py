"""The map's sums against a plain count of what is public: a thousand views and filters, areas, months."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from geo import cells
from tests import factories
from tests.integration.public_world import CATEGORIES, UNITS, case, many, on_the_map
from webapp.areas import succession
from webapp.areas.models import COMMUNE, PROVINCE
from webapp.core import clock
from webapp.core.db import db
from webapp.mapping import queries as mapping
from webapp.mapping import shades
from webapp.reports import lifecycle, queries
from webapp.reports.models import Report
from webapp.reports.queries import Filters, matching

VIEWS = 1_000
CASES = 600


def some_filters(dice: random.Random) -> Filters:
    """Any combination of what the page offers; half of the time one filter or none."""
    today = clock.today()
    days = sorted(today - timedelta(days=dice.randint(0, 420)) for _ in range(2))
    values = {
        "category": dice.choice(CATEGORIES),
        "group": dice.choice(("air", "water", "waste")),
        "status": dice.choice((*queries.GROUPS, queries.OVERDUE, lifecycle.VERIFIED, lifecycle.ASSIGNED)),
        "since": days[0],
        "until": days[1],
        "unit": dice.choice(UNITS),
    }
    names = dice.sample(sorted(values), dice.choice((0, 1, 1, 2, 3)))
    return Filters(**{name: values[name] for name in names})


def counted(filters: Filters, tiles: list[tuple[int, int, int]]) -> int:
    """How many public cases match and lie in these tiles, by a count that knows nothing of any sum."""
    ranges = [cells.tile_range(*tile) for tile in tiles]
    inside = or_(*(and_(Report.public_cell >= low, Report.public_cell < high) for low, high in ranges))
    query = select(func.count()).select_from(Report).where(*matching(filters, clock.now()), inside)
    return int(db.session.scalar(query) or 0)


def test_a_thousand_views_show_as_many_cases_as_there_are(session: Any) -> None:
    many(CASES, seed=17)
    on_the_map()
    dice = random.Random(23)
    seen = 0
    for _ in range(VIEWS):
        zoom = dice.randint(2, 18)
        x, y = cells.tile_of(dice.uniform(105.6, 107.4), dice.uniform(9.4, 11.8), zoom)
        last = (1 << zoom) - 1
        tiles = [(zoom, min(x + dx, last), min(y + dy, last)) for dx in (0, 1) for dy in (0, 1)]
        view = sorted(set(dice.sample(tiles, dice.choice((1, 2, 4)))))
        filters = some_filters(dice)
        drawn = [mapping.tile(*tile, filters) for tile in view]
        shown = sum(len(t["reports"]) + sum(c["count"] for c in t["clusters"]) for t in drawn)
        assert shown == counted(filters, view), (view, filters)
        seen += shown
    assert seen > 10 * VIEWS  # not all of them were empty


def test_areas_and_months_add_up_to_what_is_public(session: Any) -> None:
    factories.duyen_hai()
    many(300, seed=5)
    on_the_map()
    dice = random.Random(29)
    now = clock.now()
    for _ in range(60):
        filters = some_filters(dice)
        for level, within, name in ((PROVINCE, None, "province"), (COMMUNE, "86", "commune")):
            for found in shades.by_area(level, within, filters):
                here = matching(replace(filters, **{name: found.code}), now)
                running = Report.status.in_(lifecycle.CLOCK_RUNS)
                late = queries.is_overdue(now)
                expected = [
                    session.scalar(select(func.count()).select_from(Report).where(*here, *more))
                    for more in ((), (running,), (late,))
                ]
                assert [found.total, found.awaited, found.late] == expected, (found, filters)
        per_month = shades.by_month(filters)
        whole = matching(replace(filters, since=None, until=None), now)
        assert sum(n for _month, n in per_month) == session.scalar(
            select(func.count()).select_from(Report).where(*whole)
        )
        assert [month for month, _n in per_month] == sorted({month for month, _n in per_month})


def test_cases_of_a_merged_commune_shade_what_stands_in_its_place(session: Any) -> None:
    factories.duyen_hai()
    for _ in range(3):
        case(area_code="29000")
    case(area_code="29512")
    succession.record(succession.AREA, "29000", "29512", clock.today(), "thử", share=1.0, main=True)
    on_the_map()
    sums = {found.code: found.total for found in shades.by_area(COMMUNE, "86", Filters())}
    assert sums["29512"] == 4
    assert "29000" not in sums
