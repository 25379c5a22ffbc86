"""Reading the report form: raw fields in, a submission or messages at fields out, nothing lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Request
from flask_wtf.csrf import validate_csrf
from sqlalchemy import select
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms.validators import ValidationError

from webapp.areas import places
from webapp.areas import queries as areas
from webapp.areas.models import Area
from webapp.core import text
from webapp.core.db import db
from webapp.core.instance import instance
from webapp.media.intake import Kept, keep_all
from webapp.media.recording_intake import KeptRecording
from webapp.pages import messages, recordings
from webapp.pages.i18n import language
from webapp.pages.resident import communes
from webapp.pages.salvage import typed_text
from webapp.reports import codes, intake
from webapp.reports.catalogue import taken_codes
from webapp.reports.intake import StoredPhoto, Submission
from webapp.reports.models import Category, CategoryGroup


@dataclass
class ReportForm:
    """One showing of the form: what it is filled with, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    media: list[KeptRecording] = field(default_factory=list)
    choices: list[communes.Choice] = field(default_factory=list)  # communes that the typed name may mean
    submission: Submission | None = None


def blank(values: dict[str, str] | None = None) -> ReportForm:
    """An empty form with a client id of its own, or one with values from the address."""
    return ReportForm(values={"client_id": codes.new_client_id(), **(values or {})})


def read(
    request: Request,
    *,
    channel: str = "web",
    lang: str | None = None,
    given: dict[str, str] | None = None,
    token: bool = True,
) -> ReportForm:
    """Read a posted form. `submission` is set only if nothing at all is wrong.

    `given` are fields that the caller has read in its own way; `lang` is the reporter's language, by default
    that of the page; `token`: whether the form must carry the token of its page.
    """
    try:
        raw = {name: value for name, value in request.form.items() if isinstance(value, str)}
        files, tokens = request.files.getlist("photos"), request.form.getlist("photos_kept")
        removed = set(request.form.getlist("photos_remove"))
    except RequestEntityTooLarge:
        form = ReportForm(values=typed_text(request))
        form.values.setdefault("client_id", codes.new_client_id())
        form.errors["photos"] = messages.say("body_large")
        return form
    raw |= given or {}
    form = ReportForm(values=raw)
    if not codes.is_client_id(raw.get("client_id", "")):
        raw["client_id"] = codes.new_client_id()

    _keep_photos(form, files, [t for t in tokens if t not in removed])
    form.media, refused = recordings.read(request, codes.client_key(raw["client_id"]))
    if refused:
        form.errors["media"] = refused
    commune = _commune(form)
    submission, wrong = intake.read(
        raw | {"commune": commune.code if commune else ""},
        categories=taken_codes(raw.get("category", "")),
        communes={commune.code: commune.parent_code or ""} if commune else {},
        lang=lang or language(),
        channel=channel,
    )
    if "commune" in form.errors:
        wrong.pop("position", None)  # one message about the place is enough
    form.errors |= {name: messages.say(code) for name, code in wrong.items()}
    try:
        if token:
            validate_csrf(raw.get("csrf_token"))
    except ValidationError:
        form.errors["_form"] = messages.say("expired")
    if submission is not None and not form.errors:
        form.submission = replace(submission, photos=stored(form.kept), recordings=recordings.stored(form.media))
    return form


def _keep_photos(form: ReportForm, files: list[Any], tokens: list[str]) -> None:
    settings = instance().settings
    owner = codes.client_key(form.values["client_id"])
    form.kept, refused = keep_all(files, tokens, owner, settings.max_photos)
    if refused:
        form.errors["photos"] = " ".join(
            messages.say_photo(code, name, max_bytes=settings.max_photo_bytes, max_photos=settings.max_photos)
            for name, code in refused
        )


def _commune(form: ReportForm) -> Area | None:
    """The commune that was chosen by code, or typed by name within a province."""
    values = form.values
    if code := values.get("commune", "").strip():
        found = places.current(code)
        if found is None:
            form.errors["commune_name"] = messages.say("commune_unknown")
        return found
    typed, province = text.clean(values.get("commune_name")), values.get("province", "")
    if not typed:
        return None
    offers = communes.offers(typed, province)
    if len(offers) == 1 and province:
        return areas.by_code(offers[0].code)
    form.choices = offers
    if not province:
        form.errors["province"] = messages.say("province_missing")
    else:
        form.errors["commune_name"] = messages.say("commune_several" if offers else "commune_unknown")
    return None


def stored(kept: list[Kept]) -> tuple[StoredPhoto, ...]:
    """Originals that lie in storage, as the report service wants them."""
    return tuple(StoredPhoto(k.name, k.sha256, k.size, k.mime) for k in kept)


def catalogue() -> list[tuple[CategoryGroup, list[Category]]]:
    """What can be reported, by group, in the order of the reference data."""
    groups = db.session.scalars(select(CategoryGroup).order_by(CategoryGroup.position)).all()
    categories = db.session.scalars(
        select(Category).where(Category.reportable, ~Category.retired).order_by(Category.position)
    ).all()
    return [(group, members) for group in groups if (members := [c for c in categories if c.group_code == group.code])]


def view(form: ReportForm) -> dict[str, Any]:
    """What the form's template reads."""
    provinces = [(area.code, area.name) for area in areas.provinces()]
    return {"form": form, "catalogue": catalogue(), "provinces": provinces}
