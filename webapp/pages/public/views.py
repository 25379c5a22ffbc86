"""What several public pages need: rows of cases for the templates, names, and answers that can be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flask import current_app, make_response, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.inspections.privacy import PublicOutcome
from webapp.pages import labels
from webapp.pages.access import current_identity
from webapp.pages.i18n import in_language, language
from webapp.pages.public.filters import Known
from webapp.reports import queries
from webapp.reports.queries import Row
from webapp.units.models import Unit
from webapp.units.queries import by_codes


def known_codes() -> Known:
    """The codes of groups and categories that exist."""
    catalogue = queries.catalogue()
    return Known(frozenset(catalogue.categories), frozenset(catalogue.groups))


def category_name(code: str | None) -> str:
    """A category's name in the reader's language."""
    found = queries.catalogue().categories.get(code or "")
    return str(in_language(found.name)) if found else ""


def category_icon(code: str | None) -> str:
    """The id of a category's pictogram in static/icons/categories.svg."""
    found = queries.catalogue().categories.get(code or "")
    return found.icon if found else "icon-other"


def place_name(area_code: str | None, province_code: str | None, names: dict[str, str]) -> str:
    """Commune and province in words, as far as they are known."""
    parts = [names[code] for code in (area_code, province_code) if code and code in names]
    return ", ".join(parts) or _("Place not established yet")


def unit_name(code: str | None, units: dict[str, Unit]) -> str:
    """A unit's name: Vietnamese, or English for readers of English."""
    unit = units.get(code or "")
    if unit is None:
        return ""
    return unit.name_en if language() == "en" else unit.name_vi


def units_of(codes: Iterable[str | None], on: date | None = None) -> dict[str, Unit]:
    """Units by code in one statement, as they were called on a day (default: today)."""
    wanted = {code for code in codes if code}
    return by_codes(wanted, on) if wanted else {}


def case_rows(rows: Iterable[Row], now: datetime) -> list[dict[str, Any]]:
    """Rows as templates/components/case.html draws them. One statement for all place names."""
    rows = list(rows)
    names = queries.area_names(code for row in rows for code in (row.area_code, row.province_code))
    return [
        {
            "url": f"/cases/{row.id}",
            "title": category_name(row.category_code),
            "category_icon": category_icon(row.category_code),
            "category_label": None,
            "place": place_name(row.area_code, row.province_code, names),
            "date_label": labels.day(row.reported_at),
            "date_iso": labels.iso_day(row.reported_at),
            "status": row.status,
            "status_label": labels.STATUS[row.status],
            "overdue_label": labels.overdue_words(row.due_at, now) if row.overdue and row.due_at else None,
            "unit": None,
            "code": None,
            "flags": [],
        }
        for row in rows
    ]


def outcome_rows(outcomes: Iterable[PublicOutcome]) -> list[dict[str, Any]]:
    """Outcomes as templates/public/parts.html draws them. Two statements for all names."""
    outcomes = list(outcomes)
    units = units_of(o.unit_code for o in outcomes)
    names = queries.area_names(code for o in outcomes for code in (o.area_code, o.province_code))
    return [
        {
            "url": f"/outcomes/{o.id}",
            "outcome": o,
            "title": category_name(o.category_code) or unit_name(o.unit_code, units),
            "icon": category_icon(o.category_code),
            "place": place_name(o.area_code, o.province_code, names) if o.area_code or o.province_code else "",
            "unit": unit_name(o.unit_code, units),
            "finding": labels.FINDING[o.finding],
            "tone": labels.FINDING_TONE[o.finding],
            "measure": labels.MEASURE[o.measure],
            "fine": labels.dong(o.fine_vnd) if o.fine_vnd else "",
            "inspected_on": labels.day(o.inspected_on),
            "inspected_iso": labels.iso_day(o.inspected_on),
            "published_on": labels.day(o.published_at),
        }
        for o in outcomes
    ]


def keepable_page(html: str, *content: Any) -> Response:
    """A page that the browser may keep and ask about: ETag over `content`, and over all else that is on it.

    The page holds a form token, so the tag changes with the session and twice a day. A 304 must carry no
    content security policy: its new nonce would replace the one that the kept page's scripts have.
    """
    identity = current_identity()
    parts = (
        _build(),
        language(),
        identity.user_id if identity else None,
        session.get("csrf_token"),
        int(datetime.now().timestamp() // 21_600),  # noqa: DTZ005 (only a quarter of a day's number)
        *content,
    )
    response: Response = make_response(html)
    response.set_etag(hashlib.sha256(repr(parts).encode()).hexdigest()[:24], weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    if response.status_code == 304:
        response.headers.pop("Content-Type", None)
    return response


def _build() -> str:
    """A fingerprint of templates, styles, scripts and translations, so that a new release is seen at once."""
    known: str | None = current_app.extensions.get("public_build")
    if known is None:
        root = Path(current_app.root_path)
        files = [
            *(root.parent / "templates").rglob("*.html"),
            *(root.parent / "static").rglob("*.css"),
            *(root.parent / "static").rglob("*.js"),
            *(root / "translations").rglob("*.mo"),
        ]
        digest = hashlib.sha256()
        for file in sorted(files):
            digest.update(file.read_bytes())
        known = current_app.extensions["public_build"] = digest.hexdigest()[:16]
    return known
