# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: one timer for all live documents, the engines they share, and what the docker is told.

Nothing that happens here may reach Krita as an exception: `guarded` turns what is left into a sentence.
"""

from __future__ import annotations

import functools
import sys
import time
import traceback
from dataclasses import dataclass, replace

from krita import Krita

from . import abi
from . import settings as stored
from .canvas import Canvas
from .engine import Engine, Library, ModelInfo, ScumbleError
from .layer import LiveLayer
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
KEEP_MODEL = 60_000  # milliseconds that a model stays in memory after the last live layer that used it
TYPING = (80, 1500)  # milliseconds between what is typed and rendered: the engine's own time, within these


def guarded(function):
    """For everything that Krita or Qt calls: an exception is logged and told, never passed on."""

    @functools.wraps(function)
    def call(self, *args, **kwargs):
        try:
            return function(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001
            if not isinstance(error, ScumbleError):
                traceback.print_exc(file=sys.stderr)
            try:
                self.failed(error)
            except Exception:  # noqa: BLE001
                traceback.print_exc(file=sys.stderr)
            return None

    return call


@dataclass(frozen=True)
class Status:
    """What the docker shows for a document."""

    live: bool = False
    text: str = ""
    error: bool = False
    progress: float | None = None  # while the model is loading
    model: ModelInfo | None = None
    offer_own: bool = False  # Scumble's own model may help


class Live(QtCore.QObject):
    """Every live layer of this Krita."""

    changed = QtCore.pyqtSignal()

    def __init__(self):
        super().__init__()
        self._library: Library | None = None
        self._engines: dict[str, Engine] = {}
        self._layers: list[LiveLayer] = []
        self._told: list[tuple] = []  # (document, error) of live layers that stopped by themselves
        self._problem: tuple | None = None  # (layer, sentence) of a run that failed
        self._looked_at = 0.0
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        self._spare = QtCore.QTimer(self)
        self._spare.setSingleShot(True)
        self._spare.timeout.connect(self._drop_unused_engines)
        self._watch = Watch(self.wake, self.hurry)

    # --- what the docker and the actions call; all raise ScumbleError with a sentence ---

    def layer(self, document) -> LiveLayer | None:
        if document is None:
            return None
        return next((layer for layer in self._layers if layer.document == document), None)

    def start(self, document) -> None:
        """Makes the document live; makes the managed group where there is none."""
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        if self.layer(document) is not None:
            return
        chosen = stored.load(document)
        engine = self._engine(chosen.model)
        canvas = Canvas.find(document) or Canvas.make(document)
        canvas.format()
        canvas.refresh()
        self._layers.append(LiveLayer(canvas, engine, chosen))
        self._forget(document)
        self._timer.start(0)
        self.changed.emit()

    def stop(self, document, why: Exception | None = None) -> None:
        """Live off; the picture stays as it is."""
        layer = self.layer(document)
        if layer is None:
            return
        self._layers.remove(layer)
        layer.close()
        self._forget(document)
        if why is not None:
            self._told.append((document, why))
        if not self._layers:
            self._timer.stop()
            self._watch.leave_canvas()
        self._spare.start(KEEP_MODEL)
        self.changed.emit()

    def toggle(self, document) -> None:
        if self.layer(document) is None:
            self.start(document)
        else:
            self.stop(document)

    def apply(self, document) -> None:
        """Bakes the picture into an ordinary layer above; live goes on."""
        canvas = self._canvas(document)
        chosen = stored.load(document)
        words = " ".join(chosen.prompt.split())[:40]
        canvas.apply(f"Scumble: {words}" if words else "Scumble picture")
        if not chosen.seed_locked:
            self.set_settings(document, chosen.with_new_seed())

    def settings(self, document) -> DocumentSettings:
        return DocumentSettings() if document is None else stored.load(document)

    def set_settings(self, document, chosen: DocumentSettings) -> None:
        """Keeps the settings in the document and renders by them."""
        if document is None:
            return
        before = stored.load(document)
        if chosen == before:
            return
        stored.store(document, chosen)
        layer = self.layer(document)
        if layer is not None:
            if chosen.model != before.model:
                self.stop(document)
                self._drop_unused_engines(keep=chosen.model)
                self.start(document)
            else:
                self._problem = None
                layer.set(chosen)
                self._timer.start(0)
        self.changed.emit()

    def new_seed(self, document) -> None:
        if document is not None:
            self.set_settings(document, stored.load(document).with_new_seed())

    @guarded
    def hold(self, *_) -> None:
        """The artist has undone or redone something."""
        layer = self.layer(visible_document())
        if layer is not None:
            layer.hold()

    def use_own_model(self, document) -> None:
        """Scumble's own model instead of the one that could not be used, and live."""
        self.set_settings(document, replace(self.settings(document), model=""))
        self.start(document)

    def typing_pause(self, document) -> int:
        """Milliseconds between what is typed and what is rendered: as fast as the engine makes pictures."""
        layer = self.layer(document)
        last = layer.last_frame if layer is not None else None
        low, high = TYPING
        return low if last is None else min(max(last.since_start_us // 1000, low), high)

    def tell(self, document, error: Exception) -> None:
        """Shows an error in the docker of a document until something else is to be said."""
        layer = self.layer(document)
        if layer is not None:
            self._problem = (layer, str(error))
        else:
            self._forget(document)
            self._told.append((document, error))
        self.changed.emit()

    def status(self, document) -> Status:
        layer = self.layer(document)
        if layer is None:
            for other, error in self._told:
                if other is document or (document is not None and other == document):
                    of_model = getattr(error, "status", 0) in OF_THE_MODEL
                    offer = of_model and self.settings(document).model != ""
                    return Status(text=str(error), error=True, offer_own=offer)
            return Status(text=tr("Live is off. Press Live, and a picture of your paint follows your brush."))
        info = layer.engine.info()
        if info.state == abi.ENGINE_LOADING:
            return Status(True, info.message or tr("Loading the model…"), progress=info.progress, model=info)
        if self._problem is not None and self._problem[0] is layer:
            return Status(True, self._problem[1], error=True, model=info)
        if layer.hidden:
            return Status(True, tr("The live layer is hidden; it rests until it is shown."), model=info)
        return Status(True, _says(layer), model=info)

    def close(self) -> None:
        """Before Krita goes."""
        self._timer.stop()
        self._spare.stop()
        for layer in self._layers:
            layer.close()
        self._layers.clear()
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()

    # --- the loop ---

    @guarded
    def wake(self) -> None:
        """What can be seen may have changed: another document or window in front, a layer shown or hidden."""
        self._watch.leave_canvas()
        if self._layers and not self._timer.isActive():
            self._timer.start(0)

    @guarded
    def hurry(self) -> None:
        """The pen has come down on the canvas after a rest."""
        layer = self.layer(visible_document())
        if layer is not None:
            layer.hurry()
            self._timer.start(0)

    @guarded
    def tick(self) -> None:
        """One turn for the document that is being painted on; the others rest until they are looked at."""
        layer = self.layer(visible_document())
        now = time.monotonic()
        if layer is None or now - self._looked_at > 1.0:
            self._looked_at = now
            self._drop_closed()
        delay = None if layer is None else self._turn(layer)
        if not self._layers:
            return
        if layer is not None and layer.resting:
            self._watch.canvas()
        if delay is None:
            self._watch.windows()
            delay = None if self._watch.layers_watched else LATER
        if delay is not None:
            self._timer.start(int(delay * 1000))

    def _turn(self, layer: LiveLayer) -> float | None:
        """A layer's turn; the seconds until its next one, None if there is nothing to be seen."""
        before = layer.frames_shown, layer.working, layer.hidden
        try:
            delay = layer.tick()
            if layer.frames_shown != before[0]:
                self._problem = None
        except ScumbleError as error:
            if error.status >= 0 or error.status in FATAL:
                if error.status in FATAL:
                    self._drop_engine(layer.engine)
                self.stop(layer.document, error)
            else:
                self._problem = (layer, str(error))
            delay = LATER
        if (layer.frames_shown, layer.working, layer.hidden) != before or layer.session.loading:
            self.changed.emit()
        return delay

    def failed(self, error: Exception) -> None:
        """An exception in the loop itself: everything stops and says so, Krita goes on."""
        if not isinstance(error, ScumbleError):
            sentence = tr("Scumble met an error of its own ({error}), so live is off.")
            error = ScumbleError(sentence.format(error=f"{type(error).__name__}: {error}"))
        for layer in list(self._layers):
            self.stop(layer.document, error)

    def _drop_closed(self) -> None:
        """Forgets live layers whose document was closed."""
        for layer in list(self._layers):
            if layer.document.rootNode() is None:
                self._layers.remove(layer)
                layer.close()
                self.changed.emit()
        self._told = [(d, error) for d, error in self._told if d is None or d.rootNode() is not None]

    def _forget(self, document) -> None:
        self._problem = None
        self._told = [(d, error) for d, error in self._told if not (d is document or d == document)]

    def _canvas(self, document) -> Canvas:
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        layer = self.layer(document)
        canvas = layer.canvas if layer is not None else Canvas.find(document)
        if canvas is None:
            raise ScumbleError(tr("There is no live layer in this document yet."))
        return canvas

    def _engine(self, model: str) -> Engine:
        if self._library is None:
            self._library = Library()
        if model not in self._engines:
            self._engines[model] = Engine(self._library, model or None)
        return self._engines[model]

    def _drop_engine(self, engine: Engine) -> None:
        """The next start makes a new one, e.g. after the painter has put the model in its place."""
        self._engines = {model: other for model, other in self._engines.items() if other is not engine}

    @guarded
    def _drop_unused_engines(self, keep: str | None = None) -> None:
        used = {id(layer.engine) for layer in self._layers}
        for model in [m for m, engine in self._engines.items() if m != keep and id(engine) not in used]:
            self._engines.pop(model).close()


def visible_document():
    """The document whose canvas can be seen in the active window; None if there is none."""
    krita = Krita.instance()
    window = krita.activeWindow()
    if window is None:
        return None
    widget = window.qwindow()
    if widget is not None and (widget.isMinimized() or not widget.isVisible()):
        return None
    return krita.activeDocument()


def _says(layer: LiveLayer) -> str:
    info = layer.last_frame
    if info is None:
        return tr("Rendering the first picture…")
    times = tr("picture in {frame}, after the stroke {stroke}").format(
        frame=_seconds(info.since_start_us), stroke=_seconds(info.since_push_us)
    )
    state = tr("Rendering") if layer.working else tr("Up to date")
    return f"{state} · {times}"


def _seconds(microseconds: int) -> str:
    if microseconds < 1_000_000:
        return tr("{n} ms").format(n=round(microseconds / 1000))
    return tr("{n} s").format(n=f"{microseconds / 1e6:.1f}")
