# SPDX-License-Identifier: GPL-3.0-or-later
"""What is being downloaded, and for whom. It goes on whatever becomes of the window that shows it (shop.py):
Krita deletes that with the main window in which it was opened."""

from __future__ import annotations

from .getting import Download
from .library import Library
from .log import guarded
from .qt import QtCore

LOOK = 100  # milliseconds between looks at a download
RATE = 20  # looks over which the speed is told


class Fetching(QtCore.QObject):
    """Of one kind (abi.WANT_*): one download at a time. Whom it is for is called with the folder of what has
    arrived, and with what is to be called when that is used."""

    looked = QtCore.pyqtSignal(object)  # Progress
    ended = QtCore.pyqtSignal(object)  # Progress; then it is handed over, if it has arrived
    used = QtCore.pyqtSignal()

    def __init__(self, want: int):
        super().__init__()
        self.want = want
        self.download: Download | None = None
        self._got = self._newest = None  # of whom it is for, and of who opened the window last
        self._past: list[int] = []  # bytes at the last looks
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(guarded(lambda: self.look()))

    def serve(self, got) -> None:
        """From now on it is for this one; what is being downloaded stays for whom it was begun."""
        self._newest = got
        if self.download is None:
            self._got = got

    def begin(self, library: Library, name: str, agreed: bool) -> None:
        """Raises ScumbleError."""
        self.download = Download(library, self.want, name, agreed)
        self._past = []
        self._timer.start()

    def agree(self) -> None:
        self.download.agree()

    def cancel(self) -> None:
        if self.download is not None:
            self.download.cancel()

    def look(self) -> None:
        """One look at the download."""
        if self.download is None:
            self._timer.stop()
            return
        progress = self.download.look()
        if not progress.ended:
            self._past = [*self._past[-RATE:], progress.done]
            self.looked.emit(progress)
            return
        self.leave()
        self.ended.emit(progress)
        if progress.arrived:
            self.hand_over(progress.folder)
        self._got = self._newest

    @property
    def speed(self) -> int:
        """Bytes a second."""
        return (self._past[-1] - self._past[0]) * 1000 // (LOOK * max(1, len(self._past) - 1))

    def hand_over(self, folder: str) -> None:
        if self._got is not None:
            self._got(folder, self.used.emit)

    def leave(self) -> None:
        """Closed before its end it goes on the next time."""
        self._timer.stop()
        if self.download is not None:
            self.download.close()
            self.download = None
