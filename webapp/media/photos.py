"""From what a stranger uploads to a picture that is safe to show.

`verify` runs in the request and decodes nothing; `clean` runs in a worker and is the only maker of public
pictures: it fails closed, so where it raises there is no picture. The original is evidence and is kept
elsewhere, unchanged.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageCms

from webapp.media import exif as exif_reader
from webapp.media.containers import (
    ALPHA_FLAG,
    PNG_SIGNATURE,
    Container,
    bitstream_size,
    read_jpeg,
    read_png,
    read_webp,
    riff_chunks,
)
from webapp.media.errors import PhotoError
from webapp.media.heif import brands, decode_heif, is_heif, read_heif

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_PIXELS: Final = 80_000_000
FULL_SIDE: Final = 2048
# JPEG decodes at 1/2, 1/4, 1/8 for a fraction of the cost. 4032 and 4000 pixels, the commonest phone photos,
# halve to 2016 and 2000: taking that as it comes saves the resize and loses 2 percent of the side.
DRAFT_SIDE: Final = 1920
THUMB_SIDE: Final = 480
QUALITY: Final = 80
METHOD: Final = 2

# Second line only. Pillow's limit is one global for all threads and its warnings filter is too, so the rule
# is our own check of the header's size before a decoder starts; Pillow raises by itself above twice this
# number.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Pictures we recognise in order to say "a picture, but not of a kind we take".
_OTHER_PICTURES = (
    b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\0\0\1\0", b"\xff\x0a", b"8BPS", b"qoif",
    b"\0\0\0\x0cjP  ", b"\0\0\0\x0cJXL ", b"\xff\x4f\xff\x51",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """An accepted picture: `format` JPEG, PNG, WEBP or HEIF; size in pixels as a viewer shows it (orientation
    counted in); `sha256` (hex) and `size` (bytes) of exactly the data that was given."""

    format: str
    mime: str
    width: int
    height: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """The public copies, WebP without metadata: `full` (long side at most 2048) with its size, `thumb`
    (480)."""

    full: bytes
    thumb: bytes
    width: int
    height: int
    mime: str = "image/webp"


def verify(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> PhotoInfo:
    """Accepts or refuses an upload by its content; name and declared type play no part.

    Proves that the file is one of the four formats, whole to its end mark, and announces at most
    `max_pixels`. Decodes nothing (about 10 ms for a 12-megapixel JPEG): damage inside the compressed data
    that leaves the structure whole is found by `clean`, or shows as a spoiled area, as in any viewer.
    Raises `PhotoError` (any code but `not_clean`), and nothing else.
    """
    if not data:
        raise PhotoError("empty")
    if len(data) > max_bytes:
        raise PhotoError("too_large", f"{len(data)} bytes")
    box = _read(data, max_pixels)
    width, height = box.width, box.height
    if _orientation(box) >= 5:
        width, height = height, width
    digest = hashlib.sha256(data).hexdigest()
    return PhotoInfo(box.format, _MIME[box.format], width, height, digest, len(data))


def clean(data: bytes, *, max_pixels: int = MAX_PIXELS) -> CleanPhoto:
    """Decodes, turns upright, converts to sRGB on white, shrinks (never enlarges) and encodes as WebP.

    Only pixels pass through: the decoder gets a copy of the file without metadata, the encoder gets bare
    pixels, and the result is proved clean byte by byte. Deterministic for the same library versions; keeps no
    state. Raises `PhotoError`: as `verify`, `broken` when the pixels cannot be decoded, `not_clean` when the
    proof fails.
    """
    if not data:
        raise PhotoError("empty")
    box = _read(data, max_pixels)
    return pack(_upright_rgb(box))


def pack(image: Image.Image) -> CleanPhoto:
    """Encodes an upright sRGB picture and its small copy, and proves both clean. Raises `PhotoError`
    (`not_clean`)."""
    thumb = _shrunk(image, THUMB_SIDE)
    full_bytes, thumb_bytes = _encode(image), _encode(thumb)
    prove_clean(full_bytes, image.size)
    prove_clean(thumb_bytes, thumb.size)
    return CleanPhoto(full_bytes, thumb_bytes, *image.size)


def gps(data: bytes) -> tuple[float, float] | None:
    """(lon, lat) in WGS84 degrees from the picture's EXIF, or None. Never raises.

    A hint, not proof: phones strip it and anyone can write it.
    """
    try:
        return exif_reader.position(_read(data, MAX_PIXELS).exif)
    except PhotoError:
        return None


def dhash(source: Image.Image | bytes) -> int:
    """64-bit difference hash: near-identical pictures differ in few bits (compare `(a ^ b).bit_count()`).

    Give it the cleaned picture or its thumbnail, so that orientation and alpha are settled. Bit 63 is the top
    left: set where a cell of the 9 by 8 grey miniature is brighter than its right neighbour.
    Raises `PhotoError` for bytes that are no picture.
    """
    image = _upright_rgb(_read(source, MAX_PIXELS)) if isinstance(source, bytes) else source
    grey = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for left in range(row * 9, row * 9 + 8):
            bits = bits << 1 | (grey[left] > grey[left + 1])
    return bits


def prove_clean(webp: bytes, size: tuple[int, int]) -> None:
    """Raises `PhotoError("not_clean")` unless the bytes are a WebP of that size holding pixels and nothing
    else.

    Checked by hand on the RIFF structure, because a library that failed to drop something may also fail to
    see it: no chunk but the picture (and its header and alpha), no metadata flags, no byte after the end or
    in the padding.
    """
    try:
        chunks = riff_chunks(webp)
        pictures = [chunk for chunk in chunks if chunk[0] in (b"VP8 ", b"VP8L")]
        rebuilt = b"".join(n + len(b).to_bytes(4, "little") + b + b"\0" * (len(b) & 1) for n, b in chunks)
        fine = (
            len(pictures) == 1
            and bitstream_size(*pictures[0]) == size
            and all(name in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH") for name, _ in chunks)
            and all(not any((body[0] & ~ALPHA_FLAG, *body[1:4])) for name, body in chunks if name == b"VP8X")
            and webp == b"RIFF" + (len(rebuilt) + 4).to_bytes(4, "little") + b"WEBP" + rebuilt
        )
        with Image.open(io.BytesIO(webp), formats=["WEBP"]) as opened:
            fine = fine and opened.size == size and not opened.info.keys() & {"exif", "xmp", "icc_profile"}
    except Exception as error:
        raise PhotoError("not_clean", f"{type(error).__name__} while proving") from error
    if not fine:
        raise PhotoError("not_clean", "more than pixels in the output")


def _read(data: bytes, max_pixels: int) -> Container:
    """Structure of the file, by its first bytes; raises for what is no picture or has too many pixels."""
    try:
        box = _sniffed(data)
    except PhotoError:
        raise
    except Exception as error:  # a hole in a reader must cost the sender this file, not the page a crash
        raise PhotoError("broken", f"{type(error).__name__} in the structure") from error
    if box.width * box.height > max_pixels:
        raise PhotoError("too_many_pixels", f"{box.width} x {box.height}")
    return box


def _sniffed(data: bytes) -> Container:
    if data.startswith(b"\xff\xd8\xff"):
        return read_jpeg(data)
    if data.startswith(PNG_SIGNATURE):
        return read_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return read_webp(data)
    if is_heif(found := brands(data)):
        return read_heif(data)
    if found & {b"avif", b"avis"} or data.startswith(_OTHER_PICTURES) or b"<svg" in data[:1024].lower():
        raise PhotoError("unsupported_format", "another picture format")
    raise PhotoError("not_an_image", "unknown content")


def _orientation(box: Container) -> int:
    return 1 if box.format == "HEIF" else exif_reader.orientation(box.exif)


def _upright_rgb(box: Container) -> Image.Image:
    """Decoded, at most FULL_SIDE, sRGB, turned once. Raises `PhotoError`."""
    try:
        return _decode(box)
    except PhotoError:
        raise
    except Exception as error:  # decoders raise whatever comes; every one of them means: no picture
        raise PhotoError("broken", f"{type(error).__name__} in {box.format}") from error


def _decode(box: Container) -> Image.Image:
    image: Image.Image
    if box.format == "HEIF":
        image = decode_heif(box.parts[0])
    else:
        image = Image.open(io.BytesIO(box.pixels()), formats=[box.format])
    if image.size != (box.width, box.height):  # what was checked must be what is decoded
        raise PhotoError("broken", "structure and decoder disagree on the size")
    if box.format == "JPEG":
        width, height = (max(1, side * DRAFT_SIDE // max(image.size)) for side in image.size)
        image.draft(None, (width, height))
    image.load()
    profile = image.info.get("icc_profile")
    image = _shrunk(_plain(image), FULL_SIDE)
    image = _to_srgb(image, profile)
    turn = _UPRIGHT.get(_orientation(box))
    return image if turn is None else image.transpose(turn)


def _plain(image: Image.Image) -> Image.Image:
    """One of L, RGB, CMYK with 8 bits a channel; transparency laid on white."""
    if image.mode.startswith("I") or image.mode == "F":
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Through the embedded profile where it fits the picture; a profile that is damaged or of another colour
    space is ignored, as viewers do."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not (source.profile.profile_description or "").startswith("sRGB"):
                converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert("RGB")


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    """A copy with the long side at most `side`. `resize`, not `thumbnail`: that one calls `draft` on its
    own."""
    if max(image.size) <= side:
        return image
    width, height = (max(1, round(length * side / max(image.size))) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encode(image: Image.Image) -> bytes:
    # A new object: nothing can ride along in `info`.
    bare = Image.frombytes("RGB", image.size, image.tobytes())
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=QUALITY, method=METHOD, exif=b"", xmp=b"", icc_profile=None)
    return out.getvalue()
