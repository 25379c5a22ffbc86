"""An inspection on the spot: a form that works without a signal once it was opened, and how the phone hands it in.

The page holds the case's number, its category and the questions, and nothing else of the case: a script keeps it on
the phone, and forgets it when the sheet was handed in or the officer signs out.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from dataclasses import dataclass
from typing import IO, Any

from flask import Response, abort, flash, jsonify, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf, validate_csrf
from sqlalchemy import select
from wtforms.validators import ValidationError

from geo.positions import PositionError, parse_position
from webapp.core import text
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.inspections import checklists, sheets, versions
from webapp.inspections.checklists import Question
from webapp.inspections.sheets import Filled
from webapp.media import intake
from webapp.media.intake import Kept
from webapp.media.photos import PhotoError
from webapp.pages import messages
from webapp.pages.access import identity, require
from webapp.pages.i18n import in_language
from webapp.pages.unit.views import bp, found
from webapp.pages.web import asset, csrf
from webapp.reports import codes
from webapp.reports.intake import StoredPhoto, read_moment
from webapp.reports.models import LegalReference, Report
from webapp.reports.service import actor_of

# What the form needs on the phone when there is no signal.
FILES = (
    "css/app.css",
    "css/desk.css",
    "icons/ui.svg",
    "js/inspection.js",
    "js/sheets.js",
    "js/photos.js",
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@bp.get("/cases/<public_id>/inspection")
def inspection(public_id: str) -> Response:
    """The form. With `?keep=1` as it is kept on the phone: without a token, as for a stranger. `?list=`: with the
    questions with which the inspection was begun."""
    report = found(public_id)
    require("inspection:write", report)
    return _page(report, begun_with=request.args.get("list", ""), keep="keep" in request.args)


@bp.post("/cases/<public_id>/inspection")
@csrf.exempt  # checked below, so that an expired page keeps what was written
def hand_in(public_id: str) -> Response | tuple[Response, int]:
    """Take a sheet in, from the form or from the phone's queue. The same client id is the same sheet."""
    report = found(public_id, lock=True)
    who = require("inspection:write", report)
    asks_json = request.accept_mimetypes.best == "application/json"
    form = request.form
    begun_with = form.get("checklist", "")
    asked, code = _questions(report, begun_with)
    filled, kept, errors = read(asked, form, f"user-{who.user_id}")
    try:
        validate_csrf(form.get("csrf_token") or request.headers.get("X-CSRFToken", ""))
    except ValidationError:
        errors = {"_form": messages.say("expired")}
    client_id = form.get("client_id", "")
    if not codes.is_client_id(client_id):
        errors["_form"] = messages.say("client_id_bad")
    if errors or filled is None:
        if asks_json:
            gone = errors.get("_gone")
            return jsonify(errors=errors), 409 if gone else 422
        return _page(report, 422, begun_with=begun_with, errors=errors, values=dict(form), kept=kept)
    kept_questions = [_plain(q) for q in asked]
    sheet = sheets.hand_in(
        report, actor_of(who), client_id, filled, checklist_code=code.partition(".")[0], questions=kept_questions
    )
    address = f"/unit/sheets/{sheet.public_id}"
    if asks_json:
        return jsonify(sheet=address), 201
    flash(_("The inspection is kept as a draft. Read it once more, then sign it off."), "success")
    return redirect(address, 303)  # type: ignore[return-value]


@bp.get("/inspections/token")
def token() -> Response:
    """For the phone's queue: a token of this session, and whose it is."""
    return jsonify(csrf_token=generate_csrf(), by=mark_of(identity().user_id))


@bp.get("/inspections/photos/<sha256>")
def has_photo(sha256: str) -> Response | tuple[Response, int]:
    """Whether a photo of the queue has arrived already: {"token"}, else 404."""
    kept = intake.kept_before(f"user-{identity().user_id}", sha256) if _SHA256.fullmatch(sha256) else None
    return (jsonify(token=kept.token), 200) if kept is not None else (jsonify({}), 404)


@bp.put("/inspections/photos")
def put_photo() -> Response | tuple[Response, int]:
    """Take one photo of the queue: the body is the file, `Content-Sha256` names it. Answers {"token"}."""
    require("inspection:write")
    sha256 = request.headers.get("Content-Sha256", "")
    data = request.get_data(cache=False)
    if not _SHA256.fullmatch(sha256) or hashlib.sha256(data).hexdigest() != sha256:
        return jsonify(errors={"photos": messages.say("photos_gone")}), 409  # cut on the way: once more
    settings, label = instance().settings, _("Photo")
    try:
        kept = intake.keep_for_later(_Body(label, io.BytesIO(data)), f"user-{identity().user_id}")
    except PhotoError as error:
        said = messages.say_photo(error.code, label, max_bytes=settings.max_photo_bytes, max_photos=sheets.MAX_PHOTOS)
        return jsonify(errors={"photos": said}), 422
    return jsonify(token=kept.token), 201


