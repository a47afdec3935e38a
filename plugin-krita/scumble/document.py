# SPDX-License-Identifier: GPL-3.0-or-later
"""One live document: read → push → poll → show, a little in each turn: the brush never waits."""

from __future__ import annotations

import time

from . import abi, host, onion
from .engine import Engine, Frame, Session
from .engines import FATAL, OF_THE_MODEL
from .group import Gone, ManagedGroup, OtherColours
from .instant_preview import LIFTED, InstantPreview
from .library import ScumbleError
from .pixels import EMPTY, PixelFormat
from .playing import PLAYING, Playing
from .pushing import Pushing
from .settings import DocumentSettings
from .steering import Steering
from .taking import Taken
from .writing import Writing

QUICK = 0.012  # seconds between looks at the paint while the artist paints and no picture is being made
FAST = 0.033  # … while one is: it shows the paint of when it was begun
REST = 0.066  # … and while nothing changes
STAY_FAST = 1.0  # seconds after the last change
WAITING = 0.006  # seconds between looks for a picture that is being made
BETWEEN = 0.003  # seconds between two turns of one picture, for the brush
TURN = 0.004  # seconds of writing in one turn; after that no further piece is begun
LOOK_AT_SELECTION = 0.2  # seconds, at least: on a large canvas a look takes long
MISSING = 4  # looks that the group may be out of the stack before live stops, and in so many
MISSING_FOR = 0.4  # seconds
HOLD = 0.35  # seconds without a redraw after an undo or redo
LOOK_AT_ONIONS = 2.0  # seconds, while nothing changes
REMOVED = (0.1, 0.5, 1.5, 4.0)  # seconds after a layer was removed when Krita is to fill the paint tap anew


