# SPDX-License-Identifier: GPL-3.0-or-later
"""What Krita's Instant Preview does to whom reads and writes layers.

Krita then has a smaller copy of each layer ("level of detail" in its code). While it works on those, on a
stroke or some seconds after any change on the copies themselves, a layer that is asked for its pixels gives
those of its copy, and takes what is written into the copy, from where it is soon thrown away: whoever asks is
never told. A stroke is painted on the copies first, and on the layers when the pen is lifted.
"""

from __future__ import annotations

from contextlib import contextmanager

from . import host
from .qt import QtCore
from .undo import free

LIFTED = 0.05  # seconds between looks whether a stroke has ended, after the pen was lifted
LARGEST_PIXEL = 16  # bytes


class InstantPreview:
    """Of one document; while it is off, everything is full and nothing is asked of Krita."""

    def __init__(self, document):
        self.document = document
        self._stroke = None  # None, "down", or when the pen was lifted
        self._mark = None  # a layer in no stack, with a pixel that its copy has not got

    @property
    def painting(self) -> bool:
        """A stroke is being painted that the layers do not have yet."""
        return self._stroke is not None

    def pen_down(self) -> bool:
        """Whether a stroke begins that cannot be seen."""
        if host.instant_preview() is not None:
            self._stroke = "down"
        return self.painting

    def pen_up(self, now: float) -> None:
        if self.painting:
            self._stroke = now

    def ended(self, now: float) -> bool:
        """Whether such a stroke is painted in full. Krita is asked only after the pen was lifted: each time
        that it is free when asked, its next such stroke has to copy the canvas anew."""
        if self._stroke == "down" or now - self._stroke < LIFTED or not free(self.document):
            return False
        self._stroke = None
        return True

    def full(self) -> bool:
        """Whether a layer gives its pixels in full size now; what was read just before is what it looked like
        if so. Krita is not asked for its lock."""
        if host.instant_preview() is None:
            return True
        if self._mark is None:
            with self.kept_full() as ready:
                if not ready:
                    return False
                self._mark = self.document.createNode("", "paintlayer")
                self._mark.setPixelData(QtCore.QByteArray(b"\1" * LARGEST_PIXEL), 0, 0, 1, 1)
        return any(bytes(self._mark.pixelData(0, 0, 1, 1)))

    @contextmanager
    def kept_full(self):
        """For writing: Krita begins nothing meanwhile. Whether that could be had, which it cannot as long as
        it is at work."""
        if host.instant_preview() is None:
            yield True
            return
        ready = self.document.tryBarrierLock()
        try:
            yield ready
        finally:
            if ready:
                self.document.unlock()
