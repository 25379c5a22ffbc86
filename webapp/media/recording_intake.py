"""Taking clips and voice notes in, as `intake` does pictures: verified, sealed, stored, then named by a token.

A recording may have 50 MB and many may come at once, so none is held in memory: the web server has put the
upload into a temporary file already; it is read through a mapping and sealed piece by piece.
"""

from __future__ import annotations

import hashlib
import io
import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from webapp.core.instance import instance
from webapp.core.sealing_stream import CHUNK, close_stream
from webapp.media.intake import Upload
from webapp.media.recordings import RecordingError, RecordingInfo, verify
from webapp.media.recordings.structure import CLIP, View


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """An original in storage. `token` lets the same sender's form name it again."""

    name: str
    sha256: str
    size: int
    mime: str
    kind: str
    duration_s: float | None
    label: str
    token: str


def keep(upload: Upload, owner: str) -> KeptRecording:
    """Verify one file, seal it and store it for `owner`. Raises RecordingError."""
    settings, here = instance().settings, instance()
    with _mapped(upload) as view:
        info = verify(view, max_clip=settings.max_clip_bytes, max_voice=settings.max_voice_bytes)
        pieces = (bytes(view[at : at + CHUNK]) for at in range(0, len(view), CHUNK))
        here.storage.put_stream(f"recordings/{owner}/{info.sha256}", close_stream(here.evidence, pieces))
    label = (upload.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:80]
    return _kept(owner, info, label)


def keep_all(
    uploads: Sequence[Upload], tokens: Sequence[str], owner: str
) -> tuple[list[KeptRecording], list[tuple[str, str]]]:
    """Recall what was kept and keep what is new, up to the limits: (kept, [(file label, error code)])."""
    settings = instance().settings
    limits = {CLIP: settings.max_clips, "voice": settings.max_voice}
    kept = {k.sha256: k for token in tokens if (k := recall(token, owner)) is not None}
    refused: list[tuple[str, str]] = []
    for upload in uploads:
        if not upload.filename:
            continue
        if len(kept) >= sum(limits.values()):
            refused.append((upload.filename, "too_many"))
            continue
        try:
            one = keep(upload, owner)
        except RecordingError as error:
            refused.append((upload.filename, error.code))
            continue
        if one.sha256 not in kept and sum(k.kind == one.kind for k in kept.values()) >= limits[one.kind]:
            refused.append((upload.filename, "too_many"))  # swept away in a day
        else:
            kept[one.sha256] = one
    return list(kept.values()), refused


def recall(token: str, owner: str) -> KeptRecording | None:
    """The original that a token names, if the token is ours and belongs to `owner`."""
    try:
        found_owner, sha256, size, mime, kind, duration_s, label = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    info = RecordingInfo(kind, mime, duration_s, sha256, size, strippable=True)
    return _kept(owner, info, label) if found_owner == owner else None


def _kept(owner: str, info: RecordingInfo, label: str) -> KeptRecording:
    token = _signer().dumps([owner, info.sha256, info.size, info.mime, info.kind, info.duration_s, label])
    name = f"recordings/{owner}/{info.sha256}"
    return KeptRecording(name, info.sha256, info.size, info.mime, info.kind, info.duration_s, label, str(token))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(
        instance().settings.secret_key, salt="kept-recording", signer_kwargs={"digest_method": hashlib.sha256}
    )


@contextmanager
def _mapped(upload: Upload) -> Iterator[View]:
    stream = upload.stream
    stream.seek(0, io.SEEK_END)
    if not stream.tell():
        yield b""
        return
    stream.seek(0)
    try:
        stream.flush()
        number = stream.fileno()
    except (OSError, AttributeError):  # small enough to be in memory
        yield stream.read()
        return
    with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as view:
        yield view
