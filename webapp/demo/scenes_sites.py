"""Scenes of tips, roads, works and shores. Each paints from back to front."""

from __future__ import annotations

from webapp.demo.canvas import DARK_GREEN, GREEN, Canvas, Colour, H, W, mix


def drums(c: Canvas) -> None:
    """Drums dumped among trees."""
    horizon = c.vary(300, 360)
    c.sky(horizon)
    c.treeline(horizon, c.lit(mix(DARK_GREEN, c.horizon, 0.2)), 44)
    c.ground(horizon + 40, c.lit((142, 124, 88)), specks=420)
    for x in (90.0, 1090.0, 960.0):
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
    c.riverside(horizon, (128, 132, 112))
    c.draw.polygon([(0, 660), (W, 620), (W, H), (0, H)], fill=c.lit((142, 128, 106)))
    hull: Colour = c.rng.choice([(150, 66, 54), (52, 84, 120), (92, 98, 100)])
    c.draw.polygon([(140, 440), (1010, 420), (950, 640), (240, 650)], fill=c.lit(hull, 0.1))
    c.draw.polygon([(196, 560), (972, 548), (950, 640), (240, 650)], fill=c.lit((120, 60, 50), 0.1))
    c.draw.rectangle((700, 280, 930, 424), fill=c.lit((224, 224, 216)))
    for k in range(4):
        c.draw.rectangle((720 + k * 52, 310, 752 + k * 52, 344), fill=(60, 78, 90))
    for x in map(float, range(230, 980, 120)):
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
