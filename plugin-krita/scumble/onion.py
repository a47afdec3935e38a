# SPDX-License-Identifier: GPL-3.0-or-later
"""Onion skins: Krita paints them into what it shows of a layer, so they would be read as paint."""

from __future__ import annotations

from . import stack
from .qt import owned

STRIPES = 16  # of a layer are looked at
MOST_BYTES = 1 << 20  # of a layer


def layer_with(document, above) -> str:
    """The name of a layer that shows onion skins, "" if none is found. `above` is a group not looked into.

    Krita tells nobody whether they are on. They are in a layer's projection and not in its pixels; so is a
    stroke in progress, hence only for when nobody paints. Layers with masks are left out: those change the
    projection too.
    """
    for node, _ in stack.walk(document, lambda node: node == above or not node.visible()):
        if node.type() == "paintlayer" and node.animated() and not owned(node.childNodes()):
            if _shows_more(node):
                return node.name()
    return ""


def _shows_more(node) -> bool:
    """Whether a layer's projection differs from its pixels, looked at in stripes."""
    bounds = node.bounds()  # with the onion skins
    width, height = bounds.width(), bounds.height()
    if width <= 0 or height <= 0:
        return False
    pixel = node.pixelData(bounds.x(), bounds.y(), 1, 1).size()
    stripes = min(STRIPES, height)
    rows = max(1, min(height // stripes, MOST_BYTES // max(1, pixel * width * stripes)))
    for n in range(stripes):
        rect = (bounds.x(), bounds.y() + (height - rows) * n // max(1, stripes - 1), width, rows)
        if node.projectionPixelData(*rect) != node.pixelData(*rect):
            return True
    return False
