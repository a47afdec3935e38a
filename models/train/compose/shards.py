"""Reads the shards that the scenes renderer writes (scenes/README.md has the layout)."""

from pathlib import Path

import numpy as np


def layout(side):
    return np.dtype(
        [
            ("picture", "u1", (side, side, 3)),
            ("painting", "u1", (side, side, 3)),
            ("mask", "u1", (side, side)),
            ("seed", "<u4"),
            ("variant", "u1"),
            ("flags", "u1"),
            ("small", "<u2"),
            ("place", "u1"),
            ("light", "u1"),
            ("season", "u1"),
            ("reserved", "u1", 5),
        ]
    )


# Boats and bridges count as buildings, ice as snow: the networks know sixteen materials.
MERGED = np.arange(256, dtype=np.uint8)
MERGED[[16, 17, 18]] = 11, 11, 4


def records(path, side):
    """The records of one shard and the captions of each."""
    path = Path(path)
    lines = path.with_suffix(".tsv").read_text().splitlines()
    found = np.fromfile(path, layout(side))
    if len(found) != len(lines):
        raise ValueError(f"{path} has {len(found)} records and {len(lines)} captions; render it again")
    return found, [line.split("\t")[1:] for line in lines]


def read(path, side):
    """Pictures, paintings, masks (every second pixel), captions."""
    found, captions = records(path, side)
    return found["picture"], found["painting"], MERGED[found["mask"][:, 1::2, 1::2]], captions
