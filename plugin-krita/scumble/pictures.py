# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that are in no layer yet as hidden layers of the document, seen in the stack: from a file or the
clipboard, kept in the document and painted on; or linked to a file, which Krita follows (its file layers)."""

from __future__ import annotations

import os
import tempfile

from krita import Krita

from . import stack
from .pixels import Refused
from .qt import QtCore, QtGui, QtWidgets, owned, tr

SUFFIXES = ("png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "kra", "ora", "psd", "exr")
MOST_SIDE = 1024  # pixels of a reference that is kept in the document; models look at no more of it
# Where a picture may come from: a file that is kept, one that is linked, the clipboard.
SOURCES = ("picture", "linked", "clipboard")
LINKED = "filelayer"  # Krita's type of a layer that shows a file


def bring(document, source: str, path: str, on_canvas: bool = False):
    """The new layer, above all others; the active layer stays active. One undo step. Raises Refused.

    `source` is one of SOURCES. A picture `on_canvas`, a control's, is as large as the canvas in its own
    proportions, from the upper left corner; else it is a reference's, at most MOST_SIDE a side, a linked one
    as large as the canvas at most."""
    if source == "clipboard":
        return _paste(document, on_canvas)
    return _link(document, path, on_canvas) if source == "linked" else lay(document, path, on_canvas)


def lay(document, path: str, on_canvas: bool = False, name: str = "", above=None):
    """A file's picture, kept in the document; right above a layer, if one is given."""
    name, krita = name or os.path.basename(path), Krita.instance()
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
        size = _fit(picture, document, on_canvas)
        picture.setColorSpace(document.colorModel(), document.colorDepth(), document.colorProfile())
        picture.refreshProjection()
        pixels = picture.pixelData(0, 0, *size)
    finally:
        picture.setModified(False)
        picture.close()
    layer = document.createNode(name, "paintlayer")
    layer.setPixelData(pixels, 0, 0, *size)
    return _add(document, layer, above)


def embed(document, layer, on_canvas: bool):
    """The file of a linked layer, kept in the document from now on: the hidden layer in its place. It goes,
    unless the artist has its eye open: then it is of the painting. Raises Refused where the file cannot be
    read."""
    # From the file: the linked layer's own pixels are in the file's colours, not the document's.
    if not os.path.isfile(layer.path()):
        raise Refused(why_empty(layer))
    made = lay(document, layer.path(), on_canvas, layer.name(), above=layer)
    if not layer.visible():
        layer.remove()
    return made


def is_linked(layer) -> bool:
    return layer is not None and layer.type() == LINKED


def why_empty(layer) -> str:
    """Of a linked layer that shows nothing."""
    path = layer.path()
    if not os.path.isfile(path):
        told = tr("“{name}” is linked to {path}, which is not there: put the file back, or choose another "
                  "picture for it under Steer by.")  # fmt: skip
    else:
        told = tr("“{name}” is linked to {path}, of which Krita shows nothing yet: if it stays so, it is no "
                  "picture, and another is to be chosen under Steer by.")  # fmt: skip
    return told.format(name=layer.name(), path=path)


def look_again(layer, known: dict[str, int]) -> None:
    """Krita does not wait for a file that was not there when a document was opened: it is asked to read the
    linked layer's once for each time that it was written, which `known` keeps."""
    try:
        written = os.stat(layer.path()).st_mtime_ns
    except OSError:
        return
    identity = layer.uniqueId().toString()
    if known.get(identity) != written:
        known[identity] = written
        # Not `resetCache`, which does nothing for a file that was missing at first.
        how = [layer.scalingMethod()]
        if hasattr(layer, "scalingFilter"):
            how.append(layer.scalingFilter())  # Krita 5.2 wants it, 5.1 does not know it
        layer.setProperties(layer.path(), *how)


def _link(document, path: str, on_canvas: bool):
    """A file's picture, which is read again whenever the file changes; Krita keeps where it lies, seen from
    the document."""
    size = QtGui.QImageReader(path).size()  # not valid where Qt does not know
    fits = size.isValid() and size.width() <= document.width() and size.height() <= document.height()
    how = "None" if fits and not on_canvas else "ToImageSize"
    return _add(document, document.createFileLayer(os.path.basename(path), path, how))


def _paste(document, on_canvas: bool):
    """What is on the clipboard: a picture, or a file of one."""
    clipboard = QtWidgets.QApplication.clipboard()
    image, mime = clipboard.image(), clipboard.mimeData()
    if image.isNull():
        paths = [url.toLocalFile() for url in mime.urls()] if mime is not None and mime.hasUrls() else []
        path = next((path for path in paths if path.lower().endswith(SUFFIXES)), "")
        if not path:
            raise Refused(
                tr("There is no picture on the clipboard: copy one (Edit > Copy, or a picture's file), and "
                   "choose this once more.")
            )  # fmt: skip
        return lay(document, path, on_canvas)
    most = max(document.width(), document.height()) if on_canvas else MOST_SIDE
    if max(image.width(), image.height()) > most:
        keep, smooth = QtCore.Qt.AspectRatioMode.KeepAspectRatio, QtCore.Qt.TransformationMode
        image = image.scaled(most, most, keep, smooth.SmoothTransformation)
    told = tr("The picture on the clipboard could not be written to {folder}: make room there.")
    full = Refused(told.format(folder=QtCore.QDir.tempPath()))
    try:
        folder = tempfile.TemporaryDirectory(prefix="scumble-")
    except OSError as error:
        raise full from error
    with folder as name:
        path = os.path.join(name, "clipboard.png")
        if not image.save(path):
            raise full
        return lay(document, path, on_canvas, tr("Clipboard"))


def _add(document, layer, above=None):
    """Above all others, where it is to be above none of them."""
    root = document.rootNode()
    parent, below = (root, owned(root.childNodes())[-1]) if above is None else (above.parentNode(), above)
    stack.add_hidden(document, layer, parent, below)
    return layer


def _fit(picture, document, on_canvas: bool) -> tuple[int, int]:
    """Makes it as large as it is to be; its size then."""
    width, height = picture.width(), picture.height()
    if on_canvas:
        by = min(document.width() / width, document.height() / height)
    else:
        by = min(1.0, MOST_SIDE / max(width, height))
    size = max(1, round(width * by)), max(1, round(height * by))
    if size != (width, height):
        picture.scaleImage(*size, int(picture.xRes()), int(picture.yRes()), "Bicubic")
    return size
