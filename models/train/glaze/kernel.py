"""How far rendered pictures are from photographs: a kernel distance in features of a network that training
did not use.

    python kernel.py --scumble PROGRAM --onlooker FOLDER --pack PACK --out FOLDER NAME=MODEL-FOLDER [...]

The twenty held-out landscapes and the paintings simulated of them are those of blind.py. They are compared
with the photographs of the pack that were not held out: pictures whole, and in five crops of 224 pixels out
of 512, by EfficientNet-Lite0 (onlooker.py). The distance is the squared maximum mean discrepancy under the
kernel (x.y / 1280 + 1)^3, without bias (Binkowski et al., "Demystifying MMD GANs", 2018), times 1000; behind
it its standard error, from leaving out the twenty pictures one by one. Half of the other photographs against
the other half say what no difference looks like. OUT keeps each render.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from blind import HERE, SIDE, paintings
from onlooker import SIDE as CROP
from onlooker import Onlooker
from pictures import Engine
from PIL import Image, ImageOps

STRENGTHS = (0.3, 0.6, 0.9)
CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5))


def kernel(x, y):
    return (x @ y.t() / x.shape[1] + 1) ** 3


def pairs(x, groups):
    """Mean of the kernel over pairs of different pictures' views. groups [n]: the picture of each."""
    apart = groups[:, None] != groups[None]
    return (kernel(x, x) * apart).sum() / apart.sum()


def distance(x, groups, y, within):
    """Views x [n,width] of pictures `groups` [n] against y [m,width], whose own mean is `within`: 1000 times
    the discrepancy, and its standard error by the jackknife."""
    across = kernel(x, y).mean(1)

    def squared(kept):
        return float(1000 * (pairs(x[kept], groups[kept]) + within - 2 * across[kept].mean()))

    each = np.array([squared(groups != g) for g in groups.unique()])
    error = np.sqrt((len(each) - 1) * ((each - each.mean()) ** 2).mean())
    return squared(groups >= 0), error


def views(pictures):
    """Whole pictures, and five crops of each."""
    step = SIDE - CROP
    crops = [
        p.crop((round(x * step), round(y * step), round(x * step) + CROP, round(y * step) + CROP))
        for p in pictures
        for x, y in CORNERS
    ]
    return pictures, crops


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("scumble", "onlooker", "pack", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("models", nargs="+")
    a = p.parse_args()
    eyes, pack = Onlooker(a.onlooker), Path(a.pack)
    shown = [x for x in paintings(pack) if x[3]]
    held = set(json.loads((HERE.parent / "holdout.json").read_text())["landscapes"])
    others = [
        ImageOps.fit(Image.open(pack / x["file"]).convert("RGB"), (SIDE, SIDE))
        for x in json.loads((pack / "landscapes.json").read_text())
        if x["file"] not in held
    ]
    rows = [("photographs", 0, [true for *_, true in shown]), ("paint", 0, [x[1] for x in shown])]
    for name, folder in (m.split("=", 1) for m in a.models):
        engine = Engine(a.scumble, name, folder, a.out, None)
        for strength in STRENGTHS:
            rows.append((name, strength, [engine(n, i, words, strength) for n, i, words, _ in shown]))
    known = []
    for k, part in enumerate(views(others)):
        y = eyes.see(part)
        groups = torch.arange(len(others)).repeat_interleave(len(part) // len(others))
        known.append((y, pairs(y, groups)))
        even, odd = y[groups % 2 == 0], y[groups % 2 == 1]
        own = groups[groups % 2 == 1]
        floor = distance(even, groups[groups % 2 == 0], odd, pairs(odd, own))
        print(("whole", "crops")[k], "of photographs among themselves: {:.0f} ± {:.0f}".format(*floor))
    print("pictures | strength | whole | crops")
    for name, strength, made in rows:
        made = [m.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS) for m in made]
        cells = []
        for part, (y, within) in zip(views(made), known, strict=True):
            groups = torch.arange(len(made)).repeat_interleave(len(part) // len(made))
            cells.append("{:.0f} ± {:.0f}".format(*distance(eyes.see(part), groups, y, within)))
        print(f"{name} | {strength} | " + " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
