"""Servers on this machine that take what the notifier sends: SMTP, and HTTP for push services and gateways."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Sink:
    """What came in. `answer` is the HTTP status, or the SMTP reply to RCPT, that is given."""

    port: int = 0
    answer: int = 0
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)


@contextmanager
def _serve(server: Any, sink: Sink) -> Iterator[Sink]:
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def smtp() -> Iterator[Sink]:
    """As much of RFC 5321 as smtplib asks for."""
    sink = Sink(answer=250)

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            self.say("220 sink")
            to = ""
            while line := self.rfile.readline():
                sink.raw.append(line)
                verb = line[:4].upper()
                if verb == b"RCPT":
                    to = line.decode().split("<")[1].split(">")[0]
                    self.say(f"{sink.answer} so")
                elif verb == b"DATA":
                    self.say("354 go on")
                    data = b""
                    while (part := self.rfile.readline()) != b".\r\n":
                        data += part
                    sink.raw.append(data)
                    mail = message_from_bytes(data, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    sink.mails.append((to, mail))
                    self.say("250 taken")
                elif verb == b"QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with _serve(Server(("127.0.0.1", 0), Handler), sink):
        yield sink


@contextmanager
def http() -> Iterator[Sink]:
    """Answers every POST with `answer`."""
    sink = Sink(answer=201)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sink.posts.append((self.path, dict(self.headers), body))
            self.send_response(sink.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    with _serve(ThreadingHTTPServer(("127.0.0.1", 0), Handler), sink):
        yield sink
