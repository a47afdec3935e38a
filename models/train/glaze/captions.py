"""How often a picture is what its caption says (terrain, time of day, weather, season), as eyes see it that
took no part in training: paintings of held-out scenes, each under the scene's own first caption.

    python captions.py --scumble PROGRAM --onlooker FOLDER --features FILE --held FOLDER --out FOLDER
                       NAME=MODEL-FOLDER [NAME=MODEL-FOLDER ...]

--features: what attributes.py keeps in its OUT, for the eyes are those it fits; --held: shards of 512 x 512
from seeds that neither the model nor the eyes were fitted to. The rows `truth` and `paint` say what the eyes
make of the scene itself and of the painting; the rows of a model what they make of its pictures. OUT keeps
each render.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from attributes import fitted
from onlooker import Onlooker
from pictures import Engine
from PIL import Image

import shards  # isort: skip  (compose/, found through attributes)

STRENGTHS, SIDE = (0.3, 0.6, 0.9), 512
# Kinds of ../scenes/README.md that one word of a caption stands for.
TIME = (0, 1, 1, 1, 1, 2, 0, 0, 0)  # day; a low sun and dusk; night
WEATHER = (0, 0, 0, 0, 0, 0, 1, 2, 1)  # clear; storm and overcast; mist
KINDS = {
    "terrain": ("place", tuple(range(10))),
    "time": ("light", TIME),
    "weather": ("light", WEATHER),
    "season": ("season", tuple(range(4))),
}


def held(folder, most):
    """Paintings, pictures, first captions, and what the scenes are [n] by name."""
    found, said = [], []
    for path in sorted(Path(folder).glob("*.bin")):
        records, captions = shards.records(path, SIDE)
        found.append(records)
        said += captions
    found = np.concatenate(found)[:most]
    kinds = {name: found[name].astype(np.int64) for name in ("place", "light", "season")}
    views = ([Image.fromarray(p) for p in found[which]] for which in ("painting", "picture"))
    return *views, [c[0] for c in said[:most]], kinds


def right(lines, eyes, made, kinds):
    """Per cent of pictures that are what they should be, by KINDS, and the mean of these."""
    seen = {name: v.numpy() for name, v in lines(eyes.see(made, local=True)).items()}
    rates = []
    for name, groups in KINDS.values():
        groups = np.array(groups)
        rates.append(100 * np.mean(groups[seen[name]] == groups[kinds[name]]))
    return [*rates, np.mean(rates)]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("scumble", "onlooker", "features", "held", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--count", type=int, default=128, help="scenes")
    p.add_argument("models", nargs="+")
    a = p.parse_args()
    eyes = Onlooker(a.onlooker)
    lines = fitted(*torch.load(a.features))
    paintings, pictures, captions, kinds = held(a.held, a.count)
    print("pictures | strength | " + " | ".join(KINDS) + " | mean")

    def row(name, strength, made):
        cells = " | ".join(f"{v:.0f} %" for v in right(lines, eyes, made, kinds))
        print(f"{name} | {strength} | {cells}", flush=True)

    row("truth", "", pictures)
    row("paint", "", paintings)
    for name, folder in (m.split("=", 1) for m in a.models):
        engine = Engine(a.scumble, name, folder, a.out, None)
        for strength in STRENGTHS:
            told = enumerate(zip(paintings, captions, strict=True))
            row(name, strength, [engine(f"held-{k}", paint, words, strength) for k, (paint, words) in told])


if __name__ == "__main__":
    main()
