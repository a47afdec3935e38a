# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, views, and Krita itself."""

import os

from .document import Document
from .pixels import image_pixels
from .qt import QtCore, QtGui, QtWidgets


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
