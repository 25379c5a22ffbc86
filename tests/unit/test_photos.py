"""The photo pipeline against the files that strangers send. Pictures are made in `photo_samples`."""

import dataclasses
import io
import math
import random
import struct
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.unit import photo_samples as made
from tests.unit.photo_samples import BLUE, GREEN, RED, SAMPLES, WHITE
from webapp.media import PhotoError, clean, dhash, gps, photos, verify
from webapp.media.containers import read_jpeg, read_png, read_webp, riff_chunks

ACCEPTED = [name for name, s in SAMPLES.items() if s.clean is None]


def outcome(function, data: bytes) -> str | None:
    """The error code, or None. Anything but a PhotoError escapes and fails the test."""
    try:
        function(data)
    except PhotoError as error:
        return error.code
    return None


def opened(webp: bytes) -> Image.Image:
    return Image.open(io.BytesIO(webp), formats=["WEBP"]).convert("RGB")


def near(pixel, wanted, tolerance: int = 24) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, wanted, strict=True))


def corners(image: Image.Image) -> list:
    w, h = image.size
    return [image.getpixel(at) for at in ((5, 5), (w - 6, 5), (5, h - 6), (w - 6, h - 6))]


# Accepted or refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_each_file_gets_its_verdict_in_the_request_and_in_the_worker(name):
    data = SAMPLES[name].make()
    assert outcome(verify, data) == SAMPLES[name].verify
    assert outcome(clean, data) == SAMPLES[name].clean


@pytest.mark.parametrize("name", SAMPLES)
def test_no_file_costs_a_request_more_than_a_moment(name):
    data = SAMPLES[name].make()
    started = time.process_time()
    outcome(verify, data)
    assert time.process_time() - started < 0.25


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_cleaned_copies_hold_pixels_only(name):
    photo = clean(SAMPLES[name].make())
    for webp, side in ((photo.full, 2048), (photo.thumb, 480)):
        assert {chunk for chunk, _ in riff_chunks(webp)} <= {b"VP8 ", b"VP8L"}
        image = Image.open(io.BytesIO(webp))
        assert image.format == "WEBP"
        assert max(image.size) <= side
        assert not image.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment"} & image.info.keys()
    assert opened(photo.full).size == (photo.width, photo.height)
    assert photo.mime == "image/webp"


PLANTED = [made.OWNER, made.SERIAL, made.MAKER, made.XMP_CREATOR, made.COMMENT, made.IPTC_BYLINE]


def planted_bytes() -> list[bytes]:
    found = [text.encode(code) for text in PLANTED for code in ("utf-8", "utf-16-le", "utf-16-be")]
    found += [t.encode("latin-1") for t in PLANTED if t.isascii()]
    for order in "<>":
        found += [struct.pack(order + "LL", *ratio) for ratio in (made.DMS_LAT[2], made.DMS_LON[2])]
    return found


@pytest.mark.parametrize(
    "name",
    [
        *("jpeg all metadata", "jpeg comment", "jpeg orientation 6", "jpeg then zip", "png author"),
        *("png orientation 6", "webp metadata", "heic metadata", "heic orientation 6"),
    ],
)
def test_nothing_planted_survives(name):
    data = SAMPLES[name].make()
    assert any(text in data for text in planted_bytes()), "the sample must carry what the test looks for"
    photo = clean(data)
    for text in (*planted_bytes(), b"Exif", b"xmp", b"PK\3\4"):
        assert text not in photo.full
        assert text not in photo.thumb


@pytest.mark.parametrize(
    ("name", "read"),
    [("jpeg all metadata", read_jpeg), ("png author", read_png), ("webp metadata", read_webp)],
)
def test_the_decoder_is_given_no_metadata_either(name, read):
    given = read(SAMPLES[name].make()).pixels()
    assert not any(text in given for text in planted_bytes())
    assert Image.open(io.BytesIO(given)).size == made.SIZE


def test_bombs_in_text_chunks_never_reach_the_decoder():
    given = read_png(SAMPLES["png text bomb"].make()).pixels()
    assert b"zTXt" not in given
    assert b"iCCP" not in read_png(SAMPLES["png profile bomb"].make()).pixels()


@pytest.mark.parametrize(
    ("chunks", "tail"),
    [
        ([(b"EXIF", b"II*\0")], b""),
        ([(b"XMP ", b"<x/>")], b""),
        ([(b"ICCP", b"profile")], b""),
        ([(b"note", b"who am I")], b""),
        ([(b"ANIM", bytes(6))], b""),
        ([], b"appended"),
    ],
)
def test_the_proof_fails_closed_on_anything_left_over(chunks, tail):
    photo = clean(SAMPLES["jpeg"].make())
    size = photo.width, photo.height
    photos.prove_clean(photo.full, size)
    dirty = made.riff(*riff_chunks(photo.full), *chunks) + tail
    with pytest.raises(PhotoError) as caught:
        photos.prove_clean(dirty, size)
    assert caught.value.code == "not_clean"


