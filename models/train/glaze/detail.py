"""Trains the detail decoder on the processor: quarters of true pictures, made worse, back to the whole.

    python detail.py --assets FOLDER --scenes FOLDER --out FOLDER --minutes 60

`--scenes` holds shards of 512 x 512. Resumable. Network, losses and what it is fed are those of ../compose.
"""

import argparse
import copy
import json
import os
import random
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

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


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--assets", required=True, help="folder that compose/assets.py wrote")
    p.add_argument("--scenes", required=True, help="shards of 512 x 512, more as they come")
    p.add_argument("--out", required=True)
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
        self.out.mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(1)
        torch.manual_seed(0)
        vocabulary = json.loads((assets / "vocabulary.json").read_text())
        held = json.loads((HERE.parent / "holdout.json").read_text())
        words, device = Words(assets / "words.pt"), torch.device("cpu")
        self.scenes = Pool(512, a.capacity, vocabulary, device)
        self.source = Scenes(a.scenes, self.scenes, words)
        self.photos = photographs(
            assets / "pack", set(held["landscapes"]), 480, 1, vocabulary, words, device, seed=8
        )
        self.nets = {
            "decoder": Decoder(),
            "pixel": PixelCritic((32, 64, 96, 96)),
            "material": MaterialCritic(n=64),
        }
        for net in self.nets.values():
            net.to(memory_format=LAST)
        self.slow = copy.deepcopy(self.nets["decoder"]).eval().requires_grad_(False)
        self.features = Features(assets / "features.pt", stages=2).bfloat16().to(memory_format=LAST).eval()

        def adam(names, lr):
            parameters = [p for n in names for p in self.nets[n].parameters()]
            return torch.optim.AdamW(parameters, lr, betas=(0.5, 0.99), weight_decay=1e-4, fused=True)

        self.make, self.critics = adam(("decoder",), a.lr), adam(("pixel", "material"), a.critic_lr)
        self.balance = losses.Balance((1.3, 0.3), (6.0, 40.0))
        self.step, self.spent, self.scale = 0, 0.0, None
        path = self.out / "detail.pt"
        if path.exists():
            self.load(torch.load(path, map_location="cpu", weights_only=False))
        self.begin = self.saved = time.time()
        random.seed(self.step)

    def load(self, s):
        for k, net in self.nets.items():
            net.load_state_dict(s[k])
        self.slow.load_state_dict(s["ema"])
        self.make.load_state_dict(s["make"])
        self.critics.load_state_dict(s["critics"])
        self.step, self.spent, self.scale, self.balance.now = (
            s[k] for k in ("step", "spent", "scale", "balance")
        )

    def save(self):
        state = {k: net.state_dict() for k, net in self.nets.items()} | {
            "ema": self.slow.state_dict(),
            "make": self.make.state_dict(),
            "critics": self.critics.state_dict(),
            "spent": self.elapsed(),
            "balance": self.balance.now,
            "step": self.step,
            "scale": self.scale,
        }
        torch.save(state, self.out / "detail.tmp")
        os.replace(self.out / "detail.tmp", self.out / "detail.pt")

    def elapsed(self):
        return self.spent + time.time() - self.begin

    def crops(self):
        """True pictures and the share of each material in their eighths; as many pixels whatever the size."""
        size = random.choice(CROPS)
        n = max(2, round(5 * 160**2 / size**2))
        photos = min(n - 1, sum(random.random() < 0.4 for _ in range(n)))
        parts = [make.views(self.scenes, n - photos, (size, size), 1.0)]
        if photos:
            parts.append(make.views(self.photos, photos, (size, size), 1.0))
        truth, mask = torch.cat([p[0] for p in parts]), torch.cat([p[2] for p in parts])
        truth = (truth + torch.randn(n, 3, 1, 1) * 0.04).clamp(-1, 1)
        known = (mask < CLASSES)[:, None].float()
        label = F.one_hot(mask.clamp(max=CLASSES - 1).long(), CLASSES).permute(0, 3, 1, 2).float() * known
        return truth.contiguous(memory_format=LAST), F.avg_pool2d(label, 4)

    def reconstruction(self, y, truth, latent, level, said, share, real, fake):
        mean, sure = losses.mean, 1 / (1 + 3 * level)
        seen = (1 / (1 + level)).sqrt()
        aligned, local = losses.features(fake, real, self.scale, sure, seen)
        sharp, wanted = losses.laplacian(y), losses.laplacian(truth)
        sharp = (mean((sharp - wanted).abs()) * seen).mean() / (wanted.mean() + 0.02)
        pixel = (mean((y - truth).abs()) * sure).mean()
        coarse = mean((F.avg_pool2d(y, 4) - latent[:, :3]).abs()).mean()
        index = share.argmax(1).masked_fill(share.sum(1) < 0.5, -1)
        said = torch.nan_to_num(F.cross_entropy(said.float(), index, ignore_index=-1))
        return 0.6 * pixel + 4 * coarse + 1.2 * aligned + 3 * local + 0.3 * sharp + 0.1 * said, pixel, sure

    def train_step(self):
        nets, amp = self.nets, torch.autocast("cpu", torch.bfloat16)
        truth, share = self.crops()
        latent = encode(truth)
        fed, level = degraded(latent)
        fed = torch.cat([fed[:, :3], fed[:, 3:] * 0], 1)  # no detail channel: folder.py feeds none
        with amp:
            y, said = nets["decoder"](fed.contiguous(memory_format=LAST), says=True)
        with torch.no_grad():
            fr = self.features(truth)
        ff = self.features(y.clamp(-1.1, 1.1).contiguous(memory_format=LAST))
        if self.scale is None or self.step < 20:
            now = torch.stack([q.float().abs().mean() for q in fr])
            self.scale = now if self.scale is None else 0.9 * self.scale + 0.1 * now
        rec, pixel, sure = self.reconstruction(y, truth, latent, level, said, share, fr, ff)
        nf, nr = ([q / k for q, k in zip(f[1:], self.scale[1:], strict=True)] for f in (ff, fr))
        loss = rec
        if self.step >= self.a.warm:
            with amp:
                po, pf = nets["pixel"](y)
                fo = nets["material"](nf, share)[0]
                with torch.no_grad():
                    pfr = nets["pixel"](truth)[1]
            gan = losses.hinge_fake([po]) + losses.hinge_fake(fo)
            match = sum((losses.mean((p - q).abs()) * sure).mean() for p, q in zip(pf, pfr, strict=True)) / 4
            if self.step % 25 == 0 or self.balance.now is None:
                self.balance.measure(y, rec, (gan, match))
            g = self.balance.now * min(1.0, (self.step - self.a.warm + 1) / self.a.warm)
            loss = rec + g[0] * gan + g[1] * match
        self.make.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(nets["decoder"].parameters(), 2.0)
        self.make.step()
        judged = self.judge(truth, y.detach(), nr, [q.detach() for q in nf], share)
        with torch.no_grad():
            keep = min(0.995, (self.step + 1) / (self.step + 10))
            torch._foreach_lerp_(list(self.slow.parameters()), list(nets["decoder"].parameters()), 1 - keep)
        self.step += 1
        return dict(pixel=pixel, rec=rec, judged=judged)

    def judge(self, truth, y, nr, nf, share):
        if self.step < self.a.warm - 50:
            return 0.0
        other = share.roll(1, 0)
        differ = (share - other).abs().sum(1).mean((1, 2)).view(-1, 1, 1, 1).clamp(max=1)
        with torch.autocast("cpu", torch.bfloat16):
            real, fake = self.nets["pixel"](truth)[0], self.nets["pixel"](y)[0]
            r, wrong = self.nets["material"](nr, share, other)
            k = self.nets["material"](nf, share)[0]
        loss = losses.hinge([real], [fake]) + losses.hinge(r, k, wrong, differ)
        self.critics.zero_grad(set_to_none=True)
        loss.backward()
        self.critics.step()
        return loss

    def run(self):
        self.source.poll(self.a.capacity)
        if not self.scenes.size:
            raise SystemExit(f"there are no shards of 512 x 512 in {self.a.scenes}; render some first")
        with (self.out / "detail.jsonl").open("a") as log:
            while self.elapsed() < self.a.minutes * 60 and not (self.a.steps and self.step >= self.a.steps):
                f = min(1.0, max(0.25, (1 - self.elapsed() / (self.a.minutes * 60)) / 0.3))
                for optimiser, lr in ((self.make, self.a.lr), (self.critics, self.a.critic_lr)):
                    for g in optimiser.param_groups:
                        g["lr"] = lr * f
                row = self.train_step()
                if self.step % 20 == 0 or self.a.steps:
                    row = {k: round(float(torch.as_tensor(v).detach()), 4) for k, v in row.items()}
                    row = dict(step=self.step, minutes=round(self.elapsed() / 60, 2), **row)
                    log.write(json.dumps(row) + "\n")
                    log.flush()
                    print(row, flush=True)
                if self.step % 100 == 0:
                    self.source.poll(2)
                if time.time() - self.saved > 120:
                    self.saved = time.time()
                    self.save()
        self.save()


if __name__ == "__main__":
    Trainer(options()).run()
