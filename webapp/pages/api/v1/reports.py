"""`/api/v1/reports`: public cases, newest first, with filters, page by page; and one by its id."""

from __future__ import annotations

from urllib.parse import urlencode

import orjson
from flask import Response, request

from webapp.core import clock
from webapp.core.instance import instance
from webapp.opendata.records import Names, Record, feature, records
from webapp.pages.api.v1 import asking
from webapp.pages.api.v1.asking import GEOJSON, JSONL, PARAMS
from webapp.pages.api.v1.door import Problem, bp
from webapp.pages.public.shared import shared_bytes
from webapp.reports import open_rows

CACHE = "public, max-age=60"
TYPES = {"json": "application/json", GEOJSON: "application/geo+json", JSONL: "application/x-ndjson"}


@bp.get("/reports")
def listed() -> Response:
    """One page. `next` (in JSON Lines only the Link header) is the address of the next one."""
    asked = asking.read(request.args)
    rows, mark = open_rows.page(
        asked.filters,
        clock.now(),
        asked.limit,
        start=asked.start,
        bbox=asked.bbox,
        changed_since=asked.changed_since,
    )
    onward = _next(asking.cursor(mark, asked.question)) if mark else None
    found = records(rows, Names())
    response = shared_bytes(_body(asked.format, found, onward), CACHE, mimetype=TYPES[asked.format])
    if onward:
        response.headers["Link"] = f'<{onward}>; rel="next"'
    return response


@bp.get("/reports/<public_id>")
def one(public_id: str) -> Response:
    """One case."""
    if request.args:
        raise Problem(400, "This address takes no parameters.", {n[:40]: "no such parameter" for n in request.args})
    row = open_rows.one(public_id, clock.now())
    if row is None:
        raise Problem(404, "There is no such case, or the public may not see it.")
    return shared_bytes(orjson.dumps(records([row], Names())[0]), CACHE)


def _body(form: str, found: list[Record], onward: str | None) -> bytes:
    if form == JSONL:
        return b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in found)
    if form == GEOJSON:
        features = [feature(record) for record in found]
        return orjson.dumps({"type": "FeatureCollection", "features": features, "next": onward})
    return orjson.dumps({"reports": found, "next": onward})


def _next(cursor: str) -> str:
    """The same question with another cursor, its parameters in one order."""
    pairs = [(n, v) for n in PARAMS if n != "cursor" and (v := request.args.get(n, "").strip())]
    return f"{instance().settings.public_url}{request.path}?{urlencode([*pairs, ('cursor', cursor)])}"
