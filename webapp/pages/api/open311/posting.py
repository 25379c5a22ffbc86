"""Sending a report: the same reader and the same service as the resident's form, under other names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import Response
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from webapp.areas import queries as areas
from webapp.core import text
from webapp.core.instance import instance
from webapp.media.intake import keep_all
from webapp.pages import messages
from webapp.pages.api.open311 import body, keys, repeats
from webapp.pages.api.open311.attributes import BYPASS, OBSERVED_AT, given_attributes
from webapp.pages.api.open311.door import ENDING, address, check_jurisdiction, route
from webapp.pages.api.open311.formats import Problem, answer
from webapp.pages.api.open311.records import CHANNEL, MAX_TEXT
from webapp.pages.api.open311.services import unknown_service
from webapp.pages.i18n import in_language, language
from webapp.pages.resident.form import stored
from webapp.reports import codes, intake, service
from webapp.reports.catalogue import reportable_codes
from webapp.reports.intake import Submission
from webapp.reports.models import Category
from webapp.reports.service import Submitted

MAX_MEDIA_URL = 500  # characters
MAX_MEDIA_URLS = 10
MEDIA_URL = ("media_url", "media_url[]")

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
# Fields of which a report has one.
SINGLE = (  # noqa: SIM905
    "service_code lat long address_string address_id email phone first_name last_name title description device_id"
    " account_id client_id"
).split()


@route("/requests" + ENDING, "POST")
def create(fmt: str) -> Response:
    """Take a report and give its id; `service_notice` holds the tracking code for the person who reports.

    Sent twice (`repeats` says what that means) it is one report, and both answers are the same.
    """
    caller = keys.sender()
    check_jurisdiction(body.fields())
    submission = _read(caller.key)
    submitted = service.submit(_with_media(submission, body.files()))
    if submitted.created:
        keys.count_report(caller)
    created = {
        "service_request_id": submitted.report.public_id,
        "service_notice": _notice(submitted),
        "account_id": None,
    }
    return answer(fmt, "service_requests", [created])


def _read(key: str) -> Submission:
    """The report in the form. Raises Problem with everything that is wrong with it."""
    form = body.fields()
    wrong = body.repeated(form, SINGLE)
    commune = _commune(form.get("address_id", ""), wrong)
    attributes = given_attributes(form, wrong)
    if any(form.get(name, "").strip() for name in ("media", "media[]")):
        wrong.append(_("media: send pictures as files (multipart/form-data)."))
    raw = {
        "client_id": repeats.client_id(key, wrong),
        "category": form.get("service_code", "").strip(),
        "description": _description(wrong),
        "lat": form.get("lat", ""),
        "lon": form.get("long", ""),
        "place_text": form.get("address_string", ""),
        "commune": commune[0] if commune else "",
        "observed_at": attributes.get(OBSERVED_AT, ""),
        "bypass_commune": attributes.get(BYPASS, ""),
        "contact_name": _name(form.get("last_name", ""), form.get("first_name", "")),
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


def _name(*parts: str) -> str:
    """A name in Vietnam's order, the family's first. Some programs write a dash where they know no name."""
    return " ".join(part.strip() for part in parts if part.strip(" -"))


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
    """The words, and below them the addresses in `media_url`: kept for the officer to read, never fetched by us
    (a server that fetches what strangers name can be sent anywhere)."""
    form = body.fields()
    parts = [text.clean(form.get("title")), text.clean(form.get("description"), multiline=True)]
    words = "\n\n".join(part for part in parts if part)
    if len(words) > MAX_TEXT:
        wrong.append(_("description: at most %(count)s characters.", count=MAX_TEXT))
        return ""
    return "\n\n".join(part for part in (words, "\n".join(_media_urls(wrong))) if part)


def _media_urls(wrong: list[str]) -> Iterable[str]:
    """A line for each address; the field may be repeated, as some programs do for several pictures."""
    urls = [url for given in _given_urls() if (url := text.clean(given))]
    if len(urls) > MAX_MEDIA_URLS:
        wrong.append(_("media_url: at most %(count)s addresses.", count=MAX_MEDIA_URLS))
    elif any(len(url) > MAX_MEDIA_URL or not _URL.fullmatch(url) for url in urls):
        wrong.append(_("media_url: an http or https address of at most %(count)s characters.", count=MAX_MEDIA_URL))
    else:
        return (f"media_url: {url}" for url in dict.fromkeys(urls))
    return ()


def _given_urls() -> list[str]:
    return [url for name in MEDIA_URL for url in body.fields().getlist(name)]


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
    if any(url.strip() for url in _given_urls()):
        sentences.append(_("The address in media_url was noted. Pictures are taken only as files, in media."))
    return " ".join(sentences)
