"""Pictures and non-pictures for the tests of the photo pipeline, made in code: no binary files in the
repository.

Every sample carries its expected outcome: `verify` and `clean` name the error code, or None where it is
accepted.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pillow_heif
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

pillow_heif.register_heif_opener()

# What identifies a person or a device. None of it may be found in a cleaned picture.
OWNER, SERIAL, MAKER = "CHỦ MÁY ẢNH 7731", "SN-90218834-X", "MAKERNOTE-5512"
XMP_CREATOR, COMMENT, IPTC_BYLINE = "XMP-TÁC-GIẢ-8841", "GHI-CHÚ-6620", "IPTC-BYLINE-3307"
DMS_LAT, DMS_LON = ((9, 1), (35, 1), (617, 100)), ((106, 1), (31, 1), (3011, 100))
LON_LAT = (106 + 31 / 60 + 30.11 / 3600, 9 + 35 / 60 + 6.17 / 3600)

RED, GREEN, BLUE, WHITE = (220, 20, 20), (20, 190, 20), (20, 20, 220), (250, 250, 250)
SIZE = (96, 64)


@dataclass(frozen=True)
class Sample:
    make: Callable[[], bytes]
    verify: str | None
    clean: str | None


SAMPLES: dict[str, Sample] = {}


def sample(name: str, verify: str | None = None, clean: str | None = "same"):
    def add(make: Callable[[], bytes]) -> Callable[[], bytes]:
        assert name not in SAMPLES
        SAMPLES[name] = Sample(cache(make), verify, verify if clean == "same" else clean)
        return SAMPLES[name].make

    return add


def quadrants(size=SIZE, corners=(RED, GREEN, BLUE, WHITE)) -> Image.Image:
    """Four plain quarters: top left, top right, bottom left, bottom right."""
    w, h = size
    image = Image.new("RGB", size)
    for i, colour in enumerate(corners):
        image.paste(colour, (i % 2 * w // 2, i // 2 * h // 2, w, h))
    return image


def noise(size=(320, 240), seed=1) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))


def save(image: Image.Image, fmt: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def exif(orientation: int = 1, lat=DMS_LAT, lon=DMS_LON, refs=("N", "E")) -> bytes:
    """A full EXIF block, `Exif\\0\\0` prefix included: owner, serial number, maker note, GPS."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x013B] = OWNER
    block[0x010E] = COMMENT
    sub = block.get_ifd(0x8769)
    sub[0xA430], sub[0xA431], sub[0x927C] = OWNER, SERIAL, MAKER.encode() * 20
    sub[0x9286] = b"UNICODE\0" + OWNER.encode("utf-16-le")
    where = block.get_ifd(0x8825)
    if refs:
        where[1], where[3] = refs
    where[2], where[4] = (tuple(IFDRational(*pair) for pair in dms) for dms in (lat, lon))
    return block.tobytes()


def tiff_gps(entries: list[tuple[int, int, int, bytes]], order: str = ">") -> bytes:
    """A bare TIFF block whose only content is a GPS directory with these (tag, type, count, value)."""
    head = (b"MM" if order == ">" else b"II") + struct.pack(order + "HL", 42, 8)
    first = struct.pack(order + "HHHLLL", 1, 0x8825, 4, 1, 26, 0)
    table, extra, at = struct.pack(order + "H", len(entries)), b"", 26 + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        if len(value) > 4:
            table += struct.pack(order + "HHLL", tag, kind, count, at + len(extra))
            extra += value
        else:
            table += struct.pack(order + "HHL", tag, kind, count) + value.ljust(4, b"\0")
    return head + first + table + b"\0" * 4 + extra


def xmp() -> bytes:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator>{XMP_CREATOR}</dc:creator></x:xmpmeta>'.encode()


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def jpeg_with(image: Image.Image, *segments: bytes, **options) -> bytes:
    plain = save(image, "JPEG", **options)
    return plain[:2] + b"".join(segments) + plain[2:]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def png_with(image: Image.Image, *chunks: bytes) -> bytes:
    plain = save(image, "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def png_of(width: int, height: int, idat: bytes, depth: int = 8, colour: int = 2) -> bytes:
    head = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + png_chunk(b"IDAT", zlib.compress(idat))
        + png_chunk(b"IEND", b"")
    )


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(n + len(b).to_bytes(4, "little") + b + b"\0" * (len(b) & 1) for n, b in chunks)
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def swapped_profile() -> bytes:
    """A valid RGB profile in which red and green have changed places: through it, red must come out green."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = plain.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    return plain.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))


def spoil(data: bytes, start: float = 0.5, length: int = 64) -> bytes:
    at = int(len(data) * start)
    return data[:at] + random.Random(3).randbytes(length) + data[at + length :]


def heif_rotated(orientation: int) -> bytes:
    """HEIC whose container rotates, whose EXIF still says the same: who obeys both turns twice."""
    return save(stored(orientation), "HEIF", quality=90, exif=exif(orientation))


# EXIF orientation, by the standard's own words: which visual side the stored row 0 and column 0 are.
ROW0_COL0 = {
    1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
    5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom"),
}  # fmt: skip
_OPPOSITE = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
_VISUAL = {
    frozenset({"top", "left"}): RED,
    frozenset({"top", "right"}): GREEN,
    frozenset({"bottom", "left"}): BLUE,
    frozenset({"bottom", "right"}): WHITE,
}


def stored(orientation: int) -> Image.Image:
    """The sensor's picture that, with this orientation, shows red green / blue white, 96 wide and 64 high."""
    row, col = ROW0_COL0[orientation]
    corners = [_VISUAL[frozenset({r, c})] for r in (row, _OPPOSITE[row]) for c in (col, _OPPOSITE[col])]
    return quadrants(SIZE if row in ("top", "bottom") else SIZE[::-1], tuple(corners))


