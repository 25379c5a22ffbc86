"""The map's figures follow the cases: asked every second by the relay, or by the embedded worker."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from webapp.core import clock
from webapp.core.db import committing, db, reading
from webapp.mapping import fold
from webapp.mapping.models import MapChange, MapState

EVERY_SECONDS = 1.0
LOOK_AT_CLOCK = 15.0  # seconds after which delays that ran out and answers that became late are looked for


def follow(app: Flask) -> int:
    """Bring the map up to date; returns how many cases were looked at. Idle, it reads one row and writes nothing."""
    looked = 0
    while True:
        with app.app_context():
            with reading():
                waits = _something_waits()
                db.session.rollback()
            if not waits:
                return looked
            with committing():
                found = fold.tick()
        looked += found
        if found < fold.BATCH:
            return looked


def _something_waits() -> bool:
    seen_at, changed = db.session.execute(
        select(MapState.seen_at, select(func.min(MapChange.id)).scalar_subquery()).where(MapState.id == 1)
    ).one()
    return changed is not None or seen_at is None or (clock.now() - seen_at).total_seconds() >= LOOK_AT_CLOCK
