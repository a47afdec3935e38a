# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's list of models, with what is known of the one that renders."""

from __future__ import annotations

import html

from . import models
from .qt import QtCore, QtWidgets, tr
from .widgets import Wrapped, button, narrow_box

GET = -1  # in the list: none of them, but the window in which one is got


class ModelRow(QtWidgets.QWidget):
    """`chosen` tells a model's id, GET, or None where a folder is to be chosen."""

    chosen = QtCore.pyqtSignal(object)

    def __init__(self):
        super().__init__()
        self.models = narrow_box(
            tr("The model that renders: Scumble's own, one that you get, or a folder of yours")
        )
        self.models.activated.connect(lambda index: self.chosen.emit(self.models.itemData(index)))
        self.about = Wrapped()
        self.faster = button("", "")  # offers the build of ONNX Runtime that uses the graphics card
        self.faster.setVisible(False)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(QtWidgets.QLabel(tr("Model")))
        row.addWidget(self.models, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.about)
        column.addWidget(self.faster)

    def tell(self, model) -> None:
        """What is known of a model that is ready, None: nothing."""
        parts = (model.description or model.name, model.device) if model else ()
        self.about.say(" · ".join(filter(None, parts)))

    def load(self, chosen: str) -> None:
        entries = {"": "", **models.known()}
        entries.setdefault(chosen, tr("not among your models"))
        if [self.models.itemData(i) for i in range(self.models.count() - 2)] != list(entries):
            self.models.clear()
            for model, folder in entries.items():
                self.models.addItem(models.name(model), model)
                # As HTML: Qt would take what looks like it for that.
                tip = f"<p>{html.escape(folder or models.name(model))}</p>"
                self.models.setItemData(self.models.count() - 1, tip, QtCore.Qt.ItemDataRole.ToolTipRole)
            self.models.addItem(tr("Get a model…"), GET)
            self.models.addItem(tr("Choose a folder…"), None)
        index = list(entries).index(chosen)
        if self.models.currentIndex() != index:
            self.models.setCurrentIndex(index)
