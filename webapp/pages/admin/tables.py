"""Deadlines, days off, office hours and rungs of reminders in the browser: list, edit, import, export. What a row
may hold is in `routing.reference`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.accounts.permissions import allowed
from webapp.core import clock, sheets
from webapp.pages import routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin.rules import Taken, category_choices, download, names_for, page
from webapp.pages.desk import time_words
from webapp.reports.service import actor_of
from webapp.routing import reference
from webapp.routing.reference import DAYS, TABLES, Table
from webapp.routing.rows import Wrong

bp = Blueprint("tables", __name__, url_prefix="/admin/tables")
PAGE = 100
TITLE: dict[str, LazyString] = {
    "deadlines": _l("Deadlines"),
    "days": _l("Days off"),
    "hours": _l("Office hours"),
    "reminders": _l("Reminders"),
}
ABOUT: dict[str, LazyString] = {
    "deadlines": _l(
        "A rule for one category goes before the one for all. To change a term from a day on, end the old row and "
        "add a new one."
    ),
    "days": _l("Weekdays off, and weekend days worked in exchange. Every other day follows its weekday."),
    "hours": _l(
        "When offices are open on a working day; terms in office hours are counted by it. To change hours from a day "
        "on, end the old rows and add new ones."
    ),
    "reminders": _l(
        "Who is reminded of a step, and when: so many working days or hours before (with a minus) or after it is due. "
        "A rung that is no longer wanted is ended, not deleted."
    ),
}
STEP: dict[str, LazyString] = {
    "screen": _l("Screen"),
    "receive": _l("Receive"),
    "answer": _l("Answer"),
    "handle": _l("Handle"),
    "verify": _l("Verify"),
    "data_ack": _l("Personal data: say that it was received"),
    "data_access": _l("Personal data: give access"),
    "data_correct": _l("Personal data: correct"),
    "data_limit": _l("Personal data: restrict"),
    "data_delete": _l("Personal data: delete"),
}
DAY_KIND: dict[str, LazyString] = {"holiday": _l("Day off"), "working": _l("Working day")}
COLUMN: dict[str, LazyString] = {
    **routing_words.COLUMN,
    "step": _l("Step"),
    "working_days": _l("Working days"),
    "working_hours": _l("Office hours (a number)"),
    "hours_around_clock": _l("Hours around the clock"),
    "max_extensions": _l("Extensions at most"),
    "extension_days": _l("Working days of an extension at most"),
    "note": _l("Note"),
    "day": _l("Day"),
    "kind": _l("Kind of day"),
    "name_vi": _l("Name"),
    "opens": _l("Opens"),
    "closes": _l("Closes"),
    "measure": _l("Counted in"),
    "offset": _l("Before (−) or after the due time"),
    "whom": _l("Who is reminded"),
    "channel": _l("How"),
}
MEASURE: dict[str, LazyString] = {"days": _l("Working days"), "hours": _l("Hours")}
CHANNEL: dict[str, LazyString] = {"email": _l("by e-mail and on the desk"), "desk": _l("on the desk only")}
ERROR: dict[str, LazyString] = {
    **routing_words.ROW_ERROR,
    "one_term": _l("Give exactly one: working days, office hours, or hours around the clock."),
    "closes_early": _l("It must close later than it opens."),
    "overlap": _l("These hours overlap with others on the same days. End the old row the day before."),
    "not_a_number_of_either_sign": _l("This must be a whole number, with a minus for before, such as -2."),
    "too_far": _l("At most 365 working days or 2,000 hours from the due time."),
}
WORDS = {
    "step": STEP,
    "kind": DAY_KIND,
    "certainty": routing_words.CERTAINTY,
    "measure": MEASURE,
    "whom": time_words.REMINDED,
    "channel": CHANNEL,
}


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _table(name: str) -> Table:
    found = TABLES.get(name)
    if found is None:
        abort(404)
    return found


@bp.get("/<name>")
def overview(name: str) -> Response:
    """The rows, days off from the latest on."""
    require("rules:view")
    return _list(_table(name))


def _list(table: Table, status: int = 200, **form: Any) -> Response:
    after = request.args.get("after", "")[:60]
    found = reference.rows(table, after, PAGE)
    names = names_for(set(), set())
    shown = [
        {"key": str(getattr(row, table.key)), "own": row.own, "cells": _cells(table, row, names)}
        for row in found[:PAGE]
    ]
    given = {
        "table": table,
        "title": TITLE[table.name],
        "about": ABOUT[table.name],
        "columns": [COLUMN[c] for c in table.columns],
        "rows": shown,
        "more": f"/admin/tables/{table.name}?after={shown[-1]['key']}" if len(found) > PAGE else None,
        "first": f"/admin/tables/{table.name}" if after else None,
        "calendar": reference.calendar_state() if table is DAYS else None,
        "can_edit": allowed(identity().role, "reference:edit"),
        "errors": {},
        "line_errors": [],
    }
    return page("admin/routing/table.html", table.name, status, **given | form)


def _cells(table: Table, row: Any, names: Any) -> list[str]:
    cells = reference.as_cells(table, row)
    for name, value in cells.items():
        if name == "category_code":
            cells[name] = routing_words.category(value, names)
        else:
            cells[name] = routing_words.cell(name, getattr(row, name) if name in table.days else value, names)
        if name in WORDS:
            cells[name] = str(WORDS[name].get(value, value))
    return list(cells.values())


@bp.post("/<name>/export.<any(csv,xlsx):form>")
def export(name: str, form: str) -> Response:
    """The whole table as a file. Taking it out is an entry of the audit trail."""
    require("rules:view")
    table = _table(name)
    every = reference.rows(table, limit=sheets.MAX_ROWS)
    data = sheets.write(form, table.columns, (reference.as_cells(table, row) for row in every), table.name)
    taken = Taken("reference:exported", table.name, {"rows": len(every)})
    return download(data, form, f"{table.name}-{clock.today():%Y%m%d}", taken)


@bp.get("/<name>/new")
@bp.get("/<name>/rows/<key>")
def edit(name: str, key: str = "") -> Response:
    """The form of one row."""
    require("reference:edit")
    table = _table(name)
    row = reference.by_key(table, key) if key else None
    if key and row is None:
        abort(404)
    return _form(table, key, reference.as_cells(table, row) if row is not None else {})


def _form(
    table: Table, key: str, values: dict[str, str], status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    choices: dict[str, Any] = {
        name: [(code, WORDS[name].get(code, code)) for code in codes] for name, codes in table.choices.items()
    }
    if "category_code" in table.columns:
        choices["category_code"] = [("*", _("all categories")), *category_choices()]
    return page(
        "admin/routing/table_row.html",
        table.name,
        status,
        table=table,
        title=TITLE[table.name],
        key=key,
        columns=COLUMN,
        choices=choices,
        values=values,
        errors=errors or {},
    )


@bp.post("/<name>/new")
@bp.post("/<name>/rows/<key>")
def save(name: str, key: str = "") -> Response:
    """Write one row; its key stays."""
    actor = actor_of(require("reference:edit"))
    table = _table(name)
    row = reference.by_key(table, key) if key else None
    if key and row is None:
        abort(404)
    values = {column: request.form.get(column, "") for column in table.columns}
    if row is not None:
        values[table.key] = str(getattr(row, table.key))
    try:
        parsed = reference.parse(table, values)
        if not key and reference.by_key(table, str(parsed[table.key])) is not None:
            raise Wrong({table.key: "taken"})
        if clash := reference.clashes(table, [parsed]):
            raise Wrong(dict(clash.values()))
    except Wrong as wrong:
        errors = {n: _("There is one already.") if e == "taken" else str(ERROR[e]) for n, e in wrong.errors.items()}
        return _form(table, key, values, 422, errors)
    saved = reference.save_all(table, [parsed], actor)
    flash(_("Saved.") if saved else _("Nothing was changed."), "success" if saved else "info")
    return redirect(f"/admin/tables/{name}", 303)  # type: ignore[return-value]


@bp.post("/<name>/import")
def take_in(name: str) -> Response:
    """Write every row of a file that differs; rows that the file lacks stay. All or nothing."""
    actor = actor_of(require("reference:edit"))
    table = _table(name)
    upload = request.files.get("file")
    try:
        parsed, wrong = read_rows(table, upload.stream.read(sheets.MAX_BYTES + 1) if upload else b"")
    except sheets.BadSheet as bad:
        return _list(table, 422, errors={"file": str(routing_words.SHEET_ERROR[bad.code])})
    if wrong:
        said = _("Nothing was taken: %(count)s lines are wrong.", count=len(wrong))
        return _list(table, 422, errors={"file": said}, line_errors=wrong[:50])
    changed = reference.save_all(table, parsed, actor)
    flash(_("%(count)s rows were changed.", count=changed), "success")
    return redirect(f"/admin/tables/{name}", 303)  # type: ignore[return-value]


def read_rows(table: Table, data: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """(rows, what is wrong line by line) of a file. Raises BadSheet."""
    if not data:
        raise sheets.BadSheet("none")
    lines = sheets.read(data)
    if not lines or not (set(table.needed) - {"day"}) <= lines[0][1].keys():
        raise sheets.BadSheet("columns")
    parsed: dict[Any, dict[str, Any]] = {}
    wrong = []
    for line, cells in lines:
        try:
            values = reference.parse(table, cells)
            if values[table.key] in parsed:
                raise Wrong({table.key: "twice"})
            parsed[values[table.key]] = values
        except Wrong as error:
            said = "; ".join(f"{COLUMN[c]}: {ERROR[e]}" for c, e in error.errors.items())
            wrong.append(_("Line %(number)s. %(wrong)s", number=line, wrong=said))
    if not wrong:
        clash = reference.clashes(table, list(parsed.values()))
        wrong = [f"{key}: {COLUMN[column]}: {ERROR[code]}" for key, (column, code) in clash.items()]
    return list(parsed.values()), wrong
