"""Trains the detail decoder on the processor: quarters of true pictures, made worse, and quarters that the
generator makes of paintings, to the whole.

    python detail.py --assets FOLDER --scenes FOLDER --generator FILE-OR-FOLDER --out FOLDER --minutes 60

`--scenes` holds shards of 512 x 512; `--generator` is a checkpoint of train.py or a model folder. Resumable.
Network, losses and how quarters are made worse are those of ../compose.
"""

import argparse
import copy
import json
import os
import random
import sys
import time
from pathlib import Path

import shipped
import torch
import torch.nn.functional as F
from folder import floats
from network import Generator, Smooth
from own import CELL, Own
from processes import HALF, Processes, amp
from weave import repeats

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
import batch as make  # noqa: E402
import losses  # noqa: E402
from critics import MaterialCritic, PixelCritic  # noqa: E402
from decoder import CLASSES, Decoder  # noqa: E402
from degrade import degraded  # noqa: E402
from features import Features  # noqa: E402
from latent import encode  # noqa: E402
from pool import Pool, Scenes, photographs  # noqa: E402
from text import Words  # noqa: E402

LAST, CROPS = torch.channels_last, (128, 160, 192, 256)
OWN = 0.4  # share of the generator's own results
MADE, EVERY = (120, 2), 8  # of those: to begin with, then so many in each of so many steps
WOVEN = 25.0  # weight of what repeats from cell to cell more than in true pictures
STROKES = 0.12  # share of the true crops with free strokes: what is drawn stays drawn


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--assets", required=True, help="folder that compose/assets.py wrote")
    p.add_argument("--scenes", required=True, help="shards of 512 x 512, more as they come")
    p.add_argument("--generator", required=True, help="a checkpoint of train.py, or a model folder")
    p.add_argument("--out", required=True)
    p.add_argument("--processes", type=int, default=2)
    p.add_argument("--from-shipped", help="begin with the decoder of this model folder")
    p.add_argument("--minutes", type=float, default=60, help="in all; the rate falls over the last third")
    p.add_argument("--steps", type=int, default=0, help="stop after as many (for a rehearsal)")
    p.add_argument("--lr", type=float, default=4e-4)
    p.add_argument("--critic-lr", type=float, default=8e-4)
    p.add_argument("--warm", type=int, default=150, help="steps before the adversary, as many to bring it in")
    p.add_argument("--capacity", type=int, default=1200, help="scenes held")
    return p.parse_args()


