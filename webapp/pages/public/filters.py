"""Reading the filters of the public pages out of an address, and writing them back in one canonical order.

One order means one address per question, so that a cache between us and the readers keeps each answer once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from webapp.reports.queries import GROUP_OF, GROUPS, OVERDUE, Filters

TILE_PARAMS = ("category", "group", "status", "from", "to", "unit")
PLACE_PARAMS = ("province", "commune")
PERIODS = (7, 30, 90, 365)  # days, as the page offers them

STATUSES = (*GROUPS, OVERDUE, *(s for s in GROUP_OF if s not in GROUPS))
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_AREA = re.compile(r"[0-9]{1,8}")
_DEGREES = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100

# code of a problem -> what a program is told
PROBLEMS = {
    "unknown": "unknown value",
    "bad": "not a code",
    "date": "not a date of the form YYYY-MM-DD, 2000 to 2100",
    "inverted": "the first day lies after the last",
    "repeated": "given more than once",
    "parameter": "there is no such parameter",
    "days": "not one of 7, 30, 90, 365",
    "bbox": "not west,south,east,north in degrees with west < east and south < north",
}


@dataclass(frozen=True, slots=True)
class Known:
    """The codes that exist."""

    categories: frozenset[str]
    groups: frozenset[str]


def read(
    args: Iterable[tuple[str, str]],
    known: Known,
    today: date,
    *,
    allowed: Iterable[str] = TILE_PARAMS,
    strict: bool = True,
) -> tuple[Filters, dict[str, str]]:
    """Filters out of the pairs of a query string, and {parameter: code of PROBLEMS} of what is wrong.

    An empty value is no filter. A wrong one is left out of the filters. With `strict`, a parameter that is not
    allowed is a problem; without, it is passed over (links that people share pick up foreign parameters).
    """
    problems: dict[str, str] = {}
    values: dict[str, str] = {}
    names = set(allowed)
    for name, raw in args:
        if name not in names:
            if strict:
                problems[name[:40]] = "parameter"
        elif name in values:
            problems[name] = "repeated"
        elif raw.strip():
            values[name] = raw.strip()
    filters = Filters(
        category=_one_of(values, "category", known.categories, problems),
        group=_one_of(values, "group", known.groups, problems),
        status=_one_of(values, "status", STATUSES, problems),
        since=_day(values, "from", problems),
        until=_day(values, "to", problems),
        unit=_matching(values, "unit", _CODE, problems),
        province=_matching(values, "province", _AREA, problems),
        commune=_matching(values, "commune", _AREA, problems),
    )
    if "days" in values:
        if values["days"] not in map(str, PERIODS):
            problems["days"] = "days"
        elif not (filters.since or filters.until):
            filters = replace(filters, since=today - timedelta(days=int(values["days"])))
    if filters.since and filters.until and filters.since > filters.until:
        problems["from"] = "inverted"
        filters = replace(filters, since=None, until=None)
    return filters, problems


def canonical(filters: Filters, names: Iterable[str] = TILE_PARAMS, **more: str | int | None) -> str:
    """The query string of these filters in the one order, without the question mark; empty for no filter."""
    values: dict[str, str | int | None] = {
        "category": filters.category,
        "group": filters.group,
        "status": filters.status,
        "from": filters.since.isoformat() if filters.since else None,
        "to": filters.until.isoformat() if filters.until else None,
        "unit": filters.unit,
        "province": filters.province,
        "commune": filters.commune,
    }
    pairs = [(name, values[name]) for name in names if values.get(name)]
    return urlencode([*pairs, *((name, value) for name, value in more.items() if value)])


def read_bbox(raw: str) -> tuple[float, float, float, float] | None:
    """(west, south, east, north) in degrees, or None if `raw` is no box, turned round or across the date line."""
    parts = raw.split(",")
    # Python would read other scripts' digits, underscores and words for infinity as well.
    if len(raw) > 120 or len(parts) != 4 or not all(_DEGREES.fullmatch(part.strip()) for part in parts):
        return None
    west, south, east, north = (float(part) for part in parts)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        return None
    return west, south, east, north


def describe(problems: Mapping[str, str]) -> dict[str, str]:
    """The problems in words for a program."""
    words = {name: PROBLEMS[code] for name, code in problems.items()}
    if words.get("status") == PROBLEMS["unknown"]:
        words["status"] += "; one of " + ", ".join(STATUSES)
    return words


def _one_of(values: dict[str, str], name: str, known: Iterable[str], problems: dict[str, str]) -> str | None:
    value = values.get(name)
    if value is not None and value not in known:
        problems[name] = "unknown"
        return None
    return value


def _matching(values: dict[str, str], name: str, pattern: re.Pattern[str], problems: dict[str, str]) -> str | None:
    value = values.get(name)
    if value is not None and not pattern.fullmatch(value):
        problems[name] = "bad"
        return None
    return value


def _day(values: dict[str, str], name: str, problems: dict[str, str]) -> date | None:
    value = values.get(name)
    if value is None:
        return None
    try:
        # fromisoformat also takes weeks and compact forms, which would be second addresses for the same.
        found = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else None
    except ValueError:
        found = None
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        problems[name] = "date"
        return None
    return found
