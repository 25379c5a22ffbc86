"""Atom feeds (RFC 4287): new cases of a commune or province, and the steps of one case.

From the same reads as the public pages, so what is delayed or hidden is in none. Any cache may keep them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from flask import Blueprint, abort, request
from flask_babel import force_locale
from flask_babel import gettext as _

from webapp.areas import places
from webapp.core import clock
from webapp.core.instance import instance
from webapp.pages import labels
from webapp.pages.i18n import LANGUAGES
from webapp.pages.public.cases import timeline_of
from webapp.pages.public.shared import SharedResponse, shared_bytes
from webapp.pages.public.views import category_name, place_name
from webapp.reports import queries
from webapp.reports.queries import Filters

bp = Blueprint("feeds", __name__)
CACHE = "public, max-age=300"
ENTRIES = 50
ATOM = "http://www.w3.org/2005/Atom"
ET.register_namespace("", ATOM)


@bp.get("/feeds/commune/<code>.atom")
def commune(code: str) -> SharedResponse:
    """Cases of a commune."""
    return _area(code, "commune")


@bp.get("/feeds/province/<code>.atom")
def province(code: str) -> SharedResponse:
    """Cases of a province."""
    return _area(code, "province")


@bp.get("/feeds/case/<public_id>.atom")
def case(public_id: str) -> SharedResponse:
    """The steps of one case."""
    found = queries.public_by_id(public_id, clock.now())
    if found is None:
        abort(404)
    with force_locale(_language()):
        names = queries.area_names([found.case.area_code, found.case.province_code])
        place = place_name(found.case.area_code, found.case.province_code, names)
        title = f"{category_name(found.case.category_code)}, {place}"
        feed = _feed(title, f"/cases/{public_id}", request.path, found.case.updated_at)
        steps = list(enumerate(timeline_of(found), 1))
        for number, (at, step) in reversed(steps):
            _entry(feed, f"/cases/{public_id}", f"#{number}", f"{step}: {title}", at)
    return _answer(feed)


def _area(code: str, level: str) -> SharedResponse:
    area = places.current(code[:8], level)
    if area is None:
        abort(404)
    now = clock.now()
    filters = Filters(commune=code) if level == "commune" else Filters(province=code)
    rows = queries.public_list(filters, now, limit=ENTRIES).rows
    with force_locale(_language()):
        names = queries.area_names(c for row in rows for c in (row.area_code, row.province_code))
        # A feed without entries still needs a time: that of the area, which does not move with the clock.
        updated = max((row.updated_at for row in rows), default=datetime(area.valid_from.year, 1, 1, tzinfo=UTC))
        where = f"/map?{level}={area.code}"
        feed = _feed(_("Cases in %(place)s", place=area.name), where, request.path, updated)
        for row in rows:
            title = f"{category_name(row.category_code)}, {place_name(row.area_code, row.province_code, names)}"
            words = f"{labels.STATUS[row.status]}: {title}"
            # Another entry for each status, so that readers show it as news.
            _entry(feed, f"/cases/{row.id}", f"#{row.status}", words, row.updated_at)
    return _answer(feed)


def _language() -> str:
    """Of the address and not of the reader: any cache may give it to anybody."""
    wanted = request.args.get("lang", "vi")
    return wanted if wanted in LANGUAGES else "vi"


def _feed(title: str, page: str, path: str, updated: datetime) -> ET.Element:
    base = instance().settings.public_url
    feed = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": _language()})
    _add(feed, "id", base + path)
    _add(feed, "title", f"{title} – Dân Giám Sát")
    _add(feed, "updated", _time(updated))
    _add(_add(feed, "author"), "name", "Dân Giám Sát")
    _add(feed, "link", rel="self", href=base + path)
    _add(feed, "link", rel="alternate", href=base + page)
    return feed


def _entry(feed: ET.Element, page: str, mark: str, title: str, at: datetime) -> None:
    base = instance().settings.public_url
    entry = _add(feed, "entry")
    _add(entry, "id", f"{base}{page}{mark}")
    _add(entry, "title", title)
    _add(entry, "updated", _time(at))
    _add(entry, "link", rel="alternate", href=base + page)


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    made.text = text or None
    return made


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _answer(feed: ET.Element) -> SharedResponse:
    data = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return shared_bytes(data, CACHE, mimetype="application/atom+xml")
