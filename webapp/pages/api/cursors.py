"""Where a page of a listing begins, for programs: signed, and for one question only.

What a cursor holds is public: an hour, the id of a case, and which of its steps. A moment in it would tell when
somebody stood there with a phone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from webapp.core.instance import instance

_LONGEST = 300  # characters


class BadCursor(ValueError):
    """The text is no cursor of ours."""


class OtherQuestion(BadCursor):
    """It is one, of another question."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: its hour, its case and, in listings of steps, the how-manieth of its steps."""

    hour: datetime
    public_id: str
    step: int = 0


def write(cursor: Cursor, question: Any) -> str:
    """The cursor as text for the address of the next page. `question`: all that the pages have in common; anything
    with a `repr` that says it."""
    return _signer().dumps([_digest(question), int(cursor.hour.timestamp()), cursor.public_id, cursor.step])


def read(text: str, question: Any) -> Cursor:
    """The cursor that `write` made a text of. Raises BadCursor."""
    if len(text) > _LONGEST:
        raise BadCursor
    try:
        digest, hour, public_id, step = _signer().loads(text)
    except (BadSignature, ValueError, TypeError):
        raise BadCursor from None
    if digest != _digest(question):
        raise OtherQuestion
    return Cursor(datetime.fromtimestamp(hour, UTC), public_id, step)


def _digest(question: Any) -> str:
    return hashlib.sha256(repr(question).encode()).hexdigest()[:16]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(instance().settings.secret_key, salt="api-cursor")
