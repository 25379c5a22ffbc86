"""`/api/v1/openapi.json`: what programs can ask here, as OpenAPI 3.1. Tests compare it with the running server."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.core.instance import instance
from webapp.pages.api.v1 import asking
from webapp.pages.api.v1.door import PROBLEM, bp
from webapp.pages.api.v1.schemas import SCHEMAS
from webapp.pages.public.filters import PLACE_PARAMS, STATUSES, TILE_PARAMS
from webapp.pages.public.shared import shared_json

JSON = "application/json"


@bp.get("/openapi.json")
def openapi() -> Response:
    """The description."""
    return shared_json(description(), "public, max-age=3600")


def description() -> dict[str, Any]:
    """The whole as a dict; it depends on the settings only."""
    settings = instance().settings
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dân Giám Sát: open data",
            "version": "1.0.0",
            "summary": "Public reports of environmental violations in Vietnam and what became of them.",
            "description": (
                "Everything here is public and may be cached. Times are full hours; places may be displaced or stand "
                "for a commune (precision_m). A case that is withdrawn, rejected or a duplicate is no longer there: "
                "compare with the latest files under /open-data to find out. Answers carry an ETag; ask again with "
                "If-None-Match. No key is needed."
            ),
            "license": {"name": settings.open_data_licence, "url": settings.open_data_licence_url},
        },
        "servers": [{"url": settings.public_url}],
        "paths": _paths(),
        "components": {"schemas": SCHEMAS},
    }


def _paths() -> dict[str, Any]:
    filters = [_FILTERS[name] for name in TILE_PARAMS]
    places = [_FILTERS[name] for name in PLACE_PARAMS]
    return {
        "/api/v1/reports": _get(
            "Public cases, newest first, page by page. Follow `next` (or the Link header) until there is none.",
            [*filters, *places, *_OWN],
            {
                JSON: _ref("ReportPage"),
                "application/geo+json": _ref("FeatureCollection"),
                "application/x-ndjson": {"type": "string", "description": "A Report a line"},
            },
            {"400": PROBLEM},
            link=True,
        ),
        "/api/v1/reports/{public_id}": _get(
            "One case.",
            [_path("public_id", "Its id", "^[0-9a-z]{1,16}$")],
            {JSON: _ref("Report")},
            {"400": PROBLEM, "404": PROBLEM},
        ),
        "/api/v1/openapi.json": _get("This description.", [], {JSON: {"type": "object"}}, {}),
        "/map/tiles/{z}/{x}/{y}.json": _get(
            "Cases in a tile of the web map (slippy map numbering): clusters with their counts, and single cases.",
            [*(_path(name, "Number of the tile", "^[0-9]{1,7}$") for name in ("z", "x", "y")), *filters],
            {JSON: _ref("Tile")},
            {"400": JSON, "404": JSON},
        ),
        "/map/areas.json": _get(
            "Outlines of provinces or communes, simplified, as whole numbers of 1/scale degree: the first corner of a "
            "ring (lon, lat), then differences.",
            [
                _query("level", "What to draw", {"type": "string", "enum": ["province", "commune"]}),
                _query("province", "Code of the province, for its communes", {"type": "string"}),
                _BBOX,
                _query("v", "Version, to keep the answer for a year", {"type": "string"}),
            ],
            {JSON: _ref("Areas")},
            {"400": JSON},
        ),
        "/feeds/new.atom": _feed("The newest cases of the country."),
        "/feeds/overdue.atom": _feed("The cases whose time ran out last."),
        "/feeds/province/{code}.atom": _feed("The newest cases of a province.", "code"),
        "/feeds/commune/{code}.atom": _feed("The newest cases of a commune.", "code"),
        "/feeds/case/{public_id}.atom": _feed("The steps of a case.", "public_id"),
        "/open-data/dictionary.json": _get(
            "The data dictionary in English and Vietnamese.", [], {JSON: _ref("Dictionary")}, {}
        ),
        "/open-data/latest/{name}": {
            "get": {
                "summary": "A file of the newest version.",
                "parameters": [_path("name", "Name of the file")],
                "responses": {
                    "302": {
                        "description": "Where it is",
                        "headers": {"Location": {"schema": {"type": "string"}}},
                    },
                    "404": _said({"text/html": {"type": "string"}}, "There is no such file, or no version yet"),
                },
            }
        },
        "/open-data/{version}/{name}": _get(
            "A file of a version; ranges may be asked for. datapackage.json names the files of its version.",
            [_path("version", "Name of the version, such as 2026-11-22"), _path("name", "Name of the file")],
            {
                JSON: _ref("DataPackage"),
                "text/csv": {"type": "string"},
                "application/geo+json": _ref("FeatureCollection"),
                "application/geopackage+sqlite3": {"type": "string"},
                "application/x-ndjson": {"type": "string"},
                "text/plain": {"type": "string"},
            },
            {"404": "text/html"},
        ),
    }


def _get(
    summary: str,
    parameters: list[dict[str, Any]],
    answers: dict[str, Any],
    refusals: dict[str, str],
    *,
    link: bool = False,
) -> dict[str, Any]:
    """A path with GET. `refusals` is {status: media type}."""
    ok = _said(answers, "As asked")
    ok["headers"] = {name: {"schema": {"type": "string"}} for name in ("ETag", "Cache-Control")}
    if link:
        ok["headers"]["Link"] = {"schema": {"type": "string"}, "description": 'rel="next", where there is more'}
    responses = {"200": ok, "304": {"description": "What you have is still right"}}
    for status, mimetype in refusals.items():
        schema = {PROBLEM: _ref("Problem"), JSON: _ref("Refusal")}.get(mimetype, {"type": "string"})
        words = "There is nothing under this address" if status == "404" else "What is wrong, by parameter"
        responses[status] = _said({mimetype: schema}, words)
    return {"get": {"summary": summary, "parameters": parameters, "responses": responses}}


def _feed(summary: str, *places: str) -> dict[str, Any]:
    language = _query("lang", "Language of the texts", {"type": "string", "enum": ["vi", "en", "km"], "default": "vi"})
    parameters = [*(_path(name, "Code or id") for name in places), language]
    refusals = {"404": "text/html"} if places else {}
    return _get(summary, parameters, {"application/atom+xml": {"type": "string"}}, refusals)


def _said(answers: dict[str, Any], words: str) -> dict[str, Any]:
    return {"description": words, "content": {mimetype: {"schema": schema} for mimetype, schema in answers.items()}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _path(name: str, words: str, pattern: str = "") -> dict[str, Any]:
    schema = {"type": "string"} | ({"pattern": pattern} if pattern else {})
    return {"name": name, "in": "path", "required": True, "description": words, "schema": schema}


_DAY = {"type": "string", "format": "date"}
_CODE = {"type": "string"}
_FILTERS = {
    "category": _query("category", "Code of the kind", _CODE),
    "group": _query("group", "Code of the group of kinds", _CODE),
    "status": _query("status", "A status, one of the five stages, or overdue", {**_CODE, "enum": list(STATUSES)}),
    "from": _query("from", "First day on which it came in, in Vietnam", _DAY),
    "to": _query("to", "Last day on which it came in, in Vietnam", _DAY),
    "unit": _query("unit", "Code of the responsible unit", _CODE),
    "province": _query("province", "Code of the province, of today or before", _CODE),
    "commune": _query("commune", "Code of the commune, of today or before", _CODE),
}
_BBOX = _query(
    "bbox",
    "west,south,east,north in degrees, west < east and south < north; it cannot cross the date line",
    {"type": "string", "pattern": r"^-?[0-9.]+(,-?[0-9.]+){3}$"},
)
_OWN = (
    _BBOX,
    _query(
        "updated_since",
        "Changed since this day of Vietnam, or this time with its offset; counted by full hours",
        {"type": "string"},
    ),
    _query("format", "Form of the answer", {"type": "string", "enum": list(asking.FORMATS), "default": asking.JSON}),
    _query(
        "limit",
        "Cases a page",
        {"type": "integer", "minimum": 1, "maximum": asking.MAX_LIMIT, "default": asking.DEFAULT_LIMIT},
    ),
    _query("cursor", "From `next` of the page before, with all else the same", {"type": "string"}),
)
