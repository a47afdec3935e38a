# SPDX-License-Identifier: GPL-3.0-or-later
"""The paint on its way to the library: what a turn reads of the canvas, and hands over as one change."""

from __future__ import annotations

import time

from .pixels import PixelFormat
from .reading import Reading

TURN = 0.004  # seconds of reading in one turn; after that no further piece is begun
GLANCE = 0.0015  # … while the artist paints and nothing else than the brush has changed


class Pushing:
    """Of one document. `readable` says whether what was read just before is what the canvas looks like."""

    def __init__(self, group, readable):
        self._group, self._readable = group, readable
        self._session = self._size = self._pixels = None
        self._reading: Reading | None = None  # of the canvas that the session knows

    def begin(self, session, size: tuple[int, int], pixels: PixelFormat) -> int | None:
        """A canvas of which the session knows nothing yet: all of it, as one change. Its revision; None where
        it cannot be read now."""
        self._session, self._size, self._pixels = session, size, pixels
        self._reading = Reading(size, pixels.bytes_per_pixel)
        parts = [self.read(index) for index in range(len(self._reading.bands))]
        return None if None in parts else self._hand_over(parts)

    def anywhere(self) -> None:
        """Something may have changed in any part of it."""
        if self._reading is not None:
            self._reading.anywhere()

    def go_on(self, rests: bool) -> int:
        """Hands over what is new where the brush is, as one change, and looks at as much of the rest as there
        is time for. The last revision of that, 0 if nothing was new."""
        started, reading, new, changed = time.perf_counter(), self._reading, {}, []
        revision = 0
        for index in reading.near():
            part = self.read(index)
            if part is None:
                return 0
            differs = reading.differs(index, part[1].array)
            if differs:
                changed.append(index)
            if differs is not False:
                new[index] = part
            # Where the brush rests, half of the time is for the others: undo, filters, another place.
            if time.perf_counter() - started > (TURN if changed else TURN / 2):
                break
        if new:
            revision = self._hand_over(list(new.values()))
            reading.handed_over({index: paint.array for index, (_, paint) in new.items()}, changed, started)
        rest, others = reading.rest(), {}
        # Where the brush is known, it goes before; else it is looked for.
        time_left = GLANCE if changed and (revision or not rests) else TURN
        for index in rest:
            part = self.read(index)
            if part is None:
                return revision
            others[index] = part
            if time.perf_counter() - started > time_left:
                break
        rest.close()
        found = self._hand_over(list(others.values())) if others else 0
        if found:
            reading.found({index: paint.array for index, (_, paint) in others.items()}, started)
        return found or revision

    def read(self, index: int) -> tuple | None:
        """(rectangle, pixels) of a band; None where what Krita gives is not the paint: the next turn sees."""
        rect = self._reading.bands[index]
        paint = self._group.read(rect)
        if paint.length != rect[2] * rect[3] * self._pixels.bytes_per_pixel:
            return None  # the document is changing under us
        return (rect, paint) if self._readable() else None

    def _hand_over(self, parts: list[tuple]) -> int:
        """The revision, 0 if nothing of it was new to the library."""
        told = [(rect, paint.address, paint.length) for rect, paint in parts]
        return self._session.push(self._pixels.number, self._size, told, self._pixels.space)
