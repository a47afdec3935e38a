# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: one timer for all live documents, the engines they share, and what the docker is told.

Nothing that happens here may reach Krita as an exception: what is left becomes a sentence.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace

from . import abi, host, log, models
from . import settings as stored
from .document import LiveDocument
from .engine import Engine, Library, ModelInfo, ScumbleError
from .group import ManagedGroup
from .log import guarded
from .qt import QtCore, tr
from .settings import DocumentSettings
from .watch import Watch

# Errors after which the engine must be made anew; all others are told and live goes on.
FATAL = {
    abi.ERROR_INTERNAL,
    abi.ERROR_RUNTIME,
    abi.ERROR_DEVICE,
    abi.ERROR_MODEL_MISSING,
    abi.ERROR_MODEL_BROKEN,
    abi.ERROR_MODEL_UNSUPPORTED,
}
# … of them those that another model may cure.
OF_THE_MODEL = {abi.ERROR_MODEL_MISSING, abi.ERROR_MODEL_BROKEN, abi.ERROR_MODEL_UNSUPPORTED}
LATER = 0.4  # seconds until the next try after a run that failed, and where nothing wakes the loop
KEEP_MODEL = 60_000  # milliseconds that a model stays in memory after the last live document that used it
TYPING = (80, 1500)  # milliseconds between what is typed and rendered: the engine's own time, within these
LOOK = 0.5  # seconds between looks whether a document was closed, and at the other windows


@dataclass(frozen=True)
class Status:
    """What the docker shows for a document."""

    live: bool = False
    text: str = ""
    error: bool = False
    progress: float | None = None  # while the model is loading
    model: ModelInfo | None = None
    offer_own: bool = False  # Scumble's own model may help
    offer_no_preview: bool = False  # Instant Preview is on: without it the picture follows during the stroke


