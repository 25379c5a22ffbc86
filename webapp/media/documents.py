"""Documents that units send: PDF without anything that acts by itself.

Nothing is drawn and nothing is rewritten: a PDF is taken as it is or not at all. A reader of PDF finds its objects by
several ways (tables, streams of objects, rebuilding a damaged file), so no way is followed here. Instead whatever
could be an object is looked through: the whole file as it stands, and everything in it that can be inflated. What
could hide a name from that is refused.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final, Literal

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_INFLATED: Final = 128 * 1024 * 1024
_PIECE: Final = 64 * 1024
_MOST_STREAMS: Final = 20_000

Code = Literal["empty", "too_large", "not_a_pdf", "encrypted", "active", "too_complex", "broken"]

# Names without which nothing in a PDF can run, open, send or carry a file. What is short enough to turn up in
# compressed pictures by chance (/JS, /AA) never acts without one of these.
_ACTIVE: Final = frozenset(
    b"JavaScript Launch EmbeddedFile EmbeddedFiles RichMedia RichMediaContent Rendition Movie SubmitForm ImportData "
    b"GoToE GoToR XFA Filespec FileAttachment".split()
)
_ENCRYPTED: Final = b"Encrypt"
_OLD_FILTERS: Final = frozenset(b"LZWDecode ASCII85Decode ASCIIHexDecode RunLengthDecode Crypt".split())
_WATCHED: Final = _ACTIVE | _OLD_FILTERS | {_ENCRYPTED, b"ObjStm", b"XRef"}

_END: Final = rb"(?=[\x00\t\n\f\r ()<>\[\]{}/%]|$)"
_PLAIN = re.compile(rb"/(" + b"|".join(sorted(_WATCHED, reverse=True)) + rb")" + _END)
_ESCAPED = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]{0,60}#[0-9A-Fa-f]{2}[^\x00\t\n\f\r ()<>\[\]{}/%]{0,60})")
_STREAM = re.compile(rb"stream(?:\r\n|\n|\r)")
_OBJECTS = re.compile(rb"/ObjStm" + _END)
_SIMPLE_FILTER = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])")
_LAST = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\s*$")


class DocumentError(ValueError):
    """A document that is refused; `code` is stable and meant for the caller's translated message."""

    def __init__(self, code: Code) -> None:
        super().__init__(code)
        self.code: Code = code


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What is known of a document that was taken."""

    sha256: str
    size: int


def looks_like_pdf(head: bytes) -> bool:
    """Whether a file that begins so says that it is a PDF."""
    return head.startswith(b"%PDF-")


def verify(data: bytes, *, max_bytes: int = MAX_BYTES) -> DocumentInfo:
    """Check a whole file. Raises DocumentError; without one, nothing in it acts."""
    if not data:
        raise DocumentError("empty")
    if len(data) > max_bytes:
        raise DocumentError("too_large")
    if not re.match(rb"%PDF-[12]\.\d[\r\n]", data):
        raise DocumentError("not_a_pdf")
    last = _LAST.search(data[-2048:])
    if last is None or not re.match(rb"\s*(?:xref|\d+\s+\d+\s+obj)", data[int(last[1]) : int(last[1]) + 40]):
        raise DocumentError("broken")
    names = _names(data)
    if any(b"#" in window for window in _object_streams(data)) or b"ObjStm" in _escaped(data):
        raise DocumentError("active")
    names |= _inflated_names(data)
    if _ENCRYPTED in names:
        raise DocumentError("encrypted")
    # Objects may lie in streams here, and what these filters hold is not looked through.
    hidden = bool(names & {b"ObjStm", b"XRef"}) and bool(names & _OLD_FILTERS)
    if names & _ACTIVE or hidden:
        raise DocumentError("active")
    return DocumentInfo(hashlib.sha256(data).hexdigest(), len(data))


def _names(data: bytes) -> set[bytes]:
    return {match[1] for match in _PLAIN.finditer(data)} | _escaped(data)


def _escaped(data: bytes) -> set[bytes]:
    """Watched names that are written with #xx."""
    found = set()
    for match in _ESCAPED.finditer(data):
        name = re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), match[1])
        if name in _WATCHED:
            found.add(name)
    return found


def _object_streams(data: bytes) -> list[bytes]:
    """The dictionaries of streams of objects. Only the plainest way of packing them is taken: DocumentError else."""
    windows = []
    for match in _OBJECTS.finditer(data):
        begin = data.rfind(b"obj", max(0, match.start() - 2048), match.start())
        end = data.find(b"stream", match.end(), match.end() + 2048)
        if begin < 0 or end < 0:
            raise DocumentError("broken")
        window = data[begin:end]
        if b"/DecodeParms" in window or b"/DP" in window:
            raise DocumentError("active")
        if b"/Filter" in window and not _SIMPLE_FILTER.search(window):
            raise DocumentError("active")
        windows.append(window)
    return windows


def _inflated_names(data: bytes) -> set[bytes]:
    """Watched names in everything that begins like a stream and can be inflated, whatever its dictionary says."""
    names: set[bytes] = set()
    view, left = memoryview(data), MAX_INFLATED
    for number, match in enumerate(_STREAM.finditer(data)):
        if number >= _MOST_STREAMS:
            raise DocumentError("too_complex")
        text = _inflate(view, match.end(), left)
        left -= len(text)
        if left <= 0:
            raise DocumentError("too_complex")
        names |= _names(text)
    return names


def _inflate(view: memoryview, at: int, limit: int) -> bytes:
    """What can be inflated from `at` on, up to where it breaks off."""
    machine, parts, size = zlib.decompressobj(), [], 0
    piece: bytes | memoryview = b""
    try:
        while not machine.eof and size <= limit:
            piece = machine.unconsumed_tail
            if not piece:
                piece = view[at : at + _PIECE]
                at += len(piece)
                if not piece:
                    break
            part = machine.decompress(piece, 4 * 1024 * 1024)
            parts.append(part)
            size += len(part)
    except zlib.error:
        pass
    return b"".join(parts)
