"""Lives of cases, walked at random along the lifecycle with the clock going on: what figures are tried on.

To live takes seconds, so the rows of a world are kept and written anew into the next test's database.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from tests.integration.public_world import CATEGORIES, case
from webapp.core import clock
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.figures.models import FigureDays, FigureFact, FigureSum
from webapp.reports import feedback, lifecycle, service, verdicts
from webapp.reports.feedback import Feedback
from webapp.reports.models import Answer, Report
from webapp.reports.verdicts import Verdict
from webapp.supervision.models import StepClock

UNITS = ("ubnd-29512", "ubnd-29413", "so-nnmt-86")
COMMUNES = ("29512", "29413")
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)  # a full hour, so that offices and the public call the same cases late
FRONT, UNIT = Actor("front", None, "mttq-29512"), Actor("unit", None, "ubnd-29512")


def stand(monkeypatch: Any, moment: datetime = NOW) -> None:
    """The clock stands at this moment."""
    monkeypatch.setattr(clock, "now", lambda: moment)


def lived(monkeypatch: Any, count: int = 110) -> list[Report]:
    """Cases of the last year with a life behind them; some hidden, some delayed. The clock stands at NOW afterwards.
    For a database without cases."""
    if count in _lives:
        for table, rows in _lives[count]:
            if rows:
                db.session.execute(table.insert(), rows)
            if db.engine.dialect.name == "postgresql":
                db.session.execute(text(f"SELECT setval('{table.name}_id_seq', (SELECT max(id) FROM {table.name}))"))
    else:
        live(monkeypatch, random.Random(count), count)
        tables = [model.__table__ for model in (Report, Answer, StepClock, Verdict, Feedback)]
        _lives[count] = [
            (table, [dict(row) for row in db.session.execute(table.select()).mappings()]) for table in tables
        ]
    stand(monkeypatch)
    return list(db.session.scalars(select(Report).order_by(Report.id)))


_lives: dict[int, list[tuple[Any, list[dict[str, Any]]]]] = {}


def live(monkeypatch: Any, dice: random.Random, count: int) -> None:
    """Send so many cases and walk them on."""
    for number in range(count):
        sent = NOW - timedelta(days=dice.uniform(1, 330))
        stand(monkeypatch, sent)
        report = case(
            status=lifecycle.NEW,
            category_code=dice.choice(CATEGORIES),
            unit_code=dice.choice(UNITS),
            area_code=dice.choice(COMMUNES),
            created_at=sent,
            updated_at=sent,
            publish_at=None if number % 9 == 0 else NOW + timedelta(hours=9) if number % 10 == 0 else sent,
        )
        service.move(report, lifecycle.RECEIVED, FRONT)
        moment = sent
        for _ in range(dice.randrange(9)):
            moment += timedelta(days=dice.choice((0.1, 0.1, 0.5, 1, 3, 9, 30)))
            if moment >= NOW:
                break
            stand(monkeypatch, moment)
            walk(report, dice)
        db.session.flush()
        db.session.expunge_all()  # each flush asks every case that is at hand whether it has changed


def walk(report: Report, dice: random.Random) -> None:
    """One step of a life."""
    nexts = [to for to in lifecycle.next_steps(report.status) if to not in (lifecycle.WITHDRAWN, lifecycle.DUPLICATE)]
    seldom = (*lifecycle.ENDED, lifecycle.RECEIVED)
    useful = [to for to in nexts if to not in seldom or dice.random() < 0.3]
    if report.status in lifecycle.CLAIMED and feedback.is_asked(report, clock.now()) and dice.random() < 0.5:
        feedback.say(report, dice.choice(feedback.VERDICTS), dice.choice((None, 3)), "", ())
        return
    if not useful:
        return
    to = dice.choice(useful)
    if report.status == lifecycle.ANSWERED:
        verdicts.check(report, FRONT, dice.choice(verdicts.VERDICTS), "Đã xem")
        return
    if to == lifecycle.ASSIGNED:
        report.unit_code = dice.choice(UNITS)
    if to == lifecycle.ANSWERED:
        report.answers.append(Answer(unit_code=report.unit_code, text="Đã dọn", created_at=clock.now()))
        db.session.flush()
    service.move(report, to, FRONT, reason="Có lý do", evidence=True)


def everything() -> set[Any]:
    """All that the tables of figures say."""
    found: set[Any] = set()
    for model in (FigureFact, FigureSum, FigureDays):
        table = model.__table__
        rows = db.session.execute(table.select())
        keys = {column.name for column in table.primary_key}
        for row in rows.mappings():
            counts = [value for name, value in row.items() if name not in keys]
            if model is FigureFact or any(counts):
                found.add((table.name, *row.values()))
    return found
