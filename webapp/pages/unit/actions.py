"""What the unit does with a case: accept, give back, act, answer with evidence, record an inspection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, redirect, request
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms.validators import ValidationError

from webapp.core import text
from webapp.core.instance import instance
from webapp.inspections import service as inspections
from webapp.media.intake import Kept, keep_all
from webapp.pages import messages
from webapp.pages.access import identity, require
from webapp.pages.desk import case_page, more_time, steps
from webapp.pages.desk.actions import Doing, Wrong, again, conflict, stale
from webapp.pages.salvage import typed_text
from webapp.pages.unit.views import bp, found
from webapp.pages.web import csrf
from webapp.reports import lifecycle, service
from webapp.reports.intake import StoredPhoto

MAX_EVIDENCE = 12


@bp.post("/cases/<public_id>/<name>")
@csrf.exempt  # checked below, so that an expired page keeps the answer and its pictures
def act(public_id: str, name: str) -> Response:
    """Do one of `steps.UNIT_ACTIONS`."""
    action = next((a for a in steps.UNIT_ACTIONS if a.name == name), None)
    if action is None:
        abort(404)
    report = found(public_id, lock=True)
    require(action.permission, report)
    try:
        token = request.form.get("csrf_token", "")
    except RequestEntityTooLarge:
        return _too_large(public_id, name)
    kept, refused = _evidence() if name == "answer" else ([], "")
    try:
        validate_csrf(token)
    except ValidationError:
        return again(public_id, "/unit", name, {"_form": messages.say("expired")}, 400, kept=shown(kept))
    if stale(report):
        return conflict(report, "/unit", name, kept=shown(kept))
    moved_on = {"_form": _("This cannot be done now: the case has moved on.")}
    if not steps.possible(action, report):
        return again(public_id, "/unit", name, moved_on, 409, kept=shown(kept))
    doing = Doing(action, report, identity(), service.actor_of(identity()))
    try:
        done = _answer(doing, kept, refused) if name == "answer" else DO[name](doing)
    except Wrong as wrong:
        return again(public_id, "/unit", name, wrong.errors, kept=shown(kept))
    except lifecycle.NotAllowed:
        return again(public_id, "/unit", name, moved_on, 409, kept=shown(kept))
    flash(done, "success")
    here = name != "refuse"
    return redirect(f"/unit/cases/{public_id}" if here else "/unit", 303)  # type: ignore[return-value]


def shown(kept: list[Kept]) -> list[dict[str, str]]:
    """Kept files as the file field shows them."""
    return [
        {"token": k.token, "name": k.label or _("A file"), "size_label": f"{max(1, k.size // 1024)} kB"} for k in kept
    ]


def _too_large(public_id: str, name: str) -> Response:
    """The words out of a body that is too large, so that only the pictures have to be chosen again."""
    typed = typed_text(request)
    from webapp.core.db import db

    db.session.rollback()
    errors = {"evidence": messages.say("body_large")} if name == "answer" else {"_form": messages.say("body_large")}
    values = {key: value for key, value in typed.items() if key not in {"csrf_token", "version", "seen"}}
    return case_page.render(found(public_id), identity(), "/unit", 413, opened=name, errors=errors, values=values)


def _evidence() -> tuple[list[Kept], str]:
    """(pictures in storage, what was refused in words)."""
    settings = instance().settings
    removed = set(request.form.getlist("evidence_remove"))
    tokens = [t for t in request.form.getlist("evidence_kept") if t not in removed]
    files: list[Any] = request.files.getlist("evidence")
    kept, refused = keep_all(files, tokens, f"user-{identity().user_id}", MAX_EVIDENCE)
    return kept, " ".join(
        messages.say_photo(why, name, max_bytes=settings.max_photo_bytes, max_photos=MAX_EVIDENCE)
        for name, why in refused
    )


def _answer(doing: Doing, kept: list[Kept], refused: str) -> str:
    errors: dict[str, str] = {}
    words = text.clean(request.form.get("answer_text"), multiline=True)
    if not words:
        errors["answer_text"] = _("Write what you found and what you did.")
    elif len(words) > 5000:
        errors["answer_text"] = _("Too long: at most %(count)s characters.", count=5000)
    if refused:
        errors["evidence"] = refused
    elif not kept:
        errors["evidence"] = _("Add at least one photo or document: an answer without evidence does not count.")
    if errors:
        raise Wrong(**errors)
    photos = tuple(StoredPhoto(k.name, k.sha256, k.size, k.mime) for k in kept)
    service.answer(doing.report, doing.actor, words, photos)
    return _("Answered. The Front checks it next.")


def _accept(doing: Doing) -> str:
    doing.move()
    return _("Accepted. The clock runs until you answer.")


def _start(doing: Doing) -> str:
    doing.move()
    return _("The case is being handled.")


def _refuse(doing: Doing) -> str:
    doing.move(doing.text("refuse_reason", _("Write why, and who should act instead."), limit=2000))
    return _("Given back to the Front, with your reason.")


def _outcome(doing: Doing) -> str:
    form = request.form
    raw_fine = form.get("fine_vnd", "").replace(".", "").replace(",", "").replace(" ", "").strip("đĐ ")
    fine: int | None = None
    if raw_fine:
        fine = int(raw_fine) if raw_fine.isdecimal() and len(raw_fine) < 16 else 0
    raw_day = form.get("inspected_on", "")
    number = text.clean(form.get("decision_number"))
    if len(number) > 80:
        raise Wrong(decision_number=_("Too long: at most %(count)s characters.", count=80))
    try:
        inspections.record(
            doing.report,
            doing.actor,
            inspected_on=case_page.day_or_none(raw_day),
            finding=form.get("finding", ""),
            measure=form.get("measure", ""),
            summary=text.clean(form.get("summary"), multiline=True),
            fine_vnd=fine,
            decision_number=number,
        )
    except inspections.OutcomeError as error:
        raise Wrong(**{name: str(_outcome_message(code)) for name, code in error.errors.items()}) from None
    return _("Recorded. The Front publishes it after checking.")


def _outcome_message(code: str) -> str:
    return {
        "date_missing": _("Give the day of the inspection, such as 31/12/2026."),
        "date_future": _("This day lies in the future."),
        "finding_missing": _("Choose what was found."),
        "measure_missing": _("Choose the measure."),
        "summary_missing": _("Write what was found, in a few sentences fit for the public."),
        "summary_long": _("Too long: at most %(count)s characters.", count=5000),
        "fine_bad": _("Give the fine in whole đồng, such as 5.000.000."),
        "fine_missing": _("A fine needs its amount."),
    }[code]


DO: dict[str, Callable[[Doing], str]] = {
    "accept": _accept,
    "start": _start,
    "refuse": _refuse,
    "more_time": more_time.ask,
    "outcome": _outcome,
}
