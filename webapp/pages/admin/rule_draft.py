"""The draft of a rule set: edit, import, try, publish. Each form carries the revision it was made from."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, abort, flash, redirect, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.core import sheets, text
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.pages import labels, routing_words
from webapp.pages.access import require
from webapp.pages.admin import places
from webapp.pages.admin.rule_versions import changes_context
from webapp.pages.admin.rules import bp, category_choices, gap_context, names_for, page, unclear_words
from webapp.pages.desk.case_page import day_or_none
from webapp.reports.service import actor_of
from webapp.routing import rows, rulesets, trial
from webapp.routing.decide import Rule
from webapp.routing.models import RuleVersion
from webapp.routing.router import in_force
from webapp.routing.rulesets import Refused
from webapp.units.models import Unit

LINE_ERRORS = 50
REFUSED: dict[str, LazyString] = {
    "stale": _l("Somebody else has changed the draft meanwhile; nothing of yours was saved. Look at it again."),
    "unchanged": _l("The draft is the same as the rules in force."),
    "not_tried": _l("Check and try the draft as it stands first."),
    "errors": _l("The draft has errors. Put them right first."),
    "moved_on": _l("Another version was published meanwhile. Bring the draft onto it first."),
    "code_taken": _l("Another rule has this code."),
    "unknown": _l("This rule is not in the draft any more."),
}


def _draft() -> RuleVersion:
    """The open draft, for writing; 404 if there is none."""
    found = rulesets.draft(lock=request.method == "POST")
    if found is None:
        abort(404)
    return found


def _actor() -> Actor:
    return actor_of(require("rules:edit"))


def _stale(found: RuleVersion) -> bool:
    return request.form.get("revision", "") != str(found.revision)


@bp.post("/draft")
def open_draft() -> Response:
    """Open a draft on the rules in force; an open one is simply shown."""
    actor = _actor()
    if rulesets.draft(lock=True) is None:
        rulesets.start(actor)
    return redirect("/admin/routing/draft", 303)  # type: ignore[return-value]


@bp.get("/draft")
def draft() -> Response:
    """What the draft changes, what is wrong with it, what would move; and the step that publishes it."""
    _actor()
    found = rulesets.draft()
    if found is None:
        return redirect("/admin/routing")  # type: ignore[return-value]
    return _draft_page(found)


def _draft_page(found: RuleVersion, status: int = 200, **form: Any) -> Response:
    result = found.trial or {}
    changes = rows.compare(in_force(), rulesets.rules_of(found))
    done = rulesets.tried(found)
    cases = result.get("cases", []) if done else []
    units = {c[k] for c in cases for k in ("from", "to")} | {p[i] for p in result.get("pairs", []) for i in (0, 1)}
    shown = {
        "draft": found,
        "result": result if done else None,
        "trial_day": labels.day(date.fromisoformat(result["day"])) if done and result["day"] else None,
        "waiting": bool(result.get("asked")) and not done,
        "moves": names_for(units, {c["area"] for c in cases}),
        "gaps": [],
        "changes_now": rows.counts(changes),
        "outdated": found.base != rulesets.number(),
        "errors": {},
        "values": {},
        "line_errors": [],
        **changes_context(changes),
    }
    if done:
        shown |= gap_context(result["gaps"])
    return page("admin/routing/draft.html", "draft", status, **shown | form)


@bp.post("/draft/try")
def try_out() -> Response:
    """Queue the checks and the dry run."""
    actor = _actor()
    found = _draft()
    day = None
    if typed := text.clean(request.form.get("day")):
        day = day_or_none(typed)
        if day is None or not 2000 < day.year < 2200:
            errors = {"day": str(routing_words.ROW_ERROR["not_a_day"])}
            return _draft_page(found, 422, errors=errors, values={"day": typed})
    trial.ask(found, actor, day)
    return redirect("/admin/routing/draft#trial", 303)  # type: ignore[return-value]


@bp.post("/draft/publish")
def publish() -> Response:
    """Put the draft in force, with a word on why."""
    actor = _actor()
    found = _draft()
    note = text.clean(request.form.get("note"), multiline=True)
    values = {"note": note}
    if _stale(found):
        return _draft_page(found, 409, errors={"_form": str(REFUSED["stale"])}, values=values)
    if not note or len(note) > 1000:
        wrong = _("Write why the rules change.") if not note else str(routing_words.ROW_ERROR["too_long"])
        return _draft_page(found, 422, errors={"note": wrong}, values=values)
    try:
        rulesets.publish(found, actor, note)
    except Refused as refused:
        return _draft_page(found, 422, errors={"_form": str(REFUSED[refused.code])}, values=values)
    flash(_("Version %(number)s is in force.", number=found.number), "success")
    return redirect(f"/admin/routing/versions/{found.number}", 303)  # type: ignore[return-value]


@bp.post("/draft/drop")
def drop() -> Response:
    """Give the draft up."""
    actor = _actor()
    rulesets.drop(_draft(), actor)
    flash(_("The draft was given up. The rules in force are as before."), "success")
    return redirect("/admin/routing", 303)  # type: ignore[return-value]


@bp.post("/draft/rebase")
def rebase() -> Response:
    """Bring the draft's changes onto the version that was published meanwhile."""
    actor = _actor()
    rulesets.rebase(_draft(), actor)
    flash(_("The draft's own changes stand on the version in force now. Try it again."), "success")
    return redirect("/admin/routing/draft", 303)  # type: ignore[return-value]


