"""Figures for everybody: the country, a province, a commune, a unit; what they mean, and the cases behind them."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from webapp.areas.models import COMMUNE, PROVINCE
from webapp.core import clock
from webapp.core.instance import instance
from webapp.figures import fair, queries
from webapp.figures.facts import MEASURES as EVERY
from webapp.figures.facts import NOW
from webapp.figures.queries import COUNTRY
from webapp.pages import labels
from webapp.pages.i18n import in_language, language
from webapp.pages.public import embed, figures_asked, figures_files, figures_ranking, figures_tables, figures_year
from webapp.pages.public.figures_asked import Question, canonical
from webapp.pages.public.figures_sheet import chart, sheet
from webapp.pages.public.figures_subject import (
    Subject,
    above,
    asked_subject,
    country_subject,
    place_subject,
    unit_subject,
)
from webapp.pages.public.figures_words import DERIVED, IN_AND_OUT, MEASURES, NAME
from webapp.pages.public.views import case_rows, keepable_page, known_codes
from webapp.reports.queries import BadCursor, catalogue

bp = Blueprint("figures", __name__)
FORM = ".<any(csv,json):form>"
bp.add_url_rule(f"/figures{FORM}", "country_file", figures_files.country)
bp.add_url_rule(f"/figures/<code>{FORM}", "place_file", figures_files.place)
bp.add_url_rule(f"/figures/units/<code>{FORM}", "unit_file", figures_files.unit)
bp.add_url_rule("/figures/ranking", "ranking", figures_ranking.provinces)
bp.add_url_rule("/figures/<code>/ranking", "ranking_of_province", figures_ranking.of_province)
bp.add_url_rule("/figures/<code>/<int:year>", "year", figures_year.page)
bp.add_url_rule("/embed/<code>", "embed", embed.answer)

PROBLEMS = {
    "group": _l("There is no such kind of report; all kinds are shown."),
    "category": _l("There is no such kind of report; all kinds are shown."),
    "period": _l("There is no such period; all time is shown."),
    "from": _l("Write the months like 2026-01, the first one first; all time is shown."),
    "to": _l("Write the months like 2026-01, the first one first; all time is shown."),
}


@bp.get("/stats")
def short() -> Response:
    """The address by which statistics are asked for elsewhere."""
    return redirect("/figures")


@bp.get("/figures")
def country() -> Response:
    """The whole country: totals, provinces, kinds, months."""
    return _page(country_subject())


@bp.get("/figures/<code>")
def place(code: str) -> Response:
    """A province or a commune."""
    subject = place_subject(code)
    if subject.code != code:
        return redirect(
            f"/figures/{subject.code}" + (f"?{request.query_string.decode('ascii', 'ignore')}" if request.args else "")
        )
    return _page(subject)


@bp.get("/figures/units/<code>")
def unit(code: str) -> Response:
    """A responsible unit."""
    subject = unit_subject(code)
    if subject.code != code:
        return redirect(subject.path + (f"?{request.query_string.decode('ascii', 'ignore')}" if request.args else ""))
    return _page(subject)


@bp.get("/figures/definitions")
def definitions() -> Response:
    """What each number means, what is in it and what is not."""
    html = render_template(
        "public/figures_definitions.html",
        measures=MEASURES,
        derived=DERIVED,
        in_and_out=IN_AND_OUT,
        least=fair.LEAST,
        ranked_from=fair.RANKED_FROM,
        base=instance().settings.public_url,
    )
    return keepable_page(html)


@bp.get("/figures/cases")
def cases() -> Response:
    """The cases behind a number, newest first."""
    measure = request.args.get("measure", "")
    if measure not in EVERY:
        abort(404)
    question, problems = _question()
    subject = asked_subject()
    now = clock.now()
    after = request.args.get("after") or None
    try:
        page = queries.cases(measure, subject.scope, question.asked, now, after)
    except BadCursor:
        problems["after"] = "unknown"
        page = queries.cases(measure, subject.scope, question.asked, now)
    query = canonical(question, measure=measure, **subject.where)
    html = render_template(
        "public/figures_cases.html",
        subject=subject,
        name=NAME[measure],
        meaning=MEASURES[measure][1],
        measure=measure,
        filters=_filter_words(question, with_period=measure not in NOW),
        problems=[
            PROBLEMS.get(name, _("This place in the list is no longer there; it begins anew.")) for name in problems
        ],
        rows=case_rows(page.rows, now),
        back=subject.path + (f"?{canonical(question)}" if canonical(question) else ""),
        first=f"/figures/cases?{query}" if after else None,
        older=f"/figures/cases?{query}&after={page.older}" if page.older else None,
    )
    return Response(html, 400 if problems else 200, mimetype="text/html")


def _page(subject: Subject) -> Response:
    question, problems = _question()
    shown = sheet(subject, question)
    query = canonical(question)
    now = clock.now()
    months = next(lines for ident, *_rest, lines in shown.parts if ident == "months")
    settings = instance().settings
    html = render_template(
        "public/figures.html",
        subject=subject,
        above=above(subject),
        question=question,
        period=figures_asked.in_words(question),
        filters=_filter_words(question, with_period=False),
        typed={name: request.args.get(name, "")[:20] for name in ("from", "to")},
        errors={name: PROBLEMS[name] for name in problems},
        groups=[(group.code, in_language(group.name)) for group in catalogue().groups.values()],
        categories=_categories(),
        periods=figures_asked.choices(clock.today()),
        head=figures_tables.facts(figures_tables.HEAD, shown.total),
        more=figures_tables.facts(figures_tables.MORE, shown.total),
        tables=shown.tables,
        chart=chart(subject, months),
        downloads=figures_files.addresses(subject.path, query),
        ways=_ways(subject, question),
        snippet=embed.snippet(
            subject, canonical(question, lang=language()), _("Figures: %(place)s", place=subject.name)
        ),
        day=labels.day(now),
        canonical=settings.public_url + subject.path + (f"?{query}" if query else ""),
        base=settings.public_url,
    )
    response = keepable_page(html, html)
    if problems:
        response.status_code = 400
    return response


def _question() -> tuple[Question, dict[str, str]]:
    return figures_asked.read(request.args.items(multi=True), known_codes(), clock.today())


def _ways(subject: Subject, question: Question) -> list[tuple[str, str, str]]:
    """(address, words, icon) of what else there is about a subject."""
    query = canonical(question)
    found = [(f"/map?{urlencode(dict(subject.where))}" if subject.where else "/map", _("See the cases"), "map")]
    if subject.dim in (COUNTRY, PROVINCE):
        words = _("Provinces in order") if subject.dim == COUNTRY else _("Units in order")
        found.append((f"{subject.path}/ranking" + (f"?{query}" if query else ""), words, "list"))
    if subject.dim == COMMUNE:
        this = clock.today().year
        found += [
            (f"{subject.path}/{year}", _("The year %(year)s on one page", year=year), "print")
            for year in (this, this - 1)
        ]
    return found


def _filter_words(question: Question, *, with_period: bool) -> list[str]:
    known = catalogue()
    group, category = known.groups.get(question.group or ""), known.categories.get(question.category or "")
    found = [str(in_language(one.name)) for one in (group, category) if one]
    return [*([figures_asked.in_words(question)] if with_period else []), *found]


def _categories() -> list[tuple[str, list[tuple[str, str]]]]:
    known = catalogue()
    found = [
        (
            str(in_language(group.name)),
            [(c.code, str(in_language(c.name))) for c in known.categories.values() if c.group == group.code],
        )
        for group in known.groups.values()
    ]
    return [(name, members) for name, members in found if members]
