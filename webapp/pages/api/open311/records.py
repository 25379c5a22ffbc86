"""A case as GeoReport describes it, built from `reports.privacy.public_case` and from nothing else.

All times are given to the hour, as the public record gives the time of the report: a minute would tell when
somebody stood there with a phone, and the first step follows a report within seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import defer, lazyload, load_only, selectinload

from webapp.areas.queries import any_approximate
from webapp.core import clock
from webapp.core.db import db
from webapp.pages.api.open311.door import address
from webapp.pages.i18n import in_language, language
from webapp.pages.labels import STATUS
from webapp.reports import lifecycle, privacy, queries
from webapp.reports.models import Answer, Category, Report
from webapp.reports.privacy import PublicCase
from webapp.units import queries as units

CHANNEL = "open311"
MAX_TEXT = 4000  # characters of a description, says the specification
HOUR = timedelta(hours=1)

FIELDS = (
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
)

# Everything `privacy.public_case` reads, and what it must not read left in the database.
LOADED = (
    selectinload(Report.photos),
    selectinload(Report.answers).selectinload(Answer.photos),
    # Few categories and few originals for many cases: each is read once, and no more of it than is needed.
    selectinload(Report.category).load_only(Category.public_blur_m),
    selectinload(Report.duplicate_of).options(
        load_only(Report.public_id, Report.status, Report.publish_at), lazyload(Report.category)
    ),
    defer(Report.description),
    defer(Report.location),
    defer(Report.place_text),
)


def public_cases(reports: Iterable[Report], now: datetime) -> list[PublicCase]:
    """The public side of each report that has one."""
    return [case for report in reports if (case := privacy.public_case(report, now)) is not None]


def records(cases: Sequence[PublicCase]) -> list[dict[str, Any]]:
    """The cases as GeoReport's records, in the request's language; as many statements for many as for one."""
    words = Words(
        {status: str(STATUS[status]) for status in {case.status for case in cases}},
        {code: service_name(code) for code in {case.category_code for case in cases}},
        language(),
        _("The commune is approximate on this instance.") if cases and any_approximate() else None,
    )
    places = queries.area_names(code for case in cases for code in (case.area_code, case.province_code))
    names = units.by_codes({case.unit_code for case in cases if case.unit_code})
    return [_record(case, places, names, words) for case in cases]


@dataclass(frozen=True, slots=True)
class Words:
    """What is the same for many cases, in the request's language: looking a word up costs more than the rest."""

    statuses: dict[str, str]
    services: dict[str, str]
    language: str
    guess: str | None  # that communes are approximate here


def _record(case: PublicCase, places: dict[str, str], names: dict[str, Any], words: Words) -> dict[str, Any]:
    notices = [words.guess] if words.guess else []
    if case.duplicate_of:
        notices.append(_("The same thing is followed under %(id)s.", id=case.duplicate_of))
    unit = names.get(case.unit_code or "")
    answers = [given.text for given in case.answers]
    found = [places[code] for code in (case.area_code, case.province_code) if code in places]
    return _empty() | {
        "service_request_id": case.id,
        "status": status_of(case.status),
        "status_notes": " – ".join([words.statuses[case.status], *answers[-1:]]),
        "service_name": words.services[case.category_code],
        "service_code": case.category_code,
        "description": shortened(case.text) or None,
        "agency_responsible": (unit.name_en if words.language == "en" else unit.name_vi) if unit else None,
        "service_notice": " ".join(notices) or None,
        "requested_datetime": w3c(case.reported_at),
        "updated_datetime": w3c(case.updated_at),
        # A term counted in hours would give the minute of the report away; the end of the hour does not.
        "expected_datetime": w3c(case.due_at, end_of_hour=True) if case.due_at else None,
        "address": ", ".join(found) or None,
        "address_id": case.area_code,
        "lat": round(case.lat, 6) if case.lat is not None else None,
        "long": round(case.lon, 6) if case.lon is not None else None,
        "media_url": address(f"/photos/{case.photos[0].public_id}.webp") if case.photos else None,
    }


def by_ids(ids: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Records of these ids, in their order, without the unknown ones."""
    query = select(Report).where(Report.public_id.in_(ids), queries.is_public(now)).options(*LOADED)
    found = {r["service_request_id"]: r for r in records(public_cases(db.session.scalars(query), now))}
    if missing := [one for one in ids if one not in found]:
        found |= _not_yet_public(missing)
    return [found[one] for one in ids if one in found]


def _not_yet_public(ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What whoever knows the id may read of a report that was posted here and is not public (yet).

    A program must find again what it has just sent, though the worker has not placed it and a sensitive one
    stays hidden for days or for ever. The id is random (50 bits) and known to the sender alone until then, and
    all it gives is what that sender has said, to the hour: neither place nor words nor where the case stands,
    and the status is "open", for a withheld case must not tell its progress, but for a report that was refused:
    its sender has to learn that. Reports that came in another way have no such record, and no list holds one.
    """
    query = select(Report.public_id, Report.category_code, Report.created_at, Report.status).where(
        Report.public_id.in_(ids), Report.channel == CHANNEL
    )
    return {
        row.public_id: _empty()
        | {
            "service_request_id": row.public_id,
            "status": "closed" if row.status in lifecycle.HIDDEN else "open",
            "service_name": service_name(row.category_code),
            "service_code": row.category_code,
            "requested_datetime": w3c(row.created_at),
        }
        for row in db.session.execute(query)
    }


def posted_here(public_id: str) -> bool:
    """Whether a report with this id came in through this door."""
    query = select(Report.id).where(Report.public_id == public_id, Report.channel == CHANNEL)
    return db.session.scalar(query) is not None


def status_of(status: str) -> str:
    """GeoReport knows two: a case that has ended is closed, all others are open."""
    return "closed" if status in lifecycle.ENDED else "open"


def service_name(code: str) -> str:
    """The name of a category in the request's language; its code if there is no such category any more."""
    found = queries.catalogue().categories.get(code)
    return str(in_language(found.name)) if found else code


def w3c(moment: datetime, *, end_of_hour: bool = False) -> str:
    """The hour of a moment with Vietnam's offset, such as 2026-03-01T07:00:00+07:00."""
    hour = floor_hour(moment)
    if end_of_hour:
        hour += HOUR - timedelta(seconds=1)
    return clock.local(hour).isoformat(timespec="seconds")


def floor_hour(moment: datetime) -> datetime:
    """The full hour at or before a moment, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def shortened(text: str) -> str:
    """At most as many characters as a description may have."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"


def _empty() -> dict[str, Any]:
    return dict.fromkeys(FIELDS)
