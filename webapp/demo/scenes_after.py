"""What answers show: the place put right, or how it was checked. Each paints from back to front."""

from __future__ import annotations

import math

from webapp.demo.canvas import DARK_GREEN, GREEN, Canvas, Colour, H, W, mix


def clean_canal(c: Canvas) -> None:
    """The bank after the clean-up."""
    horizon = c.vary(330, 390)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(GREEN, c.horizon, 0.25)), 30)
    c.ground(horizon + 20, c.lit((128, 158, 88)))
    edge = c.vary(540, 590)
    c.water(edge, H, c.lit((88, 128, 118), 0.12))
    c.draw.polygon([(0, edge - 30), (W, edge - 60), (W, edge + 10), (0, edge + 40)], fill=c.lit((138, 120, 88)))
    c.grass(edge - 24, c.lit(GREEN), count=210, tall=44)
    for x in (130.0, 1050.0, 880.0):
        c.palm(x + c.vary(-40, 40), edge - 40, 320, c.lit(GREEN))
    x = c.vary(460, 660)
    c.draw.line((x, edge - 20, x, edge - 190), fill=c.lit((110, 90, 70)), width=12)
    c.draw.rounded_rectangle((x - 104, edge - 256, x + 104, edge - 150), 8, fill=c.lit((58, 128, 84)))
    for dy in (-228, -202, -176):
        c.draw.line((x - 76, edge + dy, x + 76 - (dy + 228) * 0.8, edge + dy), fill=(245, 245, 235), width=9)
    for k, tint in enumerate(((66, 140, 84), (230, 178, 60), (72, 118, 176))):
        bx = x + 180 + k * 74
        c.draw.polygon(
            [(bx, edge - 106), (bx + 58, edge - 106), (bx + 50, edge - 22), (bx + 8, edge - 22)], fill=c.lit(tint)
        )
        c.draw.rounded_rectangle((bx - 5, edge - 118, bx + 63, edge - 102), 6, fill=c.lit(mix(tint, (20, 20, 20), 0.3)))


def washed_road(c: Canvas) -> None:
    """A water cart on a clean road."""
    horizon = c.vary(400, 450)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(DARK_GREEN, c.horizon, 0.3)), 28)
    c.ground(horizon + 20, c.lit((132, 150, 96)))
    for i in range(3):
        c.house(60 + i * 380 + c.vary(-40, 40), horizon + 110, 230, (234, 222, 198), (158, 82, 66))
        c.tree(320 + i * 380, horizon + 120, 180, c.lit(GREEN))
    c.draw.polygon([(0, 640), (W, 600), (W, 830), (0, 880)], fill=c.lit((96, 98, 102)))
    for i in range(8):
        c.draw.line((i * 160, 760 - i * 6, i * 160 + 84, 757 - i * 6), fill=(240, 236, 220), width=9)
    x = c.vary(560, 700)
    c.truck(x, 790, 1.3, (62, 130, 168), None)
    c.draw.rounded_rectangle((x, 640, x + 230, 752), 50, fill=c.lit((92, 160, 196)))
    for k in range(16):
        c.draw.line(
            [(x, 752), (x - 60 - k * 9, 762 + k * 2), (x - 110 - k * 10, 800 + k * 3)],
            fill=(230, 244, 252, 120),
            width=3,
            joint="curve",
        )
    c.soft([(x - 150 + c.vary(-70, 60), 826, c.vary(40, 80), 110) for _ in range(5)], (190, 210, 222), 0.25)


