"""A paint program and the hand that holds its mouse, for the paintings of beginner.py."""

import math

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
