"""What the demo's pictures show. Each scene paints on a canvas from back to front."""

from __future__ import annotations

import math
from collections.abc import Callable

from webapp.demo.pictures import Canvas, Colour, H, W, mix

GREEN, DARK_GREEN, BROWN, GREY = (96, 140, 74), (52, 92, 62), (134, 104, 74), (150, 150, 148)
SILT: Colour = (150, 128, 92)
_DAY = ("noon", "overcast", "dawn")


def _riverside(c: Canvas, horizon: float, silt: Colour = SILT) -> None:
    c.sky(horizon)
    c.treeline(horizon - 2, c.lit(mix(DARK_GREEN, c.horizon, 0.45)), 20)
    c.water(horizon + 10, H, c.lit(silt, 0.1))


def sand_barge(c: Canvas) -> None:
    """Barges pumping sand."""
    horizon = c.vary(390, 450)
    _riverside(c, horizon)
    for k in range(c.rng.randint(1, 2)):
        x, y, s = c.vary(190, 380) + k * 420, horizon + 130 + c.vary(0, 60) + k * 60, 1.0 + 0.15 * k
        c.draw.ellipse((x - 60, y + 12, x + 420 * s, y + 42), fill=(0, 0, 0, 50))
        c.heap(x + 215 * s, y - 26 * s, 230 * s, 84 * s, c.lit((214, 184, 128)))
        c.draw.polygon(
            [(x - 40, y - 34 * s), (x + 400 * s, y - 34 * s), (x + 360 * s, y + 26), (x, y + 26)],
            fill=c.lit((84, 70, 66), 0.14),
        )
        c.draw.line((x - 30, y - 26 * s, x + 392 * s, y - 26 * s), fill=c.lit((178, 92, 66)), width=7)
        c.draw.rectangle((x + 6, y - 106 * s, x + 84 * s, y - 34 * s), fill=c.lit((104, 132, 146)))
        c.draw.rectangle((x - 4, y - 118 * s, x + 94 * s, y - 104 * s), fill=c.lit((70, 82, 92)))
        c.draw.rectangle((x + 20, y - 90 * s, x + 66 * s, y - 64 * s), fill=(250, 214, 130))
        c.draw.line(
            [(x + 110 * s, y - 34), (x + 150 * s, y - 190 * s), (x + 320 * s, y - 112 * s)],
            fill=c.lit((62, 62, 66)),
            width=9,
            joint="curve",
        )
        c.draw.line(
            [(x + 390 * s, y - 20), (x + 440 * s, y - 40), (x + 500 * s, y + 44)],
            fill=c.lit((52, 52, 56)),
            width=14,
            joint="curve",
        )
        c.soft(
            [(x + 500 * s + c.vary(-20, 20), y + 48, c.vary(18, 40), 150) for _ in range(6)],
            mix(SILT, (255, 250, 236), 0.55),
            0.5,
        )
        if c.sky_name in ("night", "dusk"):
            c.soft([(x + 42 * s, y - 78 * s, 60, 130), (x + 150 * s, y - 190 * s, 34, 190)], (255, 224, 150))
    c.draw.polygon([(0, 850), (520, 900), (0, 900)], fill=c.lit((66, 74, 54)))
    c.grass(884, c.lit(DARK_GREEN), x0=0, x1=460, tall=70)


