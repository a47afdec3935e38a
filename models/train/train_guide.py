"""Train the guide: from noised paint and words to clean paint at low noise, to the picture at high noise."""

import argparse
from pathlib import Path

import numpy as np
import torch
from codec import flip_signs
from common import Ema, Run, device, rate, seed_all, write_parts
from torch import nn
from unet import UNet, schedule

BATCH = 12
LEVELS = (999, 749, 666, 499, 333, 249)  # what trailing spacing with 1 to 4 steps visits
CHANCE = (0.14, 0.17, 0.09, 0.25, 0.10, 0.25)
EMPTY = 0.1
GAIN = 20  # of packed latents: int8 holds -6.35 to 6.35
KEEP_ALL, KEEP_NONE = 300, 800  # timesteps between which the paint gives way to the picture


def computed(work):
    """The set that pairs.py and bank.py made."""
    from words import recall

    data = torch.load(Path(work) / "pairs.pt", weights_only=False)
    held = np.load(Path(work) / "memory.npz")
    keys, vectors = (held["keys"], held["owner"]), data["vectors"].numpy()
    owner = np.full(len(vectors), -1)
    for three, who in zip(data["prompt"].numpy(), data["owner"].numpy(), strict=True):
        owner[three] = who
    own, others = recall(vectors, keys, held["values"]), recall(vectors, keys, held["values"], owner)
    return {"z": data["z"], "paint": data["paint"], "prompt": data["prompt"], "vectors": data["vectors"],
            "own": torch.from_numpy(own).float(), "others": torch.from_numpy(others).float(),
            "empty": data["lines"].index("")}


def packed(work):
    """The smaller set that portable.py packed; None if there is none."""
    parts = [np.load(p) for p in sorted(Path(work).glob("packed-*.npz"))]
    if not parts:
        return None
    words = np.load(Path(work) / "words.npz")
    joined = {k: torch.from_numpy(np.concatenate([p[k] for p in parts])) for k in ("z", "paint", "prompt")}
    for name in ("z", "paint"):
        joined[name] = joined[name].half() / GAIN
    told = {k: torch.from_numpy(words[k]).float() for k in ("vectors", "own", "others")}
    return {**joined, **told, "empty": int(words["empty"])}


class Pairs:
    """Batches of noised sources, their words with the recalled looks, and what is wanted."""

    def __init__(self, work, dev, seed):
        data = packed(work) or computed(work)
        self.z, self.paint, self.prompt = data["z"], data["paint"], data["prompt"]
        self.vectors, self.own, self.others = data["vectors"], data["own"], data["others"]
        self.empty = data["empty"]
        self.random = torch.Generator().manual_seed(seed)
        self.alphas, self.signs, self.dev = schedule(), flip_signs().view(1, -1, 1, 1), dev

    def chance(self, n):
        return torch.rand(n, generator=self.random)

    def words(self, rows):
        n = len(rows)
        pick = torch.randint(0, self.prompt.shape[1], (n,), generator=self.random)
        line = self.prompt[rows, pick]
        line = torch.where(self.chance(n) < EMPTY, self.empty, line)
        own = (self.chance(n) < 0.5)[:, None]
        look = torch.where(own, self.own[line], self.others[line])
        return torch.cat([self.vectors[line], look], 1)

    def batch(self, n, side):
        """side: of the latent square; smaller than the whole costs less."""
        g = self.random
        rows = torch.randint(0, len(self.z), (n,), generator=g)
        z, paint = self.z[rows].float(), self.paint[rows].float()
        words = self.words(rows)
        t = torch.tensor(LEVELS)[torch.multinomial(torch.tensor(CHANCE), n, True, generator=g)]
        t = torch.where(self.chance(n) < 0.15, torch.randint(20, 1000, (n,), generator=g), t)
        # Mostly pure paint; else a picture with a rest of its paint, as a later step of a run sees it.
        kind = self.chance(n)
        rest = torch.where(kind < 0.6, 1.0, torch.where(kind < 0.8, self.chance(n), 0.0))
        rest = rest[:, None, None, None]
        keep = ((KEEP_NONE - t.float()) / (KEEP_NONE - KEEP_ALL)).clamp(0, 1)[:, None, None, None]
        source, target = z + rest * (paint - z), z + rest * keep * (paint - z)
        flip = (self.chance(n) < 0.5)[:, None, None, None]
        top, left = torch.randint(0, z.shape[2] - side + 1, (2,), generator=g).tolist()

        def cut(x):
            x = torch.where(flip, x.flip(3) * self.signs, x)
            return x[:, :, top:top + side, left:left + side]

        source, target = cut(source), cut(target)
        a = self.alphas[t][:, None, None, None]
        x = a.sqrt() * source + (1 - a).sqrt() * torch.randn(source.shape, generator=g)
        return [v.to(self.dev) for v in (x, t, words, target)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minutes", type=float, default=60, help="in all")
    parser.add_argument("--slice", type=float, default=1e9, help="minutes of this call")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=BATCH, help="whole latents; twice as many crops")
    parser.add_argument("--parts", action="store_true", help="leave the checkpoint also in parts of 15 MB")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    dev = device()
    run = Run(args.work, "guide", args.minutes, args.slice)
    state = run.load()
    seed_all(3 + run.step)
    pairs = Pairs(args.work, dev, 3 + run.step)
    net = UNet().to(dev)
    ema = Ema(net)
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-3)
    if state:
        net.load_state_dict(state["net"])
        ema.module.load_state_dict(state["ema"])
        ema.count = run.step
        opt.load_state_dict(state["opt"])

    def save():
        run.save(net=net.state_dict(), ema=ema.module.state_dict(), opt=opt.state_dict())

    while not run.over():
        for group in opt.param_groups:
            group["lr"] = rate(run.progress(), 8e-4)
        whole = run.step % 6 == 0
        x, t, words, target = pairs.batch(args.batch, 32) if whole else pairs.batch(args.batch * 2, 16)
        with torch.autocast(dev.type, torch.bfloat16):
            out = net(x, t, words[:, None])
        error = (out - target).pow(2).mean((1, 2, 3))
        opt.zero_grad(set_to_none=True)
        error.mean().backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        ema.update(net)
        run.step += 1
        if run.step == 1 or run.step % 50 == 0:
            run.log(error=error.mean(), low=error[t < 300].mean(), high=error[t > 700].mean())
        if run.due():
            save()
    save()
    if args.parts:
        write_parts(run.path)


if __name__ == "__main__":
    main()
