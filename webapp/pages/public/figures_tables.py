"""The tables of the figures: once for the page, with links to the cases and to what each word means, and once as plain
values for files."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from markupsafe import Markup

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
    """A line of a table: what it is about, where that has its own page, and its cells as HTML."""

    name: str
    href: str | None
    cells: Markup


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
    rows = tuple(Row(line.name, line.href, drawn(cells(names, line))) for line in lines)
    return Table(ident, caption, heading, columns, rows)


def facts(names: Iterable[str], line: Line) -> list[tuple[LazyString, str, Cell]]:
    """(name, anchor, cell) of these figures of one line."""
    return [
        (NAME[name], name, cell(name, line)) for name in names if name not in _OF_NO_UNIT or "unit" not in line.where
    ]


def cells(names: Iterable[str], line: Line) -> list[Cell]:
    """The figures of these names."""
    stem = _stem(line)
    return [_cell(name, line.figures, stem) for name in names]


def cell(name: str, line: Line) -> Cell:
    """One figure as the page shows it."""
    return _cell(name, line.figures, _stem(line))


def drawn(found: Iterable[Cell]) -> Markup:
    """Cells of a row. A province has two thousand: a template would take ten times as long for them."""
    parts = []
    for one in found:
        text = html.escape(one.text)
        if one.href:
            text = f'<a href="{html.escape(one.href)}" rel="nofollow">{text}</a>'
        if one.few:
            few = html.escape(_("Too few cases for a share"))
            text += f'<span class="few">*<span class="hide"> {few}</span></span>'
        parts.append(f'<td class="num">{text}</td>')
    return Markup("".join(parts))  # noqa: S704 - every text in it is escaped above


def _cell(name: str, figures: Figures, stem: str) -> Cell:
    if name in ("half", "nine_tenths"):
        days = figures.half if name == "half" else figures.nine_tenths
        return Cell("–") if days is None else Cell(labels.number(days), f"{stem}answered")
    if name in _SHARES:
        part, whole = figures.in_time if name == "share_in_time" else figures.solved
        return Cell(share(part, whole), stem + _SHARES[name] if part else None, 0 < whole < fair.LEAST)
    number = figures[name]
    return Cell(labels.number(number), stem + name) if number else Cell("0")


def _stem(line: Line) -> str:
    """The address of the cases behind a number, without the measure at its end."""
    query = canonical(line.question, **line.where)
    return f"/figures/cases?{query}&measure=" if query else "/figures/cases?measure="


def share(part: int, whole: int) -> str:
    """In per cent; of few cases as two numbers, of none as a dash."""
    if not whole:
        return "–"
    return f"{part}/{whole}" if whole < fair.LEAST else f"{round(100 * part / whole)} %"


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
