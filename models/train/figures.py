"""Figures of model folders side by side: paint and words kept, seeds, steadiness, texture, time.

    python figures.py --data PACK --minilm DIR --resnet DIR/ResNet50 --work WORK FIRST-FOLDER SECOND-FOLDER

Everything is measured on pictures that training never saw (holdout.json).
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pictures
import scenes
from bank import crops
from judge import ResNet50, ridge
from PIL import Image, ImageDraw
from render import Model
from words import Embedder

STRENGTHS = (0.3, 0.6, 0.9)


def blocks(image, side=16):
    """Mean colours of side x side blocks, 0..255."""
    array = np.asarray(image.convert("RGB"), np.float32)
    n = array.shape[0] // side
    return array.reshape(side, n, side, n, 3).mean((1, 3))


def colour_distance(a, b):
    return float(np.abs(blocks(a) - blocks(b)).mean())


def layout(a, b):
    """Correlation of the block luminances."""
    a, b = blocks(a).mean(2).ravel(), blocks(b).mean(2).ravel()
    return float(np.corrcoef(a, b)[0, 1])


def texture(image):
    """Mean absolute Laplacian of the luminance, 0..255: how much fine detail there is."""
    y = np.asarray(image.convert("L"), np.float32)
    return float(np.abs(4 * y[1:-1, 1:-1] - y[:-2, 1:-1] - y[2:, 1:-1] - y[1:-1, :-2] - y[1:-1, 2:]).mean())


def dot(image, x, y, radius=12):
    out = image.copy()
    ImageDraw.Draw(out).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(200, 60, 40))
    return out


def steadiness(model, rows):
    """What a dot of 24 pixels changes: under it, beyond a margin of 48 pixels, in 0..255."""
    near, far = [], []
    yy, xx = np.mgrid[:scenes.SIZE, :scenes.SIZE]
    for i, (image, prompt, _) in enumerate(rows):
        x, y = 60 + 37 * i % 136, 70 + 53 * i % 120
        change = np.abs(np.asarray(model(image, prompt, 0.6), np.float32)
                        - np.asarray(model(dot(image, x, y), prompt, 0.6), np.float32)).mean(2)
        apart = np.hypot(yy - y, xx - x)
        near.append(change[apart < 12].mean())
        far.append(change[apart > 60].mean())
    return float(np.mean(near)), float(np.mean(far))


def rank_of(predicted, lines, right):
    """Place of the right line among all, 1 = best, by cosine."""
    score = lines @ predicted / np.linalg.norm(lines, axis=1)
    return int((score > score[right]).sum()) + 1


class Reader:
    """Guesses a picture's words: a ridge regression from ResNet features of true training pictures."""

    def __init__(self, args):
        self.net, self.embed = ResNet50(args.resnet), Embedder(args.minilm, args.work)
        cache = Path(args.work) / "judge.npz"
        if not cache.exists():
            features, words, land = [], [], []
            for entry in pictures.load(args.data):
                views = crops(entry.image) if entry.kind == "landscape" else [on_white(entry.image)]
                for view in views:
                    features.append(self.net(view))
                    words.append(self.embed(entry.title))
                    land.append(entry.kind == "landscape")
            np.savez(cache, features=features, words=words, land=land)
        held = np.load(cache)
        land = held["land"]
        self.maps = {kind: ridge(held["features"][of], held["words"][of], 2000.0)
                     for kind, of in (("landscape", land), ("object", ~land))}

    def __call__(self, image, kind):
        return self.maps[kind](self.net(image))


def on_white(image):
    ground = Image.new("RGB", image.size, (250, 250, 250))
    ground.paste(image, (0, 0), image)
    return ground


def retrieval(reader, rows, render):
    """Median rank of the right caption among all held-out ones of its kind, and the share in the first 5."""
    out = {}
    for kind in ("landscape", "object"):
        mine = [r for r in rows if r[3] == kind]
        if not mine:
            continue
        lines = np.stack([reader.embed(r[4]) for r in mine])
        ranks = [rank_of(reader(render(r), kind), lines, i) for i, r in enumerate(mine)]
        out[kind] = f"{np.median(ranks):.0f} of {len(mine)}, {np.mean([x <= 5 for x in ranks]):.0%}"
    return out


