#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A strip of what an artist sees around the hand on a large canvas: paint, live pictures, what settles.

    python benches/strip.py LIBRARY MODEL PAINT.png OUT.jpg [--at X Y] [--prompt WORDS]

PAINT.png is as large as the canvas. A small fir is painted at X, Y, dab by dab; each panel shows 512 x 512
pixels around it at 1:1. Prints when each panel's picture came. Needs Pillow.
"""

import argparse
import time

import numpy as np
from PIL import Image, ImageDraw
from quality import Layer, abi, engine, ready

SIDE = 512  # of a panel
GAP = 8
DABS = 14
BETWEEN = 0.12  # seconds between dabs
Image.MAX_IMAGE_PIXELS = None


def dabs(x, y):
    """The fir's dabs from the top down: boxes of ellipses."""
    for n in range(DABS):
        wide, top = 14 + 7 * (n % 4) + 6 * n, y - 170 + 24 * n
        yield x - wide, top, x + wide, top + 34


class Watch:
    """The live layer's frames as they come: (seconds since the begin, tier, panel)."""

    def __init__(self, layer, box):
        self.layer, self.box, self.began, self.seen = layer, box, time.monotonic(), []
        self.picture = np.zeros(layer.shape, np.uint8)
        self.resting = False

    def look(self):
        frame = self.layer.session.poll()
        if frame is None:
            return
        with frame:
            height, width = self.layer.shape[:2]
            frame.copy_to((0, 0, width, height), self.picture.ctypes.data, self.picture.nbytes)
            self.resting = frame.current
            self.seen.append((time.monotonic() - self.began, frame.info.tier, crop(self.picture, self.box)))

    def until(self, wanted):
        while not wanted():
            self.look()
            time.sleep(0.002)


def crop(picture, box):
    return picture[box[1] : box[3], box[0] : box[2], :3].copy()


def push(layer, image, box):
    """Hands the part of the paint inside `box` over."""
    part = np.ascontiguousarray(np.asarray(image.crop(box)))
    height, width = part.shape[:2]
    told = [((box[0], box[1], width, height), part.ctypes.data, part.nbytes)]
    layer.session.push(abi.FORMAT_RGBA8, (layer.shape[1], layer.shape[0]), told)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("library", "model", "paint", "out"):
        parser.add_argument(name)
    parser.add_argument("--runtime", default=None)
    parser.add_argument("--at", type=int, nargs=2, default=(1500, 3150))
    parser.add_argument("--prompt", default="snowy mountains above a calm lake at sunset")
    args = parser.parse_args()
    renderer = ready(args.library, args.model, args.runtime)
    image = Image.open(args.paint).convert("RGBA")
    x, y = args.at
    box = (x - SIDE // 2, y - SIDE // 2, x + SIDE // 2, y + SIDE // 2)
    layer = Layer(renderer, engine.Settings(prompt=args.prompt, seed=7))
    layer.push(np.asarray(image))
    watch = Watch(layer, box)
    watch.until(lambda: watch.resting)
    print(f"{image.width} x {image.height} settled after {watch.seen[-1][0]:.1f} s")
    panels = [("settled before", watch.seen[-1][2])]

    draw, watch.began, watch.seen, watch.resting = ImageDraw.Draw(image), time.monotonic(), [], False
    for dab in dabs(x, y):
        draw.ellipse(dab, fill=(30, 46, 38, 255))
        push(layer, image, dab)
        end = time.monotonic() + BETWEEN
        watch.until(lambda end=end: time.monotonic() > end)
    lifted = time.monotonic() - watch.began
    live = [one for one in watch.seen if one[1] == abi.TIER_LIVE]
    watch.until(lambda: watch.resting)
    panels.append(("the paint", crop(np.asarray(image), box)))
    panels.append((f"{live[0][0]:.1f} s after the pen is down", live[0][2]))
    panels.append((f"{live[-1][0]:.1f} s, the pen still down", live[-1][2]))
    at, _, settled = watch.seen[-1]
    panels.append((f"settled, {at - lifted:.1f} s after it was lifted", settled))
    strip = Image.new("RGB", (len(panels) * (SIDE + GAP) - GAP, SIDE), "white")
    for n, (title, panel) in enumerate(panels):
        strip.paste(Image.fromarray(panel), (n * (SIDE + GAP), 0))
        print(f"panel {n + 1}: {title}")
    print(f"{len(live)} live pictures in {lifted:.1f} s")
    strip.save(args.out, quality=88)


if __name__ == "__main__":
    main()
