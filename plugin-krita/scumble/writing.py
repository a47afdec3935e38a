# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture on its way into the live layer, some pieces in each turn, so that the brush never waits."""

from __future__ import annotations

import time

from .engine import Frame
from .group import PIECE_BYTES, ManagedGroup
from .pixels import PixelFormat, around, bands
from .split import Split


class Writing:
    """It is seen when the last piece is written, all of it at once: never a patchwork of two pictures."""

    def __init__(self, group: ManagedGroup):
        self.group = group
        self.split = Split()
        self.busy = False
        self.frame: Frame | None = None
        self._left: list[tuple] = []  # rectangles, and whether the picture is shown there
        self._changed: tuple | None = None

    def begin(self, frame: Frame | None, rects: list[tuple], pixels: PixelFormat, anew: bool) -> None:
        """With these parts of a frame, which is closed by who takes it from here; without one they become
        transparent. `anew`: what the layer has elsewhere in them is not known."""
        most = PIECE_BYTES // pixels.bytes_per_pixel
        parts = self.split.pieces(rects, self.group.size, anew)
        parts = [(part, shown and frame is not None) for part, shown in parts]
        self._left = [(band, shown) for part, shown in parts for band in bands(part, most)]
        self._changed = around(rects)
        self.frame, self.busy = frame, True

    def go_on(self, pixels: PixelFormat, until: float) -> bool:
        """Writes pieces as long as there is time, at least one; whether it was the last one."""
        while self._left:
            rect, shown = self._left.pop(0)
            self.group.write(self.frame if shown else None, rect, pixels)
            if time.perf_counter() > until:
                break
        if self._left:
            return False
        self.frame, self.busy = None, False
        self.group.redraw(self._changed)
        return True

    def complete(self, layer, frame: Frame, pixels: PixelFormat) -> None:
        """Writes into a copy of the live layer what the split view leaves out of the picture."""
        for part, shown in self.split.pieces([(0, 0, *self.group.size)], self.group.size, anew=True):
            for band in () if shown else bands(part, PIECE_BYTES // pixels.bytes_per_pixel):
                self.group.write(frame, band, pixels, layer)

    def drop(self) -> bool:
        """Whether something was under way, of which a part may be in the layer."""
        was, self.busy, self._left = self.busy, False, []
        if self.frame is not None:
            self.frame.close()
            self.frame = None
        return was
