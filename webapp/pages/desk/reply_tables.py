"""The reply templates of a Front as a table: take them out, bring them in, hand them on to another Front."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core import clock, sheets, text
from webapp.pages import routing_words
from webapp.pages.access import require
from webapp.pages.admin import import_preview
from webapp.pages.admin.import_preview import Line, Plan, Rows
from webapp.pages.admin.rules import Taken, download
from webapp.pages.desk import reply_pages
from webapp.pages.desk.views import bp
from webapp.reports import replies, service
from webapp.reports.replies import ReplyTemplate

COLUMNS = ("code", "action", "category", "title", "text", "retired")
NEEDED = {"action", "category", "title", "text"}
LABEL = {
    "action": _l("For which step"),
    "category": _l("Category"),
    "title": _l("Title, by which it is chosen"),
    "text": _l("Text"),
    "retired": _l("not offered"),
}


@bp.post("/replies/export.<any(csv,xlsx):form>")
def reply_export(form: str) -> Response:
    """What the desk can use, its own and what came with the program."""
    who = require("reply:edit")
    found = replies.all_for(who.unit_code)
    data = sheets.write(form, COLUMNS, map(as_cells, found), "reply_templates")
    taken = Taken("replies:exported", "reply_templates", {"rows": len(found)})
    return download(data, form, f"mau-tra-loi-{clock.today():%Y%m%d}", taken)


@bp.post("/replies/import")
def reply_import() -> Response | tuple[str, int]:
    """Show what a file would change; once confirmed, write every row that differs as an own template: over the own one
    of the same code, or of the same action, category and title; else a new one. Rows that the file lacks stay."""
    who = require("reply:edit")
    try:
        asked = import_preview.given(NEEDED, sheets.MAX_ROWS)
    except sheets.BadSheet as bad:
        return reply_pages.overview({"file": routing_words.sheet_error(bad.code, sheets.MAX_ROWS)})
    plan, parsed = planned(asked.rows, who.unit_code)
    if not import_preview.confirmed(plan, asked):
        return import_preview.page("/desk/replies", _("Reply templates"), plan, asked)
    changed = differing(parsed)
    for known, values in changed:
        replies.save(known, service.actor_of(who), **values)
    flash(_("%(count)s rows were changed.", count=len(changed)), "success")
    return redirect("/desk/replies", 303)  # type: ignore[return-value]


Parsed = list[tuple[ReplyTemplate | None, dict[str, Any]]]


def planned(rows: Rows, unit_code: str | None) -> tuple[Plan, Parsed]:
    """What these rows would write for a unit, and (own template or None, values) of each that is not one of the
    program's own as it stands."""
    every = replies.all_for(unit_code)
    shipped = {one.code: one for one in every if one.unit_code is None}
    own = {one.code: one for one in every if one.unit_code is not None}
    alike = {(one.action, one.category_code, one.title): one for one in own.values()}
    categories = {code for code, _name in reply_pages.kinds()}
    plan, parsed = Plan(), []
    taken: set[Any] = set()
    for line, cells in rows:
        action, category, title = cells.get("action", ""), cells.get("category", ""), text.clean(cells.get("title"))
        words, key = text.clean(cells.get("text"), multiline=True), (action, category, title)
        retired = cells.get("retired", "") == "1"
        values = {"action": action, "category": category, "title": title, "text": words, "retired": retired}
        code = cells.get("code", "")
        if code in shipped and _values(shipped[code]) == values:
            plan.lines.append(Line(line, title, import_preview.SAME))
            continue
        known = own.get(code) or alike.get(key)
        try:
            replies.check(action, category, title, words, categories)
        except replies.BadTemplate as bad:
            said = [f"{LABEL[name]}: {reply_pages.wrong_words(*why)}" for name, why in bad.errors.items()]
            plan.lines.append(Line(line, title, import_preview.WRONG, said))
            continue
        if key in taken or (known is not None and known.code in taken):
            plan.lines.append(Line(line, title, import_preview.WRONG, [str(routing_words.ROW_ERROR["twice"])]))
            continue
        taken |= {key, known.code} if known is not None else {key}
        parsed.append((known, values))
        before = _cells(_values(known)) if known is not None else None
        plan.before.append(before)
        said = import_preview.difference(before, _cells(values), LABEL)
        state = import_preview.NEW if before is None else import_preview.CHANGED if said else import_preview.SAME
        plan.lines.append(Line(line, title, state, said))
    if len(own) + sum(known is None for known, _values in parsed) > replies.MOST_OWN:
        said = [_("At most %(count)s templates of one's own.", count=replies.MOST_OWN)]
        plan.lines.append(Line(rows[-1][0], "", import_preview.WRONG, said))
    return plan, parsed


def differing(parsed: Parsed) -> Parsed:
    """Those that are new or not as they stand."""
    return [(known, values) for known, values in parsed if known is None or _values(known) != values]


def _values(one: ReplyTemplate) -> dict[str, Any]:
    return {
        "action": one.action,
        "category": one.category_code,
        "title": one.title,
        "text": one.text,
        "retired": one.retired,
    }


def as_cells(one: ReplyTemplate) -> dict[str, str]:
    """A template as a row of the table."""
    return {**_cells(_values(one)), "code": one.code}


def _cells(values: dict[str, Any]) -> dict[str, str]:
    return {**values, "retired": "1" if values["retired"] else ""}
