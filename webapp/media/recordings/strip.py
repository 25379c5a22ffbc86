"""From what a stranger records to a copy that staff can play.

`verify` runs in the request, on a mapped file; `strip` runs in a worker. Both only read structure; nothing is
decoded, so no codec's holes are ours. The copy fails closed: where its cleanness cannot be proved there is
none, and the original stays sealed evidence.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from webapp.media.heif import brands, is_heif
from webapp.media.recordings import mp4, sound, webm
from webapp.media.recordings.structure import Finding, NotProven, RecordingError, View, broken

CHUNK = 1 << 20
_STILL = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """An accepted recording: kind `clip` or `voice`, type, length where the file says it, hash and size of
    exactly the data that was given. `strippable` is False where only the sealed original will be kept."""

    kind: str
    mime: str
    duration_s: float | None
    sha256: str
    size: int
    strippable: bool


def verify(view: View, *, max_clip: int, max_voice: int) -> RecordingInfo:
    """Accepts or refuses by content; name and declared type play no part. Raises RecordingError, nothing
    else."""
    if not len(view):
        raise RecordingError("empty")
    if len(view) > max(max_clip, max_voice):
        raise RecordingError("too_large", f"{len(view)} bytes")
    found = _read(view)
    if len(view) > (max_clip if found.kind == "clip" else max_voice):
        raise RecordingError("too_large", f"{len(view)} bytes")
    digest = hashlib.sha256()
    for at in range(0, len(view), CHUNK):
        digest.update(view[at : at + CHUNK])
    return RecordingInfo(
        found.kind, found.mime, found.duration_s, digest.hexdigest(), len(view), strippable=not found.doubts
    )


def strip(data: bytes) -> bytes:
    """The copy without metadata. Raises NotProven where none can be proved clean, RecordingError where the
    file is not what `verify` accepted."""
    found = _read(data)
    if found.doubts:
        raise NotProven(found.doubts)
    out = bytearray(data)
    for at, new in found.edits:
        out[at : at + (new if isinstance(new, int) else len(new))] = bytes(new) if isinstance(new, int) else new
    if len(out) != len(data):
        raise NotProven("an edit changed the length")
    made = bytes(out) if found.keep is None else b"".join(bytes(out[a:b]) for a, b in found.keep)
    prove(made, found)
    return made


# Names of places where phones, cameras and editors put what identifies: the second, independent look.
_TRACES = re.compile(
    rb"udta|\xa9xyz|\xa9nam|\xa9mak|\xa9mod|\xa9day|\xa9too|loci|smta|GPMF|mdta|ilst|keys|uuid|mebx|camm|gpmd"
    rb"|com\.apple|com\.android|<x:xmpmeta|adobe:ns:meta|ID3[\x02-\x04]|APETAGEX|Exif\0\0|LIST....INFO",
    re.DOTALL,
)


def prove(made: bytes, before: Finding) -> None:
    """Raises NotProven unless the copy is still the same recording, there is nothing left that we would take
    out, and none of the well-known places of metadata is named outside of the media itself."""
    try:
        after = _read(made)
    except RecordingError as error:
        raise NotProven(f"the copy is {error.code}") from error
    if after.doubts or (after.kind, after.mime) != (before.kind, before.mime) or after.keep is not None:
        raise NotProven("the copy is another recording")
    for at, new in after.edits:
        wanted = bytes(new) if isinstance(new, int) else new
        if made[at : at + len(wanted)] != wanted:
            raise NotProven("something is left to take out")
    if _TRACES.search(_outside_of_media(made)):
        raise NotProven("a name of metadata is left")


def _outside_of_media(made: bytes) -> bytes:
    """The part of a copy that is structure. Sound and pictures are random: names in them mean nothing."""
    if made[4:8] in (b"ftyp", b"wide", b"moov", b"mdat", b"free", b"skip"):
        reader = mp4.Reader(made)
        boxes = reader.children(0, len(made), top=True)
        return b"".join(made[b.start : b.body] if b.kind == b"mdat" else made[b.start : b.end] for b in boxes)
    if made[:4] == b"\x1aE\xdf\xa3":
        first = made.find(b"\x1f\x43\xb6\x75")
        return made[: first if first > 0 else len(made)]
    if made[:4] == b"OggS":
        return made[:4096].partition(b"\x05vorbis")[0][:512]
    return made[:64]


def _read(view: View) -> Finding:
    try:
        return _reader(view)(view)
    except RecordingError:
        raise
    except Exception as error:  # a hole in a reader must cost the sender this file, not the page a crash
        raise broken(f"{type(error).__name__} in the structure") from error


def _reader(view: View) -> Callable[[View], Finding]:
    head = bytes(view[:64])
    if head[4:8] == b"ftyp":
        found = brands(head)
        if is_heif(found) or found & {b"avif", b"avis", b"mif1"}:
            raise RecordingError("picture")
        return lambda v: mp4.Reader(v).read()
    if head[4:8] in (b"moov", b"mdat", b"wide"):  # QuickTime before there were brands
        return lambda v: mp4.Reader(v).read()
    if head[:4] == b"\x1aE\xdf\xa3":
        return lambda v: webm.Reader(v).read()
    if head[:4] == b"OggS":
        return sound.read_ogg
    if head[:4] == b"RIFF":
        if head[8:12] == b"WAVE":
            return sound.read_wav
        raise RecordingError("picture" if head[8:12] == b"WEBP" else "unsupported_format")
    if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return sound.read_amr
    if head.startswith(b"ID3") or sound.mp3_frame(head[:4]):
        return sound.read_mp3
    if head.startswith(_STILL):
        raise RecordingError("picture")
    if head.startswith(
        (b"fLaC", b"FLV\1", b"MThd", b"0&\xb2u", b"caff", b"\0\0\1\xba", b"FORM", b"\xff\xf1", b"\xff\xf9")
    ):
        raise RecordingError("unsupported_format")
    raise RecordingError("not_a_recording")