def ash_heap(c: Canvas) -> None:
    """An ash yard before a power plant."""
    horizon = c.vary(440, 500)
    c.sky(horizon)
    for i in range(c.rng.randint(2, 3)):
        x = 640 + i * 150 + c.vary(-20, 20)
        c.chimney(x, horizon + 12, c.vary(300, 350), 26)
        c.plume(x, horizon - 318, mix(c.horizon, (236, 236, 234), 0.7), drift=c.vary(-0.9, -0.5), alpha=170)
    c.draw.rectangle((560, horizon - 86, 1150, horizon + 20), fill=c.lit((146, 160, 170)))
    for i in range(9):
        c.draw.rectangle((576 + i * 64, horizon - 66, 616 + i * 64, horizon - 24), fill=(0, 0, 0, 34))
    c.ground(horizon + 6, c.lit((120, 118, 112)))
    for x, y, w, h in ((320, horizon + 90, 760, 210), (880, horizon + 140, 620, 150), (120, horizon + 190, 560, 150)):
        c.heap(x + c.vary(-60, 60), y, w, h, c.lit(mix((158, 156, 154), (120, 120, 122), c.vary(0, 0.5)), 0.1))
    c.soft(
        [(c.vary(150, 900), horizon + c.vary(-110, 20), c.vary(60, 130), 92) for _ in range(9)], (198, 196, 190), 0.55
    )
    c.draw.polygon([(0, H), (0, 790), (W, 740), (W, H)], fill=c.lit((104, 100, 90)))
    for x in range(40, W, 130):
        c.draw.line((x, 800 - x * 0.04, x, 690 - x * 0.04), fill=c.lit((74, 74, 72)), width=8)
    for lift in (26, 62, 96):
        c.draw.line((0, 800 - lift, W, 752 - lift), fill=(*c.lit((90, 90, 90)), 200), width=3)


def chimneys(c: Canvas) -> None:
    """A works behind roofs, with a dark plume."""
    horizon = c.vary(520, 580)
    c.sky(horizon)
    c.hills(horizon - 40, 90, c.lit(mix((112, 124, 116), c.horizon, 0.4)))
    base, drift = c.vary(180, 640), c.rng.choice((0.8, 0.55, -0.5))
    for i, h in enumerate((330, 270)):
        x = base + i * 130
        c.chimney(x, horizon, h, 24, bands=i == 0)
        c.plume(x, horizon - h, mix((92, 86, 82), c.horizon, 0.2), drift=drift, alpha=190, size=1.15)
    c.draw.rectangle((base - 150, horizon - 130, base + 330, horizon + 6), fill=c.lit((168, 168, 160)))
    c.draw.polygon(
        [
            (base + 210, horizon - 130),
            (base + 260, horizon - 236),
            (base + 330, horizon - 236),
            (base + 330, horizon - 130),
        ],
        fill=c.lit((184, 184, 176)),
    )
    for i in range(7):
        c.draw.rectangle((base - 130 + i * 64, horizon - 100, base - 96 + i * 64, horizon - 62), fill=(0, 0, 0, 44))
    c.treeline(horizon + 6, c.lit(DARK_GREEN), 24)
    c.ground(horizon + 20, c.lit((132, 134, 104)))
    walls: list[Colour] = [(232, 220, 196), (206, 218, 214), (236, 206, 180)]
    for i in range(4):
        c.house(40 + i * 300 + c.vary(-30, 30), 770 + (i % 2) * 70, 210, c.rng.choice(walls), (164, 78, 62))
    c.soft(
        [(c.vary(0, W), c.vary(horizon - 60, horizon + 130), c.vary(70, 150), 70) for _ in range(8)],
        (186, 182, 172),
        0.4,
    )


def rubbish_canal(c: Canvas) -> None:
    """Rubbish tipped on a canal bank."""
    horizon = c.vary(330, 390)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(GREEN, c.horizon, 0.3)), 30)
    c.ground(horizon + 20, c.lit((150, 142, 96)))
    edge = c.vary(520, 590)
    c.water(edge, H, c.lit((92, 96, 70), 0.08))
    c.draw.polygon(
        [(0, edge - 30), (W, edge - 60), (W, edge + 14), (720, edge + 50), (300, edge + 26), (0, edge + 66)],
        fill=c.lit((132, 112, 82)),
    )
    c.palm(c.vary(940, 1110), edge - 40, 330, c.lit(GREEN))
    c.palm(c.vary(60, 160), edge - 30, 290, c.lit(GREEN))
    c.litter(c.vary(480, 660), edge + 36, 560, 190, 150)
    c.litter(c.vary(250, 420), edge + 170, 460, 22, 22)
    c.litter(c.vary(780, 900), edge + 120, 300, 16, 14)
    c.grass(edge + 58, c.lit(DARK_GREEN), x0=0, x1=280, count=60)
    c.grass(edge + 8, c.lit(DARK_GREEN), x0=900, x1=W, count=60)


