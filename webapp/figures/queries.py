"""Reading the figures: sums only, a bounded number of rows however many cases there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, false, func, or_, select, text, true
from sqlalchemy.sql.elements import True_

from webapp.areas import succession
from webapp.areas.succession import What
from webapp.core.db import db, one_of_given
from webapp.figures.facts import AT_ONCE, FLOW, MEASURES, NOW
from webapp.figures.fold import PREFIX
from webapp.figures.models import FigureDays, FigureFact, FigureSum
from webapp.reports import lifecycle, privacy, queries
from webapp.reports.models import Report
from webapp.reports.paging import Mark, by_hour

COUNTRY, PROVINCE, COMMUNE, UNIT = "", "province", "commune", "unit"
_FIRST_MONTH, _LAST_MONTH = 190001, 299912


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: kinds (none: all), and the first and the last month (None: all time)."""

    categories: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures: the country, a province, a commune or a unit, with the codes whose cases belong to it."""

    dim: str
    codes: tuple[str, ...] = ("",)

    @property
    def dims(self) -> tuple[str, ...]:
        """Its names in the tables of sums."""
        return tuple(PREFIX[self.dim] + code for code in self.codes)


@dataclass(slots=True)
class Figures:
    """Counts by measure, and the working days within which half, and nine of ten, of the answers were given."""

    numbers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    half: int | None = None
    nine_tenths: int | None = None

    def __getitem__(self, measure: str) -> int:
        return self.numbers[measure]

    @property
    def in_time(self) -> tuple[int, int]:
        """(answers in time, all answers)"""
        return self.numbers["in_time"], self.numbers["answered"]

    @property
    def solved(self) -> tuple[int, int]:
        """(senders who say that it is solved, all who said anything)"""
        said = sum(self.numbers[name] for name in ("solved", "partly", "unsolved"))
        return self.numbers["solved"], said

    @property
    def anything(self) -> bool:
        return any(self.numbers.values())


def scope_of(dim: str, code: str) -> Scope:
    """The scope of a code of today, with those that it stands in for."""
    if not dim:
        return Scope(COUNTRY)
    return Scope(dim, (code, *sorted(succession.family_of(_what(dim), code) - {code})))


def scopes_of(dim: str, codes: Collection[str]) -> dict[str, Scope]:
    """The scopes of many codes of today in few statements. Of an old code that went to several, the main one takes
    the past along, as in `succession.family_of`."""
    what = _what(dim)
    former = succession.former_of(what, codes)
    olds = {old for some in former.values() for old in some} - set(codes)
    ends = succession.currents_of(what, olds)
    heirs = {old: ends[old][0] for old in olds if ends[old]}
    return {
        code: Scope(dim, (code, *sorted(old for old in former[code] - {code} if heirs.get(old) == code)))
        for code in codes
    }


def one(scope: Scope, asked: Asked) -> Figures:
    """The figures of one scope."""
    return many({"": scope}, asked).get("", Figures())


def many(scopes: Mapping[str, Scope], asked: Asked) -> dict[str, Figures]:
    """The figures of many scopes in two statements, under the same keys; those without any are left out."""
    dims = [dim for scope in scopes.values() for dim in scope.dims]
    # A case under a code of before counts for what stands in its place.
    heirs = {dim: scope.dims[0] for scope in scopes.values() for dim in scope.dims[1:]}
    found = _read("dim", dims, asked, heirs=heirs)
    return {key: found[scope.dims[0]] for key, scope in scopes.items() if scope.dims[0] in found}


def by_category(scope: Scope, asked: Asked) -> dict[str, Figures]:
    """The figures of one scope by category."""
    return _read("category", scope.dims, asked)


def by_month(scope: Scope, asked: Asked, most: int) -> list[tuple[int, Figures]]:
    """The figures of the latest `most` months that have any, oldest first; without what holds now."""
    first, last = asked.first or _FIRST_MONTH, asked.last or _LAST_MONTH
    span = Asked(asked.categories, first, last)
    found = _read("period", scope.dims, span, months=True)
    return [(month, found[month]) for month in sorted(found)[-most:]]


def years() -> list[int]:
    """The years of which there are figures, newest first."""
    within = FigureSum.period.between(_FIRST_MONTH // 100, _LAST_MONTH // 100)
    query = select(FigureSum.period).where(FigureSum.dim == "", FigureSum.category == "", within)
    return list(db.session.scalars(query.where(_any()).order_by(FigureSum.period.desc())))


def cases(measure: str, scope: Scope, asked: Asked, now: datetime, after: str | None = None) -> queries.Page:
    """A page of the cases behind a number, newest first, each once. Raises BadCursor, and KeyError if there is no such
    measure."""
    if measure not in MEASURES:
        raise KeyError(measure)
    conditions = [getattr(FigureFact, measure) > 0]
    if scope.dim:
        conditions.append(getattr(FigureFact, scope.dim).in_(scope.codes))
    if measure in NOW:
        conditions.append(FigureFact.month == AT_ONCE)
    elif asked.first or asked.last:
        conditions.append(FigureFact.month.between(asked.first or _FIRST_MONTH, asked.last or _LAST_MONTH))
    if asked.categories:
        conditions.append(FigureFact.category.in_(asked.categories))
    behind = select(FigureFact.report_id).where(*conditions)
    query = queries.row_columns().where(queries.countable(now), Report.id.in_(behind))
    start = None
    if after:
        at = queries.at_cursor(after, now)
        start = Mark(privacy.to_the_hour(at.created_at), after)
    found = [queries.row_of(row, now) for row in by_hour(query, Report.created_at, queries.PAGE + 1, start=start)]
    more, found = len(found) > queries.PAGE, found[: queries.PAGE]
    return queries.Page(tuple(found), None, found[-1].id if more else None)


def still_open(communes: Collection[str], until: date, now: datetime, limit: int) -> list[queries.Row]:
    """The public cases of these communes that came in by the day `until` and are not dealt with, longest first."""
    query = queries.row_columns().where(
        *queries.matching(queries.Filters(until=until), now),
        Report.area_code.in_(communes),
        Report.status.in_((*lifecycle.TRIAGE, *lifecycle.AT_UNIT, lifecycle.ANSWERED)),
    )
    return [queries.row_of(row, now) for row in by_hour(query, Report.created_at, limit, backwards=True)]


def periods(first: int | None, last: int | None) -> tuple[int, ...]:
    """The rows of sums that make up the months from `first` to `last`: whole years where there are, else months."""
    if first is None or last is None:
        return (AT_ONCE,)
    found: list[int] = []
    month = first
    while month <= last:
        year = month // 100
        if month % 100 == 1 and year * 100 + 12 <= last:
            found.append(year)
            month += 100
        else:
            found.append(month)
            month += 1 if month % 100 < 12 else 89
    return tuple(found)


def _read(
    key: str,
    dims: Collection[str],
    asked: Asked,
    *,
    heirs: Mapping[str, str] | None = None,
    months: bool = False,
) -> dict[Any, Figures]:
    """Figures by a column of the sums: "dim", "category" or "period". `heirs`: which dims count for another.
    `months`: over the months of a span, without what holds now."""
    found: dict[Any, Figures] = {}
    if not dims:
        return found
    given: dict[str, Any] = {"dims": sorted(dims), "categories": asked.categories}
    kinds = _CHOSEN if asked.categories else _EACH if key == "category" else _ALL
    if months:
        form, given = _MONTHS, given | {"first": asked.first, "last": asked.last}
    else:
        flow = periods(asked.first, asked.last)
        form, given = (_EVER if flow == (AT_ONCE,) else _SPAN), given | {"flow": flow, "all": (*flow, AT_ONCE)}
    sums, percentiles = _statements(key, form, kinds, tuple(sorted(heirs.items())) if heirs else ())
    for own, *values in db.session.execute(sums, given):
        if any(values):
            found[own] = Figures(dict(zip(MEASURES, map(int, values), strict=True)))
    for own, half, nine_tenths in db.session.execute(percentiles, given):
        if own in found:
            found[own].half, found[own].nine_tenths = half, nine_tenths
    return found


_MONTHS, _SPAN, _EVER = "months", "span", "ever"
_CHOSEN, _EACH, _ALL = "chosen", "each", "all"


@lru_cache(maxsize=64)
def _statements(key: str, form: str, kinds: str, heirs: tuple[tuple[str, str], ...]) -> tuple[Any, Any]:
    """(sums by key, percentiles by key), made once: to say them in SQLAlchemy's words takes longer than to run them.

    Parameters: `dims`; `first` and `last` of the months, or the periods `flow`, and `all` with what holds now;
    `categories` where some are chosen.
    """

    def own(table: Any) -> Any:
        column = getattr(table, key)
        return case(dict(heirs), value=column, else_=column) if heirs else column

    def where(table: Any, periods: str) -> ColumnElement[bool]:
        if form == _MONTHS:
            when = table.period.between(bindparam("first"), bindparam("last"))
        else:
            when = one_of_given(table.period, periods)
        kind = {
            _CHOSEN: lambda: one_of_given(table.category, "categories"),
            _EACH: lambda: table.category != "",
            _ALL: lambda: table.category == "",
        }[kinds]()
        return and_(one_of_given(table.dim, "dims"), when, kind)

    # Of all time there is one row for both; else that row says what holds now, and the others what happened.
    now = FigureSum.period == AT_ONCE
    of_flow = {_MONTHS: true(), _EVER: true(), _SPAN: ~now}[form]
    of_now = {_MONTHS: false(), _EVER: true(), _SPAN: now}[form]
    columns = [_sum(name, of_flow) for name in FLOW] + [_sum(name, of_now) for name in NOW]
    sums = select(own(FigureSum).label("own"), *columns).where(where(FigureSum, "all")).group_by(text("own"))
    return sums, _percentiles(own(FigureDays), where(FigureDays, "flow"))


def _sum(name: str, rows: ColumnElement[bool]) -> Any:
    column = getattr(FigureSum, name)
    return func.sum(column if isinstance(rows, True_) else case((rows, column), else_=0))


def _percentiles(key: Any, condition: ColumnElement[bool]) -> Any:
    """(key, half, nine tenths): nearest-rank percentiles, the smallest number of days that at least this share of
    the answers did not exceed."""
    sums = (
        select(key.label("own"), FigureDays.days.label("days"), func.sum(FigureDays.n).label("n"))
        .where(condition)
        .group_by(text("own"), FigureDays.days)
        .having(func.sum(FigureDays.n) > 0)
        .subquery()
    )
    run = select(
        sums.c.own,
        sums.c.days,
        func.sum(sums.c.n).over(partition_by=sums.c.own, order_by=sums.c.days).label("upto"),
        func.sum(sums.c.n).over(partition_by=sums.c.own).label("total"),
    ).subquery()
    half = func.min(case((run.c.upto * 2 >= run.c.total, run.c.days)))
    nine_tenths = func.min(case((run.c.upto * 10 >= run.c.total * 9, run.c.days)))
    return select(run.c.own, half, nine_tenths).group_by(run.c.own)


def _any() -> ColumnElement[bool]:
    return or_(*(getattr(FigureSum, name) > 0 for name in FLOW))


def _what(dim: str) -> What:
    return succession.UNIT if dim == UNIT else succession.AREA
