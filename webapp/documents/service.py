"""Giving a document its number. Flushes; the edge commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from webapp.core import clock, events
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.documents.layout import Paper
from webapp.documents.models import Document
from webapp.reports.models import Report
from webapp.reports.service import stream

TRIES = 8
SHOWN = 30


def issue(report: Report, kind: str, paper: Paper, actor: Actor) -> Document:
    """Enter the paper into the register of the actor's unit under the next number of the year.

    Two who ask at once get two numbers: the later one finds its number taken and takes the next.
    """
    year = clock.today().year
    for _ in range(TRIES):
        number = 1 + (
            db.session.scalar(
                select(func.max(Document.number)).where(Document.unit_code == actor.unit_code, Document.year == year)
            )
            or 0
        )
        made = Document(
            report_id=report.id,
            unit_code=actor.unit_code or "",
            year=year,
            number=number,
            kind=kind,
            paper=replace(paper, number=number).as_json(),
            user_id=actor.user_id,
            issued_at=clock.now(),
        )
        try:
            with db.session.begin_nested():
                db.session.add(made)
                db.session.flush()
        except IntegrityError:
            continue
        symbol = f"{number:02d}/{paper.symbol}"
        events.append(stream(report), "document:issued", actor, document=made.id, what=kind, number=symbol)
        return made
    raise RuntimeError("no free number in the register")


def of_report(report_id: int, unit_codes: Collection[str] | None = None) -> list[Document]:
    """What was issued about a case, the latest first; with `unit_codes` by these units only."""
    query = select(Document).where(Document.report_id == report_id)
    if unit_codes is not None:
        query = query.where(Document.unit_code.in_(unit_codes))
    return list(db.session.scalars(query.order_by(Document.id.desc()).limit(SHOWN)))
