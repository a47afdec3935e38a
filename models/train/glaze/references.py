"""Draws the card's sheet of references, and measures what they do, rendered by the engine.

    python references.py --scumble PROGRAM --model FOLDER --pack FOLDER --scenes FOLDER --out FOLDER
                         [--side 128]

Paintings are of ../compose/beginner.py; references are photographs and scenes that training has not seen.
OUT keeps each render, and gets references.jpg and on standard output the figures as a table: how far the
colours of a picture are from those of the reference (the mean over 48 directions of the distance that sorted
colours have, 0..255), without a reference, with it, with one of the others.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
import beginner  # noqa: E402
import reference  # noqa: E402
from pictures import CELL, grid  # noqa: E402

PAINTINGS = (1, 9, 0, 8)
STRENGTHS, SHOWN = (0.6, 0.8, 0.9), (0.6, 0.8)
# A held-out photograph by its number in the pack, or the first held-out scene whose caption says so.
CHOSEN = (
    ("sunset", "0161"),
    ("night", "steep cliffs and a bright moon in the night"),
    ("snow", "a snow-covered plain with the sun"),
    ("forest", "0099"),
    ("desert", "0129"),
)


def colours(image):
    return np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.BOX), np.float32).reshape(-1, 3)


def apart(a, b):
    """Sliced Wasserstein distance of two pictures' colours, 0..255."""
    directions = np.random.default_rng(0).standard_normal((3, 48))
    directions /= np.linalg.norm(directions, axis=0)
    x, y = (np.sort(colours(v) @ directions, axis=0) for v in (a, b))
    return float(np.abs(x - y).mean()) * 3**0.5


def chosen(pack, scenes, side):
    found, told = reference.scenes(scenes, side)
    found, told = found[-reference.HELD :], told[-reference.HELD :]
    for name, what in CHOSEN:
        if what.isdigit():
            image = Image.open(Path(pack) / "landscapes" / f"{what}.webp")
            yield name, Image.fromarray(reference.square(image, side=384))
        else:
            k = next(i for i, c in enumerate(told) if what in c[0])
            yield name, Image.fromarray(found["picture"][k])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("scumble", "model", "pack", "scenes", "out"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--side", type=int, default=reference.SIDE, help="of the scenes' pictures")
    a = p.parse_args()
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    seen = dict(chosen(a.pack, a.scenes, a.side))
    for name, image in seen.items():
        image.save(out / f"reference-{name}.png")

    def render(name, image, prompt, strength, look):
        made = out / f"{name} {strength} {look}.png"
        if not made.exists():
            image.convert("RGB").save(out / f"{name}.png")
            command = [a.scumble, "render", "-m", a.model, "-i", out / f"{name}.png", "-p", prompt]
            command += ["-o", made, "--strength", strength]
            command += ["--reference", out / f"reference-{look}.png"] if look else []
            subprocess.run([str(c) for c in command], check=True)
        return Image.open(made).convert("RGB")

    rows, table = [("references", [Image.new("RGB", (CELL, CELL), "white")] * 2 + list(seen.values()))], {}
    for strength in STRENGTHS:
        for number in PAINTINGS:
            name, draw, prompt = beginner.ALL[number]
            image = draw()
            plain = render(name, image, prompt, strength, "")
            made = {look: render(name, image, prompt, strength, look) for look in seen}
            for look, target in seen.items():
                wrong = np.mean([apart(made[other], target) for other in seen if other != look])
                figures = apart(plain, target), apart(made[look], target), wrong
                table.setdefault((strength, look), []).append(figures)
            if strength in SHOWN:
                rows.append((f"{prompt}, strength {strength}", [image, plain, *made.values()]))
    grid(rows, ["paint", "no reference", *seen]).save(out / "references.jpg", quality=84)
    print("strength | reference | none | it | others")
    for (strength, look), figures in table.items():
        print(f"{strength} | {look} | " + " | ".join(f"{v:.1f}" for v in np.mean(figures, 0)))
    for strength in STRENGTHS:
        mean = np.mean([f for (s, _), v in table.items() if s == strength for f in v], 0)
        print(f"{strength} | all | " + " | ".join(f"{v:.1f}" for v in mean))


if __name__ == "__main__":
    main()
