"""Sending a report: the same reader and the same service as the resident's form, under other names."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import replace
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from webapp.areas import queries as areas
from webapp.core import text
from webapp.core.instance import instance
from webapp.media.intake import keep_all
from webapp.pages import messages
from webapp.pages.api.open311.door import ENDING, address, check_jurisdiction, route
from webapp.pages.api.open311.formats import Problem, answer
from webapp.pages.api.open311.records import CHANNEL, MAX_TEXT
from webapp.pages.api.open311.services import OBSERVED_AT, unknown_service
from webapp.pages.i18n import in_language, language
from webapp.pages.resident.form import stored
from webapp.reports import codes, intake, service
from webapp.reports.catalogue import reportable_codes
from webapp.reports.intake import Submission
from webapp.reports.models import Category
from webapp.reports.service import Submitted

TEXT_FORM, FILE_FORM = "application/x-www-form-urlencoded", "multipart/form-data"
MAX_TEXT_FORM = 1024 * 1024  # bytes; a form with files has the instance's own limit
MAX_CLIENT_ID = 200
MAX_MEDIA_URL = 500

_ATTRIBUTE = re.compile(r"attribute\[([^\]]{0,80})\](\[\])?")
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)

# What a field of the reader is called in the specification.
NAMES = {
    "category": "service_code",
    "position": "lat, long",
    "place_text": "address_string",
    "commune": "address_id",
    "observed_at": f"attribute[{OBSERVED_AT}]",
    "contact_name": "first_name, last_name",
    "contact_phone": "phone",
    "contact_email": "email",
}


@route("/requests" + ENDING, "POST")
def create(fmt: str) -> Response:
    """Take a report and give its id; `service_notice` holds the tracking code for the person who reports.

    Sent twice under one `client_id` it is one report, and both answers are the same.
    """
    if request.mimetype == TEXT_FORM:
        request.max_content_length = MAX_TEXT_FORM
    elif request.mimetype != FILE_FORM and request.content_length:
        raise Problem(415, _("Send the fields as a form, not as %(kind)s.", kind=request.mimetype[:60] or "?"))
    key = _key()
    check_jurisdiction(request.form.get("jurisdiction_id"))
    submission = _read(key)
    uploads = [f for name in ("media", "media[]") for f in request.files.getlist(name)]
    submitted = service.submit(_with_media(submission, uploads))
    created = {
        "service_request_id": submitted.report.public_id,
        "service_notice": _notice(submitted),
        "account_id": None,
    }
    return answer(fmt, "service_requests", [created])


def _key() -> str:
    """The API key. Raises Problem 403 if it is none of ours."""
    given = (request.form.get("api_key") or request.args.get("api_key") or "").encode()
    known = [key for key in instance().settings.open311_keys if hmac.compare_digest(key.encode(), given)]
    if not known:
        raise Problem(403, _("api_key: wrong.") if given else _("api_key: missing."))
    return known[0]


def _read(key: str) -> Submission:
    """The report in the form. Raises Problem with everything that is wrong with it."""
    form = request.form
    wrong: list[str] = []
    commune = _commune(form.get("address_id", ""), wrong)
    first_last = (form.get("last_name", ""), form.get("first_name", ""))  # Vietnamese: family name first
    raw = {
        "client_id": _client_id(key, wrong),
        "category": form.get("service_code", "").strip(),
        "description": _description(wrong),
        "lat": form.get("lat", ""),
        "lon": form.get("long", ""),
        "place_text": form.get("address_string", ""),
        "commune": commune[0] if commune else "",
        "observed_at": _attributes(wrong).get(OBSERVED_AT, ""),
        "contact_name": " ".join(part for part in first_last if part.strip()),
        "contact_phone": form.get("phone", ""),
        "contact_email": form.get("email", ""),
    }
    submission, errors = intake.read(
        raw,
        categories=reportable_codes(raw["category"]),
        communes=dict([commune]) if commune else {},
        lang=language(),
        channel=CHANNEL,
    )
    if form.get("address_id", "").strip() and commune is None:
        errors.pop("position", None)  # one message about the place is enough
    if set(errors) == {"category"} and raw["category"] and not wrong:
        raise Problem(404, unknown_service(raw["category"]))
    if errors.get("category") == "category_unknown":
        del errors["category"]
        wrong.append(unknown_service(raw["category"]))
    wrong += [f"{NAMES.get(name, name)}: {messages.say(code)}" for name, code in errors.items()]
    if submission is None or wrong:
        raise Problem(400, *wrong)
    return submission


def _client_id(key: str, wrong: list[str]) -> str:
    """The id under which the same report is recognised.

    A program may name its own, such as its ticket number; mixed with its key, so that it can neither meet
    another program's nor be guessed by somebody without the key. Without one each sending is a new report.
    """
    given = text.clean(request.form.get("client_id"))
    if not given:
        return codes.new_client_id()
    if len(given) > MAX_CLIENT_ID:
        wrong.append(_("client_id: at most %(count)s characters.", count=MAX_CLIENT_ID))
        return codes.new_client_id()
    digest = hmac.digest(key.encode(), b"open311:" + given.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _commune(code: str, wrong: list[str]) -> tuple[str, str] | None:
    """(commune, province): `address_id` is the commune's code of the General Statistics Office."""
    code = code.strip()
    if not code:
        return None
    found = areas.by_code(code) if re.fullmatch(r"[0-9]{1,8}", code) else None
    if found is None:
        wrong.append(_("address_id: no commune has the code %(code)s.", code=code[:20]))
        return None
    return found.code, found.parent_code or ""


