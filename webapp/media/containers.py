"""Reads the outer structure of JPEG, PNG and WebP files, without decoding a pixel.

Three uses of one walk: it proves that the file is whole (a cut-off upload ends before its end mark), it gives
the size before any decoder sees the file, and it picks out the parts that pixels need, so that the decoder
never gets text, EXIF, XMP, thumbnails, extra pictures or appended archives at all.

Threat: every length comes from a stranger. No loop here runs longer than its cap, no length is believed
beyond the end of the data, nothing is inflated but a colour profile, up to 1 MiB.
Sources: ITU-T T.81 annex B (JPEG), ISO/IEC 15948 (PNG), RFC 9649 (WebP).
"""

import re
import struct
import zlib
from dataclasses import dataclass

from webapp.media.errors import PhotoError

# Real profiles take 0.5 kB to 600 kB; a larger one is dropped and the colours taken as sRGB.
MAX_ICC = 1 << 20
_MAX_SEGMENTS = 4_000  # JPEG; a photo has 10 to 300
# Each scan of a progressive JPEG is a pass over all pixels: a small file with thousands of empty scans would
# hold a worker for minutes. Encoders write 1 to 20.
_MAX_SCANS = 64
_MAX_CHUNKS = 65_536  # PNG: 20 MB in IDAT chunks of 4 kB are 5,000
_MAX_RIFF_CHUNKS = 256
_MAX_SIDE = 65_535


@dataclass(frozen=True, slots=True)
class Container:
    """What the structure tells: stored size in pixels (before orientation), the raw EXIF block, and the parts
    of the file that pixels need (`pixels()` joins them to a file of the same format)."""

    format: str
    width: int
    height: int
    exif: bytes
    parts: tuple[bytes, ...]

    def pixels(self) -> bytes:
        return b"".join(self.parts)


def tiff_block(payload: bytes) -> bytes:
    """EXIF without the `Exif` prefix that JPEG requires and other formats sometimes copy."""
    return payload[6:] if payload[:4] == b"Exif" else payload


def _broken(why: str) -> PhotoError:
    return PhotoError("broken", why)


def _checked(fmt: str, width: int, height: int, exif: bytes, parts: list[bytes]) -> Container:
    if not width or not height:
        raise _broken("a side of zero pixels")
    if max(width, height) > _MAX_SIDE:
        raise PhotoError("too_many_pixels", f"a side of {max(width, height)}")
    return Container(fmt, width, height, tiff_block(exif), tuple(parts))


# JPEG -------------------------------------------------------------------------------------------------------

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS, _APP1, _APP2, _APP14, _APP0 = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2, 0xEE, 0xE0
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD})  # Huffman, arithmetic, quantisation, restart interval
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Baseline, extended, progressive with Huffman; extended, progressive with arithmetic coding.
_FRAMES_READ = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_COLOUR_SEGMENTS = {_APP0: b"JFIF\0", _APP2: b"ICC_PROFILE\0", _APP14: b"Adobe"}


def read_jpeg(data: bytes) -> Container:
    """Walks markers up to the end-of-image mark; what follows it (motion photo, archive, more pictures) is
    left.

    Errors: `broken` without end mark, frame or scan, or with more scans than photos have;
    `unsupported_format` for lossless, hierarchical and 12-bit JPEG.
    """
    size: tuple[int, int] | None = None
    parts, exif, icc, scans, pos = [b"\xff\xd8"], b"", 0, 0, 2
    for _ in range(_MAX_SEGMENTS):
        found = _NEXT_MARKER.search(data, pos)
        if found is None:
            raise _broken("no end-of-image mark")
        marker, pos = data[found.start() + 1], found.end()
        if marker == _EOI:
            if size is None or not scans:
                raise _broken("no picture before the end mark")
            parts.append(b"\xff\xd9")
            return _checked("JPEG", *size, exif, parts)
        if marker == 0x01:
            continue
        if marker == _SOI or pos + 2 > len(data):
            raise _broken("picture inside a picture, or cut off in a marker")
        end = pos + int.from_bytes(data[pos : pos + 2], "big")
        if end < pos + 2 or end > len(data):
            raise _broken("cut off in a segment")
        body, segment = data[pos + 2 : end], data[pos - 2 : end]
        pos = end
        if marker in _FRAMES:
            if size is not None:
                raise _broken("two frames")
            size = _jpeg_frame(marker, body)
            parts.append(segment)
        elif marker == _SOS:
            scans += 1
            follow = _NEXT_MARKER.search(data, pos)
            if size is None or follow is None or scans > _MAX_SCANS:
                raise _broken("scan without frame, without end, or too many scans")
            parts.append(data[pos - len(segment) : follow.start()])
            pos = follow.start()
        elif marker in _TABLES:
            parts.append(segment)
        elif marker in _COLOUR_SEGMENTS and body.startswith(_COLOUR_SEGMENTS[marker]):
            icc += len(body) if marker == _APP2 else 0
            if icc <= MAX_ICC:
                parts.append(segment)
        elif marker == _APP1 and body.startswith(b"Exif\0") and not exif:
            exif = body
    raise _broken("too many segments")


def _jpeg_frame(marker: int, body: bytes) -> tuple[int, int]:
    if len(body) < 6:
        raise _broken("short frame header")
    bits, height, width, components = struct.unpack_from(">BHHB", body)
    if marker not in _FRAMES_READ or bits != 8 or components not in (1, 3, 4):
        raise PhotoError("unsupported_format", f"JPEG {marker:#x}, {bits} bit, {components} components")
    return width, height


