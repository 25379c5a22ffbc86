"""Taking uploads in: verified, sealed, stored under the sender's own random name, before any row exists.

So a form that fails on another field keeps its pictures: the page carries a signed token for each original
that already lies in storage. Originals without a row are swept away after a day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from itsdangerous import BadSignature, URLSafeSerializer

from webapp.core.instance import instance
from webapp.media.photos import PhotoError, verify


class Upload(Protocol):
    """What is asked of a web framework's uploaded file."""

    filename: str | None
    stream: IO[bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    """An original in storage. `token` lets the same sender's form name it again."""

    name: str
    sha256: str
    size: int
    mime: str
    label: str
    token: str


def keep(upload: Upload, owner: str) -> Kept:
    """Verify one file, seal it and store it for `owner` (a client key or `user-<id>`).

    Raises PhotoError with a code if it is not a picture we take. The file's own name is not kept, but for
    the label shown back to the sender.
    """
    settings = instance().settings
    data = upload.stream.read(settings.max_photo_bytes + 1)
    info = verify(data, max_bytes=settings.max_photo_bytes)
    name = f"originals/{owner}/{info.sha256}"
    instance().storage.put(name, instance().evidence.close(data))
    label = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:80]
    return _kept(owner, info.sha256, info.size, info.mime, label)


def keep_for_later(upload: Upload, owner: str) -> Kept:
    """As `keep`, and `kept_before` will know it: for a phone that did not hear our answer. Raises PhotoError."""
    kept = keep(upload, owner)
    instance().storage.put(f"{kept.name}.kept", kept.token.encode())
    return kept


def kept_before(owner: str, sha256: str) -> Kept | None:
    """What `keep_for_later` took for `owner` under this hash, if it still lies in storage."""
    name = f"originals/{owner}/{sha256}"
    try:
        note = instance().storage.get(f"{name}.kept").decode("ascii", "replace")
    except FileNotFoundError:
        return None
    kept = recall(note, owner)
    return kept if kept is not None and kept.sha256 == sha256 and instance().storage.has(name) else None


def recall(token: str, owner: str) -> Kept | None:
    """The original that a token names, if the token is ours and belongs to `owner`."""
    try:
        found_owner, sha256, size, mime, label = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return _kept(owner, sha256, size, mime, label) if found_owner == owner else None


def keep_all(
    uploads: Sequence[Upload], tokens: Sequence[str], owner: str, limit: int
) -> tuple[list[Kept], list[tuple[str, str]]]:
    """Recall what was kept and keep what is new: (kept, [(file label, error code)]). At most `limit` in all."""
    kept = {k.sha256: k for token in tokens if (k := recall(token, owner)) is not None}
    refused: list[tuple[str, str]] = []
    for upload in uploads:
        if not upload.filename:
            continue
        if len(kept) >= limit:
            refused.append((upload.filename, "too_many"))
            continue
        try:
            one = keep(upload, owner)
        except PhotoError as error:
            refused.append((upload.filename, error.code))
        else:
            kept[one.sha256] = one
    return list(kept.values()), refused


def _kept(owner: str, sha256: str, size: int, mime: str, label: str) -> Kept:
    token = _signer().dumps([owner, sha256, size, mime, label])
    return Kept(f"originals/{owner}/{sha256}", sha256, size, mime, label, str(token))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(
        instance().settings.secret_key, salt="kept-original", signer_kwargs={"digest_method": hashlib.sha256}
    )
