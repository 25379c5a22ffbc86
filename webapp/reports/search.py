"""Finding cases by words, with or without diacritics: "rac thai" finds "rác thải".

For each case one row of folded text: what staff of a unit may search (`shared`), and the same with the sender's
own words for the Front (`told`). Written in the transaction that changes the case, whoever changes it. The text
is for finding and is never shown.

Beside it stand the keys of those whose business the case is. On PostgreSQL one index holds words and keys together,
so that no text is read but of a desk's own cases; on SQLite the rows are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
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
    text,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from webapp.areas import succession
from webapp.areas.models import Area
from webapp.core import clock
from webapp.core.db import Base, db
from webapp.core.events import BigId
from webapp.core.text import fold
from webapp.reports.models import Category, Report
from webapp.units.models import Unit

MAX_WORDS = 8
LONGEST_WORD = 100  # more than can be typed; the index takes 2,046 bytes
_SURE = 5  # letters of an unfinished word from which on few words begin with it
_CODES = ("area_code", "province_code", "unit_code", "supervisor_code")
_WATCHED = (
    "category_code",
    "description",
    "place_text",
    *_CODES,
    "public_text",
    "status",
    "lane",
    "routing",  # says to whom a case belongs where what it names was divided
)
Now = Callable[[succession.What, str], tuple[str, ...]]  # what stands in the place of a code today
_NO_WORD = "∅"  # no letter and no digit, so in no text
_PASSED_OVER = re.compile(r"[\W_]+")
_INDEXED = "array_to_tsvector(string_to_array(btrim({}told || {}keys), ' '))"


class ReportSearch(Base):
    """The words of one case, folded, each after a space, and the keys by which desks ask for it."""

    __tablename__ = "report_search"
    __table_args__ = (
        Index("ix_report_search_words", text(_INDEXED.format("", "")), postgresql_using="gin").ddl_if(
            dialect="postgresql"
        ),
    )

    report_id: Mapped[int] = mapped_column(BigId, ForeignKey("reports.id"), primary_key=True, autoincrement=False)
    told: Mapped[str] = mapped_column(Text)
    shared: Mapped[str] = mapped_column(Text)
    keys: Mapped[str] = mapped_column(Text)


class _Indexed(FunctionElement[bool]):
    """That the index has a case for a query; always so where there is none, on SQLite."""

    name = "indexed"
    type = Boolean()
    inherit_cache = True


@compiles(_Indexed, "postgresql")
def _by_index(element: _Indexed, compiler: SQLCompiler, **given: Any) -> str:
    held = _INDEXED.format("report_search.", "report_search.")
    return f"{held} @@ CAST({compiler.process(element.clauses, **given)} AS tsquery)"


@compiles(_Indexed)
def _by_reading(_element: _Indexed, _compiler: SQLCompiler, **_given: Any) -> str:
    return "1 = 1"


def words(typed: str) -> tuple[str, ...]:
    """What is looked for: the words, folded. Something typed that holds no word is looked for and never found."""
    found = _PASSED_OVER.sub(" ", fold(typed)).split()[:MAX_WORDS]
    return tuple(found) if found or not typed.strip() else (_NO_WORD,)


def proposed() -> ColumnElement[bool]:
    """That the index has a case for the words and keys of `given`: all that `matches` could be true of, and more."""
    # The database shall not see what is asked: it would take words that go together for rare, and read all cases.
    return _Indexed(select(bindparam("wanted", type_=String)).scalar_subquery())


def matches(column: ColumnElement[str], number: int) -> ColumnElement[bool]:
    """The condition that `number` words are found in a folded text: one after the other as they were typed, the last
    perhaps not to its end, or each as a whole word anywhere. Its values come from `given`."""
    found: ColumnElement[bool] = column.like(bindparam("phrase", type_=String))
    if number > 1:
        found = or_(found, and_(*(column.like(bindparam(f"word{n}", type_=String)) for n in range(number))))
    return found


def given(found: tuple[str, ...], within: Iterable[Iterable[str]] = (), *, waiting: bool) -> dict[str, str]:
    """The values of `proposed` and `matches` for these words, which hold letters and digits only, among cases that
    name a code of each set in `within`; `waiting`: that wait in a lane."""
    keys = [[_key(code, waiting=waiting) for code in sorted(codes)] for codes in within]
    keys += [[_key("", waiting=True)]] if waiting and not keys else []
    wanted = [f"({' | '.join(map(_quoted, some))})" for some in keys] + [_quoted(word) for word in found[:-1]]
    # An unfinished word is looked up under every word that begins with it, which may be half of all cases.
    if len(found) == 1 or len(found[-1]) >= _SURE:
        wanted += [f"{_quoted(word)}:*" for word in found[-1:]]
    words = {f"word{n}": f"% {word} %" for n, word in enumerate(found)}
    return {"phrase": f"% {' '.join(found)}%", "wanted": " & ".join(wanted)} | words


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _key(code: str, *, waiting: bool) -> str:
    """By what a case that names this code is asked for, apart from those of them that wait. No word looks like it."""
    return f"{'!' if waiting else '@'}{code}"


def rebuild(after: int = 0, limit: int = 1000, *, codes: set[str] | None = None) -> int | None:
    """Write the texts of `limit` cases after this id anew, as when areas or units got other names. `codes`: only
    cases with these units or in these areas.

    Returns the last id, None when there was no more.
    """
    query = select(Report).where(Report.id > after)
    if codes is not None:
        query = query.where(or_(*(c.in_(codes) for c in (Report.unit_code, Report.area_code, Report.province_code))))
    reports = db.session.scalars(query.order_by(Report.id).limit(limit)).all()
    # Not what this process keeps: the plan may have been carried out by another a moment ago.
    _write(db.session(), reports, lru_cache(lambda what, code: succession.currents_of(what, {code})[code]))
    return reports[-1].id if reports else None


@event.listens_for(Session, "after_flush")
def _follow(session: Session, _context: Any) -> None:
    changed = [
        one
        for one in (*session.new, *session.dirty)
        if isinstance(one, Report) and any(inspect(one).attrs[name].history.added for name in _WATCHED)
    ]
    if changed:
        _write(session, changed, _known)


def _write(session: Session, reports: Iterable[Report], now: Now) -> None:
    for report in reports:
        told, shared = _texts(session, report, now)
        values = {"told": told, "shared": shared, "keys": _keys_of(report)}
        connection = session.connection()
        known = update(ReportSearch).where(ReportSearch.report_id == report.id).values(values)
        if not connection.execute(known).rowcount:
            connection.execute(insert(ReportSearch).values(report_id=report.id, **values))


def _keys_of(report: Report) -> str:
    codes = {code for name in _CODES if (code := getattr(report, name))}
    keys = {_key(code, waiting=False) for code in codes}
    if report.lane is not None:
        keys |= {_key(code, waiting=True) for code in (*codes, "")}
    return " ".join(sorted(keys))


def _texts(session: Session, report: Report, now: Now) -> tuple[str, str]:
    run = session.connection().execute
    found: list[str] = [report.public_id, report.public_text or ""]
    for names in run(select(Category.name).where(Category.code == report.category_code)).scalars():
        found += names.values()
    codes = _named(report, succession.AREA, "area", now) | _named(report, succession.AREA, "province", now)
    if codes:
        found += run(select(Area.name).where(Area.code.in_(codes)).order_by(Area.code, Area.valid_from)).scalars()
    if codes := _named(report, succession.UNIT, "unit", now):
        units = select(Unit.name_vi, Unit.short_name_vi).where(Unit.code.in_(codes))
        found += [name for row in run(units.order_by(Unit.code, Unit.valid_from)) for name in row]
    said = [report.description or "", report.place_text or ""]
    return _folded([*said, *found]), _folded(found)


def _named(report: Report, what: succession.What, word: str, now: Now) -> set[str]:
    """What a case names, and what stands in its place today: what has ended is asked for by either name. Of several,
    the one to which the case belongs."""
    code = getattr(report, f"{word}_code")
    if not code:
        return set()
    heir = report.heirs.get(word)
    today = now(what, heir or code)
    return {code, *today} if heir or len(today) == 1 else {code}


def _known(what: succession.What, code: str) -> tuple[str, ...]:
    return succession.kept(("words", what, code, clock.today()), lambda: succession.currents_of(what, {code})[code])


def _folded(texts: Iterable[str]) -> str:
    words = _PASSED_OVER.sub(" ", fold(" ".join(texts))).split()
    return f" {' '.join(word[:LONGEST_WORD] for word in words)} "
