# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a group's regions in the list of what steers: a line for each layer, its name beside it."""

from __future__ import annotations

from .qt import QtCore, QtWidgets, tr
from .regions import MOST_TEXT

WIDEST = 90  # pixels of a name


class RegionWords(QtWidgets.QWidget):
    """Tells by `edited` of the layer's id and what was written for it; empty is its name again."""

    edited = QtCore.pyqtSignal(str, str)

    def __init__(self):
        super().__init__()
        self.lines: dict[str, QtWidgets.QLineEdit] = {}
        self.names: dict[str, QtWidgets.QLabel] = {}
        self._grid = QtWidgets.QGridLayout(self)
        self._grid.setContentsMargins(12, 0, 0, 0)
        self._grid.setSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._none = QtWidgets.QLabel(tr("No layer is in this group yet"))
        self._none.setWordWrap(True)
        self._grid.addWidget(self._none, 0, 0, 1, 2)

    def load(self, regions: list[tuple[str, str, str]]) -> None:
        """(id, name, words of its own) of the layers, the uppermost first; without telling."""
        if list(self.lines) != [layer for layer, _, _ in regions]:
            self._build([layer for layer, _, _ in regions])
        for layer, name, words in regions:
            line, label = self.lines[layer], self.names[layer]
            if line.text().strip() != words:
                line.setText(words)
            line.setPlaceholderText(name)
            mode = QtCore.Qt.TextElideMode.ElideRight
            label.setText(label.fontMetrics().elidedText(name, mode, WIDEST))
            label.setToolTip(name)

    def _build(self, layers: list[str]) -> None:
        """Lines that stay keep what is being written in them."""
        for layer in [layer for layer in self.lines if layer not in layers]:
            for widget in (self.lines.pop(layer), self.names.pop(layer)):
                self._grid.removeWidget(widget)
                widget.deleteLater()
        lines, names = self.lines, self.names
        self.lines, self.names = {}, {}
        for row, layer in enumerate(layers):
            self.lines[layer] = lines.get(layer) or self._line(layer)
            self.names[layer] = names.get(layer) or QtWidgets.QLabel()
            self._grid.addWidget(self.names[layer], row, 0)
            self._grid.addWidget(self.lines[layer], row, 1)
        self._none.setVisible(not layers)

    def _line(self, layer: str) -> QtWidgets.QLineEdit:
        line = QtWidgets.QLineEdit()
        line.setMaxLength(MOST_TEXT)
        line.setMinimumWidth(40)
        line.setToolTip(
            tr("What is to be seen where this layer is painted; left empty, it is the layer's name")
        )
        line.textEdited.connect(lambda text: self.edited.emit(layer, text.strip()))
        return line