# PNG --------------------------------------------------------------------------------------------------------

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND"})


def read_png(data: bytes) -> Container:
    """Walks chunks to IEND and checks the checksum of each chunk that pixels need.

    Errors: `broken` when cut off, damaged or with an unknown critical chunk; `animated` for APNG.
    """
    size: tuple[int, int] | None = None
    parts, exif, pos, seen = [PNG_SIGNATURE], b"", 8, set[bytes]()
    for _ in range(_MAX_CHUNKS):
        if pos + 12 > len(data):
            raise _broken("no end chunk")
        length, kind = struct.unpack_from(">L4s", data, pos)
        end = pos + 12 + length
        if end > len(data):
            raise _broken("cut off in a chunk")
        if (size is None) != (kind == b"IHDR"):
            raise _broken("header chunk missing or twice")
        if kind in _PNG_KEPT:
            if zlib.crc32(data[pos + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
                raise _broken("checksum")
            if kind != b"iCCP" or (kind not in seen and _small_profile(data[pos + 8 : end - 4])):
                parts.append(data[pos:end])
        elif kind == b"acTL":
            raise PhotoError("animated", "APNG")
        elif kind == b"eXIf" and not exif:
            exif = data[pos + 8 : end - 4]
        elif not kind[0] & 0x20:
            raise _broken("unknown critical chunk")
        if kind == b"IHDR":
            if length != 13:
                raise _broken("header length")
            width, height = struct.unpack_from(">LL", data, pos + 8)
            size = width, height
        seen.add(kind)
        pos = end
        if kind == b"IEND":
            if size is None or b"IDAT" not in seen:
                raise _broken("no pixel data")
            return _checked("PNG", *size, exif, parts)
    raise _broken("too many chunks")


def _small_profile(body: bytes) -> bool:
    """False for a profile that is damaged or inflates beyond MAX_ICC: it is left out, the picture stays."""
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(body.partition(b"\0")[2][1:], MAX_ICC)
    except zlib.error:
        return False
    return inflater.eof


# WebP -------------------------------------------------------------------------------------------------------

ICC_FLAG, ALPHA_FLAG, EXIF_FLAG, XMP_FLAG, ANIMATION_FLAG = 0x20, 0x10, 0x08, 0x04, 0x02
_BITSTREAMS = (b"VP8 ", b"VP8L")


def riff_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(name, body) of each chunk of a RIFF/WEBP file; bytes after the declared end are not read.

    Errors: `broken` when the file is shorter than it declares or a chunk runs over the end.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise _broken("not RIFF/WEBP")
    chunks: list[tuple[bytes, bytes]] = []
    stop, pos = int.from_bytes(data[4:8], "little") + 8, 12
    if stop > len(data):
        raise _broken("shorter than declared")
    while pos + 8 <= stop:
        name, length = data[pos : pos + 4], int.from_bytes(data[pos + 4 : pos + 8], "little")
        if pos + 8 + length > stop or len(chunks) >= _MAX_RIFF_CHUNKS:
            raise _broken("chunk runs over the end, or too many chunks")
        chunks.append((name, data[pos + 8 : pos + 8 + length]))
        pos += 8 + length + (length & 1)
    return chunks


def bitstream_size(name: bytes, body: bytes) -> tuple[int, int]:
    """Size in pixels that the header of a `VP8 ` or `VP8L` chunk gives. Errors: `broken`."""
    if name == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and len(body) > 10:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L" and body[:1] == b"\x2f" and len(body) > 5:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise _broken("no picture header")


def read_webp(data: bytes) -> Container:
    """Errors: `broken` when cut off or when canvas and picture disagree; `animated`."""
    chunks = riff_chunks(data)
    names = [name for name, _ in chunks]
    head = chunks[0] if chunks else (b"", b"")
    flagged = head[0] == b"VP8X" and len(head[1]) > 0 and head[1][0] & ANIMATION_FLAG
    if flagged or b"ANMF" in names or b"ANIM" in names:
        raise PhotoError("animated", "WebP")
    pictures = [chunk for chunk in chunks if chunk[0] in _BITSTREAMS]
    if len(pictures) != 1:
        raise _broken("not exactly one picture")
    width, height = bitstream_size(*pictures[0])
    if not width or not height:
        raise _broken("a side of zero pixels")
    first = {name: body for name, body in reversed(chunks)}
    kept = [pictures[0]]
    if head[0] == b"VP8X":
        if len(head[1]) < 10 or head[1][4:10] != _u24(width - 1) + _u24(height - 1):
            raise _broken("canvas and picture differ")
        flags = 0
        if pictures[0][0] == b"VP8L":
            flags |= head[1][0] & ALPHA_FLAG
        elif b"ALPH" in first:
            flags, kept = flags | ALPHA_FLAG, [(b"ALPH", first[b"ALPH"]), *kept]
        if 0 < len(first.get(b"ICCP", b"")) <= MAX_ICC:
            flags, kept = flags | ICC_FLAG, [(b"ICCP", first[b"ICCP"]), *kept]
        kept = [(b"VP8X", bytes([flags, 0, 0, 0]) + head[1][4:10]), *kept]
    body = b"".join(name + len(b).to_bytes(4, "little") + b + b"\0" * (len(b) & 1) for name, b in kept)
    riff = b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP"
    return _checked("WEBP", width, height, first.get(b"EXIF", b""), [riff, body])


def _u24(value: int) -> bytes:
    return value.to_bytes(3, "little")
