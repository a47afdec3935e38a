# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of Krita as Scumble touches, with real pixels. Imports nothing of Scumble.

What waits for strokes in the real Krita raises here while `document.painting` is true. What makes an undo
step is written down in `document.steps`. Redraws happen at Shape.update(), as far as its shape reaches.
"""

import math
import os
import sys

import numpy as np

if "PyQt6" in sys.modules:
    from PyQt6 import QtCore, QtGui, QtWidgets
else:
    from PyQt5 import QtCore, QtGui, QtWidgets

IS_MOCK = True
MOST = 2**31
TYPES = {"U8": np.uint8, "U16": np.uint16, "F16": np.float16, "F32": np.float32}


class StrokeEnded(AssertionError):
    """The real Krita would have ended the artist's stroke here."""


class Shape(QtCore.QObject):
    def __init__(self, node, box):
        super().__init__()
        self.node, self.box, self.updates = node, QtCore.QRectF(box), 0

    def update(self):
        self.updates += 1
        self.node.document.merge(self.box)

    def boundingBox(self):
        return QtCore.QRectF(self.box)

    def transformation(self):
        return QtGui.QTransform()

    def setTransformation(self, matrix):
        self.box = matrix.mapRect(self.box)


class Node(QtCore.QObject):
    def __init__(self, document, name, kind):
        super().__init__()
        self.document, self._name, self._type = document, name, kind
        self.children, self.parent = [], None
        self.pixels, self.small = document.blank(), None  # the latter while Krita works on small copies
        self.flags = {"visible": True, "locked": False, "through": False, "opacity": 255}
        self.shape_list = []
        self.writes = 0
        self.mode, self.id = "normal", QtCore.QUuid.createUuid()
        self.colours = None  # another colour space than the document's
        self.frames, self.ghosts = False, None  # has keyframes; what its onion skins show of others

    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__

    def name(self):
        return self._name

    def type(self):
        return self._type

    def uniqueId(self):
        return self.id

    def blendingMode(self):
        return self.mode

    def setBlendingMode(self, mode):
        self.document.waits("setBlendingMode")
        self.document.steps.append("Composition Mode Change")
        self.mode = mode

    def setCollapsed(self, value):
        self.flags["collapsed"] = value

    def childNodes(self):
        return list(self.children)

    def parentNode(self):
        return self.parent

    def index(self):
        return self.parent.children.index(self)

    def animated(self):
        return self.frames

    def bounds(self):
        """Of what is not transparent, onion skins included."""
        seen = np.argwhere(self._shown()[..., 3])
        if not len(seen):
            return QtCore.QRect()
        (top, left), (bottom, right) = seen.min(0), seen.max(0)
        return QtCore.QRect(int(left), int(top), int(right - left + 1), int(bottom - top + 1))

    def _shown(self):
        """Its pixels over its onion skins."""
        if self.ghosts is None:
            return self.pixels
        return np.where(self.pixels[..., 3:] > 0, self.pixels, self.ghosts)

    def visible(self):
        return self.flags["visible"]

    def setVisible(self, value):
        self.flags["visible"] = value

    def opacity(self):
        return self.flags["opacity"]

    def setName(self, name):
        self._name = name

    def setOpacity(self, value):
        self.flags["opacity"] = value

    def setLocked(self, value):
        self.flags["locked"] = value

    def setPassThroughMode(self, value):
        self.flags["through"] = value

    def passThroughMode(self):
        return self.flags["through"]

    def _colours(self):
        return self.colours or (self.document.model, self.document.depth, self.document.profile)

    def colorModel(self):
        return self._colours()[0]

    def colorDepth(self):
        return self._colours()[1]

    def colorProfile(self):
        return self._colours()[2]

    def addChildNode(self, node, above):
        self.document.waits("addChildNode")
        self.children.insert(self.children.index(above) + 1 if above else 0, node)
        node.parent = self
        self.document.steps.append("Add Layer")
        self.document.active = node
        return True

    def setChildNodes(self, nodes):
        self.children = list(nodes)
        for node in nodes:
            node.parent = self

    def clone(self):
        node = Node(self.document, self._name, self._type)
        node.shape_list = [Shape(node, shape.box) for shape in self.shape_list]
        node.pixels, node.flags = self.pixels.copy(), dict(self.flags)
        node.setChildNodes([child.clone() for child in self.children])
        return node

    def thumbnail(self, width, height):
        return QtGui.QImage(width, height, QtGui.QImage.Format.Format_ARGB32)

    def remove(self):
        self.document.waits("remove")
        self.parent.children.remove(self)
        self.parent = None
        self.document.steps.append("Remove Layer")

    def addShapesFromSvg(self, svg):
        self.document.waits("addShapesFromSvg")
        self.document.steps.append("Create shape")
        scale = 72 / self.document.xRes()
        size = self.document.width() * scale, self.document.height() * scale
        self.shape_list.append(Shape(self, QtCore.QRectF(-0.2, -0.2, size[0] + 0.4, size[1] + 0.4)))
        return self.shapes()

    def shapes(self):
        return list(self.shape_list)

    def plane(self):
        """The layer's pixels; while Krita works on its small copy, those of it."""
        if not self.document.small:
            self.small = None
            return self.pixels
        if self.small is None:
            self.small = shrunk(self.pixels) if self.parent else np.zeros_like(self.pixels)
        return self.small

    def path(self):
        assert self._type == "filelayer"
        return self.file

    def scalingMethod(self):
        return "ToImageSize" if self.scales else "None"

    def setProperties(self, path, scaling, *scaling_filter):
        newer = hasattr(self, "scalingFilter")  # since 5.2, which wants it
        assert (path, scaling, len(scaling_filter)) == (self.file, self.scalingMethod(), newer)
        self.loads += 1
        self.show_file()

    def show_file(self):
        """What Krita does when a file layer's file has come or changed."""
        image = QtGui.QImage(self.file).convertToFormat(QtGui.QImage.Format.Format_RGBA8888)
        if self.scales and not image.isNull():
            image = image.scaled(*self.document.size, QtCore.Qt.AspectRatioMode.KeepAspectRatio)
        self.pixels = self.document.blank()
        shown = image_pixels(image)[: self.pixels.shape[0], : self.pixels.shape[1]]
        self.pixels[: shown.shape[0], : shown.shape[1]] = shown[..., [2, 1, 0, 3]]

    def pixelData(self, x, y, width, height):
        self.document.fits(width, height)
        if self._type == "filelayer":
            return QtCore.QByteArray()  # it has no pixels of its own
        return array(self.plane()[y : y + height, x : x + width])

    def setPixelData(self, data, x, y, width, height):
        self.document.fits(width, height)
        self.writes += 1
        raw = np.frombuffer(bytes(data), self.pixels.dtype)[: height * width * 4]
        self.plane()[y : y + height, x : x + width] = raw.reshape(height, width, 4)
        return True

    def projectionPixelData(self, x, y, width, height):
        if self._type != "filterlayer":
            return array(self._shown()[y : y + height, x : x + width])
        below = []
        for node in self.document.flat():
            if node is self:
                break
            below.append(node)
        found = self.document.over(below)
        return array((shrunk(found) if self.document.small else found)[y : y + height, x : x + width])