def foam_fish(c: Canvas) -> None:
    """A stream with foam and dead fish."""
    horizon = c.vary(250, 310)
    c.sky(horizon)
    c.hills(horizon, 70, c.lit(mix((92, 122, 96), c.horizon, 0.3)))
    c.ground(horizon + 50, c.lit(GREEN))
    c.water(horizon + 130, H, c.lit((112, 108, 84), 0.05))
    c.draw.polygon([(0, horizon + 90), (330, horizon + 120), (200, H), (0, H)], fill=c.lit((110, 112, 72)))
    c.draw.polygon([(W, horizon + 80), (880, horizon + 130), (1040, H), (W, H)], fill=c.lit((104, 108, 70)))
    for _ in range(26):
        x, y = c.vary(210, 980), c.vary(horizon + 170, H - 40)
        c.soft(
            [(x + c.vary(-50, 50), y + c.vary(-8, 8), c.vary(14, 44), 220) for _ in range(4)], (246, 244, 232), 0.42
        ) if _ < 9 else None
        r = c.vary(3, 10)
        c.draw.ellipse((x - r, y - r * 0.6, x + r, y + r * 0.6), fill=(250, 250, 244, 170))
    for _ in range(c.rng.randint(7, 10)):
        x, y, s = c.vary(280, 930), c.vary(horizon + 240, H - 130), c.vary(0.7, 1.25)
        d = c.rng.choice((-1, 1))
        c.draw.polygon(
            [(x + d * 44 * s, y), (x + d * 76 * s, y - 17 * s), (x + d * 70 * s, y + 15 * s)], fill=(178, 180, 172)
        )
        c.draw.ellipse((x - 52 * s, y - 16 * s, x + 52 * s, y + 18 * s), fill=(206, 208, 200))
        c.draw.chord((x - 52 * s, y - 16 * s, x + 52 * s, y + 18 * s), 190, 350, fill=(150, 156, 152))
        c.draw.ellipse((x - d * 36 * s - 4, y - 6, x - d * 36 * s + 4, y + 2), fill=(40, 40, 40))
    c.grass(H - 20, c.lit(DARK_GREEN), x0=0, x1=230, count=70, tall=90)
    c.grass(H - 10, c.lit(DARK_GREEN), x0=1010, x1=W, count=60, tall=90)


