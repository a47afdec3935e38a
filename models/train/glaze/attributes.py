"""How often a changed word shows: terrain, light and weather, season, as eyes see them that took no part in
training.

    python attributes.py --scumble PROGRAM --onlooker FOLDER --scenes FOLDER --pack PACK --out FOLDER
                         NAME=MODEL-FOLDER [NAME=MODEL-FOLDER ...]

Ten paintings of ../compose/beginner.py, each under the words below, whatever they show. What a picture shows
is told by lines through the features of EfficientNet-Lite0 (onlooker.py), fitted to three quarters of the
scenes of 256 x 256 and to the pack's photographs whose captions say such a thing. How often they are right is
printed first: on the other scenes, on photographs if fitted to scenes alone, and on each fifth of them if
fitted to scenes and the other four. OUT keeps each render, and the features.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
import beginner  # noqa: E402
import shards  # noqa: E402
from onlooker import Onlooker  # noqa: E402
from pictures import Engine  # noqa: E402
from text import words  # noqa: E402

# What is asked for, and which kinds of ../scenes/README.md are that; what photographs' captions call it.
ASKED = {
    "place": {
        "rocky mountains": ({0, 8}, "mountain mountains peak peaks alps volcano"),
        "sand dunes in the desert": ({2, 3}, "desert dune dunes canyon badlands"),
        "a beach by the sea": ({4, 5}, "sea ocean beach coast surf bay"),
        "a green plain with trees": ({1, 7}, "forest meadow field trees grassland plain"),
    },
    "light": {
        "on a bright day": ({0}, "day daylight noon sunny"),
        "at sunset": ({1, 2, 3}, "sunset sunrise golden evening"),
        "at night": ({4, 5}, "night stars starry moonlit"),
        "in a storm": ({6, 8}, "storm stormy overcast thunderstorm"),
        "in mist": ({7, 8}, "mist misty fog foggy"),
    },
    "season": {
        "in autumn": ({1}, "autumn fall"),
        "in deep winter, snow": ({2}, "winter snowy snow"),
    },
}
PAINTINGS = {
    "lake_sunset": "a lake between mountains",
    "castle_hill": "castle on a hill",
    "waterfall": "waterfall",
    "flower_meadow": "meadow with hills",
    "sailboat": "sailboat on the sea",
    "moon": "dark hills",
    "tree": "a tree in a field",
    "castle": "a castle on a hill",
    "snow_cap": "a mountain",
    "red_stroke": "green hills",
}
COUNT = {"place": 10, "light": 9, "season": 4}
STRENGTHS, SIDE, DECAY = (0.6, 0.75, 0.9), 256, 3e-3


class Lines:
    """Multinomial logistic regression for each kind, on features of unit deviation."""

    def __init__(self, x, may):
        """x [n,width]; may: which numbers each may have [n,count], by name; none: it says nothing"""
        self.mean, self.spread = x.mean(0), x.std(0) + 1e-3
        self.line = {name: self.fit(self.scaled(x), v) for name, v in may.items()}

    def scaled(self, x):
        return F.pad((x - self.mean) / self.spread, (0, 1), value=1.0)

    @staticmethod
    def fit(x, may):
        said = may.any(1)
        x, never = x[said], torch.where(may[said], 0.0, -1e4)
        w = torch.zeros(x.shape[1], may.shape[1], requires_grad=True)
        optimizer = torch.optim.LBFGS([w], max_iter=100, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            told = ((x @ w).log_softmax(1) + never).logsumexp(1)
            loss = DECAY * w.square().sum() - told.mean()
            loss.backward()
            return loss

        optimizer.step(closure)
        return w.detach()

    def __call__(self, x):
        """x [n,width] -> the likeliest number of each kind [n] by name"""
        return {name: (self.scaled(x) @ w).argmax(1) for name, w in self.line.items()}


def scenes(folder, eyes):
    """Features of all scenes, and what they are."""
    seen, kinds = [], {name: [] for name in ASKED}
    for path in sorted(Path(folder).glob("*.bin")):
        found, _ = shards.records(path, SIDE)
        seen.append(eyes.see([Image.fromarray(p) for p in found["picture"]], local=True))
        for name, into in kinds.items():
            into.append(F.one_hot(torch.from_numpy(found[name].astype(np.int64)), COUNT[name]) > 0)
    return torch.cat(seen), {name: torch.cat(v) for name, v in kinds.items()}


def photographs(pack, eyes):
    """Features of the pack's photographs, and what their captions and tags say they may be."""
    entries = json.loads((Path(pack) / "landscapes.json").read_text())
    seen = eyes.see([Image.open(Path(pack) / e["file"]) for e in entries], local=True)
    said = [words(" ".join((e["caption"], *e["tags"]))) for e in entries]
    may = {name: torch.zeros(len(entries), count, dtype=torch.bool) for name, count in COUNT.items()}
    for name, asked in ASKED.items():
        for sorts, called in asked.values():
            for row, told in enumerate(said):
                if told & set(called.split()):
                    may[name][row, list(sorts)] = True
    return seen, may


