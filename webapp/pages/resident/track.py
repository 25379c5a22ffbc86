"""Following a report by its code: what happened, who holds it, the talk with the Front."""

from __future__ import annotations

from datetime import datetime

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
from webapp.reports import codes, intake, lifecycle, links, privacy, recordings, service, verdicts
from webapp.reports.models import OFFICIAL, Photo, Report
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
    return redirect(f"/r/{address_of(code)}?added=1", 303)


@bp.get("/r/<code>/photos/<public_id>.webp")
def photo(code: str, public_id: str) -> Response:
    """A clean picture from an answer to this report, or from the Front's check of one."""
    report = _report(code)
    found = next((p for p in report.photos if p.public_id == public_id), None)
    if found is None or found.purpose not in OFFICIAL or not found.public_ready:
        abort(404)
    name = found.outside_name(small="s" in request.args)
    return _private(Response(instance().storage.get(name), mimetype="image/webp"))


def _report(code: str) -> Report:
    """The report under a code, or one of its parts: the code, a dot and the part's number."""
    digits, number = _apart(code)
    report = _whole(code)
    if digits is None or number is None:
        return report
    part = next((part for n, part in links.parts_of(report.id) if n == number), None)
    if part is None:
        abort(404)
    return part


def _whole(code: str) -> Report:
    """The report under a code as it was sent, even where the address names one of its parts: who sent it, and what
    they may ask for themselves, belongs to the whole."""
    if limits.reached(limits.WRONG_CODES):
        abort(429)
    digits, _number = _apart(code)
    report = service.by_code(digits) if digits else None
    if report is None:
        if digits:
            limits.count(limits.WRONG_CODES)
        abort(404)
    return report


def _apart(code: str) -> tuple[str | None, int | None]:
    digits = codes.read_code(code)
    if digits is not None:
        return digits, None
    first, dot, last = code.rpartition(".")
    if dot and last.isascii() and last.isdecimal() and len(last) <= 2:
        return codes.read_code(first), int(last)
    return None, None


def address_of(code: str) -> str:
    """The code as it stands in addresses of this page and its forms, with the part's number where there is one."""
    digits, number = _apart(code)
    return f"{digits}.{number}" if number is not None else digits or ""


def whole_code(code: str) -> str:
    """The code alone, for what belongs to the whole report."""
    return _apart(code)[0] or ""


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
    digits, number = _apart(code)
    # What has ended keeps the names of its day.
    on = clock.local(report.closed_at).date() if report.closed_at else None
    commune = areas.by_code(report.area_code, "commune", on) if report.area_code else None
    province = areas.by_code(report.province_code, "province", on) if report.province_code else None
    wanted = {c for c in (report.unit_code, report.supervisor_code) if c}
    wanted |= {a.unit_code for a in report.answers}
    checks = verdicts.of(report)
    wanted |= {v.front_code for v in checks if v.front_code}
    return render_template(
        "resident/case.html",
        report=report,
        code=address_of(code),
        whole=digits if number is not None else None,
        parts=links.parts_of(report.id) if number is None else [],
        commune=commune,
        province=province,
        units=units.by_codes(wanted, on),
        overdue=privacy.is_overdue(report, now),
        late=labels.overdue_words(report.due_at, now) if report.due_at else "",
        steps=_steps(report),
        checks=[(v, [p for p in v.photos if p.public_ready]) for v in checks],
        clock_runs=report.status in lifecycle.CLOCK_RUNS,
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
        elif entry.kind == "extension:granted":
            until = labels.day(datetime.fromisoformat(entry.data["due"]))
            shown.append({"at": entry.at, "status": "extended", "until": until, "reason": entry.data["reason"]})
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
