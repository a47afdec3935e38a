# SPDX-License-Identifier: GPL-3.0-or-later
"""A live document's picture, to be copied: the part of LiveDocument (document.py) for that."""

from __future__ import annotations

import time
from contextlib import contextmanager

from .library import ScumbleError

PATIENCE = 5.0  # seconds more than it was told to that `finish_picture` waits for Krita at the most
PAUSE = 0.003  # seconds between its looks for a picture


class Taken:
    """Of LiveDocument it uses the session, the writing, and how a turn polls and shows."""

    def picture(self):
        """A copy of the live layer that is in no stack, with all of the picture, split or not; None where it
        is not to be had now."""
        layer = self.group.picture()
        if not self.split:
            return layer
        frame = self.session.picture()
        if frame is None:
            return None
        try:
            with self._preview.kept_full() as ready:
                if not ready or not self._fits(frame):
                    return None
                self._writing.complete(layer, frame, self._shape[1])
            return layer
        finally:
            frame.close()

    @contextmanager
    def whole(self, seconds: float):
        """Meanwhile the live layer has all of the picture, a finished one where that is near."""
        at, self.split = self.split, 0.0
        try:
            self.finish_picture(seconds)
            yield
        finally:
            self.split = at

    def finish_picture(self, seconds: float) -> None:
        """Waits so long for the picture that is being made, and writes what is left of the last one: what is
        copied is one picture, and a finished one where that is near."""
        end = time.perf_counter() + seconds
        while True:
            while self._writing.busy and time.perf_counter() < end + PATIENCE:
                if not self._show_some(time.perf_counter(), self.group.format()):
                    self.document.waitForDone()
            rests = not self.working and not self._anew
            if rests or self.nothing_selected or time.perf_counter() >= end:
                return
            try:
                self._poll()
            except ScumbleError as error:
                if not self.copes(error):
                    self._end, self.due = error.with_traceback(None), 0.0
                    return
            if not self._writing.busy:
                time.sleep(PAUSE)
