"""Units of one kind in a province, and provinces, in a fair order: chance, and what is not theirs, stand apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from webapp.areas import queries as areas
from webapp.areas.models import PROVINCE
from webapp.core import clock
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.figures import fair
from webapp.pages.public import figures_asked, figures_tables
from webapp.pages.public.figures_asked import Question, canonical
from webapp.pages.public.figures_sheet import area_lines, unit_lines
from webapp.pages.public.figures_subject import Subject, country_subject, place_subject, units_of_place
from webapp.pages.public.figures_tables import Cell, Line
from webapp.pages.public.views import keepable_page, known_codes
from webapp.pages.routing_words import KIND
from webapp.units import queries as units
from webapp.units.models import FRONT_KINDS, Unit

# What a unit did itself, and what is not, or not alone, in its power.
OWN = ("answered", "late", "half", "sent_back", "came_back", "overdue")
NOT_OWN = ("received", "refused", "taken_over", "handed_on", "extended")
FIRST_KIND = "commune_committee"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A line of the order; `number` None: too few answers for a place."""

    number: int | None
    name: str
    href: str | None
    cells: Markup


def provinces() -> Response:
    """`/figures/ranking`: the provinces among each other."""
    question, problems = _question()
    lines = area_lines(areas.provinces(), PROVINCE, question)
    return _page(country_subject(), question, problems, lines)


def of_province(code: str) -> Response:
    """`/figures/<province>/ranking`: the units of one `kind` of a province."""
    subject = place_subject(code)
    if subject.dim != PROVINCE:
        abort(404)
    question, problems = _question()
    kinds = kinds_of(subject.code)
    wanted = request.args.get("kind") or FIRST_KIND
    if wanted not in kinds:
        if request.args.get("kind"):
            problems["kind"] = "unknown"
        wanted = FIRST_KIND if FIRST_KIND in kinds else next(iter(kinds), FIRST_KIND)
    lines = unit_lines(units_of_place(subject, wanted), question)
    return _page(subject, question, problems, lines, wanted)


def kinds_of(province: str) -> list[str]:
    """The kinds of which a province has more than one unit that answers cases."""
    query = (
        select(Unit.kind)
        .where(Unit.kind.not_in(FRONT_KINDS), ~Unit.kind.startswith("org_"), units.valid_on(clock.today()))
        .where(Unit.province_code == province)
        .group_by(Unit.kind)
        .having(func.count() > 1)
    )
    found = set(db.session.scalars(query))
    return [kind for kind in KIND if kind in found]


def order(lines: list[Line]) -> tuple[list[Ranked], list[Ranked], int]:
    """Those with a place, those without for want of answers, and how many had nothing to answer at all."""
    by_code = {line.code: line for line in lines if line.figures.anything}
    places, few = fair.ranked({code: line.figures.in_time for code, line in by_code.items()})
    ranked = [_ranked(by_code[place.code], place.number) for place in places]
    return ranked, [_ranked(by_code[code], None) for code in few], len(lines) - len(by_code)


def _ranked(line: Line, number: int | None) -> Ranked:
    low = f"{100 * fair.wilson_low(*line.figures.in_time):.0f} %" if number else "–"
    share, *others = figures_tables.cells(("share_in_time", *OWN, *NOT_OWN), line)
    return Ranked(number, line.name, line.href, figures_tables.drawn((share, Cell(low), *others)))


def _question() -> tuple[Question, dict[str, str]]:
    return figures_asked.read(request.args.items(multi=True), known_codes(), clock.today())


def _page(
    subject: Subject,
    question: Question,
    problems: dict[str, str],
    lines: list[Line],
    kind: str | None = None,
) -> Response:
    ranked, few, without = order(lines)
    query = canonical(question, kind=kind if kind != FIRST_KIND else None)
    path = f"{subject.path}/ranking"
    context: dict[str, Any] = {
        "title": _("Units in order: %(place)s", place=subject.name) if kind else _("Provinces in order"),
        "subject": subject,
        "back": subject.path + (f"?{canonical(question)}" if canonical(question) else ""),
        "path": path,
        "question": question,
        "period": figures_asked.in_words(question),
        "problems": problems,
        "kinds": [(code, KIND[code]) for code in (kinds_of(subject.code) if kind else [])],
        "kind": kind,
        "kind_name": KIND.get(kind or "", ""),
        "heading": _("Unit") if kind else _("Province"),
        "periods": figures_asked.choices(clock.today()),
        "own": [(figures_tables.SHORT[name], name) for name in OWN],
        "not_own": [(figures_tables.SHORT[name], name) for name in NOT_OWN],
        "ranked": ranked,
        "few": few,
        "without": without,
        "ranked_from": fair.RANKED_FROM,
        "canonical": instance().settings.public_url + path + (f"?{query}" if query else ""),
    }
    html = render_template("public/figures_ranking.html", **context)
    response = keepable_page(html, html)
    if problems:
        response.status_code = 400
    return response
