"""The contact sheets: 24 paintings at three strengths, and one word changed at a time."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import scenes
from PIL import Image, ImageDraw, ImageFont
from render import Model

CELL = 168
CAPTION = 17
STRENGTHS = (0.3, 0.6, 0.9)


def grid(rows, titles, blocks):
    """rows of (caption, pictures) side by side in so many blocks."""
    font = ImageFont.load_default(11)
    tall = math.ceil(len(rows) / blocks)
    columns = max(len(cells) for _, cells in rows)
    width = columns * CELL + 10
    sheet = Image.new("RGB", (width * blocks - 10, tall * (CELL + CAPTION) + CAPTION), "white")
    d = ImageDraw.Draw(sheet)
    for i, (caption, cells) in enumerate(rows):
        x, y = i // tall * width, i % tall * (CELL + CAPTION) + CAPTION
        if i % tall == 0:
            for j, title in enumerate(titles):
                d.text((x + j * CELL + 2, 2), title, "black", font)
        d.text((x + 2, y + 2), caption, "black", font)
        for j, cell in enumerate(cells):
            small = cell.resize((CELL, CELL), Image.Resampling.LANCZOS)
            sheet.paste(small, (x + j * CELL, y + CAPTION))
    return sheet


def save(sheet, path, most=430_000):
    quality = 90
    sheet.save(path, quality=quality)
    while Path(path).stat().st_size > most and quality > 40:
        quality -= 5
        sheet.save(path, quality=quality)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True, help="folder for sheet.jpg and edits.jpg")
    args = parser.parse_args()
    model, rows = Model(args.model), []
    for image, prompt, target in scenes.hand() + scenes.held_out(args.data):
        cells = [image] + [model(image, prompt, s) for s in STRENGTHS]
        rows.append((prompt[:110], cells + ([target] if target else [])))
    titles = ["paint", *(f"strength {s}" for s in STRENGTHS), "the picture it was painted from"]
    save(grid(rows, titles, 3), Path(args.out) / "sheet.jpg")
    rows = []
    for draw, prompts in scenes.EDITS:
        image = draw()
        named = ", ".join(f"“{p}”" for p in prompts)
        rows.append((f"0.6: {named}", [image] + [model(image, p, 0.6) for p in prompts]))
        rows.append(("0.9", [image] + [model(image, p, 0.9) for p in prompts]))
    save(grid(rows, ["paint"], 1), Path(args.out) / "edits.jpg", 300_000)
    medians = {k: round(float(np.median(v)), 1) for k, v in model.times.items()}
    print("milliseconds on one thread", json.dumps(medians))


if __name__ == "__main__":
    main()
