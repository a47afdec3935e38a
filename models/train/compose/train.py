"""Trains composing network, image encoder and detail decoder together, on whatever device there is.

    python train.py --assets FOLDER --scenes FOLDER --out FOLDER --minutes 10

Scenes are taken as the renderer finishes them. Resumable: the checkpoint in OUT goes on. One slice or many;
--total says over how many minutes the learning rate falls.
"""

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from composing import Composing
from decoding import Decoding
from features import Features
from gathering import Gathering
from latent import sigmas
from pool import Pool, Scenes, objects, photographs
from sample import sheet
from state import LAST, State
from text import Words

sys.path.append(str(Path(__file__).resolve().parent.parent))  # the paintings drawn by hand


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        "--assets", required=True, help="words.pt, features.pt, pack/, vocabulary.json, perhaps decoder.pt"
    )
    p.add_argument("--scenes", required=True, help="folder with 256/ and 512/, filled by the renderer")
    p.add_argument("--out", required=True)
    p.add_argument("--init", help="small copy to begin with where OUT has no checkpoint (release.py)")
    p.add_argument("--minutes", type=float, default=10)
    p.add_argument("--total", type=float, default=0, help="minutes in all (default: this slice's)")
    p.add_argument("--batch", type=int, default=96)
    p.add_argument("--carry", type=int, default=24)
    p.add_argument("--crops", type=int, default=16, help="crops of the decoder's own, of 256 pixels")
    p.add_argument("--lr", type=float, default=5e-4)
    p.add_argument("--critic-lr", type=float, default=7e-4)
    p.add_argument(
        "--warm", type=int, default=300, help="steps before the adversary, and as many to bring it in"
    )
    p.add_argument("--sheet-every", type=float, default=120, help="seconds")
    p.add_argument("--capacity", type=int, nargs=2, default=(26000, 5000))
    p.add_argument("--patience", type=float, default=120, help="seconds to wait for the first scenes")
    p.add_argument("--steps", type=int, default=0, help="stop after as many (for a rehearsal)")
    return p.parse_args()


class Trainer(State, Gathering, Composing, Decoding):
    def __init__(self, a):
        self.a, self.out = a, Path(a.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.begin = time.time()
        # Few tries: three shapes and two batch sizes make many kinds of convolution, and a card costs by
        # the minute.
        torch.backends.cudnn.benchmark, torch.backends.cudnn.benchmark_limit = True, 3
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        assets = Path(a.assets)
        self.vocabulary = json.loads((assets / "vocabulary.json").read_text())
        held = json.loads((Path(__file__).resolve().parent.parent / "holdout.json").read_text())
        held = set(held["landscapes"]) | set(held["objects"])
        self.words = Words(assets / "words.pt").to(self.device)
        self.features = (
            Features(assets / "features.pt").to(self.device, torch.bfloat16).to(memory_format=LAST).eval()
        )
        self.small = Pool(256, a.capacity[0], self.vocabulary, self.device)
        self.large = Pool(512, a.capacity[1], self.vocabulary, self.device)
        self.sources = [Scenes(Path(a.scenes) / str(p.side), p, self.words) for p in (self.small, self.large)]
        pack = assets / "pack"
        self.photos = photographs(pack, held, 256, 5, self.vocabulary, self.words, self.device)
        self.photos_large = photographs(pack, held, 480, 2, self.vocabulary, self.words, self.device, seed=8)
        self.drawings, self.names = objects(pack, held, self.device)
        self.nothing = self.words([""])
        self.sigma = sigmas().to(self.device)
        self.build(assets)
        self.say(f"ready: {len(self.photos_large.captions)} photographs' crops, {len(self.names)} objects")

    def say(self, text):
        print(f"{time.time() - self.begin:7.1f} s  {text}", flush=True)

    def run(self):
        a = self.a
        while self.small.size < min(64, a.capacity[0]):
            for s in self.sources:
                s.poll(4)
            if time.time() - self.begin > a.patience:
                raise SystemExit(
                    f"no scenes came to {a.scenes} in {a.patience:.0f} s; is the renderer running?"
                )
            time.sleep(0.2)
        self.say(f"begins with {self.small.size} and {self.large.size} scenes")
        from scenes import HAND

        rows = [(draw(), prompt, None) for draw, prompt in HAND]
        log = (self.out / "log.jsonl").open("a")
        drawn = saved = time.time()
        last, at = self.step, time.time()
        while time.time() - self.begin < a.minutes * 60 and not (a.steps and self.step >= a.steps):
            if self.step % 4 == 0:
                for s in self.sources:
                    s.poll(1)
            row = self.train_step()
            if self.step % 50 == 0 or self.step <= 3 or a.steps:
                row = {k: round(float(torch.as_tensor(v).detach()), 4) for k, v in row.items()}
                now = time.time()
                row = dict(
                    step=self.step,
                    s=round(now - self.begin),
                    seen=self.seen,
                    crops=self.crops,
                    scenes=[self.small.size, self.large.size],
                    rate=round((self.step - last) / (now - at), 2),
                    joint=round(float(self.joint), 4),
                    **row,
                )
                if self.balance.now is not None:
                    row["balance"] = [round(v, 3) for v in self.balance.now.tolist()]
                last, at = self.step, now
                log.write(json.dumps(row) + "\n")
                log.flush()
                if self.step % 200 == 0 or self.step <= 3 or a.steps:
                    print(row, flush=True)
                if (self.out / "minutes").exists():
                    a.minutes = float((self.out / "minutes").read_text())
                self.guard(np.isfinite([row["norm"], row["pixel"]]).all())
            if time.time() - drawn > a.sheet_every:
                drawn = time.time()
                sheet(
                    self.ema["unet"], self.ema["decoder"], self.words, rows, self.out / "sheet.jpg", shown=224
                )
            if time.time() - saved > 120:
                saved = time.time()
                self.save()
        sheet(self.ema["unet"], self.ema["decoder"], self.words, rows, self.out / "sheet.jpg", shown=224)
        self.save()
        self.say(f"done: step {self.step}, {self.seen} samples, {self.crops} crops")


if __name__ == "__main__":
    random.seed(os.getpid())
    Trainer(options()).run()
