"""What score cards count, added up once for each day that is over, and out of the days for each month.

A day's moments are written while it lasts, so once the next day is over too it may be relied upon. What a case did on
several days counts once over all of them: each sum is of the cases that did the same for the same unit last on the day
`before` (0: never), and over a run of days those count whose `before` lies before its first. So sums of days and of
months add up to those of any run. Days stay for KEPT_MONTHS, months for ever. What is not over, and days that are
neither kept nor a whole month, are counted from the rows themselves (`scores.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Integer, Select, SmallInteger, String, delete, func, insert, literal, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock
from webapp.core.db import Base, db, one_of
from webapp.reports.models import Report
from webapp.supervision import measures
from webapp.supervision.measures import Before, Cases, Period, When

KEPT_MONTHS = 13  # so that a period of up to a year until today may begin on any day
NEVER = 0
RATED, RATINGS = "rated", "ratings"  # how many marks, and their sum
TIMED = "timed"
# What is counted once for each case, besides what holds now: in time is what was timed and was not late.
ONCE: dict[str, Callable[[When], Cases]] = {
    name: measure for name, measure in measures.MEASURES.items() if name not in {*measures.NOW, "in_time"}
} | {TIMED: measures.timed}


class ScoreSpan(Base):
    """A day (20261121) or month (202611) that has been added up. They follow one another without a gap."""

    __tablename__ = "score_spans"

    span: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class ScoreSum(Base):
    """How many cases did this for a unit on a day or in a month, and last before that on another day."""

    __tablename__ = "score_sums"

    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    span: Mapped[int] = mapped_column(Integer, primary_key=True)
    measure: Mapped[str] = mapped_column(String(12), primary_key=True)  # one of ONCE, RATED, RATINGS
    before: Mapped[int] = mapped_column(Integer, primary_key=True)
    n: Mapped[int] = mapped_column(Integer)


class ScoreDays(Base):
    """How many answers of a unit on a day or in a month took so many working days."""

    __tablename__ = "score_days"

    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    span: Mapped[int] = mapped_column(Integer, primary_key=True)
    days: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    n: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True)
class Run:
    """Days that have been added up: one after the other, and the `spans` of their sums, from and to, both included."""

    days: Period
    spans: tuple[tuple[int, int], ...]


def within(period: Period) -> Run | None:
    """The days of a period that can be read from sums, None if there are none."""
    known = _Known.read()
    if known is None or period.last < known.first:
        return None
    first, last = max(period.first, known.first), min(period.last, known.last)
    if first < known.kept and first.day > 1:
        first = _after(first)
    if last < known.kept and last != _last_day(last):
        last = _day_before(last)
    if first > last:
        return None
    # Whole months in the middle, days on both sides.
    whole = first if first.day == 1 else _after(first)
    rest = last if last == _last_day(last) else _day_before(last)
    if whole > rest:
        return Run(Period(first, last), ((_day(first), _day(last)),))
    spans = [(_month(whole), _month(rest))]
    if first < whole:
        spans.append((_day(first), _day(_last_day(first))))
    if rest < last:
        spans.append((_day(last.replace(day=1)), _day(last)))
    return Run(Period(first, last), tuple(spans))


def counts(units: Collection[str], run: Run) -> Iterator[tuple[str, str, int]]:
    """(unit, measure, how many) over a run, some of them in several parts; measures of ONCE, RATED and RATINGS."""
    once = ScoreSum.before < _day(run.days.first)
    for first, last in run.spans:
        query = _sum(ScoreSum, (ScoreSum.unit_code, ScoreSum.measure), (first, last)).where(once)
        for unit, measure, number in db.session.execute(query.where(one_of(ScoreSum.unit_code, units))):
            yield unit, measure, int(number)


def days(units: Collection[str], run: Run) -> Iterator[tuple[str, int, int]]:
    """(unit, working days, how many answers) over a run, some of them in several parts."""
    for spans in run.spans:
        query = _sum(ScoreDays, (ScoreDays.unit_code, ScoreDays.days), spans)
        for unit, lasted, number in db.session.execute(query.where(one_of(ScoreDays.unit_code, units))):
            yield unit, lasted, int(number)


def close_next() -> Period | None:
    """Add the next days up that are over and were not, a month of them at most, and the month if it ends with them;
    None where there are none. Flushes. Of two that do so at once one fails, and has written nothing."""
    first, over = _next(), clock.today() - timedelta(days=2)
    if first is None or first > over:
        return None
    period = Period(first, min(over, _last_day(first)))
    sums, lasted = _sums(period), _days(period)
    spans = [_day(day) for day in _each(period)]
    ended = period.last == _last_day(first)
    if ended:
        spans.append(_month(first))
    db.session.execute(insert(ScoreSpan), [{"span": span} for span in spans])
    for model, names, made in ((ScoreSum, _SUM, sums), (ScoreDays, _DAYS, lasted)):
        if made:
            rows = [dict(zip(names, (*key, n), strict=True)) for key, n in made.items()]
            db.session.execute(insert(model), rows)
    if ended:
        _close_month(first.replace(day=1))
    return period


def first_wrong() -> int | None:
    """The first day or month whose sums are not those of the rows, None if all are. Reads everything: for
    operators."""
    known = _Known.read()
    month = known.first if known is not None else clock.today()
    while known is not None and month <= known.last:
        period = Period(month, min(known.last, _last_day(month)))
        of_month = _month(month) if period.last == _last_day(month) else None
        for model, names, made in ((ScoreSum, _SUM, _sums(period)), (ScoreDays, _DAYS, _days(period))):
            right = made if known.kept <= month else Counter()
            if of_month is not None:
                right = right + _folded(made, of_month, _day(month))
            columns = [getattr(model, name) for name in names]
            spans = (*map(_day, _each(period)), _month(month))
            kept = {tuple(row) for row in db.session.execute(select(*columns).where(model.span.in_(spans)))}
            if wrong := kept ^ {(*key, n) for key, n in right.items()}:
                return int(min(row[1] for row in wrong))
        month = _after(month)
    return None


def forget() -> None:
    """Forget all sums; until they are made anew everything is counted from the rows."""
    for model in (ScoreSpan, ScoreSum, ScoreDays):
        db.session.execute(delete(model))


_SUM = ("unit_code", "span", "measure", "before", "n")
_DAYS = ("unit_code", "span", "days", "n")


@dataclass(frozen=True, slots=True)
class _Known:
    """What has been added up: from the first day of a month to a day, by days from `kept` on."""

    first: date
    kept: date
    last: date

    @classmethod
    def read(cls) -> _Known | None:
        is_day = ScoreSpan.span > _A_DAY
        kept, last = db.session.execute(select(func.min(ScoreSpan.span), func.max(ScoreSpan.span)).where(is_day)).one()
        month = db.session.scalar(select(func.min(ScoreSpan.span)).where(~is_day))
        if last is None:
            return None
        return cls(_first_day(month) if month is not None else _date(kept), _date(kept), _date(last))


def _sum(model: Any, by: tuple[Any, ...], spans: tuple[int, int]) -> Select[Any]:
    """The columns and the sum of `n` over some spans."""
    return select(*by, func.sum(model.n)).where(model.span.between(*spans)).group_by(*by)


def _close_month(month: date) -> None:
    """Add up the days of a month (its first day), and forget the days of those that are long past."""
    spans = _day(month), _day(_last_day(month))
    once = ScoreSum.before < _day(month)
    by = (ScoreSum.unit_code, ScoreSum.measure, ScoreSum.before)
    sums = _sum(ScoreSum, by, spans).where(once).add_columns(literal(_month(month)))
    names = ["unit_code", "measure", "before", "n", "span"]
    db.session.execute(insert(ScoreSum).from_select(names, sums))
    lasted = _sum(ScoreDays, (ScoreDays.unit_code, ScoreDays.days), spans).add_columns(literal(_month(month)))
    db.session.execute(insert(ScoreDays).from_select(["unit_code", "days", "n", "span"], lasted))
    kept = month
    for _ in range(KEPT_MONTHS - 1):
        kept = _day_before(kept).replace(day=1)
    for model in (ScoreSpan, ScoreSum, ScoreDays):
        db.session.execute(delete(model).where(model.span > _A_DAY, model.span < _day(kept)))


def _folded(made: Counter[Any], month: int, first: int) -> Counter[Any]:
    """The sums of a month out of those of its days; `first` is the first of them."""
    found: Counter[Any] = Counter()
    for (unit, _span, *rest), number in made.items():
        if len(rest) == 1 or rest[1] < first:
            found[unit, month, *rest] += number
    return found


def _sums(period: Period) -> Counter[tuple[str, int, str, int]]:
    """What `ScoreSum` holds for each day of a period."""
    found: Counter[tuple[str, int, str, int]] = Counter()
    for name, measure in ONCE.items():
        now, then = measure(period).subquery().c, measure(Before(period.first)).subquery().c
        same = (then[1] == now[1], measures.among(then[0]) == now[0])
        last = select(func.max(then[2])).where(*same).scalar_subquery()
        query = select(now[0], now[1], now[2], last).where(now[0].is_not(None)).order_by(*now[:3])
        for (unit, _report), rows in groupby(db.session.execute(query), itemgetter(0, 1)):
            before = None
            for *_, moment, last_before in rows:
                if before is None:
                    before = NEVER if last_before is None else _day_of(last_before)
                day = _day_of(moment)
                if day != before:
                    found[unit, day, name, before] += 1
                before = day
    marks = measures.marks(period).subquery().c
    for unit, rating, moment in db.session.execute(select(marks[0], marks[2], marks[3]).where(marks[0].is_not(None))):
        found[unit, _day_of(moment), RATED, NEVER] += 1
        found[unit, _day_of(moment), RATINGS, NEVER] += rating
    return found


def _days(period: Period) -> Counter[tuple[str, int, int]]:
    """What `ScoreDays` holds for each day of a period."""
    took = measures.took(period).subquery().c
    query = select(took[0], took[2], took[3]).where(took[0].is_not(None))
    return Counter((unit, _day_of(moment), lasted) for unit, lasted, moment in db.session.execute(query))


def _next() -> date | None:
    """The day after the last one, or the first day of the month of the first case."""
    known = _Known.read()
    if known is not None:
        return known.last + timedelta(days=1)
    first = db.session.scalar(select(func.min(Report.created_at)))
    return clock.local(first).date().replace(day=1) if first is not None else None


_A_DAY = 999912  # more than any month


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _day_of(moment: Any) -> int:
    return _day(clock.local(moment).date())


def _date(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def _month(day: date) -> int:
    return day.year * 100 + day.month


def _first_day(month: int) -> date:
    return date(month // 100, month % 100, 1)


def _each(period: Period) -> Iterator[date]:
    return (period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1))


def _after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _last_day(day: date) -> date:
    """The last day of its month."""
    return _after(day) - timedelta(days=1)


def _day_before(day: date) -> date:
    """The last day of the month before."""
    return day.replace(day=1) - timedelta(days=1)
