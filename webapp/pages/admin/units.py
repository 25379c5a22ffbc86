"""Units in the browser: find, add, put right, export, import. What a row may hold is in `units.register`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.accounts.permissions import allowed
from webapp.areas import queries as areas
from webapp.core import clock, sheets, text
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.pages import labels, routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin import import_preview
from webapp.pages.admin.import_preview import Line, Plan, Rows
from webapp.pages.admin.rules import Taken, download, page
from webapp.reports.catalogue import area_names
from webapp.reports.service import actor_of
from webapp.routing.router import router
from webapp.units import contacts, register
from webapp.units import queries as units
from webapp.units.contacts import UnitContact
from webapp.units.models import Unit
from webapp.units.register import BadUnit, Known

bp = Blueprint("units", __name__, url_prefix="/admin/units")
HERE = "/admin/units"
MOST_ROWS = 5000
LISTED = 30  # rules that name a unit
LEVEL: dict[str, LazyString] = {
    "commune": _l("of a commune"),
    "province": _l("of a province"),
    "central": _l("of the whole country"),
}
COLUMN: dict[str, LazyString] = {
    "code": _l("Code"),
    "kind": _l("Kind of unit"),
    "name_vi": _l("Name (Vietnamese)"),
    "name_en": _l("Name (English)"),
    "short_name_vi": _l("Short name (Vietnamese)"),
    "level": _l("Level"),
    "area_code": _l("Area"),
    "parent_code": _l("Belongs to"),
    "valid_from": _l("Valid from"),
    "certainty": _l("Certainty"),
    "source": _l("Source"),
    "note": _l("Note"),
}
ERROR: dict[str, LazyString] = {
    **routing_words.ROW_ERROR,
    "bad_unit_code": _l("Begin with a small letter; then small letters without accents, digits, hyphens: ubnd-29512."),
    "unit_unknown": _l("No unit has this code."),
    "unit_changes": _l("Another name, place or kind from a day on is a reorganisation: its cases have to follow."),
    "unit_of_kind": _l("There is a unit of this kind in this place already; the rules would find only one of them."),
    "no_area_here": _l("A unit of the whole country has no area."),
}


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def overview() -> Response:
    """Units of today, a page at a time: of a kind, of a province, or found by a name."""
    require("rules:view")
    return _list()


def _list(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    wanted = text.clean(request.args.get("q"))[:80]
    kind, province = request.args.get("kind", ""), request.args.get("province", "")[:8]
    after = request.args.get("after", "")[:40]
    if wanted:
        found = units.search(wanted, province or None, limit=register.PAGE)
    else:
        found = register.page(kind if kind in routing_words.KIND else "", province, after)
    more = found[register.PAGE - 1].code if len(found) > register.PAGE else ""
    found = found[: register.PAGE]
    codes = [unit.code for unit in found]
    people = select(User.unit_code).where(User.unit_code.in_(codes), User.active).distinct()
    written_to = select(UnitContact.unit_code).where(UnitContact.unit_code.in_(codes))
    reached = {*db.session.scalars(people), *db.session.scalars(written_to)}
    return page(
        "admin/routing/units.html",
        "units",
        status,
        units=found,
        places=area_names(unit.area_code for unit in found),
        unreached={u.code for u in found if not (u.is_front or u.is_member)} - reached,
        kinds=[(code, str(word)) for code, word in routing_words.KIND.items()],
        provinces=[(area.code, area.name) for area in areas.provinces()],
        kind_of=_kind,
        asked={"q": wanted, "kind": kind, "province": province},
        after=after,
        more=more,
        day=labels.day,
        can_edit=allowed(identity().role, "reference:edit"),
        errors=errors or {},
    )


def _kind(code: str) -> str:
    return str(routing_words.KIND.get(code, code))


@bp.get("/new")
@bp.get("/<code>")
def edit(code: str = "") -> Response:
    """One unit with what stands on it; to read only for those who may not change it."""
    require("rules:view")
    if not code:
        require("reference:edit")
        return _form([], {"valid_from": clock.today().isoformat(), "level": "commune", "certainty": "check"})
    rows = _found(code)
    return _form(rows, register.as_cells(rows[-1]))


def _found(code: str) -> list[Unit]:
    rows = register.rows_of([code[:40]]).get(code[:40])
    if not rows:
        abort(404)
    return rows


@bp.post("/new")
@bp.post("/<code>")
def save(code: str = "") -> Response:
    """Add a unit, or put the newest row of one right."""
    actor = actor_of(require("reference:edit"))
    rows = _found(code) if code else []
    values = {name: request.form.get(name, "") for name in register.COLUMNS}
    if rows:
        there = register.as_cells(rows[-1])
        values |= {name: there[name] for name in ("code", "valid_from", *register.STAYS)}
    try:
        parsed = register.parse(values, Known(routing_words.KIND), rows)
        if rows and request.form.get("stamp") != import_preview.mark(there):
            return _form(rows, values, 409, stale=True)
        saved = register.save(parsed, actor)
    except BadUnit as bad:
        return _form(rows, values, 422, {name: str(ERROR[why]) for name, why in bad.errors.items()})
    flash(_("Saved.") if saved else _("Nothing was changed."), "success" if saved else "info")
    return redirect(f"{HERE}/{parsed['code']}", 303)  # type: ignore[return-value]


def _form(
    rows: list[Unit],
    values: dict[str, str],
    status: int = 200,
    errors: dict[str, str] | None = None,
    *,
    stale: bool = False,
) -> Response:
    unit = rows[-1] if rows else None
    there = register.as_cells(unit) if unit else {}
    area = areas.by_code(unit.area_code, unit.level, unit.valid_from) if unit and unit.area_code else None
    return page(
        "admin/routing/unit.html",
        "units",
        status,
        unit=unit,
        rows=rows,
        area=area,
        parent=units.by_code(unit.parent_code) if unit and unit.parent_code else None,
        values=values,
        errors=errors or {},
        stale=import_preview.difference(values, there, COLUMN) if stale else [],
        stamp=import_preview.mark(there),
        columns=COLUMN,
        longest=register.LONGEST,
        kinds=[(code, str(word)) for code, word in routing_words.KIND.items()],
        levels=[(code, str(word)) for code, word in LEVEL.items()],
        level_of=LEVEL,
        certainties=[(code, str(routing_words.CERTAINTY[code])) for code in register.CERTAINTIES],
        kind_of=_kind,
        used=_used(unit) if unit else None,
        day=labels.day,
        can_edit=allowed(identity().role, "reference:edit"),
    )


def _used(unit: Unit) -> dict[str, Any]:
    """Who signs in for the unit, where it is written to, which rules name it."""
    today = clock.today()
    rules = [
        rule.code
        for rule in router().rules.ordered
        if rule.target_unit_code == unit.code and (rule.valid_to is None or rule.valid_to >= today)
    ]
    contact = contacts.of(unit.code)
    counted = select(func.count()).where(User.unit_code == unit.code, User.active)
    return {
        "people": db.session.scalar(counted) or 0,
        "address": contact.email if contact and allowed(identity().role, "contact:edit") else "",
        "written_to": contact is not None,
        "rules": rules[:LISTED],
        "rules_more": max(0, len(rules) - LISTED),
    }


@bp.post("/export.<any(csv,xlsx):form>")
def export(form: str) -> Response:
    """All units as a file, those of before included. Taking it out is an entry of the audit trail."""
    require("rules:view")
    cells = [register.as_cells(unit) for unit in register.every()]
    taken = Taken("reference:exported", "units", {"rows": len(cells)})
    return download(sheets.write(form, register.COLUMNS, cells, "units"), form, f"don-vi-{clock.today():%Y%m%d}", taken)


@bp.post("/import")
def take_in() -> Response | tuple[str, int]:
    """Show what a file would change; take it once that was confirmed. Units that the file lacks stay."""
    actor = actor_of(require("reference:edit"))
    try:
        asked = import_preview.given(register.NEEDED, MOST_ROWS)
    except sheets.BadSheet as bad:
        return _list(422, {"file": routing_words.sheet_error(bad.code, MOST_ROWS)})
    plan, parsed = planned(asked.rows)
    if not import_preview.confirmed(plan, asked):
        return import_preview.page(HERE, _("Units"), plan, asked)
    flash(_("%(count)s rows were changed.", count=write(parsed, actor)), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


def planned(rows: Rows) -> tuple[Plan, list[dict[str, Any]]]:
    """(what these rows would do, their values)."""
    plan, parsed = Plan(), []
    codes = {cells.get("code", "") for _number, cells in rows}
    known, there = Known(routing_words.KIND, codes), register.rows_of(codes)
    seen: set[tuple[str, Any]] = set()
    places: set[tuple[str, Any]] = set()
    for number, cells in rows:
        about = cells.get("code", "")
        before = None
        try:
            values = register.parse(cells, known, there.get(about, ()))
            unit = register.check(values, there.get(about, ()))
            before = register.as_cells(unit) if unit is not None else None
            if (about, values["valid_from"]) in seen:
                raise BadUnit({"code": "twice"})
            seen.add((about, values["valid_from"]))
            if unit is None and (values["kind"], values["area_code"]) in places:
                raise BadUnit({"kind": "unit_of_kind"})
            places.add((values["kind"], values["area_code"]))
        except BadUnit as bad:
            said = [f"{COLUMN[name]}: {ERROR[why]}" for name, why in bad.errors.items()]
            plan.before.append(None)
            plan.lines.append(Line(number, about, import_preview.WRONG, said))
            continue
        plan.before.append(before)
        parsed.append(values)
        said = import_preview.difference(before, register.as_cells(Unit(**values)), COLUMN)
        state = import_preview.NEW if before is None else import_preview.CHANGED if said else import_preview.SAME
        plan.lines.append(Line(number, f"{about} – {values['name_vi']}", state, said))
    return plan, parsed


def write(parsed: list[dict[str, Any]], actor: Actor) -> int:
    """Write units that were planned; how many rows differed."""
    return sum(register.save(values, actor) for values in parsed)
