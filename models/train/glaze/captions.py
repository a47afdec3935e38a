"""How often a picture is what its caption says (terrain, time of day, weather, season), as eyes see it that
took no part in training: paintings of held-out scenes, each under the scene's own first caption.

    python captions.py --scumble PROGRAM --onlooker FOLDER --features FILE --scenes FOLDER --held FOLDER
                       --out FOLDER NAME=MODEL-FOLDER [NAME=MODEL-FOLDER ...]

--features: what attributes.py keeps in its OUT, for the eyes are those it fits; --held: shards of 512 x 512
from seeds that neither the model nor the eyes were fitted to. The rows `truth` and `paint` say what the eyes
make of the scene itself and of the painting; the rows of a model what they make of its pictures. OUT keeps
each render.

A caption does not say all ("steep mountains and a smooth lake" may be in autumn). The row `words` tells how
often who reads the caption alone is right: lines through the sentences of the captions of --scenes (shards of
256 x 256). Behind a slash stands the rate on those scenes whose words say it, which that reader gets right.
"""

import argparse
from pathlib import Path

import numpy as np
import reference
import torch
import torch.nn.functional as F
from attributes import COUNT, Lines, fitted
from onlooker import Onlooker
from pictures import Engine
from PIL import Image

import shards  # isort: skip  (compose/, found through attributes)

STRENGTHS, SIDE, SMALL = (0.3, 0.6, 0.9), 512, 256
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


def reader(folder, text):
    """Lines that tell from a caption's sentence what its scene is."""
    kinds, said = {name: [] for name in COUNT}, []
    for path in sorted(Path(folder).glob("*.bin")):
        records, captions = shards.records(path, SMALL)
        said += [c for told in captions for c in told[:2]]
        for name, into in kinds.items():
            into.append(F.one_hot(torch.from_numpy(records[name].astype(np.int64)), COUNT[name]) > 0)
    may = {name: torch.cat(v).repeat_interleave(2, 0) for name, v in kinds.items()}
    return Lines(text.sentences(said), may)


def right(found, kinds):
    """Which are what they should be, by KINDS. [kinds, n]"""
    rows = []
    for name, groups in KINDS.values():
        groups = np.array(groups)
        rows.append(groups[found[name].numpy()] == groups[kinds[name]])
    return np.stack(rows)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("scumble", "onlooker", "features", "scenes", "held", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--count", type=int, default=128, help="scenes")
    p.add_argument("models", nargs="+")
    a = p.parse_args()
    eyes = Onlooker(a.onlooker)
    lines = fitted(*torch.load(a.features))
    paintings, pictures, captions, kinds = held(a.held, a.count)
    models = [m.split("=", 1) for m in a.models]
    Path(a.out).mkdir(parents=True, exist_ok=True)
    text = reference.Text(Path(models[-1][1]), Path(a.out) / "sentences.pt")
    told = right(reader(a.scenes, text)(text.sentences(captions)), kinds)
    text.keep()
    print("pictures | strength | " + " | ".join(KINDS) + " | mean, %")

    def row(name, strength, found):
        cells = [(100 * f.mean(), 100 * f[t].mean()) for f, t in zip(found, told, strict=True)]
        cells.append(tuple(np.mean(cells, 0)))
        print(f"{name} | {strength} | " + " | ".join(f"{v:.0f} / {w:.0f}" for v, w in cells), flush=True)

    def seen(pictures):
        return right(lines(eyes.see(pictures, local=True)), kinds)

    row("words", "", told)
    row("truth", "", seen(pictures))
    row("paint", "", seen(paintings))
    for name, folder in models:
        engine = Engine(a.scumble, name, folder, a.out, None)
        for strength in STRENGTHS:
            each = enumerate(zip(paintings, captions, strict=True))
            made = [engine(f"held-{k}", paint, words, strength) for k, (paint, words) in each]
            row(name, strength, seen(made))


if __name__ == "__main__":
    main()
