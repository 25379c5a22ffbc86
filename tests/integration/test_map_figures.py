"""The sums that the map is drawn from follow every change of every case, and tell nothing that is not public."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from geo.cells import cell
from tests.integration.public_world import CATEGORIES, UNITS, case, many, on_the_map
from webapp.core import clock
from webapp.core.db import committing, db
from webapp.mapping import fold, queries
from webapp.mapping.models import MapCell, MapChange, MapDelta, MapPoint
from webapp.reports import lifecycle
from webapp.reports.models import Report
from webapp.reports.queries import Filters, countable
from workers import mapping


def everything() -> set[Any]:
    """All that the map's tables say."""
    points = db.session.execute(select(MapPoint.public_id, MapPoint.cell, MapPoint.state)).all()
    sums = db.session.execute(
        select(MapCell.level, MapCell.dim, MapCell.period, MapCell.cell, MapCell.state, MapCell.n, MapCell.sum_x).where(
            MapCell.n != 0
        )
    ).all()
    return {tuple(row) for row in (*points, *sums)}


def test_sums_follow_every_change(session: Any) -> None:
    dice = random.Random(11)
    reports = many(150)
    on_the_map()
    for _ in range(6):
        for report in dice.sample(reports, 40):
            change = dice.randrange(6)
            if change == 0:
                report.status = dice.choice(lifecycle.STATUSES)
            elif change == 1:
                report.category_code = dice.choice(CATEGORIES)
            elif change == 2:
                report.public_lon, report.public_lat = dice.uniform(103, 109), dice.uniform(9, 22)
                report.public_cell = cell(report.public_lon, report.public_lat)
            elif change == 3:
                report.unit_code = dice.choice(UNITS)
            elif change == 4:
                report.publish_at = dice.choice((None, clock.now(), clock.now() + timedelta(hours=1)))
            else:
                report.due_at = clock.now() + timedelta(days=dice.choice((-1, 1)))
        session.flush()
        on_the_map()
        assert fold.first_wrong() == ""
        public = session.scalar(select(func.count()).select_from(Report).where(countable(clock.now())))
        assert session.scalar(select(func.count()).select_from(MapPoint)) == public
    assert session.scalar(select(func.count()).select_from(MapChange)) == 0
    assert session.scalar(select(func.count()).select_from(MapDelta)) == 0


def test_a_wrong_sum_is_found_and_made_anew(session: Any) -> None:
    many(30)
    on_the_map()
    right = everything()
    row = session.scalars(select(MapCell).where(MapCell.n > 0).limit(1)).one()
    row.n += 1
    session.flush()
    assert fold.first_wrong()
    fold.begin_anew()
    on_the_map()
    assert fold.first_wrong() == ""
    assert everything() == right


def test_a_delayed_case_changes_nothing_until_its_hour(session: Any, monkeypatch: Any) -> None:
    """Who compares the map before and after learns nothing of a case that waits, is hidden or is double."""
    original = case()
    on_the_map()
    before = everything()
    now = clock.now()
    waiting = case(publish_at=now + timedelta(hours=72), due_at=now - timedelta(days=1))
    case(publish_at=None)
    case(status=lifecycle.REJECTED)
    case(status=lifecycle.DUPLICATE, duplicate_of_id=original.id)
    waiting.status = lifecycle.SCREENING
    session.flush()
    on_the_map()
    assert everything() == before
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=72, seconds=1))
    on_the_map()
    assert queries.counts(Filters())["total"] == 2
    assert fold.first_wrong() == ""


def test_an_answer_becomes_late_by_itself(session: Any, monkeypatch: Any) -> None:
    now = clock.now()
    case(status=lifecycle.ASSIGNED, due_at=now + timedelta(minutes=10))
    case(status=lifecycle.VERIFIED, due_at=now + timedelta(minutes=10))
    on_the_map()
    assert queries.counts(Filters())["overdue"] == 0
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=71))  # the full hour after it at the latest
    on_the_map()
    assert queries.counts(Filters())["overdue"] == 1
    assert queries.counts(Filters(status="overdue"))["total"] == 1
    assert fold.first_wrong() == ""


def test_many_cases_at_one_point_and_two_that_only_seem_to_be(session: Any) -> None:
    for _ in range(3):
        case(lon=106.5, lat=9.6)
    # Their mean lies exactly on a third point; only the squares tell.
    case(lon=105.9, lat=10.6)
    case(lon=105.9, lat=10.6002)
    on_the_map()
    from geo import cells

    for lon, lat, same in ((106.5, 9.6, True), (105.9, 10.6, False)):
        x, y = cells.tile_of(lon, lat, 9)
        found = [c for c in queries.tile(9, x, y, Filters())["clusters"] if abs(c["lat"] - lat) < 0.01]
        assert [("same" in c) for c in found] == [same]


@pytest.mark.only_engine("postgis")  # SQLite has one writer at a time anyway
def test_folds_take_turns(app: Any, session: Any) -> None:
    from sqlalchemy import text

    with committing():
        case()
    with db.engine.connect() as other:
        other.execute(text("SELECT 1 FROM map_state WHERE id = 1 FOR UPDATE"))
        assert fold.tick() == 0
        db.session.rollback()
    with committing():
        assert fold.tick() > 0


def test_the_relay_brings_the_map_up_to_date_and_then_rests(app: Any, session: Any) -> None:
    with committing():
        case()
    assert mapping.follow(app) >= 1
    assert queries.counts(Filters())["total"] == 1
    assert mapping.follow(app) == 0
