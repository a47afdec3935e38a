# SPDX-License-Identifier: GPL-3.0-or-later
"""What wakes the loop while it rests: no timer runs while no live layer can be seen.

Krita tells scripts nothing of a layer that is shown or hidden. The list in its Layers docker does: Qt's model
of it says when a layer has changed, also while the docker is closed. Where that list is not found
(`layers_watched`), live.py asks now and then instead.
"""

from __future__ import annotations

from krita import Krita

from .qt import QtCore, QtWidgets, owned

MARK = "scumble_watched"


class Watch(QtCore.QObject):
    """Calls `wake` when what can be seen may have changed."""

    def __init__(self, wake):
        super().__init__()
        self._wake = wake
        self.layers_watched = False
        application = QtWidgets.QApplication.instance()
        application.focusWindowChanged.connect(self._woken)
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.imageClosed.connect(lambda *_: QtCore.QTimer.singleShot(100, self._woken))

    def windows(self) -> None:
        """Watches the windows that are open now; does nothing for those that it watches already."""
        for window in owned(Krita.instance().windows()):
            widget = window.qwindow()
            handle = widget.windowHandle() if widget is not None else None
            if handle is None:
                continue
            if self._new(handle):
                handle.visibilityChanged.connect(self._woken)
            for tree in widget.findChildren(QtWidgets.QTreeView, "listLayers"):
                model = tree.model()
                if model is not None and self._new(model):
                    model.dataChanged.connect(self._woken)
                    model.rowsRemoved.connect(self._woken)
                    self.layers_watched = True

    def _woken(self, *_) -> None:
        self._wake()

    @staticmethod
    def _new(thing: QtCore.QObject) -> bool:
        if thing.property(MARK):
            return False
        thing.setProperty(MARK, True)
        return True
