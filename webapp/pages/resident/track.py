"""Following a report by its code: what happened, who holds it, the talk with the Front."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from webapp.areas import queries as areas
from webapp.core import clock, events, text
from webapp.core.instance import instance
from webapp.inspections import queries as inspections
from webapp.media.intake import Kept, keep_all
from webapp.media.recording_intake import KeptRecording
from webapp.pages import labels, limits, messages
from webapp.pages import recordings as recording_pages
from webapp.pages.resident.form import stored
from webapp.pages.salvage import typed_text
from webapp.pages.web import csrf
from webapp.reports import codes, intake, lifecycle, privacy, recordings, service
from webapp.reports.models import Photo, Report
from webapp.units import queries as units

bp = Blueprint("track", __name__)


@bp.get("/track")
def ask() -> str:
    """Ask for the code."""
    return render_template("resident/track.html", code="", errors={})


@bp.post("/track")
@csrf.exempt  # changes nothing, and a token would make the home page, where this form stands too, set a cookie
def find() -> Response | tuple[str, int]:
    """Go to the page of a code as a person types it."""
    typed = text.clean(request.form.get("code"))[:60]
    if limits.reached(limits.WRONG_CODES):
        errors = {"code": messages.say("too_many_codes")}
        return render_template("resident/track.html", code=typed, errors=errors), 429
    code = codes.read_code(typed)
    error = "code_bad" if code is None else None if service.by_code(code) else "code_unknown"
    if error:
        if code is not None:
            limits.count(limits.WRONG_CODES)
        errors = {"code": messages.say(error)}
        return render_template("resident/track.html", code=typed, errors=errors), 422
    return redirect(f"/r/{code}", 303)


@bp.get("/r/<code>")
def show(code: str) -> Response:
    """The page under a code. Never kept by anybody between, never indexed."""
    return _private(_page(_report(code), code))


@bp.post("/r/<code>")
@csrf.exempt  # checked below, so that an expired page keeps what was typed
def add(code: str) -> Response:
    """The reporter adds words or pictures."""
    report = _report(code)
    values, kept, media, errors = _read_more(report)
    if errors:
        return _private(_page(report, code, values=values, kept=kept, media=media, errors=errors), 422)
    service.supplement(report, values["more"], stored(kept), recording_pages.stored(media))
    return redirect(f"/r/{codes.read_code(code)}?added=1", 303)


@bp.get("/r/<code>/photos/<public_id>.webp")
def photo(code: str, public_id: str) -> Response:
    """A clean picture from an answer to this report."""
    report = _report(code)
    found = next((p for p in report.photos if p.public_id == public_id), None)
    if found is None or found.purpose != "answer" or not found.public_ready:
        abort(404)
    name = found.outside_name(small="s" in request.args)
    return _private(Response(instance().storage.get(name), mimetype="image/webp"))


def _report(code: str) -> Report:
    if limits.reached(limits.WRONG_CODES):
        abort(429)
    digits = codes.read_code(code)
    report = service.by_code(digits) if digits else None
    if report is None:
        if digits:
            limits.count(limits.WRONG_CODES)
        abort(404)
    return report


def _read_more(
    report: Report,
) -> tuple[dict[str, str], list[Kept], list[KeptRecording], dict[str, str]]:
    errors: dict[str, str] = {}
    try:
        words = text.clean(request.form.get("more"), multiline=True)
        removed = set(request.form.getlist("photos_remove"))
        tokens = [t for t in request.form.getlist("photos_kept") if t not in removed]
        files = request.files.getlist("photos")
    except RequestEntityTooLarge:
        return {"more": typed_text(request).get("more", "")}, [], [], {"photos": messages.say("body_large")}
    settings = instance().settings
    kept, refused = keep_all(files, tokens, report.client_key, settings.max_photos)
    if refused:
        errors["photos"] = " ".join(
            messages.say_photo(why, name, max_bytes=settings.max_photo_bytes, max_photos=settings.max_photos)
            for name, why in refused
        )
    media, refused_media = recording_pages.read(request, report.client_key)
    if refused_media:
        errors["media"] = refused_media
    if len(words) > intake.MAX_DESCRIPTION:
        errors["more"] = messages.say("text_long")
    elif not (words or kept or media or errors):
        errors["more"] = messages.say("nothing_added")
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        errors["_form"] = messages.say("expired")
    return {"more": words}, kept, media, errors


def _page(report: Report, code: str, **form: object) -> str:
    now = clock.now()
    commune = areas.by_code(report.area_code, "commune") if report.area_code else None
    province = areas.by_code(report.province_code, "province") if report.province_code else None
    wanted = {c for c in (report.unit_code, report.supervisor_code) if c}
    wanted |= {a.unit_code for a in report.answers}
    return render_template(
        "resident/case.html",
        report=report,
        code=codes.read_code(code),
        commune=commune,
        province=province,
        units=units.by_codes(wanted),
        overdue=privacy.is_overdue(report, now),
        late=labels.overdue_words(report.due_at, now) if report.due_at else "",
        steps=_steps(report),
        answer_photos=_answer_photos(report),
        outcomes=inspections.of_report(report.id, now),
        open=report.status in lifecycle.OPEN,
        public=privacy.is_public(report, now),
        values=form.get("values") or {},
        kept=form.get("kept") or [],
        media=form.get("media") or [],
        recordings=recordings.of(report),
        errors=form.get("errors") or {},
    )


def _steps(report: Report) -> list[dict[str, object]]:
    """The record as the reporter may read it: each step with its reason, newest first."""
    shown = []
    for entry in events.history(service.stream(report)):
        if entry.kind == "report:submitted":
            shown.append({"at": entry.at, "status": lifecycle.NEW, "reason": ""})
        elif entry.kind == "report:moved":
            to = entry.data["to"]
            # Between offices: why a unit gave the case back is for the Front to sort out first.
            refused = entry.data["from"] == lifecycle.ASSIGNED and to == lifecycle.SCREENING
            between = refused or "handed_over_by" in entry.data  # a word from office to office
            reason = "" if between else entry.data.get("reason", "")
            shown.append({"at": entry.at, "status": to, "reason": reason, "unit": entry.data.get("unit")})
        elif entry.kind == "report:supplemented":
            shown.append({"at": entry.at, "status": "supplemented", "reason": ""})
    return shown[::-1]


def _answer_photos(report: Report) -> dict[int, list[Photo]]:
    found: dict[int, list[Photo]] = {}
    for picture in report.photos:
        if picture.answer_id is not None and picture.public_ready:
            found.setdefault(picture.answer_id, []).append(picture)
    return found


def _private(body: str | Response, status: int | None = None) -> Response:
    response = body if isinstance(body, Response) else Response(body, mimetype="text/html")
    if status is not None:
        response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


from webapp.pages.resident import safety  # noqa: E402, F401 - its routes belong to this blueprint
