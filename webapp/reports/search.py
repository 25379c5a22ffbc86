"""Finding cases by words, with or without diacritics: "rac thai" finds "rác thải".

For each case one row of folded text: what staff of a unit may search (`shared`), and the same with the sender's
own words for the Front (`told`). Written in the transaction that changes the case, whoever changes it. The text
is for finding and is never shown.

On PostgreSQL a trigram index answers; on SQLite the few cases of a desk are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    and_,
    bindparam,
    event,
    insert,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.areas.models import Area
from webapp.core.db import Base, db
from webapp.core.events import BigId
from webapp.core.text import fold
from webapp.reports.models import Category, Report
from webapp.units.models import Unit

MAX_WORDS = 8
_WATCHED = (
    "category_code",
    "description",
    "place_text",
    "area_code",
    "province_code",
    "unit_code",
    "public_text",
    "status",
)
_NO_WORD = "∅"  # no letter and no digit, so in no text
_PASSED_OVER = re.compile(r"[\W_]+")


class ReportSearch(Base):
    """The words of one case, folded, each after a space."""

    __tablename__ = "report_search"
    __table_args__ = tuple(
        Index(
            f"ix_report_search_{column}", column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"}
        ).ddl_if(dialect="postgresql")
        for column in ("told", "shared")
    )

    report_id: Mapped[int] = mapped_column(BigId, ForeignKey("reports.id"), primary_key=True, autoincrement=False)
    told: Mapped[str] = mapped_column(Text)
    shared: Mapped[str] = mapped_column(Text)


def words(typed: str) -> tuple[str, ...]:
    """What is looked for: the words, folded. Something typed that holds no word is looked for and never found."""
    found = _PASSED_OVER.sub(" ", fold(typed)).split()[:MAX_WORDS]
    return tuple(found) if found or not typed.strip() else (_NO_WORD,)


def matches(column: ColumnElement[str], number: int) -> ColumnElement[bool]:
    """The condition that `number` words are found in a folded text: one after the other as they were typed, the last
    perhaps not to its end, or each as a whole word anywhere. Its values come from `given`."""
    phrase = column.like(bindparam("phrase", type_=String))
    if number < 2:
        return phrase
    return or_(phrase, and_(*(column.like(bindparam(f"word{n}", type_=String)) for n in range(number))))


def given(found: tuple[str, ...]) -> dict[str, str]:
    """The values of `matches` for these words, which hold letters and digits only."""
    return {"phrase": f"% {' '.join(found)}%"} | {f"word{n}": f"% {word} %" for n, word in enumerate(found)}


def rebuild(after: int = 0, limit: int = 1000, *, codes: set[str] | None = None) -> int | None:
    """Write the texts of `limit` cases after this id anew, as when areas or units got other names. `codes`: only
    cases with these units or in these areas.

    Returns the last id, None when there was no more.
    """
    query = select(Report).where(Report.id > after)
    if codes is not None:
        query = query.where(or_(*(c.in_(codes) for c in (Report.unit_code, Report.area_code, Report.province_code))))
    reports = db.session.scalars(query.order_by(Report.id).limit(limit)).all()
    _write(db.session(), reports)
    return reports[-1].id if reports else None


@event.listens_for(Session, "after_flush")
def _follow(session: Session, _context: Any) -> None:
    changed = [
        one
        for one in (*session.new, *session.dirty)
        if isinstance(one, Report) and any(inspect(one).attrs[name].history.added for name in _WATCHED)
    ]
    if changed:
        _write(session, changed)


def _write(session: Session, reports: Iterable[Report]) -> None:
    for report in reports:
        values = dict(zip(("told", "shared"), _texts(session, report), strict=True))
        connection = session.connection()
        known = update(ReportSearch).where(ReportSearch.report_id == report.id).values(values)
        if not connection.execute(known).rowcount:
            connection.execute(insert(ReportSearch).values(report_id=report.id, **values))


def _texts(session: Session, report: Report) -> tuple[str, str]:
    run = session.connection().execute
    found: list[str] = [report.public_id, report.public_text or ""]
    for names in run(select(Category.name).where(Category.code == report.category_code)).scalars():
        found += names.values()
    codes = [code for code in (report.area_code, report.province_code) if code]
    if codes:
        found += run(select(Area.name).where(Area.code.in_(codes))).scalars()
    if report.unit_code:
        units = select(Unit.name_vi, Unit.short_name_vi).where(Unit.code == report.unit_code)
        found += [name for row in run(units) for name in row]
    said = [report.description or "", report.place_text or ""]
    return _folded([*said, *found]), _folded(found)


def _folded(texts: Iterable[str]) -> str:
    return " " + _PASSED_OVER.sub(" ", fold(" ".join(texts))).strip() + " "
