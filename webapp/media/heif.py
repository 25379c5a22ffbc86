"""HEIC and HEIF: the structure check, and the one place that calls pillow-heif.

A HEIC photo takes a second of CPU to decode, so a request never decodes one: it walks the boxes and checks
that every byte range that the item table (`iloc`) promises lies inside the file, which a cut-off upload
cannot pass. Sources: ISO/IEC 14496-12 (boxes, iloc), ISO/IEC 23008-12 (HEIF).
"""

import struct
from collections.abc import Iterator

import pillow_heif
import pillow_heif.options
from PIL import Image

from webapp.media.containers import Container, tiff_block
from webapp.media.errors import PhotoError

# Side pictures are never shown, and an embedded thumbnail may differ from the picture it claims to show.
pillow_heif.options.THUMBNAILS = False
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False
pillow_heif.options.DECODE_THREADS = 1  # as many processes as cores do the work; threads only add switching

_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_PICTURE_BRANDS = _HEIC_BRANDS | {b"mif1", b"mif2", b"msf1"}
_MAX_BOXES = 256
_MAX_EXTENTS = 20_000  # a 48-megapixel phone photo has about 200 tiles


def brands(data: bytes) -> frozenset[bytes]:
    """Brands of the leading `ftyp` box; empty when there is none."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), len(data), 512)
    return frozenset(data[at : at + 4] for at in (8, *range(16, end - 3, 4)))


def is_heif(found: frozenset[bytes]) -> bool:
    """True for HEVC-coded pictures; AVIF shares the container but not the codec."""
    return bool(found & _HEIC_BRANDS) or (bool(found & _PICTURE_BRANDS) and not found & {b"avif", b"avis"})


def read_heif(data: bytes) -> Container:
    """Size as shown (the container's own rotation counted in) and the EXIF block, without decoding.

    The one container whose `parts` are the whole file: the decoder reads it by item, and metadata items are
    not pixels. Errors: `broken`, `unsupported_format`.
    """
    _check_extents(data)
    image = _open(data)
    if not len(image):
        raise PhotoError("broken", "HEIF without a picture")
    width, height = image.size
    if not width or not height:
        raise PhotoError("broken", "a side of zero pixels")
    exif = image.info.get("exif") or b""
    return Container("HEIF", width, height, tiff_block(exif), (data,))


def decode_heif(data: bytes) -> Image.Image:
    """The primary picture, upright: libheif applies `irot` and `imir` itself, and the standard tells readers
    to ignore EXIF orientation, so nobody may rotate after this."""
    decoded = _open(data).to_pillow()
    decoded.info.pop("exif", None)
    return decoded


def _open(data: bytes) -> pillow_heif.HeifFile:
    try:
        return pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    except Exception as error:  # libheif reports through half a dozen exception types
        raise PhotoError("broken", f"HEIF: {type(error).__name__}") from error


def _boxes(data: bytes, pos: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of body, end) of each box in a range. Errors: `broken` when one runs over the end."""
    for _ in range(_MAX_BOXES):
        if pos == stop:
            return
        if pos + 8 > stop:
            raise PhotoError("broken", "cut off in a box header")
        length, kind = struct.unpack_from(">L4s", data, pos)
        body = pos + 8
        if length == 1 and pos + 16 <= stop:
            (length,) = struct.unpack_from(">Q", data, body)
            body += 8
        end = stop if length == 0 else pos + length
        if end < body or end > stop:
            raise PhotoError("broken", "cut off in a box")
        yield kind, body, end
        pos = end
    raise PhotoError("broken", "too many boxes")


def _check_extents(data: bytes) -> None:
    film = False
    try:
        for kind, body, end in _boxes(data, 0, len(data)):
            if kind == b"meta":
                inner = list(_boxes(data, body + 4, end))
                idat = next((e - b for k, b, e in inner if k == b"idat"), 0)
                for k, b, e in inner:
                    if k == b"iloc":
                        _check_iloc(data[b:e], {0: len(data), 1: idat})
                        return
            film = film or kind == b"moov"
    except struct.error as error:
        raise PhotoError("broken", "cut off in the item table") from error
    raise PhotoError("animated", "HEIF sequence") if film else PhotoError("broken", "no item table")


def _check_iloc(table: bytes, ends: dict[int, int]) -> None:
    """Each extent must end inside its source; `ends`: construction method (0 file, 1 idat) to length."""
    version, sizes = struct.unpack_from(">B3xH", table)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    index_size = index_size if version in (1, 2) else 0
    wide = version == 2
    (items,) = struct.unpack_from(">L" if wide else ">H", table, 6)
    if items > _MAX_EXTENTS:
        raise PhotoError("broken", "too many items")
    pos, extents = (10 if wide else 8), 0

    def take(size: int) -> int:
        nonlocal pos
        if pos + size > len(table):
            raise PhotoError("broken", "cut off in the item table")
        pos += size
        return int.from_bytes(table[pos - size : pos], "big")

    for _ in range(items):
        take(4 if wide else 2)
        method = take(2) & 15 if version in (1, 2) else 0
        take(2)
        base = take(base_size)
        for _ in range(take(2)):
            extents += 1
            if extents > _MAX_EXTENTS:
                raise PhotoError("broken", "too many extents")
            take(index_size)
            offset, length = take(offset_size), take(length_size)
            if method in ends and base + offset + length > ends[method]:
                raise PhotoError("broken", "item data outside the file")
