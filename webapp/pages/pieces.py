"""Files out of storage, or the parts of them that a player or a broken-off download asks for."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, request

from webapp.core.instance import instance

PIECE = 1 << 20


def answer(name: str, size: int, mimetype: str, kind: type[Response] = Response) -> Response:
    """What lies under `name` in storage (`size` bytes), as a whole or as the range that is asked for (RFC 9110)."""
    start, end, status = 0, size, 200
    if request.range is not None and request.range.units == "bytes":
        wanted = request.range.range_for_length(size)
        if wanted is None:
            return kind(status=416, headers={"Content-Range": f"bytes */{size}"})
        start, end, status = wanted[0], wanted[1] or size, 206
    storage = instance().storage

    def pieces() -> Iterator[bytes]:
        for at in range(start, end, PIECE):
            yield storage.part(name, at, min(PIECE, end - at))

    response = kind(pieces(), status, mimetype=mimetype)
    response.headers["Accept-Ranges"] = "bytes"
    response.content_length = end - start
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response
