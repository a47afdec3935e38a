# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: one timer for all live documents. Whose turn it is, when the next one is, and what hurries it.

Nothing that happens here may reach Krita as an exception: what is left becomes a sentence.
"""

from __future__ import annotations

import time
from contextlib import contextmanager

from . import host, log, status
from .document import LiveDocument
from .library import ScumbleError
from .log import guarded
from .old_picture import OldPictures
from .qt import QtCore, tr
from .watch import Watch

LATER = 0.4  # seconds until the next try after a run that failed, and where nothing wakes the loop
TELL = 0.25  # seconds between two tellings of nothing but a further picture
LOOK = 0.5  # seconds between looks whether a document was closed, and at the other windows


class Loop(QtCore.QObject):
    """Turns for the documents in `documents`. Calls `changed` when there is something new to be told of one,
    `woken` when something has happened in Krita, `finished` for a document whose picture has been finished
    for a while, `ended` for one that cannot go on, with the error: that takes it out of the loop, and
    `closed` when one was taken out because Krita has closed it."""

    def __init__(self, changed, woken, finished, ended, closed):
        super().__init__()
        self._changed, self._woken, self._finished = changed, woken, finished
        self._ended, self._closed = ended, closed
        self.documents: list[LiveDocument] = []
        self.busy = False  # Krita is being changed on a click: it may run timers meanwhile
        self._looked_at = float("-inf")
        self._seen: list = []
        self.timer = QtCore.QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.tick)
        self.watch = Watch(self.wake, self.removed, self.pen_down, self.pen_up)
        self.old = OldPictures()

    def of(self, document) -> LiveDocument | None:
        if document is None:
            return None
        return next((one for one in self.documents if one.document == document), None)

    def add(self, one: LiveDocument) -> None:
        self.documents.append(one)
        self.old.settle(one.document)
        self._looked_at = float("-inf")
        self.watch.windows()
        self.hurry()

    def remove(self, one: LiveDocument) -> None:
        self.documents.remove(one)
        if not self.documents:
            self.timer.stop()
            self.watch.leave_canvas()

    def hurry(self) -> None:
        """The next turn is at once."""
        self.timer.start(0)

    @contextmanager
    def alone(self):
        """While Krita is changed on a click: where it waits for a stroke it runs timers, ours too."""
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    def close(self) -> None:
        """Before Krita goes. One that fails keeps no other from being closed."""
        self.timer.stop()
        self.old.close()
        for one in self.documents:
            try:
                one.close()
            except Exception:  # noqa: BLE001
                log.exception("closing")
        self.documents.clear()

    # --- what happens in Krita meanwhile ---

    @guarded
    def wake(self) -> None:
        """What can be seen may have changed: another document or window in front, a layer shown or hidden."""
        self.watch.leave_canvas()
        self._looked_at = float("-inf")
        for one in self.documents:
            if one.unseen:
                one.due = 0.0
        if self.documents:
            self.watch.canvas()
            if not self.timer.isActive():
                self.hurry()
        QtCore.QTimer.singleShot(0, self._wait_for_pen)  # Krita may still be on its way to another document
        self._woken()

    @guarded
    def _wait_for_pen(self) -> None:
        """Where a document in front that is not live has a picture from before."""
        self.old.forget_closed()
        if self.old.waits(host.front().document):
            self.watch.leave_canvas()
            self.watch.canvas()

    @guarded
    def removed(self) -> None:
        """A layer was removed somewhere."""
        for one in self.documents:
            one.stack_changed()
        self.wake()

    @guarded
    def pen_down(self) -> bool:
        """The pen has come down on the canvas after a rest. Whether to be told when it is lifted."""
        document = host.front().document
        one = self.of(document)
        if one is None:
            return self.old.pen_down(document)
        one.pen_down()
        self.hurry()
        return one.painted_under

    @guarded
    def pen_up(self) -> None:
        self.old.pen_up()
        for one in self.documents:
            one.pen_up()
        if self.documents:
            self.hurry()

    @guarded
    def hold(self, *_):
        """The artist undoes or redoes something. The live document that it is in, None if there is none."""
        one = self.of(host.front().document)
        if one is None:
            return None
        one.hold()
        return one.document

    # --- turns ---

    @guarded
    def tick(self) -> None:
        """One turn for the documents that can be seen, the one in front first; the others rest."""
        self.timer.start(int(LATER * 1000))  # also after an exception
        if self.busy:
            return
        now = time.perf_counter()
        if now - self._looked_at > LOOK:
            self._looked_at = now
            self.drop_closed()
            self._seen = host.seen()
        seen = [one for one in map(self.of, self._seen) if one is not None]
        if seen and host.popup_open():
            seen[0].hold()
        one = next((one for one in seen if now >= one.due), None)
        if one is not None:
            delay = self._turn(one)
            one.due = time.perf_counter() + (delay if delay is not None else LOOK)
            one.unseen = delay is None
        self.timer.stop()
        if not self.documents:
            return
        if seen and (seen[0].resting or host.instant_preview() is not None):
            self.watch.canvas()
        waiting = [one.due for one in seen if one in self.documents and not one.unseen]
        if waiting:
            self.timer.start(max(0, int((min(waiting) - time.perf_counter()) * 1000)))
            return
        self.watch.windows()
        if not self.watch.layers_watched:
            self.timer.start(int(LATER * 1000))

    def _turn(self, one: LiveDocument) -> float | None:
        """A document's turn; the seconds until its next one, None if there is nothing to be seen."""
        try:
            delay = one.tick()
        except ScumbleError as error:
            delay = LATER
            if not one.copes(error):
                self._ended(one, error)
                return delay
        except Exception as error:  # noqa: BLE001  a slip of ours: this document's live ends, Krita goes on
            told = f"{log.own_error('a turn', error)} {tr('Live is off.')}"
            self._ended(one, ScumbleError(told))
            return LATER
        self._tell(one)
        if one.resting and one.finished():
            self._finished(one)
        return delay

    def _tell(self, one: LiveDocument) -> None:
        """Times of pictures are told a few times a second, so that the docker is not drawn with each."""
        look, now = status.look(one), time.perf_counter()
        if look != one.told and (look[1:] != one.told[1:] or now - one.told_at >= TELL):
            one.told, one.told_at = look, now
            self._changed()

    def drop_closed(self) -> None:
        """Forgets live documents that were closed."""
        for one in list(self.documents):
            if one.document.rootNode() is None:
                self.documents.remove(one)
                one.close()
                self._closed()
                self._changed()
