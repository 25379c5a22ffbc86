"""The cases around a case, drawn in space and in time and numbered as in the lists beside: plain SVG, no script.

How far apart in time two cases are is told by shade and size; the strip below tells it again as a place on a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import shapely
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from shapely.geometry.base import BaseGeometry

from webapp.reports.duplicates import NEAR_DAYS
from webapp.reports.likeness import FAR_M

WIDTH, HEIGHT, PAD = 320, 200, 14
STRIP_HEIGHT, AXIS = 128, 93  # from the top of the strip to its line
LABEL = 42  # between the middles of two labels, at least
GAP = 23  # between the middles of two signs, at least
LEAST_M, MOST_M = 100, 1.2 * FAR_M  # how far the drawing reaches, at least and at most
WEEK_DAYS = 7
METRES_PER_DEGREE = 111_195
WEEK, MONTHS, OLDER = "week", "months", "older"
AGES: dict[str, LazyString] = {
    WEEK: _l("within a week of this case"),
    MONTHS: _l("within 60 days"),
    OLDER: _l("longer before"),
}
_TICKS = (
    (7, _l("1 week")),
    (30, _l("1 month")),
    (365, _l("1 year")),
    (5 * 365, _l("5 years")),
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A case beside another: its number in the lists, where it is (lon, lat), days after the other (before: less
    than 0)."""

    number: int
    at: Point | None
    days: float

    @property
    def age(self) -> str:
        """One of AGES."""
        apart = abs(self.days)
        return WEEK if apart <= WEEK_DAYS else MONTHS if apart <= NEAR_DAYS else OLDER


@dataclass(frozen=True, slots=True)
class Sign:
    """A number on a drawing, and the point that it stands for, which may lie beside it."""

    number: int
    age: str
    x: float
    y: float
    px: float
    py: float

    @property
    def beside(self) -> bool:
        return (self.x, self.y) != (self.px, self.py)


@dataclass(frozen=True, slots=True)
class Close:
    """What lies around the place. `far`: some signs stand at the edge, for places farther away."""

    path: str
    signs: list[Sign]
    here: Point
    metres: int  # what the scale bar stands for
    bar: float  # its length
    far: bool
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Strip:
    """The same cases along a line of time; `ticks`: (x, label). `top`: above it nothing stands."""

    signs: list[Sign]
    ticks: list[tuple[float, str]]
    here: float
    top: float
    width: int = WIDTH
    height: int = STRIP_HEIGHT
    axis: int = AXIS


@dataclass(frozen=True, slots=True)
class Nearby:
    """Both drawings, and which ages they show."""

    strip: Strip
    close: Close | None = None
    ages: list[tuple[str, LazyString]] = field(default_factory=list)


def draw(outline: BaseGeometry | None, here: Point | None, found: list[Neighbour]) -> Nearby | None:
    """The drawings for a case at `here` (lon, lat), in the commune of this outline; None with no case around."""
    if not found:
        return None
    shown = {one.age for one in found}
    placed = [one for one in found if one.at is not None]
    close = _close(outline, here, placed) if here is not None and placed else None
    return Nearby(_strip(found), close, [(age, words) for age, words in AGES.items() if age in shown])


def place(found: Iterable[tuple[Neighbour, Point]], taken: list[Point], width: float, height: float) -> list[Sign]:
    """A sign for each at its point of the drawing, or beside it where another stands already (`taken`)."""
    signs = []
    for one, (px, py) in found:
        x, y = _free(px, py, taken, _around(), (PAD, PAD, width - PAD, height - PAD))
        taken.append((x, y))
        signs.append(Sign(one.number, one.age, x, y, px, py))
    return signs


def _close(outline: BaseGeometry | None, here: Point, found: list[Neighbour]) -> Close:
    squeeze = math.cos(math.radians(here[1]))

    def metres(at: Point) -> Point:
        return (at[0] - here[0]) * squeeze * METRES_PER_DEGREE, (here[1] - at[1]) * METRES_PER_DEGREE

    away = {one.number: math.hypot(*metres(one.at)) for one in found if one.at}
    reach = max([LEAST_M, *(1.1 * far for far in away.values() if far <= MOST_M)])
    scale = (HEIGHT / 2 - PAD) / reach

    def at(lon: float, lat: float) -> Point:
        east, south = metres((lon, lat))
        return round(WIDTH / 2 + east * scale, 1), round(HEIGHT / 2 + south * scale, 1)

    middle = (WIDTH / 2, HEIGHT / 2)
    points = [(one, _inside(at(*one.at), middle)) for one in found if one.at]
    metres_of_bar = next(m for m in (1000, 500, 200, 100, 50, 20) if m * scale <= WIDTH / 3)
    return Close(
        path=_outline(outline, here, reach, squeeze, at),
        signs=place(points, [middle], WIDTH, HEIGHT),
        here=middle,
        metres=metres_of_bar,
        bar=round(metres_of_bar * scale, 1),
        far=any(far > reach for far in away.values()),
    )


