"""Scenes of the open country: rivers, fields, sky. Each paints from back to front."""

from __future__ import annotations

from collections.abc import Callable

from webapp.demo.canvas import DARK_GREEN, GREEN, SILT, Canvas, Colour, H, W, mix


def sand_barge(c: Canvas) -> None:
    """Barges pumping sand."""
    horizon = c.vary(390, 450)
    c.riverside(horizon)
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
    c.riverside(horizon)
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
