"""Beginner paintings with water: a lake, seas, a waterfall. Each 512 x 512, RGB."""

import math

import numpy as np
from beginner_canvas import SIZE, Canvas
from PIL import Image


def lake_sunset():
    """Wide hard brush, strong bands of colour, sun half down between two mountains."""
    c = Canvas(11, (255, 190, 110), wobble=2.5)
    bands = [(92, 60, 120), (140, 70, 130), (196, 84, 120), (236, 110, 90), (250, 150, 80), (255, 200, 100)]
    for i, col in enumerate(bands):
        for k in range(2):
            y = 22 + i * 47 + k * 22
            c.stroke(
                [(-20, y + c.j(5)), (170, y + c.j(6)), (350, y + c.j(6)), (535, y + c.j(5))],
                c.tint(col, 4),
                32,
            )
    c.disc(268, 268, 46, (255, 240, 120), wobble=1.5)
    far = [(-10, 300), (60, 225), (120, 250), (190, 268), (250, 300)]
    c.blob(far, (128, 96, 140), smooth=False)
    c.blob(
        [(290, 300), (350, 250), (400, 262), (470, 210), (530, 250), (530, 300)], (128, 96, 140), smooth=False
    )
    left = [(-20, 312), (-20, 190), (30, 130), (72, 84), (110, 140), (160, 205), (240, 312)]
    c.blob(left, (72, 62, 100), smooth=False)
    right = [(300, 312), (360, 215), (398, 170), (440, 98), (480, 150), (535, 205), (535, 312)]
    c.blob(right, (66, 56, 94), smooth=False)
    white = (250, 240, 245)
    c.blob(
        [(72, 82), (100, 126), (92, 136), (84, 122), (74, 146), (64, 124), (50, 142), (38, 122)],
        white,
        1.2,
        False,
    )
    c.blob(
        [(440, 96), (470, 138), (462, 152), (448, 130), (440, 160), (428, 134), (412, 152)], white, 1.2, False
    )
    c.blob(
        [(-10, 308), (150, 312), (300, 306), (525, 311), (525, 525), (-10, 525)], (226, 120, 104), wobble=1
    )
    lake = [(214, 110, 110), (180, 88, 122), (140, 74, 128), (104, 62, 122), (80, 52, 110)]
    for i, col in enumerate(lake):
        for k in range(3):
            y = 330 + i * 40 + k * 14
            x = float(c.rng.uniform(-80, 60))
            c.stroke([(x, y), (200, y + c.j(3)), (540 - abs(c.j(50)), y + c.j(3))], c.tint(col, 4), 13)
    for i in range(11):
        y = 320 + i * 16
        w = 44 - i * 2 + c.j(8)
        x = 268 + c.j(6)
        c.stroke([(x - w, y), (x, y + c.j(2)), (x + w, y)], (255, 214, 110), 6)
    c.blob([(-10, 525), (-10, 452), (40, 446), (90, 470), (150, 492), (190, 525)], (40, 34, 52))
    for x, h in ((18, 84), (44, 60), (74, 70)):
        c.stroke([(x, 468), (x + c.j(2), 468 - h)], (30, 26, 40), 6)
        for k in range(4):
            y, w = 462 - h + k * h * 0.2, 6 + k * 5
            c.stroke([(x - w, y + 8), (x, y), (x + w, y + 9)], (30, 26, 40), 6)
    return c.done()