def burning_straw(c: Canvas) -> None:
    """Straw burning on fields beside a road."""
    horizon = c.vary(410, 460)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(DARK_GREEN, c.horizon, 0.35)), 24)
    c.ground(horizon + 14, c.lit((206, 176, 98)))
    for i in range(11):
        y = horizon + 40 + i * i * 4
        c.draw.line((0, y, W, y + c.vary(-8, 8)), fill=(120, 92, 40, 60), width=3 + i // 2)
    drift = c.rng.choice((0.9, -0.8))
    for _ in range(c.rng.randint(3, 4)):
        x, y = c.vary(140, 1000), c.vary(horizon + 60, 690)
        c.draw.ellipse((x - 90, y - 12, x + 90, y + 20), fill=(52, 42, 34))
        for k in range(11):
            fx, h = x - 74 + k * 15, c.vary(26, 74)
            c.draw.polygon([(fx - 10, y), (fx + 10, y), (fx + c.vary(-8, 8), y - h)], fill=(240, 122, 44, 230))
            c.draw.polygon([(fx - 5, y), (fx + 5, y), (fx + c.vary(-4, 4), y - h * 0.55)], fill=(255, 218, 110, 240))
        c.plume(x, y - 40, mix((232, 228, 220), c.horizon, 0.2), drift=drift, alpha=200, size=1.3)
    c.soft([(c.vary(0, W), horizon - c.vary(0, 60), c.vary(80, 160), 120) for _ in range(7)], (222, 218, 210), 0.4)
    c.draw.polygon([(0, H), (0, 812), (W, 770), (W, H)], fill=c.lit((108, 108, 110)))
    for i in range(8):
        c.draw.line((i * 160, 862 - i * 6, i * 160 + 80, 859 - i * 6), fill=(240, 236, 220), width=7)


def cracked_bank(c: Canvas) -> None:
    """A house at the edge of a bank that is breaking off."""
    horizon = c.vary(400, 450)
    _riverside(c, horizon)
    right = c.rng.random() < 0.5
    flip: Callable[[float], float] = (lambda x: W - x) if right else (lambda x: x)
    bank = [
        (0, horizon - 40),
        (470, horizon - 30),
        (610, horizon - 14),
        (640, horizon + 40),
        (600, 610),
        (650, 690),
        (540, 800),
        (590, H),
        (0, H),
    ]
    c.draw.polygon([(flip(x), y) for x, y in bank], fill=c.lit((148, 110, 76)))
    c.draw.polygon(
        [
            (flip(x), y)
            for x, y in [
                (0, horizon - 40),
                (470, horizon - 30),
                (612, horizon - 12),
                (560, horizon + 16),
                (0, horizon + 44),
            ]
        ],
        fill=c.lit(GREEN),
    )
    for _ in range(9):
        x, y = c.vary(300, 570), c.vary(horizon + 60, H - 60)
        c.draw.line(
            [(flip(x), y), (flip(x + c.vary(-30, 30)), y + 34), (flip(x + c.vary(-20, 40)), y + 80)],
            fill=(84, 58, 40),
            width=5,
        )
    hx = 230 if not right else W - 530
    c.house(hx, horizon + 6, 300, (226, 214, 186), (120, 132, 140))
    crack = [(hx + 210, horizon - 140), (hx + 230, horizon - 96), (hx + 214, horizon - 60), (hx + 238, horizon + 4)]
    c.draw.line(crack, fill=(70, 52, 44), width=5)
    c.palm(flip(110), horizon, 300, c.lit(GREEN))
    for k in range(4):
        x, y = 660 + k * 46, 660 + k * 52
        c.draw.polygon(
            [(flip(x), y), (flip(x + 90), y - 26), (flip(x + 130), y + 22), (flip(x + 30), y + 44)],
            fill=c.lit((132, 98, 66)),
        )
    c.draw.line(
        [(flip(560), horizon - 26), (flip(700), horizon + 60), (flip(820), horizon + 180)],
        fill=c.lit((84, 66, 48)),
        width=14,
    )
    for k in range(5):
        c.draw.line(
            [(flip(820), horizon + 180), (flip(860 + k * 12), horizon + 130 + k * 26)], fill=c.lit(DARK_GREEN), width=8
        )


def drums(c: Canvas) -> None:
    """Drums dumped among trees."""
    horizon = c.vary(300, 360)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(DARK_GREEN, c.horizon, 0.2)), 44)
    c.ground(horizon + 40, c.lit((142, 124, 88)), specks=420)
    for x in (90, 1090, 960):
        c.tree(x + c.vary(-40, 40), horizon + 130 + c.vary(0, 40), 300, c.lit(DARK_GREEN))
    pool = [(c.vary(380, 820), c.vary(720, 780), c.vary(70, 150), 210) for _ in range(7)]
    c.soft(pool, (36, 32, 36), 0.35)
    c.soft([(x + 20, y - 4, r * 0.4, 90) for x, y, r, _ in pool[:3]], (148, 120, 170), 0.3)
    tints: list[Colour] = [(48, 98, 150), (178, 74, 52), (78, 122, 92), (196, 160, 66)]
    for i in range(c.rng.randint(8, 11)):
        x, y = 250 + (i % 5) * 165 + c.vary(-34, 34), 560 + (i // 5) * 120 + c.vary(-14, 14)
        tint = c.lit(c.rng.choice(tints), 0.1)
        c.draw.ellipse((x - 70, y + 44, x + 110, y + 74), fill=(0, 0, 0, 60))
        if c.rng.random() < 0.4:
            c.draw.rounded_rectangle((x - 80, y - 20, x + 70, y + 64), 14, fill=tint)
            c.draw.ellipse((x + 46, y - 20, x + 92, y + 64), fill=mix(tint, (20, 20, 20), 0.45))
            for dx in (-30, 16):
                c.draw.line((x + dx, y - 20, x + dx, y + 64), fill=(0, 0, 0, 70), width=6)
        else:
            c.draw.rounded_rectangle((x - 46, y - 84, x + 46, y + 60), 8, fill=tint)
            c.draw.rectangle((x + 16, y - 80, x + 46, y + 56), fill=(0, 0, 0, 48))
            c.draw.ellipse((x - 46, y - 104, x + 46, y - 66), fill=mix(tint, (255, 255, 255), 0.24))
            for dy in (-40, 6):
                c.draw.line((x - 46, y + dy, x + 46, y + dy), fill=(0, 0, 0, 70), width=6)
            if c.rng.random() < 0.5:
                c.draw.polygon([(x, y - 30), (x + 24, y), (x, y + 30), (x - 24, y)], fill=(240, 196, 60))
    c.grass(H - 24, c.lit(GREEN), count=150, tall=64)


def dusty_road(c: Canvas) -> None:
    """A truck raising dust past houses."""
    horizon = c.vary(400, 450)
    c.sky(horizon)
    c.hills(horizon - 20, 60, c.lit(mix((112, 134, 112), c.horizon, 0.4)))
    c.ground(horizon + 20, c.lit((178, 150, 106)))
    for i in range(3):
        c.house(60 + i * 380 + c.vary(-40, 40), horizon + 110, 230, (230, 214, 186), (158, 92, 70))
        c.tree(300 + i * 380 + c.vary(-30, 30), horizon + 120, 170, c.lit(mix(GREEN, (170, 150, 110), 0.45)))
    c.draw.polygon([(0, 640), (W, 600), (W, 830), (0, 880)], fill=c.lit((170, 146, 112)))
    for dy in (66, 150):
        c.draw.line((0, 650 + dy, W, 610 + dy), fill=(90, 70, 46, 70), width=16)
    x = c.vary(520, 720)
    c.truck(
        x,
        770,
        1.5,
        c.rng.choice([(196, 64, 52), (48, 104, 164), (62, 130, 88)]),
        c.rng.choice([(184, 176, 164), (166, 116, 76), (120, 118, 118)]),
    )
    c.soft(
        [
            (x + 60 - t * 38 + c.vary(-26, 26), 750 - t * 14 + c.vary(-30, 30), 34 + t * 9, 205 - t * 7)
            for t in range(18)
        ],
        (216, 190, 150),
    )
    c.soft([(c.vary(0, W), c.vary(horizon, 600), c.vary(80, 150), 56) for _ in range(7)], (222, 200, 164), 0.5)


def stumps(c: Canvas) -> None:
    """A cleared hillside."""
    horizon = c.vary(260, 320)
    c.sky(horizon + 60)
    c.hills(horizon, 110, c.lit(mix((84, 116, 104), c.horizon, 0.45)))
    c.hills(horizon + 70, 70, c.lit(mix(DARK_GREEN, c.horizon, 0.15)))
    for _ in range(26):
        c.tree(c.vary(-20, W), horizon + c.vary(70, 130), c.vary(60, 110), c.lit(DARK_GREEN))
    c.hills(horizon + 180, 60, c.lit((160, 122, 82)))
    c.ground(horizon + 240, c.lit((156, 116, 78)), specks=420)
    for i in range(20):
        t = i / 19
        x, y, s = c.vary(20, W - 20), horizon + 220 + t * 430, 0.5 + 0.9 * t
        c.draw.ellipse((x - 60 * s, y + 14 * s, x + 76 * s, y + 34 * s), fill=(0, 0, 0, 50))
        c.draw.polygon(
            [(x - 40 * s, y - 44 * s), (x + 40 * s, y - 44 * s), (x + 54 * s, y + 24 * s), (x - 54 * s, y + 24 * s)],
            fill=c.lit((98, 70, 50)),
        )
        c.draw.ellipse((x - 40 * s, y - 60 * s, x + 40 * s, y - 28 * s), fill=c.lit((226, 188, 134)))
        c.draw.ellipse((x - 22 * s, y - 53 * s, x + 22 * s, y - 35 * s), outline=(168, 124, 78), width=3)
    for _ in range(4):
        x, y = c.vary(100, 800), c.vary(660, 840)
        c.draw.line((x, y, x + 290, y - 56), fill=c.lit((110, 80, 58)), width=36)
        c.draw.ellipse((x - 16, y - 19, x + 16, y + 19), fill=c.lit((224, 186, 132)))


def outlet(c: Canvas) -> None:
    """A pipe running into a ditch."""
    horizon = c.vary(260, 320)
    c.sky(horizon)
    c.hills(horizon + 20, 50, c.lit(mix(GREEN, c.horizon, 0.35)))
    c.ground(horizon + 60, c.lit((128, 134, 84)))
    dirty: Colour = c.rng.choice([(70, 64, 56), (206, 200, 180), (110, 84, 52), (66, 76, 62)])
    c.water(640, H, c.lit(dirty, 0.05))
    c.draw.polygon([(0, 430), (W, 400), (W, 640), (760, 668), (380, 650), (0, 676)], fill=c.lit((134, 106, 76)))
    c.grass(436, c.lit(GREEN), count=190, tall=60)
    for k in range(c.rng.randint(1, 2)):
        x, y, r = 360 + k * 420 + c.vary(-80, 80), 540 + c.vary(-20, 20), 74
        c.draw.polygon(
            [(x - 50, y + 20), (x + 50, y + 20), (x + 110, 720), (x - 90, 720)], fill=mix(dirty, (235, 232, 224), 0.2)
        )
        for _ in range(7):
            sx = x + c.vary(-40, 40)
            c.draw.line((sx, y + 30, sx + c.vary(-18, 26), 712), fill=(255, 255, 255, 70), width=4)
        c.draw.ellipse((x - r, y - r, x + r, y + r), fill=c.lit((168, 166, 160)))
        c.draw.ellipse((x - r + 16, y - r + 16, x + r - 16, y + r - 16), fill=(36, 34, 34))
        c.draw.chord((x - r + 16, y - r + 16, x + r - 16, y + r - 16), 12, 168, fill=mix(dirty, (230, 228, 220), 0.12))
        c.soft(
            [(x + c.vary(-130, 150), 726 + c.vary(-12, 26), c.vary(20, 46), 200) for _ in range(9)],
            mix(dirty, (250, 248, 240), 0.66),
            0.4,
        )
    c.grass(H - 6, c.lit(DARK_GREEN), count=110, tall=80)


def pond(c: Canvas) -> None:
    """Open treatment ponds by a plant in the rubber trees."""
    horizon = c.vary(360, 410)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(DARK_GREEN, c.horizon, 0.2)), 40)
    c.draw.polygon(
        [(620, horizon - 60), (700, horizon - 130), (1040, horizon - 130), (1120, horizon - 60)],
        fill=c.lit((142, 156, 164)),
    )
    c.draw.rectangle((640, horizon - 62, 1100, horizon + 20), fill=c.lit((196, 196, 186)))
    c.ground(horizon + 14, c.lit((150, 124, 84)))
    scum: Colour = c.rng.choice([(96, 92, 62), (74, 70, 62), (132, 128, 96)])
    for y, inset, height in ((horizon + 70, 200, 110), (horizon + 220, 60, 200)):
        c.draw.polygon(
            [(inset, y), (W - inset, y), (W - inset + 120, y + height), (inset - 120, y + height)],
            fill=c.lit((112, 92, 66)),
        )
        c.draw.polygon(
            [
                (inset + 26, y + 12),
                (W - inset - 26, y + 12),
                (W - inset + 80, y + height - 12),
                (inset - 80, y + height - 12),
            ],
            fill=c.lit(scum, 0.12),
        )
        c.soft(
            [(c.vary(inset, W - inset), c.vary(y + 24, y + height - 24), c.vary(20, 60), 170) for _ in range(10)],
            mix(scum, (240, 238, 220), 0.6),
            0.3,
        )
    for _ in range(9):
        x = c.vary(100, 1100)
        c.draw.line(
            [(x, horizon + 60), (x + 16, horizon + 20), (x - 10, horizon - 20), (x + 12, horizon - 64)],
            fill=(196, 204, 120, 90),
            width=8,
            joint="curve",
        )
    c.grass(H - 8, c.lit(GREEN), count=130, tall=70)


