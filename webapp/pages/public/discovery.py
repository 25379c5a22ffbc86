"""For search engines: what they may read, and the addresses of all public cases."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

from flask import Blueprint, abort

from webapp.areas import queries as areas
from webapp.core import clock
from webapp.core.instance import instance
from webapp.mapping import shades
from webapp.pages.public.shared import SharedResponse, shared_bytes
from webapp.reports import queries
from webapp.reports.queries import Filters

bp = Blueprint("discovery", __name__)
CACHE = "public, max-age=3600"
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST = 10_000  # cases in one list; the protocol allows 50,000
OF_A_MONTH = 2_000  # of more a month has a list a day: a list of ten thousand takes a second
# Pages of staff, of single people, and answers for programs; the pages of tracking codes say noindex themselves too.
CLOSED = (
    *("/admin", "/auth", "/desk", "/entry", "/r/", "/unit", "/map/list", "/map/tiles/", "/map/cases/", "/notices/"),
    *("/figures/cases", "/embed/"),
)
PAGES = (
    *("/", "/map", "/outcomes", "/report", "/track", "/follow", "/privacy"),
    *("/figures", "/figures/definitions", "/figures/ranking"),
)
PLACES = "places"  # the figures of every province and commune
ET.register_namespace("", SITEMAPS)


@bp.get("/robots.txt")
def robots() -> SharedResponse:
    """What programs that read the web may read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines += ["", f"Sitemap: {instance().settings.public_url}/sitemap.xml", ""]
    return shared_bytes("\n".join(lines).encode(), CACHE, mimetype="text/plain")


@bp.get("/sitemap.xml")
def index() -> SharedResponse:
    """The lists there are: the fixed pages, and the cases month by month, of large months day by day."""
    root = ET.Element(f"{{{SITEMAPS}}}sitemapindex")
    names = ["pages", PLACES]
    for month, n in shades.by_month(Filters()):
        label = f"{month // 100}-{month % 100:02}"
        names += [label] if n <= OF_A_MONTH else [f"{label}-{day.day:02}" for day in _days(month)]
    for name in names:
        _address(ET.SubElement(root, f"{{{SITEMAPS}}}sitemap"), f"/sitemaps/{name}.xml")
    return _answer(root)


@bp.get("/sitemaps/<name>.xml")
def one(name: str) -> SharedResponse:
    """The addresses of the fixed pages, of the figures of places, or of the cases that came in a month (2026-11) or
    on a day (2026-11-05)."""
    root = ET.Element(f"{{{SITEMAPS}}}urlset")
    if name == "pages":
        for path in PAGES:
            _address(ET.SubElement(root, f"{{{SITEMAPS}}}url"), path)
        return _answer(root)
    if name == PLACES:
        for code in areas.codes():
            _address(ET.SubElement(root, f"{{{SITEMAPS}}}url"), f"/figures/{code}")
        return _answer(root)
    span = _span(name)
    if span is None:
        abort(404)
    found = queries.public_list(Filters(since=span[0], until=span[1]), clock.now(), limit=MOST).rows
    for row in found:
        entry = ET.SubElement(root, f"{{{SITEMAPS}}}url")
        _address(entry, f"/cases/{row.id}")
        ET.SubElement(entry, f"{{{SITEMAPS}}}lastmod").text = f"{row.updated_at:%Y-%m-%d}"
    return _answer(root)


def _span(name: str) -> tuple[date, date] | None:
    """The first and the last day that a list is about."""
    parts = re.fullmatch(r"(20\d\d)-(\d\d)(?:-(\d\d))?", name, re.ASCII)
    if parts is None:
        return None
    try:
        first = date(int(parts[1]), int(parts[2]), int(parts[3] or 1))
    except ValueError:
        return None
    return (first, first) if parts[3] else (first, _days(first.year * 100 + first.month)[-1])


def _days(month: int) -> list[date]:
    first = date(month // 100, month % 100, 1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return [date.fromordinal(n) for n in range(first.toordinal(), after.toordinal())]


def _address(parent: ET.Element, path: str) -> None:
    ET.SubElement(parent, f"{{{SITEMAPS}}}loc").text = instance().settings.public_url + path


def _answer(root: ET.Element) -> SharedResponse:
    data = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return shared_bytes(data, CACHE, mimetype="application/xml")
