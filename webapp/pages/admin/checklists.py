"""Checklists of inspections in the browser: versions, questions, a preview as an officer sees it, import, export.
What one may hold is in `inspections.versions`."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.accounts.permissions import allowed
from webapp.core import clock, sheets
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.inspections import checklists as rules
from webapp.inspections import versions
from webapp.inspections.models import Checklist
from webapp.inspections.versions import BadVersion, Stale
from webapp.pages import labels, routing_words
from webapp.pages.access import identity, require
from webapp.pages.admin import import_preview
from webapp.pages.admin.import_preview import Line, Plan, Rows
from webapp.pages.admin.rules import Taken, download, page
from webapp.pages.i18n import in_language
from webapp.pages.unit import inspection
from webapp.reports.models import CategoryGroup, LegalReference
from webapp.reports.service import actor_of

bp = Blueprint("checklists", __name__, url_prefix="/admin/checklists")
HERE = "/admin/checklists"
MOST_ROWS = 2000
SPARE = 3  # empty rows for further questions
KIND: dict[str, LazyString] = {
    rules.YES_NO: _l("Yes, no, not established"),
    rules.NUMBER: _l("A number"),
    rules.TEXT: _l("Words"),
    rules.PHOTO: _l("Photos"),
}
COLUMN: dict[str, LazyString] = {
    "checklist": _l("Code"),
    "group": _l("For this group of categories"),
    "name_vi": _l("Name (Vietnamese)"),
    "name_en": _l("Name (English)"),
    "valid_from": _l("Used from"),
    "valid_to": _l("Used until the end of"),
    "certainty": _l("Certainty"),
    "source": _l("Source"),
    "question": _l("Code of the question"),
    "kind": _l("Kind of answer"),
    "required": _l("Needed to sign"),
    "vi": _l("Question (Vietnamese)"),
    "en": _l("Question (English)"),
    "unit": _l("Counted in"),
    "legal": _l("Legal basis"),
}


@bp.after_request
def _keep_nothing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("")
def overview() -> Response:
    """The checklists, each with the version that is used today and what comes after it."""
    require("rules:view")
    return _list()


def _list(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    every = list(db.session.scalars(select(Checklist).order_by(Checklist.code, Checklist.number)))
    now = {one.code: one for one in versions.in_force(every, clock.today())}
    return page(
        "admin/routing/checklists.html",
        "checklists",
        status,
        rows=[(now.get(one.code), one) for one in {one.code: one for one in every}.values()],
        groups=_groups(),
        today=clock.today(),
        day=labels.day,
        can_edit=allowed(identity().role, "reference:edit"),
        errors=errors or {},
    )


def _groups() -> dict[str, str]:
    found = db.session.scalars(select(CategoryGroup).order_by(CategoryGroup.position))
    return {versions.ALL: _("where no other fits"), **{g.code: in_language(g.name) for g in found}}


@bp.get("/new")
@bp.get("/<code>")
def edit(code: str = "") -> Response:
    """The newest version, as the beginning of the next; `?version=` shows another one."""
    require("rules:view")
    if not code:
        require("reference:edit")
        return _form([], {"valid_from": clock.today().isoformat(), "group": ""}, [])
    every = _versions(code)
    wished = request.args.get("version", "")
    one = next((v for v in every if str(v.number) == wished), every[0])
    cells = versions.as_rows(one)
    return _form(every, cells[0], cells, shown=one)


def _versions(code: str) -> list[Checklist]:
    every = versions.of(code)
    if not every:
        abort(404)
    return every


@bp.post("/new")
@bp.post("/<code>")
def save(code: str = "") -> Response:
    """Write the next version; or only show it (`preview`), or give more rows for questions (`more`)."""
    actor = actor_of(require("reference:edit"))
    every = _versions(code) if code else []
    head = {name: request.form.get(name, "") for name in versions.HEAD}
    if code:
        head["checklist"] = code
    questions = _typed_questions()
    if "more" in request.form:
        return _form(every, head, questions, spare=2 * SPARE)
    try:
        values = _parse(head, questions)
        if not code and versions.of(values["code"]):
            raise BadVersion({"checklist": "taken"})
    except BadVersion as bad:
        return _form(every, head, questions, status=422, errors=bad.errors)
    if "preview" in request.form:
        return _form(every, head, questions, preview=values["questions"])
    seen = request.form.get("seen", "")
    try:
        made = versions.save(values, actor, int(seen) if seen.isdecimal() and len(seen) < 7 else 0)
    except Stale:
        return _form(_versions(values["code"]), head, questions, status=409, errors={"_form": "stale"})
    if made is None:
        flash(_("Nothing was changed."), "info")
    else:
        said = _("Version %(number)s is used from %(day)s.", number=made.number, day=labels.day(made.valid_from))
        flash(said, "success")
    return redirect(f"{HERE}/{values['code']}", 303)  # type: ignore[return-value]


def _typed_questions() -> list[dict[str, str]]:
    """The rows of questions that hold anything, in the order that their numbers give."""
    rows = []
    for number in range(2 * versions.MOST_QUESTIONS):
        if f"q{number}_vi" not in request.form:
            break
        row = {name: request.form.get(f"q{number}_{name}", "") for name in versions.QUESTION}
        if (row["vi"] or row["en"] or row["question"]) and f"q{number}_drop" not in request.form:
            rows.append((_place(request.form.get(f"q{number}_order", ""), number + 1), row))
    return [row for _place, row in sorted(rows, key=lambda pair: pair[0])]


def _place(typed: str, otherwise: int) -> float:
    """A number by which questions are put in order; 2,5 goes between 2 and 3."""
    plain = typed.strip().replace(",", ".")
    digits = plain.replace(".", "", 1)
    return float(plain) if digits.isascii() and digits.isdecimal() and len(plain) < 9 else otherwise


def _parse(head: dict[str, str], questions: list[dict[str, str]]) -> dict[str, Any]:
    """The values of a version. Raises BadVersion with all that is wrong."""
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    try:
        values = versions.parse(head, [code for code in _groups() if code != versions.ALL])
    except BadVersion as bad:
        errors |= bad.errors
    try:
        values["questions"] = versions.parse_questions(questions, _laws())
    except BadVersion as bad:
        errors |= bad.errors
    if errors:
        raise BadVersion(errors)
    return values


def _laws() -> set[str]:
    return set(db.session.scalars(select(LegalReference.code)))


def _form(
    every: list[Checklist],
    head: dict[str, str],
    questions: list[dict[str, str]],
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    preview: list[dict[str, Any]] | None = None,
    shown: Checklist | None = None,
    spare: int = SPARE,
) -> Response:
    said = {name: _wrong(why) for name, why in (errors or {}).items()}
    kept = preview if preview is not None else shown.questions if shown is not None else None
    asked = rules.questions(kept) if kept is not None else []
    laws = db.session.scalars(select(LegalReference).order_by(LegalReference.title_vi, LegalReference.code)).all()
    now = {one.number for one in versions.in_force(every, clock.today())}
    empty = dict.fromkeys(versions.QUESTION, "") | {"kind": rules.YES_NO}
    room = max(0, min(spare, versions.MOST_QUESTIONS - len(questions)))
    return page(
        "admin/routing/checklist.html",
        "checklists",
        status,
        code=every[0].code if every else "",
        versions=every,
        in_force=now,
        today=clock.today(),
        shown=shown,
        seen=every[0].number if every else 0,
        values=head,
        rows=[*questions, *[empty] * room],
        filled=len(questions),
        errors=said,
        columns=COLUMN,
        kinds=list(KIND.items()),
        groups=list(_groups().items()),
        certainties=list(routing_words.CERTAINTY.items()),
        laws=[(law.code, f"{law.title_vi} {law.article}".strip()) for law in laws],
        asked=[(q, in_language(q.label)) for q in asked],
        asked_laws=inspection.laws(asked),
        previewed=preview is not None,
        day=labels.day,
        can_edit=allowed(identity().role, "reference:edit"),
    )


def _wrong(code: str) -> str:
    if code == "stale":
        return _(
            "Somebody else has saved a version meanwhile: look at it below. What you typed is still here; saving again "
            "makes it the next one."
        )
    return str(routing_words.ROW_ERROR[code])


@bp.post("/export.<any(csv,xlsx):form>")
def export(form: str) -> Response:
    """The newest version of every checklist, a row for each question."""
    require("rules:view")
    cells = export_cells()
    taken = Taken("reference:exported", "checklists", {"rows": len(cells)})
    name = f"phieu-kiem-tra-{clock.today():%Y%m%d}"
    return download(sheets.write(form, versions.COLUMNS, cells, "checklists"), form, name, taken)


def export_cells() -> list[dict[str, str]]:
    """A row for each question of the newest versions."""
    return [row for one in versions.latest() for row in versions.as_rows(one)]


@bp.post("/import")
def take_in() -> Response | tuple[str, int]:
    """Show what a file would change; once confirmed, each checklist that differs gets its next version."""
    actor = actor_of(require("reference:edit"))
    try:
        asked = import_preview.given(NEEDED, MOST_ROWS)
    except sheets.BadSheet as bad:
        return _list(422, {"file": routing_words.sheet_error(bad.code, MOST_ROWS)})
    plan, parsed = planned(asked.rows)
    if not import_preview.confirmed(plan, asked):
        return import_preview.page(HERE, _("Checklists"), plan, asked)
    try:
        made = write(parsed, actor)
    except Stale:  # in this very moment
        db.session.rollback()
        return import_preview.page(HERE, _("Checklists"), planned(asked.rows)[0], asked)
    flash(_("%(count)s checklists got a new version.", count=made), "success")
    return redirect(HERE, 303)  # type: ignore[return-value]


NEEDED = ("checklist", "group", "name_vi", "source", "kind", "vi")
Parsed = list[tuple[dict[str, Any], int]]


def planned(rows: Rows) -> tuple[Plan, Parsed]:
    """(what these rows would do, values and the number of the newest version of each checklist that differs)."""
    plan, parsed = Plan(), []
    newest = {one.code: one for one in versions.latest()}
    ordered = sorted(rows, key=lambda row: row[1].get("checklist", ""))
    for code, members in groupby(ordered, key=lambda row: row[1].get("checklist", "")):
        group = list(members)
        known = newest.get(code)
        plan.before.append([code, known.number if known else 0])
        line = group[0][0]
        try:
            if any(cells.get(n, "") not in ("", group[0][1].get(n, "")) for _l, cells in group for n in versions.HEAD):
                raise BadVersion({"checklist": "head_differs"})
            values = _parse(group[0][1], [cells for _line, cells in group])
        except BadVersion as bad:
            for where, said in _said(bad.errors, group):
                plan.lines.append(Line(where, code, import_preview.WRONG, said))
            continue
        about = f"{code} – {in_language(values['name'])}"
        if not versions.differs(known, values):
            plan.lines.append(Line(line, about, import_preview.SAME))
            continue
        made = versions.following(known, values, own=True)
        state = import_preview.CHANGED if known else import_preview.NEW
        plan.lines.append(Line(line, about, state, [_version_words(made), *_difference(known, made)]))
        parsed.append((values, known.number if known else 0))
    return plan, parsed


def _said(errors: dict[str, str], group: Rows) -> list[tuple[int, list[str]]]:
    """(line, what is wrong) for errors of a checklist's head and of its questions."""
    found: dict[int, list[str]] = {}
    for name, why in errors.items():
        place, _low, column = name.partition("_")
        at_question = place[:1] == "q" and place[1:].isdecimal()
        line = group[int(place[1:])][0] if at_question else group[0][0]
        label = COLUMN.get(column if at_question else name)
        found.setdefault(line, []).append(f"{label}: {_wrong(why)}" if label else _wrong(why))
    return sorted(found.items())


def _version_words(made: Checklist) -> str:
    said = _("Version %(number)s, used from %(day)s", number=made.number, day=labels.day(made.valid_from))
    return f"{said} – {labels.day(made.valid_to)}" if made.valid_to else said


def _difference(known: Checklist | None, made: Checklist) -> list[str]:
    if known is None:
        return []
    old, new = ({q["code"]: q for q in one.questions} for one in (known, made))
    changes = [
        (_("asked from now on: %(question)s"), [new[c] for c in new if c not in old]),
        (_("not asked any more: %(question)s"), [old[c] for c in old if c not in new]),
        (_("changed: %(question)s"), [new[c] for c in new if c in old and new[c] != old[c]]),
    ]
    return [words % {"question": in_language(q["label"])} for words, questions in changes for q in questions[:20]]


def write(parsed: Parsed, actor: Actor) -> int:
    """Write versions that were planned; how many. Raises Stale."""
    return sum(versions.save(values, actor, seen) is not None for values, seen in parsed)
