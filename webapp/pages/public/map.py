"""The map and the list of cases. The list alone does the whole job; the map is the better way where it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

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
from webapp.pages.i18n import in_language, language
from webapp.pages.public import basemap, cases, map_config, map_figures, map_places, outlines, tiles
from webapp.pages.public.filters import PERIODS, PLACE_PARAMS, TILE_PARAMS, canonical, read, read_bbox
from webapp.pages.public.views import case_rows, category_name, known_codes, unit_name, units_of
from webapp.reports import lifecycle, public_case, queries, urgency
from webapp.reports.queries import Filters
from webapp.units import queries as units

bp = Blueprint("map", __name__)
bp.add_url_rule("/map/tiles/<z>/<x>/<y>.json", "tile", tiles.answer)
bp.add_url_rule("/map/areas.json", "areas", outlines.answer)
bp.add_url_rule("/map/shades.json", "shades", map_figures.areas)
bp.add_url_rule("/map/months.json", "months", map_figures.months)
bp.add_url_rule("/map/places.json", "places", map_places.answer)
bp.add_url_rule("/map/base/<int:z>/<int:x>/<int:y>", "base", basemap.answer)

PAGE_PARAMS = (*TILE_PARAMS, *PLACE_PARAMS, "days")
URGENT = "urgent"

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
    "order": _l("There is no such order; the newest come first."),
    "view": _l("There is no such way to look at the map; the cases are shown."),
    "q": _l("Type the name of a place in 2 to 160 characters."),
}
INVERTED = _l("The days are not valid: the first one lies after the last; all cases are shown.")


@bp.get("/map")
def index() -> Response:
    """Filters, map, list. Wrong filters are named, and left out."""
    now = clock.now()
    filters, problems = _read()
    place, view = _place(filters, problems)
    order = _choice("order", (URGENT,), problems)
    look = _choice("view", map_config.VIEWS, problems)
    found = _found(problems)
    if found is not None and len(found) == 1:
        return redirect(_to(filters, found[0], order=order, view=look))
    page = _page(filters, now, problems, order)
    unit = units_of([filters.unit]).get(filters.unit) if filters.unit else None
    if filters.unit and unit is None:
        problems["unit"] = "unknown"
    names = {"unit": unit_name(filters.unit, {unit.code: unit}) if unit else "", "place": place or ""}
    more = {"order": order, "view": look}
    html = render_template(
        "public/map.html",
        filters=filters,
        days=_days(filters),
        typed={name: request.args.get(name, "")[:160] for name in ("from", "to", "q")},
        errors={
            name: INVERTED if code == "inverted" else MESSAGES.get(name, MESSAGES["from"])
            for name, code in problems.items()
        },
        groups=[(g.code, in_language(g.name), g.icon) for g in queries.catalogue().groups.values()],
        categories=_categories(),
        states=map_config.states(),
        periods=PERIODS,
        provinces=areas.provinces(),
        communes=areas.communes_of(filters.province) if filters.province else [],
        units=_units(filters, unit),
        place=place,
        figures="/figures" + (f"/{filters.commune or filters.province}" if place else ""),
        found=None if found is None else [(choice, _to(filters, choice, **more)) for choice in found],
        order=order or "",
        look=look or "",
        views=map_config.VIEWS,
        keep=dict(parse_qsl(_query(replace(filters, province=None, commune=None), **more))),
        active=_active(filters, names, more),
        counts=mapping.counts(filters),
        rows=case_rows(page.rows, now),
        newer=f"/map?{_query(filters, **more, before=page.newer)}#list" if page.newer else None,
        older=f"/map?{_query(filters, **more, after=page.older)}#list" if page.older else None,
        other_order=_address(_query(filters, order=None if order else URGENT, view=look)) + "#list",
        canonical=instance().settings.public_url + _address(canonical(filters, PLACE_PARAMS)),
        day=labels.day(now),
        number=labels.number,
        config=map_config.config(view, filters.commune or filters.province if view else None),
    )
    return Response(html, 400 if problems else 200, mimetype="text/html")


@bp.get("/cases")
def listing() -> Response:
    """The list of cases is the map's."""
    return redirect(_address(request.query_string.decode("ascii", "ignore")))


@bp.get("/map/list")
def part() -> Response:
    """The list for a part of the map (bbox=west,south,east,north), as HTML to put beside it."""
    now = clock.now()
    filters, problems = _read()
    order = _choice("order", (URGENT,), problems)
    box = read_bbox(request.args.get("bbox", ""))
    if box is None or problems:
        abort(400)
    listed = urgency.most_urgent if order else queries.public_list
    try:
        page = listed(filters, now, after=request.args.get("after") or None, bbox=box)
    except queries.BadCursor:
        abort(400)
    bbox = ",".join(f"{value:.5f}" for value in box)
    more = f"/map/list?{_query(filters, order=order, bbox=bbox, after=page.older)}" if page.older else None
    html = render_template("public/rows.html", rows=case_rows(page.rows, now), more=more)
    return Response(html, mimetype="text/html")


