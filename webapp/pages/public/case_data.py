"""A public case in schema.org's words (JSON-LD), for search engines: nothing but what its page says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from markupsafe import Markup

from webapp.core import clock
from webapp.reports.privacy import PublicCase

NAME = "Dân Giám Sát"
# Inside a script element these would end it, or begin a comment. JSON allows each to be written by its number.
_UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&'\u2028\u2029"}


def json_ld(view: Mapping[str, Any], *, language: str, base: str) -> Markup:
    """The document, safe inside `<script type="application/ld+json">`.

    `view`: what the page itself is drawn from (`cases.case`); `base`: the instance's address.
    """
    case: PublicCase = view["case"]
    status = str(view["status_label"])
    name = f"{view['title']}, {view['place']}"
    address = f"{base}/cases/{case.id}"
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Report",
        "@id": address,
        "url": address,
        "mainEntityOfPage": address,
        "identifier": case.id,
        "name": name,
        "headline": name[:110],  # longer ones are cut by search engines
        "description": f"{status}. {view['meaning']}",
        "creativeWorkStatus": status,
        "inLanguage": language,
        "isAccessibleForFree": True,
        # Days only: a minute would tell when somebody stood there with a phone.
        "datePublished": clock.local(case.reported_at).date().isoformat(),
        "dateModified": clock.local(case.updated_at).date().isoformat(),
        "publisher": {"@type": "Organization", "name": NAME, "url": f"{base}/"},
        "contentLocation": _place(case, str(view["place"])),
        "image": [f"{base}/photos/{photo.public_id}.webp" for photo in case.photos] or [f"{address}/preview.jpg"],
    }
    if case.text:
        document["text"] = case.text
    if view["unit"]:
        document["mentions"] = {"@type": "GovernmentOrganization", "name": str(view["unit"])}
    if case.answers:
        document["commentCount"] = len(case.answers)
        document["comment"] = [
            {"@type": "Comment", "text": answer.text, "dateCreated": clock.local(answer.at).date().isoformat()}
            for answer in case.answers
        ]
    if case.duplicate_of:
        document["isBasedOn"] = f"{base}/cases/{case.duplicate_of}"
    if found := [f"{base}/outcomes/{row['outcome'].id}" for row in view["outcomes"]]:
        document["citation"] = found
    return Markup(orjson.dumps(document).decode().translate(_UNSAFE))  # noqa: S704 (made harmless just here)


def _place(case: PublicCase, name: str) -> dict[str, Any]:
    """Where it is. Of a case that is shown by its commune alone no point is told: it is the commune's, not its own."""
    address = {"@type": "PostalAddress", "addressLocality": name, "addressCountry": "VN"}
    found: dict[str, Any] = {"@type": "Place", "name": name, "address": address}
    if case.lat is not None and case.lon is not None and not case.blurred_to_commune:
        found["geo"] = {"@type": "GeoCoordinates", "latitude": round(case.lat, 5), "longitude": round(case.lon, 5)}
    return found
