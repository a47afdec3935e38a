# SPDX-License-Identifier: GPL-3.0-or-later
"""What has been got, until it may be used: live starts anew with it, which would end a stroke."""

from __future__ import annotations

from . import host
from .log import guarded
from .qt import QtCore
from .undo import free

LOOK = 50  # milliseconds between looks whether a stroke has ended


class Arrivals(QtCore.QObject):
    """Of this Krita: a docker goes with its window, what was got in it stays."""

    def __init__(self, loop):
        super().__init__()
        self._loop = loop
        self._waiting: list[tuple] = []  # (what answers the document that it is for, what is to be done)
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(guarded(lambda: self._look()))

    def add(self, where, function) -> None:
        """`function` is called at once where nobody paints, else after the stroke."""
        self._waiting.append((where, function))
        self._look()

    def clear(self) -> None:
        """Before Krita goes."""
        self._timer.stop()
        self._waiting.clear()

    def _look(self) -> None:
        if self._is_painted():
            self._timer.start(LOOK)
            return
        arrived, self._waiting = self._waiting, []
        for where, function in arrived:
            function(where())

    def _is_painted(self) -> bool:
        """Whether Krita is at work in a document in which live may start anew."""
        live = [one.document for one in self._loop.documents]
        documents = [*live, *(where() for where, _ in self._waiting), host.front().document]
        return self._loop.busy or not all(free(one) for one in documents if is_open(one))


def is_open(document) -> bool:
    return document is not None and document.rootNode() is not None
