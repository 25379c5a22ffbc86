"""What a unit does with a case, whether its people sign in or came by a link: one POST for each action.

A mistake gives the page back as it was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, abort, flash, redirect, request
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms.validators import ValidationError

from webapp.accounts.permissions import Identity, may
from webapp.core import text
from webapp.core.db import db
from webapp.core.events import Actor
from webapp.inspections import service as inspections
from webapp.inspections import sheets
from webapp.pages import messages
from webapp.pages.desk import back, case_page, more_time, steps
from webapp.pages.desk.actions import stale
from webapp.pages.desk.doing import Doing, Wrong
from webapp.pages.salvage import typed_text
from webapp.pages.unit import evidence
from webapp.pages.unit.evidence import Evidence
from webapp.reports import handovers, lifecycle, service, unit_work
from webapp.reports.models import Report
from webapp.units import queries as units
from webapp.units.models import Unit

_NOT_TYPED = {"csrf_token", "version", "seen"}
_LISTS = {"sheets"}


@dataclass(frozen=True, slots=True)
class Door:
    """How somebody of a unit came in. `base`: the address of its pages; `owner`: whose the uploads are; `found`:
    the case if it is theirs, 404 else."""

    base: str
    who: Identity
    actor: Actor
    owner: str
    found: Callable[..., Report]


def perform(door: Door, public_id: str, name: str) -> Response:
    """Do one of `steps.UNIT_ACTIONS` as the form in this request says."""
    action = next((a for a in steps.UNIT_ACTIONS if a.name == name), None)
    if action is None:
        abort(404)
    report = door.found(public_id, lock=True)
    if not may(door.who, action.permission, report):
        abort(403)
    try:
        token = request.form.get("csrf_token", "")
    except RequestEntityTooLarge:
        return _too_large(door, public_id, name)
    files = evidence.read(door.owner) if name == "answer" else Evidence()
    kept = files.shown()
    try:
        validate_csrf(token)
    except ValidationError:
        return _again(door, public_id, name, {"_form": messages.say("expired")}, 400, kept=kept)
    if stale(report):
        seen = request.form.get("seen", "")
        last = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
        return case_page.render(report, door.who, door.base, 409, opened=name, values=_typed(), seen=last, kept=kept)
    moved_on = {"_form": _("This cannot be done now: the case has moved on.")}
    if not steps.possible(action, report):
        return _again(door, public_id, name, moved_on, 409, kept=kept)
    doing = Doing(action, report, door.who, door.actor)
    try:
        done = _answer(doing, files) if name == "answer" else DO[name](doing)
    except Wrong as wrong:
        return _again(door, public_id, name, wrong.errors, kept=kept)
    except lifecycle.NotAllowed:
        return _again(door, public_id, name, moved_on, 409, kept=kept)
    flash(done, "success")
    here = may(door.who, "report:view", report) or door.base != "/unit"
    return redirect(f"{door.base}/cases/{public_id}{back.way()}" if here else back.href(door.base), 303)  # type: ignore[return-value]


def _again(
    door: Door, public_id: str, name: str, errors: dict[str, str], status: int = 422, **form: object
) -> Response:
    db.session.rollback()  # whatever a half-done action had put on the case
    report = door.found(public_id)
    return case_page.render(report, door.who, door.base, status, opened=name, errors=errors, values=_typed(), **form)


def _typed() -> dict[str, object]:
    return {
        name: request.form.getlist(name) if name in _LISTS else request.form.get(name)
        for name in request.form
        if name not in _NOT_TYPED
    }


def _too_large(door: Door, public_id: str, name: str) -> Response:
    """The words out of a body that is too large, so that only the files have to be chosen again."""
    typed = typed_text(request)
    db.session.rollback()
    errors = {"evidence" if name == "answer" else "_form": messages.say("body_large")}
    values = {key: value for key, value in typed.items() if key not in _NOT_TYPED | _LISTS}
    report = door.found(public_id)
    return case_page.render(report, door.who, door.base, 413, opened=name, errors=errors, values=values)


def _answer(doing: Doing, files: Evidence) -> str:
    errors: dict[str, str] = {}
    words = text.clean(request.form.get("answer_text"), multiline=True)
    wanted = set(request.form.getlist("sheets"))
    signed = [s for s in sheets.of(doing.report) if s.public_id in wanted and s.signed_at and s.answer_id is None]
    if not words:
        errors["answer_text"] = _("Write what you found and what you did.")
    elif len(words) > 5000:
        errors["answer_text"] = _("Too long: at most %(count)s characters.", count=5000)
    if files.refused:
        errors["evidence"] = files.refused
    elif not files and not signed:
        errors["evidence"] = _("Add at least one photo or document: an answer without evidence does not count.")
    if errors:
        raise Wrong(**errors)
    photos, documents = files.stored()
    try:
        given = service.answer(doing.report, doing.actor, words, photos, documents, minutes=bool(signed))
    except lifecycle.Missing:
        raise Wrong(evidence=_("An earlier answer has shown these files already: add a new one.")) from None
    sheets.attach(signed, given)
    return _("Answered. The Front checks it next.")


def _accept(doing: Doing) -> str:
    doing.move()
    return _("Accepted. The clock runs until you answer.")


def _start(doing: Doing) -> str:
    doing.move()
    return _("The case is being handled.")


def _refuse(doing: Doing) -> str:
    errors: dict[str, str] = {}
    why = request.form.get("refuse_why", "")
    if why not in unit_work.REFUSALS:
        errors["refuse_why"] = _("Choose the reason.")
    reason = text.clean(request.form.get("refuse_reason"), multiline=True)
    if not reason:
        errors["refuse_reason"] = _("Write why, in a few words.")
    elif len(reason) > 2000:
        errors["refuse_reason"] = _("Too long: at most %(count)s characters.", count=2000)
    proposed = None
    try:
        proposed = _named_unit(doing, "refuse_unit", "refuse_search", needed=why in unit_work.NEEDS_PROPOSAL)
    except Wrong as wrong:
        errors |= wrong.errors
    if errors:
        raise Wrong(**errors)
    unit_work.refuse(doing.report, doing.actor, why, reason, proposed)
    return _("Given back to the Front, with your reason.")


def _named_unit(doing: Doing, chosen: str, searched: str, *, needed: bool) -> Unit | None:
    """The unit that was chosen from the list or typed by name. Raises Wrong at the field that it concerns."""
    typed = text.clean(request.form.get(searched))[:80]
    code = request.form.get(chosen, "")
    if typed and not code:
        found = [u for u in units.search(typed, doing.report.province_code) if unit_work.fits(doing.report, u)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Wrong(**{chosen: _("Several units fit “%(typed)s”: choose one in the list.", typed=typed)})
        raise Wrong(**{searched: _("No unit of this name can act here. Check the spelling, or leave it empty.")})
    unit = units.by_code(code) if code else None
    if unit is not None and unit_work.fits(doing.report, unit):
        return unit
    if code or needed:
        raise Wrong(**{chosen: _("Choose the unit that should act instead.")})
    return None


def _delegate(doing: Doing) -> str:
    raw = request.form.get("officer", "")
    if raw and not (raw.isdecimal() and len(raw) < 10):
        raise Wrong(officer=_("Choose an officer of your unit."))
    try:
        unit_work.delegate(doing.report, doing.actor, int(raw) if raw else None)
    except unit_work.Unfit:
        raise Wrong(officer=_("Choose an officer of your unit.")) from None
    return _("Saved: the case is in this officer’s hands.") if raw else _("Saved: nobody has the case in hand.")


def _pass_on(doing: Doing) -> str:
    reason = doing.text("pass_on_reason", _("Write the reason."), limit=2000)
    unit = _named_unit(doing, "pass_on_unit", "pass_on_search", needed=True)
    if unit is None:
        raise Wrong(pass_on_unit=_("Choose the unit that should act instead."))
    try:
        handovers.ask(doing.report, doing.actor, unit, reason)
    except handovers.NotOpen:
        raise lifecycle.NotAllowed("pass on") from None
    return _("The Front has been asked. Until it decides, the case and its clock stay with you.")


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
    "delegate": _delegate,
    "pass_on": _pass_on,
    "more_time": more_time.ask,
    "outcome": _outcome,
}
