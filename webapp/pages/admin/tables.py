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
from webapp.pages.admin import import_preview
from webapp.pages.admin.import_preview import Line, Plan, Rows
from webapp.pages.admin.rules import Taken, category_choices, download, names_for, page
from webapp.pages.desk import time_words
from webapp.reports.service import actor_of
from webapp.routing import reference
from webapp.routing.reference import DAYS, TABLES, Table
from webapp.routing.rows import Wrong

bp = Blueprint("tables", __name__, url_prefix="/admin/tables")
PAGE = 100
MOST_ROWS = 5000  # of a file
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
    cells = reference.as_cells(table, row) if row is not None else {}
    return _form(table, key, cells, import_preview.mark(cells))


def _form(
    table: Table,
    key: str,
    values: dict[str, str],
    mark: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
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
        mark=mark,
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
    seen = request.form.get("mark", "")
    if row is not None:
        values[table.key] = str(getattr(row, table.key))
        now = reference.as_cells(table, row)
        if seen and seen != import_preview.mark(now):
            return _form(
                table, key, values, import_preview.mark(now), status=409, errors={"_form": _stale(values, now)}
            )
    try:
        parsed = reference.parse(table, values)
        if not key and reference.by_key(table, str(parsed[table.key])) is not None:
            raise Wrong({table.key: "taken"})
        if clash := reference.clashes(table, [parsed]):
            raise Wrong(dict(clash.values()))
    except Wrong as wrong:
        errors = {n: _("There is one already.") if e == "taken" else str(ERROR[e]) for n, e in wrong.errors.items()}
        return _form(table, key, values, seen, status=422, errors=errors)
    saved = reference.save_all(table, [parsed], actor)
    flash(_("Saved.") if saved else _("Nothing was changed."), "success" if saved else "info")
    return redirect(f"/admin/tables/{name}", 303)  # type: ignore[return-value]


def _stale(typed: dict[str, str], now: dict[str, str]) -> str:
    said = _("Somebody else has saved this row meanwhile. What you typed is still here; saving again replaces theirs.")
    return " ".join([said, _("Typed → saved by them:"), "; ".join(import_preview.difference(typed, now, COLUMN))])


@bp.post("/<name>/import")
def take_in(name: str) -> Response | tuple[str, int]:
    """Show what a file would change; once confirmed, write every row that differs. Rows that the file lacks stay."""
    actor = actor_of(require("reference:edit"))
    table = _table(name)
    try:
        asked = import_preview.given(needed(table), MOST_ROWS)
    except sheets.BadSheet as bad:
        return _list(table, 422, errors={"file": routing_words.sheet_error(bad.code, MOST_ROWS)})
    plan, parsed = planned(table, asked.rows)
    if not import_preview.confirmed(plan, asked):
        return import_preview.page(f"/admin/tables/{name}", str(TITLE[name]), plan, asked)
    changed = reference.save_all(table, parsed, actor)
    flash(_("%(count)s rows were changed.", count=changed), "success")
    return redirect(f"/admin/tables/{name}", 303)  # type: ignore[return-value]


def needed(table: Table) -> set[str]:
    """Columns that a file must have; the day may stand under another name (`reference.parse`)."""
    return set(table.needed) - {"day"}


def planned(table: Table, rows: Rows) -> tuple[Plan, list[dict[str, Any]]]:
    """(what these rows would do, their values)."""
    plan = Plan()
    parsed: dict[Any, dict[str, Any]] = {}
    numbers: dict[Any, int] = {}
    there = {getattr(row, table.key): row for row in reference.rows(table, limit=sheets.MAX_ROWS)}
    for number, cells in rows:
        about = cells.get(table.key) or cells.get("date", "")
        try:
            values = reference.parse(table, cells)
            if values[table.key] in parsed:
                raise Wrong({table.key: "twice"})
        except Wrong as error:
            said = [f"{COLUMN[column]}: {ERROR[why]}" for column, why in error.errors.items()]
            plan.lines.append(Line(number, about, import_preview.WRONG, said))
            continue
        parsed[values[table.key]], numbers[values[table.key]] = values, number
        known = there.get(values[table.key])
        before = reference.as_cells(table, known) if known is not None else None
        plan.before.append(before)
        said = import_preview.difference(before, reference.as_cells(table, table.model(**values)), COLUMN)
        state = import_preview.NEW if before is None else import_preview.CHANGED if said else import_preview.SAME
        plan.lines.append(Line(number, about, state, said))
    if not plan.wrong:
        clash = reference.clashes(table, list(parsed.values()))
        plan.lines += [
            Line(numbers[key], str(key), import_preview.WRONG, [f"{COLUMN[column]}: {ERROR[why]}"])
            for key, (column, why) in clash.items()
        ]
    return plan, list(parsed.values())
