"""Renders paintings through the engine, draws the sheets of the card, and measures.

    python pictures.py --scumble PROGRAM --out FOLDER NAME=MODEL-FOLDER [NAME=MODEL-FOLDER ...]

Paintings: the twelve and the eight of ../compose/beginner.py, which nothing in the training was made from.
OUT keeps each render (made once), and gets NAME.jpg, words.jpg of the last model, and on standard output the
figures as a table.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

sys.path.append(str(Path(__file__).resolve().parent.parent / "compose"))
import beginner  # noqa: E402

STRENGTHS, CELL, CAPTION = (0.3, 0.6, 0.9), 192, 14
EDITS = (
    (0, ("a lake between mountains", "a lake between mountains at night", "mountains in winter", "dunes")),
    (1, ("castle on a hill", "castle on a hill at sunset", "castle in a storm", "castle in winter")),
    (8, ("flower meadow", "meadow in autumn", "meadow under storm clouds", "snow")),
    (9, ("sailboat on a calm sea", "sailboat at sunset", "sailboat at night", "sailboat in mist")),
)


class Engine:
    def __init__(self, program, name, folder, out, steps):
        self.program, self.folder, self.out = program, folder, Path(out) / name
        self.more = ["--steps", str(steps)] if steps else []
        self.out.mkdir(parents=True, exist_ok=True)

    def __call__(self, name, image, prompt, strength):
        paint, made = self.out / f"{name}.png", self.out / f"{name} {prompt} {strength}.png"
        if not made.exists():
            image.convert("RGB").save(paint)
            command = [self.program, "render", "-m", self.folder, "-i", paint, "-p", prompt, "-o", made]
            subprocess.run([*map(str, command), "--strength", str(strength), *self.more], check=True)
        return Image.open(made).convert("RGB")


def blocks(image, side=16):
    """Mean colours of side x side blocks, 0..255."""
    a = np.asarray(image.convert("RGB"), np.float32)
    n = a.shape[0] // side
    return a[: n * side, : n * side].reshape(side, n, side, n, 3).mean((1, 3))


def measures(paint, made):
    """Colour distance (0..255) and correlation of luminance over blocks, mean Laplacian of luminance, rim,
    weave."""
    a, b = blocks(paint), blocks(made)
    y = np.asarray(made.convert("L"), np.float32)
    fine = np.abs(4 * y[1:-1, 1:-1] - y[:-2, 1:-1] - y[2:, 1:-1] - y[1:-1, :-2] - y[1:-1, 2:]).mean()
    alike = np.corrcoef(a.mean(2).ravel(), b.mean(2).ravel())[0, 1]
    return np.abs(a - b).mean(), alike, fine, rim(made), weave(made)


def rim(made, wide=3, inner=(6, 12), segment=16):
    """How far the outermost pixels' colours are from those a little further in, 0..255."""
    sides = [np.rot90(np.asarray(made.convert("RGB"), np.float32), k) for k in range(4)]
    n = sides[0].shape[0] // segment

    def mean(a, first, last):
        return a[: n * segment, first:last].reshape(n, segment, last - first, 3).mean((1, 2))

    return np.mean([np.abs(mean(a, 0, wide) - mean(a, *inner)).mean() for a in sides])


def repeats(y, cell, around=3):
    """Root mean square of what is finer than a square cell and the same in all cells around."""
    ends = [1.0] * cell if cell % 2 else [0.5, *[1.0] * (cell - 1), 0.5]
    smooth = np.pad(y, cell // 2, mode="edge")
    for _ in range(2):  # columns, then rows; the blur knows nothing of what repeats in a cell
        width = smooth.shape[1] - len(ends) + 1
        smooth = sum(w * smooth[:, k : k + width] for k, w in enumerate(ends)).T / cell
    h, w = (s // cell for s in y.shape)
    fine = (y - smooth)[: h * cell, : w * cell].reshape(h, cell, w, cell).transpose(0, 2, 1, 3)
    size = 2 * around + 1
    windows = np.lib.stride_tricks.sliding_window_view(fine, (size, size), (0, 1))
    return np.sqrt((windows.mean((-2, -1)) ** 2).mean())


def weave(made):
    """How much more repeats with the cells of 8 pixels than with 7 and 9: about 1 in a photograph."""
    y = np.asarray(made.convert("L"), np.float32)
    return 2 * repeats(y, 8) / (repeats(y, 7) + repeats(y, 9))


def found(paint, mask, made):
    """How much of a shape's contrast in colour to what is around it is left, in the painted direction."""
    inside = np.asarray(mask.convert("L")) > 127
    around = (np.asarray(mask.convert("L").filter(ImageFilter.MaxFilter(41))) > 127) & ~inside

    def contrast(image):
        a = np.asarray(image.convert("RGB").resize(mask.size), np.float32)
        return a[inside].mean(0) - a[around].mean(0)

    wanted = contrast(paint)
    return float(contrast(made) @ wanted / (wanted @ wanted))


def grid(rows, titles):
    width = CELL * max(len(cells) for _, cells in rows)
    sheet = Image.new("RGB", (width, (CELL + CAPTION) * len(rows) + CAPTION), "white")
    draw = ImageDraw.Draw(sheet)
    for c, title in enumerate(titles):
        draw.text((c * CELL + 3, 1), title, "black")
    for r, (caption, cells) in enumerate(rows):
        y = CAPTION + r * (CELL + CAPTION)
        draw.text((3, y + 1), caption, "black")
        for c, cell in enumerate(cells):
            small = cell.convert("RGB").resize((CELL, CELL), Image.Resampling.LANCZOS)
            sheet.paste(small, (c * CELL, y + CAPTION))
    return sheet


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scumble", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--steps", type=int, help="default: each model's own")
    p.add_argument("models", nargs="+")
    a = p.parse_args()
    paintings = [(name, draw().convert("RGB"), prompt, None) for name, draw, prompt in beginner.ALL]
    shapes = [(f"shape-{name}", *draw(), prompt) for name, draw, prompt in beginner.SHAPES]
    paintings += [(name, image.convert("RGB"), prompt, mask) for name, image, mask, prompt in shapes]
    print("model | strength | colour distance | layout | sharpness | rim | weave | shapes found")
    for name, folder in (m.split("=", 1) for m in a.models):
        engine = Engine(a.scumble, name, folder, a.out, a.steps)
        made = [[engine(n, image, prompt, s) for s in STRENGTHS] for n, image, prompt, _ in paintings]
        for k, strength in enumerate(STRENGTHS):
            rows = zip(paintings, made, strict=True)
            figures = [(measures(p[1], m[k]), p[3] and found(p[1], p[3], m[k])) for p, m in rows]
            colour, layout, *fine = np.mean([f[0] for f in figures], 0)
            left = [f[1] for f in figures if f[1] is not None]
            seen = sum(v > 0.5 for v in left)
            cells = f"{colour:.1f} | {layout:.2f} | " + " | ".join(f"{v:.2f}" for v in fine)
            print(f"{name} | {strength} | {cells} | {seen} of {len(left)}")
        rows = [(p[2], [p[1], *m]) for p, m in zip(paintings, made, strict=True)]
        grid(rows, ["paint", *map(str, STRENGTHS)]).save(Path(a.out) / f"{name}.jpg", quality=85)
    rows = []
    for index, prompts in EDITS:
        name, image = paintings[index][:2]
        cells = [image, *(engine(name, image, prompt, 0.7) for prompt in prompts)]
        rows.append((", ".join(prompts), cells))
    grid(rows, ["paint, then strength 0.7"]).save(Path(a.out) / "words.jpg", quality=85)


if __name__ == "__main__":
    main()
