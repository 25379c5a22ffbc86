"""Answers that are the same for everybody, so that any cache may keep them."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import orjson
from flask import Response, request
from werkzeug.datastructures import Headers

# Seconds for which a map tile may be shown unasked, and shown while a fresh one is fetched.
TILE_CACHE = "public, max-age=30, stale-while-revalidate=120"


class SharedResponse(Response):
    """An answer without cookies that does not vary with them.

    Signing in looks into the session at every request, and Flask then says `Vary: Cookie` for all; here no
    byte depends on who asks, and saying otherwise would keep every cache from answering.
    """

    def get_wsgi_headers(self, environ: Any) -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers.remove("Set-Cookie")
        varies = [v for line in headers.getlist("Vary") for v in line.split(", ") if v.lower() != "cookie"]
        headers.remove("Vary")
        if varies:
            headers["Vary"] = ", ".join(dict.fromkeys(varies))
        return headers


def shared_json(body: Any, cache: str, *, address: str = "") -> SharedResponse:
    """JSON with an ETag; 304 if the asker has it already. `address` is the canonical one of the same answer."""
    return shared_bytes(to_json(body), cache, address=address)


def to_json(body: Any) -> bytes:
    """The body of an answer."""
    return orjson.dumps(body)


def tag_of(data: bytes) -> str:
    """The ETag of these bytes, without its quotes."""
    return hashlib.sha256(data).hexdigest()[:24]


def shared_bytes(
    data: bytes, cache: str, *, mimetype: str = "application/json", address: str = "", packed: bytes | None = None
) -> SharedResponse:
    """Bytes with an ETag; 304 if the asker has them already. `packed` is the same in gzip."""
    tag = tag_of(data)
    response = SharedResponse(data, mimetype=mimetype)
    if packed is not None:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"]:
            response.set_data(packed)
            response.headers["Content-Encoding"] = "gzip"
            tag += "-gz"
    response.set_etag(tag)
    response.headers["Cache-Control"] = cache
    if address:
        response.headers["Content-Location"] = address
    response.make_conditional(request)
    return response


def pack(data: bytes) -> bytes:
    """gzip, the same bytes each time."""
    return gzip.compress(data, 9, mtime=0)


def refused(problems: dict[str, str], code: int = 400) -> SharedResponse:
    """A refusal in words for a program: {"error": …, "problems": {parameter: what is wrong}}."""
    error = "not_found" if code == 404 else "bad_request"
    response = SharedResponse(orjson.dumps({"error": error, "problems": problems}), code, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