# Accepted -------------------------------------------------------------------------------------------------

sample("jpeg")(lambda: save(noise(), "JPEG", quality=90))
sample("jpeg progressive")(lambda: save(noise(), "JPEG", progressive=True))
sample("jpeg grey")(lambda: save(noise().convert("L"), "JPEG"))
sample("jpeg cmyk")(lambda: save(quadrants().convert("CMYK"), "JPEG", quality=95))
sample("jpeg one pixel")(lambda: save(Image.new("RGB", (1, 1)), "JPEG"))
sample("jpeg narrow")(lambda: save(Image.new("RGB", (3000, 1)), "JPEG"))
sample("jpeg large")(lambda: save(quadrants((4032, 3024)), "JPEG"))
sample("jpeg wide gamut")(lambda: save(Image.new("RGB", SIZE, RED), "JPEG", icc_profile=swapped_profile()))
sample("jpeg broken profile")(lambda: save(quadrants(), "JPEG", icc_profile=b"not a profile" * 30))
sample("jpeg then zip")(lambda: save(quadrants(), "JPEG") + archive())
sample("jpeg then half a jpeg")(lambda: save(quadrants(), "JPEG") + save(noise(), "JPEG")[:900])
sample("jpeg junk between segments")(lambda: jpeg_with(quadrants(), jpeg_segment(0xFE, b"-") + b"\0\0junk"))
sample("jpeg mpo")(lambda: save(quadrants(), "MPO", save_all=True, append_images=[noise(SIZE)]))
sample("jpeg comment")(lambda: save(quadrants(), "JPEG", comment=COMMENT.encode()))
sample("jpeg all metadata")(
    lambda: jpeg_with(
        quadrants(),
        jpeg_segment(0xE1, exif(1)),
        jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp()),
        jpeg_segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x15\x1c\x02\x50" + IPTC_BYLINE.encode()),
        jpeg_segment(0xFE, COMMENT.encode()),
        jpeg_segment(0xEB, SERIAL.encode()),
        comment=OWNER.encode("utf-16"),
    )
)
sample("jpeg huge exif")(lambda: jpeg_with(quadrants(), jpeg_segment(0xE1, b"Exif\0\0" + b"\xff" * 65000)))
sample("jpeg spoiled in the middle", None, None)(lambda: spoil(save(noise(), "JPEG", quality=90)))
sample("png")(lambda: save(noise(), "PNG"))
sample("png rgba")(lambda: save(Image.new("RGBA", SIZE, (0, 0, 0, 0)), "PNG"))
sample("png palette with transparency")(lambda: save(Image.new("P", SIZE, 0), "PNG", transparency=0))
sample("png one bit")(lambda: save(Image.new("1", SIZE, 1), "PNG"))
sample("png grey and alpha")(lambda: save(Image.new("LA", SIZE, (40, 0)), "PNG"))
sample("png 16 bit grey")(lambda: save(Image.new("I;16", SIZE, 0xC0FF), "PNG"))
sample("png 16 bit rgb")(lambda: png_of(*SIZE, (b"\0" + b"\xdc\xff\x14\xff\x14\xff" * SIZE[0]) * SIZE[1], depth=16))
sample("png author")(
    lambda: png_with(
        quadrants(),
        png_chunk(b"tEXt", b"Author\0" + OWNER.encode()),
        png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp()),
        png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(SERIAL.encode())),
        png_chunk(b"eXIf", exif(1)[6:]),
        png_chunk(b"prVt", COMMENT.encode()),
    )
)
sample("png text bomb")(
    lambda: png_with(quadrants(), *[png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 26), 9))] * 4)
)
sample("png profile bomb")(
    lambda: png_with(quadrants(), png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(1 << 26), 9)))
)
sample("png many profile bombs")(
    lambda: png_with(quadrants(), *[png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(1 << 20), 9))] * 9000)
)
sample("png huge text")(lambda: png_with(quadrants(), png_chunk(b"iTXt", b"a\0\0\0\0\0" + b"x" * 5_000_000)))
sample("png trailing html")(lambda: save(quadrants(), "PNG") + b"<script>alert(1)</script>")
sample("webp")(lambda: save(noise(), "WEBP"))
sample("webp lossless alpha")(lambda: save(Image.new("RGBA", SIZE, (0, 0, 0, 0)), "WEBP", lossless=True))
sample("webp lossy alpha")(lambda: save(Image.new("RGBA", SIZE, (0, 0, 0, 0)), "WEBP"))
sample("webp metadata")(lambda: save(quadrants(), "WEBP", exif=exif(1), xmp=xmp(), icc_profile=swapped_profile()))
sample("heic")(lambda: save(noise(), "HEIF", quality=80))
sample("heic metadata")(lambda: save(quadrants(), "HEIF", exif=exif(1), xmp=xmp()))
sample("heic alpha")(lambda: save(Image.new("RGBA", SIZE, (0, 0, 0, 0)), "HEIF"))
sample("heic burst, first shown")(lambda: save(quadrants(), "HEIF", save_all=True, append_images=[noise()]))
for _o in range(1, 9):
    sample(f"jpeg orientation {_o}")(lambda o=_o: save(stored(o), "JPEG", quality=95, exif=exif(o)))
    sample(f"heic orientation {_o}")(lambda o=_o: heif_rotated(o))
    sample(f"png orientation {_o}")(lambda o=_o: save(stored(o), "PNG", exif=exif(o)))
    sample(f"webp orientation {_o}")(lambda o=_o: save(stored(o), "WEBP", quality=95, exif=exif(o)))
