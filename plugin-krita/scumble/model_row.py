# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's list of models, with what is known of the one that renders."""

from __future__ import annotations

import html

from . import engines, models
from .qt import QtCore, QtWidgets, tr
from .widgets import Wrapped, button, narrow_box

GET = -1  # in the list: none of them, but the window in which one is got


class ModelRow(QtWidgets.QWidget):
    """`chosen` tells a model's id, GET, or None where a folder is to be chosen; `shared` whether other
    programs are to have the same one."""

    chosen = QtCore.pyqtSignal(object)
    shared = QtCore.pyqtSignal(bool)

    def __init__(self):
        super().__init__()
        self.models = narrow_box(
            tr("The model that renders: Scumble's own, one that you get, or a folder of yours")
        )
        self.models.activated.connect(lambda index: self.chosen.emit(self.models.itemData(index)))
        self.about = Wrapped()
        self.faster = button("", "")  # offers the build of ONNX Runtime that uses the graphics card
        self.faster.setVisible(False)
        self.share = QtWidgets.QCheckBox(tr("Share the model between programs"))
        self.share.setToolTip(
            tr("Krita, GIMP and others where this is ticked load a model once for all, and render by turns")
        )
        self.share.clicked.connect(self.shared)
        self.note = Wrapped()  # why it runs there, and why it is not shared
        row = QtWidgets.QHBoxLayout()
        row.addWidget(QtWidgets.QLabel(tr("Model")))
        row.addWidget(self.models, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.about)
        column.addWidget(self.faster)
        column.addWidget(self.share)
        column.addWidget(self.note)

    def tell(self, model) -> None:
        """What is known of a model that is ready, None: nothing."""
        parts = (model.description or model.name, model.device) if model else ()
        self.about.say(" · ".join(filter(None, parts)))
        self.note.say(model.note if model else "")

    def load(self, chosen: str) -> None:
        self.share.setChecked(engines.is_shared())
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
