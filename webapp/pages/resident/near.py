"""Before sending: cases of the same kind near by, that the public may see. A hint, never a hindrance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import cos, radians

from flask import jsonify, request
from werkzeug.wrappers import Response

from geo.positions import PositionError, distance_m, parse_position
from webapp.areas import queries as areas
from webapp.core import clock
from webapp.pages import labels
from webapp.pages.public.views import category_name, place_name
from webapp.reports import queries
from webapp.reports.queries import Filters, Row

WITHIN_M = 500
SINCE = timedelta(days=30)
MOST = 3


def answer() -> Response | tuple[Response, int]:
    """[{href, title, place, day, status}] for ?category=&lat=&lon=; empty where nothing is near."""
    category = request.args.get("category", "")
    known = queries.catalogue().categories.get(category)
    try:
        lon, lat = parse_position(request.args.get("lat", ""), request.args.get("lon", ""))
    except PositionError:
        return jsonify([]), 400
    found = _near(category, lon, lat) if known is not None else []
    names = queries.area_names([code for row in found for code in (row.area_code, row.province_code)])
    response = jsonify(
        [
            {
                "href": f"/cases/{row.id}",
                "title": category_name(row.category_code),
                "place": place_name(row.area_code, row.province_code, names),
                "day": labels.day(row.reported_at),
                "status": str(labels.STATUS[row.status]),
            }
            for row in found
        ]
    )
    response.headers["Cache-Control"] = "no-store"  # the address says where somebody stands
    return response


def _near(category: str, lon: float, lat: float) -> list[Row]:
    """Public cases of the last 30 days: by their public position, which for kinds that are shown at commune
    level is the commune's own, so that those are compared by commune and nothing is learnt from the answer."""
    now = clock.now()
    filters = Filters(category=category, since=clock.local(now - SINCE).date())
    high = WITHIN_M / 111_000
    wide = high / max(cos(radians(lat)), 0.01)
    box = (lon - wide, lat - high, lon + wide, lat + high)
    close = queries.public_list(filters, now, bbox=box, limit=20).rows
    rows = [
        row
        for row in close
        if row.lon is not None and row.lat is not None and distance_m(lon, lat, row.lon, row.lat) <= WITHIN_M
    ]
    commune = areas.locate(lon, lat)
    if commune is not None:
        of_commune = queries.public_list(replace(filters, commune=commune.code), now, limit=20).rows
        place = (commune.point_lon, commune.point_lat)
        rows += [row for row in of_commune if (row.lon, row.lat) == place and row not in rows]
    return rows[:MOST]
