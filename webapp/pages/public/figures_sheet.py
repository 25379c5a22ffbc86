"""All figures of one subject: what is added up, as lines of tables and as a chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _

from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, PROVINCE, Area
from webapp.figures import queries
from webapp.figures.queries import COUNTRY, UNIT, Figures
from webapp.pages.i18n import in_language
from webapp.pages.public import charts, figures_asked, figures_tables
from webapp.pages.public.figures_asked import Question, canonical
from webapp.pages.public.figures_subject import Subject, unit_name, units_of_place
from webapp.pages.public.figures_tables import Line, Table
from webapp.pages.public.figures_words import NAME
from webapp.reports.queries import catalogue
from webapp.units.models import Unit

MONTHS_SHOWN = 24
Part = tuple[str, str, str, tuple[str, ...], list[Line]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All figures of a subject. `parts`: (id, caption, heading, columns, lines) of each table."""

    subject: Subject
    question: Question
    total: Line
    parts: tuple[Part, ...]

    @property
    def tables(self) -> list[Table]:
        """Those that have lines."""
        return [figures_tables.table(*part) for part in self.parts if part[4]]


def sheet(subject: Subject, question: Question) -> Sheet:
    """All figures of a subject for a question."""
    asked = question.asked
    total = Line(subject.code, subject.name, subject.path, queries.one(subject.scope, asked), subject.where, question)
    parts = [
        *_below(subject, question),
        ("kinds", _("By kind of report"), _("Kind of report"), figures_tables.KINDS, _kinds(subject, question)),
        ("months", _("By month"), _("Month"), figures_tables.MONTHS, _months(subject, question)),
    ]
    return Sheet(subject, question, total, tuple(parts))


def _below(subject: Subject, question: Question) -> list[Part]:
    """The tables of the places and units in a place."""
    found: list[Part] = []
    if subject.dim == COUNTRY:
        lines = area_lines(areas.provinces(), PROVINCE, question)
        found.append(("provinces", _("By province"), _("Province"), figures_tables.PLACES, lines))
    if subject.dim == PROVINCE:
        lines = area_lines(areas.communes_of(subject.code), COMMUNE, question)
        found.append(("communes", _("By commune"), _("Commune"), figures_tables.PLACES, lines))
    if subject.dim in (PROVINCE, COMMUNE):
        lines = unit_lines(units_of_place(subject), question)
        found.append(("units", _("By responsible unit"), _("Unit"), figures_tables.UNITS, lines))
    return found


def area_lines(found: list[Area], level: str, question: Question) -> list[Line]:
    figures = queries.many(queries.scopes_of(level, [area.code for area in found]), question.asked)
    query = canonical(question)
    return [
        Line(
            area.code,
            area.name,
            f"/figures/{area.code}" + (f"?{query}" if query else ""),
            figures.get(area.code) or Figures(),
            {level: area.code},
            question,
        )
        for area in found
    ]


def unit_lines(found: list[Unit], question: Question) -> list[Line]:
    figures = queries.many(queries.scopes_of(UNIT, [one.code for one in found]), question.asked)
    query = canonical(question)
    return [
        Line(
            one.code,
            unit_name(one),
            f"/figures/units/{one.code}" + (f"?{query}" if query else ""),
            figures.get(one.code) or Figures(),
            {"unit": one.code},
            question,
        )
        for one in found
    ]


def _kinds(subject: Subject, question: Question) -> list[Line]:
    known = catalogue().categories
    figures = queries.by_category(subject.scope, question.asked)
    order = {code: number for number, code in enumerate(known)}
    first = first_measure(subject)
    return [
        Line(
            code,
            str(in_language(known[code].name)),
            None,
            figures[code],
            subject.where,
            replace(question, group=None, category=code),
        )
        for code in sorted(figures, key=lambda code: (-figures[code][first], order.get(code, len(order))))
        if code in known
    ]


def _months(subject: Subject, question: Question) -> list[Line]:
    """The latest months from the first to the last that has any, those between without a gap."""
    found = dict(queries.by_month(subject.scope, question.asked, MONTHS_SHOWN))
    months, month = [], min(found, default=0)
    while found and month <= max(found):
        months.append(month)
        month += 1 if month % 100 < 12 else 89
    return [
        Line(
            figures_asked.written(month),
            figures_asked.month_words(month),
            None,
            found.get(month) or Figures(),
            subject.where,
            replace(question, period=figures_asked.written(month), first=month, last=month),
        )
        for month in months[-MONTHS_SHOWN:]
    ]


def chart(subject: Subject, months: list[Line]) -> Any:
    """Cases received and answered by month; nothing for a single month."""
    if len(months) < 2:
        return None
    series = [
        charts.Series(str(NAME[name]), tone, [line.figures[name] for line in months])
        for name, tone in ((first_measure(subject), "one"), ("answered", "two"))
    ]
    title = _("%(first)s and %(second)s by month", first=series[0].name, second=series[1].name)
    words = _("The same numbers are in the table by month.")
    return {"svg": charts.bars("months", title, words, [line.name for line in months], series), "series": series}


def first_measure(subject: Subject) -> str:
    """What comes in: to a unit what was passed on to it, to a place what was reported there."""
    return "received" if subject.dim == UNIT else "reported"
