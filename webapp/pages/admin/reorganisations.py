"""Reorganisations: draft a plan, see what it would do, approve it, follow it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts import audit
from webapp.accounts.models import User
from webapp.core import clock, text
from webapp.core.db import db
from webapp.pages import labels
from webapp.pages.access import identity, require
from webapp.pages.admin import reorganisation_words as words
from webapp.reorganisations import checks, service, tables
from webapp.reorganisations.models import DRAFT, Reorganisation
from webapp.reorganisations.plan import ACTIONS, WHATS, Plan, Step
from webapp.reorganisations.preview import preview
from webapp.reports.service import actor_of

bp = Blueprint("reorganisations", __name__, url_prefix="/admin/reorganisations")
PAGE = 50
STEPS = 100
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
HEAD = ("code", "title", "effective_on", "legal_basis", "note")
STEP = tables.COLUMNS
NAMES = ("name_vi", "name_en", "short_name_vi", "name_before")
_LONG = {"legal_basis": 2000, "note": 2000}


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def listing() -> str:
    """All plans, the newest first, and the form for another."""
    require("reorganisation:view")
    return _listing({}, {})


@bp.post("")
def create() -> Response | tuple[str, int]:
    """A plan from a file, or from its head alone."""
    require("reorganisation:edit")
    values = {name: text.clean(request.form.get(name))[: _LONG.get(name, 200)] for name in HEAD}
    file = request.files.get("file")
    errors: dict[str, str] = {}
    row = None
    try:
        if file is not None and file.filename:
            plan = tables.read(file.stream.read(tables.MAX_BYTES + 1), file.filename)
        else:
            plan = _head(values)
        known = service.by_code(plan.code)
        if known is not None and not plan.steps:
            raise service.Refused("code_taken", "code")
        row = service.draft(plan, actor_of(identity()))
    except tables.TableError as error:
        field = "effective_on" if error.code == "day_bad" and not (file and file.filename) else "file"
        errors[field] = words.table(error.code, error.line, error.about)
    except service.Refused as refused:
        errors["file" if file and file.filename else refused.about] = str(words.REFUSALS[refused.code])
    if row is None:
        return _listing(values, errors), 422
    return redirect(f"/admin/reorganisations/{row.code}", 303)  # type: ignore[return-value]


def _head(values: dict[str, str]) -> Plan:
    return Plan(
        values["code"], values["title"], tables.day(values["effective_on"]), values["legal_basis"], values["note"]
    )


def _listing(values: dict[str, str], errors: dict[str, str]) -> str:
    after = request.args.get("after", "")
    query = select(Reorganisation).order_by(Reorganisation.id.desc()).limit(PAGE + 1)
    if after.isascii() and after.isdigit() and len(after) < 10:
        query = query.where(Reorganisation.id < int(after))
    rows = list(db.session.scalars(query))
    return render_template(
        "admin/reorganisations.html",
        rows=[(row, *words.STATES[row.state], labels.day(row.effective_on)) for row in rows[:PAGE]],
        older=rows[PAGE - 1].id if len(rows) > PAGE else None,
        values=values,
        errors=errors,
    )


@bp.get("/<code>")
def one(code: str) -> str:
    """A plan: what it changes, what stands in its way, what it takes along, what has happened to it."""
    require("reorganisation:view")
    return _page(_row(code), {}, {})


@bp.post("/<code>/plan.<any(csv,xlsx):form>")
def export(code: str, form: str) -> Response:
    """The plan as a table that can be loaded again. Taking it out is an entry of the audit trail."""
    who = require("reorganisation:view")
    plan = _row(code).plan
    audit.record("reorganisation:exported", actor_of(who), plan.code, format=form, rows=len(plan.steps))
    data = tables.as_csv(plan) if form == "csv" else tables.as_xlsx(plan)
    headers = {"Content-Disposition": f'attachment; filename="{plan.code}.{form}"'}
    return Response(data, mimetype=TYPES[form], headers=headers)


@bp.post("/<code>/steps")
def add(code: str) -> Response | tuple[str, int]:
    """One more step."""
    require("reorganisation:edit")
    row = _row(code)
    values = {name: text.clean(request.form.get(name))[:200] for name in STEP}
    errors: dict[str, str] = {}
    try:
        step = tables.step_of(values)
        errors = _wrong(step, values)
        if not errors:
            service.add_step(row, step, actor_of(identity()))
    except tables.TableError as error:
        errors["share"] = words.table(error.code, None, "")
    except service.Refused as refused:
        errors["_form"] = str(words.REFUSALS[refused.code])
    if errors:
        return _page(row, values, errors), 422
    return redirect(f"/admin/reorganisations/{row.code}#steps", 303)  # type: ignore[return-value]


def _wrong(step: Step, values: dict[str, str]) -> dict[str, str]:
    """Messages at the fields of a step, for what can be said without the rest of the plan."""
    found = {}
    if step.action not in ACTIONS:
        found["action"] = _("Choose what happens.")
    if step.what not in WHATS:
        found["what"] = _("Choose whether it is an area or a unit.")
    if not step.from_code:
        found["from_code"] = _("Enter the code.")
    for name in ("from_code", "to_code", "area_code", "parent_code", *NAMES):
        if tables.longest(name) < len(values[name]):
            found[name] = str(words.TABLE["too_long"])
    return found


@bp.post("/<code>/steps/<int:step_id>/remove")
def remove(code: str, step_id: int) -> Response:
    """Take a step out."""
    require("reorganisation:edit")
    row = _row(code)
    try:
        service.remove_step(row, step_id, actor_of(identity()))
    except service.Refused as refused:
        flash(words.REFUSALS[refused.code], "error")
    return redirect(f"/admin/reorganisations/{row.code}#steps", 303)  # type: ignore[return-value]


@bp.post("/<code>/<any(approve,withdraw,reopen):action>")
def act(code: str, action: str) -> Response | tuple[str, int]:
    """Approve what was read, take it back, or make a draft of it again."""
    require("reorganisation:approve")
    row = _row(code)
    actor = actor_of(identity())
    try:
        if action == "approve":
            if request.form.get("read") != "1":
                return _page(row, {}, {"read": _("Tick that you have read what the plan does.")}), 422
            service.approve(row, request.form.get("digest", ""), actor)
            soon = row.effective_on <= clock.today()
            flash(_("Approved. It is being carried out.") if soon else _("Approved. It waits for its day."), "success")
        elif action == "withdraw":
            service.withdraw(row, actor)
            flash(_("The plan is withdrawn. Nothing has changed."), "success")
        else:
            service.reopen(row, actor)
            flash(_("The plan is a draft again."), "success")
    except service.Refused as refused:
        status = 403 if refused.code == "own_plan" else 409
        return _page(row, {}, {"_form": str(words.REFUSALS[refused.code])}), status
    return redirect(f"/admin/reorganisations/{row.code}", 303)  # type: ignore[return-value]


def _row(code: str) -> Reorganisation:
    row = service.by_code(code[:60])
    if row is None:
        abort(404)
    return row


def _page(row: Reorganisation, values: dict[str, str], errors: dict[str, str]) -> str:
    plan = row.plan
    applied = row.applied_at is not None
    found = [] if applied else checks.problems(plan)
    # A plan whose codes are wrong has no names to show; one with faults of its own is shown as it was typed.
    shown = preview(plan)
    after = request.args.get("after", "")
    first = int(after) if after.isascii() and after.isdigit() and len(after) < 6 else 0
    state, tone = words.STATES[row.state]
    return render_template(
        "admin/reorganisation.html",
        row=row,
        state=state,
        tone=tone,
        day=labels.day(row.effective_on),
        problems=[words.problem(p) for p in found if p.blocking][:PAGE],
        notes=[words.problem(p) for p in found if not p.blocking][:PAGE],
        changes=[_change(change, row) for change in shown.changes[first : first + STEPS]],
        total=len(shown.changes),
        next_steps=first + STEPS if len(shown.changes) > first + STEPS else None,
        first=first,
        preview=shown,
        history=_history(row),
        digest=service.digest(plan),
        editable=row.state == DRAFT,
        eyes=service.eyes(row, identity().user_id) if row.state == DRAFT else None,
        applied=applied,
        past=row.effective_on <= clock.today(),
        actions=list(words.ACTIONS.items()),
        whats=list(words.WHATS.items()),
        values=values,
        errors=errors,
    )


def _change(change: Any, row: Reorganisation) -> dict[str, Any]:
    step = change.step
    return {
        "number": change.number,
        "id": row.steps[change.number - 1].id,
        "action": words.ACTIONS.get(step.action, step.action),
        "area": step.what == "area",
        "what": words.WHATS.get(step.what, step.what),
        "code": step.from_code,
        "was": change.was or step.from_code,
        "becomes": change.becomes or step.target,
        "to": step.to_code,
        "cases": change.cases,
        "more": [(label, value) for name, label in words.FIELDS.items() if (value := getattr(step, name))],
        "note": step.note,
    }


def _history(row: Reorganisation) -> list[dict[str, Any]]:
    entries = service.history(row)[-PAGE:]
    ids = {entry.user_id for entry in entries if entry.user_id}
    posts = {user.id: user.name for user in db.session.scalars(select(User).where(User.id.in_(ids)))} if ids else {}
    return [
        {
            "at": labels.moment(entry.at),
            "title": words.EVENTS.get(entry.kind, entry.kind),
            "who": posts.get(entry.user_id or 0) or _("The system"),
        }
        for entry in reversed(entries)
    ]