def market(c: Canvas) -> None:
    """Waste piled before market stalls."""
    c.sky(330)
    c.draw.rectangle((0, 250, W, 560), fill=c.lit((198, 184, 160)))
    tints: list[Colour] = [(206, 84, 70), (66, 128, 176), (232, 184, 82), (96, 150, 106)]
    for i in range(5):
        x, tint = i * 250 - 20, c.lit(tints[(i + c.rng.randint(0, 3)) % 4])
        c.draw.rectangle((x + 20, 330, x + 220, 540), fill=c.lit((120, 104, 90)))
        c.draw.polygon([(x, 330), (x + 240, 330), (x + 262, 396), (x - 20, 396)], fill=tint)
        for k in range(3):
            c.draw.polygon(
                [(x + 40 + k * 80, 330), (x + 80 + k * 80, 330), (x + 84 + k * 88, 396), (x + 36 + k * 84, 396)],
                fill=(255, 255, 255, 90),
            )
        c.draw.rectangle((x + 30, 470, x + 214, 540), fill=c.lit((150, 112, 78)))
        for k in range(6):
            c.draw.ellipse(
                (x + 36 + k * 28, 448, x + 62 + k * 28, 476),
                fill=c.lit(c.rng.choice([(120, 164, 70), (214, 96, 60), (232, 190, 90)])),
            )
    c.ground(540, c.lit((138, 134, 126)))
    c.soft([(c.vary(300, 900), c.vary(770, 850), c.vary(60, 140), 130) for _ in range(5)], (70, 74, 66), 0.25)
    c.litter(c.vary(500, 700), 780, 620, 190, 150)
    c.litter(c.vary(200, 1000), 820, 700, 14, 20)


