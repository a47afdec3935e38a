"""Twelve beginner paintings and eight flat-shape paintings, drawn in code as a test set.

Every function is deterministic. Paintings return a 512x512 RGB image; the functions in SHAPES return
(image, mask), the mask an L image of 0 and 255 that marks the one small flat shape.
Run as a script to write contact.png (a contact sheet) beside this file.
"""

import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE = 512


def _resample(pts, closed=False, smooth=True, step=3.0):
    """Points spaced about step apart along a Catmull-Rom curve (or polyline) through pts."""
    p = np.asarray(pts, float)
    n = len(p)
    if n == 1:
        return p
    out = []
    for i in range(n if closed else n - 1):
        if closed:
            a, b, c, d = p[(i - 1) % n], p[i], p[(i + 1) % n], p[(i + 2) % n]
        else:
            a, b, c, d = p[max(i - 1, 0)], p[i], p[i + 1], p[min(i + 2, n - 1)]
        k = max(2, int(np.hypot(*(c - b)) / step))
        t = np.linspace(0, 1, k, endpoint=False)[:, None]
        if smooth:
            q = 0.5 * (
                2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
            )
        else:
            q = b + (c - b) * t
        out.append(q)
    if not closed:
        out.append(p[-1:])
    return np.concatenate(out)


