# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker: what the painter sees and sets. It knows Live and the settings, no nodes and no pixels."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from krita import DockWidget, Krita

from .extension import live, run
from .qt import QtCore, QtGui, QtWidgets, tr
from .widgets import Amount, TextBox, Wrapped


class ScumbleDocker(DockWidget):
    def __init__(self):
        super().__init__()
        self.setWindowTitle(tr("Scumble"))
        self.live = live()
        self._loading = False
        self._build()
        self._commit = QtCore.QTimer(self)
        self._commit.setSingleShot(True)
        self._commit.timeout.connect(self._store)
        self.live.changed.connect(self.refresh)
        self.refresh()

    # --- making the widgets ---

    def _build(self):
        body = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(self._buttons())
        self.prompt = TextBox(
            3, tr("What the picture shows"), tr("Describe the picture; it follows as you type")
        )
        self.negative = TextBox(1, tr("What it must not show"), tr("Used while guidance is above 1"))
        for box in (self.prompt, self.negative):
            box.textChanged.connect(self._edited)
            column.addWidget(box)
        column.addLayout(self._sliders())
        column.addLayout(self._model())
        self.outside = QtWidgets.QCheckBox(tr("Show the paint outside the selection"))
        self.outside.setToolTip(
            tr("Where something is selected only that is rendered; off: the rest stays empty")
        )
        self.outside.toggled.connect(self._edited)
        column.addWidget(self.outside)
        self.progress = QtWidgets.QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setVisible(False)
        self.state = Wrapped()
        column.addWidget(self.progress)
        column.addWidget(self.state)
        self.own = QtWidgets.QPushButton(tr("Use Scumble's own model"))
        self.own.setToolTip(tr("A small model that comes with Scumble and needs nothing else"))
        self.own.clicked.connect(lambda: self._do(self.live.use_own_model))
        column.addWidget(self.own)
        column.addStretch(1)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setWidget(body)
        self.setWidget(scroll)

    def _buttons(self):
        self.toggle = QtWidgets.QPushButton(tr("Live"))
        self.toggle.setObjectName("scumble_live")
        self.toggle.setCheckable(True)
        self.toggle.setMinimumHeight(36)
        self.toggle.setToolTip(
            tr("A layer that shows what the model makes of the layers below, while you paint")
        )
        self.toggle.clicked.connect(lambda: self._do(self.live.toggle))
        self.apply = QtWidgets.QPushButton(tr("Apply"))
        self.apply.setToolTip(tr("Copies the picture into an ordinary layer above; live goes on"))
        self.apply.clicked.connect(lambda: self._do(self.live.apply))
        self.stop = QtWidgets.QPushButton(tr("Stop"))
        self.stop.setToolTip(tr("Ends what is being rendered and turns live off; the picture stays"))
        self.stop.clicked.connect(lambda: self._do(self.live.stop))
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.toggle, 2)
        row.addWidget(self.apply, 1)
        row.addWidget(self.stop, 1)
        return row

    def _sliders(self):
        self.strength = Amount(
            0, 1, 2, tr("0 keeps your paint as it is, 1 takes nothing from it but the place")
        )
        self.steps = Amount(1, 50, 0, tr("More steps: finer and slower"))
        self.guidance = Amount(
            0, 15, 1, tr("How strictly the prompt is followed; up to 1 is off, and faster")
        )
        form = QtWidgets.QFormLayout()
        for label, widget in (
            (tr("Strength"), self.strength),
            (tr("Steps"), self.steps),
            (tr("Guidance"), self.guidance),
        ):
            widget.edited.connect(self._edited)
            form.addRow(label, widget)
        self.seed = QtWidgets.QLineEdit()
        self.seed.setValidator(QtGui.QRegularExpressionValidator(QtCore.QRegularExpression("[0-9]{1,19}")))
        self.seed.setToolTip(tr("The same seed, settings and paint make the same picture"))
        self.seed.textEdited.connect(self._edited)
        self.lock = QtWidgets.QToolButton()
        self.lock.setIcon(Krita.instance().icon("layer-locked"))
        self.lock.setCheckable(True)
        self.lock.setToolTip(tr("Locked: the seed stays. Unlocked: Apply draws a new one"))
        self.lock.toggled.connect(self._edited)
        self.dice = QtWidgets.QToolButton()
        self.dice.setText("⚄")
        self.dice.setToolTip(tr("Another picture of the same paint and prompt"))
        self.dice.clicked.connect(lambda: self._do(self.live.new_seed))
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.seed, 1)
        row.addWidget(self.lock)
        row.addWidget(self.dice)
        form.addRow(tr("Seed"), row)
        return form

    def _model(self):
        self.models = QtWidgets.QComboBox()
        self.models.setSizeAdjustPolicy(
            QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.models.setMinimumContentsLength(10)
        self.models.setToolTip(
            tr("The model that renders: the one that comes with Scumble, or a folder of yours")
        )
        self.models.activated.connect(self._choose_model)
        self.about = Wrapped()
        column = QtWidgets.QVBoxLayout()
        row = QtWidgets.QHBoxLayout()
        row.addWidget(QtWidgets.QLabel(tr("Model")))
        row.addWidget(self.models, 1)
        column.addLayout(row)
        column.addWidget(self.about)
        return column

    # --- from the painter ---

    def _do(self, function):
        if self._commit.isActive():
            self._commit.stop()
            self._store()
        run(function)
        self.refresh()

    def _edited(self, *_):
        if not self._loading and not self._commit.isActive():
            self._commit.start(self.live.typing_pause(Krita.instance().activeDocument()))

    def _store(self):
        run(self._store_in)

    def _store_in(self, document):
        steps = self.steps.value()
        chosen = replace(
            self.live.settings(document),
            prompt=self.prompt.toPlainText(),
            negative=self.negative.toPlainText(),
            strength=self.strength.value(),
            steps=None if steps is None else int(steps),
            guidance=self.guidance.value(),
            seed=int(self.seed.text() or 0),
            seed_locked=self.lock.isChecked(),
            outside_shows_paint=self.outside.isChecked(),
        )
        self.live.set_settings(document, chosen)

    def _choose_model(self, index):
        self._do(lambda document: self._choose_in(document, self.models.itemData(index)))

    def _choose_in(self, document, folder):
        if folder is None:
            folder = QtWidgets.QFileDialog.getExistingDirectory(self, tr("Choose a model's folder"))
            if not folder:
                return
            _remember_model(folder)
        self.live.set_settings(document, replace(self.live.settings(document), model=folder))

    # --- to the painter ---

    def canvasChanged(self, canvas):
        """Krita calls this when another document comes to the front, or none."""
        if self._commit.isActive():
            self._commit.stop()  # typed for the document that has gone
        self.live.wake()
        QtCore.QTimer.singleShot(0, self.refresh)

    def refresh(self):
        try:
            self._refresh()
        except Exception as error:  # noqa: BLE001
            self.state.say(tr("Scumble met an error of its own: {error}").format(error=error))

    def _refresh(self):
        document = Krita.instance().activeDocument()
        status = self.live.status(document)
        chosen = self.live.settings(document)
        self.widget().setEnabled(document is not None)
        self.toggle.setChecked(status.live)
        self.toggle.setText(tr("● Live") if status.live else tr("Live"))
        self.stop.setEnabled(status.live)
        self.progress.setVisible(status.progress is not None)
        if status.progress is not None:
            self.progress.setValue(round(status.progress * 1000))
        self.state.say(status.text)
        self.own.setVisible(status.offer_own)
        self.state.setStyleSheet("color: #d0604c" if status.error else "")
        model = status.model if status.model is not None and status.model.ready else None
        self.about.say(
            " · ".join(filter(None, (model.description or model.name, model.device))) if model else ""
        )
        if self._commit.isActive():
            return  # the painter is typing: what is shown is newer than what is stored
        self._loading = True
        try:
            self.prompt.load(chosen.prompt)
            self.negative.load(chosen.negative)
            self.strength.load(chosen.strength, model.strength if model else None)
            self.steps.load(chosen.steps, model.steps if model else None)
            self.guidance.load(chosen.guidance, model.guidance if model else None)
            if self.seed.text() != str(chosen.seed):
                self.seed.setText(str(chosen.seed))
            self.lock.setChecked(chosen.seed_locked)
            self.outside.setChecked(chosen.outside_shows_paint)
            self._list_models(chosen.model)
        finally:
            self._loading = False

    def _list_models(self, chosen: str):
        folders = ["", *_known_models()]
        if chosen not in folders:
            folders.append(chosen)
        if [self.models.itemData(i) for i in range(self.models.count() - 1)] != folders:
            self.models.clear()
            for folder in folders:
                self.models.addItem(Path(folder).name if folder else tr("Scumble's own"), folder)
                self.models.setItemData(
                    self.models.count() - 1, folder, QtCore.Qt.ItemDataRole.ToolTipRole
                )  # fmt: skip
            self.models.addItem(tr("Choose a folder…"), None)
        index = folders.index(chosen)
        if self.models.currentIndex() != index:
            self.models.setCurrentIndex(index)


def _known_models() -> list[str]:
    """Folders that the painter has chosen before, newest first."""
    kept = Krita.instance().readSetting("scumble", "models", "")
    return [folder for folder in kept.split(os.pathsep) if folder]


def _remember_model(folder: str) -> None:
    folders = [folder, *(known for known in _known_models() if known != folder)]
    Krita.instance().writeSetting("scumble", "models", os.pathsep.join(folders[:12]))
