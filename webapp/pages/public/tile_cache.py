"""A door before the app: the same tile, or figures of the map, asked for again within a moment is the same bytes.

Many phones look at the same tiles. An answer is kept in memory for a few seconds, less than a proxy or a phone keeps it
anyway; what is kept is only what the app itself called public. A tile that nobody asked for is made by `straight`
(`tiles.py`), without all that the app does around a request.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

TILES = "/map/tiles/"
PREFIX = (TILES, "/map/shades.json", "/map/months.json")
MOST = 512  # answers, of a few kilobytes each
LONGEST = 200_000  # bytes of an answer that is kept
OF_A_BODY = ("Content-Type", "Content-Length", "Content-Encoding")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said, and until when it may be said again."""

    until: float
    status: str
    headers: list[tuple[str, str]]
    tag: str
    body: bytes


class TileCache:
    """WSGI middleware. Answers are told apart by path and query; they depend on nothing else (`SharedResponse`)."""

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        seconds: float,
        now: Callable[[], float] = time.monotonic,
        straight: Callable[[Mapping[str, Any]], tuple[list[tuple[str, str]], str, bytes] | None] = lambda _: None,
    ) -> None:
        self._app = app
        self._straight = straight
        self._seconds = seconds
        self._now = now
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str], Answer] = OrderedDict()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") != "GET" or not path.startswith(PREFIX):
            return self._app(environ, start_response)
        key = (path, environ.get("QUERY_STRING", ""))
        answer = self._kept.get(key)
        if answer is None or answer.until < self._now():
            answer = self._ask(key, environ)
        if answer.tag and environ.get("HTTP_IF_NONE_MATCH", "").removeprefix("W/") == answer.tag:
            start_response("304 NOT MODIFIED", [h for h in answer.headers if h[0] not in OF_A_BODY])
            return [b""]
        start_response(answer.status, answer.headers)
        return [answer.body]

    def _ask(self, key: tuple[str, str], environ: dict[str, Any]) -> Answer:
        made = self._straight(environ) if key[0].startswith(TILES) else None
        if made is not None:
            headers, tag, body = made
            return self._keep(key, Answer(self._now() + self._seconds, "200 OK", headers, tag, body))
        said: list[Any] = []
        asked = {name: value for name, value in environ.items() if name != "HTTP_IF_NONE_MATCH"}
        chunks = self._app(asked, lambda status, headers, _info=None: said.extend((status, headers)))
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, headers = said
        known = {name.lower(): value for name, value in headers}
        shared = status.startswith("200") and known.get("cache-control", "").startswith("public")
        answer = Answer(self._now() + self._seconds, status, headers, known.get("etag", "") if shared else "", body)
        return self._keep(key, answer) if shared else answer

    def _keep(self, key: tuple[str, str], answer: Answer) -> Answer:
        if self._seconds and len(answer.body) <= LONGEST:
            with self._lock:
                self._kept[key] = answer
                self._kept.move_to_end(key)
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return answer
