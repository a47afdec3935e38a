# SPDX-License-Identifier: MIT OR Apache-2.0
"""Colour profiles of matrix and curve, as ICC version 2 has them, made from published primaries."""

from __future__ import annotations

import struct
from pathlib import Path

# Name, red, green and blue in XYZ under D50, the power of the curve.
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
PROPHOTO = ((0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491))
SPACES = [("Adobe RGB", ADOBE, 2.19921875), ("Display P3", P3, 2.2), ("ProPhoto", PROPHOTO, 1.8)]


def _s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def write(path: Path, primaries, power: float) -> Path:
    xyz = [b"XYZ \0\0\0\0" + b"".join(map(_s15, colour)) for colour in ((0.9642, 1.0, 0.8249), *primaries)]
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(power * 256)) + b"\0\0"
    name = path.stem.encode() + b"\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78
    text += b"\0" * (-len(text) % 4)
    tags = [(b"desc", text), (b"cprt", b"text\0\0\0\0none\0\0\0\0"), (b"wtpt", xyz[0])]
    tags += [(kind, data) for kind, data in zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz[1:], strict=True)]
    tags += [(kind, curve) for kind in (b"rTRC", b"gTRC", b"bTRC")]
    table, data, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for kind, body in tags:
        table += kind + struct.pack(">II", at + len(data), len(body))
        data += body
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(table) + len(data), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += b"".join(map(_s15, (0.9642, 1.0, 0.8249)))
    path.write_bytes(head + b"\0" * (128 - len(head)) + table + data)
    return path
