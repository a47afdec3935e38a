# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers, their shapes, and selections."""

import numpy as np

from .pixels import array, image_pixels, shrunk
from .qt import QtCore, QtGui


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
        self.itself = self  # as it stands in the stack
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
        return self.parent.children.index(self.itself)

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
        node = node.itself
        self.children.insert(self.children.index(above) + 1 if above else len(self.children), node)
        node.parent = self
        self.document.steps.append("Add Layer")
        self.document.active = node
        return True

    def setChildNodes(self, nodes):
        self.children = [node.itself for node in nodes]
        for node in nodes:
            node.parent = self

    def clone(self):
        """Krita's object for it is never equal to one that is found in the stack."""
        node = Node(self.document, self._name, self._type)
        node.shape_list = [Shape(node, shape.box) for shape in self.shape_list]
        node.pixels, node.flags = self.pixels.copy(), dict(self.flags)
        node.setChildNodes([child.clone() for child in self.children])
        loose = Node(self.document, self._name, self._type)
        loose.__dict__ = node.__dict__
        return loose

    def thumbnail(self, width, height):
        return QtGui.QImage(width, height, QtGui.QImage.Format.Format_ARGB32)

    def remove(self):
        self.document.waits("remove")
        self.parent.children.remove(self.itself)
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
        if self._type in ("filelayer", "vectorlayer", "filllayer", "clonelayer"):
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
