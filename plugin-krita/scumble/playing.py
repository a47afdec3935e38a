# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an animation is being played: each redraw would throw away the frames that Krita has ready."""

from __future__ import annotations

PLAYING = 0.5  # seconds after the last frame of an animation until live goes on


class Playing:
    def __init__(self, frame: int):
        self.now = False
        self._frame, self._since = frame, 0.0
        self._looked_at = float("-inf")

    def look(self, frame: int, now: float) -> bool:
        """It shows by another frame twice in PLAYING, or, where so much else is to be done that looks are
        seldom, at two looks in succession."""
        since, look, self._looked_at = self._since, self._looked_at, now
        if frame != self._frame:
            self._frame, self._since = frame, now
            self.now = self.now or since == look or now - since < PLAYING
        elif now - since > PLAYING:
            self.now = False
        return self.now
