"""`/map/tiles/{z}/{x}/{y}.json`: the cases of a map tile, for everybody and for any cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.wrappers import Request

from webapp.core import clock
from webapp.core.db import set_writes
from webapp.mapping import queries
from webapp.pages.public.filters import PROBLEMS, canonical, describe, read
from webapp.pages.public.shared import TILE_CACHE, refused, shared_json, tag_of, to_json
from webapp.pages.public.views import known_codes
from webapp.pages.web import fixed_headers
from webapp.reports.queries import Filters
from webapp.units.queries import by_code

PREFIX = "/map/tiles/"
Number = tuple[int, int, int]
Made = tuple[list[tuple[str, str]], str, bytes]  # headers, tag, body


def answer(z: str, x: str, y: str) -> Response:
    """Clusters and single cases of a tile.

    {"clusters": [{"lon", "lat", "count", "by": {group of status: n}, "overdue"[, "same", "area"]}],
    "reports": [{"id", "lon", "lat", "category", "icon", "status", "overdue"}]}; 400 with the reasons if a
    parameter is wrong, 404 if there is no such tile.
    """
    number = _tile_number(z, x, y)
    if number is None:
        return refused({"tile": f"there is no such tile; zooms are 0 to {queries.MAX_ZOOM}"}, 404)
    filters, problems = _read(request.args.items(multi=True))
    if problems:
        return refused(describe(problems))
    found = _found(number, filters)
    if found is None:
        return refused({"unit": PROBLEMS["unknown"]})
    return shared_json(found, TILE_CACHE, address=_address(number, filters))


def straight(app: Flask) -> Callable[[Mapping[str, Any]], Made | None]:
    """Makes the answer to a GET of a tile out of a WSGI environment: what the app says, at half its cost, for nobody's
    session, account or language is looked at. None where there is anything else to say, and for the app to say it."""

    def made(environ: Mapping[str, Any]) -> Made | None:
        parts = environ["PATH_INFO"].removeprefix(PREFIX).removesuffix(".json").split("/")
        number = _tile_number(*parts) if len(parts) == 3 else None
        if number is None:
            return None
        filters, problems = _read(Request(dict(environ)).args.items(multi=True))
        found = _found(number, filters) if not problems else None
        if found is None:
            return None
        body = to_json(found)
        tag = f'"{tag_of(body)}"'
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("ETag", tag),
            ("Cache-Control", TILE_CACHE),
            ("Content-Location", _address(number, filters)),
            *fixed_headers(),
        ]
        return headers, tag, body

    def without_a_request(environ: Mapping[str, Any]) -> Made | None:
        with app.app_context():
            set_writes(False, alone=True)
            try:
                return made(environ)
            except Exception:
                return None  # the app meets the same, and has words and a log for it
            finally:
                set_writes(True)

    return without_a_request


def _read(given: Iterable[tuple[str, str]]) -> tuple[Filters, dict[str, str]]:
    return read(given, known_codes(), clock.today())


def _found(number: Number, filters: Filters) -> dict[str, Any] | None:
    """What lies in a tile; None if there is no unit of the code that is asked for."""
    found = queries.tile(*number, filters)
    empty = not (found["clusters"] or found["reports"])
    return None if empty and filters.unit and by_code(filters.unit) is None else found


def _address(number: Number, filters: Filters) -> str:
    asked = canonical(filters)
    path = "/map/tiles/{}/{}/{}.json".format(*number)
    return f"{path}?{asked}" if asked else path


def _tile_number(*texts: str) -> Number | None:
    if not all(text.isascii() and text.isdigit() and len(text) <= 7 for text in texts):
        return None
    z, x, y = map(int, texts)
    return (z, x, y) if z <= queries.MAX_ZOOM and x < 1 << z and y < 1 << z else None
