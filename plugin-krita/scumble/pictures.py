# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture from a file as a hidden layer of the document: kept in it, seen in the stack, painted on."""

from __future__ import annotations

import os

from krita import Krita

from . import host
from .group import make_active
from .pixels import Refused
from .qt import owned, tr

SUFFIXES = ("png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "kra", "ora", "psd", "exr")
MOST_SIDE = 1024  # pixels; models look at no more of a reference


def lay(document, path: str):
    """The new layer, above all others; the active layer stays active. One undo step. Raises Refused."""
    name, krita = os.path.basename(path), Krita.instance()
    quiet = krita.batchmode()
    krita.setBatchmode(True)  # no questions about how to read it
    try:
        picture = krita.openDocument(path)
    finally:
        krita.setBatchmode(quiet)
    if picture is None:
        told = tr("“{name}” is no picture that Krita can open. Choose another file.")
        raise Refused(told.format(name=name))
    try:
        size = _fit(picture)
        picture.setColorSpace(document.colorModel(), document.colorDepth(), document.colorProfile())
        picture.refreshProjection()
        pixels = picture.pixelData(0, 0, *size)
    finally:
        picture.setModified(False)
        picture.close()
    layer = document.createNode(name, "paintlayer")
    layer.setPixelData(pixels, 0, 0, *size)
    layer.setVisible(False)
    active, root = host.active_node(document), document.rootNode()
    root.addChildNode(layer, owned(root.childNodes())[-1])
    if active is not None:
        make_active(document, active, layer)
    return layer


def _fit(picture) -> tuple[int, int]:
    """Makes it no larger than what is looked at; its size then."""
    width, height = picture.width(), picture.height()
    least = min(1.0, MOST_SIDE / max(width, height))
    size = max(1, round(width * least)), max(1, round(height * least))
    if size != (width, height):
        picture.scaleImage(*size, int(picture.xRes()), int(picture.yRes()), "Bicubic")
    return size
