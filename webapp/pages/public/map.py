"""The map and the list of cases. The list alone does the whole job; the map is the better way where it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from webapp.areas import places
from webapp.areas import queries as areas
from webapp.areas.models import COMMUNE, PROVINCE
from webapp.core import clock
from webapp.core.instance import instance
from webapp.mapping import queries as mapping
from webapp.pages import labels
from webapp.pages.i18n import in_language
from webapp.pages.public import outlines, tiles
from webapp.pages.public.filters import PERIODS, PLACE_PARAMS, TILE_PARAMS, canonical, read, read_bbox
from webapp.pages.public.views import case_rows, category_name, known_codes, unit_name, units_of
from webapp.pages.web import asset
from webapp.reports import lifecycle, queries
from webapp.reports.queries import Filters
from webapp.units import queries as units

bp = Blueprint("map", __name__)
bp.add_url_rule("/map/tiles/<z>/<x>/<y>.json", "tile", tiles.answer)
bp.add_url_rule("/map/areas.json", "areas", outlines.answer)

PAGE_PARAMS = (*TILE_PARAMS, *PLACE_PARAMS, "days")

# group of statuses -> (tone, shape in ui.svg): what legend, markers and figures have in common
SIGNS = {
    "waiting": ("attention", "st-received"),
    "working": ("progress", "st-in_progress"),
    "answered": ("info", "st-answered"),
    "done": ("good", "st-verified"),
    "ended": ("neutral", "st-out_of_scope"),
    "overdue": ("bad", "st-overdue"),
}

MESSAGES = {
    "category": _l("There is no such kind of report; all kinds are shown."),
    "group": _l("There is no such kind of report; all kinds are shown."),
    "status": _l("There is no such state; all states are shown."),
    "days": _l("This period is not offered; all cases are shown."),
    "from": _l("The days are not valid; all cases are shown."),
    "to": _l("The days are not valid; all cases are shown."),
    "unit": _l("There is no such unit; all units are shown."),
    "province": _l("There is no such province or commune; the whole country is shown."),
    "commune": _l("There is no such province or commune; the whole country is shown."),
    "after": _l("This place in the list is no longer there; it begins anew."),
}


@bp.get("/map")
def index() -> Response:
    """Filters, map, list. Wrong filters are named, and left out."""
    now = clock.now()
    filters, problems = _read()
    place, view = _place(filters, problems)
    page = _page(filters, now, problems)
    counts = mapping.counts(filters)
    unit = units_of([filters.unit]).get(filters.unit) if filters.unit else None
    if filters.unit and unit is None:
        problems["unit"] = "unknown"
    asked = _query(filters)
    html = render_template(
        "public/map.html",
        filters=filters,
        days=_days(),
        errors={name: MESSAGES.get(name, MESSAGES["from"]) for name in problems},
        groups=[(g.code, in_language(g.name), g.icon) for g in queries.catalogue().groups.values()],
        states=_states(),
        periods=PERIODS,
        provinces=areas.provinces(),
        communes=areas.communes_of(filters.province) if filters.province else [],
        place=place,
        unit=unit_name(filters.unit, {unit.code: unit}) if unit else None,
        category=category_name(filters.category),
        counts=counts,
        rows=case_rows(page.rows, now),
        newer=f"/map?{_query(filters, before=page.newer)}#list" if page.newer else None,
        older=f"/map?{_query(filters, after=page.older)}#list" if page.older else None,
        asked=asked,
        number=labels.number,
        config=_config(filters, view),
    )
    return Response(html, 400 if problems else 200, mimetype="text/html")


@bp.get("/cases")
def cases() -> Response:
    """The list of cases is the map's."""
    query = request.query_string.decode("ascii", "ignore")
    return redirect(f"/map?{query}" if query else "/map")


@bp.get("/map/list")
def part() -> Response:
    """The list for a part of the map (bbox=west,south,east,north), as HTML to put beside it."""
    now = clock.now()
    filters, problems = _read()
    box = read_bbox(request.args.get("bbox", ""))
    if box is None or problems:
        abort(400)
    try:
        page = queries.public_list(filters, now, after=request.args.get("after") or None, bbox=box)
    except queries.BadCursor:
        abort(400)
    bbox = ",".join(f"{value:.5f}" for value in box)
    more = f"/map/list?{_query(filters, bbox=bbox, after=page.older)}" if page.older else None
    html = render_template("public/rows.html", rows=case_rows(page.rows, now), more=more)
    return Response(html, mimetype="text/html")


