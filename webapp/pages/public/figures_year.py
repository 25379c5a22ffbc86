"""A commune's year on one page, to be printed and put up: what came in, what became of it, what is still open."""

from __future__ import annotations

from datetime import date

from flask import abort, redirect, render_template
from werkzeug.wrappers import Response

from webapp.areas.models import COMMUNE
from webapp.core import clock
from webapp.core.instance import instance
from webapp.figures import queries
from webapp.inspections import queries as inspections
from webapp.pages import labels
from webapp.pages.public import figures_asked, figures_tables
from webapp.pages.public.figures_asked import Question
from webapp.pages.public.figures_sheet import chart, sheet
from webapp.pages.public.figures_subject import above, place_subject
from webapp.pages.public.views import case_rows, keepable_page, outcome_rows
from webapp.reports.queries import Row

FIRST_YEAR = 2020
SHOWN = 12  # outcomes, and cases that are still open
HEAD = ("reported", "received", "answered", "share_in_time", "late", "accepted", "sent_back", "half")


def page(code: str, year: int) -> Response:
    """`/figures/<commune>/<year>`"""
    subject = place_subject(code)
    today = clock.today()
    if subject.dim != COMMUNE or not FIRST_YEAR <= year <= today.year:
        abort(404)
    if subject.code != code:
        return redirect(f"{subject.path}/{year}")
    now = clock.now()
    question = _of(year)
    shown, before = sheet(subject, question), queries.one(subject.scope, _of(year - 1).asked)
    earlier = figures_tables.Line("", "", None, before, subject.where, _of(year - 1))
    outcomes = inspections.of_areas(subject.scope.codes, year, now, SHOWN + 1)
    still: list[Row] = queries.still_open(subject.scope.codes, date(year, 12, 31), now, SHOWN + 1)
    months = next(part[4] for part in shown.parts if part[0] == "months")
    html = render_template(
        "public/figures_year.html",
        subject=subject,
        above=above(subject),
        year=year,
        over=year < today.year,
        day=labels.day(now),
        head=[
            (name, anchor, cell, figures_tables.cell(anchor, earlier))
            for name, anchor, cell in figures_tables.facts(HEAD, shown.total)
        ],
        chart=chart(subject, months),
        tables=shown.tables,
        outcomes=outcome_rows(outcomes[:SHOWN]),
        more_outcomes=len(outcomes) > SHOWN,
        still=case_rows(still[:SHOWN], now),
        more_still=len(still) > SHOWN,
        years=[y for y in (year - 1, year + 1) if FIRST_YEAR <= y <= today.year],
        canonical=f"{instance().settings.public_url}{subject.path}/{year}",
        base=instance().settings.public_url,
    )
    return keepable_page(html, html)


def _of(year: int) -> Question:
    first, last = figures_asked.months_of(str(year)) or (0, 0)
    return Question(period=str(year), first=first, last=last)
