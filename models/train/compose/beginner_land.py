"""Beginner paintings on land, and a still life. Each 512 x 512, RGB."""

import math

import numpy as np
from beginner_canvas import Canvas


def castle_hill():
    """No antialiasing, black pencil lines, bucket fill, toolbar rectangles."""
    c = Canvas(22, aa=False, wobble=1.6)
    k = (0, 0, 0)
    c.stroke([(-5, 400), (60, 372), (150, 315), (250, 288), (350, 300), (440, 352), (518, 384)], k, 3)
    c.bucket(256, 480, (34, 177, 76))
    c.bucket(20, 20, (153, 217, 234))
    grey = (195, 195, 195)
    c.shape_tool("rect", (186, 200, 326, 312), grey, k, 3)
    c.shape_tool("rect", (160, 150, 204, 316), grey, k, 3)
    c.shape_tool("rect", (312, 158, 352, 318), grey, k, 3)
    c.shape_tool("rect", (232, 122, 280, 202), (180, 180, 180), k, 3)
    for x, y, h in ((206, 200, 14), (221, 201, 12), (283, 200, 15), (300, 199, 13)):
        c.shape_tool("rect", (x, y - h, x + 11, y), grey, k, 2)
    for x0, x1, y, p in ((150, 214, 150, 84), (302, 364, 158, 98), (224, 290, 122, 52)):
        c.stroke([(x0, y), ((x0 + x1) / 2 + c.j(3), p), (x1, y + 1)], k, 3, smooth=False, wobble=0.8)
        c.stroke([(x0, y), (x1, y + 1)], k, 3, wobble=0.4)
        c.bucket((x0 + x1) / 2, y - 12, (237, 28, 36))
    for x, y in ((216, 296), (290, 222), (298, 286), (214, 270), (170, 290), (334, 290), (338, 228)):
        c.stroke([(x, y), (x + 13, y + c.j(1))], (110, 110, 110), 2, wobble=0.8)
    c.stroke([(257, 53), (257, 18)], k, 3, wobble=0.5)
    c.stroke([(257, 18), (292, 27), (258, 38)], k, 2, smooth=False, wobble=0.6)
    c.bucket(268, 28, (255, 242, 0))
    c.stroke(
        [(236, 312), (234, 270), (242, 252), (258, 246), (272, 254), (279, 272), (278, 313)], k, 3, wobble=0.8
    )
    c.bucket(257, 290, (136, 0, 21))
    for x in (246, 257, 268):
        c.stroke([(x, 252 + abs(x - 257) * 0.6), (x, 312)], k, 1, wobble=0.4)
    for x, y in ((176, 190), (178, 240), (326, 200), (328, 250), (250, 146), (210, 232), (298, 234)):
        c.shape_tool("rect", (x, y, x + 11, y + 20), (0, 0, 0))
    a = [(238, 313), (222, 350), (262, 390), (226, 440), (176, 518)]
    b = [(279, 313), (276, 350), (318, 392), (300, 450), (276, 518)]
    c.stroke(a, k, 3)
    c.stroke(b, k, 3)
    c.stroke([(236, 313), (281, 313)], k, 3, wobble=0.5)
    c.bucket(258, 334, (185, 122, 87))
    for x, y, r in ((80, 80, 1.0), (420, 62, 1.25)):
        pts = [
            (-46, 8),
            (-36, -14),
            (-12, -12),
            (2, -28),
            (26, -16),
            (42, -18),
            (50, 8),
            (26, 18),
            (0, 12),
            (-24, 20),
        ]
        c.blob([(x + r * u, y + r * v) for u, v in pts], (255, 255, 255), line=k, lw=2, wobble=1.2)
    for x, y in ((62, 440), (114, 408), (420, 420), (466, 470), (374, 400)):
        c.stroke([(x - 4, y), (x - 5, y - 32)], k, 2, wobble=0.5)
        c.stroke([(x + 6, y), (x + 6, y - 32)], k, 2, wobble=0.5)
        c.stroke([(x - 4, y), (x + 6, y)], k, 2, wobble=0.2)
        c.disc(x + 1, y - 48, 20 + c.rng.uniform(0, 10), (0, 130, 50), line=k, lw=2, wobble=3)
        if x != 374:
            c.bucket(x + 1, y - 8, (120, 70, 30))
    for x, y in ((130, 50), (160, 66), (350, 36)):
        c.stroke([(x - 12, y - 5), (x - 5, y - 9), (x, y), (x + 6, y - 9), (x + 13, y - 4)], k, 2, wobble=0.5)
    return c.done()


