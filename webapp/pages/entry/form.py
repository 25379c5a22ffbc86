"""Reading an entered report: the public form's reader, and what only an officer fills in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.accounts.permissions import Identity
from webapp.areas import queries as areas
from webapp.core import clock, text
from webapp.pages import messages
from webapp.pages.i18n import LANGUAGES, in_language
from webapp.pages.resident import form as report_form
from webapp.pages.resident.form import ReportForm
from webapp.reports import intake
from webapp.reports.models import Category


@dataclass
class Entry:
    """The report's form, and the kinds that a half-typed one may mean."""

    form: ReportForm
    kinds: list[Category] = field(default_factory=list)


def blank(identity: Identity, given: dict[str, str]) -> Entry:
    """An empty form for the officer's own area; `given` comes from the entry before it in a series."""
    values = {"province": identity.province_code or "", "lang": "vi"}
    own = areas.by_code(identity.area_code) if identity.area_code else None
    if own is not None:
        values["commune_name"] = own.name
    values["received_at"] = f"{clock.local(clock.now()):%Y-%m-%dT%H:%M}"
    return Entry(report_form.blank(values | given))


def read(request: Request, identity: Identity) -> Entry:
    """Read a posted form; `form.submission` is set only if nothing at all is wrong."""
    try:
        typed, chosen = request.form.get("kind", ""), request.form.get("category", "")
        lang = request.form.get("lang", "")
    except RequestEntityTooLarge:
        return Entry(report_form.read(request, channel="staff"))
    kinds = matching(typed)
    code = kinds[0].code if len(kinds) == 1 else chosen if chosen in {kind.code for kind in kinds} else ""
    lang = lang if lang in LANGUAGES else "vi"
    form = report_form.read(request, channel="staff", lang=lang, given={"category": code, "lang": lang})
    errors: dict[str, str] = {}
    if not code and typed.strip():
        errors["kind"] = messages.say("category_unclear" if kinds else "category_unknown")
    elif not code:
        errors["kind"] = messages.say("category_missing")
    form.errors.pop("category", None)
    source = form.values.get("source", "")
    if source not in intake.SOURCES:
        errors["source"] = messages.say("source_missing")
    wrong: dict[str, str] = {}
    received_at = intake.read_moment(form.values.get("received_at", ""), wrong, "received_at")
    errors |= {name: messages.say(why) for name, why in wrong.items()}
    contact = any(text.clean(form.values.get(f"contact_{part}")) for part in ("name", "phone", "email"))
    if contact and form.values.get("contact_agreed") != "1":
        errors["contact_agreed"] = messages.say("agreement_missing")
    form.errors = errors | form.errors
    if form.errors:
        form.submission = None
    elif form.submission is not None:
        form.submission = replace(
            form.submission,
            source=source,
            received_at=received_at or clock.now(),
            entered_by_unit=identity.unit_code,
            consent=intake.CONSENT_TOLD if contact else None,
        )
    return Entry(form, kinds[:12] if len(kinds) > 1 else [])


def numbered(kind: Category) -> str:
    """A kind as it stands in the list and on the paper form: "40 Hút cát trái phép"."""
    return f"{kind.position} {in_language(kind.name)}"


def matching(typed: str) -> list[Category]:
    """Kinds that an officer means by a number, a code, or the first letters, marks and case left out."""
    kinds = [kind for _, members in report_form.catalogue() for kind in members]
    wanted = text.fold(text.clean(typed))
    if not wanted:
        return []
    number = wanted.split(maxsplit=1)[0]
    if number.isdigit():
        return [kind for kind in kinds if kind.position == int(number)]
    named = [(kind, text.fold(in_language(kind.name))) for kind in kinds]
    ways = (
        [kind for kind in kinds if kind.code == typed.strip()],
        [kind for kind, name in named if name == wanted],
        [kind for kind, name in named if name.startswith(wanted)],
        [kind for kind, name in named if f" {wanted}" in name],
        [kind for kind, name in named if wanted in name],
    )
    return next((found for found in ways if found), [])
