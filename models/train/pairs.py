"""Make the guide's training set once: latents of pictures and of their paintings, and words."""

import argparse
import random
import re
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import paint
import pictures
import torch
from codec import Encoder
from common import seed_all
from words import Embedder

SIZE = 256
CHUNK = 100
ARTICLE = re.compile("^[aeiou]")
STATE = {}


def landscape_prompt(entry, rng):
    kind = rng.random()
    tags = [t for t in entry.tags]
    rng.shuffle(tags)
    if kind < 0.4:
        return entry.title
    if kind < 0.65:
        return ", ".join(tags[: rng.randint(1, 4)])
    if kind < 0.75:
        return " ".join(tags[: rng.randint(1, 3)])
    if kind < 0.85:
        start = rng.choice(["a photo of ", "a painting of ", "a landscape with ", "landscape, "])
        return start + (entry.title if rng.random() < 0.5 else ", ".join(tags[:2]))
    words = entry.title.split()
    return " ".join(words[: rng.randint(1, len(words))])


def object_prompt(entry, rng, colour, background, outdoors):
    name = entry.title
    kind = rng.random()
    if kind < 0.1 and entry.tags:
        return rng.choice(entry.tags)
    if kind < 0.2:
        return name + ", " + ", ".join(entry.tags[: rng.randint(1, 4)])
    if colour and rng.random() < 0.6:
        name = colour + " " + name
    if kind < 0.4:
        return name
    article = "an " if ARTICLE.match(name) else "a "
    if kind < 0.65:
        return article + name
    place = f" in front of {background}" if outdoors else f" on a {background} background"
    return article + name + place


def start(data, seed):
    torch.set_num_threads(1)
    entries = pictures.load(data)
    STATE["entries"] = entries
    STATE["land"] = [i for i, x in enumerate(entries) if x.kind == "landscape"]
    STATE["things"] = [i for i, x in enumerate(entries) if x.kind == "object"]
    STATE["seed"] = seed


def chunk(number):
    """CHUNK pairs of pictures, uint8, with the owner's index and three prompts each."""
    rng, nprng = random.Random(STATE["seed"] + number), np.random.default_rng(number)
    entries = STATE["entries"]
    landscapes = [entries[i] for i in STATE["land"]]
    targets, paints, owners, prompts = [], [], [], []
    for i in range(CHUNK):
        if i % 20 < 13:
            owner = STATE["land"][(number * 65 + i) * 7 % len(STATE["land"])]
            picture = pictures.crop(entries[owner].image, SIZE, rng)
            mask = None
            lines = [landscape_prompt(entries[owner], rng) for _ in range(3)]
        else:
            owner = rng.choice(STATE["things"])
            image = entries[owner].image
            if rng.random() < 0.2:
                image = pictures.rotate_hue(image, rng.randint(30, 226))
            colour = pictures.colour_name(image)
            picture, mask, back, out = pictures.place(image, SIZE, rng, landscapes)
            lines = [object_prompt(entries[owner], rng, colour, back, out) for _ in range(3)]
        targets.append(np.asarray(picture))
        paints.append(np.asarray(paint.simulate(picture, nprng, mask)))
        owners.append(owner)
        prompts.append(lines)
    return np.stack(targets), np.stack(paints), owners, prompts


def tensor(array):
    return torch.from_numpy(array).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minilm", required=True, help="folder with MiniLM's model.safetensors")
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    work = Path(args.work)
    seed_all(2)
    torch.set_num_threads(1)
    encoder = Encoder()
    encoder.load_state_dict(torch.load(work / "decoder.pt", weights_only=False)["encoder"])
    embed = Embedder(args.minilm, work)
    z, p, owners, prompts = [], [], [], []
    with Pool(args.processes, start, (args.data, 1000)) as pool:
        for n, (t, b, o, w) in enumerate(pool.imap(chunk, range(args.count // CHUNK))):
            z.append(encoder(tensor(t)).half())
            p.append(encoder(tensor(b)).half())
            owners += o
            prompts += w
            print(f"pairs {(n + 1) * CHUNK}", flush=True)
    lines = sorted({x for three in prompts for x in three} | {""})
    place = {x: i for i, x in enumerate(lines)}
    vectors = np.stack([embed(x) for x in lines])
    torch.save({
        "z": torch.cat(z), "paint": torch.cat(p), "owner": torch.tensor(owners),
        "prompt": torch.tensor([[place[x] for x in three] for three in prompts]),
        "lines": lines, "vectors": torch.from_numpy(vectors),
    }, work / "pairs.pt")


if __name__ == "__main__":
    main()
