"""Trains the generator on the processor: adversarial, conditional, at the noise levels that the engine runs.

    python train.py --assets FOLDER --scenes FOLDER --out FOLDER --minutes 120

Resumable: the checkpoint in OUT goes on. Run it with `nice`, it takes all that is left.
"""

import copy
import json
import os
import random
import time
from pathlib import Path

import materials
import shipped
import torch
import torch.nn.functional as F
from data import Source
from network import BLOCK, Code, Generator, Smooth, fine_noise, sigmas
from options import options
from processes import HALF, Processes, amp
from windows import Windows

import losses  # isort: skip  (compose/, found through data)
from critics import Materials, PixelCritic, Reader, SentenceCritic  # isort: skip
from features import Features  # isort: skip

# Where the network stands at what the engine runs, with half of the schedule's noise (folder.EASE): the first
# of two steps at strengths 0.3, 0.45, 0.6, 0.75, 0.9 and 1, some twice, and the second ones but for 1.
USUAL = (132, 245, 393, 393, 568, 753, 753, 874, 51, 87, 132, 184, 245)
LEAST, LARGEST = 50, 880  # the others lie between
WORDY = 0.6, 1.4, 550  # weight of the words that a picture misses: everywhere, and more from a timestep on
SELDOM, MOST = 0.1, 3.0  # a missed word that fewer captions have than this share weighs more, up to so much
SURVEYED = 150  # steps that the reader of materials learns before it is heard
OTHER, OTHER_FROM = 0.3, 540  # share of the paintings that get another scene's caption, from a timestep on
WINDOWS, ALIKE = 3, 4.0  # windows of each batch; weight of what they show otherwise than the whole
LAST = torch.channels_last


def mean(x):
    return x.float().mean((1, 2, 3))


