# SPDX-License-Identifier: GPL-3.0-or-later
"""When Krita begins a redraw that it was asked for.

Until 5.2 Krita gathers the redraws of a vector layer (its KisSignalCompressor, measured on 5.1.5 and 5.2.9):

* asked after a pause of half a second, it begins 100 or 200 ms later;
* asked again when 100 ms have passed since that, or since the last redraw began, it begins at once.

So one that is asked for early makes the picture's own begin at once, and asking again ends the wait. Since
5.3 it begins within a few milliseconds, and all of this does nothing.
"""

from __future__ import annotations

INTERVAL = 0.1  # seconds
AWAKE = 5 * INTERVAL  # it goes to sleep so long after its last redraw
MARGIN = 0.001
LATE = 0.015  # seconds: a redraw that begins just before the picture is there is in vain
EARLY = 0.35  # seconds before the picture: its redraw has begun in any case, and it is still awake


class Gathering:
    """Follows what Krita does with what it is asked; times in seconds, of any clock."""

    def __init__(self, version: str):
        major, minor = (int(part) for part in version.split(".")[:2])
        self.works = (major, minor) < (5, 3)
        self._since = float("-inf")  # when it woke up or last began a redraw

    def asleep(self, now: float) -> bool:
        return self.works and now - self._since >= AWAKE

    def asked(self, now: float) -> float | None:
        """A redraw is asked for. None: it begins now; else when to ask again, so that it begins then."""
        if not self.works:
            return None
        if not self.asleep(now) and now - self._since >= INTERVAL:
            self._since = now
            return None
        if self.asleep(now):
            self._since = now
        return self._since + INTERVAL + MARGIN

    @staticmethod
    def wake_at(picture_at: float, takes: float) -> float:
        """When to wake it for a picture that is expected then and takes so long to make."""
        return picture_at - (EARLY if takes > EARLY else INTERVAL - LATE)
