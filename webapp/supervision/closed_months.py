"""What score cards count, added up once for each month that is over.

A month's moments are written while it lasts, so from its second day on the next month may be relied upon. What a case
did in several months counts once over all of them: each sum is of the cases that did the same for the same unit last
in the month `before` (0: never), and over a run of months those count whose `before` lies before its first. What is not
over, and days that are no whole month, are counted from the rows themselves (`scores.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Integer, SmallInteger, String, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core import clock
from webapp.core.db import Base, db
from webapp.reports.models import Report
from webapp.supervision import measures
from webapp.supervision.measures import Before, Cases, Period, When

NEVER = 0
RATED, RATINGS = "rated", "ratings"  # how many marks, and their sum
TIMED = "timed"
# What is counted once for each case, besides what holds now: in time is what was timed and was not late.
ONCE: dict[str, Callable[[When], Cases]] = {
    name: measure for name, measure in measures.MEASURES.items() if name not in {*measures.NOW, "in_time"}
} | {TIMED: measures.timed}


class ScoreMonth(Base):
    """A month that has been added up (202611). They follow one another without a gap."""

    __tablename__ = "score_months"

    month: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class ScoreSum(Base):
    """How many cases did this for a unit in a month, and last before that in another."""

    __tablename__ = "score_sums"

    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[int] = mapped_column(Integer, primary_key=True)
    measure: Mapped[str] = mapped_column(String(12), primary_key=True)  # one of ONCE, RATED, RATINGS
    before: Mapped[int] = mapped_column(Integer, primary_key=True)
    n: Mapped[int] = mapped_column(Integer)


class ScoreDays(Base):
    """How many answers of a unit in a month took so many working days."""

    __tablename__ = "score_days"

    unit_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[int] = mapped_column(Integer, primary_key=True)
    days: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    n: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True, slots=True)
class Run:
    """Whole months that follow one another, both included (202611)."""

    first: int
    last: int

    @property
    def days(self) -> Period:
        return Period(_first_day(self.first), _last_day(self.last))


def within(period: Period) -> Run | None:
    """The months of a period that have been added up, None if there is none."""
    first, last = db.session.execute(select(func.min(ScoreMonth.month), func.max(ScoreMonth.month))).one()
    if first is None:
        return None
    begins = _number(period.first if period.first.day == 1 else _after(_number(period.first)))
    ends = _number(period.last if period.last == _last_day(_number(period.last)) else _day_before(period.last))
    run = Run(max(begins, first), min(ends, last))
    return run if run.first <= run.last else None


def counts(units: Collection[str], run: Run) -> Iterator[tuple[str, str, int]]:
    """(unit, measure, how many) over the months of a run; measures of ONCE, RATED and RATINGS."""
    query = (
        select(ScoreSum.unit_code, ScoreSum.measure, func.sum(ScoreSum.n))
        .where(
            ScoreSum.unit_code.in_(units),
            ScoreSum.month.between(run.first, run.last),
            ScoreSum.before < run.first,
        )
        .group_by(ScoreSum.unit_code, ScoreSum.measure)
    )
    for unit, measure, number in db.session.execute(query):
        yield unit, measure, int(number)


def days(units: Collection[str], run: Run) -> Iterator[tuple[str, int, int]]:
    """(unit, working days, how many answers) over the months of a run."""
    query = (
        select(ScoreDays.unit_code, ScoreDays.days, func.sum(ScoreDays.n))
        .where(ScoreDays.unit_code.in_(units), ScoreDays.month.between(run.first, run.last))
        .group_by(ScoreDays.unit_code, ScoreDays.days)
    )
    for unit, number, how_many in db.session.execute(query):
        yield unit, number, int(how_many)


def close_next() -> int | None:
    """Add the next month up that is over and was not; None where there is none. Flushes. Of two that do so at once
    one fails, and has written nothing."""
    month = _next()
    if month is None or clock.today() <= _after(month):
        return None
    sums, spent = _sums(month), _days(month)
    db.session.add(ScoreMonth(month=month))
    db.session.flush()
    for model, names, made in ((ScoreSum, _SUM, sums), (ScoreDays, _DAYS, spent)):
        if made:
            rows = [dict(zip(names, (*key, n), strict=True)) for key, n in made.items()]
            db.session.execute(insert(model), rows)
    return month


def first_wrong() -> int | None:
    """The first month whose sums are not those of the rows, None if all are. Reads everything: for operators."""
    for month in db.session.scalars(select(ScoreMonth.month).order_by(ScoreMonth.month)):
        for model, names, made in ((ScoreSum, _SUM, _sums(month)), (ScoreDays, _DAYS, _days(month))):
            columns = [getattr(model, name) for name in names]
            kept = db.session.execute(select(*columns).where(model.month == month))
            if {tuple(row) for row in kept} != {(*key, n) for key, n in made.items()}:
                return month
    return None


def forget() -> None:
    """Forget all sums; until they are made anew everything is counted from the rows."""
    for model in (ScoreMonth, ScoreSum, ScoreDays):
        db.session.execute(delete(model))


_SUM = ("unit_code", "month", "measure", "before", "n")
_DAYS = ("unit_code", "month", "days", "n")


def _sums(month: int) -> Counter[tuple[str, int, str, int]]:
    """What `ScoreSum` holds for a month."""
    period = _period(month)
    found: Counter[tuple[str, int, str, int]] = Counter()
    for name, measure in ONCE.items():
        now, then = measure(period).subquery().c, measure(Before(period.first)).subquery().c
        each = select(now[0], now[1]).where(now[0].is_not(None)).distinct().subquery().c
        same = (then[1] == each[1], measures.among(then[0]) == each[0])
        last = select(func.max(then[2])).where(*same).scalar_subquery()
        for unit, moment in db.session.execute(select(each[0], last)):
            found[unit, month, name, NEVER if moment is None else _number(clock.local(moment).date())] += 1
    given = measures.marks(period).subquery().c
    query = select(given[0], func.count(), func.sum(given[2])).where(given[0].is_not(None)).group_by(given[0])
    for unit, number, total in db.session.execute(query):
        found[unit, month, RATED, NEVER], found[unit, month, RATINGS, NEVER] = number, int(total)
    return found


def _days(month: int) -> Counter[tuple[str, int, int]]:
    """What `ScoreDays` holds for a month."""
    took = measures.took(_period(month)).subquery().c
    query = select(took[0], took[2], func.count()).where(took[0].is_not(None)).group_by(took[0], took[2])
    return Counter({(unit, month, lasted): number for unit, lasted, number in db.session.execute(query)})


def _period(month: int) -> Period:
    return Period(_first_day(month), _last_day(month))


def _next() -> int | None:
    """The month after the last one, or that of the first case."""
    last = db.session.scalar(select(func.max(ScoreMonth.month)))
    if last is not None:
        return _number(_after(last))
    first = db.session.scalar(select(func.min(Report.created_at)))
    return _number(clock.local(first).date()) if first is not None else None


def _number(day: date) -> int:
    return day.year * 100 + day.month


def _first_day(month: int) -> date:
    return date(month // 100, month % 100, 1)


def _after(month: int) -> date:
    """The first day of the next month."""
    return (_first_day(month) + timedelta(days=31)).replace(day=1)


def _last_day(month: int) -> date:
    return _after(month) - timedelta(days=1)


def _day_before(day: date) -> date:
    """The last day of the month before."""
    return day.replace(day=1) - timedelta(days=1)
