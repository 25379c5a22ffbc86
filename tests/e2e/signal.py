"""A weak signal: a proxy between browser and server that can be told to fail, and that remembers what went through."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PASS, LOST_BEFORE, LOST_AFTER, CUT = "pass", "lost before", "lost after", "cut"
PIECE = 8192
_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "accept-encoding"}


@dataclass
class Signal:
    """`fate` decides about each request: PASS; LOST_BEFORE, the server never hears of it; LOST_AFTER, it does and
    its answer is lost; CUT, the body breaks off half way. `edit` may change a body on its way back. With a `rate` in
    bytes a second bodies from the phone take their time, and each request waits `latency` seconds first."""

    url: str = ""
    there: bool = True
    compress: bool = False  # as the proxy of an installation does
    rate: float = 0.0
    latency: float = 0.0
    received: int = 0  # bytes of bodies from the phone, those cut off included
    fate: Callable[[str, str], str] = lambda _method, _path: PASS
    edit: Callable[[str, bytes], bytes] = lambda _path, body: body
    seen: list[tuple[str, str, int, dict[str, str]]] = field(default_factory=list)

    def of(self, method: str, path: str) -> list[tuple[int, dict[str, str]]]:
        """(bytes, headers) of the requests that reached the server."""
        return [(size, headers) for m, p, size, headers in self.seen if (m, p) == (method, path)]


@contextmanager
def weak_signal(server_url: str) -> Iterator[Signal]:
    """A Signal before the server; its `url` is what the browser opens."""
    upstream = urlsplit(server_url)
    signal = Signal()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def take(self, length: int) -> bytes:
            time.sleep(signal.latency)
            pieces = []
            for at in range(0, length, PIECE):
                pieces.append(self.rfile.read(min(PIECE, length - at)))
                signal.received += len(pieces[-1])
                time.sleep(PIECE / signal.rate if signal.rate else 0)
            return b"".join(pieces)

        def do(self) -> None:
            path = urlsplit(self.path).path
            length = int(self.headers.get("Content-Length") or 0)
            fate = signal.fate(self.command, path) if signal.there else LOST_BEFORE
            self.close_connection = True  # on a connection it has used before, a browser tries again unasked
            if fate in {LOST_BEFORE, CUT}:
                self.take(0 if fate == LOST_BEFORE else length // 2)
                self.connection.close()
                return
            body = self.take(length)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
            link = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
            link.request(self.command, self.path, body or None, headers)
            answer = link.getresponse()
            said = signal.edit(path, answer.read())
            link.close()
            signal.seen.append((self.command, path, length, dict(self.headers)))
            if fate == LOST_AFTER:
                self.connection.close()
                return
            self.send_response(answer.status)
            if signal.compress and said:
                said = gzip.compress(said, 6)
                self.send_header("Content-Encoding", "gzip")
            for name, value in answer.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value.replace(server_url, signal.url))
            self.send_header("Connection", "close")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        def do_GET(self) -> None:
            with suppress(OSError):
                self.do()

        do_POST = do_PUT = do_HEAD = do_GET

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    signal.url = f"http://127.0.0.1:{proxy.server_address[1]}"
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield signal
    finally:
        proxy.shutdown()
        proxy.server_close()