def autumn_path():
    """Many warm dabs, brown trunks of one width, a path that does not get narrow enough."""
    c = Canvas(44, (222, 214, 170), wobble=1.8)
    c.blob([(-10, 300), (160, 286), (330, 292), (525, 300), (525, 525), (-10, 525)], (150, 110, 46))
    c.blob(
        [(206, 290), (284, 290), (300, 360), (352, 440), (404, 525), (108, 525), (160, 440), (208, 360)],
        (206, 172, 124),
    )
    for _ in range(26):
        y = c.rng.uniform(310, 510)
        x = 250 + c.j(18 + (y - 300) * 0.3)
        c.stroke([(x - 14, y), (x + 16, y + c.j(3))], c.tint((184, 148, 100), 8), 5)
    reds = [(214, 84, 26), (238, 150, 30), (246, 196, 50), (180, 40, 30), (150, 96, 34), (228, 118, 28)]
    for _ in range(420):
        x, y = c.rng.uniform(-5, 517), c.rng.uniform(0, 292)
        if c.rng.uniform() < min(1.0, abs(x - 250) / 150 + 0.12 + max(0, (110 - y)) / 200):
            c.disc(x, y, 7 + c.rng.uniform(0, 5), c.tint((206, 170, 84), 22), wobble=0.6)
    for x, y, w in (
        (176, 312, 10),
        (312, 310, 10),
        (350, 330, 13),
        (128, 336, 14),
        (64, 380, 20),
        (424, 372, 20),
        (14, 452, 30),
        (492, 456, 30),
    ):
        col = c.tint((84, 52, 30), 8)
        c.stroke([(x, y), (x + c.j(4), y - 140), (x + c.j(8), y - 300)], col, w)
        for side in (-1, 1, -1):
            b = y - 130 - c.rng.uniform(0, 90)
            c.stroke([(x, b), (x + side * 26, b - 34), (x + side * 44, b - 66)], col, w * 0.42)
        c.stroke([(x + w * 0.25, y - 6), (x + w * 0.25 + c.j(2), y - 120)], (54, 32, 20), w * 0.25)
    for _ in range(620):
        x = c.rng.uniform(-5, 517)
        lim = 90 + min(140, abs(x - 250) * 0.75)
        y = c.rng.uniform(-5, lim)
        c.disc(x, y, 6 + c.rng.uniform(0, 5), c.tint(reds[int(c.rng.integers(6))], 9), ry=6, wobble=0.6)
    for _ in range(230):
        x, y = c.rng.uniform(0, 512), c.rng.uniform(306, 512)
        on = abs(x - 250) < 40 + max(0, y - 350) * 0.6
        if not on or c.rng.uniform() < 0.18:
            c.stroke(
                [(x, y), (x + 5 + c.j(2), y + c.j(3))], c.tint(reds[int(c.rng.integers(6))], 9), 6, wobble=0.4
            )
    return c.done()


def desert_sunset():
    """Five flat colours, huge blobs, a sun with stick rays, one cactus."""
    c = Canvas(55, (255, 153, 51), wobble=2.2)
    c.blob([(-10, -10), (525, -10), (525, 96), (380, 116), (220, 92), (90, 120), (-10, 100)], (230, 80, 60))
    c.disc(352, 262, 62, (255, 230, 60))
    for i in range(11):
        a = math.pi * (1.0 + i / 10) + c.j(0.04)
        r0, r1 = 76 + c.j(3), 112 + c.j(9)
        p = [
            (352 + r0 * math.cos(a), 262 + r0 * math.sin(a)),
            (352 + r1 * math.cos(a), 262 + r1 * math.sin(a)),
        ]
        c.stroke(p, (255, 230, 60), 8, wobble=1)
    c.blob(
        [
            (-10, 330),
            (70, 290),
            (150, 268),
            (240, 296),
            (330, 310),
            (430, 282),
            (525, 296),
            (525, 525),
            (-10, 525),
        ],
        (214, 140, 64),
    )
    shade = [(150, 268), (196, 300), (180, 330), (220, 380), (330, 390), (330, 312), (240, 297)]
    c.blob(shade, (160, 92, 48), wobble=2)
    c.blob(
        [(-10, 420), (90, 380), (210, 352), (300, 344), (400, 388), (525, 400), (525, 525), (-10, 525)],
        (236, 170, 84),
    )
    c.blob(
        [(300, 344), (290, 380), (340, 410), (330, 460), (420, 525), (530, 525), (530, 400), (400, 388)],
        (160, 92, 48),
        wobble=2,
    )
    g = (40, 104, 60)
    c.stroke([(104, 470), (102, 400), (106, 316)], g, 25)
    c.stroke([(104, 404), (62, 400), (58, 350)], g, 16, smooth=False)
    c.stroke([(104, 424), (148, 418), (150, 368)], g, 16, smooth=False)
    return c.done()