class Canvas:
    """A paint program and the hand that holds its mouse."""

    def __init__(self, seed, paper=(255, 255, 255), aa=True, wobble=1.5):
        """A sheet of paper; aa=False gives the stair-stepped edges of the simplest programs."""
        self.rng = np.random.default_rng(seed)
        self.s = 2 if aa else 1
        n = SIZE * self.s
        self.img = Image.new("RGB", (n, n), paper)
        self.mask = Image.new("L", (n, n), 0)
        self.marking = False
        self.wob = wobble
        grain = self.rng.normal(0, 1, (n, n))
        g = Image.fromarray(np.uint8(np.clip(128 + 50 * grain, 0, 255))).filter(
            ImageFilter.GaussianBlur(0.8 * self.s)
        )
        a = np.asarray(g, float)
        self.grain = (a - a.mean()) / a.std()

    # --- the hand ---

    def hand(self, q, wobble=None):
        """A slow drift plus a small tremor added to a path."""
        w = self.wob if wobble is None else wobble
        n = len(q)
        if w <= 0 or n < 3:
            return q
        k = max(3, n // 9)
        x = np.linspace(0, k - 1, n)
        slow = np.stack([np.interp(x, np.arange(k), self.rng.normal(0, w, k)) for _ in range(2)], 1)
        return q + slow + self.rng.normal(0, w * 0.10, q.shape)

    def j(self, amount):
        """A random offset."""
        return float(self.rng.normal(0, amount))

    def tint(self, color, amount):
        """The colour, picked again and not quite met."""
        return tuple(int(np.clip(c + self.rng.normal(0, amount), 0, 255)) for c in color)

    # --- laying paint ---

    def _put(self, color, drawer, alpha=1.0, blur=0.0, grain=None):
        """Run drawer(draw, fill) on the picture, or through a mask when it is not plain opaque paint."""
        if self.marking:
            drawer(ImageDraw.Draw(self.mask), 255)
        if alpha >= 1 and blur <= 0 and grain is None:
            drawer(ImageDraw.Draw(self.img), tuple(color))
            return
        m = Image.new("L", self.img.size, 0)
        drawer(ImageDraw.Draw(m), 255)
        if blur > 0:
            m = m.filter(ImageFilter.GaussianBlur(blur * self.s))
        if grain is not None:
            g = np.clip((self.grain + grain) * 1.6 + 0.5, 0, 1)
            m = ImageChops.multiply(m, Image.fromarray(np.uint8(g * 255)))
        if alpha < 1:
            m = m.point(lambda v: int(v * alpha))
        self.img.paste(tuple(color), (0, 0), m)

    def _dabs(self, q, widths):
        """A drawer of a round brush dragged along q; whole-pixel stamps where there is no antialiasing."""
        s = self.s

        def stamps(d, fill):
            prev = q[0]
            for p, w in zip(q, widths, strict=True):
                n = max(1, int(np.abs(p - prev).max() + 0.5))
                w = max(1, round(w))
                for k in range(1, n + 1):
                    x, y = np.round(prev + (p - prev) * k / n).astype(int) - w // 2
                    box = (int(x), int(y), int(x) + w - 1, int(y) + w - 1)
                    if w < 4:
                        d.rectangle(box, fill=fill)
                    else:
                        d.ellipse(box, fill=fill)
                prev = p

        def drawer(d, fill):
            prev = None
            for (x, y), w in zip(q * s, widths * s, strict=True):
                r = w / 2
                if r < 0.8:
                    d.point((x, y), fill)
                else:
                    d.ellipse((x - r, y - r, x + r, y + r), fill=fill)
                if prev is not None:
                    d.line((prev[0], prev[1], x, y), fill=fill, width=max(1, int(round(w))))
                prev = (x, y)

        return stamps if s == 1 else drawer

    def stroke(self, pts, color, width, wobble=None, smooth=True, closed=False, taper=0.0, **kw):
        """One drag of a round brush; taper 1 thins both ends as a tablet pen does."""
        step = max(1.5, min(4.0, width / 3))
        q = self.hand(_resample(pts, closed, smooth, step), wobble)
        if closed:
            q = np.concatenate([q, q[:1]])
        t = np.linspace(0, 1, len(q))
        w = width * (1 - taper + taper * np.sin(np.pi * np.clip(t * 0.9 + 0.05, 0, 1)) ** 0.7)
        self._put(color, self._dabs(q, w), **kw)

    def blob(self, pts, color, wobble=None, smooth=True, line=None, lw=3, **kw):
        """A filled wobbly outline, with an optional contour drawn along it."""
        q = self.hand(_resample(pts, True, smooth, 4.0), wobble)
        flat = [tuple(p) for p in q * self.s]
        if color is not None:
            self._put(color, lambda d, f: d.polygon(flat, fill=f), **kw)
        if line is not None:
            q = np.concatenate([q, q[:1]])
            self._put(line, self._dabs(q, np.full(len(q), float(lw))))

    def disc(self, x, y, r, color, ry=None, **kw):
        """A circle drawn by hand."""
        a = np.linspace(0, 2 * np.pi, 11)[:-1] + self.rng.uniform(0, 1)
        self.blob(np.stack([x + r * np.cos(a), y + (ry or r) * np.sin(a)], 1), color, **kw)

    def shape_tool(self, kind, box, color=None, line=None, lw=2):
        """The rectangle or ellipse of the toolbar: perfectly straight."""
        b = [v * self.s for v in box]
        w = lw * self.s

        def drawer(d, f):
            fn = d.rectangle if kind == "rect" else d.ellipse
            fn(b, fill=f)

        if color is not None:
            self._put(color, drawer)
        if line is not None:
            d = ImageDraw.Draw(self.img)
            (d.rectangle if kind == "rect" else d.ellipse)(b, outline=tuple(line), width=w)

    def bucket(self, x, y, color, thresh=0):
        """Flood fill."""
        ImageDraw.floodfill(self.img, (int(x * self.s), int(y * self.s)), tuple(color), thresh=thresh)

    def scribble(self, poly, color, width, gap=None, angle=0.0, over=6.0, **kw):
        """Fill a polygon with one back-and-forth drag, as with a crayon; gaps and overshoots stay."""
        gap = gap or width * 0.85
        p = np.asarray(poly, float)
        c, s = math.cos(angle), math.sin(angle)
        rot = np.array([[c, -s], [s, c]])
        r = p @ rot
        pts = []
        y, side = r[:, 1].min() + width * 0.4, 0
        while y < r[:, 1].max() - width * 0.2:
            xs = []
            for a, b in zip(r, np.roll(r, -1, 0), strict=True):
                if (a[1] <= y) != (b[1] <= y):
                    xs.append(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]))
            if xs:
                x = (min(xs) + width * 0.3) if side == 0 else (max(xs) - width * 0.3)
                pts.append((x + self.j(over), y + self.j(gap * 0.15)))
            y += gap * float(self.rng.uniform(0.55, 1.15))
            side = 1 - side
        if len(pts) > 1:
            self.stroke(np.array(pts) @ rot.T, color, width, smooth=False, **kw)

    def spray(self, x, y, r, color, n):
        """The spray can: single pixels scattered in a disc."""
        d = ImageDraw.Draw(self.img)
        rad = r * np.sqrt(self.rng.uniform(0, 1, n))
        ang = self.rng.uniform(0, 2 * np.pi, n)
        s = self.s
        for a, b in zip(x + rad * np.cos(ang), y + rad * np.sin(ang), strict=True):
            d.rectangle((a * s, b * s, a * s + s - 1, b * s + s - 1), fill=tuple(color))

    def air(self, pts, color, width, alpha=0.5):
        """A soft airbrush drag."""
        self.stroke(pts, color, width * 0.6, alpha=alpha, blur=width * 0.22)

    def done(self):
        """The finished picture at 512x512."""
        return self.img.resize((SIZE, SIZE), Image.Resampling.BOX) if self.s > 1 else self.img

    def done_mask(self):
        """The finished picture and the mask of what was drawn while marking."""
        m = self.mask.resize((SIZE, SIZE), Image.Resampling.BOX)
        return self.done(), m.point(lambda v: 255 if v >= 128 else 0)


