"""Batches for the generator: scenes, drawn more often where something stands in them and then often from
near, photographs with simulated paint, drawings laid into scenes, free strokes."""

import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
import batch as make  # noqa: E402
import shards  # noqa: E402
from pool import Pool, objects, photographs  # noqa: E402
from text import Words  # noqa: E402

SIDE, BUILT = 256, 11  # pixels; the class of buildings, boats and bridges
# How much oftener than its share a place is drawn, by the number that ../scenes/README.md gives it: what the
# renderer makes seldom (volcanoes, ice, waterfalls) would not be learnt.
RARE = np.array([1.0, 1.0, 1.5, 1.5, 4.0, 1.5, 1.9, 1.8, 2.6, 2.5], np.float32)


class Source:
    """assets: folder of compose/assets.py. Each of `world` processes keeps its share of the shards."""

    def __init__(self, assets, scenes, rank=0, world=1, capacity=4000, photos=0.12):
        assets, device = Path(assets), torch.device("cpu")
        self.scenes, self.rank, self.world, self.share = Path(scenes), rank, world, photos
        self.vocabulary = json.loads((assets / "vocabulary.json").read_text())
        self.words = Words(assets / "words.pt")
        self.pool = Pool(SIDE, capacity, self.vocabulary, device)
        self.weight, self.done, self.looked = torch.zeros(capacity), set(), 0.0
        held = json.loads((HERE.parent / "holdout.json").read_text())
        held = set(held["landscapes"]) | set(held["objects"])
        self.drawings, self.names = objects(assets / "pack", held, device)
        self.photos = None
        if photos:
            self.photos = photographs(assets / "pack", held, SIDE, 2, self.vocabulary, self.words, device)

    def poll(self, most=2):
        """Takes up to `most` new shards."""
        self.looked = time.time()
        for path in sorted(self.scenes.glob("*.bin")):
            if int(path.stem.split("-")[1]) % self.world != self.rank or path.name in self.done:
                continue
            self.done.add(path.name)
            found, _ = shards.records(path, SIDE)
            picture, paint, mask, captions = shards.read(path, SIDE)
            first = self.pool.size
            n = self.pool.add(picture, paint, mask, captions, self.words)
            built = torch.from_numpy((mask[:n] == BUILT).mean((1, 2))) > 0.004
            small = torch.from_numpy(found["small"][:n] > 655)  # a hundredth of the painting
            aligned = torch.from_numpy((found["flags"][:n] & 1) > 0)
            rare = torch.from_numpy(RARE[found["place"][:n]])
            self.weight[first : first + n] = rare * (1 + 3.0 * built + 0.8 * small) * (1 + 0.4 * aligned)
            most -= 1
            if not most or not n:
                return

    def near(self, picture, paint, mask):
        """Enlarges windows around what stands there, up to twice, in place; -> which were. [n]"""
        n = picture.shape[0]
        theta, done = torch.eye(2, 3).expand(n, 2, 3).clone(), torch.zeros(n, dtype=torch.bool)
        for i in range(n):
            there = mask[i] == BUILT
            if there.float().mean() < 0.003 or random.random() < 0.45:
                continue
            y, x = (v.float() for v in there.nonzero(as_tuple=True))
            side = mask.shape[1]
            extent = max(float(y.max() - y.min()), float(x.max() - x.min())) / side
            k = random.uniform(max(0.48, min(1.0, extent * 1.15)), 1.0)
            if k > 0.95:
                continue

            def centre(v, k=k, side=side):
                at = float(v.mean()) / side * 2 - 1 + random.uniform(-0.35, 0.35) * k
                return max(k - 1, min(1 - k, at))

            theta[i] = torch.tensor([[k, 0, centre(x)], [0, k, centre(y)]])
            done[i] = True
        if done.any():
            grid = F.affine_grid(theta[done], (int(done.sum()), 1, SIDE, SIDE), align_corners=False)
            edge = dict(align_corners=False, padding_mode="border")
            picture[done] = F.grid_sample(picture[done], grid, mode="bicubic", **edge).clamp(-1, 1)
            paint[done] = F.grid_sample(paint[done], grid, mode="bilinear", **edge)
            coarse = F.grid_sample(mask[done][:, None].float(), grid[:, 1::2, 1::2], mode="nearest", **edge)
            mask[done] = coarse[:, 0].byte()
        return done

    def views(self, pool, n, weight):
        index = torch.multinomial(weight, n, replacement=True)
        variant = torch.randint(pool.tokens.shape[1], (n,))
        flip = torch.rand(n) < 0.5
        views = make.floats(pool.picture[index]), make.floats(pool.paint[index]), pool.mask[index]
        views = [torch.where(flip.view(-1, *[1] * (v.dim() - 1)), v.flip(-1), v) for v in views]
        return *views, [(pool, int(i), int(v)) for i, v in zip(index, variant, strict=True)]

    def caption(self, index, scene):
        name = self.names[index][0]
        thing = f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
        return random.choice((thing, thing, name, f"{thing}, {scene}", f"{scene} with {thing}"))

    def batch(self, t):
        """t [n]: first timesteps. -> pictures, paintings [n,3,256,256], sentences, tokens, mask, words said,
        which are enlarged, and materials [n,128,128] (255: not known)."""
        n = len(t)
        photos = sum(random.random() < self.share for _ in range(n)) if self.photos else 0
        parts = []
        if photos:
            parts.append(self.views(self.photos, photos, torch.ones(self.photos.size)))
        if n > photos:
            parts.append(self.views(self.pool, n - photos, self.weight[: self.pool.size]))
        picture, paint, mask = (torch.cat([p[k] for p in parts]) for k in range(3))
        said = [s for p in parts for s in p[3]]
        near = self.near(picture, paint, mask)
        paint = make.repainted(paint, picture, torch.arange(n) < photos)
        # Low noise keeps the artist's colours, high noise the words'.
        weight = (1 - ((t.float() - 250) / 500).clamp(0, 1)) * 0.95
        picture = make.recoloured(picture, paint, mask, weight)
        tokens = torch.stack([pool.tokens[i, v].float() for pool, i, v in said])
        rows = [i for i in range(photos, n) if random.random() < 0.13]
        if rows:
            chosen = torch.randint(len(self.names), (len(rows),))
            picture[rows], paint[rows], mask[rows], _ = make.with_objects(
                picture[rows], paint[rows], mask[rows], self.drawings, chosen
            )
            scenes = [said[i][0].captions[said[i][1]][said[i][2]] for i in rows]
            told = [self.caption(int(c), s) for c, s in zip(chosen, scenes, strict=True)]
            tokens[rows] = self.words(told)
        kept = (torch.rand(n) > ((t.float() - 350) / 350).clamp(0, 1)).float()
        paint, picture = make.strokes(paint, picture, kept, 0.2)
        words = torch.stack([pool.said[i, v] for pool, i, v in said]).float()
        quiet = (tokens[:, 1:].abs().sum(-1) == 0).float() * -1e4
        return picture, paint, tokens[:, 0], tokens[:, 1:], quiet, words, near, mask
