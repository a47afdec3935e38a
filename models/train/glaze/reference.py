"""The image encoder's training.

    python reference.py --model FOLDER --scenes FOLDER --pack FOLDER [--minutes 20] [--work FOLDER]

FOLDER is what `folder.py` wrote; it gets an `image_encoder` (`look.py` says what that is), and its U-Net
the entrance of `steer.py`. The encoder learns from scenes, their naive paintings and photographs how well
each caption of a dictionary fits: as well as it fits the picture's own captions. The dictionary is chosen
among those.
"""

import argparse
import json
import random
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from PIL import Image
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "compose"))
import export  # noqa: E402
import mood  # noqa: E402
import shards  # noqa: E402
import steer  # noqa: E402
from look import ENTRIES, KINDS, SHARP, SHORT, SIDE, SKY, Encoder, Eye, floats, told_sky, usual  # noqa: E402
from network import TEXT  # noqa: E402
from processes import amp  # noqa: E402
from text import plain  # noqa: E402

SOFT = 0.06  # two captions whose sentences are so much less alike fit e times less
CROPS, HELD = 24, 400  # of a photograph; scenes that are kept for judging
COLOURED = 3000  # scenes that say which colours words ask for


class Text:
    """Captions -> the model's own sentence and words, each asked once."""

    def __init__(self, model, cache):
        self.tokenizer = Tokenizer.from_file(str(model / "tokenizer" / "tokenizer.json"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(model / "text_encoder" / "model.onnx"), options)
        self.cache, self.known = cache, {}
        if cache.exists():
            self.known = torch.load(cache, weights_only=False)

    def keep(self):
        torch.save(self.known, self.cache)

    def tokens(self, caption):
        return self.tokenizer.encode(plain(caption)).ids

    def states(self, caption):
        return self.session.run(None, {"input_ids": np.array([self.tokens(caption)], np.int64)})[0][0]

    def sentences(self, captions):
        for c in captions:
            if c not in self.known:
                self.known[c] = self.states(c)[0].astype(np.float16)
        return torch.from_numpy(np.stack([self.known[c] for c in captions])).float() / TEXT**0.5


def scenes(folder, side=SIDE):
    """Records and captions of all finished shards."""
    found = [shards.records(f, side) for f in sorted(Path(folder).glob("*.bin"))]
    return np.concatenate([f[0] for f in found]), [c for f in found for c in f[1]]


def square(image, share=1.0, x=0.5, y=0.5, side=SIDE):
    """A square of `share` of the shorter side, placed by 0..1."""
    k = min(image.size) * share
    left, top = (image.width - k) * x, (image.height - k) * y
    box = (left, top, left + k, top + k)
    return np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS, box=box))


def photographs(pack, seed=7):
    """Those that may be trained on, as crops [n,CROPS,128,128,3], and the middle of those that are held out
    [n,128,128,3]; with captions and tags."""
    held = set(json.loads((HERE.parent / "holdout.json").read_text())["landscapes"])
    rng, train, kept = random.Random(seed), ([], []), ([], [])
    for entry in json.loads((Path(pack) / "landscapes.json").read_text()):
        image = Image.open(Path(pack) / entry["file"])
        told = [entry["caption"], ", ".join(entry["tags"][:5]), " ".join(entry["tags"][:3])]
        if entry["file"] in held:
            kept[0].append(square(image))
            kept[1].append(told)
            continue
        cuts = [(rng.uniform(0.7, 1), rng.random(), rng.random()) for _ in range(CROPS)]
        train[0].append(np.stack([square(image, *cut) for cut in cuts]))
        train[1].append(told)
    return (np.stack(train[0]), train[1]), (np.stack(kept[0]), kept[1])


def chosen(text, captions, rng):
    """ENTRIES captions of at most SHORT tokens that are spread as the captions are: medoids of k-means."""
    short = sorted(c for c in set(captions) if len(text.tokens(c)) <= SHORT)
    s = text.sentences(short)
    centres = s[torch.tensor(rng.sample(range(len(short)), ENTRIES))]
    for _ in range(12):
        nearest = (s @ centres.t()).argmax(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, s)
        centres = torch.where(sums.abs().sum(1, keepdim=True) > 0, F.normalize(sums, dim=1), centres)
    return sorted({short[i] for i in (centres @ s.t()).argmax(1).tolist()})


def targets(text, told, dictionary):
    """How well each caption of the dictionary fits what is told of each picture. [n,ENTRIES]"""
    rows = []
    for captions in told:
        alike = text.sentences(captions) @ dictionary.t()
        rows.append((alike / SOFT).softmax(1).mean(0))
    return torch.stack(rows)


