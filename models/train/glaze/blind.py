"""A blind comparison: pairs of pictures side by side, sides and order drawn by a seed, and how answers count.

    python blind.py make --scumble PROGRAM --pack PACK --out FOLDER --model FOLDER [--before FOLDER]
                         [--strength 0.6] [--against paint before truth]
    python blind.py count FOLDER ANSWERS.json [ANSWERS.json ...]

`make` renders the twenty paintings of ../compose/beginner.py and paintings simulated of the held-out
landscapes, all at one strength, and pairs the model's picture with the paint, with that of the model before,
and with the true landscape. OUT gets a folder `eyes` with sheets of four pairs and question.txt, all that the
eyes may see, and key.json. An answer file is {"1": "left", "2": "right", ...}, one for each pair of eyes. The
answers that were given lie in blind/.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent / "compose")]
import beginner  # noqa: E402
import paint  # noqa: E402
from pictures import Engine  # noqa: E402

SIDE, SHOWN, GAP, CAPTION, EACH, STRENGTH, SEED = 512, 384, 8, 22, 4, 0.6, 7
AGAINST = ("paint", "before", "truth")
QUESTION = """Look at every sheet of this folder, sheet-01.png and on, and at nothing outside this folder.

Each sheet shows up to four pairs of pictures, left and right. Above each pair stand its number and the words
of what somebody wanted to see. For each pair say which picture you would rather have as the one that shows
what the words say: the better picture as a whole, by its light, its materials, its depth and its care for
what is in it. Look at both before you choose, and choose from what you see alone: there is no system to left
and right. Choose in every pair, also where it is close.

Answer with one JSON object of all numbers, 1 to {count}: {{"1": "left", "2": "right", ...}}.
Below it, in a few sentences: which faults came again and again, by the numbers of the pairs.
"""


def paintings(pack):
    """Name, painting, prompt, and the true picture where there is one."""
    found = [(name, draw().convert("RGB"), prompt, None) for name, draw, prompt in beginner.ALL]
    for name, draw, prompt in beginner.SHAPES:
        found.append((f"shape-{name}", draw()[0].convert("RGB"), prompt, None))
    held = set(json.loads((HERE.parent / "holdout.json").read_text())["landscapes"])
    for x in json.loads((Path(pack) / "landscapes.json").read_text()):
        if x["file"] in held:
            true = ImageOps.fit(Image.open(Path(pack) / x["file"]).convert("RGB"), (SIDE, SIDE))
            rng = np.random.default_rng(len(found))
            painted = paint.simulate(true, rng).convert("RGB").resize((SIDE, SIDE))
            found.append((Path(x["file"]).stem, painted, x["caption"], true))
    return found


def make(a):
    out = Path(a.out)
    for folder in ("made", "eyes"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    engine = Engine(a.scumble, "model", a.model, out / "made", None)
    before = Engine(a.scumble, "before", a.before, out / "made", None) if a.before else None
    pairs = []
    for name, image, prompt, true in paintings(a.pack):
        made = engine(name, image, prompt, a.strength)
        if "paint" in a.against:
            pairs.append((f"{name} paint", prompt, made, image))
        if before and "before" in a.against:
            pairs.append((f"{name} before", prompt, made, before(name, image, prompt, a.strength)))
        if true and "truth" in a.against:
            pairs.append((f"{name} truth", prompt, made, true))
    rng = random.Random(SEED)
    rng.shuffle(pairs)
    key = {}
    for first in range(0, len(pairs), EACH):
        width, height = 2 * SHOWN + 3 * GAP, SHOWN + CAPTION + GAP
        sheet = Image.new("RGB", (2 * width + 2 * GAP, 2 * height), "white")
        draw = ImageDraw.Draw(sheet)
        for k, (name, prompt, made, other) in enumerate(pairs[first : first + EACH]):
            number, side = str(first + k + 1), rng.choice(("left", "right"))
            key[number] = {"pair": name, "model": side}
            x, y = (k % 2) * (width + 2 * GAP), (k // 2) * height
            draw.text((x + GAP, y + 5), f"{number}: {prompt}"[:110], "black")
            for n, shown in enumerate((made, other) if side == "left" else (other, made)):
                small = shown.resize((SHOWN, SHOWN), Image.Resampling.LANCZOS)
                sheet.paste(small, (x + GAP + n * (SHOWN + GAP), y + CAPTION))
        sheet.save(out / "eyes" / f"sheet-{first // EACH + 1:02}.png")
    (out / "eyes" / "question.txt").write_text(QUESTION.format(count=len(pairs)))
    (out / "key.json").write_text(json.dumps(key, indent=1) + "\n")
    print(f"{len(pairs)} pairs; the eyes see the folder `eyes` alone")


def count(a):
    key = json.loads((Path(a.folder) / "key.json").read_text())
    votes = {}
    for file in a.answers:
        for number, side in json.loads(Path(file).read_text()).items():
            name, against = key[number]["pair"].rsplit(" ", 1)
            votes.setdefault(against, {}).setdefault(name, []).append(side == key[number]["model"])
    for against, names in sorted(votes.items()):
        all_votes = [vote for found in names.values() for vote in found]
        lost = sorted(name for name, found in names.items() if 2 * sum(found) < len(found))
        share = 100 * sum(all_votes) / len(all_votes)
        print(f"preferred to the {against}: {share:.0f} % of {len(all_votes)} votes on {len(names)} pairs")
        print(f"  lost by most: {', '.join(lost) or 'none'}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = p.add_subparsers(required=True)
    m = what.add_parser("make")
    for name in ("scumble", "pack", "out", "model"):
        m.add_argument(f"--{name}", required=True)
    m.add_argument("--before", help="folder of another model")
    m.add_argument("--strength", type=float, default=STRENGTH)
    m.add_argument("--against", nargs="+", choices=AGAINST, default=AGAINST)
    m.set_defaults(run=make)
    c = what.add_parser("count")
    c.add_argument("folder", help="with key.json")
    c.add_argument("answers", nargs="+")
    c.set_defaults(run=count)
    a = p.parse_args()
    a.run(a)


if __name__ == "__main__":
    main()
