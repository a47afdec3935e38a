# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo and redo stay the artist's: none is lost because a picture is being shown.

Krita drops an undo that comes while it merges layers, and each picture makes it merge. So in a live document
the key waits until Krita is free, and pictures wait after it. On a busy machine a merge may take long; for
PATIENCE at most. The Transform tool keeps a stroke open, so that Krita is never free, and has an undo of its
own: there the key waits for A_MERGE, and Krita is to decide then, as without Scumble. (No other tool of Krita
5.1 leaves it busy after the pen was lifted; each was tried.) While a menu is open pictures wait too
(loop.py), and while the pointer is on an undo button: so an undo from there finds Krita free.
"""

from __future__ import annotations

import time

from . import host, log
from .log import guarded
from .qt import QtCore, QtWidgets
from .watch import MARK

NAMES = ("edit_undo", "edit_redo")
PATIENCE = 5.0  # seconds
A_MERGE = 0.15  # seconds that Krita needs for one on a machine at rest
OWN_UNDO = "KisToolTransform"
LOOK = 3  # milliseconds between looks whether Krita is free


class Undo(QtCore.QObject):
    """Stands between the keys of undo and redo and Krita's actions; `loop` says which document is live."""

    def __init__(self, loop):
        super().__init__()
        self._loop = loop
        self._waiting: list[tuple] = []  # (action, document, until when)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)

    def watch(self, window) -> None:
        """Watches the actions of a main window (Qt's), and its buttons of them."""
        for action in window.actions():
            if action.objectName() in NAMES and not action.property(MARK):
                action.setProperty(MARK, True)
                action.installEventFilter(self)
                action.triggered.connect(self._loop.hold)
        for button in window.findChildren(QtWidgets.QToolButton):
            action = button.defaultAction()
            if action is not None and action.objectName() in NAMES and not button.property(MARK):
                button.setProperty(MARK, True)
                button.installEventFilter(self)

    def eventFilter(self, watched, event) -> bool:
        """Qt's name. A key that waits is taken away and its action triggered later; a press on a button only
        keeps pictures back until it is let go."""
        try:
            if event.type() == QtCore.QEvent.Type.Shortcut:
                return self.postpone(watched)
            if event.type() in (QtCore.QEvent.Type.MouseButtonPress, QtCore.QEvent.Type.Enter):
                self._loop.hold()
        except Exception:  # noqa: BLE001
            log.exception("undo")
        return False

    def postpone(self, action) -> bool:
        """Whether the action waits for Krita; if not, it may be done now."""
        document = self._loop.hold()
        if document is None or (not self._waiting and free(document)):
            return False
        patience = A_MERGE if host.has_tool(OWN_UNDO) else PATIENCE
        self._waiting.append((action, document, time.monotonic() + patience))
        self._timer.start()
        return True

    @guarded
    def _look(self) -> None:
        if self._loop.busy:
            return
        action, document, until = self._waiting[0]
        try:
            if time.monotonic() < until and document.rootNode() is not None and not free(document):
                return
            self._waiting.pop(0)
            if document == host.front().document:
                action.trigger()
        except Exception:
            self._waiting.clear()
            raise
        finally:
            if not self._waiting:
                self._timer.stop()


def free(document) -> bool:
    """Whether Krita has nothing left to do in this document."""
    if not document.tryBarrierLock():
        return False
    document.unlock()
    return True
