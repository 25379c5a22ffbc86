"""MP4, MOV, M4A and 3GP: a tree of boxes. What is not known to be needed for playing is blanked.

A list of what to remove would always be one maker's idea too short (`udta`, `meta`, `uuid`, `©xyz`, `loci`,
Samsung's `smta`, GoPro's `GPMF`, Apple's timed-metadata tracks …). So it is the other way round: boxes on a
list stay, everything else becomes an empty `free` box of the same length. In the media data itself only the
bytes that the picture and sound tracks point to stay; a track of positions, a hidden file or bytes appended
by nobody-knows-whom are zeroes afterwards. Times of recording, names of handlers and encoders are blanked in
the boxes that stay.

Threat: every length and count comes from a stranger; nothing is read beyond its box, no loop is longer than
its cap. Sources: ISO/IEC 14496-12, -14, -15; QuickTime File Format Specification; 3GPP TS 26.244.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from webapp.media.recordings.structure import CLIP, VOICE, Finding, View, broken, number

MAX_BOXES = 60_000
MAX_SAMPLES = 2_000_000
MAX_CONFIG = 8192  # decoder configuration: real ones have 20 to 300 bytes
FILLERS = {b"free", b"skip", b"wide"}
VIDEO_CODECS = {b"avc1", b"avc3", b"hvc1", b"hev1", b"mp4v", b"s263", b"vp08", b"vp09", b"av01"}
SOUND_CODECS = {b"mp4a", b"samr", b"sawb", b"alac", b"Opus"}
CONFIGS = {
    *(b"avcC", b"hvcC", b"vpcC", b"av1C", b"esds", b"damr", b"dOps", b"d263"),
    *(b"btrt", b"pasp", b"fiel", b"clap", b"frma"),
}
TABLES = {b"stts": 8, b"ctts": 8, b"stsc": 12, b"stco": 4, b"co64": 8, b"stss": 4}
ZERO_TIMES = {0: (4, 12), 1: (4, 20)}  # creation and modification, by version of the box


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int
    body: int
    end: int


@dataclass
class Track:
    handler: bytes = b""
    number: int = 0
    chunks: list[int] = field(default_factory=list)
    runs: list[tuple[int, int]] = field(default_factory=list)  # stsc: (first chunk, samples a chunk)
    sizes: list[int] | None = None
    one_size: int = 0
    samples: int = 0


class Reader:
    """One walk through one file."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.found = Finding(VOICE, "audio/mp4")
        self.boxes = 0
        self.tracks: list[Track] = []
        self.ranges: list[tuple[int, int]] = []
        self.defaults: dict[int, int] = {}  # trex: track -> sample size
        self.samples = 0
        self.quicktime = False

    def read(self) -> Finding:
        """Findings of the whole file. Raises RecordingError (`broken`, `not_a_recording`)."""
        view, media, fragments, movie = self.view, [], [], 0
        brand = b""
        for box in self.children(0, len(view), top=True):
            if box.kind == b"ftyp":
                brand = bytes(view[box.body : box.body + 4])
                self.quicktime = brand == b"qt  "
                if (box.end - box.body) % 4 or box.end - box.body > 256:
                    self.found.doubt("an odd list of brands")
            elif box.kind == b"moov":
                movie += 1
                self.movie(box)
            elif box.kind == b"mdat":
                media.append((box.body, box.end))
            elif box.kind == b"moof":
                fragments.append(box)
            else:
                self.blank(box)
        if movie != 1:
            raise broken("no movie box, or several")
        kept = [t for t in self.tracks if t.handler in (b"vide", b"soun")]
        if not kept:
            raise broken("neither picture nor sound")
        for track in kept:
            self.chunk_ranges(track)
        for box in fragments:
            self.fragment(box, {t.number for t in kept})
        if not self.ranges:
            raise broken("no media")
        self.gaps(media)
        clip = any(t.handler == b"vide" for t in kept)
        self.found.kind = CLIP if clip else VOICE
        third = brand.startswith(b"3g")
        self.found.mime = ("video/" if clip else "audio/") + ("3gpp" if third else "mp4")
        if clip and self.quicktime:
            self.found.mime = "video/quicktime"
        return self.found

    # Boxes --------------------------------------------------------------------------------------------------

    def children(self, start: int, end: int, *, top: bool = False) -> Iterator[Box]:
        at = start
        while at < end:
            self.boxes += 1
            if self.boxes > MAX_BOXES:
                raise broken("too many boxes")
            if end - at < 8:
                # QuickTime ends some lists with four zero bytes.
                if top or any(self.view[at:end]):
                    raise broken("bytes between boxes")
                return
            size, kind, body = number(self.view, at, 4), bytes(self.view[at + 4 : at + 8]), at + 8
            if size == 1:
                size, body = number(self.view, at + 8, 8), at + 16
            elif size == 0 and top:
                size = end - at
            if size < body - at or at + size > end:
                raise broken("a box longer than what it lies in")
            yield Box(kind, at, body, at + size)
            at += size

    def blank(self, box: Box) -> None:
        if box.kind not in FILLERS:
            self.found.put(box.start + 4, b"free")
        self.found.zero(box.body, box.end)

    def exactly(self, box: Box, length: int) -> None:
        """What stands in a box beyond its known length is blanked."""
        if box.end - box.body < length:
            raise broken("a box that is too short")
        self.found.zero(box.body + length, box.end)

    # The movie ----------------------------------------------------------------------------------------------

    def movie(self, movie: Box) -> None:
        for box in self.children(movie.body, movie.end):
            if box.kind == b"mvhd":
                self.movie_head(box)
            elif box.kind == b"trak":
                self.track(box)
            elif box.kind == b"mvex":
                for inner in self.children(box.body, box.end):
                    if inner.kind == b"trex":
                        self.exactly(inner, 24)
                        self.defaults[number(self.view, inner.body + 4, 4)] = number(self.view, inner.body + 16, 4)
                    else:
                        self.blank(inner)
            else:
                self.blank(box)

    def times(self, box: Box) -> int:
        """Blank the times of making; gives the version of the box."""
        version = self.view[box.body] if box.end > box.body else 9
        if version not in ZERO_TIMES:
            raise broken("an unknown version")
        start, end = ZERO_TIMES[version]
        self.found.zero(box.body + start, box.body + end)
        return version

    def movie_head(self, box: Box) -> None:
        wide = 12 * self.times(box)
        self.exactly(box, 100 + wide)
        at = box.body + wide
        scale = number(self.view, at + 12 if not wide else box.body + 20, 4)
        length = number(self.view, at + 16, 4) if not wide else number(self.view, box.body + 24, 8)
        if scale and length and length < (1 << 32) - 1:
            self.found.duration_s = round(length / scale, 2)
        self.found.zero(at + 26, at + 36)
        self.found.zero(at + 72, at + 96)

    def track(self, box: Box) -> None:
        track = Track(handler=self.handler_of(box))
        self.tracks.append(track)
        if track.handler not in (b"vide", b"soun"):
            self.blank(box)
            return
        for inner in self.children(box.body, box.end):
            if inner.kind == b"tkhd":
                wide = 12 * self.times(inner)
                self.exactly(inner, 84 + wide)
                at = inner.body + wide
                track.number = number(self.view, at + 12 if not wide else inner.body + 20, 4)
                self.found.zero(at + 16, at + 20)
                self.found.zero(at + 24, at + 32)
                self.found.zero(at + 38, at + 40)
            elif inner.kind == b"edts":
                for edit in self.children(inner.body, inner.end):
                    if edit.kind == b"elst":
                        self.table(edit, 20 if self.view[edit.body] else 12)
                    else:
                        self.blank(edit)
            elif inner.kind == b"mdia":
                self.media(inner, track)
            else:
                self.blank(inner)

    def handler_of(self, trak: Box) -> bytes:
        for box in self.children(trak.body, trak.end):
            if box.kind == b"mdia":
                for inner in self.children(box.body, box.end):
                    if inner.kind == b"hdlr":
                        return bytes(self.view[inner.body + 8 : inner.body + 12])
        return b""

    def handler(self, box: Box) -> None:
        if box.end - box.body < 24:
            raise broken("a short handler")
        if bytes(self.view[box.body + 4 : box.body + 8]) not in (b"mhlr", b"dhlr"):
            self.found.zero(box.body + 4, box.body + 8)
        self.found.zero(box.body + 12, box.end)  # the maker's code, and a name

    def media(self, media: Box, track: Track) -> None:
        for box in self.children(media.body, media.end):
            if box.kind == b"mdhd":
                wide = 12 * self.times(box)
                self.exactly(box, 24 + wide)
                self.found.put(box.body + wide + 20, b"\x55\xc4\0\0")  # the language: undetermined
            elif box.kind == b"hdlr":
                self.handler(box)
            elif box.kind == b"minf":
                self.information(box, track)
            else:
                self.blank(box)

    def information(self, information: Box, track: Track) -> None:
        for box in self.children(information.body, information.end):
            if box.kind == b"vmhd":
                self.exactly(box, 12)
            elif box.kind == b"smhd":
                self.exactly(box, 8)
            elif box.kind == b"hdlr":
                self.handler(box)
            elif box.kind == b"dinf":
                for inner in self.children(box.body, box.end):
                    if inner.kind == b"dref":
                        self.references(inner)
                    else:
                        self.blank(inner)
            elif box.kind == b"stbl":
                self.sample_tables(box, track)
            else:
                self.blank(box)

    def references(self, box: Box) -> None:
        for entry in self.children(box.body + 8, box.end):
            if not number(self.view, entry.body, 4) & 1:
                raise broken("media in another file")
            self.found.zero(entry.body + 4, entry.end)

    def sample_tables(self, tables: Box, track: Track) -> None:
        for box in self.children(tables.body, tables.end):
            if box.kind == b"stsd":
                self.descriptions(box, track)
            elif box.kind in TABLES:
                count = self.table(box, TABLES[box.kind])
                self.remember(box, count, track)
            elif box.kind == b"stsz":
                self.sizes(box, track)
            elif box.kind == b"stz2":
                self.found.doubt("packed sizes")
            else:
                self.blank(box)

    def table(self, box: Box, entry: int) -> int:
        count = number(self.view, box.body + 4, 4)
        if count > MAX_SAMPLES:
            raise broken("a table without end")
        self.exactly(box, 8 + count * entry)
        return count

    def remember(self, box: Box, count: int, track: Track) -> None:
        data = bytes(self.view[box.body + 8 : box.body + 8 + count * TABLES[box.kind]])
        if box.kind in (b"stco", b"co64"):
            size = TABLES[box.kind]
            track.chunks = [int.from_bytes(data[i : i + size], "big") for i in range(0, len(data), size)]
        elif box.kind == b"stsc":
            track.runs = [
                (int.from_bytes(data[i : i + 4], "big"), int.from_bytes(data[i + 4 : i + 8], "big"))
                for i in range(0, len(data), 12)
            ]

    def sizes(self, box: Box, track: Track) -> None:
        track.one_size, track.samples = number(self.view, box.body + 4, 4), number(self.view, box.body + 8, 4)
        self.samples += track.samples
        if self.samples > MAX_SAMPLES:
            raise broken("too many samples")
        self.exactly(box, 12 + (0 if track.one_size else 4 * track.samples))
        if not track.one_size:
            data = bytes(self.view[box.body + 12 : box.body + 12 + 4 * track.samples])
            track.sizes = [int.from_bytes(data[i : i + 4], "big") for i in range(0, len(data), 4)]

    # How samples are coded ----------------------------------------------------------------------------------

    def descriptions(self, box: Box, track: Track) -> None:
        for entry in self.children(box.body + 8, box.end):
            video = track.handler == b"vide"
            if entry.kind not in (VIDEO_CODECS if video else SOUND_CODECS):
                self.found.doubt("an unknown codec")
                continue
            self.found.zero(entry.body, entry.body + 6)
            if video:
                head = 78
                self.found.zero(entry.body + 8, entry.body + 24)
                self.found.zero(entry.body + 36, entry.body + 40)
                self.found.zero(entry.body + 42, entry.body + 74)  # the encoder's name
            else:
                version = number(self.view, entry.body + 8, 2) if self.quicktime else 0
                head = {0: 28, 1: 44, 2: 64}.get(version, 28)
                self.found.zero(entry.body + 10, entry.body + 16)
            if entry.end - entry.body < head:
                raise broken("a short sample entry")
            self.configuration(entry.body + head, entry.end)

    def configuration(self, start: int, end: int) -> None:
        for box in self.children(start, end):
            if box.kind == b"wave" and self.quicktime:
                self.configuration(box.body, box.end)
            elif box.kind == b"colr" and bytes(self.view[box.body : box.body + 4]) in (b"nclx", b"nclc"):
                self.found.zero(min(box.body + 11, box.end), box.end)
            elif box.kind == b"alac" or box.kind in CONFIGS:
                if box.end - box.body > MAX_CONFIG:
                    self.found.doubt("a configuration that is too long")
            elif box.kind == b"\0\0\0\0":  # QuickTime's end of a list
                self.found.zero(box.body, box.end)
            else:
                self.blank(box)

    # Where samples lie --------------------------------------------------------------------------------------

    def chunk_ranges(self, track: Track) -> None:
        runs = [*track.runs, (len(track.chunks) + 1, 0)]
        sample = 0
        for (first, each), (after, _) in pairwise(runs):
            if not 1 <= first <= after <= len(track.chunks) + 1:
                raise broken("a table of chunks that contradicts itself")
            for chunk in range(first - 1, after - 1):
                if sample + each > track.samples:
                    raise broken("more samples in chunks than there are")
                size = each * track.one_size if track.sizes is None else sum(track.sizes[sample : sample + each])
                sample += each
                self.ranges.append((track.chunks[chunk], track.chunks[chunk] + size))

    def fragment(self, fragment: Box, kept: set[int]) -> None:
        first = True
        for box in self.children(fragment.body, fragment.end):
            if box.kind == b"mfhd":
                self.exactly(box, 8)
            elif box.kind == b"traf":
                self.track_fragment(box, fragment.start, kept, first=first)
                first = False
            else:
                self.blank(box)

    def track_fragment(self, traf: Box, moof: int, kept: set[int], *, first: bool) -> None:
        base, size, here = moof, 0, None
        boxes = list(self.children(traf.body, traf.end))
        heads = [b for b in boxes if b.kind == b"tfhd"]
        if len(heads) != 1:
            raise broken("a fragment without head")
        track = number(self.view, heads[0].body + 4, 4)
        if track not in kept:
            self.blank(traf)
            return
        for box in boxes:
            flags = number(self.view, box.body, 4) & 0xFFFFFF if box.end - box.body >= 4 else 0
            if box.kind == b"tfhd":
                at = box.body + 8
                if flags & 1:
                    base = number(self.view, at, 8)
                    at += 8
                elif not flags & 0x20000 and not first:
                    self.found.doubt("fragments that follow from each other")
                at += 4 * bool(flags & 2) + 4 * bool(flags & 8)
                size = number(self.view, at, 4) if flags & 0x10 else self.defaults.get(track, 0)
                at += 4 * bool(flags & 0x10) + 4 * bool(flags & 0x20)
                self.exactly(box, at - box.body)
            elif box.kind == b"tfdt":
                self.exactly(box, 12 if self.view[box.body] else 8)
            elif box.kind == b"trun":
                here = self.run(box, flags, base, size, here)
            else:
                self.blank(box)

    def run(self, box: Box, flags: int, base: int, size: int, here: int | None) -> int:
        count, at = number(self.view, box.body + 4, 4), box.body + 8
        self.samples += count
        if self.samples > MAX_SAMPLES:
            raise broken("too many samples")
        start = base if here is None else here
        if flags & 1:
            offset = number(self.view, at, 4)
            start = base + (offset - (1 << 32) if offset >= 1 << 31 else offset)
            at += 4
        at += 4 * bool(flags & 4)
        entry = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
        self.exactly(box, at - box.body + count * entry)
        total = size * count
        if flags & 0x200:
            skip = 4 * bool(flags & 0x100)
            total = sum(number(self.view, at + i * entry + skip, 4) for i in range(count))
        self.ranges.append((start, start + total))
        return start + total

    def gaps(self, media: list[tuple[int, int]]) -> None:
        """Blank what no picture or sound track points to; refuse tracks that point elsewhere."""
        self.ranges.sort()
        joined: list[list[int]] = []
        for start, end in self.ranges:
            if joined and start <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([start, end])
        at = 0
        for body, end in sorted(media):
            here = body
            while at < len(joined) and joined[at][0] < end:
                start, stop = joined[at]
                if start < here or stop > end:
                    raise broken("media outside of its box")
                self.found.zero(here, start)
                here = stop
                at += 1
            self.found.zero(here, end)
        if at < len(joined):
            raise broken("media outside of its box")
