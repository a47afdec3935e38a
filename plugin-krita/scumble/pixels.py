# SPDX-License-Identifier: GPL-3.0-or-later
"""Krita's pixels in the engine's terms: formats, buffers without copies, runs of a selection."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass

from . import abi
from .engine import ScumbleError
from .qt import QtCore, tr


class Refused(ScumbleError):
    """The document is of a kind that no live layer can be made in; the text says what to do."""


@dataclass(frozen=True)
class PixelFormat:
    number: int
    bytes_per_pixel: int
    note: str = ""


def is_linear(profile: str) -> bool:
    """Krita's own linear profiles are called …-g10 (gamma 1.0)."""
    name = profile.lower()
    return "g10" in name or "linear" in name


def pixel_format(model: str, depth: str, profile: str) -> PixelFormat:
    """The engine's name for a layer's pixels: in memory integers are B, G, R, A and floats R, G, B, A."""
    if model != "RGBA":
        raise Refused(
            tr("Scumble renders RGB documents; this one is {model}. Use Image > Convert Image Color Space.")
            .format(model=model or tr("of another kind"))
        )  # fmt: skip
    linear = is_linear(profile)
    approximate = tr(
        "This document's integer colours are linear: the picture is darker to the model than to you."
    )
    note = approximate if linear else ""
    if depth == "U8":
        return PixelFormat(abi.FORMAT_BGRA8, 4, note)
    if depth == "U16":
        return PixelFormat(abi.FORMAT_BGRA16, 8, note)
    if depth == "F32":
        return PixelFormat(abi.FORMAT_RGBAF32_LINEAR if linear else abi.FORMAT_RGBAF32, 16)
    raise Refused(
        tr("Scumble cannot read {depth} pixels yet. Use Image > Convert Image Color Space: 8-bit or 16-bit "
           "integer, or 32-bit float.").format(depth=tr("16-bit float") if depth == "F16" else depth)
    )  # fmt: skip


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

    def view(self) -> memoryview:
        return memoryview(self._bytes) if self.length else memoryview(b"")


def bands(width: int, height: int, most_pixels: int) -> list[tuple]:
    """Cuts a canvas into rectangles of whole rows with at most `most_pixels` each (at least one row)."""
    rows = max(1, most_pixels // max(1, width))
    return [(0, y, width, min(rows, height - y)) for y in range(0, height, rows)]


def intersect(a: tuple, b: tuple) -> tuple | None:
    x, y = max(a[0], b[0]), max(a[1], b[1])
    right, bottom = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    return (x, y, right - x, bottom - y) if right > x and bottom > y else None


@dataclass(frozen=True)
class Coverage:
    """A selection: its rectangle on the canvas and one byte a pixel."""

    rect: tuple
    data: bytes

    def holes(self, rect: tuple, bytes_per_pixel: int) -> list[tuple[int, int]]:
        """(offset, length) in bytes of what lies outside the selection, in packed rows of `rect`."""
        inside = intersect(rect, self.rect)
        left, top, width, height = rect
        if inside is None:
            return [(0, width * height * bytes_per_pixel)]
        flat = bytearray(width * height)
        for y in range(inside[1], inside[1] + inside[3]):
            start = (y - self.rect[1]) * self.rect[2] + inside[0] - self.rect[0]
            to = (y - top) * width + inside[0] - left
            flat[to : to + inside[2]] = self.data[start : start + inside[2]]
        return [
            (run.start() * bytes_per_pixel, (run.end() - run.start()) * bytes_per_pixel)
            for run in re.finditer(rb"\0+", flat)
        ]


def cut(buffer: Buffer, holes: list[tuple[int, int]]) -> None:
    """Makes the holes transparent."""
    for offset, length in holes:
        ctypes.memset(buffer.address + offset, 0, length)
