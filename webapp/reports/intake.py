"""Reading what somebody sent, field by field, before anything is stored. One reader for every door.

The result is either a `Submission` or a code per field that is wrong; what a code says in the reader's
language is the pages' business.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from geo.positions import PositionError, parse_position
from webapp.core import clock, text
from webapp.reports import codes

MAX_DESCRIPTION = 5000
MAX_PLACE = 300
MAX_CONTACT = 200
CONSENT = "2026-11"  # the wording beside the box; a new wording gets a new name
CONSENT_TOLD = "2026-11-told"  # the wording that an officer reads to the person for whom they enter a report
CONTACT = ("contact_name", "contact_phone", "contact_email")
OLDEST = timedelta(days=3 * 365)
SOURCES = ("phone", "paper", "in_person", "pagoda", "meeting")  # how a report entered for somebody was told


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """An original that is already sealed in storage under `name`."""

    name: str
    sha256: str
    size: int
    mime: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A sealed document that lies in storage already. `label` is the file's own name, for staff."""

    name: str
    sha256: str
    size: int
    label: str


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A clip or voice note that is already sealed in storage under `name`; `kind` is clip or voice."""

    name: str
    sha256: str
    size: int
    mime: str
    kind: str
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Submission:
    """One report as it was sent, read and in range. `lon`, `lat` in WGS84 degrees, `observed_at` in UTC."""

    client_id: str
    category_code: str
    description: str = ""
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    place_source: str = "text"
    place_text: str = ""
    area_code: str | None = None
    province_code: str | None = None
    observed_at: datetime | None = None
    lang: str = "vi"
    channel: str = "web"
    contact: dict[str, str] = field(default_factory=dict)
    consent: str | None = None  # the wording that was agreed to; programs and officers ask for it themselves
    bypass_commune: bool = False  # not for the eyes of the commune
    photos: tuple[StoredPhoto, ...] = ()
    source: str | None = None
    received_at: datetime | None = None
    entered_by_unit: str | None = None
    recordings: tuple[StoredRecording, ...] = ()


def read(
    raw: Mapping[str, str],
    *,
    categories: Set[str],
    communes: Mapping[str, str],
    lang: str = "vi",
    channel: str = "web",
) -> tuple[Submission | None, dict[str, str]]:
    """Read a form's fields.

    `categories` are the codes that may be reported now; `communes` maps the commune code that was picked,
    if it exists, to its province's. Returns (submission, {}) or (None, {field: code}).
    """
    errors: dict[str, str] = {}
    client_id = raw.get("client_id", "")
    if not codes.is_client_id(client_id):
        errors["client_id"] = "client_id_bad"

    category = raw.get("category", "")
    if not category:
        errors["category"] = "category_missing"
    elif category not in categories:
        errors["category"] = "category_unknown"

    description = text.clean(raw.get("description"), multiline=True)
    if len(description) > MAX_DESCRIPTION:
        errors["description"] = "description_long"
    place_text = text.clean(raw.get("place_text"))
    if len(place_text) > MAX_PLACE:
        errors["place_text"] = "place_long"

    lon = lat = None
    lat_raw, lon_raw = raw.get("lat", "").strip(), raw.get("lon", "").strip()
    if lat_raw or lon_raw:
        try:
            lon, lat = parse_position(lat_raw, lon_raw)
        except PositionError as error:
            errors["position"] = f"position_{error.code}"
    area_code = raw.get("commune", "").strip() or None
    province_code = None
    if area_code is not None:
        province_code = communes.get(area_code)
        if province_code is None:
            errors["commune"] = "commune_unknown"
    unknown = bool(raw.get("place_unknown"))  # said in so many words: the Front finds the place with the sender
    if lon is None and area_code is None and not place_text and not unknown and "position" not in errors:
        errors.setdefault("position", "place_missing")

    observed_at = read_moment(raw.get("observed_at", ""), errors)
    contact = read_contact(raw, errors, ask_consent=channel == "web")

    if errors:
        return None, errors
    return Submission(
        client_id=client_id,
        category_code=category,
        description=description,
        lon=lon,
        lat=lat,
        accuracy_m=_accuracy(raw.get("accuracy", "")),
        place_source=_source(raw.get("place_source", ""), lon is not None, area_code, place_text),
        place_text=place_text,
        area_code=area_code,
        province_code=province_code,
        observed_at=observed_at,
        lang=lang,
        channel=channel,
        contact=contact,
        consent=CONSENT if contact and raw.get("contact_consent") else None,
        bypass_commune=bool(raw.get("bypass_commune")),
    ), {}


def _source(given: str, located: bool, area_code: str | None, place_text: str) -> str:
    if located:
        return given if given in {"device", "map", "photo"} else "map"
    return "area" if area_code or place_text else "unknown"


def read_contact(raw: Mapping[str, str], errors: dict[str, str], *, ask_consent: bool) -> dict[str, str]:
    """The contact fields that were filled in; what is wrong goes into `errors` as codes.

    With `ask_consent` a contact is taken only with the box ticked: silence is no consent (Law 91/2025/QH15).
    """
    contact = {name: value for name in CONTACT if (value := text.clean(raw.get(name)))}
    for name, value in contact.items():
        if len(value) > MAX_CONTACT:
            errors[name] = "contact_long"
    if "contact_email" in contact and "@" not in contact["contact_email"]:
        errors.setdefault("contact_email", "email_bad")
    phone = contact.get("contact_phone", "")
    if phone and sum(c.isdigit() for c in phone) < 8:
        errors.setdefault("contact_phone", "phone_bad")
    if ask_consent and contact and not raw.get("contact_consent"):
        errors["contact_consent"] = "consent_missing"
    return contact


def read_moment(raw: str, errors: dict[str, str], name: str = "observed_at") -> datetime | None:
    """A `datetime-local` or ISO 8601 value; without an offset it is Vietnam's time. None if it is empty or
    wrong; what is wrong goes into `errors` under `name`."""
    if not raw.strip():
        return None
    try:
        moment = datetime.fromisoformat(raw.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=clock.VIETNAM)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        errors[name] = "time_bad"
        return None
    now = clock.now()
    if moment > now + timedelta(minutes=10):  # phones' clocks are a little off
        errors[name] = "time_future"
    elif moment < now - OLDEST:
        errors[name] = "time_old"
    return moment


def _accuracy(raw: str) -> float | None:
    """Metres as the device gave them; anything odd is simply not kept."""
    try:
        metres = float(raw)
    except ValueError:
        return None
    return round(metres, 1) if 0 <= metres <= 100_000 else None
