"""The office addresses of units as a table: take them out, bring many in."""

from __future__ import annotations

from flask import Response, flash, redirect, request
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core import clock, sheets
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.pages import routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin import contacts as pages
from webapp.pages.admin.rules import Taken, download
from webapp.pages.admin.views import bp
from webapp.reports.service import actor_of
from webapp.units import contacts
from webapp.units import queries as units

COLUMNS = ("unit_code", "unit", "email")


@bp.post("/contacts/export.<any(csv,xlsx):form>")
def contact_export(form: str) -> Response:
    """All addresses. Taking them out is an entry of the audit trail."""
    require("contact:edit")
    rows = cells()
    taken = Taken("contacts:exported", "unit_contacts", {"rows": len(rows)})
    return download(sheets.write(form, COLUMNS, rows, "unit_contacts"), form, f"dia-chi-{clock.today():%Y%m%d}", taken)


@bp.post("/contacts/import")
def contact_import() -> Response | tuple[str, int]:
    """Set each address of a file, an empty one removes it; units that the file lacks keep theirs. All or nothing."""
    require("contact:edit")
    upload = request.files.get("file")
    try:
        number, wrong = take(upload.stream.read(sheets.MAX_BYTES + 1) if upload else b"", actor_of(identity()))
    except sheets.BadSheet as bad:
        return pages.page({"file": str(routing_words.SHEET_ERROR[bad.code])}, {}), 422
    if wrong:
        db.session.rollback()
        said = _("Nothing was taken: %(count)s lines are wrong.", count=len(wrong))
        return pages.page({"file": said}, {}, wrong[:50]), 422
    flash(ngettext("%(num)d address saved.", "%(num)d addresses saved.", number), "success")
    return redirect("/admin/contacts", 303)  # type: ignore[return-value]


def cells() -> list[dict[str, str]]:
    """A row for each address."""
    rows = contacts.every(sheets.MAX_ROWS)
    names = units.by_codes({row.unit_code for row in rows})
    return [
        {
            "unit_code": row.unit_code,
            "unit": names[row.unit_code].name_vi if row.unit_code in names else "",
            "email": row.email,
        }
        for row in rows
    ]


def take(data: bytes, actor: Actor) -> tuple[int, list[str]]:
    """Set the addresses of a file; (how many, what is wrong line by line). With anything wrong the caller takes back
    what was set. Raises BadSheet."""
    if not data:
        raise sheets.BadSheet("none")
    lines = sheets.read(data)
    if not lines or not lines[0][1].keys() >= {"unit_code", "email"}:
        raise sheets.BadSheet("columns")
    known = units.by_codes({row["unit_code"] for _line, row in lines if row.get("unit_code")})
    wrong = []
    for line, row in lines:
        unit = known.get(row.get("unit_code", ""))
        try:
            if unit is None or unit.is_front or unit.is_member:
                raise ValueError
            contacts.put(unit, row.get("email", ""), actor)
        except ValueError:
            words = ", ".join(value for name, value in row.items() if name in COLUMNS and value)
            wrong.append(_("Line %(number)s cannot be read: %(line)s", number=line, line=words[:80]))
    return len(lines) - len(wrong), wrong
