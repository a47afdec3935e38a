# SPDX-License-Identifier: GPL-3.0-or-later
"""Krita's pixels in the engine's terms: formats, buffers without copies, selections."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from . import abi, spaces
from .engine import SRGB, Space
from .library import ScumbleError
from .qt import QtCore, tr


class Refused(ScumbleError):
    """The document is of a kind that no live layer can be made in; the text says what to do."""


@dataclass(frozen=True)
class PixelFormat:
    number: int
    bytes_per_pixel: int
    space: Space = SRGB


# depth: (sRGB-encoded, linear, bytes a pixel). Krita keeps integers as B, G, R, A and floats as R, G, B, A.
DEPTHS = {
    "U8": (abi.FORMAT_BGRA8, abi.FORMAT_BGRA8_LINEAR, 4),
    "U16": (abi.FORMAT_BGRA16, abi.FORMAT_BGRA16_LINEAR, 8),
    "F16": (abi.FORMAT_RGBAF16, abi.FORMAT_RGBAF16_LINEAR, 8),
    "F32": (abi.FORMAT_RGBAF32, abi.FORMAT_RGBAF32_LINEAR, 16),
}


def pixel_format(model: str, depth: str, profile: str) -> PixelFormat:
    """The engine's name for a layer's pixels."""
    if model != "RGBA":
        raise Refused(
            tr("Scumble renders RGB documents; this one is {model}. Use Image > Convert Image Color Space.")
            .format(model=model or tr("of another kind"))
        )  # fmt: skip
    if depth not in DEPTHS:
        raise Refused(
            tr("Scumble cannot read {depth} pixels. Use Image > Convert Image Color Space: 8-bit or 16-bit "
               "integer, 16-bit or 32-bit float.").format(depth=depth)
        )  # fmt: skip
    encoded, linear, size = DEPTHS[depth]
    space, is_linear = spaces.find(profile)
    return PixelFormat(linear if is_linear else encoded, size, space)


class Buffer:
    """A QByteArray and the address of its bytes; native code reads and writes them in place.

    The array must live as long as the address is used and must not be resized: hence this object.
    """

    def __init__(self, array: QtCore.QByteArray):
        self.array = array
        self.length = array.size()
        self._bytes = (ctypes.c_char * self.length).from_buffer(array) if self.length else None
        self.address = ctypes.addressof(self._bytes) if self.length else 0

    @classmethod
    def zeros(cls, length: int) -> Buffer:
        return cls(QtCore.QByteArray(length, b"\0"))


def bands(rect: tuple, most_pixels: int) -> list[tuple]:
    """Cuts a rectangle into ones of whole rows with at most `most_pixels` each (at least one row)."""
    x, y, width, height = rect
    rows = max(1, most_pixels // max(1, width))
    return [(x, y + row, width, min(rows, height - row)) for row in range(0, height, rows)]


def intersect(a: tuple, b: tuple) -> tuple | None:
    x, y = max(a[0], b[0]), max(a[1], b[1])
    right, bottom = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    return (x, y, right - x, bottom - y) if right > x and bottom > y else None


def around(rects: list[tuple]) -> tuple | None:
    """The smallest rectangle that holds them all."""
    if not rects:
        return None
    x, y = min(r[0] for r in rects), min(r[1] for r in rects)
    return (x, y, max(r[0] + r[2] for r in rects) - x, max(r[1] + r[3] for r in rects) - y)


@dataclass(frozen=True)
class Coverage:
    """A selection: its rectangle on the canvas and one byte a pixel."""

    rect: tuple
    data: bytes


EMPTY = Coverage((0, 0, 0, 0), b"")  # something is selected, and none of it lies on the canvas