def shipyard(c: Canvas) -> None:
    """A hull being blasted by a river."""
    horizon = c.vary(450, 490)
    _riverside(c, horizon, (128, 132, 112))
    c.draw.polygon([(0, 660), (W, 620), (W, H), (0, H)], fill=c.lit((142, 128, 106)))
    hull: Colour = c.rng.choice([(150, 66, 54), (52, 84, 120), (92, 98, 100)])
    c.draw.polygon([(140, 440), (1010, 420), (950, 640), (240, 650)], fill=c.lit(hull, 0.1))
    c.draw.polygon([(196, 560), (972, 548), (950, 640), (240, 650)], fill=c.lit((120, 60, 50), 0.1))
    c.draw.rectangle((700, 280, 930, 424), fill=c.lit((224, 224, 216)))
    for k in range(4):
        c.draw.rectangle((720 + k * 52, 310, 752 + k * 52, 344), fill=(60, 78, 90))
    for x in range(230, 980, 120):
        c.draw.polygon([(x - 20, 700), (x + 20, 700), (x + 8, 644), (x - 8, 644)], fill=c.lit((92, 76, 60)))
    c.draw.line([(1080, 690), (1080, 170), (760, 130)], fill=c.lit((216, 164, 60)), width=16, joint="curve")
    c.draw.line((800, 136, 800, 300), fill=(50, 50, 50), width=4)
    x = c.vary(260, 440)
    c.soft([(x + c.vary(-150, 110), 520 + c.vary(-90, 110), c.vary(40, 90), 190) for _ in range(14)], (212, 190, 166))
    c.heap(220, 800, 420, 90, c.lit((92, 88, 86)))