class LiveDocument(Taken):
    """A session of the engine tied to the managed group of one document."""

    def __init__(self, group: ManagedGroup, engine: Engine, settings: DocumentSettings):
        self.group, self.engine = group, engine
        self.document = group.document
        self.settings = settings
        self._preview = InstantPreview(group.document)
        self.pushing = Pushing(group, self._preview.full)
        self.steering = Steering(group.document, self._preview.full, group.identity)
        self.session = self._new_session()
        self.last_frame = None  # FrameInfo of the last picture shown
        self.note = ""  # what that does not show of what was asked for
        self.frames_shown = 0
        self.unnoted = False  # a finished picture is shown that nobody has asked for
        self.failed = False  # the last run: the picture does not follow
        self.problem = ""  # why, or what else that the artist asked for could not be done
        self._end: ScumbleError | None = None  # why the next turn ends live
        self.due = 0.0  # when its next turn is, of time.perf_counter
        self.unseen = False  # nothing of it can be seen: no timer runs for it
        self.hidden = self.nothing_selected = False
        self.comparing = False  # the artist looks at the paint
        self.onion_skins = ""  # the layer that shows some
        self._onions_at = 0.0  # when they were looked for last
        self._missing = 0
        self._mask = None  # (coverage, outside) that the session knows
        self.told: tuple = ()  # of this document, and when
        self.told_at = float("-inf")
        self._writing = Writing(group)
        self._select_at = self._held_until = self._read_at = 0.0
        self._playing = Playing(self.document.currentTime())
        self._fill_at: list[float] = []  # when Krita is to fill the paint tap anew

    def _new_session(self) -> Session:
        session = Session(self.engine)
        session.set(self.settings.for_engine())
        self.steering.forget()
        self._asked_for = self._failed_at = 0  # revisions: the last one, and that of the last failure
        self._shape = None  # (size, format) that the session knows
        self._laid = False  # the live layer shows what this session has told
        self._anew = False  # it is to be told all of it once more
        self.working = False  # a picture of what was last handed over is still to come
        self.doing = ""  # what that has to wait for
        self._changed_at = self._job_at = 0.0  # the last change, and when the job waited for began
        self._ran = self._takes = 0.0  # how long the last one took until its picture was here, and written
        return session

    @property
    def resting(self) -> bool:
        """Nothing has changed for a while."""
        return not self.working and time.perf_counter() - self._changed_at >= STAY_FAST

    def finished(self) -> bool:
        """Whether there is a finished picture, once for each; what was painted or set since has none."""
        rests = not self.working and not self._writing.busy and not self.nothing_selected
        finished = self.unnoted and rests
        self.unnoted = self.unnoted and not finished
        return finished

    @property
    def playing(self) -> bool:
        return self._playing.now

    @property
    def painted_under(self) -> bool:
        """A stroke is being painted that Scumble cannot see (Instant Preview)."""
        return self._preview.painting

    def set(self, settings: DocumentSettings) -> None:
        self.settings, self.due, self._read_at = settings, 0.0, 0.0
        anew = not self.nothing_selected and self._note(self.session.set(settings.for_engine()))
        if anew or not self.failed:
            self.problem = ""

    def silent(self) -> dict[int, str]:
        """By a condition's number: why it steers nothing though it is on, as far as pictures have told."""
        return {} if self.nothing_selected else self.session.silent()

    def pen_down(self) -> None:
        """The artist has put the pen on the canvas: paint is about to change.

        With Instant Preview nothing is read until the stroke is painted in full, and the artist sees the
        paint itself.
        """
        self._changed_at, self._read_at, self.due = time.perf_counter(), 0.0, 0.0
        if self._preview.pen_down():
            self._face()

    def pen_up(self) -> None:
        if self.painted_under:
            self._preview.pen_up(time.perf_counter())
            self.due = 0.0

    def hold(self) -> None:
        """Krita drops an undo that comes while it merges layers: pictures wait while the artist goes back."""
        self._changed_at = time.perf_counter()  # what changes on a large canvas is looked for quickly
        self._held_until = self._changed_at + HOLD

    def stack_changed(self) -> None:
        """A layer was removed. Krita is asked several times: on a busy machine it may be at it for long."""
        now = time.perf_counter()
        self._fill_at, self.due = [now + later for later in REMOVED], 0.0

    def fail(self, sentence: str) -> None:
        """The picture does not follow any more, until one comes that was asked for after this: the paint is
        seen meanwhile."""
        self.failed, self.problem, self._failed_at = True, sentence, self._asked_for
        self.working, self.doing = False, ""  # nothing more comes of it before something changes
        self._face()

    def copes(self, error: ScumbleError) -> bool:
        """With what a turn, or a look for a picture, has met; False where live cannot go on."""
        if error.status == abi.ERROR_WORKER_DIED:
            host.tell(self.document, str(error))  # by the way: the picture is still to come
            return True
        steers = error.status in OF_THE_MODEL and not self.engine.info().failed
        if (error.status >= 0 or error.status in FATAL) and not steers:
            return False
        revision = self.steering.do_without(self.session, str(error)) if steers else None
        self._note(revision or 0)  # then the picture is made again
        if revision != 0 and str(error) != self.problem:
            host.tell(self.document, str(error))
        if revision is None:
            self.fail(str(error))
        return True

    def compare(self, with_paint: bool) -> None:
        """Shows the paint instead of the picture, which goes on following, as long as that is wanted."""
        self.comparing = with_paint
        self._face()

    @property
    def split(self) -> float:
        """Where the picture begins, 0 to 1 of the canvas' width: left of it the paint is seen."""
        return self._writing.split.at

    @split.setter
    def split(self, at: float) -> None:
        if at == self._writing.split.at:
            return
        self._writing.split.at, self.due = at, 0.0
        self._drop_frame()
        if not self.nothing_selected:
            self.session.see_all()
            self._laid, self._anew = False, True

    def _face(self) -> None:
        """The picture, or the paint where the picture does not follow it or the artist wants to see that."""
        self.group.stand_aside(self.comparing or self.painted_under or self.failed)

    def close(self) -> None:
        self._drop_frame()
        self.session.close()

    def tick(self) -> float | None:
        """Does what is due; the seconds until the next tick, None while hidden. Raises ScumbleError."""
        started = time.perf_counter()
        if self._end is not None:
            raise self._end
        try:
            self.group.check()
            pixels = self.group.format()
        except (Gone, OtherColours):
            # While Krita moves the group to another place it is nowhere for a moment, and while it converts
            # the document its layers differ.
            if self._missing > MISSING:
                raise
            self._missing += 1
            return MISSING_FOR / MISSING
        self._missing = 0
        was_hidden, self.hidden = self.hidden, not self.group.shown()
        if self.hidden:
            return None
        if was_hidden:
            self.group.fill_tap()  # Krita has not kept it up to date meanwhile
        if self.painted_under:
            if not self._preview.ended(started):
                return LIFTED
            self._face()
            self._changed_at = started
            self._read_at = 0.0
            self.pushing.anywhere()
        if self._fill_at and started >= max(self._fill_at[0], self._held_until):
            self._fill_at.pop(0)
            self.group.fill_tap()
            self._changed_at = started
        if self._playing.look(self.document.currentTime(), started):
            return PLAYING / 2
        if not self._preview.full():
            return LIFTED
        shape = (self.group.size, pixels)
        if shape != self._shape and not self.nothing_selected:
            self._begin(shape)
        if started >= self._select_at:
            looked = time.perf_counter()
            self._follow_selection(shape)
            now = time.perf_counter()
            self._select_at = now + max(LOOK_AT_SELECTION, 8 * (now - looked))  # an eighth of the thread
        if self._shape is None and not self.nothing_selected:
            return LIFTED
        if not self._writing.busy and self.nothing_selected:
            return LOOK_AT_SELECTION
        if self.resting and started - self._onions_at > LOOK_AT_ONIONS:
            self._onions_at = started
            self.onion_skins = onion.layer_with(self.document, self.group.group)
        if not self._writing.busy:
            self._poll()
        if self._writing.busy:
            if started >= self._held_until:
                self._show_some(started, pixels)
            if self._writing.busy:
                return max(BETWEEN, self._held_until - started)
        # Either a picture is written or paint is read: never both in one turn.
        elif started >= self._read_at:
            self._note(self.pushing.go_on(self.resting))
            self._note(self.steering.follow(self.session, self.settings.conditions, shape[0]))
            now = time.perf_counter()
            # At most a quarter of the interface's thread while painting, an eighth at rest.
            cost = now - started
            pause = FAST if self.working else QUICK
            self._read_at = now + (max(REST, 8 * cost) if self.resting else max(pause, 3 * cost))
        now = time.perf_counter()
        wait = min([self._read_at, *self._fill_at]) - now
        if now >= self._held_until:
            wait = min(wait, self._hasten_redraw(now))
        return max(BETWEEN, min(wait, WAITING) if self.working else wait)

    def _hasten_redraw(self, now: float) -> float:
        """Sees to it that Krita begins a picture's redraw at once; seconds until it must be called again."""
        if self.working:
            self.group.expect(self._job_at + self._takes, self._takes)
        due = self.group.ask_again_at
        if due is None:
            return REST
        if now >= due:
            self.group.nudge()
            return REST
        return due - now

    def _note(self, revision: int) -> bool:
        if revision:
            self._asked_for = revision
            self._changed_at = time.perf_counter()
            if not self.working:
                self._job_at = self._changed_at
            self.working = True
        return bool(revision)

    def _drop_frame(self) -> None:
        if self._writing.drop():
            self._laid = False

    def _begin(self, shape: tuple) -> None:
        """A first canvas, or one of another size or kind: everything is pushed, as one change. Where it
        cannot be read now, the next turn tries again."""
        self._drop_frame()
        self._shape, self._mask, self._select_at = shape, None, 0.0
        self._laid = False
        self.steering.forget()
        revision = self.pushing.begin(self.session, *shape)
        if revision is None:
            self._shape = None
            return
        self._note(revision)
        self._note(self.steering.follow(self.session, self.settings.conditions, shape[0]))

    def _follow_selection(self, shape: tuple) -> None:
        coverage = self.group.selection()
        if not self._preview.full():
            return
        if coverage == EMPTY:
            if not self.nothing_selected:
                self.nothing_selected = True
                self.close()
                self._writing.begin(None, [(0, 0, *shape[0])], shape[1], anew=True)
            return
        if self.nothing_selected:
            self.nothing_selected = False
            self.session = self._new_session()
            self._begin(shape)
        if self._shape is None:
            return
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
        self._note(revision)

    def _poll(self) -> None:
        self._anew = False
        frame = self.session.poll()
        self.doing = self.session.doing() if self.working and frame is None else ""
        if frame is None:
            return
        if frame.current:
            self.working = False
            self.steering.made()
            now = time.perf_counter()
            self._ran, self._job_at = now - self._job_at, now
        if not self._fits(frame):
            frame.close()
            return
        size, pixels = self._shape
        rects = frame.rects if self._laid else [(0, 0, *size)]
        self._writing.begin(frame, rects, pixels, anew=not self._laid)

    def _fits(self, frame: Frame) -> bool:
        """Or it is of the canvas before this one."""
        size, pixels = self._shape
        return frame.canvas == size and frame.format == pixels.number

    def _show_some(self, started: float, pixels: PixelFormat) -> bool:
        """Writes as many pieces as a turn has time for; whether Krita takes any now."""
        frame = self._writing.frame
        with self._preview.kept_full() as ready:
            if not ready or not self._writing.go_on(pixels, started + TURN):
                return ready
        self._laid = frame is not None
        if frame is None:
            return True
        # The library tells of a failure before a picture that was begun earlier: that one follows nothing.
        if not self.failed or frame.current or frame.info.revision > self._failed_at:
            self.failed, self.problem = False, ""
        self._face()
        self.last_frame, self.note = frame.info, frame.note
        self.frames_shown += 1
        self.unnoted = frame.current
        if frame.current:
            self._takes = self._ran + time.perf_counter() - self._job_at
        frame.close()
        return True
