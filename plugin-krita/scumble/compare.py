# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's ways to compare picture and paint: one button that is held, one that splits the canvas."""

from __future__ import annotations

from .qt import QtCore, QtWidgets, tr

FINE = 1000  # of the slider
MARGIN = 20  # of it: a line at the very edge would compare nothing


class Compare(QtCore.QObject):
    """Two buttons, and the slider of the line, which is there while the canvas is split."""

    held = QtCore.pyqtSignal()
    released = QtCore.pyqtSignal()
    split = QtCore.pyqtSignal(float)  # where, 0 to 1 of the canvas' width; 0: not

    def __init__(self, parent):
        super().__init__(parent)
        self.hold = QtWidgets.QToolButton()
        self.hold.setText("◐")
        self.hold.setToolTip(tr("Hold it to see your paint instead of the picture"))
        self.hold.pressed.connect(self.held)
        self.hold.released.connect(self.released)
        self.half = QtWidgets.QToolButton()
        self.half.setText("◫")
        self.half.setCheckable(True)
        self.half.setToolTip(tr("Split view: your paint left of a line, the picture right of it"))
        self.line = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.line.setRange(MARGIN, FINE - MARGIN)
        self.line.setValue(FINE // 2)
        self.line.setVisible(False)
        self.line.setToolTip(tr("Where the paint ends and the picture begins"))
        self.half.clicked.connect(lambda *_: self._tell())
        self.line.valueChanged.connect(lambda *_: self._tell())
        self._loading = False

    def _tell(self) -> None:
        if not self._loading:
            self.split.emit(self.line.value() / FINE if self.half.isChecked() else 0.0)

    def load(self, at: float | None) -> None:
        """Shows where the canvas is split (0: it is not), without telling; None: nothing is live."""
        self._loading = True
        for button in (self.hold, self.half):
            button.setEnabled(at is not None)
        self.half.setChecked(bool(at))
        self.line.setVisible(bool(at))
        if at:
            self.line.setValue(round(at * FINE))
        self._loading = False
