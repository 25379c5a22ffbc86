"""Outcomes of inspections, published for the people to know and supervise."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import abort, render_template, request
from werkzeug.wrappers import Response

from webapp.areas import queries as areas
from webapp.core import clock
from webapp.inspections import queries
from webapp.pages import labels
from webapp.pages.public.views import keepable_page, outcome_rows, unit_name, units_of

MAX_PAGE = 1000


def listing() -> Response:
    """The published outcomes, by province, finding and year. A wrong filter is named and left out."""
    now = clock.now()
    provinces = areas.provinces()
    years = queries.years()
    errors: set[str] = set()

    def one_of(name: str, known: list[str]) -> str | None:
        value = request.args.get(name, "").strip()
        if value and value not in known:
            errors.add(name)
            return None
        return value or None

    province = one_of("province", [area.code for area in provinces])
    finding = one_of("finding", list(labels.FINDING))
    year = one_of("year", [str(year) for year in years])
    raw = request.args.get("page", "1")
    page = int(raw) if re.fullmatch(r"[0-9]{1,4}", raw, re.ASCII) and 1 <= int(raw) <= MAX_PAGE else 0
    if not page:
        errors.add("page")
    filters = queries.Filters(province, finding, int(year) if year else None)
    found, total = queries.published(filters, now, page=page or 1)
    asked = [(n, v) for n, v in (("province", province), ("finding", finding), ("year", year)) if v]

    def address(number: int) -> str:
        pairs = [*asked, *([("page", str(number))] if number > 1 else [])]
        return f"/outcomes?{urlencode(pairs)}" if pairs else "/outcomes"

    html = render_template(
        "public/outcomes.html",
        rows=outcome_rows(found),
        total=total,
        page=page or 1,
        pages=-(-total // queries.PAGE),
        address=address,
        errors=errors,
        filters=filters,
        provinces=[(area.code, area.name) for area in provinces],
        years=[(year, year) for year in years],
        findings=labels.FINDING,
        number=labels.number,
    )
    return Response(html, 400 if errors else 200, mimetype="text/html")


def one(public_id: str) -> Response:
    """One outcome, under an address that stays."""
    outcome = queries.by_id(public_id, clock.now())
    if outcome is None:
        abort(404)
    row = outcome_rows([outcome])[0]
    publisher = unit_name(outcome.published_by_code, units_of([outcome.published_by_code]))
    html = render_template("public/outcome.html", row=row, outcome=outcome, publisher=publisher, labels=labels)
    return keepable_page(html, row, publisher)
