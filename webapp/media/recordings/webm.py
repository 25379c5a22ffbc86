"""WebM and Matroska: a tree of elements with variable lengths. What is not on the list becomes Void.

Phones' browsers write segments and clusters of unknown length while they record; such an element ends where
one begins that cannot be inside it. Sources: RFC 8794 (EBML), RFC 9559 (Matroska), the WebM guidelines.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.media.recordings.structure import CLIP, VOICE, Finding, View, broken

MAX_ELEMENTS = 1_000_000
MAX_PRIVATE = 8192

EBML, SEGMENT, CLUSTER, VOID = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0xEC
INFO, TRACKS, ENTRY, VIDEO, AUDIO, COLOUR = 0x1549A966, 0x1654AE6B, 0xAE, 0xE0, 0xE1, 0x55B0
SEEK_HEAD, SEEK, CUES, POINT, POSITIONS, GROUP = 0x114D9B74, 0x4DBB, 0x1C53BB6B, 0xBB, 0xB7, 0xA0
TYPE, NUMBER, CODEC, PRIVATE, SCALE, DURATION = 0x83, 0xD7, 0x86, 0x63A2, 0x2AD7B1, 0x4489
MUXER, WRITER, SIMPLE_BLOCK, BLOCK, DOC_TYPE, LANGUAGE = 0x4D80, 0x5741, 0xA3, 0xA1, 0x4282, 0x22B59C

# What may stand in what: element -> (those that hold others, numbers that stay as they are)
KNOWN: dict[int, tuple[set[int], set[int]]] = {
    EBML: (set(), {0x4286, 0x42F7, 0x42F2, 0x42F3, 0x4287, 0x4285}),
    SEGMENT: ({SEEK_HEAD, INFO, TRACKS, CUES, CLUSTER}, set()),
    SEEK_HEAD: ({SEEK}, set()),
    SEEK: (set(), {0x53AB, 0x53AC}),
    INFO: (set(), {SCALE, DURATION}),
    TRACKS: ({ENTRY}, set()),
    ENTRY: (
        {VIDEO, AUDIO},
        {NUMBER, 0x73C5, TYPE, 0xB9, 0x88, 0x55AA, 0x9C, 0x23E383, 0x56AA, 0x56BB, 0x55EE, 0x6DE7},
    ),
    VIDEO: ({COLOUR}, {0x9A, 0x53B8, 0x53C0, 0xB0, 0xBA, 0x54B0, 0x54BA, 0x54B2}),
    COLOUR: (set(), {0x55B1, 0x55B2, 0x55B3, 0x55B4, 0x55B7, 0x55B8, 0x55B9, 0x55BA, 0x55BB, 0x55BC, 0x55BD}),
    AUDIO: (set(), {0xB5, 0x78B5, 0x9F, 0x6264}),
    CLUSTER: ({GROUP}, {0xE7, 0xA7, 0xAB}),
    GROUP: (set(), {0x9B, 0xFB, 0x75A2}),
    CUES: ({POINT}, set()),
    POINT: ({POSITIONS}, {0xB3}),
    POSITIONS: (set(), {0xF7, 0xF1, 0xF0, 0xB2, 0x5378}),
}
# A_VORBIS carries a whole comment header in its private data, so it is not among them.
CODECS = {
    *(b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG4/ISO/AVC", b"V_MPEGH/ISO/HEVC"),
    *(b"A_OPUS", b"A_AAC", b"A_MPEG/L3"),
}


@dataclass(frozen=True, slots=True)
class Element:
    id: int
    start: int
    body: int
    end: int


class Reader:
    """One walk through one file."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.found = Finding(VOICE, "audio/webm")
        self.elements = 0
        self.tracks: dict[int, int] = {}  # number -> type
        self.scale, self.length = 1_000_000, 0.0
        self.last_time = self.cluster_time = 0
        self.blocks = 0

    def read(self) -> Finding:
        """Findings of the whole file. Raises RecordingError (`broken`)."""
        segments = 0
        for element in self.children(0, len(self.view), 0):
            if element.id == EBML:
                self.head(element)
            elif element.id == SEGMENT:
                segments += 1
                self.walk(element)
            else:
                self.blank(element)
        if segments != 1 or not self.blocks:
            raise broken("no media, or several segments")
        if not self.tracks.keys() or not set(self.tracks.values()) <= {1, 2}:
            self.found.doubt("tracks of other kinds")
        clip = 1 in self.tracks.values()
        self.found.kind = CLIP if clip else VOICE
        self.found.mime = "video/webm" if clip else "audio/webm"
        seconds = (self.length or self.last_time) * self.scale / 1e9
        self.found.duration_s = round(seconds, 2) if 0 < seconds < 1e6 else None
        return self.found

    def vint(self, at: int, *, marker: bool) -> tuple[int, int]:
        """(value, bytes); an unknown length is -1."""
        if at >= len(self.view) or not (first := self.view[at]):
            raise broken("cut off in an element")
        size = 9 - first.bit_length()
        data = bytes(self.view[at : at + size])
        if len(data) != size or (marker and size > 4):
            raise broken("cut off in an element")
        value = int.from_bytes(data, "big")
        if marker:
            return value, size
        value &= (1 << 7 * size) - 1
        return (-1 if value == (1 << 7 * size) - 1 else value), size

    def children(self, start: int, end: int, parent: int, *, open_end: bool = False) -> Iterator[Element]:
        at = start
        while at < end:
            self.elements += 1
            if self.elements > MAX_ELEMENTS:
                raise broken("too many elements")
            kind, wide = self.vint(at, marker=True)
            if open_end and kind in (CLUSTER, CUES, INFO, TRACKS, SEEK_HEAD, 0x1254C367, 0x1941A469, 0x1043A770):
                return  # what cannot be inside a cluster ends it
            length, more = self.vint(at + wide, marker=False)
            body = at + wide + more
            if length < 0:
                if kind not in (SEGMENT, CLUSTER):
                    raise broken("an element without length")
                stop = self.end_of(body, end) if kind == CLUSTER else end
            else:
                stop = body + length
            if stop > end:
                raise broken("an element longer than what it lies in")
            yield Element(kind, at, body, stop)
            at = stop

    def end_of(self, start: int, end: int) -> int:
        last = start
        for element in self.children(start, end, CLUSTER, open_end=True):
            last = element.end
        return last

    def blank(self, element: Element) -> None:
        """Void of the same length. Its own length takes one or eight bytes, as there is room."""
        size = element.end - element.start
        if size < 2:
            raise broken("an element without length")
        head = bytes([VOID, 0x80 | size - 2]) if size <= 128 else bytes([VOID, 1]) + (size - 9).to_bytes(7, "big")
        self.found.put(element.start, head)
        self.found.zero(element.start + len(head), element.end)

    def body(self, element: Element, limit: int = 64) -> bytes:
        if element.end - element.body > limit:
            raise broken("a value that is too long")
        return bytes(self.view[element.body : element.end])

    def head(self, head: Element) -> None:
        for element in self.children(head.body, head.end, EBML):
            if element.id == DOC_TYPE:
                if self.body(element).rstrip(b"\0") not in (b"webm", b"matroska"):
                    raise broken("another kind of document")
            elif element.id in KNOWN[EBML][1]:
                self.value(element)
            else:
                self.blank(element)

    def value(self, element: Element) -> bytes:
        return self.body(element, 8)

    def walk(self, parent: Element) -> None:
        holders, values = KNOWN[parent.id]
        entry: dict[int, bytes] = {}
        for element in self.children(parent.body, parent.end, parent.id):
            if element.id in holders:
                self.walk(element)
            elif element.id in values:
                entry[element.id] = self.value(element)
                if element.id == 0xE7:
                    self.cluster_time = int.from_bytes(entry[0xE7], "big")
            elif parent.id == INFO and element.id in (MUXER, WRITER):
                self.found.zero(element.body, element.end)  # must be there; an empty text is one
            elif parent.id == ENTRY and element.id == CODEC:
                entry[CODEC] = self.body(element).rstrip(b"\0")
            elif parent.id == ENTRY and element.id == PRIVATE:
                if element.end - element.body > MAX_PRIVATE:
                    self.found.doubt("a configuration that is too long")
            elif parent.id == ENTRY and element.id == LANGUAGE and element.end - element.body >= 3:
                self.found.put(element.body, b"und" + bytes(element.end - element.body - 3))
            elif element.id in (SIMPLE_BLOCK, BLOCK) and parent.id in (CLUSTER, GROUP):
                self.block(element)
            else:
                self.blank(element)
        if parent.id == ENTRY:
            self.track(entry)
        elif parent.id == INFO:
            self.information(entry)

    def track(self, entry: dict[int, bytes]) -> None:
        self.tracks[int.from_bytes(entry.get(NUMBER, b""), "big")] = int.from_bytes(entry.get(TYPE, b""), "big")
        codec = entry.get(CODEC, b"")
        if codec not in CODECS and not codec.startswith(b"A_AAC/"):
            self.found.doubt("an unknown codec")

    def information(self, entry: dict[int, bytes]) -> None:
        self.scale = int.from_bytes(entry.get(SCALE, b""), "big") or 1_000_000
        raw = entry.get(DURATION, b"")
        if len(raw) in (4, 8):
            self.length = float(struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0])

    def block(self, element: Element) -> None:
        track, wide = self.vint(element.body, marker=False)
        if element.end - element.body < wide + 3:
            raise broken("a short block")
        if track not in self.tracks:
            self.blank(element)  # media of no track
            return
        self.blocks += 1
        at = element.body + wide
        offset = int.from_bytes(bytes(self.view[at : at + 2]), "big", signed=True)
        self.last_time = max(self.last_time, self.cluster_time + offset)