@bp.get("/map/cases/<public_id>")
def sheet(public_id: str) -> Response:
    """One case in short and its steps, as HTML for the sheet that comes up from below."""
    now = clock.now()
    found = public_case.by_id(public_id, now)
    if found is None:
        abort(404)
    shown = found.case
    row = next(iter(case_rows(queries.by_ids([public_id], now), now)))
    html = render_template(
        "public/sheet.html",
        row=row,
        meaning=labels.STATUS_MEANING[shown.status],
        unit=unit_name(shown.unit_code, units_of([shown.unit_code])),
        due=labels.day(shown.due_at)
        if shown.due_at and shown.status in lifecycle.CLOCK_RUNS and not shown.overdue
        else None,
        steps=cases.steps_of(found),
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


def _choice(name: str, known: Any, problems: dict[str, str]) -> str | None:
    value = request.args.get(name) or None
    if value is not None and value not in known:
        problems[name] = "unknown"
        return None
    return value


def _page(filters: Filters, now: Any, problems: dict[str, str], order: str | None) -> queries.Page:
    listed = urgency.most_urgent if order else queries.public_list
    after, before = (request.args.get(name) or None for name in ("after", "before"))
    try:
        return listed(filters, now, after=after, before=before)
    except queries.BadCursor:
        problems["after"] = "unknown"
        return listed(filters, now)


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


def _found(problems: dict[str, str]) -> list[dict[str, Any]] | None:
    """The places that the words typed in mean; None if there are no words."""
    typed = request.args.get("q", "").strip()
    if not typed:
        return None
    if not 2 <= len(typed) <= map_places.MOST_TYPED:
        problems["q"] = "bad"
        return None
    return map_places.find(typed)


def _to(filters: Filters, choice: dict[str, Any], **more: str | None) -> str:
    """The address of the map of a place that was found, all other filters kept."""
    at = {"province": None, "commune": None, choice["level"]: choice["code"]}
    if choice["level"] == COMMUNE:
        at["province"] = choice["parent"]
    return _address(_query(replace(filters, **at), **more))


def _days(filters: Filters) -> int | None:
    """The period in days; days of one's own go before it."""
    raw = request.args.get("days", "")
    own = request.args.get("from", "").strip() or filters.until
    return int(raw) if raw in map(str, PERIODS) and not own else None


def _query(filters: Filters, **more: str | None) -> str:
    """The page's own canonical query: the period in days stays one, so that a shared link keeps its meaning."""
    days = _days(filters)
    names = [n for n in (*TILE_PARAMS, *PLACE_PARAMS) if not (days and n == "from")]
    return canonical(filters, names, days=days, **more)


def _address(query: str) -> str:
    return f"/map?{query}" if query else "/map"


def _active(filters: Filters, names: dict[str, str], more: dict[str, str | None]) -> list[dict[str, str]]:
    """Each filter that is set: its words, and the address of the page without it."""
    days = _days(filters)
    words = {
        "group": str(in_language(group.name)) if (group := queries.catalogue().groups.get(filters.group or "")) else "",
        "category": category_name(filters.category),
        "status": next((name for code, name, *_rest in map_config.states() if code == filters.status), "")
        or str(labels.STATUS.get(filters.status or "", "")),
        "days": days and (_("1 year") if days == 365 else _("%(number)s days", number=days)),
        "from": not days and filters.since and _("From %(day)s", day=labels.day(filters.since)),
        "to": filters.until and _("To %(day)s", day=labels.day(filters.until)),
        "unit": names["unit"],
        "commune" if filters.commune else "province": names["place"],
    }
    pairs = parse_qsl(_query(filters, **more))
    return [
        {
            "name": name,
            "words": said,
            "href": _address(urlencode([(n, v) for n, v in pairs if n != name])),
        }
        for name, said in words.items()
        if said
    ]


def _categories() -> list[tuple[str, list[tuple[str, str]]]]:
    """(group's name, [(code, name)]) of every category."""
    known = queries.catalogue()
    return [
        (
            str(in_language(group.name)),
            [(c.code, str(in_language(c.name))) for c in known.categories.values() if c.group == group.code],
        )
        for group in known.groups.values()
    ]


def _units(filters: Filters, chosen: Any) -> list[tuple[str, str]]:
    """(code, name) of the units of the place that is asked for, and of the one that is chosen."""
    found = units.supervised(filters.province, filters.commune) if filters.province else []
    if not filters.commune:
        found = [unit for unit in found if unit.level != COMMUNE]
    if chosen is not None and all(unit.code != chosen.code for unit in found):
        found = [chosen, *found]
    return [(unit.code, unit.name_en if language() == "en" else unit.name_vi) for unit in found]
