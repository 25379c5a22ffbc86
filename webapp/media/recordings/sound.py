"""Voice notes: Ogg (Opus, Vorbis), WAV, AMR and MP3.

Sources: RFC 3533, 7845, the Vorbis I specification; RIFF; RFC 4867 section 5; ISO/IEC 11172-3, ID3.
"""

from __future__ import annotations

from webapp.media.recordings.structure import VOICE, Finding, RecordingError, View, broken

MAX_PAGES = 400_000
MAX_CHUNKS = 4096
MAX_COMMENTS = 256 * 1024  # checksums are made in Python
MAX_FRAMES = 400_000
MAX_PADDING = 1 << 20

# Ogg --------------------------------------------------------------------------------------------------------

_CRC = []
for _value in range(256):
    _crc = _value << 24
    for _ in range(8):
        _crc = _crc << 1 ^ (0x04C11DB7 if _crc & 0x80000000 else 0)
    _CRC.append(_crc & 0xFFFFFFFF)


def ogg_crc(page: bytes) -> int:
    """The checksum of a page whose own field is zero."""
    crc = 0
    for byte in page:
        crc = crc << 8 & 0xFFFFFFFF ^ _CRC[crc >> 24 ^ byte]
    return crc


def read_ogg(view: View) -> Finding:
    """One logical stream of Opus or Vorbis. The text in its comment header is overwritten, which keeps the
    header's length, and the checksums of its pages are made anew."""
    found = Finding(VOICE, "audio/ogg")
    pages = _pages(view, found)
    head = _packet_bytes(view, pages, 0)
    first = b"".join(bytes(view[a:b]) for a, b in head)
    if first.startswith(b"OpusHead"):
        magic, rate, tail = b"OpusTags", 48_000, b""
        if len(first) > 21 + 255:
            found.doubt("a long head")
    elif first.startswith(b"\x01vorbis"):
        magic, rate, tail = b"\x03vorbis", int.from_bytes(first[12:16], "little"), b"\x01"
    else:
        raise RecordingError("unsupported_format", "another codec in Ogg")
    spans = _packet_bytes(view, pages, 1)
    old = b"".join(bytes(view[a:b]) for a, b in spans)
    room = len(old) - len(magic) - 8 - len(tail)
    if not old.startswith(magic) or room < 0:
        raise broken("no comment header")
    new = magic + room.to_bytes(4, "little") + b" " * room + bytes(4) + tail
    at, touched = 0, dict[tuple[int, int], bytearray]()
    if len(old) > MAX_COMMENTS:
        found.doubt("a comment header that is too long")
        spans = []
    for start, end in spans:
        page = next(p for p in pages if p[0] <= start < p[1])
        data = touched.setdefault(page, bytearray(view[page[0] : page[1]]))
        data[start - page[0] : end - page[0]] = new[at : at + end - start]
        at += end - start
    for (start, _end), data in touched.items():
        data[22:26] = bytes(4)
        data[22:26] = ogg_crc(bytes(data)).to_bytes(4, "little")
        found.put(start, bytes(data))
    last = bytes(view[pages[-1][0] + 6 : pages[-1][0] + 14])
    granule = int.from_bytes(last, "little", signed=True)
    if rate and 0 < granule < rate * 100_000:
        found.duration_s = round(granule / rate, 2)
    return found


def _pages(view: View, found: Finding) -> list[tuple[int, int]]:
    pages: list[tuple[int, int]] = []
    at, serial, end = 0, b"", len(view)
    while at < end:
        head = bytes(view[at : at + 27])
        if len(head) < 27 or head[:5] != b"OggS\0" or len(pages) >= MAX_PAGES:
            raise broken("no page where one must be")
        table = bytes(view[at + 27 : at + 27 + head[26]])
        stop = at + 27 + head[26] + sum(table)
        if stop > end or len(table) != head[26]:
            raise broken("cut off in a page")
        if pages and (head[5] & 2 or head[14:18] != serial):
            found.doubt("several streams")
        serial = serial or head[14:18]
        pages.append((at, stop))
        at = stop
    if not pages:
        raise broken("no page")
    return pages


def _packet_bytes(view: View, pages: list[tuple[int, int]], wanted: int) -> list[tuple[int, int]]:
    """Where the bytes of packet number `wanted` lie."""
    number, spans = 0, []
    for start, _end in pages[:4096]:
        segments = bytes(view[start + 27 : start + 27 + view[start + 26]])
        at = start + 27 + len(segments)
        for length in segments:
            if number == wanted:
                spans.append((at, at + length))
            at += length
            if length < 255:
                number += 1
                if number > wanted:
                    return [s for s in spans if s[0] < s[1]]
    raise broken("cut off in a header")