def house_snow():
    """Paper left white for the snow, wax-crayon lines and scribbles."""
    c = Canvas(77, (254, 254, 252), wobble=2.2)
    g = 0.75
    blue = (110, 160, 214)
    sky = [(0, 0), (512, 0), (512, 190), (330, 205), (180, 200), (0, 222)]
    c.scribble(sky, blue, 9, gap=15, angle=0.25, grain=0.45, over=10)
    c.stroke([(-5, 228), (120, 214), (250, 222), (390, 206), (518, 216)], (120, 140, 170), 4, grain=g)
    c.stroke([(-5, 400), (90, 380), (180, 392)], (170, 195, 225), 5, grain=g)
    c.stroke([(330, 420), (420, 400), (518, 412)], (170, 195, 225), 5, grain=g)
    wall = [(176, 236), (322, 232), (324, 352), (178, 356)]
    c.blob(wall, (254, 254, 252), smooth=False, wobble=0.5)
    c.scribble(wall, (176, 70, 48), 8, gap=11, angle=1.4, over=5, grain=0.55)
    roof = [(150, 240), (212, 146), (300, 142), (352, 234)]
    c.blob(roof, (254, 254, 252), smooth=False, wobble=0.5)
    c.stroke(roof + [roof[0]], (60, 50, 50), 5, smooth=False, grain=g)
    c.stroke(wall + [wall[0]], (60, 50, 50), 5, smooth=False, grain=g)
    c.stroke([(196, 176), (176, 210)], (170, 195, 225), 5, grain=g)
    c.stroke([(268, 160), (300, 210)], (170, 195, 225), 5, grain=g)
    chim = [(282, 142), (282, 100), (310, 100), (312, 158)]
    c.blob(chim, (254, 254, 252), smooth=False, wobble=0.5)
    c.scribble(chim, (176, 70, 48), 7, over=2, grain=0.55)
    c.stroke(chim, (60, 50, 50), 5, smooth=False, grain=g)
    a = np.linspace(0, 5.5 * np.pi, 34)
    t = np.linspace(0, 1, 34)
    smoke = np.stack([296 + 70 * t + (8 + 14 * t) * np.cos(a), 92 - 74 * t + (6 + 10 * t) * np.sin(a)], 1)
    c.stroke(smoke, (120, 120, 126), 4, grain=g)
    for x, y in ((194, 262), (272, 258)):
        box = [(x, y), (x + 36, y), (x + 36, y + 36), (x, y + 37)]
        c.blob(box, (254, 254, 252), smooth=False, wobble=0.5)
        c.scribble(box, (250, 210, 60), 7, over=3, grain=0.8)
        c.stroke(box + [box[0]], (60, 50, 50), 4, smooth=False, wobble=1, grain=g)
        c.stroke([(x + 18, y), (x + 18, y + 36)], (60, 50, 50), 3, wobble=1, grain=g)
        c.stroke([(x, y + 18), (x + 36, y + 18)], (60, 50, 50), 3, wobble=1, grain=g)
    door = [(236, 354), (236, 296), (266, 294), (268, 354)]
    c.scribble(door, (96, 60, 36), 8, over=2, angle=1.5, grain=0.8)
    c.stroke(door, (60, 50, 50), 4, smooth=False, grain=g)
    for x, y, h in ((72, 330, 110), (432, 342, 130), (124, 296, 70)):
        c.stroke([(x, y), (x, y - h * 0.3)], (96, 60, 36), 9, grain=g)
        for i in range(3):
            w, b = h * (0.36 - 0.08 * i), y - h * (0.22 + 0.26 * i)
            tri = [(x - w, b), (x, b - h * 0.38), (x + w, b)]
            c.scribble(tri, (34, 110, 66), 7, gap=8, over=3, grain=0.6)
    c.stroke([(240, 358), (226, 400), (262, 440), (230, 515)], (160, 175, 205), 4, grain=g)
    c.stroke([(272, 358), (266, 400), (318, 440), (310, 515)], (160, 175, 205), 4, grain=g)
    for _ in range(44):
        x, y = c.rng.uniform(5, 507), c.rng.uniform(5, 215)
        c.disc(x, y, c.rng.uniform(2.5, 5), (254, 254, 254), wobble=0.5)
    for x, y, r in ((398, 440, 34), (399, 388, 24), (400, 352, 16)):
        c.disc(x, y, r, (254, 254, 252), wobble=2.5)
        ring = [(x + r * math.cos(a), y + r * math.sin(a)) for a in np.linspace(-1.4, 5.2, 14)]
        c.stroke(ring, (70, 80, 110), 4, grain=g)
    c.stroke([(400, 353), (424, 358), (401, 359)], (240, 130, 30), 5, smooth=False, wobble=0.5)
    for x, y in ((394, 347), (406, 346), (398, 384), (399, 398)):
        c.disc(x, y, 2.8, (30, 30, 40), wobble=0.2)
    return c.done()


