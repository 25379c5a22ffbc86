"""Making areas of a clean picture unreadable, for good.

Pixelation alone can be undone where the hidden thing is one of few (a licence plate has a known alphabet):
whoever guesses can pixelate the guess and compare. So an area keeps at most BLOCKS averages along its long
side, their colours are rounded to 16 steps, and the blocks flow into each other; the picture is then encoded
anew. What is left of a face or a plate is a stain of its colour.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable

from PIL import Image, ImageFilter

from webapp.media.errors import PhotoError
from webapp.media.photos import MAX_PIXELS, CleanPhoto, pack

BLOCKS = 4
STEPS = 16  # colours a channel
# Lossy coding mixes neighbouring pixels, and hands draw too tightly.
MARGIN = 3


def hide(clean_copy: bytes, areas: Iterable[tuple[float, float, float, float]]) -> CleanPhoto:
    """The picture with these areas (left, top, width, height as shares of it) made unreadable.

    `clean_copy` is a copy that `photos.clean` made. Raises `PhotoError` as `photos.clean` does.
    """
    try:
        with Image.open(io.BytesIO(clean_copy), formats=["WEBP"]) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PhotoError("too_many_pixels")
            image = opened.convert("RGB")
    except PhotoError:
        raise
    except Exception as error:
        raise PhotoError("broken", f"{type(error).__name__} in the clean copy") from error
    for area in areas:
        _stain(image, *area)
    return pack(image)


def _stain(image: Image.Image, left: float, top: float, width: float, height: float) -> None:
    box = (
        max(0, math.floor(left * image.width) - MARGIN),
        max(0, math.floor(top * image.height) - MARGIN),
        min(image.width, math.ceil((left + width) * image.width) + MARGIN),
        min(image.height, math.ceil((top + height) * image.height) + MARGIN),
    )
    part = image.crop(box)
    block = max(1.0, max(part.size) / BLOCKS)
    few = tuple(max(1, round(side / block)) for side in part.size)
    small = part.resize((few[0], few[1]), Image.Resampling.BOX)
    step = 256 // STEPS
    small = small.point(lambda value: value // step * step + step // 2)
    blocks = small.resize(part.size, Image.Resampling.NEAREST)
    # Only the blocks are blurred, never the picture beneath them.
    image.paste(blocks.filter(ImageFilter.GaussianBlur(block / 6)), box)
