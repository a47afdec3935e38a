# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's button for styles: chosen, saved, given away, taken."""

from __future__ import annotations

from pathlib import Path

from . import styles
from .library import ScumbleError
from .qt import QtCore, QtGui, QtWidgets, tr
from .styles import SUFFIX, Style

LARGEST = 256  # pixels a side of a thumbnail


class StyleMenu(QtWidgets.QToolButton):
    """`chosen` tells which one the artist wants, None for no style. What fails is told by `failed`."""

    chosen = QtCore.pyqtSignal(object)
    failed = QtCore.pyqtSignal(str)

    def __init__(self, settings, thumbnail):
        """Asked when a style is made of the document in front: for its settings, and for a small picture in
        it, a QImage or None."""
        super().__init__()
        self._settings, self._thumbnail = settings, thumbnail
        self._name = ""
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Ignored, policy.Fixed)
        self.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self.list = QtWidgets.QMenu(self)
        self.list.setToolTipsVisible(True)
        self.list.aboutToShow.connect(self.fill)
        self.setMenu(self.list)
        self.show_style("", "")

    def show_style(self, name: str, words: str) -> None:
        self._name = name
        text = tr("Style: {name}").format(name=name) if name else tr("Style")
        if text != self.text():
            self.setText(text)
        self.setToolTip(
            tr("Adds to your prompt: {words}").format(words=words)
            if words
            else tr("Words and settings under a name")
        )

    def fill(self) -> None:
        self.list.clear()
        known = styles.known()
        self._entry(tr("None"), lambda: self.chosen.emit(None)).setCheckable(True)
        self.list.actions()[0].setChecked(not self._name)
        for style in known:
            action = self._entry(style.name, lambda style=style: self.chosen.emit(style))
            action.setToolTip(style.words)
            action.setIcon(_icon(style.thumbnail))
            action.setCheckable(True)
            action.setChecked(style.name == self._name)
        self.list.addSeparator()
        self._entry(tr("Save as a style…"), self.save_as)
        self._entry(tr("Import…"), self.take)
        current = next((style for style in known if style.name == self._name), None)
        if current is not None:
            self._entry(tr("Export “{name}”…").format(name=current.name), lambda: self.give(current))
        if current is not None and current.own:
            self._entry(tr("Delete “{name}”").format(name=current.name), lambda: self.delete(current))

    def _entry(self, text, function):
        action = self.list.addAction(text.replace("&", "&&"))
        action.triggered.connect(lambda *_: self._try(function))
        return action

    def _try(self, function) -> None:
        try:
            function()
        except ScumbleError as error:
            self.failed.emit(str(error))

    def save_as(self) -> None:
        settings = self._settings()
        title = tr("Save as a style")
        name, good = QtWidgets.QInputDialog.getText(self, title, tr("Its name"), text=self._name)
        if not good:
            return
        asked = tr("Words that it adds to the prompt")
        words, good = QtWidgets.QInputDialog.getText(self, title, asked, text=settings.words)
        if not good:
            return
        style = styles.of(name, words, settings, _png(self._thumbnail()))
        there = styles.own_like(style.name)
        asked = tr("You have a style “{name}” already. Replace it?")
        if there is None or self._sure(title, asked.format(name=there.name)):
            self.keep(style, there)

    def _sure(self, title: str, asked: str) -> bool:
        answers = QtWidgets.QMessageBox.StandardButton
        return QtWidgets.QMessageBox.question(self, title, asked) == answers.Yes

    def keep(self, style: Style, instead: Style | None = None) -> None:
        styles.save(style, instead)
        self.chosen.emit(style)

    def take(self) -> None:
        asked = f"{tr('Styles')} (*{SUFFIX})"
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, tr("Import a style"), "", asked)
        if path:
            self.keep(styles.brought(styles.read(Path(path))))

    def give(self, style: Style) -> None:
        asked = f"{tr('Styles')} (*{SUFFIX})"
        title = tr("Export a style")
        dialog = QtWidgets.QFileDialog(self, title, "", asked)
        dialog.setAcceptMode(QtWidgets.QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX[1:])  # so that it asks about the file that is written
        dialog.selectFile(styles.file_name(style.name))
        good, chosen = dialog.exec(), dialog.selectedFiles()
        dialog.deleteLater()
        if not good:
            return
        path = Path(chosen[0])
        if path.suffix != SUFFIX:  # "my.style" has one of its own
            path = path.with_name(path.name + SUFFIX)
            asked = tr("{file} is there already. Replace it?").format(file=path)
            if path.exists() and not self._sure(title, asked):
                return
        styles.write(style, path)

    def delete(self, style: Style) -> None:
        styles.remove(style)
        self.chosen.emit(None)


def _png(image) -> bytes:
    if image is None:
        return b""
    data = QtCore.QByteArray()
    buffer = QtCore.QBuffer(data)
    buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data)


def _icon(png: bytes):
    """None of a picture that is none, or of one that would take much memory: files come from anybody."""
    buffer = QtCore.QBuffer()
    buffer.setData(png)
    reader = QtGui.QImageReader(buffer, b"png")
    size = reader.size()
    if not png or not size.isValid() or max(size.width(), size.height()) > LARGEST:
        return QtGui.QIcon()
    return QtGui.QIcon(QtGui.QPixmap.fromImage(reader.read()))
