"""What the map is shaded by, and the months of its slider: figures for everybody and for any cache."""

from __future__ import annotations

from flask import Response, request

from webapp.areas.models import COMMUNE, PROVINCE
from webapp.core import clock
from webapp.mapping import shades
from webapp.pages.public.filters import PROBLEMS, TILE_PARAMS, canonical, describe, read
from webapp.pages.public.shared import TILE_CACHE, refused, shared_json
from webapp.pages.public.views import known_codes


def areas() -> Response:
    """`/map/shades.json`: level=province, or level=commune with province=CODE; the filters of tiles.

    {"least": n, "areas": [{"code", "total", "awaited", "late"}]}: of fewer than `least` awaited cases no share is
    to be told. 400 with the reasons if a parameter is wrong.
    """
    filters, problems = read(
        request.args.items(multi=True), known_codes(), clock.today(), allowed=(*TILE_PARAMS, "level", "province")
    )
    level = request.args.get("level", PROVINCE)
    if level not in (PROVINCE, COMMUNE):
        problems["level"] = "unknown"
    words = describe(problems)
    if not problems and (level == COMMUNE) != bool(filters.province):
        words["province"] = "communes need the province they are in; provinces take none"
    if words:
        return refused(words)
    found = shades.by_area(level, filters.province, filters)
    if level == COMMUNE and not found:
        return refused({"province": PROBLEMS["unknown"]})
    asked = canonical(filters, (*TILE_PARAMS, "province"), level=level)
    return shared_json({"least": shades.LEAST, "areas": found}, TILE_CACHE, address=f"/map/shades.json?{asked}")


def months() -> Response:
    """`/map/months.json`: how many cases were sent in each month, under the filters of tiles.

    {"months": [["2026-11", n]]}, from the first month that has any to that of today.
    """
    filters, problems = read(request.args.items(multi=True), known_codes(), clock.today())
    if problems:
        return refused(describe(problems))
    counted = dict(shades.by_month(filters))
    today = clock.today()
    month, last = min(counted, default=0), today.year * 100 + today.month
    found: list[tuple[str, int]] = []
    while counted and month <= last:
        found.append((f"{month // 100}-{month % 100:02}", counted.get(month, 0)))
        month = month + 1 if month % 100 < 12 else month + 89
    asked = canonical(filters, [name for name in TILE_PARAMS if name not in ("from", "to")])
    address = f"/map/months.json?{asked}" if asked else "/map/months.json"
    return shared_json({"months": found}, TILE_CACHE, address=address)
