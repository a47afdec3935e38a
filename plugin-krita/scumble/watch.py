# SPDX-License-Identifier: GPL-3.0-or-later
"""What wakes the loop while it rests.

No timer runs while no live layer can be seen. Krita tells scripts nothing of a layer that is shown or hidden.
The list in its Layers docker does: Qt's model of it says when a layer has changed, also while the docker is
closed. Where that list is not found (`layers_watched`), loop.py asks now and then instead.

While one is seen and nothing changes, the paint is looked at seldom; the pen on the canvas hurries the loop.
Where Krita shows strokes with Instant Preview, it is also seen when the pen is lifted.
"""

from __future__ import annotations

from krita import Krita

from . import host
from .qt import QtCore, QtWidgets, sip

MARK = "scumble_watched"
LIST_FOUND = MARK + "_list"  # of a window whose list of layers is watched
PRESSES = (
    QtCore.QEvent.Type.MouseButtonPress,
    QtCore.QEvent.Type.TabletPress,
    QtCore.QEvent.Type.TouchBegin,
)


RELEASES = (
    QtCore.QEvent.Type.MouseButtonRelease,
    QtCore.QEvent.Type.TabletRelease,
    QtCore.QEvent.Type.TouchEnd,
    QtCore.QEvent.Type.TouchCancel,
)


class Watch(QtCore.QObject):
    """Calls `wake` when what can be seen may have changed, `removed` when a layer was removed, `pen_down`
    when the artist begins a stroke; where that answers True, `pen_up` when it ends."""

    def __init__(self, wake, removed, pen_down, pen_up):
        super().__init__()
        self._wake, self._removed, self._pen_down, self._pen_up = wake, removed, pen_down, pen_up
        self._canvas = None  # the widget that is watched for the pen
        self._until_lifted = False
        self.layers_watched = False
        application = QtWidgets.QApplication.instance()
        application.focusWindowChanged.connect(self._woken)
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.imageClosed.connect(lambda *_: QtCore.QTimer.singleShot(100, self._woken))

    def windows(self) -> None:
        """Watches the windows that are open now; does nothing for those that it watches already."""
        for window in host.windows():
            widget = window.qwindow()
            handle = widget.windowHandle() if widget is not None else None
            if handle is None:
                continue
            if self._new(handle):
                handle.visibilityChanged.connect(self._woken)
            if handle.property(LIST_FOUND):
                continue  # to look through all that is in Krita's window takes 40 ms
            for tree in widget.findChildren(QtWidgets.QTreeView, "listLayers"):
                model = tree.model()
                if model is not None and self._new(model):
                    model.dataChanged.connect(self._woken)
                    model.rowsRemoved.connect(lambda *_: self._removed())
                    self.layers_watched = True
                    handle.setProperty(LIST_FOUND, True)

    def canvas(self) -> None:
        """Watches the canvas in front until the pen comes down on it; no event of the stroke itself passes
        through Python."""
        if self._canvas is not None and not sip.isdeleted(self._canvas):
            return
        self._canvas = host.canvas_widget()
        if self._canvas is not None:
            self._canvas.installEventFilter(self)

    def leave_canvas(self) -> None:
        """Another one may be in front."""
        if self._until_lifted:
            self._until_lifted = False
            self._pen_up()
        if self._canvas is not None and not sip.isdeleted(self._canvas):
            self._canvas.removeEventFilter(self)
        self._canvas = None

    def eventFilter(self, _, event) -> bool:
        """Qt's name. Takes no event away."""
        if event.type() in PRESSES and not self._until_lifted and _may_paint(event):
            self._until_lifted = bool(self._pen_down())
            if not self._until_lifted:
                self.leave_canvas()
        elif self._until_lifted and event.type() in RELEASES:
            self._until_lifted = False
            self._pen_up()
        return False

    def _woken(self, *_) -> None:
        self._wake()

    @staticmethod
    def _new(thing: QtCore.QObject) -> bool:
        if thing.property(MARK):
            return False
        thing.setProperty(MARK, True)
        return True


def _may_paint(press: QtCore.QEvent) -> bool:
    """The other buttons move the canvas and open menus; a finger has none."""
    return not hasattr(press, "button") or press.button() == QtCore.Qt.MouseButton.LeftButton