class Selection:
    def __init__(self):
        self.parts = []  # (box, value); what is selected later is added

    def select(self, x, y, width, height, value):
        self.parts.append(((x, y, width, height), value))

    def _bounds(self):
        boxes = [box for box, _ in self.parts]
        left, top = (min(box[n] for box in boxes) for n in (0, 1))
        return left, top, *(max(box[n] + box[n + 2] for box in boxes) - (left, top)[n] for n in (0, 1))

    def x(self):
        return self._bounds()[0]

    def y(self):
        return self._bounds()[1]

    def width(self):
        return self._bounds()[2]

    def height(self):
        return self._bounds()[3]

    def pixelData(self, x, y, width, height):
        rows = np.zeros((height, width), np.uint8)
        for (left, top, across, down), value in self.parts:
            right, bottom = left + across - x, top + down - y
            rows[max(0, top - y) : max(0, bottom), max(0, left - x) : max(0, right)] = value
        return QtCore.QByteArray(rows.tobytes())


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


class Document:
    def __init__(self, width, height, model="RGBA", depth="U8", profile="sRGB-elle-V2-srgbtrc.icc"):
        self.size, self.model, self.depth, self.profile = (width, height), model, depth, profile
        self.painting, self.closed, self.merging = False, False, False
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
        return not self.merging

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