def burst_tank(c: Canvas) -> None:
    """A settling tank with a breached wall above a stream."""
    horizon = c.vary(270, 310)
    c.sky(horizon)
    c.hills(horizon, 120, c.lit(mix((90, 118, 100), c.horizon, 0.4)))
    c.ground(horizon + 50, c.lit(GREEN))
    c.draw.polygon([(150, 400), (880, 380), (960, 520), (80, 550)], fill=c.lit((150, 118, 82)))
    c.draw.polygon([(200, 420), (840, 402), (896, 496), (150, 520)], fill=(226, 218, 190))
    flow: Colour = (222, 212, 182)
    c.draw.polygon(
        [(520, 490), (680, 484), (760, 640), (900, 760), (1000, H), (330, H), (470, 730), (540, 620)], fill=flow
    )
    c.draw.polygon([(440, 530), (520, 488), (548, 590), (480, 610)], fill=c.lit((124, 92, 62)))
    c.draw.polygon([(680, 484), (770, 520), (776, 590), (716, 570)], fill=c.lit((118, 88, 60)))
    for _ in range(36):
        x, y = c.vary(470, 860), c.vary(600, H)
        c.draw.line((x, y, x + c.vary(-26, 26), y + 44), fill=(255, 255, 250, 90), width=6)
    c.soft([(c.vary(400, 960), c.vary(700, 880), c.vary(30, 70), 140) for _ in range(8)], (250, 248, 236), 0.4)
    c.grass(H - 10, c.lit(DARK_GREEN), x0=0, x1=320, count=90, tall=90)
    c.grass(H - 10, c.lit(DARK_GREEN), x0=1010, x1=W, count=60, tall=90)


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
    for x in (130, 1050, 880):
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
    _riverside(c, horizon)
    c.draw.polygon([(0, horizon - 30), (620, horizon - 10), (760, H), (0, H)], fill=c.lit((142, 122, 84)))
    c.draw.polygon([(0, horizon - 30), (620, horizon - 10), (610, horizon + 60), (0, horizon + 70)], fill=c.lit(GREEN))
    c.house(150, horizon + 10, 280, (230, 218, 190), (150, 84, 66))
    for k in range(15):
        x, y = 596 + k * 11, horizon + 30 + k * 30
        c.draw.rounded_rectangle((x, y - 80, x + 24, y + 50), 6, fill=c.lit((150, 122, 70)))
        c.draw.ellipse((x, y - 88, x + 24, y - 72), fill=c.lit((206, 178, 118)))
    for k in range(14):
        x, y = c.vary(60, 560), c.vary(horizon + 110, H - 60)
        c.grass(y, c.lit((84, 150, 78)), x0=x - 16, x1=x + 16, count=12, tall=66)
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
        y, end = 270 + k * 30, 840 if k % 4 != 3 else c.vary(520, 700)
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


