"""Categories in the browser: list, edit, end, import, export. What one may hold is in `reports.categories`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from webapp.accounts.permissions import allowed
from webapp.core import clock, sheets
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.pages import labels, routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin import import_preview
from webapp.pages.admin.import_preview import Line, Plan, Rows
from webapp.pages.admin.rules import Taken, download, page
from webapp.pages.i18n import in_language
from webapp.reports import categories
from webapp.reports.categories import BadCategory
from webapp.reports.models import Category, CategoryGroup, LegalReference
from webapp.reports.service import actor_of
from webapp.routing.models import DeadlineRule
from webapp.routing.router import router

bp = Blueprint("categories", __name__, url_prefix="/admin/categories")
HERE = "/admin/categories"
SPRITE = Path(__file__).resolve().parents[3] / "static" / "icons" / "categories.svg"
MOST_ROWS = 500
LISTED = 30  # rules and deadlines that name a category
LANGUAGE: dict[str, LazyString] = {"vi": _l("Vietnamese"), "en": _l("English"), "km": _l("Khmer")}
TEXT: dict[str, LazyString] = {
    "name": _l("Name of the category"),
    "description": _l("What it is, in a sentence"),
    "evidence": _l("What helps as evidence"),
    "warning": _l("Warning"),
}
BLUR: dict[str, LazyString] = {
    "0": _l("exactly"),
    "100": _l("displaced by up to 100 m"),
    "250": _l("displaced by up to 250 m"),
    "commune": _l("only the commune"),
}
COLUMN: dict[str, Any] = {
    "code": _l("Code"),
    "group": _l("Group"),
    "position": _l("Order"),
    "icon": _l("Pictogram"),
    "sensitive": _l("The sender may be in danger"),
    "urgent": _l("Urgent"),
    "reportable": _l("Offered in the report form"),
    "public_blur_m": _l("How the public sees the place"),
    "publish_delay_hours": _l("Hours until the public sees it"),
    "legal": _l("Legal bases"),
    "ended_from": _l("No longer used from"),
}


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def column_words() -> dict[str, str]:
    """What each column of the table is called."""
    texts = {f"{n}_{lang}": f"{TEXT[n]} ({LANGUAGE[lang]})" for n in TEXT for lang in LANGUAGE}
    return {name: str(COLUMN.get(name) or texts[name]) for name in categories.COLUMNS}


@lru_cache(maxsize=1)
def icons() -> tuple[str, ...]:
    """The pictograms that there are, those of groups last."""
    found = re.findall(r'<symbol[^>]*\bid="([a-z0-9-]+)"', SPRITE.read_text("utf-8"))
    return tuple(sorted(found, key=lambda name: (name.startswith("icon-group-"), name)))


@bp.get("")
def overview() -> Response:
    """All categories under their groups, those that have ended last."""
    require("rules:view")
    return _list()


def _list(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    found, named = categories.every(), _named_by_rules()
    groups = db.session.scalars(select(CategoryGroup).order_by(CategoryGroup.position)).all()
    shown = [(in_language(g.name), [c for c in found if c.group_code == g.code and not c.retired]) for g in groups]
    return page(
        "admin/routing/categories.html",
        "categories",
        status,
        groups=[(name, members) for name, members in shown if members],
        ended=[c for c in found if c.retired],
        missing=_missing,
        nameless={c.code for c in found if c.reportable and not c.retired and not named & {c.code, "*"}},
        day=labels.day,
        can_edit=allowed(identity().role, "reference:edit"),
        errors=errors or {},
    )


def _missing(one: Category) -> list[str]:
    """Languages in which it has no name: there, the Vietnamese one is shown."""
    return [str(LANGUAGE[lang]) for lang in ("en", "km") if not one.name.get(lang)]


def _named_by_rules() -> set[str]:
    """Categories that a rule valid today names, `*` if one is about all."""
    today = clock.today()
    now = (r for r in router().rules.ordered if r.valid_from <= today and (r.valid_to is None or r.valid_to >= today))
    return {rule.category_code for rule in now}


@bp.get("/new")
@bp.get("/<code>")
def edit(code: str = "") -> Response:
    """The form of one category; to read only for those who may not change it."""
    require("rules:view")
    if not code:
        require("reference:edit")
        return _form(None, {"position": str(categories.next_position()), "reportable": "1", "public_blur_m": "0"})
    one = _found(code)
    return _form(one, categories.as_cells(one))


def _found(code: str, *, hold: bool = False) -> Category:
    one = categories.by_code(code, hold=hold)
    if one is None:
        abort(404)
    return one


@bp.post("/new")
@bp.post("/<code>")
def save(code: str = "") -> Response:
    """Write one category; its code stays."""
    actor = actor_of(require("reference:edit"))
    one = _found(code, hold=True) if code else None
    values = {name: request.form.get(name, "") for name in categories.COLUMNS}
    values["legal"] = " ".join(request.form.getlist("legal"))
    if one is not None:
        values["code"] = one.code
    try:
        parsed = categories.parse(values, categories.known(icons()))
        if one is not None and request.form.get("version") != str(one.version):
            return _form(one, values, 409, stale=True)
        saved = categories.save(one, parsed, actor)
    except BadCategory as bad:
        return _form(one, values, 422, {name: str(routing_words.ROW_ERROR[why]) for name, why in bad.errors.items()})
    flash(_("Saved.") if saved else _("Nothing was changed."), "success" if saved else "info")
    return redirect(f"{HERE}/{parsed['code']}", 303)  # type: ignore[return-value]


def _form(
    one: Category | None,
    values: dict[str, str],
    status: int = 200,
    errors: dict[str, str] | None = None,
    *,
    stale: bool = False,
) -> Response:
    laws = db.session.scalars(select(LegalReference).order_by(LegalReference.title_vi, LegalReference.code)).all()
    words = column_words()
    return page(
        "admin/routing/category.html",
        "categories",
        status,
        one=one,
        values=values,
        errors=errors or {},
        stale=import_preview.difference(values, categories.as_cells(one), words) if stale and one else [],
        columns=words,
        languages=LANGUAGE,
        texts=TEXT,
        longest=categories.LONGEST,
        most_lines=categories.MOST_LINES,
        groups=[
            (g.code, in_language(g.name))
            for g in db.session.scalars(select(CategoryGroup).order_by(CategoryGroup.position))
        ],
        icons=[(name, name.removeprefix("icon-"), name) for name in icons()],
        blurs=list(BLUR.items()),
        laws=[(law.code, f"{law.title_vi} {law.article}".strip(), law.code) for law in laws],
        used=_used(one) if one is not None else None,
        day=labels.day,
        can_edit=allowed(identity().role, "reference:edit"),
    )


def _used(one: Category) -> dict[str, Any]:
    """What names this category: rules, deadlines, cases."""
    today = clock.today()
    rules = [
        r for r in router().rules.ordered if r.category_code == one.code and (r.valid_to is None or r.valid_to >= today)
    ]
    running = or_(DeadlineRule.valid_to.is_(None), DeadlineRule.valid_to >= today)
    terms = select(DeadlineRule.code).where(DeadlineRule.category_code == one.code, running).order_by(DeadlineRule.code)
    return {
        "rules": [r.code for r in rules[:LISTED]],
        "rules_more": max(0, len(rules) - LISTED),
        "for_all": "*" in _named_by_rules(),
        "deadlines": list(db.session.scalars(terms.limit(LISTED))),
        "cases": categories.has_cases(one.code),
    }


@bp.post("/export.<any(csv,xlsx):form>")
def export(form: str) -> Response:
    """All categories as a file. Taking it out is an entry of the audit trail."""
    require("rules:view")
    cells = [categories.as_cells(one) for one in categories.every()]
    taken = Taken("reference:exported", "categories", {"rows": len(cells)})
    return download(
        sheets.write(form, categories.COLUMNS, cells, "categories"), form, f"danh-muc-{clock.today():%Y%m%d}", taken
    )


@bp.post("/import")
def take_in() -> Response | tuple[str, int]:
    """Show what a file would change; take it once that was confirmed. Categories that the file lacks stay."""
    actor = actor_of(require("reference:edit"))
    try:
        asked = import_preview.given(categories.NEEDED, MOST_ROWS)
    except sheets.BadSheet as bad:
        return _list(422, {"file": routing_words.sheet_error(bad.code, MOST_ROWS)})
    plan, parsed = planned(asked.rows)
    if not import_preview.confirmed(plan, asked):
        return import_preview.page(HERE, _("Categories"), plan, asked)
    flash(_("%(count)s rows were changed.", count=write(parsed, actor)), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


def planned(rows: Rows) -> tuple[Plan, list[dict[str, Any]]]:
    """(what these rows would do, their values)."""
    plan, parsed = Plan(), []
    there = {one.code: one for one in categories.every()}
    known, words = categories.known(icons()), column_words()
    seen: set[str] = set()
    for number, cells in rows:
        about = cells.get("code", "")
        one = there.get(about)
        before = categories.as_cells(one) if one is not None else None
        plan.before.append(before)
        try:
            values = categories.parse(cells, known)
            if about in seen:
                raise BadCategory({"code": "twice"})
            seen.add(about)
            if one is not None:
                categories.check_change(one, values)
        except BadCategory as bad:
            said = [f"{words[name]}: {routing_words.ROW_ERROR[why]}" for name, why in bad.errors.items()]
            plan.lines.append(Line(number, about, import_preview.WRONG, said))
            continue
        parsed.append(values)
        said = import_preview.difference(before, categories.as_cells(Category(**values)), words)
        state = import_preview.NEW if before is None else import_preview.CHANGED if said else import_preview.SAME
        plan.lines.append(Line(number, f"{about} – {in_language(values['name'])}", state, said))
    return plan, parsed


def write(parsed: list[dict[str, Any]], actor: Actor) -> int:
    """Write categories that were planned; how many of them differed."""
    return sum(categories.save(categories.by_code(values["code"], hold=True), values, actor) for values in parsed)
