# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's small parts: a slider with a number, a part of the steps, a text box that tells of typing
without haste."""

from __future__ import annotations

from .log import guarded
from .qt import QtCore, QtWidgets, tr

ERROR = "color: #d0604c"  # of a sentence that tells what is wrong


class Amount(QtWidgets.QWidget):
    """A slider and a number for a value that the model has an opinion on: None means the model's own."""

    edited = QtCore.pyqtSignal()

    def __init__(self, low: float, high: float, decimals: int, tip: str):
        super().__init__()
        self._scale = 10**decimals
        self._own, self._value = low, None
        self.slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.slider.setRange(round(low * self._scale), round(high * self._scale))
        self.number = QtWidgets.QDoubleSpinBox()
        self.number.setDecimals(decimals)
        self.number.setRange(low, high)
        self.number.setSingleStep(1 if decimals == 0 else 0.05)
        self.number.setKeyboardTracking(False)
        self.slider.setMinimumWidth(40)
        self.reset = QtWidgets.QToolButton()
        self.reset.setText("↺")
        self.reset.setToolTip(tr("Back to what the model recommends"))
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.slider, self.number, self.reset):
            row.addWidget(widget)
        row.setStretch(0, 1)
        self.setToolTip(tip)
        self.slider.valueChanged.connect(lambda raw: self._set(raw / self._scale))
        self.number.valueChanged.connect(self._set)
        self.reset.clicked.connect(lambda: self._set(None))
        self._show()

    def value(self) -> float | None:
        return self._value

    def load(self, value: float | None, own: float | None) -> None:
        """Shows a value without telling; `own` is what the model recommends, None if not known yet."""
        self._value = value
        self._own = self._own if own is None else own
        self._show()

    def _set(self, value: float | None) -> None:
        if value != self._value:
            self._value = value
            self._show()
            self.edited.emit()

    def _show(self) -> None:
        shown = self._own if self._value is None else self._value
        raw = round(shown * self._scale)
        _put(self.slider, raw)
        _put(self.number, raw / self._scale)
        self.reset.setEnabled(self._value is not None)


class StepPart(QtWidgets.QWidget):
    """The part of the steps in which something steers, from 0 to 1 each, shown in percent."""

    edited = QtCore.pyqtSignal()

    def __init__(self, tip: str):
        super().__init__()
        self.start, self.end = QtWidgets.QSpinBox(), QtWidgets.QSpinBox()
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QtWidgets.QLabel(tr("Steps")))
        for box, other in ((self.start, self.end), (self.end, self.start)):
            box.setRange(0, 100)
            box.setSingleStep(5)
            box.setSuffix(" %")
            box.setKeyboardTracking(False)
            box.valueChanged.connect(lambda _, box=box, other=other: self._changed(box, other))
            row.addWidget(box, 1)
        row.insertWidget(2, QtWidgets.QLabel("–"))
        self.setToolTip(tip)
        self.load((0.0, 1.0))

    def value(self) -> tuple[float, float]:
        """What is shown; what a document has between two percent stays until it is changed."""
        return self._value

    def load(self, value: tuple[float, float]) -> None:
        """Shows a part without telling."""
        self._value = value
        for box, number in zip((self.start, self.end), value):
            _put(box, round(100 * number))

    def _changed(self, box, other) -> None:
        start, end = self.start.value(), self.end.value()
        if start > end:  # the one takes the other along
            start = end = box.value()
        self.load((start / 100, end / 100))
        self.edited.emit()


