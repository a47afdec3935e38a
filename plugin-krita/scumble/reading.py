# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of a canvas are read next. Krita does not say what has changed, and reading all of a large
canvas at each look would hold the brush up: what changed last is read first, with what lies beside it, then
a part of all the rest in turn."""

from __future__ import annotations

from typing import Iterable, Iterator

from .pixels import bands

BAND_BYTES = 1 << 20  # about so much is read in one go
TILE = 64  # rows; of Krita's tiles and of the library's
HOT = 0.5  # seconds between a band's last change and the last of all, then it is not painted on any more


class Reading:
    """The bands of one canvas, by their index from the top."""

    def __init__(self, size: tuple[int, int], bytes_per_pixel: int):
        width, height = size
        rows = max(1, BAND_BYTES // (width * bytes_per_pixel))
        if rows > TILE:
            rows -= rows % TILE
        self.bands = bands((0, 0, width, height), rows * width)
        self._changed: dict[int, float] = {}
        self._kept: dict[int, object] = {}  # the pixels of those near the brush
        self._next = 0
        self._unseen = 0  # bands that are to be looked at before it is asked again where the brush is
        self._last = -1  # of those near the brush, the one that was looked at last

    def anywhere(self) -> None:
        """Something may have changed in any of them: all are looked at in turn."""
        self._unseen = len(self.bands)

    def near(self) -> list[int]:
        """Those that are painted on, and those beside them, beginning after the last look: there may be more
        than it had time for."""
        if self._unseen:
            return []
        latest = max(self._changed.values(), default=0.0)
        self._changed = {index: at for index, at in self._changed.items() if latest - at <= HOT}
        found = {index + side for index in self._changed for side in (-1, 0, 1)}
        found = sorted(index for index in found if 0 <= index < len(self.bands))
        self._kept = {index: self._kept[index] for index in found if index in self._kept}
        return sorted(found, key=lambda index: (index <= self._last, index))

    def rest(self) -> Iterator[int]:
        """The others, from where the last look has ended; one counts as read when the next is asked for, or
        by `close` of this."""
        count, near = len(self.bands), set(self.near())
        for index in [(self._next + n) % count for n in range(count)]:
            if index in near:
                continue
            try:
                yield index
            finally:
                self._next = (index + 1) % count
                self._unseen = max(0, self._unseen - 1)

    def differs(self, index: int, pixels) -> bool | None:
        """Of one near the brush: whether these are others than those that were handed over last; None where
        that is not known."""
        self._last = index
        before = self._kept.get(index)
        return None if before is None else before != pixels

    def handed_over(self, parts: dict[int, object], changed: Iterable[int], now: float) -> None:
        """The library has these now, pixels by index, all of them near the brush; of some it is known that
        they have changed."""
        self._kept.update(parts)
        self._changed.update(dict.fromkeys(changed, now))

    def found(self, parts: dict[int, object], now: float) -> None:
        """Some of these have changed, and it is not known which: all are near the brush until one changes
        again."""
        self.handed_over(parts, parts, now - HOT)
