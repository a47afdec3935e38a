"""How often a changed word shows: weather, time of day and season, as a network sees them.

    python attributes.py --scumble PROGRAM --eye FILE --out FOLDER NAME=MODEL-FOLDER [NAME=MODEL-FOLDER ...]

Ten paintings of ../compose/beginner.py, each under the words below, whatever light it was painted in. The
network is the one that reference.py trains (`eye.pt` in its work folder) on scenes and photographs; the
generator's training never saw it, and of scenes that were held out it is right in 94 % (light) and 89 %
(season). OUT keeps each render.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
import beginner  # noqa: E402
from look import KINDS, SIDE, Eye, floats  # noqa: E402
from pictures import Engine  # noqa: E402

# ../scenes/README.md numbers light and season.
LIGHT = {
    "on a bright day": {0},
    "at sunset": {1, 2, 3},
    "at night": {4, 5},
    "in a storm": {6, 8},
    "in mist": {7, 8},
}
SEASON = {"in autumn": {1}, "in deep winter, snow": {2}}
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
STRENGTHS = (0.6, 0.75, 0.9)


@torch.no_grad()
def seen(eye, picture):
    """Numbers of the light and of the season that a picture is taken for."""
    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    _, light, season = eye(floats(np.asarray(small)[None]))[1].split(KINDS, 1)
    return int(light.argmax()), int(season.argmax())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("scumble", "eye", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("models", nargs="+")
    a = p.parse_args()
    eye = Eye().eval()
    eye.load_state_dict(torch.load(a.eye, weights_only=False)["eye"])
    drawn = {name: draw().convert("RGB") for name, draw, _ in beginner.ALL}
    drawn |= {name: draw()[0].convert("RGB") for name, draw, _ in beginner.SHAPES}
    asked = [
        (words, sorts, which) for which, kind in enumerate((LIGHT, SEASON)) for words, sorts in kind.items()
    ]
    print("model | strength | " + " | ".join(words for words, _, _ in asked) + " | light | season")
    models = [tuple(m.split("=", 1)) for m in a.models]
    for name, strength in [("paint", 0), *((n, s) for n, _ in models for s in STRENGTHS)]:
        engine = Engine(a.scumble, name, dict(models)[name], a.out, None) if strength else None
        rates = []
        for words, sorts, which in asked:
            right = 0
            for painting, what in PAINTINGS.items():
                paint = drawn[painting]
                made = engine(painting, paint, f"{what} {words}", strength) if engine else paint
                right += seen(eye, made)[which] in sorts
            rates.append(right / len(PAINTINGS))
        means = np.mean(rates[: len(LIGHT)]), np.mean(rates[len(LIGHT) :])
        print(
            f"{name} | {strength} | " + " | ".join(f"{100 * r:.0f} %" for r in (*rates, *means)), flush=True
        )


if __name__ == "__main__":
    main()
