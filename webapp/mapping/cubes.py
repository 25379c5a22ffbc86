"""Which sums the map keeps, and which of them answer a question: pure arithmetic, no database.

A tile of zoom z is drawn in squares of zoom `level(z)`. For far zooms the sums of each square are kept: over
all cases, by category and by unit, each for all time and by month; for the whole country also by province
and commune. Where days are asked for, whole months come from the sums and the days at the ends from the points
themselves, or from sums by day where a tile holds a large part of the country. Near zooms hold few cases, and
questions with two properties at once few as well: these are counted from the points.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from geo.cells import ZOOM

ALL, MONTH, DAY = "all", "month", "day"
FAR = range(7, 13)  # levels with all sums: squares of about 300 to 10 km
NEAR = range(14, 17)  # levels with the sum over everything only: 2.4 km to 600 m
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


@dataclass(frozen=True, slots=True)
class Plan:
    """Where an answer comes from: sums of `level` over `dims` and `periods`, and points of `spans` counted one by
    one. With no dims, all is counted from the points."""

    level: int
    dims: tuple[str, ...]
    periods: tuple[int, ...]
    spans: tuple[Span, ...]


def level(z: int) -> int:
    """The zoom of the squares in which a tile of zoom `z` is drawn: 64 pixels wide far out, 4 at the nearest."""
    depth = 2 if z <= 10 else 3 if z <= 13 else 4 if z <= 15 else z - 12
    return z + min(depth, ZOOM - z)


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
    since = asked.since or first_day or today
    # Nothing is dated later than today, so the month at hand is whole, and its sum is what there is of it.
    until = asked.until or today
    if until >= today:
        until = _next_month(today) - timedelta(days=1)
    if since > min(until, today):
        return Plan(kept, dims, (), ())
    months, ends = split(since, until)
    if Cube(kept, dim, DAY) in _KEPT:
        days = tuple(number(first + timedelta(days=i)) for first, last in ends for i in range((last - first).days + 1))
        return Plan(kept, dims, months + days, ())
    return Plan(kept, dims, months, tuple(Span(number(first), number(last)) for first, last in ends))


def split(since: date, until: date) -> tuple[tuple[int, ...], tuple[tuple[date, date], ...]]:
    """The whole months in a run of days, like 202611, and what is left of it at its ends."""
    months: list[int] = []
    ends: list[tuple[date, date]] = []
    day = since
    while day <= until:
        after = _next_month(day)
        last = after - timedelta(days=1)
        if day.day == 1 and last <= until:
            months.append(day.year * 100 + day.month)
        else:
            ends.append((day, min(last, until)))
        day = after
    return tuple(months), tuple(ends)


def number(day: date) -> int:
    """20261121 for 21 November 2026."""
    return day.year * 10_000 + day.month * 100 + day.day


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


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
