"""What the sender does under the code for their own safety: contact, taking back, requests about their data."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, request
from flask_wtf.csrf import validate_csrf
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from webapp.core import clock, events, text
from webapp.pages import labels, messages
from webapp.pages.resident.track import _page, _private, _whole, bp, whole_code
from webapp.pages.web import csrf
from webapp.reports import data_requests, desk_queries, intake, lifecycle, service
from webapp.reports.models import Report
from webapp.routing import service as routing
from webapp.routing import terms

MAX_TEXT = 2000


@bp.post("/r/<code>/contact")
@csrf.exempt  # checked below, so that an expired page keeps what was typed
def contact(code: str) -> Response:
    """Leave, replace or remove the sealed contact."""
    report = _whole(code)
    raw = _typed((*intake.CONTACT, "contact_consent"))
    errors = _token()
    if request.form.get("contact_remove"):
        if errors:
            return _again(report, code, raw, errors)
        if data_requests.forget_contact(report):
            events.append(service.stream(report), "contact:removed", events.REPORTER)
            service.touch(report)
        return redirect(f"/r/{whole_code(code)}?contact=removed", 303)
    wrong: dict[str, str] = {}
    given = intake.read_contact(raw, wrong, ask_consent=True)
    if not given:
        wrong["contact_phone"] = "contact_missing"
    errors |= {name: messages.say(why) for name, why in wrong.items()}
    if errors:
        return _again(report, code, raw, errors)
    replaced = data_requests.forget_contact(report)
    service.keep_contact(report, given, intake.CONSENT)
    events.append(service.stream(report), "contact:left", events.REPORTER, replaced=replaced)
    service.touch(report)
    return redirect(f"/r/{whole_code(code)}?contact=kept", 303)


@bp.post("/r/<code>/withdraw")
def withdraw(code: str) -> Response:
    """Take the report back, as long as it is with the Front."""
    report = _whole(code)
    if report.status == lifecycle.NEW:
        routing.route(report)  # its job may run later and finds it done
    if not data_requests.can_withdraw(report):
        return _again(report, code, {}, {"data_kind": messages.say("withdraw_late")}, 409)
    service.move(report, lifecycle.WITHDRAWN, events.REPORTER)
    return redirect(f"/r/{whole_code(code)}?withdrawn=1", 303)


@bp.post("/r/<code>/data")
@csrf.exempt  # checked below, so that an expired page keeps what was typed
def data(code: str) -> Response:
    """Ask for access to, correction, restriction or deletion of one's own data."""
    report = _whole(code)
    raw = _typed(("data_kind", "data_text"))
    errors = _token()
    kind = raw["data_kind"]
    words = text.clean(raw["data_text"], multiline=True)
    if kind not in data_requests.KINDS:
        errors["data_kind"] = messages.say("data_kind_missing")
    if len(words) > MAX_TEXT:
        errors["data_text"] = messages.say("data_text_long")
    elif kind == data_requests.CORRECT and not words:
        errors["data_text"] = messages.say("data_text_missing")
    if errors:
        return _again(report, code, raw, errors)
    try:
        data_requests.ask(
            report, kind, words, acknowledge_by=_day(data_requests.ACKNOWLEDGE), due_on=_day(data_requests.STEP[kind])
        )
    except data_requests.TooMany:
        return _again(report, code, raw, {"data_kind": messages.say("data_too_many")}, 409)
    return redirect(f"/r/{whole_code(code)}?asked=1", 303)


@bp.app_template_global("safety_of")
def safety_of(report: Report) -> dict[str, Any]:
    """What the page under the code shows about the sender's safety and data."""
    return {
        "opened": [e for e in events.history(service.stream(report)) if e.kind == "contact:opened"],
        "has_contact": desk_queries.has_contact(report),
        "can_withdraw": data_requests.can_withdraw(report),
        "requests": data_requests.of_report(report),
        "kinds": labels.DATA_REQUEST,
    }


def _typed(names: tuple[str, ...]) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in names}


def _token() -> dict[str, str]:
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return {"_form": messages.say("expired")}
    return {}


def _again(report: Report, code: str, raw: dict[str, str], errors: dict[str, str], status: int = 422) -> Response:
    return _private(_page(report, whole_code(code), values=raw, errors=errors), status)


def _day(step: str) -> date:
    """The last day of a term that begins now; today where no rule says how long it may take."""
    due = terms.due_at(step, "*", clock.now())
    return clock.local(due).date() if due else clock.today()
