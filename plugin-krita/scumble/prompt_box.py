# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's box for the prompt: typed, or taken from those that pictures were made by before."""

from __future__ import annotations

from . import prompts
from .qt import QtCore, tr
from .widgets import TextBox

SHOWN = 12  # of the last prompts, in the menu
WIDTH = 60  # characters of each


class PromptBox(TextBox):
    """Alt+Up and Alt+Down go through the last prompts; so does the menu of the right button."""

    def __init__(self):
        tip = tr("Describe the picture; it follows as you type. Alt+Up brings back what you wrote before")
        super().__init__(2, tr("What the picture shows"), tip)
        self._typed = ""  # what stood here before the artist went back
        self._at = -1  # of the last prompts, -1: what was typed

    def load(self, text: str) -> None:
        if text != self.toPlainText():
            self._at = -1
        super().load(text)

    def keyPressEvent(self, event):
        """Qt's name."""
        keys = QtCore.Qt.Key
        alt = bool(event.modifiers() & QtCore.Qt.KeyboardModifier.AltModifier)
        if alt and event.key() in (keys.Key_Up, keys.Key_Down):
            self._go(1 if event.key() == keys.Key_Up else -1)
            return
        self._at = -1
        super().keyPressEvent(event)

    def contextMenuEvent(self, event):
        """Qt's name."""
        self.menu().popup(event.globalPos())

    def menu(self):
        """Qt's own, and the last prompts."""
        made = self.createStandardContextMenu()
        made.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        made.addSeparator()
        last = made.addMenu(tr("Last prompts"))
        for prompt in prompts.known()[:SHOWN]:
            line = " ".join(prompt.split())
            line = line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
            action = last.addAction(line.replace("&", "&&"))
            action.triggered.connect(lambda *_, prompt=prompt: self._put(prompt))
        last.setEnabled(not last.isEmpty())
        return made

    def _go(self, back: int) -> None:
        """So many prompts back from what stands here."""
        known = prompts.known()
        if self._at < 0:
            self._typed = self.toPlainText()
        wanted = self._at + back
        if wanted >= 0 and self._at < 0 and known[:1] == [self._typed.strip()]:
            wanted += 1  # it stands here already
        if wanted < len(known):
            self._put(known[wanted] if wanted >= 0 else self._typed)
            self._at = max(wanted, -1)

    def _put(self, text: str) -> None:
        if text != self.toPlainText():
            self.setPlainText(text)  # tells that it was edited