def flower_meadow():
    """A child's picture: corner sun, m-shaped birds, big flowers, scribbled grass with paper between."""
    c = Canvas(99, wobble=2.0)
    c.scribble([(0, 0), (512, 0), (512, 150), (0, 160)], (120, 200, 250), 17, gap=17, over=12)
    c.disc(512, 0, 92, (255, 226, 0), wobble=3)
    for i in range(7):
        a = math.pi * (0.52 + i * 0.076) + c.j(0.02)
        p = [(512 + r * math.cos(a), r * math.sin(a)) for r in (106 + c.j(5), 164 + c.j(14))]
        c.stroke(p, (255, 200, 0), 8)
    c.blob(
        [(-10, 230), (60, 178), (140, 158), (230, 196), (290, 240), (290, 290), (-10, 290)],
        (110, 190, 90),
        line=(40, 120, 50),
        lw=5,
    )
    c.blob(
        [(200, 260), (300, 190), (390, 170), (470, 190), (525, 220), (525, 300), (200, 300)],
        (140, 206, 80),
        line=(40, 120, 50),
        lw=5,
    )
    c.scribble([(0, 256), (512, 262), (512, 512), (0, 512)], (70, 176, 60), 20, gap=25, angle=0.08, over=14)
    c.scribble([(0, 350), (512, 340), (512, 512), (0, 512)], (50, 150, 50), 14, gap=34, angle=-0.12, over=20)
    cols = [(236, 50, 60), (250, 120, 190), (150, 80, 210), (255, 255, 255), (255, 150, 30), (60, 90, 220)]
    for i in range(21):
        y = 300 + (i % 7) * 24 + c.j(9)
        x = 24 + (i * 137) % 470 + c.j(9)
        r = 7 + (y - 290) * 0.052
        c.stroke([(x, y), (x + c.j(3), y + 3 * r), (x + c.j(5), y + 5.4 * r)], (20, 100, 30), 4)
        c.stroke([(x, y + 3.6 * r), (x + 1.6 * r, y + 2.6 * r), (x + 2.1 * r, y + 1.9 * r)], (20, 100, 30), 5)
        col = cols[i % 6]
        for k in range(5):
            a = 2 * math.pi * k / 5 + c.rng.uniform(0, 0.4)
            c.disc(x + r * math.cos(a), y + r * math.sin(a), r * 0.8, col, wobble=0.8)
        c.disc(x, y, r * 0.62, (255, 220, 40), wobble=0.5)
    for x, y in ((120, 60), (176, 88), (90, 104), (280, 56)):
        pts = [(x - 20, y + 5), (x - 11, y - 8), (x, y + 3), (x + 11, y - 9), (x + 21, y + 4)]
        c.stroke(pts, (30, 30, 30), 4, wobble=0.8)
    for i in range(26):
        x = i * 20 + c.j(6)
        c.stroke([(x, 515), (x + c.j(5), 494), (x + c.j(8), 474 + c.j(8))], (20, 110, 36), 5)
    return c.done()