sample("jpeg orientation 9 is ignored")(lambda: save(quadrants(), "JPEG", quality=95, exif=exif(9)))

# Refused --------------------------------------------------------------------------------------------------


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as box:
        box.writestr("payload.txt", OWNER)
    return out.getvalue()


sample("nothing", "empty")(lambda: b"")
sample("one byte", "not_an_image")(lambda: b"\xff")
sample("html named .png", "not_an_image")(lambda: b"<!doctype html><script>alert(1)</script>")
sample("pdf", "not_an_image")(lambda: save(quadrants(), "PDF"))
sample("zip", "not_an_image")(archive)
sample("zeroes", "not_an_image")(lambda: bytes(4096))
sample("video", "not_an_image")(lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(200))
sample("svg named .jpg", "unsupported_format")(lambda: b'<?xml version="1.0"?>\n<svg onload="alert(1)"/>')
sample("gif", "unsupported_format")(lambda: save(quadrants(), "GIF"))
sample("bmp", "unsupported_format")(lambda: save(quadrants(), "BMP"))
sample("tiff", "unsupported_format")(lambda: save(quadrants(), "TIFF"))
sample("avif", "unsupported_format")(lambda: save(quadrants(), "AVIF"))
sample("ico", "unsupported_format")(lambda: save(quadrants(), "ICO"))
sample("jpeg 12 bit", "unsupported_format")(lambda: patch_sof(save(quadrants(), "JPEG"), 4, b"\x0c"))
sample("jpeg bomb header", "too_many_pixels")(lambda: patch_sof(save(quadrants(), "JPEG"), 5, b"\xfd\xe8\xfd\xe8"))
sample("png bomb header", "too_many_pixels")(lambda: png_of(50_000, 50_000, bytes(9)))
sample("png endless row", "too_many_pixels")(lambda: png_of(2_000_000_000, 1, bytes(9)))
sample("webp bomb header", "too_many_pixels")(
    lambda: riff((b"VP8L", b"\x2f" + (16382 | 16382 << 14).to_bytes(4, "little") + bytes(20)))
)
sample("heic bomb header", "too_many_pixels")(
    lambda: patch_ispe(save(quadrants(), "HEIF"), struct.pack(">LL", 20_000, 20_000))
)
sample("heic smaller header than picture", None, "broken")(
    lambda: patch_ispe(save(noise((640, 480)), "HEIF"), struct.pack(">LL", 64, 64))
)
sample("webp zero width under a canvas", "broken")(
    lambda: riff((b"VP8X", bytes(10)), (b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + bytes(30)))
)
sample("webp canvas differs", "broken")(
    lambda: riff((b"VP8X", bytes(4) + b"\xff\xff\0\xff\xff\0"), webp_picture(save(quadrants(), "WEBP")))
)
sample("jpeg zero height", "broken")(lambda: patch_sof(save(quadrants(), "JPEG"), 5, b"\0\0"))
sample("png zero width", "broken")(lambda: png_of(0, 9, bytes(9)))
sample("jpeg thousand scans", "broken")(lambda: scan_bomb(save(noise(), "JPEG", progressive=True)))
sample("jpeg without picture", "broken")(lambda: b"\xff\xd8\xff\xd9")
sample("jpeg of markers only", "broken")(lambda: b"\xff\xd8" + b"\xff\x01" * 2_000_000 + b"\xff\xd9")
sample("jpeg two frames", "broken")(lambda: two_frames(save(quadrants(), "JPEG")))
sample("png unknown critical chunk", "broken")(lambda: png_with(quadrants(), png_chunk(b"CgBI", b"\0\0\0\0")))
sample("png without pixels", "broken")(lambda: save(quadrants(), "PNG")[:33] + png_chunk(b"IEND", b""))
sample("png too few rows", None, "broken")(lambda: png_of(*SIZE, bytes(50)))
sample("png spoiled in the middle", "broken")(lambda: spoil(save(noise(), "PNG")))
sample("webp spoiled header", "broken")(lambda: (d := save(noise(), "WEBP"))[:20] + bytes(10) + d[30:])
sample("heic item table points outside", "broken")(lambda: cut_mdat(save(noise(), "HEIF")))
sample("heic without item table", "broken")(lambda: save(noise(), "HEIF").replace(b"iloc", b"free"))
sample("heic endless item table", "broken")(
    lambda: heif_with_iloc(b"\x02\0\0\0" + b"\0\0" + b"\xff\xff\xff\xff" + bytes(15_000_000))
)
sample("heic empty extents without end", "broken")(
    lambda: heif_with_iloc(b"\x01\0\0\0" + b"\0\0" + b"\x20\0" + b"\0\1\0\0\0\0\xff\xff" * 0x2000)
)
sample("heic item table of one byte", "broken")(lambda: heif_with_iloc(b"\1"))
sample("heic without items", "broken")(lambda: heif_with_iloc(b"\1\0\0\0\0\0\0\0"))
sample("heic head only", "broken")(lambda: save(noise(), "HEIF")[:24])
sample("webp animated", "animated")(
    lambda: save(quadrants(), "WEBP", save_all=True, append_images=[noise(SIZE)], duration=100)
)
sample("png animated", "animated")(lambda: save(quadrants(), "PNG", save_all=True, append_images=[noise(SIZE)]))
for _fmt in ("JPEG", "PNG", "WEBP", "HEIF"):
    for _part in (0.02, 0.5, 0.99):
        sample(f"{_fmt.lower()} cut at {_part:.0%}", "broken")(
            lambda f=_fmt, p=_part: (d := save(noise(), f))[: int(len(d) * p)]
        )
    sample(f"{_fmt.lower()} last byte missing", "broken")(lambda f=_fmt: save(noise(), f)[:-1])
