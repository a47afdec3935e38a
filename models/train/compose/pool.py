"""What training draws from, on the device: rendered scenes (more as they come), photographs, objects."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import shards
import torch
from PIL import Image
from text import LENGTH, words
from unet import TEXT

VARIANTS = 7  # captions kept of each scene


class Pool:
    """Pictures [n,side,side,3], paintings, masks and what the captions say, in memory of the device."""

    def __init__(self, side, capacity, vocabulary, device):
        def empty(*shape, dtype=torch.uint8):
            return torch.empty(capacity, *shape, dtype=dtype, device=device)

        self.side, self.capacity, self.size, self.device = side, capacity, 0, device
        self.row = {w: i for i, w in enumerate(vocabulary)}
        self.picture, self.paint = empty(side, side, 3), empty(side, side, 3)
        self.mask = empty(side // 2, side // 2)
        self.tokens = empty(VARIANTS, 1 + LENGTH, TEXT, dtype=torch.float16)
        self.said = empty(VARIANTS, len(vocabulary))
        self.captions = []

    def bag(self, captions):
        """Which words of the vocabulary each caption has. [n, words]"""
        out = np.zeros((len(captions), len(self.row)), np.uint8)
        for i, c in enumerate(captions):
            out[i, [self.row[w] for w in words(c) if w in self.row]] = 1
        return torch.from_numpy(out)

    def add(self, picture, paint, mask, captions, encoder):
        """numpy [n,side,side,3], the same, [n,side/2,side/2]; captions: a list of at least one for each."""
        n = min(len(picture), self.capacity - self.size)
        if n <= 0:
            return 0
        at = slice(self.size, self.size + n)
        said = [[c[k % len(c)] for k in range(VARIANTS)] for c in captions[:n]]
        flat = [c for row in said for c in row]
        self.picture[at] = torch.from_numpy(picture[:n]).to(self.device)
        self.paint[at] = torch.from_numpy(paint[:n]).to(self.device)
        self.mask[at] = torch.from_numpy(np.ascontiguousarray(mask[:n])).to(self.device)
        self.tokens[at] = encoder(flat).view(n, VARIANTS, 1 + LENGTH, TEXT).half()
        self.said[at] = self.bag(flat).view(n, VARIANTS, -1).to(self.device)
        self.captions += said
        self.size += n
        return n


class Scenes:
    """Shards of a folder, taken into a pool as the renderer finishes them."""

    def __init__(self, folder, pool, encoder, held_below=0):
        self.folder, self.pool, self.encoder, self.done = Path(folder), pool, encoder, set()

    def poll(self, most=1):
        """Takes up to `most` new shards; how many records came."""
        count = 0
        for path in sorted(self.folder.glob("*.bin")):
            if path.name in self.done:
                continue
            self.done.add(path.name)
            picture, paint, mask, captions = shards.read(path, self.pool.side)
            count += self.pool.add(picture, paint, mask, captions, self.encoder)
            most -= 1
            if most <= 0:
                break
        return count


def phrases(entry, rng, count=VARIANTS):
    """Captions of a photograph: its own, tags, short forms."""
    tags, out = list(entry["tags"]), [entry["caption"]]
    while len(out) < count:
        rng.shuffle(tags)
        out.append(
            rng.choice(
                (entry["caption"], ", ".join(tags[: rng.randint(2, 5)]), " ".join(tags[: rng.randint(1, 3)]))
            )
        )
    return out


def photographs(pack, held, side, crops, vocabulary, encoder, device, seed=7):
    """A pool of random crops of the pack's landscapes; the painting is the picture, to be simplified
    later."""
    rng = random.Random(seed)
    entries = [e for e in json.loads((Path(pack) / "landscapes.json").read_text()) if e["file"] not in held]
    pool = Pool(side, len(entries) * crops, vocabulary, device)
    seeds = [rng.random() for _ in entries]

    def cut(entry, own):
        own = random.Random(own)
        image = Image.open(Path(pack) / entry["file"]).convert("RGB")
        short = min(image.size)
        pictures, captions = [], []
        for _ in range(crops):
            k = min(short, max(side, short * own.uniform(0.6, 1.0))) if short >= side else short
            x, y = own.uniform(0, image.width - k), own.uniform(0, image.height - k)
            pictures.append(
                np.asarray(image.resize((side, side), Image.Resampling.LANCZOS, box=(x, y, x + k, y + k)))
            )
            captions.append(phrases(entry, own))
        return np.stack(pictures), captions

    unknown = np.full((crops, side // 2, side // 2), 255, np.uint8)
    with ThreadPoolExecutor() as threads:
        for pictures, captions in threads.map(cut, entries, seeds):
            pool.add(pictures, pictures, unknown, captions, encoder)
    return pool


def objects(pack, held, device, side=256):
    """The pack's drawings [n,side,side,4] and their names and keywords."""
    entries = [e for e in json.loads((Path(pack) / "objects.json").read_text()) if e["file"] not in held]

    def drawing(entry):
        return np.asarray(Image.open(Path(pack) / entry["file"]).convert("RGBA").resize((side, side)))

    with ThreadPoolExecutor() as threads:
        pictures = np.stack(list(threads.map(drawing, entries)))
    return torch.from_numpy(pictures).to(device), [(e["name"], e["keywords"]) for e in entries]
