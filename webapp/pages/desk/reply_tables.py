"""The reply templates of a Front as a table: take them out, bring them in, hand them on to another Front."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request
from flask_babel import gettext as _

from webapp.core import clock, sheets, text
from webapp.pages import routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin import import_preview
from webapp.pages.admin.import_preview import Rows
from webapp.pages.admin.rules import Taken, download
from webapp.pages.desk import reply_pages
from webapp.pages.desk.views import bp
from webapp.reports import replies, service
from webapp.reports.replies import ReplyTemplate

COLUMNS = ("code", "action", "category", "title", "text", "retired")
NEEDED = {"action", "category", "title", "text"}


@bp.post("/replies/export.<any(csv,xlsx):form>")
def reply_export(form: str) -> Response:
    """What the desk can use, its own and what came with the program."""
    who = require("reply:edit")
    found = replies.all_for(who.unit_code)
    data = sheets.write(form, COLUMNS, map(as_cells, found), "reply_templates")
    taken = Taken("replies:exported", "reply_templates", {"rows": len(found)})
    return download(data, form, f"mau-tra-loi-{clock.today():%Y%m%d}", taken)


@bp.post("/replies/import")
def reply_import() -> Response:
    """Write each row of a file as an own template: over the own one of the same code, or of the same action, category
    and title; else a new one. Rows that the file lacks stay. All or nothing."""
    who = require("reply:edit")
    upload = request.files.get("file")
    try:
        parsed, wrong = _read(upload.stream.read(sheets.MAX_BYTES + 1) if upload else b"")
    except sheets.BadSheet as bad:
        return reply_pages.overview({"file": str(routing_words.SHEET_ERROR[bad.code])})
    if not wrong and too_many(parsed, who.unit_code):
        wrong = [_("At most %(count)s templates of one's own.", count=replies.MOST_OWN)]
    if wrong:
        said = _("Nothing was taken: %(count)s lines are wrong.", count=len(wrong))
        return reply_pages.overview({"file": said}, wrong[:50])
    changed = differing(parsed)
    for known, values in changed:
        replies.save(known, service.actor_of(who), **values)
    flash(_("%(count)s rows were changed.", count=len(changed)), "success")
    return redirect("/desk/replies", 303)  # type: ignore[return-value]


Parsed = list[tuple[ReplyTemplate | None, dict[str, Any]]]


def _read(data: bytes) -> tuple[Parsed, list[str]]:
    """(own template or None, values) of each row that is not one of the program's own as it stands; what is wrong line
    by line. Raises BadSheet."""
    rows = import_preview.from_file(data, NEEDED, sheets.MAX_ROWS)
    parsed, wrong = parse(rows, identity().unit_code)
    return parsed, [_("Line %(number)s. %(wrong)s", number=line, wrong=said) for line, said in wrong]


def parse(rows: Rows, unit_code: str | None) -> tuple[Parsed, list[tuple[int, str]]]:
    """What these rows would write for a unit, and (line, what is wrong) of those that cannot be taken."""
    every = replies.all_for(unit_code)
    shipped = {one.code: one for one in every if one.unit_code is None}
    own = {one.code: one for one in every if one.unit_code is not None}
    alike = {(one.action, one.category_code, one.title): one for one in own.values()}
    categories = {code for code, _name in reply_pages.kinds()}
    parsed: Parsed = []
    wrong: list[tuple[int, str]] = []
    taken: set[Any] = set()
    for line, cells in rows:
        action, category, title = cells.get("action", ""), cells.get("category", ""), text.clean(cells.get("title"))
        words, key = text.clean(cells.get("text"), multiline=True), (action, category, title)
        retired = cells.get("retired", "") == "1"
        values = {"action": action, "category": category, "title": title, "text": words, "retired": retired}
        code = cells.get("code", "")
        if code in shipped and _values(shipped[code]) == values:
            continue
        known = own.get(code) or alike.get(key)
        try:
            replies.check(action, category, title, words, categories)
        except replies.BadTemplate as bad:
            said = "; ".join(f"{name}: {reply_pages.wrong_words(*why)}" for name, why in bad.errors.items())
            wrong.append((line, said))
            continue
        if key in taken or (known is not None and known.code in taken):
            wrong.append((line, str(routing_words.ROW_ERROR["twice"])))
        taken |= {key, known.code} if known is not None else {key}
        parsed.append((known, values))
    return parsed, wrong


def too_many(parsed: Parsed, unit_code: str | None) -> bool:
    """Whether a unit would have more templates of its own than it may."""
    own = [one for one in replies.all_for(unit_code) if one.unit_code is not None]
    return len(own) + sum(known is None for known, _values in parsed) > replies.MOST_OWN


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
    return {**_values(one), "code": one.code, "retired": "1" if one.retired else ""}