def lighthouse_storm():
    """Cheap tablet: tapered strokes, dark greys and blues, clouds in loops, lightning."""
    c = Canvas(33, (70, 82, 98), wobble=2.0)
    for i in range(16):
        y = i * 20 + c.j(8)
        col = c.tint((58 + i * 3, 70 + i * 3, 88 + i * 3), 6)
        c.stroke([(-20, y + 10), (150, y + c.j(12)), (330, y + c.j(12)), (530, y - 10)], col, 26, taper=0.3)
    for x, y, r in (
        (70, 60, 40),
        (190, 40, 46),
        (330, 66, 44),
        (450, 48, 42),
        (120, 120, 30),
        (410, 128, 32),
    ):
        for _ in range(5):
            a = np.linspace(0, 4.6 * np.pi, 22)
            rr = r * (0.5 + 0.5 * np.linspace(0, 1, 22))
            col = c.tint((40, 46, 58), 9)
            px = x + c.j(22) + 1.5 * rr * np.cos(a) + np.linspace(-30, 30, 22)
            c.stroke(np.stack([px, y + c.j(9) + 0.7 * rr * np.sin(a)], 1), col, 15, taper=0.5, alpha=0.9)
    zap = [(120, 140), (104, 190), (128, 198), (98, 256), (116, 262), (88, 318)]
    c.stroke(zap, (255, 250, 190), 7, smooth=False, wobble=1)
    c.stroke([(128, 198), (150, 224), (146, 250)], (255, 250, 190), 4, smooth=False, wobble=1)
    c.blob([(-10, 330), (525, 322), (525, 525), (-10, 525)], (34, 62, 84), smooth=False)
    for i in range(46):
        y = 336 + i * 3.9
        x = float(c.rng.uniform(-30, 470))
        w = 20 + i * 0.9
        col = c.tint([(28, 50, 72), (52, 90, 112), (74, 116, 134)][i % 3], 6)
        c.stroke([(x, y + 6), (x + w, y - 8), (x + 1.7 * w, y - 4), (x + 2.2 * w, y + 8)], col, 8, taper=0.8)
    rock = [
        (270, 525),
        (286, 440),
        (330, 400),
        (350, 352),
        (400, 330),
        (452, 336),
        (490, 316),
        (530, 322),
        (530, 525),
    ]
    c.blob(rock, (48, 42, 42), smooth=False, wobble=3)
    for _ in range(22):
        x, y = c.rng.uniform(330, 500), c.rng.uniform(360, 500)
        col = c.tint([(78, 70, 66), (30, 27, 28)][int(c.rng.integers(2))], 6)
        c.stroke(
            [(x, y), (x + 14 + c.j(8), y + 12 + c.j(8)), (x + 16, y + 30)], col, 7, smooth=False, taper=0.6
        )
    c.blob([(392, 338), (402, 168), (440, 170), (456, 336)], (236, 232, 224), smooth=False, wobble=1.2)
    for i in range(3):
        y = 190 + i * 50
        d = i * 2.6
        c.blob(
            [(400 - d, y), (444 + d, y + 3), (446 + d * 1.3, y + 25), (398 - d, y + 22)],
            (190, 36, 34),
            1.2,
            False,
        )
    c.stroke([(392, 168), (450, 170)], (28, 28, 32), 7, wobble=0.8)
    c.blob([(406, 166), (406, 138), (437, 138), (437, 166)], (255, 236, 130), smooth=False, wobble=0.8)
    c.blob([(398, 140), (420, 112), (446, 140)], (150, 28, 30), smooth=False, wobble=0.8)
    c.stroke([(421, 140), (421, 166)], (28, 28, 32), 3, wobble=0.4)
    c.blob([(406, 144), (-10, 90), (-10, 196), (406, 162)], (255, 240, 150), smooth=False, alpha=0.38)
    for x, y, w in (
        (270, 448, 40),
        (300, 412, 30),
        (262, 490, 50),
        (330, 392, 22),
        (180, 430, 34),
        (60, 400, 28),
        (90, 476, 44),
    ):
        for _ in range(3):
            a, b = x + c.j(9), y + c.j(6)
            pts = [
                (a - w, b + 12),
                (a - w / 3, b - 12),
                (a + w / 3, b - 16),
                (a + w / 2, b - 2),
                (a + w / 4, b + 3),
            ]
            c.stroke(pts, c.tint((226, 234, 238), 6), 6, taper=0.8)
    for _ in range(90):
        x, y = c.rng.uniform(0, 520), c.rng.uniform(-10, 500)
        c.stroke([(x, y), (x - 9, y + 24)], (170, 184, 196), 1.6, wobble=0.4, alpha=0.6)
    return c.done()