def report(whose, may, guessed):
    """How often the guess is one that the picture may have."""
    for name, v in may.items():
        said, cells = v.any(1), []
        right = v[torch.arange(len(v)), guessed[name]]
        for what, (sorts, _) in ASKED[name].items():
            others = [k for k in range(v.shape[1]) if k not in sorts]
            rows = v[:, list(sorts)].any(1) & ~v[:, others].any(1)
            cells.append(f"{what} {100 * right[rows].float().mean():.0f} % of {int(rows.sum())}")
        print(
            f"{whose}, {name}: {100 * right[said].float().mean():.0f} % of {int(said.sum())}:",
            "; ".join(cells),
        )


def fitted(x, may, photos, told):
    """The lines of three quarters of the scenes and all photographs; prints how often such are right."""
    first = len(x) * 3 // 4
    x, held, own = x[:first], x[first:], {name: v[first:] for name, v in may.items()}
    may = {name: v[:first] for name, v in may.items()}
    report("scenes", own, Lines(x, may)(held))
    report("photographs, by scenes alone", told, Lines(x, may)(photos))

    def both(rows):
        known = {name: torch.cat([v, told[name][rows]]) for name, v in may.items()}
        return Lines(torch.cat([x, photos[rows]]), known)

    fifth, guessed = torch.arange(len(photos)) % 5, {}
    for k in range(5):
        for name, v in both(fifth != k)(photos[fifth == k]).items():
            guessed.setdefault(name, torch.zeros(len(photos), dtype=torch.long))[fifth == k] = v
    report("photographs, by scenes and others", told, guessed)
    lines = both(fifth >= 0)
    report("scenes, by both", own, lines(held))
    return lines


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("scumble", "onlooker", "scenes", "pack", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("models", nargs="+")
    a = p.parse_args()
    eyes, kept = Onlooker(a.onlooker), Path(a.out) / "features.pt"
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        torch.save((*scenes(a.scenes, eyes), *photographs(a.pack, eyes)), kept)
    lines = fitted(*torch.load(kept))
    drawn = {name: draw().convert("RGB") for name, draw, _ in beginner.ALL}
    drawn |= {name: draw()[0].convert("RGB") for name, draw, _ in beginner.SHAPES}
    asked = [(what, sorts, name) for name, kind in ASKED.items() for what, (sorts, _) in kind.items()]
    print("model | strength | " + " | ".join(what for what, *_ in asked) + " | " + " | ".join(ASKED))
    models = [tuple(m.split("=", 1)) for m in a.models]
    for model, strength in [("paint", 0), *((n, s) for n, _ in models for s in STRENGTHS)]:
        engine = Engine(a.scumble, model, dict(models)[model], a.out, None) if strength else None
        rates = {name: [] for name in ASKED}
        for what, sorts, name in asked:
            made = []
            for painting, shows in PAINTINGS.items():
                prompt = what if name == "place" else f"{shows} {what}"
                paint = drawn[painting]
                made.append(engine(painting, paint, prompt, strength) if engine else paint)
            rates[name].append(np.mean([int(k) in sorts for k in lines(eyes.see(made, local=True))[name]]))
        cells = [r for v in rates.values() for r in v] + [np.mean(v) for v in rates.values()]
        print(f"{model} | {strength} | " + " | ".join(f"{100 * r:.0f} %" for r in cells), flush=True)


if __name__ == "__main__":
    main()