def _description(wrong: list[str]) -> str:
    """The words, and below them the address in `media_url`: kept for the officer to read, never fetched by us
    (a server that fetches what strangers name can be sent anywhere)."""
    words = text.clean(request.form.get("description"), multiline=True)
    if len(words) > MAX_TEXT:
        wrong.append(_("description: at most %(count)s characters.", count=MAX_TEXT))
        return ""
    url = text.clean(request.form.get("media_url"))
    if not url:
        return words
    if len(url) > MAX_MEDIA_URL or not _URL.fullmatch(url):
        wrong.append(_("media_url: an http or https address of at most %(count)s characters.", count=MAX_MEDIA_URL))
        return words
    return f"{words}\n\nmedia_url: {url}".strip()


def _attributes(wrong: list[str]) -> dict[str, str]:
    """{code: value} of `attribute[code]`; a code that the service does not define is told, not swallowed."""
    given = {
        match[1]: value.strip()
        for name, value in request.form.items()
        if (match := _ATTRIBUTE.fullmatch(name)) and value.strip()
    }
    defined = {OBSERVED_AT, "warning", "evidence"}
    wrong += [
        _("attribute[%(code)s] is not in the definition of the service.", code=code[:40])
        for code in list(given)[:20]
        if code not in defined
    ]
    return given


def _with_media(submission: Submission, uploads: list[FileStorage]) -> Submission:
    """The report with its pictures, which are verified and sealed. Raises Problem for one that is refused."""
    settings = instance().settings
    owner = codes.client_key(submission.client_id)
    files: list[Any] = list(uploads)
    kept, refused = keep_all(files, [], owner, settings.max_photos)
    if refused:
        limits = {"max_bytes": settings.max_photo_bytes, "max_photos": settings.max_photos}
        raise Problem(400, *(f"media: {messages.say_photo(why, name[:80], **limits)}" for name, why in refused))
    return replace(submission, photos=stored(kept))


def _notice(submitted: Submitted) -> str:
    """What the person should be told: how to follow the report, and to keep away from danger."""
    category: Category = submitted.report.category
    sentences = [
        _(
            "Tracking code: %(code)s. Whoever has it can follow the report and add to it at %(url)s.",
            code=codes.spaced(submitted.code),
            url=address("/track"),
        )
    ]
    if warning := in_language(category.warning):
        sentences.append(str(warning))
    if request.form.get("media_url", "").strip():
        sentences.append(_("The address in media_url was noted. Pictures are taken only as files, in media."))
    return " ".join(sentences)
