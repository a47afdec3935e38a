# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of a canvas are read next. Krita does not say what has changed, and reading all of a large
canvas at each look would hold the brush up: what changed last is read first, then what lies beside it, then
a part of all the rest in turn."""

from __future__ import annotations

from typing import Iterator

from .pixels import bands

BAND_BYTES = 1 << 20  # about so much is read in one go
TILE = 64  # rows; of Krita's tiles and of the library's
HOT = 0.5  # seconds that a band counts as being painted on after it has changed
LEAST = 3  # groups a turn
TOGETHER = 4  # bands that are handed over as one change
APART = 4  # one turn in so many asks the bands being painted on one by one, so that they cool down


class Reading:
    """The bands of one canvas, by their index from the top."""

    def __init__(self, size: tuple[int, int], bytes_per_pixel: int):
        width, height = size
        rows = max(1, BAND_BYTES // (width * bytes_per_pixel))
        if rows > TILE:
            rows -= rows % TILE
        self.bands = bands((0, 0, width, height), rows * width)
        self._changed: dict[int, float] = {}
        self._next = self._turns = 0

    def changed(self, group: tuple[int, ...], now: float) -> None:
        """These bands, or some of them, were not as before."""
        self._changed.update(dict.fromkeys(group, now))

    def turn(self, now: float) -> Iterator[tuple[int, ...]]:
        """Each band once, in groups, the first LEAST of which are to be read in any case; the caller ends
        when the turn's time is over. Between two groups `changed` may be called."""
        self._changed = {index: at for index, at in self._changed.items() if now - at < HOT}
        hot, count = sorted(self._changed), len(self.bands)
        self._turns += 1
        size = 1 if self._turns % APART == 0 else TOGETHER
        groups = self._turned([tuple(hot[n : n + size]) for n in range(0, len(hot), size)])
        around = {index + side for index in hot for side in (-1, 1)} - set(hot)
        beside = self._turned([(index,) for index in sorted(around) if 0 <= index < count])
        left = [(self._next + n) % count for n in range(count)]
        rest = [(index,) for index in left if index not in around and index not in self._changed]
        first = groups[:1] + beside[:1] + rest[:1]
        for group in first + groups[1:] + beside[1:] + rest[1:]:
            yield group
            if group in rest[:1] or self._next == group[0]:
                self._next = (group[0] + 1) % count  # only now it has been read

    def _turned(self, groups: list) -> list:
        """Beginning with another one at each turn."""
        first = self._turns % max(1, len(groups))
        return groups[first:] + groups[:first]
