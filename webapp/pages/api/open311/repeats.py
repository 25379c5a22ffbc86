"""How the same report is recognised when a program sends it twice.

GeoReport has no word for it, so a program may name its own: the field `client_id` or the header `Idempotency-Key`,
such as its ticket number. A program that names none but says whose phone or account it is (`device_id`,
`account_id`, both fields of the specification) is taken to repeat itself if everything else is the same within the
hour: that is what a phone does that has not heard the answer. Neither is kept. Without any of them nobody can tell
a repetition from a second report, and each sending is one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import orjson
from flask import request
from flask_babel import gettext as _

from webapp.core import clock, text
from webapp.pages.api.open311 import body
from webapp.reports import codes, service

FIELD, HEADER = "client_id", "Idempotency-Key"
SENDER = ("device_id", "account_id")
LONGEST = 200
WINDOW = timedelta(hours=1)


def client_id(key: str, wrong: list[str]) -> str:
    """The id under which the report in the request is recognised.

    Mixed with the program's key, so that it can neither meet another program's nor be guessed by somebody without
    the key. What is wrong with a given one is appended to `wrong`.
    """
    for name, given in ((FIELD, body.fields().get(FIELD)), (HEADER, request.headers.get(HEADER))):
        own = text.clean(given)
        if len(own) > LONGEST:
            wrong.append(_("%(name)s: at most %(count)s characters.", name=name, count=LONGEST))
            return codes.new_client_id()
        if own:
            return _derived(key, b"open311:" + own.encode())
    if any(body.fields().get(name, "").strip() for name in SENDER):
        return _of_content(key)
    return codes.new_client_id()


def _of_content(key: str) -> str:
    """The id of this very content from this very sender, in this hour or in the one before."""
    digest = _content()
    hour = int(clock.now().timestamp() // WINDOW.total_seconds())
    now, before = (_derived(key, b"open311 content:%d:" % h + digest) for h in (hour, hour - 1))
    return before if service.by_client_key(codes.client_key(before)) is not None else now


def _content() -> bytes:
    fields = sorted((name, value) for name, value in body.fields().items(multi=True) if name != "api_key")
    files = []
    for name, file in request.files.items(multi=True):
        digest = hashlib.sha256()
        while piece := file.stream.read(1 << 16):
            digest.update(piece)
        file.stream.seek(0)
        files.append((name, digest.hexdigest()))
    return hashlib.sha256(orjson.dumps([fields, files])).digest()


def _derived(key: str, content: bytes) -> str:
    digest = hmac.digest(key.encode(), content, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
