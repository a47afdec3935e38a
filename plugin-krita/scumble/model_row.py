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
    programs are to have the same one; `placed` on what models are to run."""

    chosen = QtCore.pyqtSignal(object)
    shared = QtCore.pyqtSignal(bool)
    placed = QtCore.pyqtSignal(str)

    def __init__(self):
        super().__init__()
        self.models = narrow_box(
            tr("The model that renders: Scumble's own, one that you get, or a folder of yours")
        )
        self.models.activated.connect(lambda index: self.chosen.emit(self.models.itemData(index)))
        self.about = Wrapped()
        self.faster = button("", "")  # offers the build of ONNX Runtime that uses the graphics card
        self.faster.setVisible(False)
        self.device = narrow_box(
            tr("On what models run, in all documents. The best there is: a graphics card that ONNX Runtime "
               "can use, else the processor")
        )  # fmt: skip
        self.device.activated.connect(lambda index: self.placed.emit(self.device.itemData(index)))
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
        self.runs_on = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(self.runs_on)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QtWidgets.QLabel(tr("Runs on")))
        row.addWidget(self.device, 1)
        column.addWidget(self.runs_on)
        column.addWidget(self.share)
        column.addWidget(self.note)

    def tell(self, model) -> None:
        """What is known of a model that is ready, None: nothing."""
        parts = (model.description or model.name, model.device) if model else ()
        self.about.say(" · ".join(filter(None, parts)))
        self.note.say(model.note if model else "")

    def load(self, chosen: str, devices: list[str]) -> None:
        """The chosen model's id, and what models can be told to run on."""
        self._load_devices(devices, engines.device())
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

    def _load_devices(self, names: list[str], chosen: str) -> None:
        if chosen not in names:
            names = [*names, chosen]  # its ONNX Runtime went; the engine says what is wrong
        if [self.device.itemData(i) for i in range(self.device.count())] != names:
            self.device.clear()
            for name in names:
                self.device.addItem(device_title(name), name)
        if self.device.currentIndex() != names.index(chosen):
            self.device.setCurrentIndex(names.index(chosen))
        # Where there is nothing but the processor there is nothing to choose.
        self.runs_on.setVisible(bool(chosen) or set(names) > {"", engines.PROCESSOR})


def device_title(name: str) -> str:
    """What an artist calls a device."""
    titles = {
        "": tr("the best there is"),
        engines.PROCESSOR: tr("the processor"),
        engines.OPENVINO: tr("the processor, by OpenVINO"),
        "webgpu": tr("the graphics card"),
        "cuda": tr("the NVIDIA graphics card"),
    }
    return titles.get(name, name)
