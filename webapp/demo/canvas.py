"""A sheet to draw on, with a sky and the things that more than one of the demo's scenes needs."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
W, H = 1200, 900
GREEN: Colour = (96, 140, 74)
DARK_GREEN: Colour = (52, 92, 62)
SILT: Colour = (150, 128, 92)

SKIES: dict[str, tuple[Colour, Colour, Colour]] = {  # top, horizon, light that falls on things
    "noon": ((96, 158, 206), (214, 232, 236), (255, 255, 250)),
    "dusk": ((74, 72, 116), (245, 176, 122), (255, 206, 160)),
    "dawn": ((118, 142, 178), (250, 218, 186), (255, 230, 208)),
    "overcast": ((140, 152, 162), (212, 216, 214), (226, 230, 232)),
    "night": ((16, 22, 42), (52, 62, 92), (120, 132, 168)),
}


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with `share` (0 to 1) of `other`."""
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


class Canvas:
    """A sheet with a sky, and the things that more than one scene needs. Same seed, same picture."""

    def __init__(self, seed: str, skies: tuple[str, ...]) -> None:
        self.rng = random.Random(seed)
        self.sky_name = self.rng.choice(skies)
        self.top, self.horizon, self.light = SKIES[self.sky_name]
        self.image = Image.new("RGB", (W, H), self.horizon)
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def vary(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def lit(self, colour: Colour, share: float = 0.22) -> Colour:
        """A thing's colour under this sky."""
        if self.sky_name == "night":
            share = 0.62
            return mix(colour, (20, 26, 48), share)
        return mix(colour, self.light if self.sky_name != "overcast" else (150, 156, 160), share)

    def gradient(self, top: Colour, bottom: Colour, y0: float, y1: float) -> None:
        """A band across the sheet that fades from one colour to the other."""
        solid = ImageDraw.Draw(self.image)  # without blending, which is far quicker
        start, end = round(y0), max(round(y0) + 2, round(y1))
        for y in range(start, end, 2):
            solid.rectangle((0, y, W, min(y + 1, end - 1)), fill=mix(top, bottom, (y - start) / (end - start)))

    def sky(self, y: float) -> None:
        """Sky down to `y`, with a sun or moon and thin clouds."""
        self.gradient(self.top, self.horizon, 0, y)
        if self.sky_name in ("dusk", "dawn", "night"):
            x, r = self.vary(200, 1000), 34 if self.sky_name == "night" else 52
            disc = y - self.vary(60, 170) if self.sky_name != "night" else self.vary(90, 190)
            self.soft([(x, disc, r * k, 26) for k in (3.4, 2.8, 2.3, 1.8, 1.4)], mix(self.light, (255, 255, 255), 0.2))
            self.draw.ellipse((x - r, disc - r, x + r, disc + r), fill=(*mix(self.light, (255, 250, 230), 0.6), 255))
        clouds = []
        for _ in range(self.rng.randint(3, 5)):
            x, cy = self.vary(0, W), self.vary(60, y * 0.62)
            clouds += [(x + i * 55, cy + self.vary(-12, 12), self.vary(26, 52), 70) for i in range(-2, 3)]
        self.soft(clouds, mix(self.horizon, (255, 255, 255), 0.5), squash=0.45)

    def soft(self, blobs: Iterable[tuple[float, float, float, int]], colour: Colour, squash: float = 1.0) -> None:
        """Blurred blobs (x, y, radius, alpha): smoke, cloud, glow, foam."""
        drawn = [(x / 4, y / 4, r / 4, r / 4 * squash, alpha) for x, y, r, alpha in blobs]
        edge = 16  # where the blur has faded out
        left = max(0, math.floor(min(x - rx for x, _, rx, _, _ in drawn)) - edge)
        top = max(0, math.floor(min(y - ry for _, y, _, ry, _ in drawn)) - edge)
        right = min(W // 4, math.ceil(max(x + rx for x, _, rx, _, _ in drawn)) + edge)
        bottom = min(H // 4, math.ceil(max(y + ry for _, y, _, ry, _ in drawn)) + edge)
        if right <= left or bottom <= top:
            return
        small = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(small)
        for x, y, rx, ry, alpha in drawn:
            pen.ellipse((x - rx - left, y - ry - top, x + rx - left, y + ry - top), fill=alpha)
        mask = small.filter(ImageFilter.GaussianBlur(5)).resize(
            ((right - left) * 4, (bottom - top) * 4), Image.Resampling.BILINEAR
        )
        self.image.paste(colour, (left * 4, top * 4, right * 4, bottom * 4), mask)

    def plume(self, x: float, y: float, colour: Colour, *, drift: float, size: float = 1.0, alpha: int = 150) -> None:
        """Smoke that rises from a point and drifts."""
        blobs = []
        for i in range(16):
            t = i / 15
            blobs.append(
                (
                    x + drift * t**1.3 * 420 + self.vary(-14, 14),
                    y - t**0.8 * 250 * size + self.vary(-10, 10),
                    (16 + 74 * t) * size,
                    round(alpha * (1 - 0.62 * t)),
                )
            )
        self.soft(blobs, colour)

    def hills(self, y: float, rise: float, colour: Colour, *, down_to: float = H) -> None:
        """A rolling line at about `y`, filled below."""
        a, b, p, q = self.vary(160, 320), self.vary(60, 130), self.vary(0, 6), self.vary(0, 6)
        line = [
            (x, y - rise * (0.6 * math.sin(x / a + p) + 0.3 * math.sin(x / b + q) + 0.2))
            for x in range(-20, W + 41, 20)
        ]
        self.draw.polygon([*line, (W + 40, down_to), (-20, down_to)], fill=colour)

    def treeline(self, y: float, colour: Colour, size: float = 26) -> None:
        """A far row of tree crowns."""
        x = -20.0
        while x < W + 30:
            r = size * self.vary(0.55, 1.15)
            self.draw.ellipse((x - r, y - r * 1.15, x + r, y + r), fill=colour)
            x += r * 1.05
        self.draw.rectangle((0, y, W, y + size), fill=colour)

    def water(self, y0: float, y1: float, colour: Colour) -> None:
        """Water with the sky's light on it."""
        self.gradient(mix(colour, self.horizon, 0.5), mix(colour, (10, 20, 24), 0.25), y0, y1)
        for _ in range(90):
            t = self.rng.random() ** 1.4
            y = y0 + 4 + t * (y1 - y0 - 8)
            x, length = self.vary(-40, W), self.vary(14, 50) * (0.5 + 1.9 * t)
            shade = (255, 255, 255, 26) if self.rng.random() < 0.6 else (0, 0, 0, 22)
            self.draw.rounded_rectangle((x, y, x + length, y + 2 + 3 * t), 2, fill=shade)

    def ground(self, y: float, colour: Colour, *, specks: int = 220) -> None:
        """Ground from `y` down, a little rough."""
        self.gradient(mix(colour, self.horizon, 0.24), mix(colour, (20, 18, 14), 0.22), y, H)
        for _ in range(specks):
            t = self.rng.random()
            sy, sx, r = y + t * (H - y), self.vary(0, W), 1.5 + 4 * t
            shade = (255, 255, 255, 20) if self.rng.random() < 0.5 else (0, 0, 0, 26)
            self.draw.ellipse((sx - r * 1.8, sy - r * 0.6, sx + r * 1.8, sy + r * 0.6), fill=shade)

    def grass(
        self, y: float, colour: Colour, *, x0: float = 0, x1: float = W, count: int = 130, tall: float = 34
    ) -> None:
        """Blades along a line."""
        for _ in range(count):
            x, h = self.vary(x0, x1), tall * self.vary(0.4, 1.1)
            lean, shade = self.vary(-12, 12), mix(colour, (240, 240, 140), self.vary(0, 0.25))
            self.draw.polygon([(x - 3, y + 4), (x + 3, y + 4), (x + lean, y - h)], fill=shade)

    def palm(self, x: float, y: float, height: float, colour: Colour) -> None:
        """A coconut palm, standing at (x, y)."""
        lean = self.vary(-0.16, 0.16) * height
        trunk = mix(colour, (96, 74, 56), 0.6)
        points = [(x + lean * t * t, y - height * t) for t in (0, 0.25, 0.5, 0.75, 1)]
        self.draw.line(points, fill=trunk, width=max(4, round(height / 26)), joint="curve")
        tx, ty = points[-1]
        for k in range(9):
            angle = math.radians(-172 + k * 20.5 + self.vary(-6, 6))
            reach = height * self.vary(0.34, 0.44)
            mx, my = tx + math.cos(angle) * reach * 0.55, ty + math.sin(angle) * reach * 0.55
            ex, ey = tx + math.cos(angle) * reach, ty + math.sin(angle) * reach * 0.5 + reach * 0.36
            w = height * 0.03
            self.draw.polygon(
                [(tx, ty), (mx, my - w), (ex, ey), (mx, my + w * 1.4)],
                fill=mix(colour, (20, 50, 20), self.vary(0, 0.4)),
            )

    def tree(self, x: float, y: float, size: float, colour: Colour) -> None:
        """A round tree."""
        self.draw.rectangle((x - size * 0.07, y - size * 0.6, x + size * 0.07, y), fill=mix((88, 66, 48), colour, 0.2))
        for dx, dy, r in ((-0.26, 0.66, 0.3), (0.26, 0.7, 0.3), (0, 0.98, 0.34), (0, 0.7, 0.36)):
            cx, cy, rr = x + dx * size, y - dy * size, r * size
            self.draw.ellipse((cx - rr, cy - rr, cx + rr, cy + rr), fill=mix(colour, (250, 250, 180), 0.12 * dy))

    def house(self, x: float, y: float, w: float, wall: Colour, roof: Colour) -> None:
        """A small house standing on `y`."""
        h = w * 0.5
        self.draw.rectangle((x, y - h, x + w, y), fill=self.lit(wall))
        self.draw.rectangle((x + w * 0.72, y - h, x + w, y), fill=(0, 0, 0, 28))
        self.draw.polygon(
            [
                (x - w * 0.09, y - h + 2),
                (x + w * 0.16, y - h * 1.72),
                (x + w * 0.84, y - h * 1.72),
                (x + w * 1.09, y - h + 2),
            ],
            fill=self.lit(roof),
        )
        self.draw.rectangle((x + w * 0.14, y - h * 0.66, x + w * 0.34, y), fill=self.lit((94, 72, 60)))
        glass: Colour = (252, 214, 130) if self.sky_name in ("night", "dusk") else (150, 178, 190)
        self.draw.rectangle((x + w * 0.5, y - h * 0.68, x + w * 0.76, y - h * 0.3), fill=glass)

    def chimney(self, x: float, y: float, height: float, width: float, bands: bool = True) -> None:
        """A stack, narrowing upwards, standing on `y`."""
        for i in range(10):
            t0, t1 = i / 10, (i + 1) / 10
            w0, w1 = width * (1 - 0.42 * t0), width * (1 - 0.42 * t1)
            colour = self.lit((196, 84, 72) if bands and i in (7, 9) else (198, 198, 194))
            self.draw.polygon(
                [
                    (x - w0, y - height * t0),
                    (x + w0, y - height * t0),
                    (x + w1, y - height * t1),
                    (x - w1, y - height * t1),
                ],
                fill=colour,
            )
        self.draw.polygon(
            [(x + width * 0.3, y), (x + width, y), (x + width * 0.58, y - height), (x + width * 0.2, y - height)],
            fill=(0, 0, 0, 40),
        )

    def heap(self, x: float, y: float, w: float, h: float, colour: Colour) -> None:
        """A heap with a lit and a shaded side."""
        top = x + self.vary(-0.08, 0.08) * w
        left = [(x - w / 2 + w * t / 2, y - h * (1 - (1 - t) ** 1.6)) for t in (0, 0.2, 0.4, 0.6, 0.8)]
        right = [(x + w / 2 - w * t / 2, y - h * (1 - (1 - t) ** 1.5)) for t in (0.8, 0.6, 0.4, 0.2, 0)]
        self.draw.polygon([*left, (top, y - h), *right], fill=colour)
        self.draw.polygon([(top, y - h), *right, (x + w * 0.1, y)], fill=(*mix(colour, (20, 20, 26), 0.5), 110))

    def truck(self, x: float, y: float, scale: float, cab: Colour, load: Colour | None) -> None:
        """A tipper seen from the side; wheels stand on `y`."""
        s = scale
        if load:
            self.draw.polygon(
                [
                    (x + 6 * s, y - 96 * s),
                    (x + 60 * s, y - 132 * s),
                    (x + 130 * s, y - 126 * s),
                    (x + 176 * s, y - 96 * s),
                ],
                fill=self.lit(load),
            )
        self.draw.rounded_rectangle(
            (x, y - 100 * s, x + 182 * s, y - 34 * s), 5 * s, fill=self.lit(mix(cab, (70, 74, 70), 0.45))
        )
        for i in range(1, 6):
            self.draw.line(
                (x + 30 * i * s, y - 98 * s, x + 30 * i * s, y - 36 * s), fill=(0, 0, 0, 46), width=max(1, round(4 * s))
            )
        self.draw.rounded_rectangle((x + 188 * s, y - 112 * s, x + 250 * s, y - 30 * s), 10 * s, fill=self.lit(cab))
        self.draw.polygon(
            [
                (x + 212 * s, y - 102 * s),
                (x + 243 * s, y - 102 * s),
                (x + 246 * s, y - 70 * s),
                (x + 212 * s, y - 70 * s),
            ],
            fill=(176, 200, 208),
        )
        self.draw.rectangle((x, y - 36 * s, x + 250 * s, y - 24 * s), fill=self.lit((52, 52, 54)))
        for wx in (34, 78, 220):
            self.draw.ellipse((x + (wx - 23) * s, y - 46 * s, x + (wx + 23) * s, y), fill=(34, 34, 36))
            self.draw.ellipse((x + (wx - 10) * s, y - 33 * s, x + (wx + 10) * s, y - 13 * s), fill=(120, 122, 124))

    def litter(self, x: float, y: float, w: float, h: float, count: int) -> None:
        """A heap of bags, boxes and bottles."""
        tints: list[Colour] = [
            (236, 236, 232),
            (44, 48, 56),
            (66, 128, 190),
            (206, 74, 66),
            (234, 196, 84),
            (92, 158, 104),
            (182, 152, 118),
        ]
        for i in range(count):
            t = 1 - i / count  # from the back of the heap to its foot
            px = x + self.rng.gauss(0, 0.24) * w * (1.1 - 0.75 * t)
            py = y - h * t * self.vary(0.82, 1) * max(0.1, 1 - abs(px - x) / (w * 0.6))
            r, tint = self.vary(13, 30), self.lit(self.rng.choice(tints), 0.16)
            kind = self.rng.random()
            if kind < 0.55:
                self.draw.ellipse((px - r, py - r * 0.8, px + r, py + r * 0.8), fill=tint)
                self.draw.polygon(
                    [
                        (px - r * 0.25, py - r * 0.6),
                        (px + r * 0.25, py - r * 0.6),
                        (px + self.vary(-8, 8), py - r * 1.3),
                    ],
                    fill=tint,
                )
                self.draw.chord((px - r, py - r * 0.8, px + r, py + r * 0.8), 10, 130, fill=(0, 0, 0, 40))
            elif kind < 0.8:
                turn = self.vary(-0.5, 0.5)
                corner = [(math.cos(turn + k) * r * 1.25, math.sin(turn + k) * r * 0.9) for k in (0.7, 2.4, 3.85, 5.6)]
                self.draw.polygon([(px + a, py + b) for a, b in corner], fill=tint)
            else:
                self.draw.rounded_rectangle((px - r, py - 5, px + r, py + 6), 5, fill=mix(tint, (255, 255, 255), 0.35))

    def riverside(self, horizon: float, silt: Colour = SILT) -> None:
        """A sky, a far bank and a wide river."""
        self.sky(horizon)
        self.treeline(horizon - 2, self.lit(mix(DARK_GREEN, self.horizon, 0.45)), 20)
        self.water(horizon + 10, H, self.lit(silt, 0.1))