class Trainer:
    def __init__(self, a):
        self.a, self.out, assets = a, Path(a.out), Path(a.assets)
        self.processes = Processes(a.processes, self.out)
        torch.manual_seed(0)
        vocabulary = json.loads((assets / "vocabulary.json").read_text())
        held = json.loads((HERE.parent / "holdout.json").read_text())
        words, device = Words(assets / "words.pt"), torch.device("cpu")
        self.scenes = Pool(512, a.capacity, vocabulary, device)
        self.source = Scenes(a.scenes, self.scenes, words)
        self.own = Own(generator(Path(a.generator)), self.scenes)
        self.photos = photographs(
            assets / "pack", set(held["landscapes"]), 480, 1, vocabulary, words, device, seed=8
        )
        self.nets = {
            "decoder": Decoder(),
            "pixel": PixelCritic((48, 96, 128, 128)),
            "material": MaterialCritic(n=96),
        }
        if a.from_shipped:
            own = shipped.load(a.from_shipped)["detail"].state_dict()
            self.nets["decoder"].load_state_dict(own)
        for net in self.nets.values():
            net.to(memory_format=LAST)
        self.slow = copy.deepcopy(self.nets["decoder"]).eval().requires_grad_(False)
        self.features = Features(assets / "features.pt", stages=2).to(memory_format=LAST).eval()
        if HALF:
            self.features.bfloat16()

        def adam(names, lr):
            parameters = [p for n in names for p in self.nets[n].parameters()]
            return torch.optim.AdamW(parameters, lr, betas=(0.5, 0.99), weight_decay=1e-4, fused=True)

        self.making, self.critics = adam(("decoder",), a.lr), adam(("pixel", "material"), a.critic_lr)
        self.balance = losses.Balance((1.3, 0.3), (6.0, 40.0))
        self.step, self.seen, self.spent, self.scale = 0, 0.0, 0.0, None
        path = self.out / "detail.pt"
        if path.exists():
            self.load(torch.load(path, map_location="cpu", weights_only=False))
        self.begin = self.saved = time.time()
        random.seed(self.step + 77 * self.processes.rank)
        torch.manual_seed(self.step + 77 * self.processes.rank)

    def load(self, s):
        for k, net in self.nets.items():
            net.load_state_dict(s[k])
        self.slow.load_state_dict(s["ema"])
        self.making.load_state_dict(s["make"])
        self.critics.load_state_dict(s["critics"])
        self.step, self.seen, self.spent, self.scale, self.balance.now = (
            s[k] for k in ("step", "seen", "spent", "scale", "balance")
        )

    def save(self):
        state = {k: net.state_dict() for k, net in self.nets.items()} | {
            "ema": self.slow.state_dict(),
            "make": self.making.state_dict(),
            "critics": self.critics.state_dict(),
            "spent": self.elapsed(),
            "balance": self.balance.now,
            "step": self.step,
            "seen": self.seen,
            "scale": self.scale,
        }
        torch.save(state, self.out / "detail.tmp")
        os.replace(self.out / "detail.tmp", self.out / "detail.pt")

    def elapsed(self):
        return self.spent + time.time() - self.begin

    def crops(self, size, n):
        """True pictures and their materials; as many pixels whatever the size."""
        photos = min(n - 1, sum(random.random() < 0.4 for _ in range(n)))
        parts = [make.views(self.scenes, n - photos, (size, size), 1.0)]
        if photos:
            parts.append(make.views(self.photos, photos, (size, size), 1.0))
        truth, mask = torch.cat([p[0] for p in parts]), torch.cat([p[2] for p in parts])
        _, truth = make.strokes(truth, truth, torch.ones(n), STROKES)
        return (truth + torch.randn(n, 3, 1, 1) * 0.04).clamp(-1, 1), mask

    def batch(self):
        """fed: quarters; truth: crops of the same places; goal: what their means should be; share: of
        materials in eighths; by sample, sure: how exactly the truth is known from the quarter, and seen: how
        much of its statistics."""
        size = random.choice(CROPS)
        n = max(2, round(5 * 160**2 / size**2))
        own = min(n - 1, sum(random.random() < OWN for _ in range(n)))
        truth, mask = self.crops(size, n - own)
        latent = encode(truth)
        fed, level = degraded(latent)
        latent, fed, sure, seen = latent[:, :3], fed[:, :3], 1 / (1 + 3 * level), (1 / (1 + level)).sqrt()
        if own:
            quarter, there, where, strength = self.own.crops(own, size)
            fed, truth, mask = torch.cat([fed, quarter]), torch.cat([truth, there]), torch.cat([mask, where])
            sure, seen = torch.cat([sure, strength * 0]), torch.cat([seen, 0.8 * (1 - strength)])
        goal = torch.cat([latent, fed[n - own :]])
        fed = torch.cat([fed, fed[:, :1] * 0], 1)  # no detail channel: folder.py feeds none
        known = (mask < CLASSES)[:, None].float()
        label = F.one_hot(mask.clamp(max=CLASSES - 1).long(), CLASSES).permute(0, 3, 1, 2).float() * known
        fed, truth = (v.contiguous(memory_format=LAST) for v in (fed, truth))
        return dict(fed=fed, truth=truth, goal=goal, share=F.avg_pool2d(label, 4), sure=sure, seen=seen)

    def reconstruction(self, y, said, b, real, fake):
        mean, truth, goal, share = losses.mean, b["truth"], b["goal"], b["share"]
        sure, seen = b["sure"], b["seen"]
        aligned, local = losses.features(fake, real, self.scale, sure, seen)
        sharp, wanted = losses.laplacian(y), losses.laplacian(truth)
        sharp = (mean((sharp - wanted).abs()) * seen).mean() / (wanted.mean() + 0.02)
        pixel = (mean((y - truth).abs()) * sure).mean()
        # Own results are held to eight pixels more than to four: their finest grid is a guess.
        four = F.avg_pool2d(y, CELL)
        eight = F.avg_pool2d(four, 2) - F.avg_pool2d(goal, 2)
        firm = torch.where(sure > 0, 1.0, 0.3)
        coarse = (mean((four - goal).abs()) * firm).mean() + (mean(eight.abs()) * (1 - firm)).mean()
        # Blocks of the generator's results, drawn out, became a grid of stripes and dots.
        woven = F.relu(repeats(y) - repeats(truth)).mean()
        index = share.argmax(1).masked_fill(share.sum(1) < 0.5, -1)
        said = torch.nan_to_num(F.cross_entropy(said.float(), index, ignore_index=-1))
        rec = 0.6 * pixel + 4 * coarse + 1.2 * aligned + 3 * local + 0.3 * sharp + 0.1 * said
        return rec + WOVEN * woven, pixel, woven

    def train_step(self):
        nets = self.nets
        on = self.step >= self.a.warm
        alone = bool(self.a.from_shipped) and not on  # new critics must not undo what a trained decoder knows
        if self.step % EVERY == 0:
            self.own.make(MADE[1])
        b = self.batch()
        truth, share = b["truth"], b["share"]
        with torch.set_grad_enabled(not alone), amp():
            y, said = nets["decoder"](b["fed"], says=True)
        with torch.no_grad():
            fr = self.features(truth)
        with torch.set_grad_enabled(not alone):
            ff = self.features(y.clamp(-1.1, 1.1).contiguous(memory_format=LAST))
        if self.scale is None or self.step < 20:
            now = torch.stack([q.float().abs().mean() for q in fr])
            self.scale = now if self.scale is None else 0.9 * self.scale + 0.1 * now
        rec, pixel, woven = self.reconstruction(y, said, b, fr, ff)
        nf, nr = ([q / k for q, k in zip(f[1:], self.scale[1:], strict=True)] for f in (ff, fr))
        loss, g = rec, torch.zeros(2)
        if on:
            with amp():
                po, pf = nets["pixel"](y)
                fo = nets["material"](nf, share)[0]
                with torch.no_grad():
                    pfr = nets["pixel"](truth)[1]
            gan = losses.hinge_fake([po]) + losses.hinge_fake(fo)
            match = (
                sum((losses.mean((p - q).abs()) * b["sure"]).mean() for p, q in zip(pf, pfr, strict=True)) / 4
            )
            if self.step % 25 == 0 or self.balance.now is None:
                self.balance.measure(y, rec, (gan, match))
            ramp = 1.0 if self.a.from_shipped else min(1.0, (self.step - self.a.warm + 1) / self.a.warm)
            g = self.balance.now * ramp
            loss = rec + g[0] * gan + g[1] * match
        over = self.processes.rank == 0 and (
            self.elapsed() > self.a.minutes * 60 or bool(self.a.steps and self.step + 1 >= self.a.steps)
        )
        self.making.zero_grad(set_to_none=True)
        if not alone:
            loss.backward()
        over = self.processes.averaged(self.making, over)
        if not alone:
            torch.nn.utils.clip_grad_norm_(nets["decoder"].parameters(), 2.0)
            self.making.step()
        judged, apart = self.judge(truth, y.detach(), nr, [q.detach() for q in nf], share)
        with torch.no_grad():
            keep = min(0.997, (self.step + 1) / (self.step + 10))
            torch._foreach_lerp_(list(self.slow.parameters()), list(nets["decoder"].parameters()), 1 - keep)
        self.step += 1
        self.seen += len(truth) * (truth.shape[-1] / CROPS[0]) ** 2 * self.processes.count
        told = dict(
            pixel=pixel, rec=rec, judged=judged, apart=apart, woven=woven, gan=g[0], own=self.own.made
        )
        return over, told

    def judge(self, truth, y, nr, nf, share):
        if self.step < self.a.warm - 50 and not self.a.from_shipped:
            return 0.0, 0.0
        other = share.roll(1, 0)
        differ = (share - other).abs().sum(1).mean((1, 2)).view(-1, 1, 1, 1).clamp(max=1)
        with amp():
            real, fake = self.nets["pixel"](truth)[0], self.nets["pixel"](y)[0]
            r, wrong = self.nets["material"](nr, share, other)
            k = self.nets["material"](nf, share)[0]
        loss = losses.hinge([real], [fake]) + losses.hinge(r, k, wrong, differ)
        self.critics.zero_grad(set_to_none=True)
        loss.backward()
        self.processes.averaged(self.critics)
        self.critics.step()
        return loss, real.float().mean() - fake.float().mean()

    def rates(self):
        f = min(1.0, max(0.05, (1 - self.elapsed() / (self.a.minutes * 60)) / 0.3))
        for optimiser, lr in ((self.making, self.a.lr), (self.critics, self.a.critic_lr)):
            for g in optimiser.param_groups:
                g["lr"] = lr * f

    def run(self):
        self.source.poll(self.a.capacity)
        if not self.scenes.size:
            raise SystemExit(f"there are no shards of 512 x 512 in {self.a.scenes}; render some first")
        self.own.make(MADE[0])
        log = (self.out / "detail.jsonl").open("a") if self.processes.rank == 0 else None
        over = 0
        while not over:
            self.rates()
            over, row = self.train_step()
            if self.step % 100 == 0:
                self.source.poll(2)
            if log is None:
                continue
            if self.step % 20 == 0 or self.a.steps:
                row = {k: round(float(torch.as_tensor(v).detach()), 4) for k, v in row.items()}
                told = dict(step=self.step, crops=round(self.seen), minutes=round(self.elapsed() / 60, 2))
                log.write(json.dumps(told | row) + "\n")
                log.flush()
                print(told | row, flush=True)
            if time.time() - self.saved > 120:
                self.saved = time.time()
                self.save()
        if log:
            self.save()


def generator(given):
    """Generator and light correction of a checkpoint or of a model folder."""
    if given.is_dir():
        return shipped.load(given)
    state = torch.load(given, map_location="cpu", weights_only=False)
    nets = {"generator": Generator(), "smooth": Smooth()}
    nets["generator"].load_state_dict(floats(state["gen_ema"]))
    nets["smooth"].load_state_dict(floats(state["dec_ema"]))
    return nets


if __name__ == "__main__":
    Trainer(options()).run()
