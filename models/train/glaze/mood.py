"""The colours that words ask for: how a sentence's sky and ground differ in colour from a usual picture's.

Ridge regression from captions' sentences to the palettes of their scenes (`look.py` says what a palette is),
both without their means, palettes without that of their place: "castle" is not to ask for what hills with
castles look like, "at night" is to ask for night. Of the places only dunes have a colour to ask for.
"""

import torch
from look import NOISE, SKY, carried, colours, floats, root, usual
from network import TEXT

SIDE, KNOWN = 64, 1500  # pixels that colours are taken of; scenes that say what is usual
RIDGE = 10.0
DUNES = 2  # ../scenes/README.md numbers places


def parts(found):
    """Paintings of records [n,3,64,64] in -1..1, and their classes [n,64,64]."""
    every = found["painting"].shape[1] // SIDE
    mask = torch.from_numpy(found["mask"][:, ::every, ::every].copy())
    return floats(found["painting"][:, ::every, ::every]), mask


def palettes(found):
    """Of each record its picture's palette, and the usual colours. [n,steer.PALETTE], [2,3]"""
    every, out = found["picture"].shape[1] // SIDE, []
    x, (drawn, mask) = floats(found["picture"][:, ::every, ::every]), parts(found)
    sky, means = (mask <= SKY)[:, None].float(), []
    for part in (sky, 1 - sky):
        own, spread = usual(drawn[:KNOWN], part[:KNOWN])
        half, inverse = root(spread + torch.eye(3) * NOISE)
        out.append(carried(*colours(x, part), own, half, inverse))
        means.append(own.view(1, 3))
    return torch.cat(out, 1), torch.cat(means)


def fit(text, told, found):
    """told: each record's captions. -> mood, middle and usual of `steer.Entrance`"""
    each = torch.tensor([i for i, captions in enumerate(told) for _ in captions])
    said = text.sentences([c for captions in told for c in captions])
    middle, (palette, means) = said.mean(0), palettes(found)
    place = torch.from_numpy(found["place"].astype(int))
    mean = palette.mean(0).expand_as(palette).clone()
    for k in set(place.tolist()) - {DUNES}:
        mean[place == k] = palette[place == k].mean(0)
    x, y = said - middle, (palette - mean)[each]
    return torch.linalg.solve(x.t() @ x + RIDGE * torch.eye(TEXT), x.t() @ y), middle, means