@dataclass
class _Body:
    """A request's body as an upload."""

    filename: str | None
    stream: IO[bytes]


def mark_of(user_id: int | None) -> str:
    """A mark by which a phone knows that a sheet was written under another account. Tells nothing else."""
    key = instance().settings.code_key.encode()
    return hmac.digest(key, f"officer:{user_id}".encode(), "sha256").hex()[:16]


def read(asked: list[Question], form: Any, owner: str) -> tuple[Filled | None, dict[str, list[Kept]], dict[str, str]]:
    """(what was written down, photos in storage by question, messages by field). `_gone`: photos to send again."""
    answers, wrong = checklists.read(asked, lambda code: text.clean(form.get(f"q_{code}"), multiline=True))
    said = {"number_bad": _("Give a number, such as 2,5."), "text_long": _("Too long: at most 2,000 characters.")}
    errors = {f"q_{code}": said[why] for code, why in wrong.items()}
    findings = text.clean(form.get("findings"), multiline=True)
    if len(findings) > sheets.MAX_FINDINGS:
        errors["findings"] = messages.say("text_long")
    lon = lat = None
    if form.get("lat", "").strip() or form.get("lon", "").strip():
        try:
            lon, lat = parse_position(form.get("lat", ""), form.get("lon", ""))
        except PositionError as error:
            errors["lat"] = messages.say(f"position_{error.code}")
    times: dict[str, str] = {}
    began, ended = (read_moment(form.get(name, ""), times, name) for name in ("began_at", "ended_at"))
    errors |= {name: messages.say(why) for name, why in times.items()}
    kept = {q.code: _photos(q, form, owner, errors) for q in asked if q.kind == checklists.PHOTO}
    storage = instance().storage
    if any(not storage.has(one.name) for files in kept.values() for one in files):
        errors["_gone"] = messages.say("photos_gone")
    if errors:
        return None, kept, errors
    photos = {code: tuple(StoredPhoto(k.name, k.sha256, k.size, k.mime) for k in files) for code, files in kept.items()}
    accuracy = form.get("accuracy", "")
    metres = float(accuracy) if accuracy.isdecimal() and len(accuracy) < 7 else None
    return Filled(answers, findings, lon, lat, metres, began, ended, photos), kept, {}


def _photos(question: Question, form: Any, owner: str, errors: dict[str, str]) -> list[Kept]:
    name = f"p_{question.code}"
    removed = set(form.getlist(f"{name}_remove"))
    tokens = [t for t in form.getlist(f"{name}_kept") if t not in removed]
    kept, refused = intake.keep_all(request.files.getlist(name), tokens, owner, sheets.MAX_PHOTOS)
    if refused:
        settings = instance().settings
        errors[name] = " ".join(
            messages.say_photo(why, label, max_bytes=settings.max_photo_bytes, max_photos=sheets.MAX_PHOTOS)
            for label, why in refused
        )
    return kept


def _questions(report: Report, begun_with: str) -> tuple[list[Question], str]:
    """(what is asked, the version's name)."""
    checklist = sheets.checklist_for(report, begun_with)
    if checklist is None:
        abort(404)
    return checklists.questions(checklist.questions), versions.name_of(checklist)


def _plain(question: Question) -> dict[str, Any]:
    return {
        "code": question.code,
        "kind": question.kind,
        "label": question.label,
        "required": question.required,
        "unit": question.unit,
        "legal": question.legal,
    }


def _page(
    report: Report,
    status: int = 200,
    *,
    begun_with: str = "",
    keep: bool = False,
    errors: dict[str, str] | None = None,
    values: dict[str, Any] | None = None,
    kept: dict[str, list[Kept]] | None = None,
) -> Response:
    asked, name = _questions(report, begun_with)
    nobody = {"current_user": None, "identity": None} if keep else {}
    html = render_template(
        "unit/inspection.html",
        **nobody,
        keep=keep,
        number=report.public_id,
        checklist=name,
        category=in_language(report.category.name),
        asked=[(q, in_language(q.label)) for q in asked],
        errors=errors or {},
        values=values or {},
        kept={code: [_shown(k) for k in files] for code, files in (kept or {}).items()},
        client_id=(values or {}).get("client_id") or codes.new_client_id(),
        by=mark_of(identity().user_id),
        laws=laws(asked),
        files=[asset(path) for path in FILES],
        action=f"/unit/cases/{report.public_id}/inspection",
    )
    return Response(html, status, mimetype="text/html")


def laws(asked: list[Question]) -> dict[str, str]:
    """The legal references that the questions name, in words."""
    codes_named = {q.legal for q in asked if q.legal}
    if not codes_named:
        return {}
    query = select(LegalReference).where(LegalReference.code.in_(codes_named))
    return {law.code: ", ".join(w for w in (law.article, law.title_vi) if w) for law in db.session.scalars(query)}


def _shown(kept: Kept) -> dict[str, str]:
    return {"token": kept.token, "name": kept.label or _("Photo"), "size_label": f"{max(1, kept.size // 1024)} kB"}
