# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixels, as arrays and as Krita hands them out."""

import numpy as np

from .qt import QtCore

TYPES = {"U8": np.uint8, "U16": np.uint16, "F16": np.float16, "F32": np.float32}


def shrunk(pixels):
    """As Instant Preview has it: a quarter of the size, nothing in the rest."""
    small = np.zeros_like(pixels)
    part = pixels[::4, ::4]
    small[: part.shape[0], : part.shape[1]] = part
    return small


def image_pixels(image):
    """Rows of four bytes a pixel."""
    if image.isNull():
        return np.zeros((0, 0, 4), np.uint8)
    bits = image.constBits()
    bits.setsize(image.height() * image.bytesPerLine())
    rows = np.frombuffer(bytes(bits), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4)


def array(pixels):
    return QtCore.QByteArray(np.ascontiguousarray(pixels).tobytes())