# WAV --------------------------------------------------------------------------------------------------------


def read_wav(view: View) -> Finding:
    """Chunks: the format and the samples stay, everything else becomes JUNK."""
    found = Finding(VOICE, "audio/wav")
    end = 8 + int.from_bytes(bytes(view[4:8]), "little")
    if end > len(view):
        raise broken("cut off")
    if end < len(view):
        found.keep = [(0, end)]
    at, rate, samples, chunks = 12, 0, 0, 0
    while at < end:
        chunks += 1
        name, size = bytes(view[at : at + 4]), int.from_bytes(bytes(view[at + 4 : at + 8]), "little")
        body, stop = at + 8, at + 8 + size
        if at + 8 > end or stop > end or chunks > MAX_CHUNKS:
            raise broken("a chunk longer than the file")
        if name == b"fmt ":
            if not 16 <= size <= 40:
                raise broken("an odd format")
            rate = int.from_bytes(bytes(view[body + 8 : body + 12]), "little")
            if size > 18 and int.from_bytes(bytes(view[body : body + 2]), "little") != 0xFFFE:
                found.zero(body + 18, stop)
        elif name == b"data":
            samples += size
        else:
            if name != b"JUNK":
                found.put(at, b"JUNK")
            found.zero(body, stop)
        at = stop + (size & 1)
        if size & 1 and stop < end:
            found.zero(stop, stop + 1)
    if not rate or not samples:
        raise broken("no format or no samples")
    found.duration_s = round(samples / rate, 2)
    return found


# AMR --------------------------------------------------------------------------------------------------------

_AMR = (12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0)
_AMR_WB = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0)


def read_amr(view: View) -> Finding:
    """Frames of 20 ms and nothing else; there is no room for metadata."""
    wide = bytes(view[:9]) == b"#!AMR-WB\n"
    at, sizes, frames, end = 9 if wide else 6, _AMR_WB if wide else _AMR, 0, len(view)
    while at < end:
        head = view[at]
        size = sizes[head >> 3 & 15]
        if size < 0 or head & 0x83 or at + 1 + size > end or frames >= MAX_FRAMES:
            raise broken("no frame where one must be")
        at += 1 + size
        frames += 1
    if not frames:
        raise broken("no frames")
    return Finding(VOICE, "audio/amr-wb" if wide else "audio/amr", round(frames * 0.02, 2))


# MP3 --------------------------------------------------------------------------------------------------------

_KBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1, layer III
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2 and 2.5
)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def mp3_frame(head: bytes) -> tuple[int, float] | None:
    """(bytes, seconds) of the frame that begins with these four bytes; None if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate, bits = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or rate == 3 or bits in (0, 15):
        return None
    hertz = _RATES[version][rate]
    kbits = _KBITS[version != 3][bits]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kbits * 1000 // hertz + (head[2] >> 1 & 1), samples / hertz


def read_mp3(view: View) -> Finding:
    """Frames of layer III that follow each other; tags before and after are cut off, and so is a first frame
    that holds the encoder's notes instead of sound."""
    found = Finding(VOICE, "audio/mpeg")
    at = after_id3(view)
    start, seconds, frames = at, 0.0, 0
    while (frame := mp3_frame(bytes(view[at : at + 4]))) is not None:
        if at + frame[0] > len(view) or frames >= MAX_FRAMES:
            break
        body = bytes(view[at : at + 64])
        if not frames and any(mark in body for mark in (b"Xing", b"Info", b"VBRI")):
            start = at + frame[0]
        else:
            seconds += frame[1]
        at += frame[0]
        frames += 1
    if frames < 2 or start == at:
        raise broken("no frames")
    rest = bytes(view[at : at + 8])
    tail = len(view) - at
    known = rest[:3] == b"TAG" or rest == b"APETAGEX" or rest[:8] == b"LYRICSBE" or rest[:3] == b"ID3"
    cut_frame = mp3_frame(rest[:4]) is not None and tail < 2000
    padding = tail <= 4096 and not any(bytes(view[at:]))
    if tail and not (known or cut_frame or padding):
        raise broken("neither frame nor tag")
    found.keep = [(start, at)] if (start, at) != (0, len(view)) else None
    found.duration_s = round(seconds, 2)
    return found


def after_id3(view: View) -> int:
    """Where the first frame may begin: behind the ID3 tags."""
    at = 0
    for _ in range(4):
        head = bytes(view[at : at + 10])
        if len(head) < 10 or head[:3] != b"ID3" or any(b & 0x80 for b in head[6:10]):
            break
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        at += 10 + size + (10 if head[5] & 0x10 else 0)
    while at and at < min(len(view), MAX_PADDING) and not view[at]:
        at += 1
    return at
