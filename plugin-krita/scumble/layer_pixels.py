# SPDX-License-Identifier: GPL-3.0-or-later
"""The pixels of a layer that steers."""

from __future__ import annotations

from array import array

from . import abi, pictures, stack
from .pixels import Buffer, PixelFormat, Refused, pixel_format
from .qt import QtCore, tr

MOST_SIDE = 16384  # pixels, of the library
LOOKS = 10  # that a layer's pixels may be missing while something changes, before that is told


class Missing:
    """Tells layers that go on giving no pixels from those that are changed while they are read."""

    def __init__(self):
        self._looks: dict[int, int] = {}  # one after another without all of them, by a condition's number

    def look(self, number: int, node, whole: bool) -> None:
        """Once for each look, whatever is read in it. Raises Refused where it stays so."""
        self._looks[number] = 0 if whole else self._looks.get(number, 0) + 1
        if self._looks[number] >= LOOKS:
            raise Refused(
                tr("Krita gives Scumble no pixels of “{name}”, so it steers nothing: show it, or choose "
                   "another layer under Steer by.").format(name=node.name())
            )  # fmt: skip


def pixels_of(node) -> PixelFormat:
    """Raises Refused where they cannot be read, with what to do about this layer."""
    try:
        return pixel_format(node.colorModel(), node.colorDepth(), node.colorProfile())
    except Refused as error:
        if pictures.is_linked(node):
            told = tr(
                "“{name}” is linked to a picture that is not RGB ({kind}), so it steers nothing: choose “"
                "Keep the linked picture in the document” in its list of layers under Steer by."
            )
        else:
            told = tr(
                "“{name}” is not RGB ({kind}), so it steers nothing: use Layer > Convert > Convert Layer "
                "Color Space, or choose another layer under Steer by."
            )
        kind = f"{node.colorModel()} {node.colorDepth()}".strip()
        raise Refused(told.format(name=node.name(), kind=kind)) from error


def read(document, node, rect: tuple) -> Buffer:
    """The running stroke included where the layer is shown. A hidden paint layer's projection is not kept up
    to date; others have no pixels but those that they show."""
    hidden = node.type() == "paintlayer" and not stack.seen(node, document.rootNode())
    return Buffer((node.pixelData if hidden else node.projectionPixelData)(*rect))


def _code(pixels: PixelFormat) -> tuple:
    """(how `array` calls one number of a pixel, which is all of it)"""
    if pixels.number in (abi.FORMAT_RGBAF16, abi.FORMAT_RGBAF16_LINEAR):
        return "H", 0x3C00  # 1.0
    return {4: ("B", 255), 8: ("H", 65535), 16: ("f", 1.0)}[pixels.bytes_per_pixel]


def cover_of(paint: Buffer, pixels: PixelFormat) -> array:
    """Where it is painted: its alpha alone."""
    values = array(_code(pixels)[0])
    values.frombytes(bytes(paint.array))
    return values[3::4]


def whitened(cover: array, pixels: PixelFormat) -> Buffer:
    """White that is painted there."""
    code, white = _code(pixels)
    values = array(code, [white]) * (4 * len(cover))
    values[3::4] = cover
    return Buffer(QtCore.QByteArray(values.tobytes()))


def painted(node, bands: list) -> list[int]:
    """The bands that a layer reaches into, one at least: what the library was never given is not painted."""
    bounds = node.bounds()
    top, bottom = bounds.y(), bounds.y() + bounds.height()
    found = [index for index, (_, y, _, height) in enumerate(bands) if y < bottom and top < y + height]
    return found or [0]


def extent(node) -> tuple[int, int, int, int]:
    """Where a layer has anything at all, on the canvas or beyond it. Raises Refused where it has nothing."""
    bounds = node.bounds()
    if bounds.isEmpty():
        raise Refused(
            tr("“{name}” is empty, so it is no reference: paint on it, or choose another layer under "
               "Steer by.").format(name=node.name())
        )  # fmt: skip
    return bounds.x(), bounds.y(), min(bounds.width(), MOST_SIDE), min(bounds.height(), MOST_SIDE)
