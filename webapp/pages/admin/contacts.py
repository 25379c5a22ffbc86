"""Office addresses of units: where a unit without accounts is written to."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core import text
from webapp.core.db import db
from webapp.pages.access import identity, require
from webapp.pages.admin.views import bp
from webapp.reports.service import actor_of
from webapp.units import contacts
from webapp.units import queries as units
from webapp.units.models import Unit

MOST_LINES = 2000


@bp.get("/contacts")
def addresses() -> str:
    """The addresses, a page at a time, and the forms to change them."""
    require("contact:edit")
    return page({}, {})


@bp.post("/contacts")
def set_address() -> Response | tuple[str, int]:
    """Set or remove one unit's address."""
    require("contact:edit")
    typed = text.clean(request.form.get("unit"))[:160]
    unit, message = _unit(typed)
    errors = {"unit": message} if unit is None else {}
    if unit is not None:
        try:
            contacts.put(unit, text.clean(request.form.get("email")), actor_of(identity()))
        except contacts.BadAddress:
            errors["email"] = _("This is not an e-mail address.")
    if errors or unit is None:
        return page(errors, request.form.to_dict()), 422
    flash(_("Saved: %(unit)s.", unit=unit.name_vi), "success")
    return redirect("/admin/contacts", 303)  # type: ignore[return-value]


@bp.post("/contacts/many")
def set_many() -> Response | tuple[str, int]:
    """Set many at once, a line for each: code of the unit, comma, address. All of them, or none."""
    require("contact:edit")
    lines = [line.strip() for line in request.form.get("lines", "").splitlines() if line.strip()]
    wrong: list[str] = []
    if len(lines) > MOST_LINES:
        wrong.append(_("At most %(count)s lines at once.", count=MOST_LINES))
        lines = []
    codes = {line.partition(",")[0].strip() for line in lines}
    known = units.by_codes(codes)
    for number, line in enumerate(lines, start=1):
        code, _comma, address = line.partition(",")
        unit = known.get(code.strip())
        try:
            if unit is None:
                raise ValueError
            contacts.put(unit, address.strip(), actor_of(identity()))
        except ValueError:
            wrong.append(_("Line %(number)s cannot be read: %(line)s", number=number, line=line[:80]))
    if wrong or not lines:
        db.session.rollback()
        message = " ".join(wrong[:8]) or _("Write at least one line.")
        return page({"lines": message}, request.form.to_dict()), 422
    flash(ngettext("%(num)d address saved.", "%(num)d addresses saved.", len(lines)), "success")
    return redirect("/admin/contacts", 303)  # type: ignore[return-value]


def _unit(typed: str) -> tuple[Unit | None, str]:
    """The one unit of this code or name, else what to say."""
    found = [u for u in units.search(typed, None) if not u.is_front and not u.is_member]
    whole = [u for u in found if typed.lower() == u.code]
    if len(whole or found) == 1:
        return (whole or found)[0], ""
    if not found:
        return None, _("No unit has this code or name.")
    some = ", ".join(f"{u.name_vi} ({u.code})" for u in found[:6])
    return None, _("Which one? Enter the code: %(units)s", units=some)


def page(errors: dict[str, str], values: dict[str, str]) -> str:
    """The addresses with the forms, which say what was wrong and keep what was typed."""
    after = request.args.get("after", "")[:40]
    rows = contacts.page(after)
    more = rows[contacts.PAGE - 1].unit_code if len(rows) > contacts.PAGE else ""
    rows = rows[: contacts.PAGE]
    names = units.by_codes({row.unit_code for row in rows})
    shown = [(names[r.unit_code].name_vi if r.unit_code in names else "–", r.unit_code, r.email) for r in rows]
    return render_template(
        "admin/contacts.html",
        rows=shown,
        more=more,
        after=after,
        errors=errors,
        values=values,
    )