class Looks(QtWidgets.QWidget):
    """How the live picture lies over the paint; the layer itself is locked."""

    covers = QtCore.pyqtSignal(int)  # opacity, 0 to 255
    mixes = QtCore.pyqtSignal(str)  # Krita's name of a blending mode

    def __init__(self):
        super().__init__()
        self.opacity = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 255)
        self.opacity.setToolTip(tr("How much the picture covers your paint"))
        self.opacity.valueChanged.connect(self.covers)
        self.blending = QtWidgets.QComboBox()
        for mode, text in (
            ("normal", tr("Normal")), ("multiply", tr("Multiply")), ("screen", tr("Screen")),
            ("overlay", tr("Overlay")), ("soft_light_svg", tr("Soft Light")), ("darken", tr("Darken")),
            ("lighten", tr("Lighten")), ("color", tr("Color")), ("luminize", tr("Luminosity")),
        ):  # fmt: skip
            self.blending.addItem(text, mode)
        self.blending.setToolTip(tr("How the picture mixes with your paint"))
        self.blending.activated.connect(lambda index: self.mixes.emit(self.blending.itemData(index)))
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.opacity, 1)
        row.addWidget(self.blending)

    def load(self, opacity: int | None, mode: str | None) -> None:
        """Shows what a live picture has, without telling; None: there is none."""
        self.setEnabled(opacity is not None)
        if opacity is None or self.opacity.isSliderDown():
            return
        _put(self.opacity, opacity)
        self.blending.setCurrentIndex(self.blending.findData(mode))


class Fold(QtWidgets.QWidget):
    """A line that opens what is seldom needed."""

    def __init__(self, title: str):
        super().__init__()
        self.button = QtWidgets.QToolButton()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setAutoRaise(True)
        self.button.setToolButtonStyle(QtCore.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.inside = QtWidgets.QWidget()
        self.inside.setVisible(False)
        self.column = QtWidgets.QVBoxLayout(self.inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.button)
        column.addWidget(self.inside)
        self.button.toggled.connect(self._open)
        self._open(False)

    def _open(self, opened: bool) -> None:
        arrow = QtCore.Qt.ArrowType.DownArrow if opened else QtCore.Qt.ArrowType.RightArrow
        self.button.setArrowType(arrow)
        self.inside.setVisible(opened)


class TextBox(QtWidgets.QPlainTextEdit):
    """A few lines of text. What is loaded while the painter types does not move the cursor."""

    def __init__(self, lines: int, placeholder: str, tip: str):
        super().__init__()
        self.setPlaceholderText(placeholder)
        self.setToolTip(tip)
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 14)

    def load(self, text: str) -> None:
        if text != self.toPlainText():
            blocked = self.blockSignals(True)
            self.setPlainText(text)
            self.blockSignals(blocked)


class Wrapped(QtWidgets.QLabel):
    """A line or more of text that never makes the docker wider."""

    def __init__(self):
        super().__init__()
        self.setWordWrap(True)
        self.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.setMinimumWidth(80)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Ignored, policy.Preferred)

    def say(self, text: str, error: bool = False) -> None:
        colour = ERROR if error else ""
        if self.styleSheet() != colour:
            self.setStyleSheet(colour)
        if text != self.text():
            self.setText(text)
            self.setVisible(bool(text))


class Samplers(QtWidgets.QComboBox):
    """Which sampler a model is run with; its items' data are the library's names, "" the model's own."""

    def __init__(self):
        super().__init__()
        _narrow(self, tr("How noise becomes a picture; a model's own is what it was made for"))

    def load(self, chosen: str, names: list[str]) -> None:
        if chosen not in names:
            names.append(chosen)  # of another model or version; the library says what it thinks of it
        if [self.itemData(i) for i in range(self.count())] != names:
            self.clear()
            for name in names:
                self.addItem(name or tr("the model's own"), name)
        if self.currentIndex() != names.index(chosen):
            self.setCurrentIndex(names.index(chosen))


def _put(widget, number) -> None:
    """Shows a number without telling. The same one is not set again: that would wipe what is being typed."""
    number = min(max(number, widget.minimum()), widget.maximum())
    if widget.value() != number:
        blocked = widget.blockSignals(True)
        widget.setValue(number)
        widget.blockSignals(blocked)


def button(text, tip):
    made = QtWidgets.QPushButton(text)
    made.setToolTip(tip)
    made.setMinimumWidth(40)
    return made


def narrow_box(tip):
    """A list that does not make the docker as wide as its longest entry."""
    return _narrow(QtWidgets.QComboBox(), tip)


def _narrow(box, tip):
    box.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    box.setToolTip(tip)
    return box


def single_shot(parent, function):
    timer = QtCore.QTimer(parent)
    timer.setSingleShot(True)
    timer.timeout.connect(guarded(lambda: function()))
    return timer
