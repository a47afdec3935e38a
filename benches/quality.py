#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How near live pictures are to what settles, and how sharp and seamless what settles is; figures, no limits.

    python benches/quality.py LIBRARY MODEL [--steps N] [--large SIDE] [--strokes N]

* A stroke of a tenth of a canvas of the model's size: the last live picture against the settled one, in
  decibels, over the stroke and with its surroundings, and the estimates before it.
* A canvas of SIDE (0: left out): the energy of what is finer than four pixels, beside that of the same places
  rendered alone at 1:1; and gradients across the borders of its tiles beside those elsewhere, on flat, ramp
  and textured paint.
"""

import argparse
import math
import os
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "plugin-krita"))
os.environ.setdefault("SCUMBLE_QT", "none")
from scumble import abi, engine  # noqa: E402


def painting(side: int, seed: int) -> np.ndarray:
    """A naive landscape: sky, hills, trees, brush strokes; [side, side, 4], RGBA8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    paint = np.stack([0.45 + 0.4 * y, 0.65 + 0.25 * y, 0.95 - 0.1 * y], -1)
    for hill in range(3):
        edge = 0.4 + 0.15 * hill + 0.06 * np.sin((3 + 2 * hill) * x * math.pi + rng.uniform(0, 6))
        paint[y > edge] = np.array([0.25 + 0.1 * hill, 0.5 - 0.08 * hill, 0.3 - 0.05 * hill])
    for _ in range(24):
        cx, cy, r = rng.uniform(0, 1), rng.uniform(0.45, 0.95), rng.uniform(0.01, 0.04)
        paint[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = rng.uniform(0.05, 0.6, 3) * [0.6, 1, 0.5]
    for _ in range(160):
        cx, cy = rng.uniform(0, 1, 2)
        along, across = rng.uniform(0.02, 0.08), rng.uniform(0.001, 0.004)
        turn = rng.uniform(0, math.pi)
        u = (x - cx) * math.cos(turn) + (y - cy) * math.sin(turn)
        v = (y - cy) * math.cos(turn) - (x - cx) * math.sin(turn)
        stroke = (abs(u) < along) & (abs(v) < across)
        paint[stroke] = paint[stroke] * 0.4 + rng.uniform(0, 1, 3) * 0.6
    rgb = (paint.clip(0, 1) * 255).round().astype(np.uint8)
    return np.dstack([rgb, np.full((side, side, 1), 255, np.uint8)])


class Layer:
    """A live layer and its picture."""

    def __init__(self, renderer, settings):
        self.session = engine.Session(renderer)
        self.session.set(settings)

    def push(self, paint):
        paint = np.ascontiguousarray(paint)
        height, width = paint.shape[:2]
        part = ((0, 0, width, height), paint.ctypes.data, paint.nbytes)
        self.session.push(abi.FORMAT_RGBA8, (width, height), [part])
        self.shape = paint.shape

    def frames(self):
        """Each frame until all is at rest: (info, picture)."""
        while True:
            frame = self.session.poll()
            if frame is None:
                time.sleep(0.002)
                continue
            with frame:
                out = np.empty(self.shape, np.uint8)
                frame.copy_to((0, 0, self.shape[1], self.shape[0]), out.ctypes.data, out.nbytes)
                yield frame, out[..., :3].astype(np.float64) / 255
                if frame.current:
                    return

    def settled(self, paint):
        self.push(paint)
        return list(self.frames())[-1][1]


def decibels(one, other):
    return -10 * math.log10(max(((one - other) ** 2).mean(), 1e-10))


def middle(values):
    return float(np.median(values)) if values else float("nan")


def previews(renderer, settings, side, strokes):
    layer = Layer(renderer, settings)
    paint = painting(side, 1)
    layer.settled(paint)
    part = int(side * math.sqrt(0.1))
    rng = np.random.default_rng(2)
    found = {}
    for _ in range(strokes):
        x, y = rng.integers(0, side - part, 2)
        dab = painting(part, rng.integers(1 << 30))
        paint[y : y + part, x : x + part] = dab
        layer.push(paint)
        live = []
        for frame, picture in layer.frames():
            if not frame.current:
                live.append((frame.info.step, frame.info.steps, picture))
        for step, steps, shown in live:
            for name, more in (("the stroke", 0), ("32 pixels more", 32)):
                top, left = max(0, y - more), max(0, x - more)
                window = np.s_[top : y + part + more, left : x + part + more]
                nearness = decibels(shown[window], picture[window])
                found.setdefault((step, steps, name), []).append(nearness)
    for (step, steps, name), values in sorted(found.items()):
        print(f"a tenth painted, live after step {step} of {steps}, {name}: median {middle(values):.1f} dB, "
              f"least {min(values):.1f} dB from what settles ({len(values)} strokes)")  # fmt: skip


def fine(picture):
    """What a mean over 4 x 4 does not have, squared and summed up."""
    grey = picture.mean(-1)
    padded = np.pad(grey, 2, mode="edge")
    total = padded.cumsum(0).cumsum(1)
    total = np.pad(total, ((1, 0), (1, 0)))
    mean = (total[5:, 5:] - total[:-5, 5:] - total[5:, :-5] + total[:-5, :-5]) / 25
    return (grey - mean) ** 2


def large(renderer, settings, side, native):
    paint = painting(side, 3)
    begin = time.monotonic()
    whole = Layer(renderer, settings).settled(paint)
    print(f"{side} x {side} settled in {time.monotonic() - begin:.0f} s")
    inner = np.s_[32:-32, 32:-32]
    energies = []
    for y in range(0, side - native + 1, native):
        for x in range(0, side - native + 1, native):
            place = np.s_[y : y + native, x : x + native]
            alone = Layer(renderer, settings).settled(paint[place])
            energies.append((fine(whole[place])[inner].sum(), fine(alone)[inner].sum()))
    ratios = [own / alone for own, alone in energies]
    # One place may be clear sky in the whole and hills where it is all that there is.
    together = sum(own for own, _ in energies) / sum(alone for _, alone in energies)
    print(f"fine energy beside the same places alone at 1:1: all {len(ratios)} together {together:.2f}; "
          f"least {min(ratios):.2f}, median {middle(ratios):.2f}, most {max(ratios):.2f}")  # fmt: skip
    for name in ("flat", "ramp", "textured"):
        canvas = whole
        if name != "textured":
            ramp = np.mgrid[0:side, 0:side].sum(0) / (2 * side)
            values = ramp if name == "ramp" else np.full((side, side), 0.6)
            values = np.broadcast_to((values * 255).round().astype(np.uint8)[..., None], (side, side, 3))
            opaque = np.dstack([values, np.full((side, side, 1), 255, np.uint8)])
            canvas = Layer(renderer, settings).settled(opaque)
        seams(name, canvas, native)


# Pixels of a latent cell, and of what windows are a multiple of: the network's lattice shows in each picture.
CELL, MULTIPLE = 8, 64


def seams(name, canvas, native):
    """Gradients across the borders of tiles beside those next to them, and the same at lines of the lattice
    where no tile ends: with no seam both are equal, whatever the picture shows."""
    side = len(canvas)
    # Tiles of the native size that overlap by a quarter; their borders are the ends of overlaps.
    starts = [*range(0, side - native, native * 3 // 4), side - native]
    borders = {s for s in starts if s > 0} | {s + native for s in starts if s + native < side}
    around = np.array([k * CELL for k in (-3, -2, -1, 1, 2, 3)])
    lines = range(4 * CELL, side - 4 * CELL)
    found = []
    for axis in (1, 0):
        step = abs(np.diff(canvas, axis=axis)).mean(axis=(1 - axis, 2))
        found += [
            (at in borders, step[at - 1] / step[at - 1 + around].mean()) for at in lines if at % MULTIPLE == 0
        ]
    across = [value for is_border, value in found if is_border]
    elsewhere = [value for is_border, value in found if not is_border]
    ratio, doubt = np.mean(across) / np.mean(elsewhere), np.std(elsewhere) / math.sqrt(len(across))
    print(f"{name}: gradients across {len(across)} borders of tiles beside those elsewhere: "
          f"x{ratio:.3f} (give or take {doubt:.3f})")  # fmt: skip


def ready(library, model, runtime):
    """An engine whose model is loaded."""
    renderer = engine.Engine(engine.Library(library), model, device="cpu", runtime=runtime)
    while not (info := renderer.info()).ready:
        if info.failed:
            raise SystemExit(info.message)
        time.sleep(0.05)
    return renderer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("library")
    parser.add_argument("model")
    parser.add_argument("--runtime", default=None)
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--strength", type=float, default=None)
    parser.add_argument("--strokes", type=int, default=8)
    parser.add_argument("--large", type=int, default=0)
    args = parser.parse_args()
    renderer = ready(args.library, args.model, args.runtime)
    info = renderer.info()
    prompt = "a landscape with hills and trees"
    settings = engine.Settings(prompt=prompt, steps=args.steps, strength=args.strength)
    previews(renderer, settings, info.native_side, args.strokes)
    if args.large:
        large(renderer, settings, args.large, info.native_side)


if __name__ == "__main__":
    main()
