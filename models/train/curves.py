"""Draw the training logs as one picture, with Pillow alone; each curve on its own scale."""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, EDGE = 760, 240, 34
SHOWN = {"decoder": ("l1", "detail", "judge"), "guide": ("error", "low", "high")}
INK = ("#1f5fbf", "#bf5f1f", "#2f8f4f", "#8f2f8f")


def panel(draw, font, top, name, rows, names):
    steps = np.array([x["step"] for x in rows], float)
    box = (10, top + EDGE, WIDTH - 10, top + HEIGHT - EDGE)
    draw.rectangle(box, outline="#999999")
    spent = f"{name}: {rows[-1]['step']} steps, {rows[-1]['minutes']:.0f} minutes"
    draw.text((10, top + 12), spent, "black", font)
    for i, label in enumerate(names):
        values = np.array([x[label] for x in rows], float)
        values = np.nan_to_num(values, nan=np.nan_to_num(np.nanmedian(values)))
        smooth = np.convolve(np.pad(values, 3, "edge"), np.ones(7) / 7, "valid")
        high = smooth.max() * 1.05 or 1.0
        x = box[0] + steps / steps[-1] * (box[2] - box[0])
        y = box[3] - smooth / high * (box[3] - box[1])
        draw.line(list(zip(x, y, strict=True)), fill=INK[i], width=2)
        draw.text((230 + 130 * i, top + 12), f"{label} (top {high:.3f})", INK[i], font)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    image = Image.new("RGB", (WIDTH, HEIGHT * len(SHOWN)), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12)
    for i, (name, names) in enumerate(SHOWN.items()):
        lines = (Path(args.work) / f"{name}.jsonl").read_text().splitlines()
        panel(draw, font, i * HEIGHT, name, [json.loads(x) for x in lines], names)
    image.save(args.out, optimize=True)


if __name__ == "__main__":
    main()