def moon_sea():
    """Soft airbrush only, a few blues, hard white moon and star dots."""
    c = Canvas(66, (14, 20, 52), wobble=1.5)
    for r, a in ((240, 0.16), (170, 0.2), (110, 0.3)):
        c.air([(176, 130), (180, 132)], (90, 120, 190), r * 1.8, a)
    for y in (250, 272, 288):
        c.air([(-20, y), (180, y + c.j(6)), (530, y)], (40, 62, 120), 60, 0.4)
    c.blob(
        [(-10, 298), (200, 293), (525, 297), (525, 525), (-10, 525)], (8, 18, 46), smooth=False, wobble=1.2
    )
    for i in range(9):
        y = 320 + i * 22
        c.air([(-20, y), (160, y + c.j(5)), (330, y + c.j(5)), (530, y)], (24, 54, 108), 20, 0.55)
    c.disc(178, 130, 52, (248, 246, 226), wobble=0.8)
    c.air([(160, 120), (170, 112)], (200, 200, 190), 30, 0.5)
    c.air([(196, 146), (204, 150)], (200, 200, 190), 36, 0.5)
    for i in range(14):
        y, w = 304 + i * 14.5, 16 + i * 3.2 + c.j(5)
        x = 178 + c.j(5)
        c.air([(x - w, y), (x, y + c.j(2)), (x + w, y)], (230, 232, 220), 13, 0.85)
    for _ in range(34):
        x, y = c.rng.uniform(5, 507), c.rng.uniform(5, 250)
        if math.hypot(x - 178, y - 130) > 80:
            c.disc(x, y, c.rng.uniform(1.2, 2.8), (255, 255, 255), wobble=0.2)
    for p in (
        [(330, 96), (400, 84), (500, 100)],
        [(20, 208), (110, 220), (220, 210)],
        [(300, 206), (360, 200)],
    ):
        c.air(p, (70, 84, 130), 40, 0.6)
    return c.done()


def waterfall():
    """Plain round brush, long blue and white pulls, grey boulders with outlines, greens in dabs."""
    c = Canvas(88, (176, 214, 240), wobble=2.0)
    c.blob(
        [(-10, 130), (70, 96), (150, 118), (196, 110), (196, 420), (-10, 440)], (112, 104, 96), smooth=False
    )
    c.blob(
        [(318, 112), (380, 100), (440, 120), (525, 90), (525, 440), (318, 420)], (104, 97, 90), smooth=False
    )
    for _ in range(70):
        left = c.rng.uniform() < 0.5
        x = c.rng.uniform(0, 180) if left else c.rng.uniform(332, 510)
        y = c.rng.uniform(140, 390)
        col = c.tint([(84, 78, 72), (140, 132, 122), (70, 66, 64)][int(c.rng.integers(3))], 6)
        c.stroke([(x, y), (x + c.j(4), y + 18), (x + c.j(9), y + 42)], col, 9)
    c.blob([(186, 112), (326, 112), (334, 420), (178, 420)], (74, 150, 206), smooth=False)
    for _ in range(64):
        x = c.rng.uniform(190, 324)
        y = c.rng.uniform(104, 300)
        h = c.rng.uniform(60, 150)
        col = [(255, 255, 255), (150, 205, 236), (50, 120, 186), (214, 238, 250)][int(c.rng.integers(4))]
        c.stroke([(x, y), (x + c.j(2), y + h / 2), (x + (x - 256) * 0.06, y + h)], col, 6)
    c.blob([(-10, 420), (150, 404), (360, 406), (525, 420), (525, 525), (-10, 525)], (40, 116, 170))
    for _ in range(34):
        x, y = c.rng.uniform(-20, 470), c.rng.uniform(432, 512)
        c.stroke([(x, y), (x + 30, y + c.j(4)), (x + 62, y)], c.tint((92, 168, 214), 12), 5)
    for _ in range(46):
        x, y = 256 + c.j(52), 416 + c.j(10)
        c.disc(x, y, c.rng.uniform(7, 15), c.tint((240, 247, 252), 6), wobble=0.8)
    for x, y, r in ((60, 440, 46), (138, 462, 32), (398, 444, 40), (470, 466, 48), (340, 486, 26)):
        c.disc(x, y, r, (134, 130, 126), ry=r * 0.66, line=(50, 48, 48), lw=4, wobble=2.5)
        c.stroke(
            [(x - r * 0.5, y - r * 0.2), (x, y - r * 0.42), (x + r * 0.4, y - r * 0.25)], (180, 177, 172), 7
        )
    for x0, x1 in ((-5, 190), (324, 517)):
        for _ in range(100):
            x, y = c.rng.uniform(x0, x1), 98 + c.j(17)
            col = [(40, 120, 50), (70, 150, 60), (26, 92, 44)][int(c.rng.integers(3))]
            c.disc(x, y, c.rng.uniform(8, 16), c.tint(col, 8), wobble=1)
    for x in (22, 70, 130, 372, 430, 490):
        y = 92 + c.j(8)
        c.stroke([(x, y), (x + c.j(5), y - 46)], (92, 62, 36), 9)
        for _ in range(9):
            c.disc(x + c.j(17), y - 54 + c.j(12), 13, c.tint((50, 132, 54), 12), wobble=1)
    return c.done()


