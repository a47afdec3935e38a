# SPDX-License-Identifier: MIT OR Apache-2.0
"""PNG files in and out without more than Python brings, and how far two pictures are apart."""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by PNG's colour type


@dataclass
class Picture:
    width: int
    height: int
    channels: int
    bits: int
    values: list[int]  # channel by channel, pixel by pixel, row by row

    def at(self, x: int, y: int) -> list[int]:
        start = (y * self.width + x) * self.channels
        return self.values[start : start + self.channels]

    def plane(self, channel: int) -> list[int]:
        return self.values[channel :: self.channels]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write(path: Path, picture: Picture) -> Path:
    colour = {1: 0, 3: 2, 2: 4, 4: 6}[picture.channels]
    row, code = picture.width * picture.channels, "B" if picture.bits == 8 else "H"
    rows = (
        b"\0" + struct.pack(f">{row}{code}", *picture.values[y * row : (y + 1) * row])
        for y in range(picture.height)
    )
    head = struct.pack(">IIBBBBB", picture.width, picture.height, picture.bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 1)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
    )
    return path


def _unfilter(kind: int, row: bytearray, above: bytes, step: int) -> None:
    if kind == 2:
        row[:] = bytes((a + b) & 255 for a, b in zip(row, above, strict=True))
    elif kind:
        for i in range(len(row)):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            if kind == 1:
                guess = left
            elif kind == 3:
                guess = (left + above[i]) // 2
            else:
                p = left + above[i] - corner
                near = (abs(p - left), abs(p - above[i]), abs(p - corner))
                guess = (left, above[i], corner)[near.index(min(near))]
            row[i] = (row[i] + guess) & 255


def read(path: Path) -> Picture:
    data, at, packed = path.read_bytes(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    if interlaced or bits not in (8, 16) or colour not in CHANNELS:
        raise ValueError(f"{path.name}: a PNG of a kind that the tests do not read")
    channels = CHANNELS[colour]
    step, raw = channels * bits // 8, zlib.decompress(packed)
    size, above, values = width * step, bytes(width * step), []
    for y in range(height):
        start = y * (size + 1)
        row = bytearray(raw[start + 1 : start + 1 + size])
        _unfilter(raw[start], row, above, step)
        above = bytes(row)
        values.extend(row if bits == 8 else struct.unpack(f">{size // 2}H", row))
    return Picture(width, height, channels, bits, values)


def ppm(path: Path) -> bytes:
    """The pixels of a PPM of 8 bits, RGB after RGB; GIMP writes them as numbers or as bytes."""
    data = path.read_bytes()
    at, fields = 2, []
    while len(fields) < 3:  # width, height, 255; a line may be a comment
        end = data.index(b"\n", at)
        fields += data[at:end].partition(b"#")[0].split()
        at = end + 1
    if data[:2] == b"P6":
        return data[at:]
    if data[:2] == b"P3":
        return bytes(map(int, data[at:].split()))
    raise ValueError(f"{path.name} is no PPM")


def worst(a: Picture, b: Picture, across=None, down=None) -> float:
    """Largest difference of a channel, in 255ths, on these ranges of pixels (all). Shapes must be alike."""
    if (a.width, a.height, a.channels) != (b.width, b.height, b.channels):
        return math.inf
    one, other = 255 / (2**a.bits - 1), 255 / (2**b.bits - 1)
    found = -1.0  # nothing compared is no match
    for i, (p, q) in enumerate(zip(a.values, b.values, strict=True)):
        pixel = i // a.channels
        if across is None or (pixel % a.width in across and pixel // a.width in down):
            found = max(found, abs(p * one - q * other))
    return found if found >= 0 else math.inf


def _light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _code(light: float) -> float:
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def luminance(picture: Picture) -> Picture:
    """The gray that GIMP makes of RGB or RGBA: luminance in linear light."""
    most, values = 2**picture.bits - 1, []
    for i in range(0, len(picture.values), picture.channels):
        r, g, b = (_light(v / most) for v in picture.values[i : i + 3])
        values.append(round(_code(0.2225 * r + 0.7169 * g + 0.0606 * b) * most))
        values.extend(picture.values[i + 3 : i + picture.channels])
    return Picture(picture.width, picture.height, picture.channels - 2, picture.bits, values)


def painting(width: int, height: int, channels: int = 4, bits: int = 8) -> Picture:
    """A sky, a hill and a few blobs, half transparent at the right if there is an alpha channel."""
    most, values = 2**bits - 1, []
    for y in range(height):
        for x in range(width):
            u, v = (x + 0.5) / width, (y + 0.5) / height
            colour = (0.35 + 0.3 * v, 0.55 + 0.2 * v, 0.9 - 0.2 * v)
            if v > 0.6 + 0.15 * math.sin(5 * u):
                colour = (0.2, 0.45 - 0.2 * v + 0.1 * math.sin(40 * u), 0.15)
            if (u - 0.3) ** 2 + (v - 0.3) ** 2 < 0.01:
                colour = (1.0, 0.85, 0.3)
            alpha = min(1.0, max(0.0, 2.2 - 2.2 * u))
            pixel = [sum(colour) / 3] if channels < 3 else list(colour)
            if channels in (2, 4):
                pixel.append(alpha)
            values.extend(round(c * most) for c in pixel)
    return Picture(width, height, channels, bits, values)