def _strip(found: list[Neighbour]) -> Strip:
    """Time before to the left, after to the right; the farther away, the closer together the days lie."""
    first, last = min(0.0, *(_bend(one.days) for one in found)), max(0.0, *(_bend(one.days) for one in found))
    first, last = min(first, -_bend(WEEK_DAYS)), max(last, _bend(WEEK_DAYS))
    scale = (WIDTH - 4 * PAD) / (last - first)

    def at(days: float) -> float:
        return round(2 * PAD + (_bend(days) - first) * scale, 1)

    signs: list[Sign] = []
    taken: list[Point] = []
    for one in found:
        px = at(one.days)
        x, y = _free(px, AXIS - GAP, taken, _above(), (PAD, PAD, WIDTH - PAD, AXIS - GAP))
        taken.append((x, y))
        signs.append(Sign(one.number, one.age, x, y, px, AXIS))
    ticks: list[tuple[float, str]] = []
    for number, words in ((sign * number, words) for number, words in _TICKS for sign in (-1, 1)):
        if first <= _bend(number) <= last and all(abs(at(number) - x) >= LABEL for x, _words in ticks):
            ticks.append((at(number), str(words)))
    return Strip(signs, ticks, at(0), min(sign.y for sign in signs) - PAD)


def _bend(days: float) -> float:
    return math.copysign(math.log1p(abs(days) / 3), days)


def _free(x: float, y: float, taken: list[Point], offsets: Iterable[Point], box: tuple[float, ...]) -> Point:
    """The first place around (x, y) within the box where no other sign stands; (x, y) itself if there is none."""
    west, north, east, south = box
    for dx, dy in offsets:
        there = round(x + dx, 1), round(y + dy, 1)
        if not (west <= there[0] <= east and north <= there[1] <= south):
            continue
        if all(math.dist(there, other) >= GAP - 0.2 for other in taken):
            return there
    return x, y


def _around() -> Iterator[Point]:
    yield 0, 0
    for ring in range(1, 12):
        for step in range(8 * ring):
            angle = 2 * math.pi * step / (8 * ring)
            yield ring * GAP * math.cos(angle), -ring * GAP * math.sin(angle)


def _above() -> Iterator[Point]:
    places = [(column * GAP, -row * GAP) for row in range(3) for column in range(-13, 14)]
    yield from sorted(places, key=lambda at: (abs(at[0]) - at[1], abs(at[0])))


def _inside(at: Point, middle: Point) -> Point:
    """The point, or where the way to it from the middle leaves the drawing."""
    dx, dy = at[0] - middle[0], at[1] - middle[1]
    over = max(abs(dx) / (middle[0] - PAD), abs(dy) / (middle[1] - PAD), 1)
    return round(middle[0] + dx / over, 1), round(middle[1] + dy / over, 1)


def _outline(outline: BaseGeometry | None, here: Point, reach: float, squeeze: float, at: object) -> str:
    """The part of the commune that lies in the drawing, cut off a little outside of it."""
    if outline is None:
        return ""
    tall = 1.3 * reach / METRES_PER_DEGREE
    wide = tall * WIDTH / HEIGHT / squeeze
    cut = shapely.box(here[0] - wide, here[1] - tall, here[0] + wide, here[1] + tall)
    return path(shapely.intersection(outline, cut), at)


def path(shape: BaseGeometry, at: object) -> str:
    """Path data of the polygons in a shape; `at` takes (lon, lat) to the drawing."""
    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type != "Polygon":
            continue  # where a cut only touches
        for ring in (polygon.exterior, *polygon.interiors):
            points = [at(x, y) for x, y in ring.coords]  # type: ignore[operator]
            parts.append("M" + "L".join(f"{x} {y}" for x, y in points) + "Z")
    return "".join(parts)
