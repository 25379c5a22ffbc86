"""The tables of the figures: once for the page, with links to the cases and to what each word means, and once as plain
values for files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import LazyString

from webapp.figures import fair
from webapp.figures.facts import MEASURES
from webapp.figures.queries import Figures
from webapp.pages import labels
from webapp.pages.public.figures_asked import Question, canonical
from webapp.pages.public.figures_words import NAME, SHORT

PLACES = (
    *("reported", "received", "answered", "share_in_time", "overdue", "open"),
    *("accepted", "sent_back", "share_solved", "half"),
)
KINDS = ("reported", "received", "answered", "share_in_time", "overdue", "half")
MONTHS = ("reported", "received", "answered", "in_time", "late", "accepted", "half")
UNITS = ("received", "answered", "share_in_time", "overdue", "open", "refused", "came_back", "half")
# What the figures of a unit or a place begin with.
HEAD = ("reported", "received", "answered", "share_in_time", "late", "overdue", "open", "accepted")
MORE = (
    *("waiting", "taken_over", "extended", "refused", "handed_on", "came_back", "sent_back"),
    *("solved", "partly", "unsolved", "share_solved", "half", "nine_tenths"),
)
FIELDS = (*MEASURES, "median_days", "days_90")  # of a file
# The two parts of a share: the cases of the first stand behind it.
_SHARES = {"share_in_time": "in_time", "share_solved": "solved"}
_OF_NO_UNIT = ("reported", "waiting")


@dataclass(frozen=True, slots=True)
class Cell:
    """A number on the page. `few`: of too few cases to be a share, so both numbers are given."""

    text: str
    href: str | None = None
    few: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what it is about, where that has its own page, and its cells."""

    name: str
    href: str | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns`: (name, its anchor among the definitions)."""

    id: str
    caption: str
    heading: str
    columns: tuple[tuple[LazyString, str], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What a line is made from. `where` are the parameters by which its cases are listed."""

    code: str
    name: str
    href: str | None
    figures: Figures
    where: Mapping[str, str]
    question: Question


def table(ident: str, caption: str, heading: str, names: tuple[str, ...], lines: Iterable[Line]) -> Table:
    """A table of these figures."""
    lines = list(lines)
    if lines and "unit" in lines[0].where:
        names = tuple(name for name in names if name not in _OF_NO_UNIT)
    columns = tuple((SHORT[name], name) for name in names)
    rows = tuple(Row(line.name, line.href, tuple(cell(name, line) for name in names)) for line in lines)
    return Table(ident, caption, heading, columns, rows)


def facts(names: Iterable[str], line: Line) -> list[tuple[LazyString, str, Cell]]:
    """(name, anchor, cell) of these figures of one line."""
    return [
        (NAME[name], name, cell(name, line)) for name in names if name not in _OF_NO_UNIT or "unit" not in line.where
    ]


def cell(name: str, line: Line) -> Cell:
    """One figure as the page shows it."""
    if name in ("half", "nine_tenths"):
        days = line.figures.half if name == "half" else line.figures.nine_tenths
        return Cell(
            "–" if days is None else labels.number(days), behind("answered", line) if days is not None else None
        )
    if name in _SHARES:
        part, whole = line.figures.in_time if name == "share_in_time" else line.figures.solved
        return Cell(share(part, whole), behind(_SHARES[name], line) if part else None, 0 < whole < fair.LEAST)
    number = line.figures[name]
    return Cell(labels.number(number), behind(name, line) if number else None)


def share(part: int, whole: int) -> str:
    """In per cent; of few cases as two numbers, of none as a dash."""
    if not whole:
        return "–"
    return f"{part}/{whole}" if whole < fair.LEAST else f"{round(100 * part / whole)} %"


def behind(measure: str, line: Line) -> str:
    """The address of the cases behind a number."""
    return f"/figures/cases?{canonical(line.question, measure=measure, **line.where)}"


def of_month(line: Line, month: str) -> Line:
    """The same line for one month of it."""
    return replace(line, question=replace(line.question, period=month))


def record(line: Line) -> dict[str, Any]:
    """A line as a file has it."""
    figures = line.figures
    return {
        "code": line.code,
        "name": line.name,
        **figures.numbers,
        "median_days": figures.half,
        "days_90": figures.nine_tenths,
    }