sample("progressive jpeg cut at 50%", "broken")(lambda: (d := save(noise(), "JPEG", progressive=True))[: len(d) // 2])
sample("jpeg cut inside its exif thumbnail", "broken")(
    lambda: jpeg_with(quadrants(), jpeg_segment(0xE1, b"Exif\0\0" + save(noise((60, 60)), "JPEG")))[:2000]
)


def patch_sof(data: bytes, offset: int, value: bytes) -> bytes:
    at = data.index(b"\xff\xc0") + offset
    return data[:at] + value + data[at + len(value) :]


def patch_ispe(data: bytes, size: bytes) -> bytes:
    at = data.index(b"ispe") + 8
    return data[:at] + size + data[at + 8 :]


def webp_picture(data: bytes) -> tuple[bytes, bytes]:
    assert data[12:16] == b"VP8 "
    return b"VP8 ", data[20 : 20 + int.from_bytes(data[16:20], "little")]


def scan_bomb(data: bytes) -> bytes:
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 1000 + b"\xff\xd9"


def two_frames(data: bytes) -> bytes:
    at = data.index(b"\xff\xc0")
    frame = data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]
    return data[:at] + frame + data[at:]


def heif_with_iloc(body: bytes) -> bytes:
    iloc = struct.pack(">L", len(body) + 8) + b"iloc" + body
    return b"\0\0\0\x14ftypheic\0\0\0\0mif1" + struct.pack(">L", len(iloc) + 12) + b"meta" + bytes(4) + iloc


def cut_mdat(data: bytes) -> bytes:
    """Boxes that are whole although the picture data are cut off: only the item table can tell."""
    at = data.index(b"mdat") - 4
    kept = data[at + 8 : at + 200]
    return data[:at] + struct.pack(">L", len(kept) + 8) + b"mdat" + kept
