"""The office addresses of units as a table: take them out, bring many in."""

from __future__ import annotations

from flask import Response, flash, redirect
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core import clock, sheets
from webapp.core.events import Actor
from webapp.pages import routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin import contacts as pages
from webapp.pages.admin import import_preview
from webapp.pages.admin.import_preview import Line, Plan, Rows
from webapp.pages.admin.rules import Taken, download
from webapp.pages.admin.views import bp
from webapp.reports.service import actor_of
from webapp.units import contacts
from webapp.units import queries as units
from webapp.units.models import Unit

COLUMNS = ("unit_code", "unit", "email")
NEEDED = ("unit_code", "email")
MOST_ROWS = 5000


@bp.post("/contacts/export.<any(csv,xlsx):form>")
def contact_export(form: str) -> Response:
    """All addresses. Taking them out is an entry of the audit trail."""
    require("contact:edit")
    rows = cells()
    taken = Taken("contacts:exported", "unit_contacts", {"rows": len(rows)})
    return download(sheets.write(form, COLUMNS, rows, "unit_contacts"), form, f"dia-chi-{clock.today():%Y%m%d}", taken)


@bp.post("/contacts/import")
def contact_import() -> Response | tuple[str, int]:
    """Show which addresses a file would set, an empty one removes it; set them once that was confirmed. Units that the
    file lacks keep theirs."""
    require("contact:edit")
    try:
        asked = import_preview.given(NEEDED, MOST_ROWS)
    except sheets.BadSheet as bad:
        return pages.page({"file": routing_words.sheet_error(bad.code, MOST_ROWS)}, {}), 422
    plan, wanted = planned(asked.rows)
    if not import_preview.confirmed(plan, asked):
        return import_preview.page("/admin/contacts", _("Office addresses of units"), plan, asked)
    number = write(wanted, actor_of(identity()))
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


def planned(rows: Rows) -> tuple[Plan, list[tuple[Unit, str]]]:
    """(what these rows would do, units and their addresses)."""
    plan, wanted = Plan(), []
    known = units.by_codes({row["unit_code"] for _line, row in rows if row.get("unit_code")})
    there = {row.unit_code: row.email for row in contacts.every(sheets.MAX_ROWS)}
    seen: set[str] = set()
    for line, row in rows:
        code = row.get("unit_code", "")
        unit, before = known.get(code), there.get(code, "")
        plan.before.append(before)
        wrong = ""
        if unit is None or unit.is_front or unit.is_member:
            wrong = _("No unit that answers cases has this code.")
        elif code in seen:
            wrong = str(routing_words.ROW_ERROR["twice"])
        try:
            email = contacts.tidy(row.get("email", ""))
        except contacts.BadAddress:
            email, wrong = "", wrong or _("This is not an e-mail address.")
        if wrong or unit is None:
            plan.lines.append(Line(line, code, import_preview.WRONG, [wrong]))
            continue
        seen.add(code)
        wanted.append((unit, email))
        state = import_preview.SAME if email == before else import_preview.CHANGED if before else import_preview.NEW
        said = [f"{before or '–'} → {email or '–'}"] if email != before else []
        plan.lines.append(Line(line, f"{code} – {unit.name_vi}", state, said))
    return plan, wanted


def write(wanted: list[tuple[Unit, str]], actor: Actor) -> int:
    """Set addresses that were planned; how many."""
    for unit, email in wanted:
        contacts.put(unit, email, actor)
    return len(wanted)