@bp.post("/draft/import")
def take_in() -> Response:
    """Put a whole table in place of the draft's rules; what is wrong is said line by line and nothing is changed."""
    actor = _actor()
    found = _draft()
    if _stale(found):
        return _draft_page(found, 409, errors={"_form": str(REFUSED["stale"])})
    upload = request.files.get("file")
    try:
        rules, wrong = read_rules(upload.stream.read(sheets.MAX_BYTES + 1) if upload else b"")
    except sheets.BadSheet as bad:
        return _draft_page(found, 422, errors={"file": str(routing_words.SHEET_ERROR[bad.code])})
    if wrong:
        errors = {"file": _("Nothing was taken: %(count)s lines are wrong.", count=len(wrong))}
        return _draft_page(found, 422, errors=errors, line_errors=wrong[:LINE_ERRORS])
    rulesets.replace(found, rules, actor)
    flash(_("%(count)s rules were taken. Look at what changes, then try the draft.", count=len(rules)), "success")
    return redirect("/admin/routing/draft", 303)  # type: ignore[return-value]


def read_rules(data: bytes) -> tuple[list[Rule], list[str]]:
    """(rules, what is wrong line by line) of a table. Raises BadSheet."""
    if not data:
        raise sheets.BadSheet("none")
    table = sheets.read(data)
    if not table or not {"code", "category_code", "valid_from"} <= table[0][1].keys():
        raise sheets.BadSheet("columns")
    rules: dict[str, Rule] = {}
    wrong = []
    for line, cells in table:
        try:
            rule = rows.parse(cells)
            if rule.code in rules:
                raise rows.Wrong({"code": "twice"})
            rules[rule.code] = rule
        except rows.Wrong as error:
            said = "; ".join(
                f"{routing_words.COLUMN[c]}: {routing_words.ROW_ERROR[e]}" for c, e in error.errors.items()
            )
            wrong.append(_("Line %(number)s. %(wrong)s", number=line, wrong=said))
    return list(rules.values()), wrong


@bp.get("/draft/rules/new")
@bp.get("/draft/rules/<code>")
def edit(code: str = "") -> Response:
    """The form of one rule; a new one may begin as a copy (`?like=`)."""
    _actor()
    found = _draft()
    by_code = {r.code: r for r in rulesets.rules_of(found)}
    if code and code not in by_code:
        abort(404)
    model = by_code.get(code or request.args.get("like", ""))
    values = rows.as_cells(model) if model else {"category_code": "*", "priority": "100", "supervisor_level": "commune"}
    if not code:
        values["code"] = ""
    return _rule_page(found, code, values)


def _rule_page(found: RuleVersion, code: str, values: dict[str, str], status: int = 200, **form: Any) -> Response:
    kinds = sorted(db.session.scalars(select(Unit.kind).distinct()))
    acting = [(k, routing_words.kind(k)) for k in kinds if not k.startswith(("front_", "org_"))]
    return page(
        "admin/routing/rule.html",
        "draft",
        status,
        draft=found,
        code=code,
        values=values,
        errors=form.get("errors", {}),
        categories=[("*", _("all categories")), *category_choices()],
        kinds=acting,
        leads=[(k, routing_words.kind(k)) for k in kinds if k.startswith("org_")],
        names=names_for({values.get("target_unit_code")}, {values.get("area_code")}),
    )


@bp.post("/draft/rules/new")
@bp.post("/draft/rules/<code>")
def save(code: str = "") -> Response:
    """Write one rule into the draft."""
    actor = _actor()
    found = _draft()
    values = {name: request.form.get(name, "") for name in rows.COLUMNS}
    if _stale(found):
        return _rule_page(found, code, values, 409, errors={"_form": str(REFUSED["stale"])})
    errors: dict[str, str] = {}
    cells = dict(values)
    if typed := text.clean(values["area_code"]):
        try:
            # An area that is no more keeps its code: rules of then stay as they were.
            cells["area_code"] = typed if typed.isdecimal() else places.find(typed).code
        except places.Unclear as unclear:
            errors["area_code"] = unclear_words(unclear)
    try:
        rule = rows.parse(cells)
        if not errors:
            rulesets.put(found, rule, actor, replaces=code or None)
    except rows.Wrong as wrong:
        errors |= {
            name: str(routing_words.ROW_ERROR[what]) for name, what in wrong.errors.items() if name not in errors
        }
    except Refused as refused:
        errors["code"] = str(REFUSED[refused.code])
    if errors:
        return _rule_page(found, code, values, 422, errors=errors)
    flash(_("Rule %(code)s stands in the draft.", code=rule.code), "success")
    return redirect("/admin/routing/draft", 303)  # type: ignore[return-value]


@bp.post("/draft/rules/<code>/remove")
def remove(code: str) -> Response:
    """Take one rule out of the draft."""
    actor = _actor()
    found = _draft()
    try:
        rulesets.take_out(found, code, actor)
    except Refused:
        abort(404)
    flash(_("Rule %(code)s was taken out of the draft.", code=code), "success")
    return redirect("/admin/routing/draft", 303)  # type: ignore[return-value]
