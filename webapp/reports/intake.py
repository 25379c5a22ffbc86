"""Reading what somebody sent, field by field, before anything is stored. One reader for every door.

The result is either a `Submission` or a code per field that is wrong; what a code says in the reader's
language is the pages' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from geo.positions import PositionError, parse_position
from webapp.core import clock, text
from webapp.reports import codes

MAX_DESCRIPTION = 5000
MAX_PLACE = 300
MAX_CONTACT = 200
OLDEST = timedelta(days=3 * 365)


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """An original that is already sealed in storage under `name`."""

    name: str
    sha256: str
    size: int
    mime: str


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
    photos: tuple[StoredPhoto, ...] = ()
    recordings: tuple[StoredRecording, ...] = ()


def read(
    raw: Mapping[str, str],
    *,
    categories: set[str],
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
    if lon is None and area_code is None and not place_text and "position" not in errors:
        errors.setdefault("position", "place_missing")

    observed_at = _read_observed(raw.get("observed_at", ""), errors)
    contact = {
        name: value
        for name in ("contact_name", "contact_phone", "contact_email")
        if (value := text.clean(raw.get(name)))
    }
    for name, value in contact.items():
        if len(value) > MAX_CONTACT:
            errors[name] = "contact_long"
    if "contact_email" in contact and "@" not in contact["contact_email"]:
        errors["contact_email"] = "email_bad"
    phone = contact.get("contact_phone", "")
    if phone and sum(c.isdigit() for c in phone) < 8:
        errors["contact_phone"] = "phone_bad"

    if errors:
        return None, errors
    source = raw.get("place_source", "")
    return Submission(
        client_id=client_id,
        category_code=category,
        description=description,
        lon=lon,
        lat=lat,
        accuracy_m=_accuracy(raw.get("accuracy", "")),
        place_source=(source if source in {"device", "map"} else "map") if lon is not None else "area",
        place_text=place_text,
        area_code=area_code,
        province_code=province_code,
        observed_at=observed_at,
        lang=lang,
        channel=channel,
        contact=contact,
    ), {}


def _read_observed(raw: str, errors: dict[str, str]) -> datetime | None:
    """A `datetime-local` or ISO 8601 value; without an offset it is Vietnam's time."""
    if not raw.strip():
        return None
    try:
        moment = datetime.fromisoformat(raw.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=clock.VIETNAM)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        errors["observed_at"] = "time_bad"
        return None
    now = clock.now()
    if moment > now + timedelta(minutes=10):  # phones' clocks are a little off
        errors["observed_at"] = "time_future"
    elif moment < now - OLDEST:
        errors["observed_at"] = "time_old"
    return moment


def _accuracy(raw: str) -> float | None:
    """Metres as the device gave them; anything odd is simply not kept."""
    try:
        metres = float(raw)
    except ValueError:
        return None
    return round(metres, 1) if 0 <= metres <= 100_000 else None