@bp.get("/map/cases/<public_id>")
def sheet(public_id: str) -> Response:
    """One case in short, as HTML for the sheet that comes up from below."""
    now = clock.now()
    found = queries.by_ids([public_id], now)
    if not found:
        abort(404)
    row = found[0]
    html = render_template(
        "public/sheet.html",
        row=case_rows(found, now)[0],
        meaning=labels.STATUS_MEANING[row.status],
        due=labels.day(row.due_at) if row.due_at and row.status in lifecycle.CLOCK_RUNS and not row.overdue else None,
    )
    return Response(html, mimetype="text/html")


def _read() -> tuple[Filters, dict[str, str]]:
    """The filters, with codes of before replaced by those of today: old links keep working."""
    filters, problems = read(
        request.args.items(multi=True), known_codes(), clock.today(), allowed=PAGE_PARAMS, strict=False
    )
    changes: dict[str, Any] = {
        name: area.code
        for name, level in (("commune", COMMUNE), ("province", PROVINCE))
        if (code := getattr(filters, name)) and (area := places.current(code, level)) and area.code != code
    }
    if filters.unit and (heir := units.current_of(filters.unit)):
        changes["unit"] = heir
    return replace(filters, **changes), problems


def _page(filters: Filters, now: Any, problems: dict[str, str]) -> queries.Page:
    after, before = (request.args.get(name) or None for name in ("after", "before"))
    try:
        return queries.public_list(filters, now, after=after, before=before)
    except queries.BadCursor:
        problems["after"] = "unknown"
        return queries.public_list(filters, now)


def _place(filters: Filters, problems: dict[str, str]) -> tuple[str | None, list[float] | None]:
    """Name and box of the commune, else the province, that is asked for."""
    for code, level in ((filters.commune, COMMUNE), (filters.province, PROVINCE)):
        if code:
            view = outlines.bounds(code, level)
            if view is None:
                problems[level] = "unknown"
                continue
            return queries.area_names([code]).get(code), view
    return None, None


def _days() -> int | None:
    raw = request.args.get("days", "")
    return int(raw) if raw in map(str, PERIODS) else None


def _query(filters: Filters, **more: str | None) -> str:
    """The page's own canonical query: the period in days stays one, so that a shared link keeps its meaning."""
    days = _days()
    names = [n for n in (*TILE_PARAMS, *PLACE_PARAMS) if not (days and n == "from")]
    return canonical(filters, names, days=days, **more)


def _states() -> list[tuple[str, str, str, str]]:
    """(code, name, tone, shape) of what the status filter offers."""
    names = {**labels.STATUS_GROUP, "overdue": labels.OVERDUE}
    return [(code, str(names[code]), *SIGNS[code]) for code in SIGNS]


def _config(filters: Filters, view: list[float] | None) -> dict[str, Any]:
    """All that map.js needs to know, words in the reader's language included."""
    settings = instance().settings
    return {
        "view": view,
        "fixed": {
            name: value
            for name, value in (
                ("category", filters.category),
                ("unit", filters.unit),
                ("from", filters.since.isoformat() if filters.since and not _days() else None),
                ("to", filters.until.isoformat() if filters.until else None),
            )
            if value
        },
        "today": clock.today().isoformat(),
        "areas": outlines.version(),
        "provinces": outlines.province_boxes(),
        "archipelagos": outlines.ARCHIPELAGOS,
        "tiles": {"url": settings.tile_url, "attribution": settings.tile_attribution} if settings.tile_url else None,
        "sprite": asset("icons/ui.svg"),
        "modules": {"base": asset("js/map-base.js"), "cases": asset("js/map-cases.js")},
        "order": list(SIGNS),  # of the signs: JSON objects have none
        "signs": SIGNS,
        "categories": {c.code: in_language(c.name) for c in queries.catalogue().categories.values()},
        "statuses": queries.GROUP_OF,
        "words": {
            **{code: name for code, name, _tone, _shape in _states()},
            "cluster": _("%(count)s cases: %(split)s. Zoom in.", count="{count}", split="{split}"),
            "inView": _("%(count)s cases in this part of the map", count="{count}"),
            "none": _("No cases in this part of the map. Zoom out, or change the filters."),
            "failed": _("The map data could not be loaded. Check the connection."),
            "located": _("The map shows where you are."),
            "notLocated": _("Your position is not available. Choose the province and commune instead."),
            "case": _("Case"),
            "zoomIn": _("Zoom in"),
            "zoomOut": _("Zoom out"),
            "here": _("You are about here"),
            "at": _("Cases shown at this point"),
            "sea": "Biển Đông",
        },
    }
