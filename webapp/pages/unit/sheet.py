"""An inspection sheet on the desktop: read once more, corrected, signed off. Signed, it stays as it is."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request
from flask_babel import gettext as _

from webapp.core import clock
from webapp.core.db import db
from webapp.inspections import checklists, sheets
from webapp.inspections.models import Sheet
from webapp.pages.access import identity, require
from webapp.pages.desk import sheet_view
from webapp.pages.i18n import in_language
from webapp.pages.unit import inspection
from webapp.pages.unit.views import bp
from webapp.reports.service import actor_of


@bp.get("/sheets/<public_id>")
def sheet(public_id: str) -> Response:
    """The sheet; a draft with its form."""
    return _page(_mine(public_id))


@bp.post("/sheets/<public_id>")
def correct(public_id: str) -> Response:
    """Correct a draft, and sign it off if that button was pressed."""
    one = _mine(public_id, lock=True)
    require("inspection:write", one.report)
    if one.signed_at is not None:
        return _page(one, 409, errors={"_form": _("The sheet has been signed; nothing of it changes any more.")})
    if request.form.get("version") != str(one.version):
        said = _("Somebody else has changed this sheet meanwhile. Below is what it says now.")
        return _page(one, 409, errors={"_form": said})
    asked = checklists.questions(one.questions)
    filled, _kept, errors = inspection.read(asked, request.form, f"user-{identity().user_id}")
    if errors or filled is None:
        return _page(one, 422, errors=errors, values=dict(request.form))
    sheets.change(one, filled)
    if request.form.get("do") != "sign":
        flash(_("Saved as a draft."), "success")
        return redirect(f"/unit/sheets/{public_id}", 303)  # type: ignore[return-value]
    require("inspection:sign", one.report)
    try:
        sheets.sign(one, actor_of(identity()))
    except sheets.Unanswered as missing:
        db.session.rollback()
        photo = {q.code for q in asked if q.kind == checklists.PHOTO}
        names = {c: c if c == "findings" else f"{'p' if c in photo else 'q'}_{c}" for c in missing.codes}
        wanted = {name: _("This is still missing.") for name in names.values()}
        return _page(_mine(public_id), 422, errors=wanted, values=dict(request.form))
    flash(_("Signed off. The sheet can go with your answer now."), "success")
    return redirect(f"/unit/sheets/{public_id}", 303)  # type: ignore[return-value]


def _mine(public_id: str, *, lock: bool = False) -> Sheet:
    one = sheets.by_public_id(public_id, lock=lock)
    if one is None:
        abort(404)
    require("report:view", one.report)
    return one


def _page(
    one: Sheet, status: int = 200, errors: dict[str, str] | None = None, values: dict[str, Any] | None = None
) -> Response:
    shown = sheet_view.context(one, "/unit")
    asked = checklists.questions(one.questions)
    html = render_template(
        "unit/sheet.html",
        **shown,
        asked=[(q, in_language(q.label)) for q in asked],
        laws=inspection.laws(asked),
        errors=errors or {},
        values=values or _values(one),
        photos=sheets.photos_of(one),
    )
    return Response(html, status, mimetype="text/html")


def _values(one: Sheet) -> dict[str, Any]:
    """The draft as its form has it."""
    found: dict[str, Any] = {
        f"q_{code}": f"{value:g}".replace(".", ",") if isinstance(value, float | int) else value
        for code, value in one.answers.items()
        if not isinstance(value, list)
    }
    found["findings"] = one.findings
    found["lat"] = f"{one.lat:.6f}" if one.lat is not None else ""
    found["lon"] = f"{one.lon:.6f}" if one.lon is not None else ""
    found["accuracy"] = str(round(one.accuracy_m)) if one.accuracy_m else ""
    for name in ("began_at", "ended_at"):
        moment = getattr(one, name)
        found[name] = clock.local(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""
    return found
