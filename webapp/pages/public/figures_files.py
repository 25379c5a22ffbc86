"""The figures as files, at the address of their page with .csv or .json behind it; the same for everybody."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import force_locale

from webapp.core import clock
from webapp.core.instance import instance
from webapp.pages.export import harmless
from webapp.pages.public import figures_asked, figures_tables
from webapp.pages.public.figures_sheet import Sheet, sheet
from webapp.pages.public.figures_subject import Subject, country_subject, place_subject, unit_subject
from webapp.pages.public.shared import refused, shared_bytes, shared_json
from webapp.pages.public.views import known_codes

CACHE = "public, max-age=300, stale-while-revalidate=600"
TOTAL = "total"
_WRONG = {
    "unknown": "unknown value",
    "bad": "not a month like 2026-01",
    "inverted": "the first month lies after the last",
}


def country(form: str) -> Response:
    """`/figures.csv`, `/figures.json`"""
    with force_locale("vi"):
        return _answer(country_subject(), form)


def place(code: str, form: str) -> Response:
    """`/figures/86.csv`, …"""
    with force_locale("vi"):
        return _answer(place_subject(code), form)


def unit(code: str, form: str) -> Response:
    """`/figures/units/so-nnmt-86.csv`, …"""
    with force_locale("vi"):
        return _answer(unit_subject(code), form)


def addresses(path: str, query: str) -> dict[str, str]:
    """Where the files of a page lie."""
    return {form: f"{path}.{form}" + (f"?{query}" if query else "") for form in ("csv", "json")}


def _answer(subject: Subject, form: str) -> Response:
    """JSON has all tables; CSV the one that is asked for by `table` (total, provinces, communes, units, kinds,
    months), or the first. 400 with the reasons if a parameter is wrong."""
    question, problems = figures_asked.read(request.args.items(multi=True), known_codes(), clock.today())
    if problems:
        return _for_all(refused({name: _WRONG.get(code, code) for name, code in problems.items()}))
    shown = sheet(subject, question)
    tables = {TOTAL: [shown.total], **{part[0]: part[4] for part in shown.parts}}
    wanted = request.args.get("table") or shown.parts[0][0]
    query = figures_asked.canonical(question)
    if form == "json":
        address = f"{subject.path}.json" + (f"?{query}" if query else "")
        return _for_all(shared_json(_document(shown, tables), CACHE, address=address))
    if wanted not in tables:
        return _for_all(refused({"table": "one of " + ", ".join(tables)}))
    pairs = [*([("table", wanted)] if request.args.get("table") else [])]
    address = f"{subject.path}.csv?" + "&".join(part for part in (query, urlencode(pairs)) if part)
    answer = shared_bytes(_csv(tables[wanted]), CACHE, mimetype="text/csv", address=address.rstrip("?"))
    name = "-".join(part for part in ("dan-giam-sat", subject.code, wanted, query.replace("=", "-")) if part)
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    answer.headers["Content-Disposition"] = f'attachment; filename="{safe}.csv"'
    return _for_all(answer)


def _document(shown: Sheet, tables: dict[str, list[figures_tables.Line]]) -> dict[str, Any]:
    question, settings = shown.question, instance().settings
    return {
        "place": {"code": shown.subject.code or None, "name": shown.subject.name},
        "page": settings.public_url + shown.subject.path,
        "from": figures_asked.written(question.first) or None,
        "to": figures_asked.written(question.last) or None,
        "group": question.group,
        "category": question.category,
        "definitions": f"{settings.public_url}/figures/definitions",
        "licence": settings.open_data_licence,
        "tables": {name: [figures_tables.record(line) for line in lines] for name, lines in tables.items()},
    }


def _csv(lines: list[figures_tables.Line]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("code", "name", *figures_tables.FIELDS))
    writer.writerows([harmless(value) for value in figures_tables.record(line).values()] for line in lines)
    return out.getvalue().encode("utf-8-sig")  # the mark by which Excel knows that it is UTF-8


def _for_all(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