@pytest.mark.parametrize("flag", [0x20, 0x08, 0x04, 0x02, 0x01])
def test_the_proof_reads_the_flags(flag):
    photo = clean(SAMPLES["jpeg"].make())
    side = struct.pack("<L", photo.width - 1)[:3] + struct.pack("<L", photo.height - 1)[:3]
    for flags, code in ((0, None), (flag, "not_clean")):
        webp = made.riff((b"VP8X", bytes([flags, 0, 0, 0]) + side), *riff_chunks(photo.full))
        assert outcome(lambda w: photos.prove_clean(w, (photo.width, photo.height)), webp) == code


@pytest.mark.parametrize("webp", [b"", b"RIFF", b"\xff\xd8\xff\xd9", made.riff()])
def test_the_proof_refuses_what_is_no_webp(webp):
    assert outcome(lambda w: photos.prove_clean(w, (9, 9)), webp) == "not_clean"


def test_an_encoder_that_lets_metadata_through_yields_no_picture(monkeypatch):
    def leaky(image):
        return made.save(image, "WEBP", exif=made.exif())

    monkeypatch.setattr(photos, "_encode", leaky)
    assert outcome(clean, SAMPLES["jpeg"].make()) == "not_clean"


def test_a_decoder_that_sees_another_size_than_was_checked_yields_no_picture(monkeypatch):
    box = photos._read(SAMPLES["jpeg"].make(), photos.MAX_PIXELS)
    monkeypatch.setattr(photos, "_read", lambda *_: dataclasses.replace(box, width=box.width - 1))
    assert outcome(clean, b"-") == "broken"


def test_a_hole_in_a_reader_is_a_refused_file_not_a_crash(monkeypatch):
    def hole(_data):
        raise IndexError

    monkeypatch.setattr(photos, "read_jpeg", hole)
    for function in (verify, clean):
        assert outcome(function, SAMPLES["jpeg"].make()) == "broken"
    assert gps(SAMPLES["jpeg"].make()) is None


# Facts about an accepted picture ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fmt", "mime"),
    [
        ("jpeg", "JPEG", "image/jpeg"),
        ("jpeg mpo", "JPEG", "image/jpeg"),
        ("png", "PNG", "image/png"),
        ("webp", "WEBP", "image/webp"),
        ("heic", "HEIF", "image/heic"),
    ],
)
def test_verify_tells_format_size_and_fingerprint(name, fmt, mime):
    import hashlib

    data = SAMPLES[name].make()
    info = verify(data)
    assert (info.format, info.mime, info.size) == (fmt, mime, len(data))
    assert (info.width, info.height) == (made.SIZE if name == "jpeg mpo" else (320, 240))
    assert info.sha256 == hashlib.sha256(data).hexdigest()


def test_limits_are_the_callers():
    data = SAMPLES["jpeg"].make()
    assert outcome(lambda d: verify(d, max_bytes=len(d)), data) is None
    assert outcome(lambda d: verify(d, max_bytes=len(d) - 1), data) == "too_large"
    assert outcome(lambda d: verify(d, max_pixels=320 * 240), data) is None
    assert outcome(lambda d: verify(d, max_pixels=320 * 240 - 1), data) == "too_many_pixels"
    assert outcome(lambda d: clean(d, max_pixels=320 * 240 - 1), data) == "too_many_pixels"


