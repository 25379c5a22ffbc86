"""Many cases in every state, for the tests of what the public sees."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event

from geo.cells import cell
from webapp.core import clock
from webapp.core import db as core_db
from webapp.core.db import db
from webapp.mapping import fold
from webapp.reports import codes, lifecycle
from webapp.reports.models import Report

CATEGORIES = ("waste_household", "coal_ash", "sand_river", "noise", "wastewater")
UNITS = ("so-nnmt-86", "ubnd-29512", "ca-86")


def case(**values: Any) -> Report:
    """A case as routing leaves it: public since yesterday, at Duyên Hải; `lon` and `lat` are its public place."""
    now = clock.now()
    lon, lat = values.pop("lon", 106.525), values.pop("lat", 9.585)
    given: dict[str, Any] = {
        "public_id": codes.new_public_id(),
        "client_key": codes.new_public_id(),
        "code_hash": codes.new_public_id(),
        "category_code": "coal_ash",
        "description": "điều chỉ cán bộ được đọc",
        "lang": "vi",
        "channel": "web",
        "place_source": "map",
        "area_code": "29512",
        "province_code": "86",
        "created_at": now - timedelta(days=1),
        "updated_at": now,
        "status": lifecycle.RECEIVED,
        "supervisor_code": "mttq-29512",
        "publish_at": now - timedelta(hours=12),
        "public_lon": lon,
        "public_lat": lat,
        "public_cell": cell(lon, lat),
    } | values
    report = Report(**given)
    db.session.add(report)
    db.session.flush()
    return report


def many(count: int, seed: int = 1) -> list[Report]:
    """Cases in all states and places, some hidden, some delayed, some at one point."""
    dice = random.Random(seed)
    now = clock.now()
    made = []
    for number in range(count):
        lon, lat = dice.uniform(105.5, 107.5), dice.uniform(9.3, 11.9)
        if number % 3 == 0:
            lon, lat = 106.525 + dice.gauss(0, 0.01), 9.585 + dice.gauss(0, 0.01)
        if number % 7 == 0:
            lon, lat = 106.5, 9.6  # a commune's point
        status = dice.choice(lifecycle.STATUSES)
        created = now - timedelta(days=dice.uniform(0, 400))
        publish: datetime | None = created + timedelta(hours=1)
        if number % 10 == 0:
            publish = None
        elif number % 11 == 0:
            publish = now + timedelta(hours=5)
        made.append(
            case(
                lon=lon,
                lat=lat,
                status=status,
                category_code=dice.choice(CATEGORIES),
                unit_code=dice.choice((*UNITS, None)),
                created_at=created,
                publish_at=publish,
                due_at=dice.choice((None, now - timedelta(days=3), now + timedelta(days=3))),
            )
        )
    return made


def on_the_map() -> None:
    """What the relay does every second: the map counts what has been committed or, here, flushed."""
    while fold.tick() == fold.BATCH:
        pass


def facts(reports: list[Report]) -> list[SimpleNamespace]:
    """What the tests ask of cases, taken out of the database session, which forgets at every commit."""
    names = ("public_id", "public_cell", "public_lon", "public_lat", "publish_at", "status", "category_code")
    more = ("created_at", "due_at", "unit_code", "area_code", "province_code")
    return [
        SimpleNamespace(**{n: getattr(r, n) for n in (*names, *more)}, group=r.category.group_code) for r in reports
    ]


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The SQL statements that are sent inside, transactions aside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.upper().startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            seen.append(statement)

    def past_the_session(driver: Any, dialect: str, words: str, values: Any) -> list[Any]:
        seen.append(words)
        return rows(driver, dialect, words, values)

    rows = core_db._rows
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(core_db, "_rows", past_the_session)
            yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