def foggy_pines():
    """Grey-green layers with low opacity and pines as zigzags, fog from a big soft brush."""
    c = Canvas(121, (206, 214, 214), wobble=1.4)
    c.air([(-20, 60), (250, 40), (530, 70)], (232, 236, 234), 150, 0.7)
    layers = [
        ((176, 190, 190), 250, 120, 17, 5),
        ((134, 154, 152), 320, 170, 12, 8),
        ((82, 106, 100), 410, 240, 8, 11),
        ((34, 54, 48), 520, 330, 5, 15),
    ]
    for i, (col, base, h, n, w) in enumerate(layers):
        for k in range(n):
            x = (k + 0.5) * 512 / n + c.j(120 / n)
            hh = h * c.rng.uniform(0.7, 1.1)
            if i == 3 and 190 < x < 330:
                continue
            d = c.j(6)
            shade = tuple(int(np.clip(v + d, 0, 255)) for v in col)
            c.stroke([(x, base), (x + c.j(2), base - hh)], shade, w * 0.55, wobble=0.8)
            m = 8 + i * 2
            zig = []
            for q in range(m):
                y = base - hh + hh * 0.88 * (q + 0.3) / m
                half = hh * 0.22 * (q + 0.5) / m + 2
                e = 1 + i * 1.5
                zig += [(x - half + c.j(e), y + half * 0.42 + c.j(2)), (x + half + c.j(e), y + half * 0.3)]
            c.stroke(zig, shade, w * 0.9, smooth=False, wobble=1.2)
        if i < 3:
            for _ in range(3):
                y = base - 6 + c.j(14)
                c.air([(-30, y), (170, y + c.j(12)), (340, y + c.j(12)), (540, y)], (216, 222, 222), 84, 0.5)
            c.blob(
                [(-10, base - 4), (525, base - 4), (525, 525), (-10, 525)], c.tint((204, 212, 211), 3), blur=9
            )
    c.blob([(-10, 500), (120, 490), (256, 504), (400, 492), (525, 502), (525, 525), (-10, 525)], (28, 46, 40))
    return c.done()


def apple_window():
    """Still life: outlined, table tipped up towards us, window with a bit of landscape, soft shading on
    the apple."""
    c = Canvas(132, (232, 214, 178), wobble=1.8)
    k = (60, 40, 30)
    c.scribble([(0, 0), (512, 0), (512, 330), (0, 330)], (240, 224, 190), 26, gap=46, angle=1.2, over=20)
    c.blob([(120, 36), (402, 30), (406, 262), (116, 268)], (150, 206, 244), smooth=False)
    c.blob(
        [(118, 212), (190, 176), (262, 196), (330, 170), (404, 204), (406, 262), (116, 267)], (120, 180, 90)
    )
    for x, y in ((180, 84), (206, 76), (230, 88), (336, 110), (358, 104)):
        c.disc(x, y, 22, (250, 252, 255), ry=14)
    frame = (250, 246, 238)
    for p in (
        [(118, 34), (404, 30)],
        [(404, 30), (407, 264)],
        [(407, 264), (115, 269)],
        [(115, 269), (118, 34)],
        [(260, 34), (262, 264)],
        [(118, 146), (404, 142)],
    ):
        c.stroke(p, k, 17, wobble=1)
        c.stroke(p, frame, 11, wobble=1)
    for x0, x1, d in ((60, 150, 1), (460, 374, -1)):
        pts = [
            (x0, 14),
            (x1, 12),
            (x1 - 26 * d, 120),
            (x1 - 48 * d, 210),
            (x1 - 40 * d, 300),
            (x0 - 4 * d, 304),
        ]
        c.blob(pts, (206, 80, 90), line=k, lw=4, smooth=False)
        for q in (0.3, 0.6):
            x = x0 + (x1 - x0) * q
            c.stroke([(x, 20), (x - 14 * d * q, 160), (x - 30 * d * q, 292)], (150, 46, 60), 5)
    c.stroke([(40, 12), (480, 10)], (110, 70, 36), 12, wobble=1)
    top = [(36, 338), (470, 330), (525, 480), (525, 525), (-10, 525), (-10, 470)]
    c.blob(top, (166, 106, 56), smooth=False, line=k, lw=5)
    for a, b in (
        ((80, 364), (460, 356)),
        ((40, 410), (490, 398)),
        ((10, 462), (515, 446)),
        ((60, 500), (430, 492)),
    ):
        c.stroke([a, ((a[0] + b[0]) / 2, a[1] + c.j(6)), b], (134, 82, 40), 4, wobble=2.5)
    c.disc(286, 438, 82, (92, 54, 28), ry=20, alpha=0.55, blur=5)
    ap = [
        (256, 322),
        (290, 306),
        (328, 322),
        (344, 364),
        (330, 412),
        (296, 440),
        (258, 434),
        (224, 440),
        (190, 412),
        (174, 364),
        (188, 324),
        (224, 306),
    ]
    c.blob(ap, (214, 30, 36))
    c.air([(310, 350), (314, 390), (288, 420)], (140, 10, 24), 56, 0.7)
    c.air([(212, 350), (206, 372)], (255, 140, 120), 36, 0.8)
    c.disc(212, 346, 9, (255, 255, 255), ry=13, wobble=0.8)
    c.blob(ap, None, line=k, lw=5)
    c.stroke([(256, 326), (262, 296), (276, 272)], (84, 50, 24), 9)
    c.blob([(268, 296), (296, 272), (334, 274), (312, 298)], (70, 150, 50), line=k, lw=4)
    return c.done()