def covered_ash(c: Canvas) -> None:
    """Ash heaps under nets with sprinklers at work."""
    horizon = c.vary(440, 490)
    c.sky(horizon)
    c.chimney(960, horizon + 10, 320, 26)
    c.draw.rectangle((700, horizon - 80, 1180, horizon + 20), fill=c.lit((150, 164, 172)))
    c.ground(horizon + 6, c.lit((128, 124, 110)))
    for x, y, w, h in ((340, horizon + 130, 700, 180), (900, horizon + 180, 560, 140)):
        c.heap(x, y, w, h, c.lit((72, 108, 84)))
        for k in range(-6, 7):
            c.draw.line(
                (x + k * w / 15, y - 4, x + k * w / 30, y - h * (1 - abs(k) / 8)), fill=(255, 255, 255, 40), width=3
            )
    for x in (180, 620, 1040):
        c.draw.line((x, 760, x, 700), fill=(60, 60, 64), width=9)
        for k in range(9):
            dx = (k - 4) * 34
            c.draw.line(
                [(x, 700), (x + dx * 0.6, 640), (x + dx, 690 + abs(dx) * 0.3)],
                fill=(236, 246, 252, 120),
                width=4,
                joint="curve",
            )
    c.grass(H - 6, c.lit(GREEN), count=120, tall=60)


