"""Cases that belong together: it came back, it was split, it is the same, it has to do with it. Flushes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    and_,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, joinedload, load_only, mapped_column

from webapp.core import clock, events
from webapp.core.db import Base, UtcDateTime, db
from webapp.core.events import Actor, BigId
from webapp.reports import lifecycle
from webapp.reports.models import Category, Report

RECURRENCE, SPLIT, MERGED, RELATED = "recurrence", "split", "merged", "related"
BY_HAND = (RECURRENCE, RELATED)  # what an officer links and takes apart; the others follow from a step
DEALT_WITH = (*lifecycle.CLAIMED, lifecycle.REWORK)  # it was said to be solved, so it can come back
MAX_LINKS = 50


class CaseLink(Base):
    """One link, read from `from_id` to `to_id`: came back after, is a part of, is the same as, has to do with."""

    __tablename__ = "case_links"
    __table_args__ = (
        UniqueConstraint("kind", "from_id", "to_id", name="uq_case_links_pair"),
        Index("ix_case_links_from", "from_id"),
        Index("ix_case_links_to", "to_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    from_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    # A duplicate that followed another one to the original: when that one is reopened, it goes back with it
    via_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))
    number: Mapped[int | None] = mapped_column(Integer)  # of a part; the original is 1
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BadLink(ValueError):
    """The two cases cannot be linked so; `code` is same, known, order or open."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Linked:
    """A link seen from one of its cases; `here` is that case's side: from or to."""

    link: CaseLink
    other: Report
    here: str


def link(frm: Report, to: Report, kind: str, actor: Actor, reason: str = "", **more: int | None) -> CaseLink:
    """Link two cases and say so in the record of both. Raises BadLink, and nothing has changed then.

    RECURRENCE: `frm` came in after `to`, which somebody had said to be solved.
    """
    if frm.id == to.id:
        raise BadLink("same")
    if kind == RECURRENCE and frm.created_at <= to.created_at:
        raise BadLink("order")
    if kind == RECURRENCE and to.status not in DEALT_WITH:
        raise BadLink("open")
    pairs = [(frm.id, to.id)] + ([(to.id, frm.id)] if kind == RELATED else [])
    there = db.session.scalars(
        select(CaseLink).where(
            CaseLink.kind == kind, or_(*(and_(CaseLink.from_id == a, CaseLink.to_id == b) for a, b in pairs))
        )
    ).first()
    if there is not None and there.ended_at is None:
        raise BadLink("known")
    made = there or CaseLink(kind=kind, from_id=frm.id, to_id=to.id)
    made.reason, made.created_at, made.ended_at = reason, clock.now(), None
    made.via_id, made.number = more.get("via_id"), more.get("number")
    db.session.add(made)
    db.session.flush()
    _say("case:linked", frm, to, actor, link=kind, reason=reason)
    return made


def unlink(made: CaseLink, frm: Report, to: Report, actor: Actor) -> None:
    """Take a link back. It stays in the record, and in the table with the time of its end."""
    made.ended_at = clock.now()
    db.session.flush()
    _say("case:unlinked", frm, to, actor, link=made.kind)


def _say(event: str, frm: Report, to: Report, actor: Actor, **data: str) -> None:
    for mine, other, side in ((frm, to, "from"), (to, frm, "to")):
        events.append(f"report:{mine.id}", event, actor, public=False, case=other.public_id, side=side, **data)


def of_report(report_id: int) -> list[Linked]:
    """The links of a case in both directions, with the other case, the latest first; one statement."""
    other = case((CaseLink.from_id == report_id, CaseLink.to_id), else_=CaseLink.from_id)
    query = (
        select(CaseLink, Report)
        .join(Report, Report.id == other)
        .options(joinedload(Report.category, innerjoin=True).load_only(Category.name))
        .where(or_(CaseLink.from_id == report_id, CaseLink.to_id == report_id), CaseLink.ended_at.is_(None))
        .order_by(CaseLink.id.desc())
        .limit(MAX_LINKS)
    )
    rows = db.session.execute(query).all()
    return [Linked(made, report, "from" if made.from_id == report_id else "to") for made, report in rows]


def recurs(report_id: Any) -> ColumnElement[bool]:
    """The links of recurrence that a case is in itself, as a condition; `report_id` may be a column."""
    ends = or_(CaseLink.from_id == report_id, CaseLink.to_id == report_id)
    return and_(CaseLink.kind == RECURRENCE, CaseLink.ended_at.is_(None), ends)


def came_back(report_id: int, visible: object = None) -> int:
    """How many times what this case is about came back after it had been dealt with: the links of recurrence in
    the whole chain that the case is in. With `visible`, a function from the table of reports to an SQL condition,
    only links between two cases that fulfil it."""
    edges = select(CaseLink.id, CaseLink.from_id, CaseLink.to_id).where(
        CaseLink.kind == RECURRENCE, CaseLink.ended_at.is_(None)
    )
    if visible is not None:
        one, two = aliased(Report), aliased(Report)
        edges = edges.join(one, one.id == CaseLink.from_id).join(two, two.id == CaseLink.to_id)
        edges = edges.where(visible(one), visible(two))  # type: ignore[operator]
    edge = edges.subquery()
    chain = select(edge.c.id, edge.c.from_id, edge.c.to_id).where(
        or_(edge.c.from_id == report_id, edge.c.to_id == report_id)
    )
    found = chain.cte("chain", recursive=True)
    ends = (edge.c.from_id, edge.c.to_id)
    found = found.union(
        select(edge.c.id, edge.c.from_id, edge.c.to_id).where(
            or_(*(end.in_((found.c.from_id, found.c.to_id)) for end in ends))
        )
    )
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def parts_of(report_id: int) -> list[tuple[int, Report]]:
    """(number, case) of the parts that a report was split into, in their order; the original is not among them."""
    query = (
        select(CaseLink.number, Report)
        .join(Report, Report.id == CaseLink.from_id)
        .where(CaseLink.to_id == report_id, CaseLink.kind == SPLIT)
        .order_by(CaseLink.number)
    )
    return [(number or 0, report) for number, report in db.session.execute(query)]


def whole_of(report_id: int) -> Report | None:
    """The report that this case is a part of; None if it is none."""
    query = (
        select(Report)
        .join(CaseLink, CaseLink.to_id == Report.id)
        .options(load_only(Report.public_id, Report.code_hash))
        .where(CaseLink.from_id == report_id, CaseLink.kind == SPLIT)
    )
    return db.session.scalars(query).first()


def follow(other: Report, via: Report, original: Report, actor: Actor) -> None:
    """A duplicate of `via` goes along when that turns out to be a duplicate of `original`."""
    other.duplicate_of_id = original.id
    link(other, original, MERGED, actor, via_id=via.id)


def reopened(report: Report, actor: Actor) -> None:
    """A duplicate is a case of its own again: whatever had followed it comes back to it."""
    query = select(CaseLink).where(
        CaseLink.kind == MERGED,
        CaseLink.ended_at.is_(None),
        or_(CaseLink.from_id == report.id, CaseLink.via_id == report.id),
    )
    for made in db.session.scalars(query).all():
        frm, to = db.session.get_one(Report, made.from_id), db.session.get_one(Report, made.to_id)
        if made.via_id == report.id and frm.status == lifecycle.DUPLICATE:
            frm.duplicate_of_id = report.id
        unlink(made, frm, to, actor)