# ---------------------------------------------------------------- the twelve paintings


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


# ---------------------------------------------------------------- one small flat shape each


def shape_moon():
    """A crescent over two hills at night."""
    c = Canvas(201, (30, 40, 86), wobble=2)
    c.blob([(-10, 380), (120, 330), (270, 372), (400, 340), (525, 376), (525, 525), (-10, 525)], (18, 60, 52))
    c.marking = True
    c.blob(
        [
            (372, 62),
            (330, 84),
            (308, 130),
            (320, 180),
            (362, 212),
            (412, 206),
            (436, 186),
            (392, 174),
            (366, 140),
            (364, 98),
            (392, 68),
        ],
        (250, 238, 170),
        wobble=1.2,
    )
    return c.done_mask()


def shape_tree():
    """A lollipop tree on a green field."""
    c = Canvas(202, (160, 212, 244), aa=False, wobble=2)
    c.blob([(-10, 340), (150, 326), (330, 344), (525, 330), (525, 525), (-10, 525)], (140, 196, 84))
    c.marking = True
    g = (30, 104, 50)
    c.stroke([(170, 386), (168, 320), (171, 280)], g, 15)
    crown = [
        (168, 304),
        (130, 302),
        (108, 270),
        (120, 230),
        (152, 206),
        (188, 204),
        (218, 228),
        (230, 268),
        (208, 300),
    ]
    c.blob(crown, g, wobble=3)
    return c.done_mask()


def shape_castle():
    """A grey castle cut-out on a hill."""
    c = Canvas(203, (250, 206, 150), wobble=1.5)
    c.blob(
        [(-10, 420), (110, 370), (250, 306), (360, 330), (525, 430), (525, 525), (-10, 525)], (96, 130, 70)
    )
    c.marking = True
    pts = [
        (200, 334),
        (200, 216),
        (211, 216),
        (211, 228),
        (221, 228),
        (221, 216),
        (233, 216),
        (233, 252),
        (250, 252),
        (250, 242),
        (262, 242),
        (262, 253),
        (276, 253),
        (276, 190),
        (296, 160),
        (316, 190),
        (316, 336),
    ]
    pts = [(258 + 0.88 * (x - 258), 336 + 0.88 * (y - 336)) for x, y in pts]
    c.blob(pts, (96, 92, 104), wobble=0.9, smooth=False)
    return c.done_mask()


def shape_boat():
    """A red boat, hull and sail in one colour, on a two-colour sea."""
    c = Canvas(204, (206, 232, 246), aa=False, wobble=1.5)
    c.shape_tool("rect", (0, 290, 512, 512), (44, 128, 170))
    for y in (350, 420, 470):
        c.stroke([(60 + c.j(40), y), (200, y + c.j(5)), (330 + c.j(50), y)], (32, 104, 148), 9)
    c.marking = True
    red = (190, 40, 40)
    c.blob([(278, 296), (430, 294), (402, 336), (304, 338)], red, smooth=False, wobble=1)
    c.stroke([(348, 300), (348, 196)], red, 6, wobble=0.5)
    c.blob([(350, 192), (408, 280), (350, 284)], red, smooth=False, wobble=1)
    return c.done_mask()


def shape_snow_cap():
    """A white cap on a lone blue-grey mountain."""
    c = Canvas(205, (150, 200, 236), wobble=2)
    c.blob(
        [
            (-10, 430),
            (90, 340),
            (170, 230),
            (250, 110),
            (330, 220),
            (430, 340),
            (525, 420),
            (525, 525),
            (-10, 525),
        ],
        (92, 104, 130),
        smooth=False,
    )
    c.blob([(-10, 440), (140, 424), (330, 440), (525, 428), (525, 525), (-10, 525)], (84, 140, 76))
    c.marking = True
    cap = [
        (250, 106),
        (284, 156),
        (318, 206),
        (302, 224),
        (286, 200),
        (268, 236),
        (248, 206),
        (226, 238),
        (210, 210),
        (192, 222),
        (182, 210),
        (216, 158),
    ]
    c.blob(cap, (252, 252, 255), smooth=False, wobble=1.2)
    return c.done_mask()