def samples(c: Canvas) -> None:
    """Sample bottles and a meter on a folding table."""
    horizon = c.vary(300, 350)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(GREEN, c.horizon, 0.3)), 34)
    c.water(horizon + 22, 560, c.lit((104, 126, 118)))
    c.draw.rectangle((0, 540, W, H), fill=c.lit((132, 140, 96)))
    c.draw.polygon([(130, 600), (1070, 600), (1150, 700), (50, 700)], fill=c.lit((222, 222, 216)))
    c.draw.polygon([(50, 700), (1150, 700), (1150, 726), (50, 726)], fill=c.lit((168, 168, 164)))
    for x in (110, 1080):
        c.draw.line((x, 726, x + 20, H), fill=c.lit((120, 120, 122)), width=16)
    tints: list[Colour] = [(186, 168, 110), (120, 110, 82), (206, 214, 208), (158, 132, 84), (96, 100, 84)]
    for i in range(5):
        x, tint = 200 + i * 112, tints[(i + c.rng.randint(0, 4)) % 5]
        c.draw.rounded_rectangle((x, 470, x + 74, 660), 12, fill=(226, 238, 240))
        c.draw.rounded_rectangle((x + 6, 530, x + 68, 654), 8, fill=tint)
        c.draw.rectangle((x + 18, 440, x + 56, 474), fill=(58, 112, 170))
        c.draw.rectangle((x + 10, 570, x + 64, 616), fill=(250, 250, 246))
        for dy in (582, 594, 606):
            c.draw.line((x + 16, dy, x + 52, dy), fill=(120, 124, 128), width=3)
    c.draw.rounded_rectangle((800, 520, 930, 672), 14, fill=(232, 180, 60))
    c.draw.rectangle((820, 542, 910, 590), fill=(166, 194, 168))
    for k in range(6):
        c.draw.ellipse((824 + k % 3 * 32, 606 + k // 3 * 28, 844 + k % 3 * 32, 626 + k // 3 * 28), fill=(70, 70, 72))
    c.draw.polygon([(960, 610), (1060, 600), (1090, 676), (980, 686)], fill=(252, 252, 248))
    for k in range(4):
        c.draw.line((980 + k * 4, 624 + k * 13, 1056 + k * 4, 617 + k * 13), fill=(140, 144, 148), width=3)


def planted_bank(c: Canvas) -> None:
    """A bank held by piles and planted."""
    horizon = c.vary(390, 440)
    c.riverside(horizon)
    c.draw.polygon([(0, horizon - 30), (620, horizon - 10), (760, H), (0, H)], fill=c.lit((142, 122, 84)))
    c.draw.polygon([(0, horizon - 30), (620, horizon - 10), (610, horizon + 60), (0, horizon + 70)], fill=c.lit(GREEN))
    c.house(150, horizon + 10, 280, (230, 218, 190), (150, 84, 66))
    for k in range(15):
        x, y = 596 + k * 11, horizon + 30 + k * 30
        c.draw.rounded_rectangle((x, y - 80, x + 24, y + 50), 6, fill=c.lit((150, 122, 70)))
        c.draw.ellipse((x, y - 88, x + 24, y - 72), fill=c.lit((206, 178, 118)))
    for _ in range(14):
        tx, y = c.vary(60, 560), c.vary(horizon + 110, H - 60)
        c.grass(y, c.lit((84, 150, 78)), x0=tx - 16, x1=tx + 16, count=12, tall=66)
    c.palm(70, horizon + 10, 300, c.lit(GREEN))


def minutes(c: Canvas) -> None:
    """Minutes with a stamp, on a desk."""
    desk: Colour = c.rng.choice([(150, 112, 80), (122, 128, 124), (168, 142, 104), (104, 118, 132)])
    c.gradient(desk, mix(desk, (30, 24, 20), 0.3), 0, H)
    for k in range(14):
        c.draw.line((0, k * 70 + c.vary(-10, 10), W, k * 70 + c.vary(-10, 10)), fill=(20, 14, 10, 40), width=4)
    c.draw.polygon([(270, 70), (910, 50), (960, 850), (300, 872)], fill=(0, 0, 0, 70))
    c.draw.polygon([(250, 60), (890, 40), (940, 836), (280, 858)], fill=(250, 249, 243))
    c.draw.line((330, 120, 560, 113), fill=(70, 74, 80), width=10)
    c.draw.line((640, 110, 830, 104), fill=(70, 74, 80), width=10)
    c.draw.line((430, 210, 740, 200), fill=(40, 44, 50), width=16)
    for k in range(13):
        y, end = 270.0 + k * 30, 840.0 if k % 4 != 3 else c.vary(520, 700)
        c.draw.line((330 + k, y, end + k, y - 15), fill=(150, 154, 160), width=7)
    x, y = c.vary(640, 760), c.vary(700, 750)
    c.draw.ellipse((x - 82, y - 82, x + 82, y + 82), outline=(206, 48, 46), width=8)
    c.draw.ellipse((x - 60, y - 60, x + 60, y + 60), outline=(206, 48, 46), width=4)
    star = [
        (
            x + (34 if k % 2 == 0 else 14) * math.sin(k * math.pi / 5),
            y - (34 if k % 2 == 0 else 14) * math.cos(k * math.pi / 5),
        )
        for k in range(10)
    ]
    c.draw.polygon(star, fill=(206, 48, 46))
    c.draw.line(
        [(x - 20, y + 10), (x + 20, y - 24), (x + 30, y + 16), (x + 70, y - 20), (x + 120, y)],
        fill=(38, 60, 140),
        width=6,
        joint="curve",
    )
    c.draw.polygon([(1010, 260), (1034, 250), (1092, 620), (1068, 626)], fill=(34, 60, 110))
    c.draw.polygon([(1068, 626), (1092, 620), (1086, 660)], fill=(226, 206, 150))


def seedlings(c: Canvas) -> None:
    """Young trees on a replanted slope."""
    horizon = c.vary(270, 320)
    c.sky(horizon + 60)
    c.hills(horizon, 110, c.lit(mix((84, 116, 104), c.horizon, 0.45)))
    c.hills(horizon + 80, 60, c.lit(mix(DARK_GREEN, c.horizon, 0.15)))
    c.ground(horizon + 150, c.lit((146, 122, 82)), specks=300)
    for row in range(6):
        t = row / 5
        y, step = horizon + 200 + t * t * 380 + t * 60, 90 + 90 * t
        for k in range(-1, round(W / step) + 1):
            x, s = k * step + (row % 2) * step / 2 + c.vary(-12, 12), 0.45 + t * 0.85
            c.draw.line(
                (x + 26 * s, y + 8, x + 26 * s, y - 96 * s), fill=c.lit((176, 146, 100)), width=max(3, round(7 * s))
            )
            c.draw.line((x, y + 6, x, y - 60 * s), fill=c.lit((100, 78, 54)), width=max(3, round(7 * s)))
            for dx, dy in ((-20, 66), (20, 70), (0, 96)):
                cx, cy, r = x + dx * s, y - dy * s, 24 * s
                c.draw.ellipse((cx - r, cy - r * 0.8, cx + r, cy + r * 0.8), fill=c.lit((96, 164, 80)))
