"""What the model recalls: the pack's pictures as latents, nine bytes a cell."""

import argparse
from pathlib import Path

import numpy as np
import pictures
import torch
from codec import CHANNELS, Encoder
from PIL import Image
from recall import ORDER, SIDE, THING
from words import REACH, Embedder

# Drawings of whole scenes are pictures in a frame: as objects they would be pasted over the painting.
SCENES = {"volcano", "mountain", "snow-capped mountain", "mount fuji", "camping", "beach with umbrella",
          "desert island", "water wave", "fog", "milky way", "motorway", "railway track"}


def tensor(image):
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None].float() / 127.5 - 1


def crops(image):
    """The left and right square of a wide photograph, its middle twice of another."""
    width, height = image.size
    side = min(width, height)
    if width > 1.5 * height:
        boxes = [(0, 0, side, side), (width - side, 0, width, side)]
    else:
        x, y = (width - side) // 2, (height - side) // 2
        boxes = [(x, y, x + side, y + side)] * 2
    return [image.resize((SIDE * 8, SIDE * 8), Image.Resampling.LANCZOS, box=b) for b in boxes]


def is_scene(entry):
    alpha = np.asarray(entry.image.getchannel("A")) > 128
    rows, columns = np.nonzero(alpha.any(1))[0], np.nonzero(alpha.any(0))[0]
    box = np.ptp(rows) * np.ptp(columns)
    framed = alpha.sum() > 0.955 * box > 0.5 * alpha.size
    outdoors = {"night", "sun", "landscape", "sky", "place", "star", "space", "desert", "building"}
    return entry.title in SCENES or framed and bool(outdoors & set(entry.tags + entry.title.split()))


def thing(entry, encoder):
    """A drawing on near-white: its latents and how much of each cell it covers. [13, THING, THING]"""
    side = THING * 8
    image = entry.image.resize((side, side), Image.Resampling.LANCZOS)
    ground = Image.new("RGB", (side, side), (250, 250, 250))
    ground.paste(image, (0, 0), image)
    cover = torch.from_numpy(np.array(image.getchannel("A"))).float() / 255
    cover = cover.view(1, THING, 8, THING, 8).mean((2, 4))
    return torch.cat([encoder(tensor(ground))[0], cover])


def look(z):
    """What a picture is made of: mean and spread of each channel in three bands. [b, 72]"""
    bands = z.unflatten(2, (3, -1)) if z.shape[2] % 3 == 0 else None
    if bands is None:
        z = torch.nn.functional.interpolate(z, size=(33, 33), mode="nearest")
        bands = z.unflatten(2, (3, 11))
    return torch.cat([bands.mean((3, 4)), bands.std((3, 4))], 1).flatten(1)


def memory(entries, encoder, embed):
    """Keys (captions, tags, names) with their owners, and each picture's look."""
    keys, owner, values = [], [], []
    for i, entry in enumerate(entries):
        if entry.kind == "landscape":
            picture = entry.image.resize((SIDE * 8, SIDE * 8))
            lines = [entry.title, ", ".join(entry.tags)]
        else:
            picture = Image.new("RGB", entry.image.size, (250, 250, 250))
            picture.paste(entry.image, (0, 0), entry.image)
            lines = [entry.title, entry.title + ", " + ", ".join(entry.tags[:4])]
        values.append(look(encoder(tensor(picture)))[0].numpy())
        for line in lines:
            keys.append(embed(line))
            owner.append(i)
    values = np.stack(values)
    values = (values - values.mean(0)) / values.std(0)
    return np.stack(keys).astype(np.float32), np.array(owner), values.astype(np.float32)


def pack(z):
    """[n, 12 or 13, h, w] -> uint8 [n, 9, h, w]: bytes of colour and slope, then four of two nibbles each."""
    base = (z[:, ORDER[:3]] / REACH[0] * 127).round().clamp(-127, 127) + 128
    slope = (z[:, ORDER[3:5]] / REACH[1] * 127).round().clamp(-127, 127) + 128
    detail = (z[:, ORDER[5:]] / REACH[1] * 7).round().clamp(-7, 7) + 8
    last = (z[:, CHANNELS:] * 15).round() if z.shape[1] > CHANNELS else torch.zeros_like(z[:, :1])
    detail = torch.cat([detail, last], 1)
    return torch.cat([base, slope, detail[:, :4] * 16 + detail[:, 4:]], 1).numpy().astype(np.uint8)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minilm", required=True, help="folder with MiniLM's model.safetensors")
    args = parser.parse_args()
    work = Path(args.work)
    torch.set_num_threads(1)
    encoder = Encoder()
    encoder.load_state_dict(torch.load(work / "decoder.pt", weights_only=False)["encoder"])
    land, things, land_owners, thing_owners, titles = [], [], [], [], []
    entries = pictures.load(args.data)
    keys, owner, values = memory(entries, encoder, Embedder(args.minilm, work))
    np.savez(work / "memory.npz", keys=keys, owner=owner, values=values)
    for i, entry in enumerate(entries):
        if entry.kind == "landscape":
            land.append(torch.cat([encoder(tensor(c)) for c in crops(entry.image)]))
            land_owners.append(i)
        elif not is_scene(entry):
            things.append(thing(entry, encoder)[None])
            thing_owners.append(i)
            titles.append(entry.title)
    np.savez(work / "bank.npz", land=pack(torch.cat(land)), things=pack(torch.cat(things)),
             land_owners=np.array(land_owners), thing_owners=np.array(thing_owners),
             titles=np.array(titles))
    print(len(land), "landscapes,", len(things), "objects")


if __name__ == "__main__":
    main()
