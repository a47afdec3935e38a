"""Named objects: their thumbnails, and how a prompt finds one.

A name is found where its tokens stand in a row in the prompt; the longest wins. What the scenes themselves
have
(places, weather, and each word of the scenes' vocabulary) is left to the words.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from batch import thing_tokens
from PIL import Image
from text import plain, words
from torch import nn
from unet import THING

LONGEST = 4  # tokens of a name
LEFT_OUT = ("place", "weather")


def thumbnails(pack, entries):
    """[n,THING,THING,4] bytes, premultiplied."""
    out = []
    for e in entries:
        image = Image.open(Path(pack) / e["file"]).convert("RGBA").resize((256, 256))
        rgba = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
        flat = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], 1)
        out.append(F.interpolate(flat, (THING, THING), mode="area"))
    return (torch.cat(out).permute(0, 2, 3, 1) * 255 + 0.5).to(torch.uint8)


def names(entries, vocabulary):
    """(phrase, index, rank) of all that may be said for an object: names before plurals before a name's
    last word."""
    taken, out = set(), []

    def say(phrase, index, rank):
        phrase = plain(phrase)
        if phrase and phrase not in taken and not words(phrase) <= set(vocabulary):
            taken.add(phrase)
            out.append((phrase, index, rank))

    for i, e in enumerate(entries):
        say(e["name"], i, 2)
    for i, e in enumerate(entries):
        say(e["name"] + "s", i, 2)
    for i, e in enumerate(entries):
        last = e["name"].split()[-1]
        if last in e["keywords"] and len(last) > 2:
            say(last, i, 1)
    return out


class Things(nn.Module):
    """input_ids [1,L] -> [1,THINGS,TEXT]: the tokens of the object that the prompt names, or zeros."""

    def __init__(self, pack, vocabulary, tokenizer):
        super().__init__()
        entries = [
            e for e in json.loads((Path(pack) / "objects.json").read_text()) if e["group"] not in LEFT_OUT
        ]
        table, owner, rank = [], [], []
        for phrase, index, r in names(entries, vocabulary):
            ids = tokenizer.encode(phrase).ids[1:-1]
            if 0 < len(ids) <= LONGEST and min(ids) > 0:
                table.append(ids + [0] * (LONGEST - len(ids)))
                owner.append(index)
                rank.append(2 * len(ids) + r / 2)
        self.register_buffer("bank", thumbnails(pack, entries))
        self.register_buffer("table", torch.tensor(table))
        self.register_buffer("owner", torch.tensor(owner))
        self.register_buffer("rank", torch.tensor(rank, dtype=torch.float32))
        self.entries = entries

    def forward(self, input_ids):
        ids = F.pad(input_ids[0], (0, LONGEST))
        length = input_ids.shape[1]
        rows = torch.stack([ids[i : i + length] for i in range(LONGEST)], 1)  # [L,LONGEST]
        same = (rows[:, None] == self.table[None]) | (self.table[None] == 0)
        found = same.to(torch.float32).prod(2).amax(0) * self.rank
        best = found.argmax()
        thumb = self.bank[self.owner[best]].float() / 255
        there = (found.amax() > 0).to(torch.float32)
        return thing_tokens(thumb[None]) * there
