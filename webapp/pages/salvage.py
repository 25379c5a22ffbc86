"""Saving what was typed out of a request whose body is too large to be taken."""

from __future__ import annotations

from flask import Request
from werkzeug.sansio.multipart import Data, Epilogue, Field, MultipartDecoder, NeedData

CHUNK = 256 * 1024
MAX_READ = 512 * 1024 * 1024
MAX_TEXT = 256 * 1024


def typed_text(request: Request) -> dict[str, str]:
    """The text fields of a multipart body, files thrown away; empty if it cannot be read.

    Reading it all also lets the answer reach browsers that listen only once they have sent everything.
    """
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        return {}
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, MAX_READ)
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"))
    fields: dict[str, bytearray] = {}
    current: bytearray | None = None
    try:
        while left > 0:
            chunk = stream.read(min(CHUNK, left))
            if not chunk:
                break
            left -= len(chunk)
            decoder.receive_data(chunk)
            while not isinstance(event := decoder.next_event(), (NeedData, Epilogue)):
                if isinstance(event, Field):
                    current = fields.setdefault(event.name, bytearray())
                elif isinstance(event, Data):
                    if current is not None and len(current) + len(event.data) <= MAX_TEXT:
                        current += event.data
                else:  # a file begins
                    current = None
    except (ValueError, OSError):
        return {}
    return {name: value.decode("utf-8", "replace") for name, value in fields.items()}