@pytest.mark.parametrize("fmt", ["jpeg", "png", "webp", "heic"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_exactly_once(fmt, orientation):
    data = SAMPLES[f"{fmt} orientation {orientation}"].make()
    info, photo = verify(data), clean(data)
    assert (info.width, info.height) == (photo.width, photo.height) == made.SIZE
    for webp in (photo.full, photo.thumb):
        shown = corners(opened(webp))
        assert all(map(near, shown, (RED, GREEN, BLUE, WHITE))), shown


def test_heic_samples_rotate_in_the_container_and_lie_in_exif():
    """Guards the test above: without both, a double rotation could not show."""
    data = SAMPLES["heic orientation 6"].make()
    assert b"irot" in data
    assert b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in data


def test_an_orientation_out_of_range_is_ignored():
    photo = clean(SAMPLES["jpeg orientation 9 is ignored"].make())
    assert all(map(near, corners(opened(photo.full)), (RED, GREEN, BLUE, WHITE)))


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("png rgba", (255, 255, 255)),
        ("png palette with transparency", (255, 255, 255)),
        ("png grey and alpha", (255, 255, 255)),
        ("webp lossless alpha", (255, 255, 255)),
        ("webp lossy alpha", (255, 255, 255)),
        ("heic alpha", (255, 255, 255)),
        ("png one bit", (255, 255, 255)),
        ("png 16 bit grey", (0xC0, 0xC0, 0xC0)),
        ("png 16 bit rgb", RED),
        ("jpeg wide gamut", (0, 230, 30)),
        ("jpeg cmyk", RED),
        ("jpeg broken profile", RED),
        ("png profile bomb", RED),
        ("jpeg mpo", RED),
        ("jpeg junk between segments", RED),
        ("jpeg then half a jpeg", RED),
        ("heic burst, first shown", RED),
    ],
)
def test_colours_come_out_as_a_viewer_shows_them(name, colour):
    pixel = opened(clean(SAMPLES[name].make()).full).getpixel((8, 8))
    assert near(pixel, colour, 40), pixel


def test_a_large_photo_shrinks_and_a_small_one_stays():
    large, small = clean(SAMPLES["jpeg large"].make()), clean(SAMPLES["jpeg one pixel"].make())
    assert 1920 <= large.width <= 2048
    assert math.isclose(large.width / large.height, 4 / 3, rel_tol=0.01)
    assert opened(large.thumb).size == (480, 360)
    assert all(map(near, corners(opened(large.full)), (RED, GREEN, BLUE, WHITE)))
    assert (small.width, small.height) == (1, 1)
    narrow = clean(SAMPLES["jpeg narrow"].make())
    assert (narrow.width, narrow.height) == (2048, 1)


