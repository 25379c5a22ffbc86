"""Which sums the map keeps, and which of them answer a question: pure arithmetic, no database.

A tile of zoom z is drawn in squares of zoom `level(z)`. For far zooms the sums of each square are kept: over
all cases, by category and by unit, each for all time and by month; for the whole country also by province
and commune. Where days are asked for, whole months come from the sums and the days at the ends from the points
themselves, or from sums by day where a tile holds a large part of the country. What is nearly a whole year or month
is that year or month less what is missing of it. Near zooms hold few cases, and questions with two properties at once
few as well: these are counted from the points.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from geo.cells import ZOOM

ALL, YEAR, MONTH, DAY = "all", "year", "month", "day"
FAR = range(7, 13)  # levels with all sums: squares of about 300 to 10 km
NEAR = range(13, 17)  # levels with the sum over everything only: 5 km to 600 m
FIRST = FAR[0]  # zooms before it are added up from it
OFFSET = 1 << (ZOOM - FIRST)  # squares of x and y are those of their offsets in a square of that level


@dataclass(frozen=True, slots=True)
class Cube:
    """One kind of sum: squares of `level`, by `dim` ("": everything), for each `period`."""

    level: int
    dim: str  # "", or a field of `models.Fact`
    period: str


PREFIX = {"category": "c:", "unit": "u:", "province": "p:", "commune": "a:"}
CUBES: tuple[Cube, ...] = (
    *(Cube(level, "", period) for level in FAR for period in (ALL, MONTH)),
    *(Cube(level, "", YEAR) for level in FAR),
    *(Cube(level, "", DAY) for level in range(7, 11)),
    *(Cube(level, "category", period) for level in FAR for period in (ALL, MONTH) if (level, period) != (12, MONTH)),
    *(Cube(level, "unit", period) for level in FAR for period in (ALL, MONTH)),
    *(Cube(level, "", ALL) for level in NEAR),
    *(Cube(FIRST, dim, period) for dim in ("province", "commune") for period in (ALL, MONTH)),
)
_KEPT = frozenset(CUBES)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the sums: no value of a property means any, several mean one of them. Days both included."""

    categories: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A run of days, both included, as numbers like 20261121; None: without an end."""

    first: int | None
    last: int | None

    def days(self) -> tuple[int, ...] | None:
        """Each of them where they lie in one month (and, at its end, perhaps one or two that do not exist)."""
        if self.first is None or self.last is None or self.first // 100 != self.last // 100:
            return None
        return tuple(range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class Plan:
    """Where an answer comes from: sums of `level` over `dims` and `periods`, from which those of `less` are taken
    away, and points of `spans` counted one by one. With no dims, all is counted from the points.

    A period is 0 for all time, or like 2026, 202611 or 20261121."""

    level: int
    dims: tuple[str, ...]
    periods: tuple[int, ...]
    spans: tuple[Span, ...]
    less: tuple[int, ...] = ()


def level(z: int) -> int:
    """The zoom of the squares in which a tile of zoom `z` is drawn: 64 pixels wide, for the map does not show two
    signs nearer than 50 to each other; from zoom 16 on, where it shows each case, 16 and less."""
    return min(z + 2 if z <= 14 else z + 3 if z == 15 else 2 * z - 12, ZOOM)


def plan(at: int, asked: Question, first_day: date | None, today: date) -> Plan:
    """How a question about squares of zoom `at` is answered. `first_day`, the day of the
    oldest point, is only needed where no first day is asked for."""
    kept = max(at, FIRST)
    span = Span(number(asked.since) if asked.since else None, number(asked.until) if asked.until else None)
    points = Plan(at, (), (), (span,))
    dim, values = _dim(asked)
    if dim is None or Cube(kept, dim, ALL) not in _KEPT:
        return points
    dims = tuple(PREFIX[dim] + value for value in values) if dim else ("",)
    if not (asked.since or asked.until):
        return Plan(kept, dims, (0,), ())
    if Cube(kept, dim, MONTH) not in _KEPT:
        return points
    by_year, by_day = Cube(kept, dim, YEAR) in _KEPT, Cube(kept, dim, DAY) in _KEPT
    since = asked.since or first_day or today
    # Nothing is dated later than today, so the period at hand is whole, and its sum is what there is of it.
    until = asked.until or today
    if until >= today:
        until = date(today.year, 12, 31) if by_year else _last_of_month(today)
    if since > min(until, today):
        return Plan(kept, dims, (), ())
    months, ends = split(since, until)
    signs: Counter[int] = Counter()
    for period, sign in (*_by_year(months, today, whole=by_year), *(_by_day(ends) if by_day else ())):
        signs[period] += sign
    return Plan(
        kept,
        dims,
        tuple(period for period, sign in signs.items() if sign > 0),
        () if by_day else tuple(Span(number(first), number(last)) for first, last in ends),
        tuple(period for period, sign in signs.items() if sign < 0),
    )


def _by_year(months: Iterable[int], today: date, *, whole: bool) -> Iterable[tuple[int, int]]:
    """(period, sign) that add up to these months: one by one, or the year less the others where that is fewer.
    Months to come have no sums."""
    this = today.year * 100 + today.month
    years: dict[int, set[int]] = {}
    for month in months:
        years.setdefault(month // 100, set()).add(month)
    for year, wanted in years.items():
        others = {year * 100 + n for n in range(1, 13)} - wanted
        known, missing = [sorted(month for month in some if month <= this) for some in (wanted, others)]
        if whole and 1 + len(missing) < len(known):
            yield year, 1
            yield from ((month, -1) for month in missing)
        else:
            yield from ((month, 1) for month in known)


def _by_day(ends: Iterable[tuple[date, date]]) -> Iterable[tuple[int, int]]:
    """(period, sign) that add up to these runs of days, each within a month."""
    for first, last in ends:
        wanted = range(number(first), number(last) + 1)
        month = number(first) // 100
        others = [day for n in range(1, _last_of_month(first).day + 1) if (day := month * 100 + n) not in wanted]
        if 1 + len(others) < len(wanted):
            yield month, 1
            yield from ((day, -1) for day in others)
        else:
            yield from ((day, 1) for day in wanted)


def split(since: date, until: date) -> tuple[tuple[int, ...], tuple[tuple[date, date], ...]]:
    """The whole months in a run of days, like 202611, and what is left of it at its ends."""
    months: list[int] = []
    ends: list[tuple[date, date]] = []
    day = since
    while day <= until:
        last = _last_of_month(day)
        if day.day == 1 and last <= until:
            months.append(day.year * 100 + day.month)
        else:
            ends.append((day, min(last, until)))
        day = last + timedelta(days=1)
    return tuple(months), tuple(ends)


def number(day: date) -> int:
    """20261121 for 21 November 2026."""
    return day.year * 10_000 + day.month * 100 + day.day


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _dim(asked: Question) -> tuple[str | None, tuple[str, ...]]:
    """The one property that is asked for, "" for none of them; None for two at once."""
    given = [
        (name, values)
        for name, values in (
            ("category", asked.categories),
            ("unit", asked.units),
            ("province", asked.provinces),
            ("commune", asked.communes),
        )
        if values
    ]
    if len(given) > 1:
        return None, ()
    return given[0] if given else ("", ())