class Trainer:
    def __init__(self, a):
        self.a, self.out = a, Path(a.out)
        self.processes = Processes(a.processes, self.out)
        self.rank = self.processes.rank
        self.source = Source(a.assets, a.scenes, self.rank, a.processes)
        self.source.poll(most=0)
        torch.manual_seed(0)
        self.nets = {
            "generator": Generator(),
            "smooth": Smooth(),
            "pixel": PixelCritic((32, 64, 128, 128)),
            "sentence": SentenceCritic(n=96),
            "reader": Reader(len(self.source.vocabulary), n=128),
            "materials": Materials(),
        }
        for net in self.nets.values():
            net.to(memory_format=LAST)
        self.slow = {
            k: copy.deepcopy(self.nets[k]).eval().requires_grad_(False) for k in ("generator", "smooth")
        }
        self.features = Features(Path(a.assets) / "features.pt").to(memory_format=LAST).eval()
        if HALF:
            self.features.bfloat16()
        self.code, self.sigma = Code(), sigmas()
        often = self.source.pool.said[: self.source.pool.size].float().mean((0, 1))
        self.seldom = materials.seldom(self.source.pool)
        self.telling = (SELDOM / often.clamp(min=1e-4)).sqrt().clamp(1, MOST)

        def adam(names, lr, decay=1e-4):
            parameters = [p for n in names for p in self.nets[n].parameters()]
            return torch.optim.AdamW(parameters, lr, betas=(0.5, 0.99), weight_decay=decay, fused=True)

        self.optimisers = {
            "make": adam(("generator", "smooth"), a.lr),
            "judge": adam(("pixel", "sentence"), a.critic_lr),
            "read": adam(("reader",), 1e-3, 1e-2),
            "survey": adam(("materials",), 1e-3, 1e-2),
        }
        self.balance = losses.Balance((1.3, 0.3, 0.35, 0.3), (3.0, 40.0, 0.3, 3.0))
        self.step = self.seen = self.surveyed = 0
        self.spent, self.scale, self.carried = 0.0, None, None
        self.shipped = False  # began with weights that ship
        path = self.out / "glaze.pt"
        if path.exists():
            self.load(torch.load(path, map_location="cpu", weights_only=False))
        elif a.from_shipped:
            critics = torch.load(a.critics, map_location="cpu", weights_only=False) if a.critics else {}
            known = {k: critics[k] for k in ("pixel", "sentence", "reader", "scale") if k in critics}
            self.load(shipped.checkpoint(shipped.load(a.from_shipped)) | known)
        self.begin = self.saved = time.time()
        random.seed(self.step + 77 * self.rank)
        torch.manual_seed(self.step + 77 * self.rank)

    def load(self, s):
        """A checkpoint, or a start: without optimisers, perhaps without the reader (its words may differ)."""
        for k, net in self.nets.items():
            if k in s:
                net.load_state_dict(s[k])
        self.slow["generator"].load_state_dict(s["gen_ema"])
        self.slow["smooth"].load_state_dict(s["dec_ema"])
        for k, o in self.optimisers.items():
            if k in s.get("optimisers", ()):
                o.load_state_dict(s["optimisers"][k])
        for k in ("step", "seen", "spent", "scale"):
            setattr(self, k, s[k])
        self.shipped = s.get("shipped", False)
        self.surveyed = s.get("surveyed", 0)
        if self.surveyed:
            self.balance.now = s["balance"]

    def save(self):
        state = {k: net.state_dict() for k, net in self.nets.items()} | {
            "gen_ema": self.slow["generator"].state_dict(),
            "dec_ema": self.slow["smooth"].state_dict(),
            "optimisers": {k: o.state_dict() for k, o in self.optimisers.items()},
            "spent": self.spent + time.time() - self.begin,
            "balance": self.balance.now,
        }
        state |= {k: getattr(self, k) for k in ("step", "seen", "surveyed", "scale", "shipped")}
        torch.save(state, self.out / "glaze.tmp")
        os.replace(self.out / "glaze.tmp", self.out / "glaze.pt")

    def first(self):
        """A batch at its first noise, and the results that go on."""
        t = torch.tensor(
            [
                random.choice(USUAL) if random.random() < 0.6 else random.randint(LEAST, LARGEST)
                for _ in range(self.a.batch)
            ]
        )
        picture, paint, sentence, tokens, mask, words, near, material = self.source.batch(t)
        s = self.sigma[t]
        start = self.code.encode(paint)
        noise = fine_noise(start)
        x = start + s.view(-1, 1, 1, 1) * noise
        # What words mean apart from the paint is learnt where they contradict it: no picture is known then.
        other = (t > OTHER_FROM) & (torch.rand(len(t)) < OTHER)
        asked = [
            torch.where(other.view(-1, *[1] * (v.dim() - 1)), v.roll(1, 0), v)
            for v in (sentence, tokens, mask, words)
        ]
        b = dict(zip(("sentence", "tokens", "mask", "words"), asked, strict=True))
        b |= dict(picture=picture, paint=paint, near=near, material=material, own=(~other).float())
        b |= dict(true_sentence=sentence, true_words=words, t=t, x=x, s=s, first=s, noise=noise)
        if self.carried:
            b = {k: torch.cat([v, self.carried[k]]) for k, v in b.items()}
        return b

    def seen_by_judges(self, y, whole, spots):
        """Views of 128 x 128: the whole picture halved, or a native crop, at one place in all of y."""

        def view(v):
            return torch.cat(
                [
                    F.avg_pool2d(v[i : i + 1], 2) if w else v[i : i + 1, :, p : p + 128, q : q + 128]
                    for i, (w, (p, q)) in enumerate(zip(whole.tolist(), spots, strict=True))
                ]
            ).contiguous(memory_format=LAST)

        return [view(v) for v in y]

    def reconstruction(self, y, b, fake, real):
        """How far from the true picture, where there is one, and at low noise from the paint."""
        w = b["own"] / (1 + b["first"]) / 0.3
        pixel, low = 0.0, 1 - (b["first"] / 1.6).clamp(max=1)
        for size in (1, 8):
            pixel = (
                pixel + (mean((F.avg_pool2d(y, size) - F.avg_pool2d(b["picture"], size)).abs()) * w).mean()
            )
        paint = 0.0
        for size, share in ((8, low), (4, (low - 0.6).clamp(min=0) * 1.5)):
            apart = mean((F.avg_pool2d(y, size) - F.avg_pool2d(b["paint"], size)).abs())
            paint = paint + (apart * w * share).mean()
        # Not by w: what the paint cannot tell is not to be punished.
        aligned, local = losses.features(fake, real, self.scale, w.sqrt(), w.sqrt())
        return 2 * pixel + 1.2 * paint + 4 * aligned + 3 * local, pixel, paint, w

    def train_step(self):
        a, nets = self.a, self.nets
        on = self.step >= a.warm
        alone = self.shipped and not on  # new critics must not undo what a trained generator knows
        b = self.first()
        n = len(b["t"])
        mute = self.step % 20 == 7
        sentence, tokens, mask = b["sentence"], b["tokens"], b["mask"]
        if mute:
            sentence, tokens, mask = sentence * 0, tokens * 0, torch.full_like(mask, -1e4)
        s = b["s"].view(-1, 1, 1, 1)
        with torch.set_grad_enabled(not alone), amp():
            scaled = (b["x"] / (s * s + 1).sqrt()).contiguous(memory_format=LAST)
            z = nets["generator"](scaled, b["t"].float(), sentence, tokens, mask)
            y = nets["smooth"](z)
        whole = (torch.rand(n) > a.crops) | b["near"]
        spots = [(8 * random.randint(0, 16), 8 * random.randint(0, 16)) for _ in range(n)]
        true, made = self.seen_by_judges((b["picture"], y), whole, spots)
        shares = materials.shares(b["material"], whole, spots)
        with torch.no_grad():
            fr = self.features(true)
        with torch.set_grad_enabled(not alone):
            ff = self.features(made.clamp(-1.1, 1.1))
        if self.scale is None or self.step < 20:
            now = torch.stack([q.float().abs().mean() for q in fr])
            self.scale = now if self.scale is None else 0.9 * self.scale + 0.1 * now
        rec, pixel, paint, w = self.reconstruction(y, b, ff, fr)
        nf, nr = ([q / k for q, k in zip(f[1:], self.scale[1:], strict=True)] for f in (ff, fr))
        loss = rec
        if on:
            with amp():
                po, pf = nets["pixel"](made)
                fo = nets["sentence"](nf, sentence)[0]
                said = nets["reader"](nf)
                shown = nets["materials"](nf)
                with torch.no_grad():
                    pfr = nets["pixel"](true)[1]
            gan = -po.float().mean() - sum(q.float().mean() for q in fo) / 2
            match = sum((mean((p - q).abs()) * w).mean() for p, q in zip(pf, pfr, strict=True)) / 4
            missed = WORDY[0] + WORDY[1] * (b["t"] > WORDY[2])
            read = self.unread(said, b["words"], whole, missed, self.telling)
            absent = materials.absent(shown, shares * self.seldom, b["own"])
            if not mute and (self.step % 25 == 0 or self.balance.now is None):
                self.balance.measure(y, rec, (gan, match, read, absent))
            if self.balance.now is not None:
                # A trained generator would unlearn its texture while the adversary is brought in.
                share = 1.0 if self.shipped else min(1.0, (self.step - a.warm + 1) / a.warm)
                g = self.balance.now * share
                loss = rec + g[0] * gan + g[1] * match + (0 if mute else g[2]) * read
                loss = loss + (self.surveyed >= SURVEYED) * g[3] * absent
        apart = 0.0
        if not alone:
            apart = self.windows(b, y.detach().float(), sentence, tokens, mask)
            loss = loss + ALIKE * apart
        self.optimisers["make"].zero_grad(set_to_none=True)
        if not alone:
            loss.backward()
        over = self.rank == 0 and (
            self.elapsed() > a.minutes * 60 or bool(a.steps and self.step + 1 >= a.steps)
        )
        over = self.processes.averaged(self.optimisers["make"], over)
        parameters = self.optimisers["make"].param_groups[0]["params"]
        norm = 0.0
        if not alone:
            norm = torch.nn.utils.clip_grad_norm_(parameters, 2.0)
            self.optimisers["make"].step()
        own = b["true_sentence"] * (not mute)
        judged = self.judge(true, made.detach(), nr, [q.detach() for q in nf], own, sentence)
        with amp():
            said = nets["reader"](nr)
        read = self.unread(said, b["true_words"], whole)
        self.update("read", read)
        with amp():
            survey = materials.unread(nets["materials"](nr), shares * self.seldom)
        self.update("survey", survey)
        self.surveyed += 1
        self.follow(b, z.detach())
        self.step, self.seen = self.step + 1, self.seen + n * a.processes
        told = dict(pixel=pixel, paint=paint, rec=rec, judged=judged, read=read, survey=survey, norm=norm)
        told |= dict(apart=apart)
        return over, told

    def windows(self, b, y, *words):
        """How far strokes' windows on some of what was made [n,3,h,w] are from it."""
        rows = random.sample(range(self.a.batch), min(WINDOWS, self.a.batch))
        parts, words = Windows(rows, y.shape[-1] // BLOCK), [v[rows] for v in words]
        s, t = b["s"][rows].view(-1, 1, 1, 1), b["t"][rows].float()
        x, paint = b["x"][rows], b["paint"]

        def made(x, crop=None):
            x = (x / (s * s + 1).sqrt()).contiguous(memory_format=LAST)
            return self.nets["generator"](x, t, *words, crop=crop)

        with torch.no_grad(), amp():
            before = parts.before(paint, BLOCK)
            last = made(x + self.code.encode(before - paint[rows]))
        with amp():
            z = made(parts.held(x, last + s * b["noise"][rows]), parts.crop)
            return parts.apart(self.nets["smooth"](z), y[rows])

    @staticmethod
    def unread(said, words, whole, weight=1.0, telling=None):
        """What the reader gets wrong of the caption's words, on whole pictures; weight: [n] or one; telling
        [words]: how much more a word weighs that is said and missed."""
        wrong = F.binary_cross_entropy_with_logits(said.float(), words, pos_weight=telling, reduction="none")
        wrong = wrong.sum(1)
        return (wrong * weight * whole).sum() / whole.sum().clamp(min=1)

    def update(self, name, loss):
        self.optimisers[name].zero_grad(set_to_none=True)
        loss.backward()
        self.processes.averaged(self.optimisers[name])
        self.optimisers[name].step()

    def judge(self, true, made, nr, nf, sentence, asked):
        """One step of the critics; sentence: of the true pictures, asked: of what was made. [n,text]"""
        if self.step < self.a.warm - 30 and not self.shipped:
            return 0.0
        with amp():
            real, fake = self.nets["pixel"](true)[0], self.nets["pixel"](made)[0]
            r, wrong = self.nets["sentence"](nr, sentence, sentence.roll(1, 0))
            k = self.nets["sentence"](nf, asked)[0]
        loss = losses.hinge([real], [fake]) + 1.5 * losses.hinge(r, k, wrong)
        self.update("judge", loss)
        return loss

    @torch.no_grad()
    def follow(self, b, z):
        """The slow copies; and which results go on at a lower noise, as the engine's second runs do."""
        keep = min(0.993, (self.step + 1) / (self.step + 10))
        for k, slow in self.slow.items():
            torch._foreach_lerp_(list(slow.parameters()), list(self.nets[k].parameters()), 1 - keep)
        rows = [i for i in range(self.a.batch) if b["t"][i] > 180]
        random.shuffle(rows)
        rows = rows[: self.a.carry]
        if not rows:
            self.carried = None
            return
        t = b["t"][rows]
        lower = torch.where(torch.rand(len(rows)) < 0.5, t - torch.randint(100, 250, t.shape), t // 2).clamp(
            min=LEAST
        )
        s = self.sigma[lower]
        x = z[rows] + (b["x"][rows] - z[rows]) * (s / b["s"][rows]).view(-1, 1, 1, 1)
        self.carried = {k: v[rows] for k, v in b.items()} | dict(t=lower, s=s, x=x)

    def elapsed(self):
        return self.spent + time.time() - self.begin

    def rates(self):
        left = 1 - self.elapsed() / (self.a.minutes * 60)
        f = min(1.0, max(0.03, left / 0.3))
        first = self.a.warm if self.shipped else 0
        make = self.a.lr * max(0, min(1, (self.step - first + 1) / 30))
        for name, lr in (("make", make), ("judge", self.a.critic_lr)):
            for g in self.optimisers[name].param_groups:
                g["lr"] = lr * f

    def run(self):
        if not self.source.pool.size:
            raise SystemExit(f"there are no shards of 256 x 256 in {self.a.scenes}; render some first")
        log = (self.out / "glaze.jsonl").open("a") if self.rank == 0 else None
        over = 0
        while not over:
            self.rates()
            if time.time() - self.source.looked > 300:
                self.source.poll()
            over, row = self.train_step()
            if self.rank:
                continue
            if self.step % 20 == 0 or self.a.steps:
                row = {k: round(float(torch.as_tensor(v).detach()), 4) for k, v in row.items()}
                row = dict(step=self.step, seen=self.seen, minutes=round(self.elapsed() / 60, 2), **row)
                log.write(json.dumps(row) + "\n")
                log.flush()
                print(row, flush=True)
            if time.time() - self.saved > 120:
                self.saved = time.time()
                self.save()
        if self.rank == 0:
            self.save()


if __name__ == "__main__":
    Trainer(options(__doc__)).run()
