"""What a reader of the figures asks for, out of the address and back into one canonical order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from urllib.parse import urlencode

from flask_babel import gettext as _

from webapp.figures import queries as figures
from webapp.figures.queries import Asked
from webapp.pages.public.filters import Known
from webapp.reports import queries

PARAMS = ("group", "category", "period", "from", "to")
_MONTH = re.compile(r"(20\d\d)-(\d\d)", re.ASCII)
_PERIOD = re.compile(r"(20\d\d)(?:-(?:Q([1-4])|(\d\d)))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Question:
    """Kinds and months; None means everything. Months like 202611, both included."""

    group: str | None = None
    category: str | None = None
    period: str | None = None  # 2026, 2026-Q3 or 2026-11, where the months were chosen so
    first: int | None = None
    last: int | None = None

    @property
    def asked(self) -> Asked:
        """It as the sums know it."""
        return Asked(_categories(self), self.first, self.last)


def read(args: Iterable[tuple[str, str]], known: Known, today: date) -> tuple[Question, dict[str, str]]:
    """The question in the pairs of a query string, and {parameter: what is wrong}. A wrong one is left out of the
    question; foreign parameters are passed over."""
    problems: dict[str, str] = {}
    values: dict[str, str] = {}
    for name, raw in args:
        if name in PARAMS and raw.strip():
            if name in values:
                problems[name] = "repeated"
            values.setdefault(name, raw.strip())
    question = Question()
    for name, codes in (("group", known.groups), ("category", known.categories)):
        if name in values:
            if values[name] in codes:
                question = replace(question, **{name: values[name]})  # type: ignore[arg-type]
            else:
                problems[name] = "unknown"
    if "from" in values or "to" in values:
        first = _month(values, "from", problems) or 200001
        last = _month(values, "to", problems) or today.year * 100 + today.month
        if first > last:
            problems.setdefault("from", "inverted")
        elif not {"from", "to"} & set(problems):
            question = replace(question, first=first, last=last)
    elif "period" in values:
        months = months_of(values["period"])
        if months is None:
            problems["period"] = "unknown"
        else:
            question = replace(question, period=values["period"], first=months[0], last=months[1])
    return question, problems


def months_of(period: str) -> tuple[int, int] | None:
    """The first and the last month of a year, a quarter or a month; None if it is none."""
    parts = _PERIOD.fullmatch(period)
    if parts is None:
        return None
    year, quarter, month = int(parts[1]), parts[2], parts[3]
    if quarter:
        return year * 100 + 3 * int(quarter) - 2, year * 100 + 3 * int(quarter)
    if month:
        return (year * 100 + int(month),) * 2 if 1 <= int(month) <= 12 else None
    return year * 100 + 1, year * 100 + 12


def canonical(question: Question, **more: str | int | None) -> str:
    """The query string in the one order, without the question mark; empty for everything."""
    own, further = _own(question), urlencode([(name, value) for name, value in more.items() if value])
    return f"{own}&{further}" if own and further else own or further


@lru_cache(maxsize=256)
def _own(question: Question) -> str:
    chosen = question.period is None and question.first is not None
    values = {
        "group": question.group,
        "category": question.category,
        "period": question.period,
        "from": written(question.first) if chosen else None,
        "to": written(question.last) if chosen else None,
    }
    return urlencode([(name, value) for name, value in values.items() if value])


def written(month: int | None) -> str:
    """2026-11 for 202611; empty for none."""
    return f"{month // 100}-{month % 100:02}" if month else ""


def in_words(question: Question) -> str:
    """The period as a reader says it."""
    if question.first is None or question.last is None:
        return _("All time")
    if question.period is not None:
        return period_words(question.period)
    return _("%(first)s to %(last)s", first=month_words(question.first), last=month_words(question.last))


def period_words(period: str) -> str:
    """The same for a year, a quarter or a month."""
    year, _dash, part = period.partition("-")
    if part.startswith("Q"):
        return _("Quarter %(number)s of %(year)s", number=part[1:], year=year)
    return f"{part}/{year}" if part else _("Year %(year)s", year=year)


def month_words(month: int) -> str:
    """11/2026, as Vietnamese writes a month."""
    return f"{month % 100:02}/{month // 100}"


def choices(today: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """The periods of the form: years, and the quarters and months of the newest two of them."""
    known = figures.years() or [today.year]
    now = today.year * 100 + today.month
    recent = known[:2]
    quarters = [f"{year}-Q{n}" for year in recent for n in (4, 3, 2, 1) if year * 100 + 3 * n - 2 <= now]
    months = [f"{year}-{n:02}" for year in recent for n in range(12, 0, -1) if year * 100 + n <= now]
    return [
        (heading, [(period, period_words(period)) for period in periods])
        for heading, periods in (
            (_("Years"), [str(year) for year in known]),
            (_("Quarters"), quarters),
            (_("Months"), months),
        )
    ]


def _month(values: dict[str, str], name: str, problems: dict[str, str]) -> int | None:
    raw = values.get(name)
    if raw is None:
        return None
    parts = _MONTH.fullmatch(raw)
    if parts is None or not 1 <= int(parts[2]) <= 12:
        problems[name] = "bad"
        return None
    return int(parts[1]) * 100 + int(parts[2])


def _categories(question: Question) -> tuple[str, ...]:
    """The codes that are meant; one that no case has where group and category exclude each other."""
    if question.group is None:
        return (question.category,) if question.category else ()
    of_group = {c.code for c in queries.catalogue().categories.values() if c.group == question.group}
    if question.category:
        of_group &= {question.category}
    return tuple(sorted(of_group)) or ("-",)
