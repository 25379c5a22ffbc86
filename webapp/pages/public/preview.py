"""The picture that a link to a case shows in messages: what, where, how far, and a picture that was let out."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from flask import abort
from flask_babel import force_locale
from PIL import Image, ImageDraw, ImageFont

from webapp.core import clock
from webapp.core.instance import instance
from webapp.pages import labels
from webapp.pages.public.shared import SharedResponse, shared_bytes
from webapp.pages.public.views import category_name, place_name
from webapp.reports import public_case, queries
from webapp.reports.privacy import PublicPhoto

SIZE = (1200, 630)  # what services that show previews ask for
EDGE = 64
PHOTO_WIDTH = 480
GROUND, INK, GOLD = "#0b4643", "#ffffff", "#f5c451"
FONTS = Path(__file__).parents[3] / "static" / "vendor" / "@expo-google-fonts" / "tinos"
CACHE = "public, max-age=300"  # as a picture that may be taken back


def answer(public_id: str) -> SharedResponse:
    """`/cases/{id}/preview.jpg`, in Vietnamese for everybody: who shares a link does not know who will see it."""
    found = public_case.by_id(public_id, clock.now())
    if found is None:
        abort(404)
    shown = found.case
    with force_locale("vi"):
        title = category_name(shown.category_code)
        place = place_name(shown.area_code, shown.province_code, found.area_names())
        state = str(labels.STATUS[shown.status])
    photo = _photo(shown.photos[0]) if shown.photos else None
    picture = draw(title, place, state, f"{labels.day(shown.reported_at)} · {shown.id}", photo)
    return shared_bytes(picture, CACHE, mimetype="image/jpeg")


def draw(title: str, place: str, state: str, small: str, photo: Image.Image | None = None) -> bytes:
    """The picture as a JPEG."""
    picture = Image.new("RGB", SIZE, GROUND)
    pen = ImageDraw.Draw(picture)
    width = SIZE[0] - 2 * EDGE
    if photo is not None:
        picture.paste(_filling(photo, (PHOTO_WIDTH, SIZE[1])), (SIZE[0] - PHOTO_WIDTH, 0))
        width -= PHOTO_WIDTH
    pen.rectangle((0, 0, SIZE[0], 10), fill=GOLD)
    y = EDGE
    pen.text((EDGE, y), "Dân Giám Sát", font=_font("bold", 38), fill=GOLD)
    y += 96
    large, middle = _font("bold", 66), _font("regular", 40)
    for line in _lines(pen, title, large, width, 3):
        pen.text((EDGE, y), line, font=large, fill=INK)
        y += 82
    y += 14
    for line in _lines(pen, place, middle, width, 2):
        pen.text((EDGE, y), line, font=middle, fill=INK)
        y += 52
    pen.text((EDGE, SIZE[1] - EDGE - 92), state, font=_font("bold", 42), fill=GOLD)
    pen.text((EDGE, SIZE[1] - EDGE - 34), small, font=_font("regular", 30), fill=INK)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()


def _lines(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: int, most: int) -> list[str]:
    """The text in lines of at most `width` pixels; what does not fit ends in three dots."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or pen.textlength(longer, font=font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1] + " …"]
    return lines


def _filling(photo: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of the photo, so large that it fills `size`."""
    scale = max(size[0] / photo.width, size[1] / photo.height)
    large = photo.resize((max(size[0], round(photo.width * scale)), max(size[1], round(photo.height * scale))))
    left, top = (large.width - size[0]) // 2, (large.height - size[1]) // 2
    return large.crop((left, top, left + size[0], top + size[1]))


def _photo(shown: PublicPhoto) -> Image.Image | None:
    """The small clean copy of a picture that was let out; None if there is none to read."""
    kept = queries.public_photo(shown.public_id, clock.now())
    if kept is None:
        return None
    try:
        data = instance().storage.get(kept.outside_name(small=True))
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as opened:
            return opened.convert("RGB")
    except (FileNotFoundError, OSError):
        return None


@lru_cache(maxsize=8)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{face}.ttf", size, layout_engine=ImageFont.Layout.BASIC)
