"""What staff mark in a picture: fields in, areas out, and nothing of the picture left under them."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw

from webapp.media import PhotoError, clean
from webapp.media.hiding import hide
from webapp.reports import marks
from webapp.reports.marks import BadArea


def test_percent_becomes_shares_and_is_cut_at_the_edge() -> None:
    rows = [("10", "20,5", "30 %", "40"), ("", " ", "", ""), ("90", "90", "50", "50")]
    assert marks.from_percent(rows) == [(0.1, 0.205, 0.3, 0.4), (0.9, 0.9, 0.1, 0.1)]
    assert marks.from_percent([("-10", "-10", "30", "30")]) == [(0.0, 0.0, 0.2, 0.2)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("x", "1", "1", "1"), "number"),
        (("1", "1", "1", ""), "number"),
        (("nan", "1", "1", "1"), "number"),
        (("inf", "1", "1", "1"), "number"),
        (("1e9", "1", "1", "1"), "number"),
        (("10", "10", "0", "5"), "empty"),
        (("10", "10", "-5", "5"), "empty"),
        (("100", "10", "5", "5"), "empty"),
        (("10", "10", "0.4", "5"), "empty"),
    ],
)
def test_what_is_no_area_is_said_with_its_row(row: tuple[str, ...], code: str) -> None:
    with pytest.raises(BadArea) as caught:
        marks.from_percent([("1", "1", "5", "5"), row])
    assert (caught.value.code, caught.value.row) == (code, 2)


def test_not_without_end() -> None:
    with pytest.raises(BadArea) as caught:
        marks.from_percent([("1", "1", "5", "5")] * (marks.MAX_AREAS + 1))
    assert caught.value.code == "many"


def test_cells_cover_exactly_what_was_ticked() -> None:
    generator = random.Random(5)
    for _ in range(20):
        ticked = {(generator.randrange(12), generator.randrange(16)) for _ in range(40)}
        areas = marks.from_cells([f"{y}-{x}" for y, x in ticked] + ["99-1", "x", "1--1", "1-", "-"], 16, 12)
        covered = {
            (y, x)
            for y in range(12)
            for x in range(16)
            for left, top, wide, high in areas
            if left <= (x + 0.5) / 16 <= left + wide and top <= (y + 0.5) / 12 <= top + high
        }
        assert covered == ticked


def test_the_grid_lies_as_the_picture_does() -> None:
    assert marks.grid(400, 300) == (16, 12)
    assert marks.grid(300, 400) == (12, 16)


def opened(webp: bytes) -> Image.Image:
    return Image.open(io.BytesIO(webp)).convert("RGB")


def plate(text: str) -> bytes:
    image = Image.new("RGB", (640, 480), (120, 140, 120))
    ImageDraw.Draw(image).rectangle((200, 200, 440, 280), "white")
    ImageDraw.Draw(image).text((210, 205), text, "black", font_size=54)
    out = io.BytesIO()
    image.save(out, "PNG")
    return clean(out.getvalue()).full


AREA = (200 / 640, 200 / 480, 240 / 640, 80 / 480)


def test_two_plates_cannot_be_told_apart_afterwards() -> None:
    """Whoever tries all plates and compares must find the same stain for many of them."""
    one, other = (opened(hide(plate(t), [AREA]).full).crop((200, 200, 440, 280)) for t in ("84A-123.45", "84A-128.45"))
    difference = max(
        abs(a - b)
        for p, q in zip(one.get_flattened_data(), other.get_flattened_data(), strict=True)
        for a, b in zip(p, q, strict=True)
    )
    assert difference <= 20
    sharp = opened(plate("84A-123.45")).crop((200, 200, 440, 280)).convert("L")
    assert min(sharp.get_flattened_data()) < 40, "the sample must show something to begin with"
    steps = [
        abs(a - b)
        for a, b in zip(
            list(one.convert("L").get_flattened_data()), list(one.convert("L").get_flattened_data())[1:], strict=False
        )
    ]
    assert sorted(steps)[int(len(steps) * 0.99)] <= 12, "no edge is left"


def test_the_rest_of_the_picture_stays_and_the_small_copy_hides_too() -> None:
    before = plate("84A-123.45")
    made = hide(before, [AREA])
    assert (made.width, made.height) == (640, 480)
    far = [(20, 20), (600, 440), (320, 100)]
    assert all(
        max(abs(a - b) for a, b in zip(opened(before).getpixel(p), opened(made.full).getpixel(p), strict=True)) < 8
        for p in far
    )
    small = opened(made.thumb)
    part = small.crop((155, 155, 325, 205)).convert("L")
    assert min(part.get_flattened_data()) > 90, "no letter is left in the small copy"


@pytest.mark.parametrize("area", [(0, 0, 1, 1), (0.999, 0.999, 0.005, 0.005), (0, 0.5, 1, 0.005), (0.5, 0, 0.005, 1)])
def test_odd_areas_are_hidden_without_fault(area: tuple[float, float, float, float]) -> None:
    made = hide(plate("1"), [area])
    assert opened(made.full).size == (640, 480)


def test_bytes_that_are_no_picture() -> None:
    with pytest.raises(PhotoError):
        hide(b"RIFF", [AREA])