def sailboat():
    """Gradient tool for the sky, a crooked horizon, outlined sails, zigzag waves, no antialiasing."""
    c = Canvas(110, aa=False, wobble=1.0)
    t = np.linspace(0, 1, SIZE)[:, None, None]
    sky = np.array([96, 176, 240]) * (1 - t) + np.array([250, 250, 255]) * t
    c.img = Image.fromarray(np.uint8(np.repeat(sky, SIZE, 1)))
    c.shape_tool("ellipse", (54, 44, 116, 106), (255, 236, 80))
    c.blob(
        [(-20, 316), (140, 312), (300, 321), (540, 309), (540, 540), (-20, 540)], (26, 110, 180), smooth=False
    )
    for y in range(340, 520, 22):
        x0 = c.rng.uniform(-60, 120)
        q = [(x0, y), (x0 + 130, y + c.j(5)), (x0 + 300, y + c.j(5)), (x0 + 360 + c.j(40), y + c.j(4))]
        c.stroke(q, (20, 96, 164) if y % 4 else (44, 128, 196), 14)
    k = (0, 0, 0)
    c.stroke([(270, 356), (265, 240), (268, 112)], (90, 56, 30), 7, wobble=0.8)
    for sail, col in (
        ([(280, 126), (352, 214), (384, 324), (278, 332)], (255, 255, 255)),
        ([(256, 158), (258, 326), (172, 330), (216, 250)], (240, 70, 60)),
    ):
        c.blob(sail, col, smooth=False, line=k, lw=3, wobble=1.4)
    hull = [(150, 350), (270, 342), (402, 336), (366, 388), (300, 402), (206, 398)]
    c.blob(hull, (140, 84, 44), smooth=False, line=k, lw=3, wobble=1.6)
    c.stroke([(174, 372), (260, 368), (374, 360)], (255, 255, 255), 6, wobble=1.4)
    rows = ((418, 110, 420), (448, 16, 190), (474, 270, 490), (362, 12, 110), (352, 426, 502), (494, 90, 220))
    for y, x0, x1 in rows:
        x, up, q = x0, 1, []
        while x < x1:
            q.append((x, y + up * (5 + c.j(1.8))))
            x, up = x + c.rng.uniform(9, 22), -up
        c.stroke(q, (190, 226, 250), 3, wobble=0.8)
    for x, y in ((400, 90), (434, 108)):
        c.stroke(
            [(x - 16, y - 6), (x - 7, y - 10), (x, y), (x + 7, y - 11), (x + 16, y - 5)],
            (0, 0, 0),
            2,
            wobble=0.5,
        )
    for dx, dy, r in ((0, 0, 26), (30, -10, 32), (64, 2, 24), (32, 10, 28)):
        c.shape_tool(
            "ellipse", (206 + dx - r, 74 + dy - r * 0.6, 206 + dx + r, 74 + dy + r * 0.6), (255, 255, 255)
        )
    return c.done()