class View(QtCore.QObject):
    def __init__(self, document=None, selected=None):
        super().__init__()
        self._document, self.selected, self.messages = document, selected, []

    def document(self):
        return self._document or Krita.instance().document

    def selectedNodes(self):
        return self.selected or self.document().nodes()

    def showFloatingMessage(self, text, icon, timeout, priority):
        Krita.instance().messages.append(text)


class Canvas(QtCore.QObject):
    def __init__(self, view):
        super().__init__()
        self._view = view

    def view(self):
        return self._view


class Window(QtCore.QObject):
    """Without a view of its own it shows Krita's `document`."""

    def __init__(self, view=None, widget=None):
        super().__init__()
        self._view, self._widget = view or View(), widget

    def activeView(self):
        return self._view

    def qwindow(self):
        return self._widget


class Notifier(QtCore.QObject):
    imageClosed = QtCore.pyqtSignal(str)

    def setActive(self, value):
        pass


class Undo:
    """The action: takes the newest step's name away, no more."""

    def trigger(self):
        Krita.instance().document.steps.pop()


class Preview:
    """The action of Instant Preview."""

    on = False

    def isEnabled(self):
        return True

    def isChecked(self):
        return Preview.on

    def trigger(self):
        Preview.on = not Preview.on


class Krita:
    _one = None

    def __init__(self):
        self.document, self.kept, self.opened, self.messages = None, {}, [], []
        self.quiet = False
        self.notes = Notifier()

    @classmethod
    def instance(cls):
        cls._one = cls._one or cls()
        return cls._one

    def activeDocument(self):
        return self.document

    def version(self):
        return "5.1.5"

    def notifier(self):
        return self.notes

    def windows(self):
        return list(self.opened)

    def activeWindow(self):
        return self.opened[0] if self.opened else Window()

    def action(self, name):
        return {"edit_undo": Undo(), "level_of_detail_mode": Preview()}[name]

    def batchmode(self):
        return self.quiet

    def setBatchmode(self, value):
        self.quiet = value

    def openDocument(self, path):
        image = QtGui.QImage(path)
        if image.isNull():
            assert self.quiet, "Krita would ask"
            return None
        image = image.convertToFormat(QtGui.QImage.Format.Format_ARGB32)
        document = Document(image.width(), image.height())
        document.paper.pixels = image_pixels(image).copy()
        document.merge()
        return document

    @staticmethod
    def getAppDataLocation():
        return os.environ.get("SCUMBLE_MOCK_DATA", "/nonexistent")

    def icon(self, name):
        return QtGui.QIcon()

    def filter(self, name):
        return name

    def readSetting(self, group, key, otherwise):
        return self.kept.get(key, otherwise)

    def writeSetting(self, group, key, value):
        self.kept[key] = value


class DockWidget(QtWidgets.QDockWidget):
    shows = None  # a view of its own

    def canvas(self):
        return Canvas(self.shows or View())


class Extension(QtCore.QObject):
    pass


class DockWidgetFactoryBase:
    class DockPosition:
        DockRight = 1


class DockWidgetFactory:
    def __init__(self, *_):
        pass
