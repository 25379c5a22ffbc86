"""`/map/tiles/{z}/{x}/{y}.json`: the cases of a map tile, for everybody and for any cache."""

from __future__ import annotations

from flask import Response, request

from webapp.core import clock
from webapp.mapping import queries
from webapp.pages.public.filters import PROBLEMS, canonical, describe, read
from webapp.pages.public.shared import TILE_CACHE, refused, shared_json
from webapp.pages.public.views import known_codes
from webapp.units.queries import by_code


def answer(z: str, x: str, y: str) -> Response:
    """Clusters and single cases of a tile.

    {"clusters": [{"lon", "lat", "count", "by": {group of status: n}, "overdue"[, "same", "area"]}],
    "reports": [{"id", "lon", "lat", "category", "icon", "status", "overdue"}]}; 400 with the reasons if a
    parameter is wrong, 404 if there is no such tile.
    """
    number = _tile_number(z, x, y)
    if number is None:
        return refused({"tile": f"there is no such tile; zooms are 0 to {queries.MAX_ZOOM}"}, 404)
    filters, problems = read(request.args.items(multi=True), known_codes(), clock.today())
    if problems:
        return refused(describe(problems))
    found = queries.tile(*number, filters)
    if filters.unit and not (found["clusters"] or found["reports"]) and by_code(filters.unit) is None:
        return refused({"unit": PROBLEMS["unknown"]})
    asked = canonical(filters)
    path = "/map/tiles/{}/{}/{}.json".format(*number)
    return shared_json(found, TILE_CACHE, address=f"{path}?{asked}" if asked else path)


def _tile_number(*texts: str) -> tuple[int, int, int] | None:
    if not all(text.isascii() and text.isdigit() and len(text) <= 7 for text in texts):
        return None
    z, x, y = map(int, texts)
    return (z, x, y) if z <= queries.MAX_ZOOM and x < 1 << z and y < 1 << z else None
