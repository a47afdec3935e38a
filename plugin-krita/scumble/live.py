# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist asks for, by docker or key, and what they are told: live on and off, Apply, settings."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from . import abi, engines, host, models, prompts, status, styles
from . import settings as stored
from .arrivals import Arrivals
from .document import LiveDocument
from .engines import FATAL, OF_THE_MODEL, Engines
from .group import ManagedGroup
from .history import SIDE, History, Kept
from .library import ScumbleError
from .loop import Loop
from .qt import QtCore, tr
from .settings import DocumentSettings
from .status import Status, Told
from .steered import Steers

MIDDLE = 0.5  # where a split begins
FINISH = 1.0  # seconds that Apply waits for the picture that is being made
TYPING = (80, 1500)  # milliseconds between what is typed and rendered: the engine's own time, within these


class Live(QtCore.QObject, Steers):
    """Every live document of this Krita. What the artist asks for raises ScumbleError with a sentence."""

    changed = QtCore.pyqtSignal()

    def __init__(self):
        super().__init__()
        self.told = Told()
        self.history = History()
        self.engines = Engines(lambda: [one.engine for one in self.loop.documents])
        ended = self._ended, self.engines.drop_unused_later
        self.loop = Loop(self.changed.emit, self._woken, self._finished, *ended)
        self.arrivals = Arrivals(self.loop)

    def of(self, document) -> LiveDocument | None:
        return self.loop.of(document)

    # --- live on and off ---

    def start(self, document) -> None:
        """Makes the document live; makes the managed group where there is none."""
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        if self.of(document) is not None:
            return
        chosen = stored.load(document)
        engine = self.engines.of(chosen.model)
        info = engine.info()
        if info.failed:  # told at once where it is known at once; no group is made for it
            self.engines.drop(engine)
            raise ScumbleError(info.message, info.error)
        with self.loop.alone():
            group = ManagedGroup.find(document, chosen.group)
            if group is None:
                groups = {one.layer for one in chosen.conditions if one.kind == "regions"}
                group = ManagedGroup.make(document, groups)
            try:
                one = self._shown(document, group, engine, chosen)
            except BaseException:
                group.hide()  # the picture from before does not follow: what is painted next is seen
                raise
        self.loop.add(one)
        self.told.forget(document)
        self.changed.emit()

    @staticmethod
    def _shown(document, group: ManagedGroup, engine, chosen: DocumentSettings) -> LiveDocument:
        group.format()
        group.check()
        group.show()
        group.refresh()
        # What of the settings could not be read is not to be lost to a click on Live.
        if group.identity != chosen.group and not chosen.damaged:
            chosen = replace(chosen, group=group.identity)
            stored.store(document, chosen)
        return LiveDocument(group, engine, chosen)

    def stop(self, document, why: Exception | None = None) -> None:
        """Live off. The picture does not follow any more, so it is hidden: what is painted next is seen."""
        one = self.of(document)
        if one is None:
            return
        self.loop.remove(one)
        self.told.forget(document)
        if why is not None:
            self.told.keep(document, why)
            host.tell(document, str(why))
        try:
            one.group.hide()
            one.group.stand_aside(False)
        finally:
            one.close()
            self.engines.drop_unused_later()
            self.changed.emit()

    def _ended(self, one: LiveDocument, error: Exception) -> None:
        """A document of the loop cannot go on."""
        if getattr(error, "status", 0) in FATAL:
            self.engines.drop(one.engine)
        self.stop(one.document, error)

    def toggle(self, document) -> None:
        if self.of(document) is None:
            self.start(document)
        else:
            self.stop(document)

    def use_own_model(self, document) -> None:
        """Scumble's own model instead of the one that could not be used, and live."""
        self.set_settings(document, replace(self.settings(document), model=""))
        self.start(document)

    def use_model(self, document, folder: str) -> None:
        """A model that was got, or that the artist has chosen; live, if that has failed for want of one."""
        model = models.remember(folder)
        told = self.told.of(document)
        self.set_settings(document, replace(self.settings(document), model=model))
        if told is not None and told[1] in OF_THE_MODEL:
            self.start(document)

    def use_runtime(self, document) -> None:
        """ONNX Runtime was got: what is live, or was to be, goes on with it, on what it was got for."""
        # What the library takes by itself is never OpenVINO on the processor.
        chosen = engines.OPENVINO in self.engines.devices(anew=True)
        engines.run_on(engines.OPENVINO if chosen else "")
        told = self.told.of(document)
        self._renew([document] if told is not None and told[1] == abi.ERROR_RUNTIME else [])

    def share_model(self, on: bool) -> None:
        """Whether this Krita's models are those of other programs, too; what is live goes on."""
        if on != engines.is_shared():
            engines.share(on)
            self._renew([])

    def run_on(self, device: str) -> None:
        """What models run on in this Krita; what is live goes on."""
        if device != engines.device():
            engines.run_on(device)
            self._renew([])

    def _renew(self, also: list) -> None:
        """Engines are made anew; what is live goes on with them, and so do these documents."""
        lasting = [one.document for one in self.loop.documents] + also
        for one in list(self.loop.documents):
            self.stop(one.document)
        self.engines.renew()
        for one in lasting:
            try:
                self.start(one)
            except ScumbleError as error:  # the others go on all the same
                self.tell(one, error)
        self.changed.emit()

    def no_instant_preview(self, document) -> None:
        action = host.instant_preview()
        if action is not None:
            action.trigger()
        self.changed.emit()

    # --- the picture as a layer ---

    def apply(self, document, keep: bool = False) -> None:
        """Copies the picture into an ordinary layer: below the live group, as paint to go on from; or, to
        keep it, above and hidden. Live goes on, or stays off."""
        group = self._group(document)
        chosen = stored.load(document)
        one = self.of(document)
        with self.loop.alone(), nullcontext() if one is None else one.whole(FINISH):
            if one is not None:
                one.hold()
            if group.live.bounds().isEmpty():
                raise ScumbleError(
                    tr("There is no picture yet that could be put into a layer. Wait for one, then press "
                       "Apply or Keep again.")
                )  # fmt: skip
            if keep:
                group.lay_aside(group.picture(), _layer_name(chosen))
            else:
                group.apply(_layer_name(chosen))
        if not chosen.seed_locked and not keep:
            self.set_settings(document, chosen.with_new_seed())

    def compare(self, document, with_paint: bool) -> None:
        """The paint instead of the live picture, while a button or key is held."""
        one = self.of(document)
        if one is not None:
            one.compare(with_paint)

    def compare_no_more(self) -> None:
        for one in self.loop.documents:
            if one.comparing:
                one.compare(False)

    def split(self, document, at: float | None = None) -> None:
        """The paint left of a line, the picture right of it: 0 to 1 of the canvas' width, 0 for the picture
        alone; without a number on, in the middle, or off."""
        one = self.of(document)
        if one is not None:
            one.split = at if at is not None else MIDDLE if one.split == 0.0 else 0.0
            self.loop.hurry()
            self.changed.emit()

    def splits_at(self, document) -> float | None:
        """None where nothing is live."""
        one = self.of(document)
        return None if one is None else one.split

    def keep(self, document) -> None:
        self.apply(document, keep=True)

    def go_back(self, document, one: Kept) -> None:
        """Renders by the words and settings of an earlier picture; the same paint is the same picture."""
        self._note_finished(document)
        now = self.settings(document)
        self.set_settings(document, replace(one.settings, group=now.group, seed_locked=now.seed_locked))

    def thumbnail(self, document):
        """A small picture of what is live, a QImage, or None."""
        one = self.of(document)
        return one.group.thumbnail(SIDE) if one is not None and one.last_frame is not None else None

    def lay(self, document, one: Kept) -> None:
        """An earlier picture as a hidden layer above the live group."""
        group = self._group(document)
        with self.loop.alone():
            if self.of(document) is not None:
                self.of(document).hold()
            group.lay_aside(one.layer.clone(), _layer_name(one.settings))

    def _note_finished(self, document) -> None:
        """Before something else is rendered that the artist may want to come back from."""
        one = self.of(document)
        if one is not None and one.finished():
            self._finished(one)

    def _finished(self, one: LiveDocument) -> None:
        layer = one.picture()
        if layer is None and one.split:
            one.unnoted = True  # it is there at the next look
            return
        if layer is not None:
            self.history.note(one.document, one.settings, one.group, layer)
        prompts.remember(one.settings.prompt)
        self.changed.emit()

    def _group(self, document) -> ManagedGroup:
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        one = self.of(document)
        group = one.group if one is not None else ManagedGroup.find(document, stored.load(document).group)
        if group is None:
            raise ScumbleError(tr("There is no live layer in this document yet."))
        return group

    # --- what is set ---

    def settings(self, document) -> DocumentSettings:
        return stored.load(document)

    def set_settings(self, document, chosen: DocumentSettings) -> None:
        """Keeps the settings in the document and renders by them. Where nothing is set, what a document has
        that could not be read stays in it."""
        if document is None or document.rootNode() is None:
            return
        before, chosen = stored.load(document), chosen.cut()
        if chosen == before:
            return
        stored.store(document, chosen)
        one = self.of(document)
        if one is not None:
            if chosen.model != before.model:
                self.stop(document)
                self.engines.drop_unused(keep=chosen.model)
                self.start(document)
            else:
                one.set(chosen)
                self.loop.hurry()
        else:
            self.told.forget(document)
        self.changed.emit()

    def use_style(self, document, style) -> None:
        """None: no style."""
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        self._note_finished(document)
        active = self._to_follow(document)
        layer = active.uniqueId().toString() if active is not None else ""
        self.set_settings(document, styles.applied(style, self.settings(document), layer))

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
            with self.loop.alone():
                one.group.live.setBlendingMode(mode)

    def new_seed(self, document) -> None:
        if document is not None:
            self._note_finished(document)
            self.set_settings(document, stored.load(document).with_new_seed())

    def typing_pause(self, document) -> int:
        """Milliseconds between what is typed and what is rendered: as fast as the engine makes pictures."""
        one = self.of(document)
        last = one.last_frame if one is not None else None
        low, high = TYPING
        return low if last is None else min(max(last.since_start_us // 1000, low), high)

    # --- what is told ---

    def tell(self, document, error: Exception) -> None:
        """Shows an error in the docker of a document, until something else is to be said, and on its
        canvas."""
        one = self.of(document)
        if one is not None:
            one.problem = str(error)
        else:
            self.told.keep(document, error)
        host.tell(document, str(error))
        self.changed.emit()

    def status(self, document) -> Status:
        one = self.of(document)
        if one is not None:
            return status.of_live(one)
        return status.of_resting(self.told.of(document), self.settings(document))

    def _woken(self) -> None:
        self.told.forget_closed()
        self.history.forget_closed()
        if self.told.kept:
            self.changed.emit()  # it may have been cured

    def close(self) -> None:
        """Before Krita goes."""
        self.arrivals.clear()
        self.loop.close()
        self.engines.close()
        self.history.clear()
        self.told.kept.clear()


def _layer_name(settings: DocumentSettings) -> str:
    words = " ".join(settings.prompt.split())[:40]
    return f"Scumble: {words}" if words else "Scumble picture"
