"""The report form. It works with nothing but HTML; modules in static/js make it better."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from webapp.areas import queries as areas
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.pages import limits, messages
from webapp.pages.resident import form as report_form
from webapp.pages.resident.form import ReportForm
from webapp.pages.web import csrf
from webapp.reports import service
from webapp.reports.intake import Submission

bp = Blueprint("report", __name__)


@bp.get("/report")
def show() -> str:
    """An empty form; ?category= and ?lat=&lon= fill it in (links from the map, QR codes at a place)."""
    given = {name: request.args[name] for name in ("category", "lat", "lon", "province") if name in request.args}
    return _page(report_form.blank(given))


@bp.post("/report")
@csrf.exempt  # checked in the form itself, so that an expired page keeps what was typed
def send() -> Response | tuple[Response | str, int]:
    """Take a report and answer with its page under the code; the same form sent twice is one report."""
    if _from_a_queue():
        return _answer_queue()
    form = report_form.read(request)
    if form.submission is None:
        return _page(form), 413 if _too_large() else 422
    submitted = _submit(form, form.submission)
    if submitted is None:
        return _page(form), 429
    return redirect(f"/r/{submitted.code}?sent=1", 303)


def _from_a_queue() -> bool:
    """Whether the phone's own queue sends, which waits for JSON."""
    return request.headers.get("Accept", "").strip() == "application/json"


def _answer_queue() -> Response | tuple[Response, int]:
    """Take a report out of a phone's queue: {"code"}, or 422 {"errors": {field: message}}.

    Without the page's token, which a report that waited for a week cannot have. It guards nothing here: no cookie
    is looked at, the sender is whoever knows the random client id, and anybody may send a report anyhow.
    """
    form = report_form.read(request, token=False)
    if form.submission is None:
        choices = [[area.code, area.name] for area in form.choices]
        return jsonify(errors=form.errors, choices=choices), 413 if _too_large() else 422
    gone = [k.sha256 for k in form.kept if not instance().storage.has(k.name)]
    if gone:  # the report waited longer than originals without a report are kept
        return jsonify(errors={"photos": messages.say("photos_gone")}, gone=gone), 409
    submitted = _submit(form, form.submission)
    if submitted is None:
        return jsonify(errors=form.errors), 429
    response = jsonify(code=submitted.code)
    response.headers["Cache-Control"] = "no-store"
    return response, 201 if submitted.created else 200


def _submit(form: ReportForm, submission: Submission) -> service.Submitted | None:
    """Store the report. None, and nothing stored, if this network has sent as many as it may; what was sent
    before is always answered again."""
    submitted = service.submit(submission)
    if not submitted.created or limits.count(limits.REPORTS):
        return submitted
    db.session.rollback()
    form.errors["_form"] = messages.say("too_many_reports")
    return None


@bp.get("/report/communes/<province>.json")
def communes(province: str) -> Response:
    """Codes and names of a province's communes, for the list beside the field."""
    found = areas.communes_of(province)
    response = jsonify([[area.code, area.name] for area in found])
    response.cache_control.public = True
    response.cache_control.max_age = 86_400
    response.status_code = 200 if found else 404
    return response


def _too_large() -> bool:
    return (request.content_length or 0) > instance().settings.max_body_bytes


def _page(form: ReportForm) -> str:
    return render_template("resident/report.html", **report_form.view(form))


from webapp.pages.resident import paper  # noqa: E402, F401 - its route belongs to this blueprint
