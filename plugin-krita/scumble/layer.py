# SPDX-License-Identifier: GPL-3.0-or-later
"""One document's live layer: read → push → poll → show, a little in each tick: the brush never waits."""

from __future__ import annotations

import time

from . import abi
from .canvas import Canvas, Gone
from .engine import Engine, Frame, Layer, ScumbleError
from .pixels import bands
from .settings import DocumentSettings

QUICK = 0.012  # seconds between looks at the paint while the artist paints and no picture is being made
FAST = 0.033  # … while one is: it shows the paint of when it was begun
REST = 0.066  # … and while nothing changes
STAY_FAST = 1.0  # seconds after the last change
WAITING = 0.006  # seconds between looks for a picture that is being made
BETWEEN = 0.003  # seconds between two turns of one picture, for the brush
BAND_BYTES = 4 << 20  # what is read or written in one go
TURN = 0.004  # seconds of reading or writing in one turn; after that no further piece is begun
LOOK_AT_SELECTION = 0.2  # seconds
MISSING = 0.15  # seconds that the group may be out of the stack before live stops
HOLD = 0.35  # seconds without a redraw after an undo or redo


class LiveLayer:
    """A session of the engine tied to the managed group of one document."""

    def __init__(self, canvas: Canvas, engine: Engine, settings: DocumentSettings):
        self.canvas, self.engine = canvas, engine
        self.document = canvas.document
        self.session = Layer(engine)
        self.settings = settings
        self.last_frame = None  # FrameInfo of the last picture shown
        self.frames_shown = 0
        self.hidden = self._missing = False
        self.session.set(settings.for_engine())
        self._shape = None  # (size, format) that the session knows
        self._mask = None  # (coverage, outside) that the session knows
        self._asked = self._done = 0  # revisions: the newest asked for, the newest finished
        self._floor = 0  # frames of an earlier revision no longer fit the canvas
        self._clear_first = False
        self._hot_band = self._next_band = 0
        self._showing: tuple[Frame, list] | None = None
        self._changed_at = self._selection_at = self._held_until = self._read_at = 0.0
        self._job_at = 0.0  # when the job waited for began
        self._ran = self._takes = 0.0  # how long the last one took until its picture was here, and written

    @property
    def working(self) -> bool:
        return self._done < self._asked

    @property
    def resting(self) -> bool:
        """Nothing has changed for a while."""
        return not self.working and time.perf_counter() - self._changed_at >= STAY_FAST

    def set(self, settings: DocumentSettings) -> None:
        self.settings = settings
        self._note(self.session.set(settings.for_engine()))

    def hurry(self) -> None:
        """The artist has put the pen on the canvas: paint is about to change."""
        self._changed_at, self._read_at = time.perf_counter(), 0.0

    def hold(self) -> None:
        """Krita drops an undo that comes while it merges layers: pictures wait while the artist goes back."""
        self._held_until = time.perf_counter() + HOLD

    def close(self) -> None:
        if self._showing:
            self._showing[0].close()
            self._showing = None
        self.session.close()

    def tick(self) -> float | None:
        """Does what is due; the seconds until the next tick, None while hidden. Raises ScumbleError."""
        started = time.perf_counter()
        try:
            self.canvas.check()
        except Gone:
            # While Krita moves the group to another place it is nowhere for a moment.
            if self._missing:
                raise
            self._missing = True
            return MISSING
        self._missing = False
        pixels = self.canvas.format()
        was_hidden, self.hidden = self.hidden, not self.canvas.shown()
        if self.hidden:
            return None
        if was_hidden:
            self.canvas.redraw()  # Krita has not kept the paint tap up to date meanwhile
        shape = (self.canvas.size, pixels)
        if shape != self._shape:
            self._begin(shape)
        if started - self._selection_at > LOOK_AT_SELECTION:
            self._selection_at = started
            self._follow_selection()
        if self._showing is None:
            self._poll()
        if self._showing is not None:
            if started >= self._held_until:
                self._show_some(started)
            if self._showing is not None:
                return max(BETWEEN, self._held_until - started)
        # Either a picture is written or paint is read: never both in one turn.
        elif started >= self._read_at:
            self._push(every_band=False)
            now = time.perf_counter()
            # At most a quarter of the interface's thread while painting, an eighth at rest.
            cost = now - started
            pause = FAST if self.working else QUICK
            self._read_at = now + (max(REST, 8 * cost) if self.resting else max(pause, 3 * cost))
        now = time.perf_counter()
        wait = self._read_at - now
        if now >= self._held_until:
            wait = min(wait, self._hasten_redraw(now))
        return max(BETWEEN, min(wait, WAITING) if self.working else wait)

    def _hasten_redraw(self, now: float) -> float:
        """Sees to it that Krita begins a picture's redraw at once; seconds until it must be called again."""
        if self.working:
            self.canvas.expect(self._job_at + self._takes, self._takes)
        due = self.canvas.ask_again_at
        if due is None:
            return REST
        if now >= due:
            self.canvas.nudge()
            return REST
        return due - now

    def _note(self, revision: int) -> bool:
        if revision:
            self._changed_at = time.perf_counter()
            if not self.working:
                self._job_at = self._changed_at
            self._asked = revision
        return bool(revision)

    def _begin(self, shape: tuple) -> None:
        """A first canvas, or one of another size or kind: everything is pushed, older frames are dropped."""
        if self._showing:
            self._showing[0].close()
            self._showing = None
        self._shape, self._mask, self._selection_at = shape, None, 0.0
        self._clear_first = True
        self._push(every_band=True)
        self._floor = self._asked

    def _bands(self) -> list[tuple]:
        (width, height), pixels = self._shape
        return bands(width, height, BAND_BYTES // pixels.bytes_per_pixel)

    def _push(self, every_band: bool) -> None:
        """Hands the paint over: all bands, or the one that changed last and what a turn has time for."""
        started, all_bands = time.perf_counter(), self._bands()
        hot, count = min(self._hot_band, len(all_bands) - 1), len(all_bands)
        in_turn = ((self._next_band + n) % count for n in range(count))
        size, pixels = self._shape
        for done, index in enumerate([hot, *(index for index in in_turn if index != hot)]):
            if done > 1 and not every_band and time.perf_counter() - started > TURN:
                return
            if index != hot:
                self._next_band = (index + 1) % count
            rect = all_bands[index]
            paint = self.canvas.read(rect)
            if paint.length != rect[2] * rect[3] * pixels.bytes_per_pixel:
                return  # the document is changing under us; the next tick sees how
            if self._note(self.session.push(pixels.number, size, rect, paint.address, paint.length)):
                self._hot_band = index

    def _follow_selection(self) -> None:
        coverage = self.canvas.selection()
        outside = abi.OUTSIDE_PAINT if self.settings.outside_shows_paint else abi.OUTSIDE_TRANSPARENT
        mask = None if coverage is None else (coverage, outside)
        if mask == self._mask:
            return
        size = self._shape[0]
        if coverage is None:
            revision = self.session.clear_mask()
        else:
            revision = self.session.set_mask(size, coverage.rect, coverage.data, outside)
        self._mask = mask
        self._clear_first = True
        if self._note(revision):
            self._floor = revision

    def _poll(self) -> None:
        try:
            frame = self.session.poll()
        except ScumbleError:
            self._done = self._asked  # nothing more comes of it before something changes
            raise
        if frame is None:
            return
        if frame.final:
            self._done = max(self._done, frame.revision)
            now = time.perf_counter()
            self._ran, self._job_at = now - self._job_at, now
        if frame.revision < self._floor or frame.format != self._shape[1].number:
            frame.close()
            return
        width, height = frame.rect[2], frame.rect[3]
        cuts = bands(width, height, BAND_BYTES // self._shape[1].bytes_per_pixel)
        self._showing = (frame, [(frame.rect[0], frame.rect[1] + y, w, h) for _, y, w, h in cuts])

    def _show_some(self, started: float) -> None:
        """Writes as many bands as a turn has time for; Krita merges each while the next one is written."""
        frame, left = self._showing
        pixels = self._shape[1]
        if self._clear_first:
            self._clear_first = False
            self.canvas.clear((0, 0, *self._shape[0]), pixels)
            self.canvas.redraw()
        while left:
            band = left.pop(0)
            self.canvas.write(frame, band, pixels)
            self.canvas.redraw(band)
            if time.perf_counter() - started > TURN:
                break
        if not left:
            self._showing = None
            self.last_frame = frame.info
            self.frames_shown += 1
            if frame.final:
                self._takes = self._ran + time.perf_counter() - self._job_at
            frame.close()
