"""What the readers of all containers share: errors, findings, and edits that change no length.

Metadata is never cut out of the middle of a file: it is overwritten where it stands, by the filler that the
format itself provides (`free`, Void, JUNK). So nothing moves, no table of positions has to be rewritten, and
a file whose index stands before or after its media is treated alike. Only what lies before the first or after
the last byte of the recording proper is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, overload

Code = Literal["empty", "too_large", "not_a_recording", "unsupported_format", "broken", "picture"]
CLIP, VOICE = "clip", "voice"


class RecordingError(ValueError):
    """A file that is refused. `code` is stable and meant for the caller's translated message:

    - `empty`, `too_large`, `broken` (cut off, damaged, contradicting itself)
    - `not_a_recording`: the content is neither sound nor moving pictures, whatever its name says
    - `picture`: a still picture; it belongs into the other field
    - `unsupported_format`: a recording of a kind that is not taken

    `detail` is English for the log and never quotes the file.
    """

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code: Code = code
        self.detail = detail


class NotProven(ValueError):
    """A whole recording of which no copy can be proved free of metadata: it stays sealed evidence."""


class View(Protocol):
    """Bytes that may lie in a mapped file."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, at: int, /) -> int: ...
    @overload
    def __getitem__(self, at: slice, /) -> bytes: ...


@dataclass
class Finding:
    """What a walk through a file found. `edits` are (position, new bytes) or (position, number of zeroes);
    `cuts` are the parts (start, end) that make up the copy, None for the whole file; `doubts` says why no
    copy can be proved clean."""

    kind: str
    mime: str
    duration_s: float | None = None
    edits: list[tuple[int, bytes | int]] = field(default_factory=list)
    keep: list[tuple[int, int]] | None = None
    doubts: str = ""

    def zero(self, start: int, end: int) -> None:
        if end > start:
            self.edits.append((start, end - start))

    def put(self, at: int, data: bytes) -> None:
        self.edits.append((at, data))

    def doubt(self, why: str) -> None:
        self.doubts = self.doubts or why


def broken(why: str) -> RecordingError:
    return RecordingError("broken", why)


def number(view: View, at: int, size: int) -> int:
    """A big-endian number; raises where the file ends before it."""
    data = bytes(view[at : at + size])
    if len(data) != size:
        raise broken("cut off in a number")
    return int.from_bytes(data, "big")