def shape_house():
    """A brown house as one flat piece on snow."""
    c = Canvas(206, (176, 190, 214), wobble=2)
    c.blob([(-10, 320), (130, 300), (300, 318), (525, 296), (525, 525), (-10, 525)], (246, 248, 252))
    c.marking = True
    c.blob(
        [
            (112, 358),
            (110, 286),
            (92, 286),
            (150, 226),
            (164, 239),
            (163, 216),
            (178, 216),
            (180, 254),
            (212, 284),
            (194, 285),
            (196, 360),
        ],
        (126, 66, 40),
        smooth=False,
        wobble=1,
    )
    return c.done_mask()


def shape_sun():
    """A flat yellow sun over two dunes."""
    c = Canvas(207, (244, 150, 90), wobble=2.2)
    c.blob(
        [(-10, 330), (120, 300), (280, 346), (420, 310), (525, 330), (525, 525), (-10, 525)], (214, 160, 96)
    )
    c.blob([(-10, 440), (180, 390), (330, 430), (525, 410), (525, 525), (-10, 525)], (176, 116, 66))
    c.marking = True
    c.disc(150, 180, 52, (255, 232, 90), wobble=2.5)
    return c.done_mask()


def shape_red_stroke():
    """One free red stroke across a plain landscape; the prompt does not speak of it."""
    c = Canvas(208, (190, 222, 240), wobble=2)
    c.blob(
        [(-10, 300), (110, 262), (260, 290), (400, 250), (525, 284), (525, 525), (-10, 525)], (120, 168, 96)
    )
    c.blob([(-10, 410), (200, 380), (525, 430), (525, 525), (-10, 525)], (90, 140, 70))
    c.marking = True
    c.stroke(
        [(250, 400), (300, 340), (330, 360), (318, 404), (372, 352), (432, 318), (470, 330)],
        (220, 24, 34),
        24,
    )
    return c.done_mask()


ALL = (
    ("lake_sunset", lake_sunset, "a lake between snow-capped mountains at sunset"),
    ("castle_hill", castle_hill, "castle on a hill"),
    ("lighthouse_storm", lighthouse_storm, "lighthouse storm"),
    ("autumn_path", autumn_path, "path through an autumn forest, oil painting"),
    ("desert_sunset", desert_sunset, "desert dunes setting sun"),
    ("moon_sea", moon_sea, "full moon over the sea at night"),
    ("house_snow", house_snow, "a house in a snowy fie"),
    ("waterfall", waterfall, "waterfall"),
    ("flower_meadow", flower_meadow, "flower meadow with hills, sunny"),
    ("sailboat", sailboat, "sailboat on a calm sea"),
    ("foggy_pines", foggy_pines, "foggy pine forest, moody"),
    ("apple_window", apple_window, "a red apple on a table in front of a"),
)

SHAPES = (
    ("moon", shape_moon, "crescent moon over dark hills"),
    ("tree", shape_tree, "a tree in a field"),
    ("castle", shape_castle, "castle on a hill, evening"),
    ("boat", shape_boat, "red boat on the sea"),
    ("snow_cap", shape_snow_cap, "mountain with snow cap"),
    ("house", shape_house, "small house in the snow"),
    ("sun", shape_sun, "sun over the desert"),
    ("red_stroke", shape_red_stroke, "green hills under a blue sky"),
)


def contact_sheet(cell=384):
    """All pictures in a grid: the twelve, then the eight, then the eight masks."""
    ims = [(p, f()) for _, f, p in ALL]
    pairs = [(p, *f()) for _, f, p in SHAPES]
    ims += [(p, i) for p, i, _ in pairs]
    ims += [(f"mask {100 * np.mean(np.asarray(m) > 127):.1f} %", m.convert("RGB")) for _, _, m in pairs]
    rows = (len(ims) + 3) // 4
    sheet = Image.new("RGB", (4 * (cell + 8) + 8, rows * (cell + 26) + 8), (128, 128, 128))
    d = ImageDraw.Draw(sheet)
    for i, (text, im) in enumerate(ims):
        x, y = 8 + (i % 4) * (cell + 8), 8 + (i // 4) * (cell + 26)
        sheet.paste(im.resize((cell, cell), Image.Resampling.LANCZOS), (x, y))
        d.text((x + 2, y + cell + 3), text, fill=(255, 255, 255))
    return sheet


def main():
    """Write the contact sheet to the path given, or to contact.png beside this file."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("contact.png")
    contact_sheet().save(out)
    print(out)


if __name__ == "__main__":
    main()
