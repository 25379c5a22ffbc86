"""Atom feeds (RFC 4287): new cases of the country, a province or a commune, overdue ones, the steps of one case.

From the same reads as the public pages, so what is delayed or hidden is in none. Any cache may keep them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
from webapp.reports import public_case, queries
from webapp.reports.paging import HOUR
from webapp.reports.queries import Filters, Row

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


@bp.get("/feeds/new.atom")
def new() -> SharedResponse:
    """The newest cases of the whole country."""
    rows = queries.public_list(Filters(), clock.now(), limit=ENTRIES).rows
    with force_locale(_language()):
        return _answer(_cases(_("New cases"), "/map", rows))


@bp.get("/feeds/overdue.atom")
def overdue() -> SharedResponse:
    """The cases whose time ran out last."""
    rows = queries.overdue_last(clock.now(), ENTRIES)
    with force_locale(_language()):
        # Late since when, and again as news when another step of the same case is late.
        return _answer(_cases(_("Overdue cases"), "/map?status=overdue", rows, at=_late_since))


@bp.get("/feeds/case/<public_id>.atom")
def case(public_id: str) -> SharedResponse:
    """The steps of one case."""
    found = public_case.by_id(public_id, clock.now())
    if found is None:
        abort(404)
    with force_locale(_language()):
        place = place_name(found.case.area_code, found.case.province_code, found.area_names())
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
        # A feed without entries still needs a time: that of the area, which does not move with the clock.
        empty = datetime(area.valid_from.year, 1, 1, tzinfo=UTC)
        where = f"/map?{level}={area.code}"
        return _answer(_cases(_("Cases in %(place)s", place=area.name), where, rows, empty=empty))


def _cases(
    title: str,
    page: str,
    rows: Iterable[Row],
    *,
    at: Callable[[Row], datetime] = lambda row: row.updated_at,
    empty: datetime = datetime(2025, 7, 1, tzinfo=UTC),
) -> ET.Element:
    """A feed of cases in their order. `at`: what is the time of an entry; `empty`: of a feed without any."""
    rows = list(rows)
    names = queries.area_names(c for row in rows for c in (row.area_code, row.province_code))
    feed = _feed(title, page, request.path, max(map(at, rows), default=empty))
    for row in rows:
        name = f"{category_name(row.category_code)}, {place_name(row.area_code, row.province_code, names)}"
        # Another entry for each status, so that readers show it as news.
        _entry(feed, f"/cases/{row.id}", f"#{row.status}", f"{labels.STATUS[row.status]}: {name}", at(row))
    return feed


def _late_since(row: Row) -> datetime:
    """The full hour from which on the public is told; overdue cases have a due time."""
    return (row.due_at or row.updated_at) + HOUR


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
