# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo and redo stay the artist's: none is lost because a picture is being shown.

Krita drops an undo that comes while it merges layers, and each picture makes it merge. So in a live document
the key waits until Krita is free, and pictures wait after it. For PATIENCE at most: a tool that keeps a
stroke open (Transform) has an undo of its own, and Krita is to decide then, as without Scumble.
"""

from __future__ import annotations

import sys
import time
import traceback

from krita import Krita

from .qt import QtCore

MARK = "scumble_watched"
PATIENCE = 0.15  # seconds
LOOK = 3  # milliseconds between looks whether Krita is free


class Undo(QtCore.QObject):
    """Stands between the keys of undo and redo and Krita's actions; `live` says which document is live."""

    def __init__(self, live):
        super().__init__()
        self._live = live
        self._waiting: list[tuple] = []  # (action, document, until when)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)

    def watch(self) -> None:
        """Watches the actions of the window in front; does nothing for those that it watches already."""
        for name in ("edit_undo", "edit_redo"):
            action = Krita.instance().action(name)
            if action is not None and not action.property(MARK):
                action.setProperty(MARK, True)
                action.installEventFilter(self)
                action.triggered.connect(self._live.hold)

    def eventFilter(self, action, event) -> bool:
        """Qt's name. A key that waits is taken away and its action triggered later."""
        if event.type() != QtCore.QEvent.Type.Shortcut:
            return False
        try:
            return self.postpone(action)
        except Exception:  # noqa: BLE001  one that left this function would end Krita
            traceback.print_exc(file=sys.stderr)
            return False

    def postpone(self, action) -> bool:
        """Whether the action waits for Krita; if not, it may be done now."""
        document = self._live.hold()
        if document is None or (not self._waiting and free(document)):
            return False
        self._waiting.append((action, document, time.monotonic() + PATIENCE))
        self._timer.start()
        return True

    def _look(self) -> None:
        try:
            action, document, until = self._waiting[0]
            if time.monotonic() < until and document.rootNode() is not None and not free(document):
                return
            self._waiting.pop(0)
            if document == Krita.instance().activeDocument():
                action.trigger()
        except Exception:  # noqa: BLE001
            traceback.print_exc(file=sys.stderr)
            self._waiting.clear()
        if not self._waiting:
            self._timer.stop()


def free(document) -> bool:
    """Whether Krita has nothing left to do in this document."""
    if not document.tryBarrierLock():
        return False
    document.unlock()
    return True
