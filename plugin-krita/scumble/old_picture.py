# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture that a document was saved with while live was on. Opened again it is seen as it was saved, to be
looked at and exported; but nobody renders it any more, and what is painted below it would not be seen. So it
is hidden when the artist begins to: once for each opening, after that its eye is theirs."""

from __future__ import annotations

import time

from . import host, stack
from .group import Gone, ManagedGroup
from .log import guarded
from .qt import QtCore, QtWidgets, tr
from .settings import load
from .undo import free

LOOK = 20  # milliseconds between looks whether a stroke has begun, while the pen is down
LIFTED = 1.0  # seconds after that: a rectangle is painted once Krita hears that the pen was lifted
COLOUR_SAMPLER = "KritaSelected/KisToolColorSampler"


class OldPictures(QtCore.QObject):
    """Of this Krita's documents that are not live."""

    def __init__(self):
        super().__init__()
        self._settled: list = []  # documents that have none, or in which it was dealt with
        # (document, its group, whether it was modified) where the pen is down, or was just now
        self._painted: tuple | None = None
        self._until: float | None = None  # when it was lifted
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)

    def settle(self, document) -> None:
        """It is live, or was: its group is shown and hidden with that."""
        if document not in self._settled:
            self._settled.append(document)

    def forget_closed(self) -> None:
        self._settled = [one for one in self._settled if one.rootNode() is not None]

    def waits(self, document) -> bool:
        """Whether the pen on this document's canvas is to be told of."""
        return self._of(document) is not None

    def pen_down(self, document) -> bool:
        """Whether to be told when it is lifted."""
        group = self._of(document)
        if group is not None and _covers(group, document) and not _picks_colour():
            self._painted, self._until = (document, group, document.modified()), None
            self._timer.start()
        return group is not None

    def pen_up(self) -> None:
        self._until = time.monotonic() + LIFTED
        self._look()

    def close(self) -> None:
        """Before Krita goes."""
        self._leave()
        self._settled = []

    def _of(self, document) -> ManagedGroup | None:
        if document is None or document in self._settled:
            return None
        try:
            group = ManagedGroup.find(document, load(document).group)
        except Gone:
            group = None
        if group is None or not group.shown():
            self.settle(document)
            return None
        return group

    @guarded
    def _look(self) -> None:
        """The pen may also be down to move the canvas: then Krita has nothing to do. What it does may be
        over between two looks, and has left the document modified."""
        if self._painted is None:
            return
        document, group, before = self._painted
        is_open = document.rootNode() is not None and document not in self._settled
        if is_open and (not free(document) or document.modified() > before):
            self._leave()
            self.settle(document)
            group.hide()
            told = tr("Scumble's old picture is hidden: so you see what you paint. Live makes a new one.")
            host.tell(document, told)
        elif self._until is not None and time.monotonic() > self._until:
            self._leave()

    def _leave(self) -> None:
        self._timer.stop()
        self._painted = None


def _picks_colour() -> bool:
    """Krita is at work then, too, and nothing is painted."""
    keys = QtWidgets.QApplication.keyboardModifiers()
    return bool(keys & QtCore.Qt.KeyboardModifier.ControlModifier) or host.has_tool(COLOUR_SAMPLER)


def _covers(group: ManagedGroup, document) -> bool:
    """Whether the layer that the artist is on lies below it."""
    active, root = host.active_node(document), document.rootNode()
    return active is not None and stack.place(active, root) < stack.place(group.group, root)