class Live(QtCore.QObject):
    """Every live document of this Krita."""

    changed = QtCore.pyqtSignal()

    def __init__(self):
        super().__init__()
        self._library: Library | None = None
        self._engines: dict[str, Engine] = {}
        self._documents: list[LiveDocument] = []
        self._told: list[tuple] = []  # (document, sentence, status) where there is no live document
        self._looked_at = float("-inf")
        self._seen: list = []
        self.busy = False  # Krita is being changed on a click: it may run timers meanwhile
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        self._spare = QtCore.QTimer(self)
        self._spare.setSingleShot(True)
        self._spare.timeout.connect(self._drop_unused_engines)
        self._watch = Watch(self.wake, self.removed, self.pen_down, self.pen_up)

    # --- what the docker and the actions call; all raise ScumbleError with a sentence ---

    def of(self, document) -> LiveDocument | None:
        if document is None:
            return None
        return next((one for one in self._documents if one.document == document), None)

    def start(self, document) -> None:
        """Makes the document live; makes the managed group where there is none."""
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        if self.of(document) is not None:
            return
        chosen = stored.load(document)
        engine = self._engine(chosen.model)
        info = engine.info()
        if info.failed:  # told at once where it is known at once; no group is made for it
            self._drop_engine(engine)
            raise ScumbleError(info.message, info.error)
        with self._alone():
            group = ManagedGroup.find(document, chosen.group) or ManagedGroup.make(document)
            group.show()
            group.format()
            group.check()
            group.refresh()
        if group.identity != chosen.group:
            chosen = replace(chosen, group=group.identity)
            stored.store(document, chosen)
        self._documents.append(LiveDocument(group, engine, chosen))
        self._forget(document)
        self._looked_at = float("-inf")
        self._watch.windows()
        self._timer.start(0)
        self.changed.emit()

    def stop(self, document, why: Exception | None = None) -> None:
        """Live off. The picture does not follow any more, so it is hidden: what is painted next is seen."""
        one = self.of(document)
        if one is None:
            return
        self._documents.remove(one)
        self._forget(document)
        if why is not None:
            self._tell(document, str(why), getattr(why, "status", 0))
            host.tell(document, str(why))
        try:
            one.group.hide()
            one.group.stand_aside(False)
        finally:
            one.close()
            if not self._documents:
                self._timer.stop()
                self._watch.leave_canvas()
            self._spare.start(KEEP_MODEL)
            self.changed.emit()

    def toggle(self, document) -> None:
        if self.of(document) is None:
            self.start(document)
        else:
            self.stop(document)

    def apply(self, document, keep: bool = False) -> None:
        """Copies the picture into an ordinary layer: below the live group, as paint to go on from; or, to
        keep it, above and hidden. Live goes on, or stays off."""
        group = self._group(document)
        chosen = stored.load(document)
        words = " ".join(chosen.prompt.split())[:40]
        one = self.of(document)
        with self._alone():
            if one is not None:
                one.finish_frame()
                one.hold()
            group.apply(f"Scumble: {words}" if words else "Scumble picture", keep)
        if not chosen.seed_locked and not keep:
            self.set_settings(document, chosen.with_new_seed())

    def keep(self, document) -> None:
        self.apply(document, keep=True)

    def settings(self, document) -> DocumentSettings:
        return stored.load(document)

    def set_settings(self, document, chosen: DocumentSettings) -> None:
        """Keeps the settings in the document and renders by them."""
        if document is None or document.rootNode() is None:
            return
        before = stored.load(document)
        if chosen == before and not before.damaged:
            return
        stored.store(document, chosen)
        one = self.of(document)
        if one is not None:
            if chosen.model != before.model:
                self.stop(document)
                self._drop_unused_engines(keep=chosen.model)
                self.start(document)
            else:
                one.problem = ""
                one.set(chosen)
                self._timer.start(0)
        else:
            self._forget(document)
        self.changed.emit()

    def looks(self, document) -> tuple:
        """(opacity 0 to 255, blending mode) of the live picture, (None, None) where it is not live."""
        one = self.of(document)
        return (None, None) if one is None else (one.group.live.opacity(), one.group.live.blendingMode())

    def set_opacity(self, document, opacity: int) -> None:
        """No undo step, and a stroke in progress is left alone."""
        one = self.of(document)
        if one is not None:
            one.group.live.setOpacity(opacity)
            one.group.redraw()

    def set_blending(self, document, mode: str) -> None:
        """One undo step."""
        one = self.of(document)
        if one is not None:
            with self._alone():
                one.group.live.setBlendingMode(mode)

    def new_seed(self, document) -> None:
        if document is not None:
            self.set_settings(document, stored.load(document).with_new_seed())

    @guarded
    def hold(self, *_):
        """The artist undoes or redoes something. The live document that it is in, None if there is none."""
        one = self.of(host.front().document)
        if one is None:
            return None
        one.hold()
        return one.document

    def use_own_model(self, document) -> None:
        """Scumble's own model instead of the one that could not be used, and live."""
        self.set_settings(document, replace(self.settings(document), model=""))
        self.start(document)

    def no_instant_preview(self, document) -> None:
        action = host.instant_preview()
        if action is not None:
            action.trigger()
        self.changed.emit()

    def typing_pause(self, document) -> int:
        """Milliseconds between what is typed and what is rendered: as fast as the engine makes pictures."""
        one = self.of(document)
        last = one.last_frame if one is not None else None
        low, high = TYPING
        return low if last is None else min(max(last.since_start_us // 1000, low), high)

    def tell(self, document, error: Exception) -> None:
        """Shows an error in the docker of a document, until something else is to be said, and on its
        canvas."""
        one = self.of(document)
        if one is not None:
            one.problem = str(error)
        else:
            self._forget(document)
            self._tell(document, str(error), getattr(error, "status", 0))
        host.tell(document, str(error))
        self.changed.emit()

    def status(self, document) -> Status:
        one = self.of(document)
        if one is None:
            for other, sentence, status, kind in self._told:
                same = other is document or (document is not None and other == document)
                if same and kind == _kind(document):
                    offer = status in OF_THE_MODEL and self.settings(document).model != ""
                    return Status(text=sentence, error=True, offer_own=offer)
            if self.settings(document).damaged:
                text = tr("What this document keeps for Scumble is damaged; it starts from the defaults.")
                return Status(text=text, error=True)
            return Status(text=tr("Live is off. Press Live, and a picture of your paint follows your brush."))
        info = one.engine.info()
        preview = host.instant_preview() is not None
        if one.problem:
            return Status(True, one.problem, error=True, model=info)
        if info.state == abi.ENGINE_LOADING:
            return Status(True, info.message or tr("Loading the model…"), progress=info.progress, model=info)
        return Status(True, _says(one, preview), model=info, offer_no_preview=preview)

    def close(self) -> None:
        """Before Krita goes. Nothing here keeps the next thing from being closed."""
        self._timer.stop()
        self._spare.stop()
        for thing in [*self._documents, *self._engines.values()]:
            try:
                thing.close()
            except Exception:  # noqa: BLE001
                log.exception("closing")
        self._documents.clear()
        self._engines.clear()

    # --- the loop ---

    @guarded
    def wake(self) -> None:
        """What can be seen may have changed: another document or window in front, a layer shown or hidden."""
        self._watch.leave_canvas()
        self._looked_at = float("-inf")
        for one in self._documents:
            if one.unseen:
                one.due = 0.0
        if self._documents:
            self._watch.canvas()
            if not self._timer.isActive():
                self._timer.start(0)
        if self._told:
            self.changed.emit()  # it may have been cured

    @guarded
    def removed(self) -> None:
        """A layer was removed somewhere."""
        for one in self._documents:
            one.stack_changed()
        self.wake()

    @guarded
    def pen_down(self) -> bool:
        """The pen has come down on the canvas after a rest. Whether to be told when it is lifted."""
        one = self.of(host.front().document)
        if one is None:
            return False
        one.pen_down()
        self._timer.start(0)
        return one.painted_under

    @guarded
    def pen_up(self) -> None:
        for one in self._documents:
            one.pen_up()
        self._timer.start(0)

    @guarded
    def tick(self) -> None:
        """One turn for the documents that can be seen, the one in front first; the others rest."""
        self._timer.start(int(LATER * 1000))  # also after an exception
        if self.busy:
            return
        now = time.perf_counter()
        if now - self._looked_at > LOOK:
            self._looked_at = now
            self._drop_closed()
            self._seen = host.seen()
        seen = [one for one in map(self.of, self._seen) if one is not None]
        if seen and host.popup_open():
            seen[0].hold()
        one = next((one for one in seen if now >= one.due), None)
        if one is not None:
            delay = self._turn(one)
            one.due = time.perf_counter() + (delay if delay is not None else LOOK)
            one.unseen = delay is None
        self._timer.stop()
        if not self._documents:
            return
        if seen and (seen[0].resting or host.instant_preview() is not None):
            self._watch.canvas()
        waiting = [one.due for one in seen if one in self._documents and not one.unseen]
        if waiting:
            self._timer.start(max(0, int((min(waiting) - time.perf_counter()) * 1000)))
            return
        self._watch.windows()
        if not self._watch.layers_watched:
            self._timer.start(int(LATER * 1000))

    def _turn(self, one: LiveDocument) -> float | None:
        """A document's turn; the seconds until its next one, None if there is nothing to be seen."""
        before = _look(one)
        try:
            delay = one.tick()
        except ScumbleError as error:
            delay = LATER
            if error.status >= 0 or error.status in FATAL:
                if error.status in FATAL:
                    self._drop_engine(one.engine)
                self.stop(one.document, error)
                return delay
            if str(error) != one.problem:
                host.tell(one.document, str(error))
            one.fail(str(error))
        except Exception as error:  # noqa: BLE001  a slip of ours: this document's live ends, Krita goes on
            log.exception("a turn")
            sentence = tr("Scumble met an error of its own ({error}), so live is off. Details are in {file}.")
            told = sentence.format(error=f"{type(error).__name__}: {error}", file=log.path())
            self.stop(one.document, ScumbleError(told))
            return LATER
        if _look(one) != before:
            self.changed.emit()
        return delay

    @contextmanager
    def _alone(self):
        """While Krita is changed on a click: where it waits for a stroke it runs timers, ours too."""
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    def _drop_closed(self) -> None:
        """Forgets live documents that were closed."""
        for one in list(self._documents):
            if one.document.rootNode() is None:
                self._documents.remove(one)
                one.close()
                self.changed.emit()
        self._told = [told for told in self._told if told[0] is None or told[0].rootNode() is not None]

    def _tell(self, document, sentence: str, status: int) -> None:
        """Keeps a sentence; no exception, whose traceback would keep alive all that it has seen."""
        self._told.append((document, sentence, status, _kind(document)))

    def _forget(self, document) -> None:
        self._told = [t for t in self._told if not (t[0] is document or t[0] == document)]

    def _group(self, document) -> ManagedGroup:
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        one = self.of(document)
        group = one.group if one is not None else ManagedGroup.find(document, stored.load(document).group)
        if group is None:
            raise ScumbleError(tr("There is no live layer in this document yet."))
        return group

    def _engine(self, model: str) -> Engine:
        folder = models.folder(model)
        if self._library is None:
            self._library = Library()
        if model not in self._engines:
            self._engines[model] = Engine(self._library, folder or None)
        return self._engines[model]

    def _drop_engine(self, engine: Engine) -> None:
        """The next start makes a new one, e.g. after the painter has put the model in its place. The library
        keeps it until the last session of it is closed."""
        self._engines = {model: other for model, other in self._engines.items() if other is not engine}
        engine.close()

    @guarded
    def _drop_unused_engines(self, keep: str | None = None) -> None:
        used = {id(one.engine) for one in self._documents}
        for model in [m for m, engine in self._engines.items() if m != keep and id(engine) not in used]:
            self._engines.pop(model).close()


def _kind(document) -> tuple | None:
    """What an error may have been about: converted or scaled, the document is another case."""
    if document is None or document.rootNode() is None:
        return None
    size = document.width(), document.height()
    return (document.colorModel(), document.colorDepth(), document.colorProfile(), *size)


def _look(one: LiveDocument) -> tuple:
    """What the docker tells of; it is told when this changes."""
    return (
        one.frames_shown, one.working, one.hidden, one.problem, one.nothing_selected, one.playing,
        one.session.loading, one.painted_under,
    )  # fmt: skip


def _says(one: LiveDocument, preview: bool) -> str:
    if one.hidden:
        return tr("The live layer is hidden; it rests until it is shown.")
    if one.nothing_selected:
        return tr("Nothing on the canvas is selected, so nothing is rendered. Deselect to render all of it.")
    if one.playing:
        return tr("Live rests while the animation plays.")
    info = one.last_frame
    if preview:
        return tr("Instant Preview is on: the picture rests while you paint and follows after each stroke.")
    if info is None:
        return tr("Rendering the first picture…")
    times = tr("picture in {frame}, after the stroke {stroke}").format(
        frame=_seconds(info.since_start_us), stroke=_seconds(info.since_push_us)
    )
    state = tr("Rendering") if one.working else tr("Up to date")
    return f"{state} · {times}"


def _seconds(microseconds: int) -> str:
    if microseconds < 1_000_000:
        return tr("{n} ms").format(n=round(microseconds / 1000))
    return tr("{n} s").format(n=f"{microseconds / 1e6:.1f}")