@pytest.mark.parametrize("side", [1919, 2047, 2048, 2049, 3839, 3840, 4095, 4096, 4097])
def test_no_size_falls_below_1920_or_is_enlarged(side):
    photo = clean(made.save(Image.new("RGB", (side // 2, side)), "JPEG"))
    assert min(side, 1920) <= photo.height <= min(side, 2048)


# Position ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [f"{fmt} orientation 1" for fmt in ("jpeg", "png", "webp", "heic")]
    + ["jpeg all metadata", "heic orientation 6", "png author"],
)
def test_gps_is_read_from_every_format_as_lon_lat(name):
    assert gps(SAMPLES[name].make()) == pytest.approx(made.LON_LAT, abs=1e-7)


@pytest.mark.parametrize("refs", [("S", "W"), ("s", "w")])
def test_southern_and_western_hemispheres(refs):
    data = made.save(made.quadrants(), "JPEG", exif=made.exif(refs=refs))
    assert gps(data) == pytest.approx((-made.LON_LAT[0], -made.LON_LAT[1]))


def rationals(*pairs: tuple[int, int], order: str = ">", sign: str = "L") -> bytes:
    return b"".join(struct.pack(order + sign * 2, *pair) for pair in pairs)


LAT = (1, 2, 2, b"N\0"), (2, 5, 3, rationals((10, 1), (30, 1), (0, 1)))
LON = (3, 2, 2, b"E\0"), (4, 5, 3, rationals((106, 1), (0, 1), (0, 1)))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([*LAT, *LON], (106, 10.5)),
        ([*LON, *LAT], (106, 10.5)),
        ([LAT[0], (2, 5, 1, rationals((105, 10))), *LON], (106, 10.5)),
        ([LAT[0], (2, 5, 2, rationals((10, 1), (30, 1))), *LON], (106, 10.5)),
        ([LAT[0], (2, 5, 3, rationals((10, 1), (30, 1), (0, 0))), *LON], (106, 10.5)),
        ([LAT[0], (2, 5, 3, rationals((0, 0), (0, 0), (0, 0))), *LON], None),
        ([LAT[0], (2, 5, 3, rationals((10, 0), (30, 1), (0, 1))), *LON], None),
        ([LAT[0], (2, 5, 3, rationals((91, 1), (0, 1), (0, 1))), *LON], None),
        ([*LAT, LON[0], (4, 5, 3, rationals((181, 1), (0, 1), (0, 1)))], None),
        ([*LAT, LON[0], (4, 5, 3, rationals((4294967295, 1), (0, 1), (0, 1)))], None),
        ([LAT[0], (2, 10, 3, rationals((-10, 1), (0, 1), (0, 1), sign="l")), *LON], None),
        ([LAT[0], (2, 5, 3, rationals(*[(0, 1)] * 3)), LON[0], (4, 5, 3, rationals(*[(0, 1)] * 3))], None),
        ([LAT[1], *LON], None),
        ([(1, 2, 2, b"X\0"), LAT[1], *LON], None),
        ([(1, 2, 2, b"\0\0"), LAT[1], *LON], None),
        ([LAT[0], (2, 2, 3, b"10."), *LON], None),
        ([LAT[0], (2, 5, 999_999_999, rationals((10, 1))), *LON], None),
        ([LAT[0], *LON], None),
        ([], None),
    ],
)
def test_gps_is_tolerant_and_range_checked(entries, expected):
    tiff = made.tiff_gps(entries)
    data = made.png_with(made.quadrants(), made.png_chunk(b"eXIf", tiff))
    assert gps(data) == (expected and pytest.approx(expected))


@pytest.mark.parametrize(
    "tiff",
    [
        b"",
        b"II*\0",
        b"MM\0*\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff" + b"\x25\x88\x04\0\1\0\0\0\x08\0\0\0" * 3,
        b"XX*\0\x08\0\0\0",
        b"\xff" * 60_000,
    ],
)
def test_damaged_exif_gives_no_position_and_spoils_nothing(tiff):
    data = made.jpeg_with(made.quadrants(), made.jpeg_segment(0xE1, b"Exif\0\0" + tiff))
    assert gps(data) is None
    assert verify(data).width == made.SIZE[0]
    assert clean(data).width == made.SIZE[0]


@pytest.mark.parametrize("name", [n for n, s in SAMPLES.items() if s.verify])
def test_gps_of_a_refused_file_is_none(name):
    assert gps(SAMPLES[name].make()) is None


# Likeness ---------------------------------------------------------------------------------------------------


def test_dhash_sees_the_same_picture_through_size_format_and_orientation():
    scene = Image.effect_mandelbrot((640, 480), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    first = dhash(clean(made.save(scene, "JPEG", quality=92)).thumb)
    again = [
        made.save(scene.resize((320, 240)), "JPEG", quality=60),
        made.save(scene, "HEIF", quality=50),
        made.save(scene.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=made.exif(6)),
    ]
    for data in again:
        assert (dhash(data) ^ first).bit_count() <= 6
    other = scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert (dhash(other) ^ first).bit_count() > 16


def test_dhash_fits_64_bits_and_orders_them_from_the_top_left():
    falling = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize((90, 80))
    left, right = falling.getpixel((0, 40)), falling.getpixel((89, 40))
    assert dhash(falling if left > right else falling.transpose(Image.Transpose.ROTATE_180)) == 2**64 - 1
    spot = Image.new("L", (9, 8), 0)
    spot.putpixel((0, 0), 255)
    assert dhash(spot) == 1 << 63


def test_dhash_of_no_picture_is_a_photo_error():
    assert outcome(dhash, b"<html>") == "not_an_image"


# Hostile in bulk, and in parallel ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jpeg all metadata", "png author", "webp metadata", "heic metadata"])
def test_a_thousand_damaged_files_raise_nothing_but_photo_errors(name):
    data, dice = SAMPLES[name].make(), random.Random(name)
    refused = 0
    for i in range(1000):
        spoiled = bytearray(data)
        for _ in range(dice.randint(1, 6)):
            spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
        spoiled = bytes(spoiled[: dice.randrange(len(spoiled)) if i % 4 == 0 else None])
        gps(spoiled)
        refused += outcome(verify, spoiled) is not None
        if i % 5 == 0:
            outcome(clean, spoiled)
    assert refused >= 250  # each one that was cut short


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "heic"])
def test_every_cut_is_noticed(name):
    data = SAMPLES[name].make()
    for at in [*range(1, 200), *range(200, len(data), max(1, len(data) // 300)), len(data) - 1]:
        assert outcome(verify, data[:at]) is not None, f"cut at {at} of {len(data)}"


def test_threads_agree_with_one_after_the_other_and_leave_globals_alone():
    names = [n for n in ACCEPTED if n != "jpeg large"] * 2
    alone = {n: clean(SAMPLES[n].make()) for n in set(names)}
    filters, limit = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda n: clean(SAMPLES[n].make()), names))
    assert [alone[n] for n in names] == together
    assert (warnings.filters, Image.MAX_IMAGE_PIXELS) == (filters, limit)


def test_pillows_own_limit_stays_as_the_second_line():
    assert Image.MAX_IMAGE_PIXELS == photos.MAX_PIXELS
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(SAMPLES["png bomb header"].make()))
