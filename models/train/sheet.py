"""The contact sheet: paintings of held-out pictures and hand-made blobs, rendered by the export."""

import argparse
import json
import math
import random
from pathlib import Path

import numpy as np
import paint
import pictures
from PIL import Image, ImageDraw, ImageFont
from render import Model

SIZE = 256
CAPTION = 34
COLUMNS = ("paint", "strength 0.3", "strength 0.6", "strength 0.9", "target / other words (0.75)")


def canvas(colour):
    image = Image.new("RGB", (SIZE, SIZE), colour)
    return image, ImageDraw.Draw(image)


def mountains():
    image, d = canvas((240, 150, 90))
    d.rectangle((0, 0, 256, 50), fill=(110, 110, 170))
    d.polygon([(0, 165), (50, 80), (95, 130), (150, 50), (256, 165)], fill=(90, 90, 120))
    d.polygon([(120, 92), (150, 50), (185, 90), (150, 100)], fill=(240, 240, 250))
    d.polygon([(30, 112), (50, 80), (70, 105), (50, 115)], fill=(240, 240, 250))
    d.rectangle((0, 165, 256, 256), fill=(60, 90, 140))
    return image


def dunes():
    image, d = canvas((90, 150, 225))
    d.ellipse((-80, 130, 200, 380), fill=(215, 160, 90))
    d.ellipse((90, 150, 380, 400), fill=(190, 130, 70))
    return image


def forest():
    image, d = canvas((200, 210, 210))
    d.rectangle((0, 150, 256, 256), fill=(50, 80, 50))
    for x in range(10, 256, 40):
        d.polygon([(x - 30, 190), (x, 60 + x % 50), (x + 30, 190)], fill=(70, 105, 80))
    return image


def shore():
    image, d = canvas((130, 190, 235))
    d.rectangle((0, 110, 256, 185), fill=(30, 110, 160))
    d.polygon([(0, 256), (0, 200), (256, 165), (256, 256)], fill=(230, 210, 165))
    d.ellipse((150, 25, 215, 55), fill=(250, 250, 250))
    return image


def apple():
    image, d = canvas((245, 245, 245))
    d.ellipse((58, 70, 198, 215), fill=(205, 40, 40))
    d.line((128, 75, 138, 45), fill=(90, 60, 30), width=8)
    return image


HAND = (
    (mountains, "snowy mountains above a lake at sunset", "green hills under a grey sky"),
    (dunes, "desert dunes under a blue sky", "green hills under a grey sky"),
    (forest, "misty forest", "winter forest covered in snow"),
    (shore, "sandy beach and calm blue sea", "stormy sea at night"),
    (apple, "a red apple", "a smiling face"),
)


def held_out(pack, count_land, count_things):
    """Paintings of pictures that training never saw, with their own words and the target."""
    entries = pictures.load(pack, held_out=True)
    rng, nprng = random.Random(5), np.random.default_rng(5)
    lands = [x for x in entries if x.kind == "landscape"]
    things = [x for x in entries if x.kind == "object"]
    rows = []
    for entry in lands[:count_land] + things[:count_things]:
        mask, prompt = None, entry.title
        if entry.kind == "landscape":
            picture = pictures.crop(entry.image, SIZE, rng, smallest=0.9)
        else:
            picture, mask = pictures.place(entry.image, SIZE, rng, lands)[:2]
            prompt = "a " + entry.title
        rows.append((paint.simulate(picture, nprng, mask), prompt, picture))
    return rows


def rows(model, pack, count_land=6, count_things=3):
    for draw, prompt, other in HAND:
        image = draw()
        yield image, prompt, model(image, other, 0.75), other
    for image, prompt, target in held_out(pack, count_land, count_things):
        yield image, prompt, target, "target"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    model = Model(args.model)
    font = ImageFont.load_default(13)
    strips = []
    for image, prompt, last, label in rows(model, args.data):
        cells = [image] + [model(image, prompt, s) for s in (0.3, 0.6, 0.9)] + [last]
        strip = Image.new("RGB", (SIZE * len(cells), SIZE + CAPTION), "white")
        for i, cell in enumerate(cells):
            strip.paste(cell, (i * SIZE, CAPTION))
        d = ImageDraw.Draw(strip)
        for i, name in enumerate(COLUMNS[:4]):
            d.text((i * SIZE + 4, 17), name, "black", font)
        d.text((4, 1), prompt, "black", font)
        d.text((4 * SIZE + 4, 17), label, "black", font)
        strips.append(strip)
    half = math.ceil(len(strips) / 2)
    width, height = strips[0].size
    sheet = Image.new("RGB", (width * 2 + 20, height * half), "white")
    for i, strip in enumerate(strips):
        sheet.paste(strip, ((i // half) * (width + 20), (i % half) * height))
    sheet = sheet.resize((sheet.width * 2 // 3, sheet.height * 2 // 3), Image.Resampling.LANCZOS)
    quality = 88
    sheet.save(args.out, quality=quality)
    while Path(args.out).stat().st_size > 590_000 and quality > 40:
        quality -= 6
        sheet.save(args.out, quality=quality)
    medians = {k: round(float(np.median(v)), 1) for k, v in model.times.items()}
    print("milliseconds on one thread", json.dumps(medians))


if __name__ == "__main__":
    main()
