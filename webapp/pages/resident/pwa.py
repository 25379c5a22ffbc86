"""The form as an app on the phone: what its service worker keeps, and how its queue hands photos over.

None of these addresses knows who asks: no cookie but the chosen language is looked at, so a page of another site
that calls them can do nothing in anybody's name, and they need no token. What a queue sends belongs to the
random client id that the phone made, which nobody else knows.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import dataclass
from typing import IO

import orjson
from flask import Blueprint, jsonify, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.core.instance import instance
from webapp.media import intake
from webapp.media.photos import PhotoError
from webapp.pages import limits, messages
from webapp.pages.i18n import LANGUAGES, language
from webapp.pages.resident import form as report_form
from webapp.pages.resident import near
from webapp.pages.resident.form import ReportForm
from webapp.pages.web import asset, csp_nonce, csrf
from webapp.reports import codes

bp = Blueprint("pwa", __name__)
bp.add_url_rule("/report/near.json", "near", near.answer)

# What the form needs on the phone when there is no signal. Maps are not in it: they need the network anyway.
FILES = (
    "css/app.css",
    "icons/ui.svg",
    "icons/categories.svg",
    "js/report.js",
    "js/outbox.js",
    "js/photos.js",
    "js/queue.js",
    "img/favicon.svg",
    "img/icon-192.png",
)
PAGES = ("/report/offline", "/report/queue")
_SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_ASKED = 100_000  # bytes of a question about photos


@bp.get("/sw.js")
def worker() -> Response:
    """The service worker. Its text changes with every file it keeps, so browsers notice a new version."""
    files = [asset(path) for path in FILES]
    # What the pages are made of, besides the files: so that a change in them, too, makes a new version.
    with force_locale("vi"):
        pages = [_shell(page).replace(csp_nonce(), "") for page in PAGES]
    version = hashlib.sha256("".join(files + pages).encode()).hexdigest()[:12]
    script = render_template(
        "resident/sw.js",
        outbox=json.dumps(asset("js/outbox.js")),
        version=json.dumps(version),
        files=json.dumps(files),
        pages=json.dumps(PAGES),
        languages=json.dumps(LANGUAGES),
    )
    response = Response(script, mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """What the phone's home screen shows. The name and the picture say nothing of reports."""
    said = {
        "name": "Dân Giám Sát",
        "short_name": "Giám Sát",
        "description": _("Report an environmental violation, see who is responsible, and follow the answer."),
        "lang": language(),
        "id": "/report",
        "start_url": "/report",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbfaf5",
        "theme_color": "#0b4643",
        "icons": [
            {"src": asset(f"img/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
            for size in (192, 512)
        ],
    }
    response = Response(json.dumps(said, ensure_ascii=False), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/report/offline")
def offline() -> Response:
    """The form without a token and without anybody's data, fit to be kept on the phone."""
    return _page("/report/offline")


@bp.get("/report/queue")
def queue() -> Response:
    """The frame for what waits on this phone; the phone itself fills it in."""
    return _page("/report/queue")


def _page(path: str) -> Response:
    wished = request.args.get("lang", "")
    with force_locale(wished if wished in LANGUAGES else language()):
        return Response(_shell(path), mimetype="text/html")


def _shell(path: str) -> str:
    """A page as for a stranger, whoever is signed in."""
    nobody = {"current_user": None, "identity": None}
    if path == "/report/queue":
        return render_template("resident/queue.html", **nobody)
    return render_template("resident/report.html", offline=True, **nobody, **report_form.view(ReportForm()))


@bp.post("/report/photos/have")
@csrf.exempt  # see the top of this file
def have() -> Response | tuple[Response, int]:
    """Which photos of a queued report have arrived: {"tokens": {sha256: token}}. So none is sent twice."""
    request.max_content_length = MOST_ASKED
    try:
        asked = orjson.loads(request.get_data())  # Flask's own reader breaks at objects in objects in objects
    except orjson.JSONDecodeError:
        asked = None
    client_id = asked.get("client_id") if isinstance(asked, dict) else None
    hashes = asked.get("sha256") if isinstance(asked, dict) else None
    if not isinstance(client_id, str) or not codes.is_client_id(client_id) or not isinstance(hashes, list):
        return jsonify(errors={"client_id": messages.say("client_id_bad")}), 422
    owner = codes.client_key(client_id)
    wanted = [h for h in hashes[: instance().settings.max_photos] if isinstance(h, str) and _SHA256.fullmatch(h)]
    return jsonify(tokens={h: kept.token for h in wanted if (kept := intake.kept_before(owner, h)) is not None})


@bp.put("/report/photos")
@csrf.exempt  # see the top of this file
def photo() -> Response | tuple[Response, int]:
    """Take one photo of a queued report: the body is the file; `Client-Id` and `Content-Sha256` name it.

    Answers {"token"}. The same photo again gives the same token and is not stored again.
    """
    client_id, sha256 = request.headers.get("Client-Id", ""), request.headers.get("Content-Sha256", "")
    if not codes.is_client_id(client_id) or not _SHA256.fullmatch(sha256):
        return jsonify(errors={"client_id": messages.say("client_id_bad")}), 422
    owner = codes.client_key(client_id)
    kept = intake.kept_before(owner, sha256)
    if kept is not None:
        return jsonify(token=kept.token)
    if not limits.count(limits.PHOTOS):
        return jsonify(errors={"photos": messages.say("too_many_reports")}), 429  # the queue tries again later
    data = request.get_data(cache=False)
    if hashlib.sha256(data).hexdigest() != sha256:
        return jsonify(errors={"photos": messages.say("photos_gone")}), 409  # cut on the way: once more
    label = re.sub(r"\W+", " ", request.headers.get("X-Label", ""))[:20].strip() or _("Photo")
    settings = instance().settings
    try:
        kept = intake.keep_for_later(_Body(label, io.BytesIO(data)), owner)
    except PhotoError as error:
        said = messages.say_photo(error.code, label, max_bytes=settings.max_photo_bytes, max_photos=settings.max_photos)
        return jsonify(errors={"photos": said}), 422
    return jsonify(token=kept.token), 201


@dataclass
class _Body:
    """A request's body as an upload."""

    filename: str | None
    stream: IO[bytes]