def varied(x):
    """Views of pictures [n,3,128,128]: windows, mirrored, a little lighter or softer, with noise."""
    n = len(x)
    k = torch.empty(n).uniform_(0.6, 1)
    flip = (torch.rand(n) < 0.5).float() * -2 + 1
    at = [torch.empty(n).uniform_(-1, 1) * (1 - k) for _ in range(2)]
    zero = torch.zeros(n)
    theta = torch.stack([torch.stack([k * flip, zero, at[0]], 1), torch.stack([zero, k, at[1]], 1)], 1)
    x = F.grid_sample(x, F.affine_grid(theta, x.shape, align_corners=False), align_corners=False)
    soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    x = torch.lerp(x, soft, torch.rand(n, 1, 1, 1) * (torch.rand(n, 1, 1, 1) < 0.5))
    gain = torch.empty(n, 3, 1, 1).uniform_(-0.03, 0.03) + torch.empty(n, 1, 1, 1).uniform_(-0.1, 0.1)
    x = x * (1 + gain) + torch.empty(n, 1, 1, 1).uniform_(-0.06, 0.06)
    return (x + torch.randn_like(x) * 0.03 * torch.rand(n, 1, 1, 1)).clamp(-1, 1)


def train(eye, found, wanted, photos, photo_wanted, minutes, rate=2e-3, size=64):
    """Scenes, their naive paintings, photographs; the share of photographs is a third."""
    start, step, sums = time.time(), 0, torch.zeros(2)
    decayed = [p for p in eye.parameters() if p.dim() > 1]
    plain_ones = [p for p in eye.parameters() if p.dim() <= 1]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": plain_ones, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate)
    kinds = torch.from_numpy(np.stack([found[k] for k in ("place", "light", "season")], 1).astype(np.int64))
    while (done := (time.time() - start) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * done)) + 1e-6
        i = np.random.randint(0, len(found), size - size // 3)
        j = np.random.randint(0, len(photos), size // 3)
        drawn = (np.random.rand(len(i)) < 0.15)[:, None, None, None]
        own = np.where(drawn, found["painting"][i], found["picture"][i])
        x = varied(floats(np.concatenate([own, photos[j, np.random.randint(0, CROPS, len(j))]])))
        x = x.contiguous(memory_format=torch.channels_last)
        with amp():
            fit, told = eye(x)
        q = torch.cat([wanted[i], photo_wanted[j]])
        loss = -(q * fit.float().log_softmax(1)).sum(1).mean() + (q * q.clamp(min=1e-9).log()).sum(1).mean()
        parts = told[: len(i)].float().split(KINDS, 1)
        other = sum(F.cross_entropy(p, kinds[i, k], label_smoothing=0.05) for k, p in enumerate(parts))
        optimizer.zero_grad()
        (loss + 0.3 * other).backward()
        optimizer.step()
        sums, step = sums + torch.tensor([float(loss), float(other)]), step + 1
        if step % 100 == 0:
            kept = [round(v, 3) for v in (sums / 100).tolist()]
            print(f"{step} {done * minutes:.1f} min", kept, flush=True)
            sums = torch.zeros(2)


def train_sky(eye, found, minutes, rate=1e-2, size=64):
    """Where sky is, from what the network has learnt already."""
    eye.eval().requires_grad_(False)
    eye.sky.requires_grad_(True)
    optimizer, start = torch.optim.AdamW(eye.sky.parameters(), lr=rate), time.time()
    while (done := (time.time() - start) / 60 / minutes) < 1:
        optimizer.param_groups[0]["lr"] = rate * (1 - done)
        i = np.random.randint(0, len(found), size)
        drawn = (np.random.rand(size) < 0.2)[:, None, None, None]
        x = floats(np.where(drawn, found["painting"][i], found["picture"][i]))
        sky = torch.from_numpy((found["mask"][i] <= SKY).astype(np.float32))[:, None]
        light = torch.empty(size, 1, 1, 1).uniform_(-0.15, 0.15)
        light = light + torch.empty(size, 3, 1, 1).uniform_(-0.1, 0.1)
        x = (x * torch.empty(size, 1, 1, 1).uniform_(0.8, 1.2) + light).clamp(-1, 1)
        loss = F.binary_cross_entropy_with_logits(eye.above(x), F.avg_pool2d(sky, 8))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"sky: loss {float(loss.detach()):.3f}")


@torch.no_grad()
def seen(eye, pictures):
    eye.eval()
    made = [eye(floats(pictures[i : i + 64])) for i in range(0, len(pictures), 64)]
    return torch.cat([m[0] for m in made]), torch.cat([m[1] for m in made])


def ranks(sentences, told):
    """The rank of each picture's own caption among all of `told` by likeness; equal captions count once."""
    alike = sentences @ told.t()
    own = alike.diagonal()[:, None]
    return ((alike > own + 1e-6).sum(1) + 1).float()


def judge(eye, text, dictionary, found, captions, kept):
    sentences = F.normalize(dictionary[:, 0], dim=1)

    def said(fit):
        return F.normalize((fit * SHARP).softmax(1) @ sentences, dim=1)

    fit, kinds = seen(eye, found["picture"])
    parts = kinds.split(KINDS, 1)
    right = [
        float((p.argmax(1).numpy() == found[k]).mean())
        for p, k in zip(parts, ("place", "light", "season"), strict=True)
    ]
    painted, _ = seen(eye, found["painting"])
    own = text.sentences([c[3] for c in captions])
    photo, _ = seen(eye, kept[0])
    told = text.sentences([c[0] for c in kept[1]])
    report = {
        "place, light, season right": [round(v, 2) for v in right],
        f"rank of the caption among {len(own)}: scenes": float(ranks(said(fit), own).median()),
        "their paintings": float(ranks(said(painted), own).median()),
        f"among {len(told)}: held-out photographs": sorted(ranks(said(photo), told).int().tolist()),
    }
    print(json.dumps(report, indent=1))
    return report


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", type=Path, required=True, help="the model folder")
    p.add_argument("--scenes", required=True, help="shards of 128 x 128")
    p.add_argument("--pack", required=True, help="folder with landscapes.json")
    p.add_argument("--minutes", type=float, default=20)
    p.add_argument("--work", type=Path, default=Path("work"), help="keeps the weights, to export them anew")
    a = p.parse_args()
    torch.manual_seed(0)
    np.random.seed(0)
    a.work.mkdir(parents=True, exist_ok=True)
    rng, text = random.Random(0), Text(a.model, a.work / "sentences.pt")
    found, told = scenes(a.scenes)
    (photos, photo_told), kept = photographs(a.pack)
    own = [c for row in told[:-HELD] for c in row[2:]] + [c for row in photo_told for c in row]
    names = chosen(text, own, rng)
    names += sorted(set(own) - set(names), key=lambda c: (len(text.tokens(c)), c))[: ENTRIES - len(names)]
    dictionary = torch.zeros(ENTRIES, 1 + SHORT, TEXT)
    for i, c in enumerate(names):
        states = text.states(c)[: 1 + SHORT]
        dictionary[i, : len(states)] = torch.from_numpy(states)
    sentences = F.normalize(dictionary[:, 0], dim=1)
    drawn, mask = mood.parts(found[: mood.KNOWN])
    sky = (mask <= SKY)[:, None].float()
    known = usual(drawn, sky), usual(drawn, 1 - sky)
    saved = a.work / "eye.pt"
    eye = Eye().to(memory_format=torch.channels_last)
    if saved.exists():
        state = torch.load(saved, weights_only=False)
        eye.load_state_dict(state["eye"])
        dictionary, names = state["dictionary"], state["names"]
    else:
        wanted = targets(text, told[:-HELD], sentences)
        eye.train()
        text.keep()
        train(eye, found[:-HELD], wanted, photos, targets(text, photo_told, sentences), a.minutes)
        train_sky(eye, found[:-HELD], a.minutes / 12)
        torch.save({"eye": eye.state_dict(), "dictionary": dictionary, "names": names}, saved)
    judge(eye, text, dictionary, found[-HELD:], told[-HELD:], kept)
    encoder = Encoder(eye, dictionary, known).eval()
    example = (floats(kept[0][:1]) / 2 + 0.5 - encoder.mean) / encoder.deviation
    out = a.model / "image_encoder" / "model.onnx"
    out.parent.mkdir(parents=True, exist_ok=True)
    ports = {"input_names": ["pixel_values"], "output_names": ["image_embeds"]}
    torch.onnx.export(encoder, (example,), str(out), **ports, opset_version=17, dynamo=False)
    export.smaller(out, 8)
    export.as_json(out.with_name("config.json"), {"image_size": SIDE, "projection_dim": steer.WIDTH})
    session = onnxruntime.InferenceSession(str(out))
    with torch.no_grad():
        expected = encoder(example).numpy()
    # Without the words: which four captions tell theirs may be another's choice in int8.
    got = session.run(None, {"pixel_values": example.numpy()})[0]
    own = np.r_[0:TEXT, steer.WIDTH - steer.PALETTE : steer.WIDTH]
    apart = np.abs(got - expected)[:, own]
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB; to PyTorch {apart.max():.3f}, {apart.mean():.5f}")
    if not any(i.name == "image_embeds" for i in onnx.load(str(a.model / "unet" / "model.onnx")).graph.input):
        asked = mood.fit(text, told[:COLOURED], found[:COLOURED])
        text.keep()
        steer.export(a.work / "entrance.onnx", told_sky(drawn, mask), *asked)
        steer.add(a.model / "unet" / "model.onnx", a.work / "entrance.onnx")


if __name__ == "__main__":
    main()
