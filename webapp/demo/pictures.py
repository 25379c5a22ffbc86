"""Pictures for the demo: drawn here, never photographed, each with MINH HỌA in a corner.

They carry EXIF like a phone's, position and time included, so that cleaning has something to strip.
"""

from __future__ import annotations

import io
import math
from datetime import datetime

from PIL import Image, ImageDraw

from webapp.core import clock
from webapp.demo.canvas import Canvas, Colour, H, W
from webapp.demo.scenes import SCENES

Glyph = list[list[tuple[float, float]]]  # strokes, in units of the letter's height
SAVED = (1600, 1200)  # scenes are drawn smaller: enlarging smooths the edges
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825


def _letters(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, fill: Colour) -> float:
    """MINH HỌA in strokes, because no font with Vietnamese letters can be counted on. Returns the right end."""
    m: Glyph = [[(0, 1), (0, 0), (0.42, 0.6), (0.84, 0), (0.84, 1)]]
    n: Glyph = [[(0, 1), (0, 0), (0.68, 1), (0.68, 0)]]
    h: Glyph = [[(0, 0), (0, 1)], [(0.64, 0), (0.64, 1)], [(0, 0.5), (0.64, 0.5)]]
    o: Glyph = [[(0.4 + 0.4 * math.cos(k * math.pi / 16), 0.5 + 0.5 * math.sin(k * math.pi / 16)) for k in range(33)]]
    a: Glyph = [[(0, 1), (0.38, 0), (0.76, 1)], [(0.14, 0.66), (0.62, 0.66)]]
    pen = max(3, round(size * 0.15))
    glyphs: list[tuple[Glyph, float]] = [
        (m, 0.84),
        ([[(0, 0), (0, 1)]], 0.0),
        (n, 0.68),
        (h, 0.64),
        ([], 0.3),  # the gap between the words
        (h, 0.64),
        (o, 0.8),
        (a, 0.76),
    ]
    for strokes, width in glyphs:
        for stroke in strokes:
            points = [(x + px * size, y + py * size) for px, py in stroke]
            draw.line(points, fill=fill, width=pen, joint="curve")
            for px, py in (points[0], points[-1]):
                draw.ellipse((px - pen / 2, py - pen / 2, px + pen / 2, py + pen / 2), fill=fill)
        if strokes is o:  # the dot below
            dx, dy = x + 0.4 * size, y + 1.3 * size
            draw.ellipse((dx - pen * 0.7, dy - pen * 0.7, dx + pen * 0.7, dy + pen * 0.7), fill=fill)
        x += (width + 0.34) * size
    return x - 0.34 * size


def _mark(canvas: Canvas) -> None:
    size, right = 34.0, W - 34
    width = _letters(ImageDraw.Draw(Image.new("RGB", (1, 1))), 0, 0, size, (0, 0, 0))
    left = right - width - 36
    canvas.draw.rounded_rectangle((left, H - 98, right, H - 26), 14, fill=(20, 26, 30, 190))
    _letters(ImageDraw.Draw(canvas.image), left + 18, H - 84, size, (255, 255, 255))


def draw(scene: str, seed: str) -> Image.Image:
    """The scene as a picture of 1600 x 1200. Raises KeyError for a scene that is not in `scenes.SCENES`."""
    skies, paint = SCENES[scene]
    canvas = Canvas(f"{scene}:{seed}", skies)
    paint(canvas)
    _mark(canvas)
    return canvas.image.resize(SAVED, Image.Resampling.BILINEAR)


def jpeg(scene: str, seed: str, *, lon: float | None, lat: float | None, moment: datetime) -> bytes:
    """`draw` as a phone would save it: JPEG with the make, the time and, where given, the position (degrees)."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Minh hoa", "Dien thoai minh hoa", "Dan Giam Sat demo"
    taken = clock.local(moment).strftime("%Y:%m:%d %H:%M:%S")
    exif[0x0132], exif[0x0112] = taken, 1
    exif[_EXIF_IFD] = {0x9003: taken, 0x9004: taken}
    if lon is not None and lat is not None:
        exif[_GPS_IFD] = {
            1: "N" if lat >= 0 else "S",
            2: _dms(abs(lat)),
            3: "E" if lon >= 0 else "W",
            4: _dms(abs(lon)),
        }
    out = io.BytesIO()
    draw(scene, seed).save(out, "JPEG", quality=80, exif=exif)
    return out.getvalue()


def _dms(degrees: float) -> tuple[float, float, float]:
    whole = int(degrees)
    minutes = (degrees - whole) * 60
    return float(whole), float(int(minutes)), round((minutes - int(minutes)) * 60, 2)