def oil_sea(c: Canvas) -> None:
    """An oily sheen on the sea with a far ship."""
    horizon = c.vary(330, 390)
    c.sky(horizon)
    c.water(horizon, H, c.lit((66, 112, 128), 0.14))
    x = c.vary(240, 800)
    c.draw.polygon(
        [(x, horizon - 26), (x + 210, horizon - 26), (x + 190, horizon + 8), (x + 16, horizon + 8)],
        fill=c.lit((86, 62, 62)),
    )
    c.draw.rectangle((x + 140, horizon - 62, x + 190, horizon - 26), fill=c.lit((220, 220, 214)))
    slick = [(c.vary(200, 980), c.vary(horizon + 150, H - 90), c.vary(60, 150), 190) for _ in range(11)]
    c.soft(slick, (38, 36, 42), 0.28)
    for tint, alpha in (((170, 110, 160), 90), ((90, 150, 170), 80), ((200, 170, 90), 70)):
        c.soft([(a + c.vary(-60, 60), b + c.vary(-12, 12), r * 0.5, alpha) for a, b, r, _ in slick[:7]], tint, 0.22)
    c.litter(c.vary(300, 900), c.vary(640, 800), 420, 8, 9)


SCENES: dict[str, tuple[tuple[str, ...], Callable[[Canvas], None]]] = {
    "sand_barge": (("dusk", "dusk", "dawn"), sand_barge),
    "sand_night": (("night",), sand_barge),
    "ash_heap": (("noon", "overcast", "dawn"), ash_heap),
    "chimneys": (("noon", "dusk", "overcast"), chimneys),
    "rubbish_canal": (_DAY, rubbish_canal),
    "foam_fish": (("noon", "overcast"), foam_fish),
    "burning_straw": (("dusk", "dawn", "overcast"), burning_straw),
    "cracked_bank": (("noon", "overcast", "dusk"), cracked_bank),
    "drums": (("noon", "overcast"), drums),
    "dusty_road": (("noon", "dawn"), dusty_road),
    "stumps": (_DAY, stumps),
    "outlet": (("noon", "overcast"), outlet),
    "pond": (("noon", "dusk", "overcast"), pond),
    "market": (_DAY, market),
    "shipyard": (("noon", "overcast"), shipyard),
    "burst_tank": (("overcast", "noon"), burst_tank),
    "oil_sea": (("dawn", "noon"), oil_sea),
    "clean_canal": (("noon", "dawn"), clean_canal),
    "washed_road": (("noon", "dawn"), washed_road),
    "covered_ash": (("noon", "overcast"), covered_ash),
    "samples": (("noon", "overcast"), samples),
    "planted_bank": (("noon", "dawn"), planted_bank),
    "minutes": (("noon",), minutes),
    "seedlings": (("noon", "dawn"), seedlings),
}
