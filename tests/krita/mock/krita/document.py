# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents: layers that are merged as Krita merges them, and what it waits for."""

import math

import numpy as np

from .nodes import Node
from .pixels import TYPES, array
from .qt import QtCore

MOST = 2**31


class StrokeEnded(AssertionError):
    """The real Krita would have ended the artist's stroke here."""


class Document:
    def __init__(self, width, height, model="RGBA", depth="U8", profile="sRGB-elle-V2-srgbtrc.icc"):
        self.size, self.model, self.depth, self.profile = (width, height), model, depth, profile
        self.painting, self.closed, self.merging, self.changed = False, False, False, False
        self.small = False  # Krita works on the small copy of Instant Preview
        self.time, self.locks, self.waiting = 0, 0, None
        self.steps, self.notes, self.chosen = [], {}, None
        self.root = Node(self, "root", "grouplayer")
        self.paper = Node(self, "Background", "paintlayer")
        self.paper.pixels[:] = np.iinfo(self.dtype).max if self.dtype.kind == "u" else 1
        self.paper.parent = self.root
        self.root.children.append(self.paper)
        self.active = self.paper
        self.merges = 0
        self.merge()

    @property
    def dtype(self):
        return np.dtype(TYPES[self.depth])

    def blank(self):
        return np.zeros((self.size[1], self.size[0], 4), self.dtype)

    def modified(self):
        return self.changed

    def waits(self, what):
        if self.painting:
            raise StrokeEnded(what)
        if self.waiting:  # where Krita waits for a stroke it runs timers
            self.waiting()

    def fits(self, width, height):
        """Krita counts the bytes of a buffer in 31 bits; here it has MOST of them."""
        assert width * height * 4 * self.dtype.itemsize < MOST, "more bytes than Krita can hand out at once"

    def flat(self, node=None):
        for child in (node or self.root).children:
            if child.visible():
                yield from self.flat(child) if child.type() == "grouplayer" else (child,)

    def over(self, nodes):
        """Opaque pixels cover; anything else is left as it is below (enough for tests)."""
        result = self.blank()
        for node in nodes:
            if node.type() == "paintlayer":
                pixels = node._shown()
                result = np.where(pixels[..., 3:] > 0, pixels, result)
        return result

    def merge(self, box=None):
        """All of it, or as far as a shape's box in points reaches."""
        self.merges += 1
        merged, scale = self.over(self.flat()), self.xRes() / 72
        if box is None or self.shown.shape != merged.shape:
            self.shown = merged
            return
        left, top = max(0, math.floor(box.x() * scale)), max(0, math.floor(box.y() * scale))
        right, bottom = math.ceil(box.right() * scale), math.ceil(box.bottom() * scale)
        self.shown[top:bottom, left:right] = merged[top:bottom, left:right]

    def change(self, width, height):
        self.size = (width, height)
        for node in [self.root, *self.every(self.root)]:
            old = node.pixels
            node.pixels = self.blank()
            rows, columns = min(height, old.shape[0]), min(width, old.shape[1])
            node.pixels[:rows, :columns] = old[:rows, :columns]

    def every(self, node):
        for child in node.children:
            yield child
            yield from self.every(child)

    # --- Krita's names ---

    def width(self):
        return self.size[0]

    def height(self):
        return self.size[1]

    def xRes(self):
        return 300.0

    yRes = xRes

    def colorModel(self):
        return self.model

    def colorDepth(self):
        return self.depth

    def colorProfile(self):
        return self.profile

    def rootNode(self):
        return None if self.closed else self.root

    def setColorSpace(self, model, depth, profile):
        self.waits("setColorSpace")
        assert (model, depth) == (self.model, self.depth), "the mock converts nothing"
        return True

    def scaleImage(self, width, height, across, down, how):
        self.waits("scaleImage")
        rows, columns = np.arange(height) * self.size[1] // height, np.arange(width) * self.size[0] // width
        self.size = (width, height)
        self.paper.pixels = self.paper.pixels[rows][:, columns]
        self.merge()

    def pixelData(self, x, y, width, height):
        return array(self.shown[y : y + height, x : x + width])

    def setModified(self, value):
        pass

    def close(self):
        self.closed = True

    def activeNode(self):
        return self.active

    def setActiveNode(self, node):
        self.active = node

    def nodes(self):
        return [self.active]

    def createNode(self, name, kind):
        return Node(self, name, kind)

    def createGroupLayer(self, name):
        return Node(self, name, "grouplayer")

    def createFileLayer(self, name, path, scaling):
        node = Node(self, name, "filelayer")
        node.loads = 0
        node.file, node.scales = path, scaling == "ToImageSize"
        node.show_file()
        return node

    def createVectorLayer(self, name):
        return Node(self, name, "vectorlayer")

    def createFilterLayer(self, name, filter_, selection):
        return Node(self, name, "filterlayer")

    def waitForDone(self):
        self.waits("waitForDone")
        self.small = self.merging = False

    def refreshProjection(self):
        self.waits("refreshProjection")
        self.merge()

    def currentTime(self):
        return self.time

    def tryBarrierLock(self):
        self.locks += 1
        return not self.merging and not self.painting

    def unlock(self):
        pass

    def selection(self):
        return self.chosen

    def annotation(self, key):
        assert not self.closed, "Krita would look into nothing"
        return QtCore.QByteArray(self.notes.get(key, b""))

    def setAnnotation(self, key, description, data):
        assert not self.closed, "Krita would look into nothing"
        self.notes[key] = bytes(data)