def blobs(pack, count=30):
    """Objects that training knew, each painted as one blob of its colour."""
    things = [x for x in pictures.load(pack) if x.kind == "object"]
    rows = []
    for entry in things[:: len(things) // count][:count]:
        array = np.asarray(entry.image, np.float32)
        colour = (array[..., :3] * array[..., 3:]).sum((0, 1)) / array[..., 3].sum()
        image, d = scenes.canvas((245, 245, 245))
        d.ellipse((58, 58, 198, 198), fill=tuple(int(c) for c in colour))
        rows.append((image, "a " + entry.title, on_white(entry.image), "object", entry.title))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minilm", required=True)
    parser.add_argument("--resnet", required=True)
    parser.add_argument("models", nargs="+")
    args = parser.parse_args()
    reader = Reader(args)
    entries = pictures.load(args.data, held_out=True)
    lands, things = [[x for x in entries if x.kind == kind] for kind in ("landscape", "object")]
    kinds = lands[:20] + things[:30]
    held = scenes.held_out(args.data, 20, 30)
    rows = [(*row, e.kind, e.title) for row, e in zip(held, kinds, strict=True)]
    table = [["", "paint", "true picture", *(Path(m).name for m in args.models)]]
    models = [Model(m) for m in args.models]
    index = {id(r): i for i, r in enumerate(rows)}
    results = [{s: [m(r[0], r[1], s) for r in rows] for s in STRENGTHS} for m in models]

    def line(name, of_paint, of_truth, of_models):
        table.append([name, of_paint, of_truth, *of_models])

    def over(measure, got, form):
        return form.format(np.mean([measure(r[0], x) for r, x in zip(rows, got, strict=True)]))

    for s in STRENGTHS:
        line(f"colour distance to the paint at {s} (0..255)", "0", "",
             [over(colour_distance, got[s], "{:.1f}") for got in results])
    for s in STRENGTHS:
        line(f"layout kept at {s} (correlation)", "1", "",
             [over(layout, got[s], "{:.2f}") for got in results])
    for s in STRENGTHS:
        line(f"texture at {s} (mean Laplacian)", f"{np.mean([texture(r[0]) for r in rows]):.1f}",
             f"{np.mean([texture(r[2]) for r in rows]):.1f}",
             [f"{np.mean([texture(x) for x in got[s]]):.1f}" for got in results])
    paint = retrieval(reader, rows, lambda r: r[0])
    truth = retrieval(reader, rows, lambda r: r[2])
    for s in (0.6, 0.9):
        found = [retrieval(reader, rows, lambda r, got=got, s=s: got[s][index[id(r)]]) for got in results]
        for kind in ("landscape", "object"):
            line(f"rank of its words at {s}, {kind}s: median, in the first 5", paint[kind], truth[kind],
                 [f[kind] for f in found])
    hand = scenes.hand()
    known = blobs(args.data)
    truth = retrieval(reader, known, lambda r: r[2])["object"]
    paint = retrieval(reader, known, lambda r: r[0])["object"]
    line("the same at 0.6, known objects painted as a blob", paint, truth, [
        retrieval(reader, known, lambda r, m=m: m(r[0], r[1], 0.6))["object"] for m in models])
    spreads = []
    for model in models:
        sets = [[np.asarray(model(i, p, 0.6, seed=k), np.float32) for k in range(4)] for i, p, _ in hand]
        spreads.append(f"{np.mean([np.std(four, 0).mean() for four in sets]):.1f}")
    line("spread over 4 seeds at 0.6 (0..255)", "", "", spreads)
    steady = [steadiness(m, hand) for m in models]
    line("a 24-pixel dot changes, under it (0..255)", "", "", [f"{near:.1f}" for near, _ in steady])
    line("the same, more than 60 pixels away", "", "", [f"{far:.2f}" for _, far in steady])
    for part in ("vae_encoder", "unet", "vae_decoder", "text_encoder"):
        line(f"{part}, ms, median on one thread", "", "",
             [f"{np.median(m.times[part]):.1f}" for m in models])
    begin, loads = time.perf_counter(), []
    for folder in args.models:
        Model(folder)
        loads.append(f"{time.perf_counter() - begin:.2f}")
        begin = time.perf_counter()
    line("loading, s", "", "", loads)
    sizes = [sum(f.stat().st_size for f in Path(m).rglob("*.onnx")) / 1e6 for m in args.models]
    line("networks, MB", "", "", [f"{x:.1f}" for x in sizes])
    for i, cells in enumerate(table):
        print("| " + " | ".join(cells) + " |")
        if i == 0:
            print("|" + "---|" * len(cells))


if __name__ == "__main__":
    main()
