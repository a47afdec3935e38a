# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's strip of the last pictures."""

from __future__ import annotations

import html

from .history import SIDE, Kept
from .qt import QtCore, QtGui, QtWidgets, tr


class HistoryStrip(QtWidgets.QListWidget):
    """`chosen` tells which picture is to come back, `laid` which one is to become a layer."""

    chosen = QtCore.pyqtSignal(object)
    laid = QtCore.pyqtSignal(object)

    def __init__(self):
        super().__init__()
        self._shown: list[Kept] = []
        self.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self.setFlow(QtWidgets.QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QtWidgets.QListView.Movement.Static)
        self.setIconSize(QtCore.QSize(SIDE, SIDE))
        self.setSpacing(2)
        self.setFixedHeight(SIDE + 2 * 6 + self.horizontalScrollBar().sizeHint().height())
        self.setVerticalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(80)
        self.setToolTip(tr("A click brings the words and settings of a picture back"))
        self.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.CustomContextMenu)
        self.itemClicked.connect(lambda item: self.chosen.emit(self._of(item)))
        self.customContextMenuRequested.connect(self._ask)

    def load(self, pictures: list[Kept]) -> None:
        if [id(one) for one in pictures] == [id(one) for one in self._shown]:
            return
        self._shown = list(pictures)
        self.clear()
        for one in pictures:
            item = QtWidgets.QListWidgetItem(QtGui.QIcon(QtGui.QPixmap.fromImage(one.thumbnail)), "")
            item.setToolTip(f"<p>{html.escape(_told(one))}</p>")
            self.addItem(item)

    def _of(self, item) -> Kept:
        return self._shown[self.row(item)]

    def menu(self, one: Kept) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(self)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        back = menu.addAction(tr("Back to its words and settings"))
        back.triggered.connect(lambda *_: self.chosen.emit(one))
        lay = menu.addAction(tr("Put this picture into a hidden layer"))
        lay.setEnabled(one.layer is not None)
        lay.triggered.connect(lambda *_: self.laid.emit(one))
        return menu

    def _ask(self, at) -> None:
        item = self.itemAt(at)
        if item is not None:
            self.menu(self._of(item)).popup(self.viewport().mapToGlobal(at))


def _told(one: Kept) -> str:
    settings = one.settings
    parts = [settings.prompt.strip() or tr("no words"), tr("seed {n}").format(n=settings.seed)]
    if settings.strength is not None:
        parts.append(tr("strength {n}").format(n=f"{settings.strength:.2f}"))
    if settings.style:
        parts.append(settings.style)
    return " · ".join(parts)
