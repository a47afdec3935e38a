# SPDX-License-Identifier: GPL-3.0-or-later
"""What the docker says of a document, in a sentence: how live goes, or why it does not."""

from __future__ import annotations

from dataclasses import dataclass

from . import abi, host
from .document import LiveDocument
from .engine import ModelInfo
from .engines import OF_THE_MODEL
from .qt import tr
from .settings import DocumentSettings


@dataclass(frozen=True)
class Status:
    """What the docker shows for a document."""

    live: bool = False
    text: str = ""
    error: bool = False
    progress: float | None = None  # while the model is loading
    model: ModelInfo | None = None
    offer_own: bool = False  # Scumble's own model may help
    offer_model: bool = False  # Scumble's own cannot be used: another one may help
    offer_runtime: bool = False  # there is no ONNX Runtime
    offer_no_preview: bool = False  # Instant Preview is on: without it the picture follows during the stroke


class Told:
    """Sentences about documents that are not live, each kept until something else is to be said of its
    document. No exception is kept, whose traceback would keep alive all that it has seen."""

    def __init__(self):
        self.kept: list[tuple] = []  # (document, sentence, the library's number, what the document was like)

    def keep(self, document, error: Exception) -> None:
        self.forget(document)
        self.kept.append((document, str(error), getattr(error, "status", 0), _kind(document)))

    def forget(self, document) -> None:
        self.kept = [told for told in self.kept if not _same(told[0], document)]

    def forget_closed(self) -> None:
        self.kept = [told for told in self.kept if told[0] is None or told[0].rootNode() is not None]

    def of(self, document) -> tuple[str, int] | None:
        """The sentence and the library's number, unless the document has become another case meanwhile."""
        for other, sentence, number, kind in self.kept:
            if _same(other, document) and kind == _kind(document):
                return sentence, number
        return None


def _same(one, other) -> bool:
    return one is other or (other is not None and one == other)


def _kind(document) -> tuple | None:
    """What an error may have been about: converted or scaled, the document is another case."""
    if document is None or document.rootNode() is None:
        return None
    size = document.width(), document.height()
    return (document.colorModel(), document.colorDepth(), document.colorProfile(), *size)


def of_resting(told: tuple[str, int] | None, settings: DocumentSettings) -> Status:
    """Of a document that is not live, or of none."""
    if told is not None:
        sentence, number = told
        model, own = number in OF_THE_MODEL, settings.model == ""
        return Status(
            text=sentence, error=True, offer_own=model and not own, offer_model=model and own,
            offer_runtime=number == abi.ERROR_RUNTIME,
        )  # fmt: skip
    if settings.damaged:
        text = tr("Some of what this document keeps for Scumble is damaged or of a later version: it is left "
                  "out, and stays in the document until you change a setting.")  # fmt: skip
        return Status(text=text, error=True)
    return Status(text=tr("Live is off. Press Live, and a picture of your paint follows your brush."))


def of_live(one: LiveDocument) -> Status:
    info = one.engine.info()
    preview = host.instant_preview() is not None
    if one.problem:
        return Status(True, one.problem, error=True, model=info)
    if one.steering.problem:
        return Status(True, one.steering.problem, error=True, model=info)
    if info.state == abi.ENGINE_LOADING:
        return Status(True, info.message or tr("Loading the model…"), progress=info.progress, model=info)
    return Status(True, _says(one, preview), model=info, offer_no_preview=preview)


def look(one: LiveDocument) -> tuple:
    """All that `of_live` depends on, first what every picture changes."""
    return (
        (one.frames_shown, one.working), one.hidden, one.problem, one.nothing_selected, one.playing,
        _loading(one), one.doing, one.painted_under, one.onion_skins,
        one.steering.problem,
    )  # fmt: skip


def _loading(one: LiveDocument) -> tuple:
    """How far the model is. The engine is asked only while the library says that it is loading."""
    if not one.session.loading:
        return ()
    info = one.engine.info()
    return info.state, info.message, round(info.progress, 2)


def _says(one: LiveDocument, preview: bool) -> str:
    if one.hidden:
        return tr("The live layer is hidden; it rests until it is shown.")
    if one.nothing_selected:
        return tr("Nothing on the canvas is selected, so nothing is rendered. Deselect to render all of it.")
    if one.playing:
        return tr("Live rests while the animation plays.")
    if one.onion_skins:
        return tr("“{name}” shows onion skins, and they are read as paint. Switch them off (the bulb in the "
                  "Animation Timeline docker).").format(name=one.onion_skins)  # fmt: skip
    info = one.last_frame
    if one.doing:
        return one.doing
    if preview:
        return tr("Instant Preview is on: the picture rests while you paint and follows after each stroke.")
    if info is None:
        return tr("Rendering the first picture…")
    times = tr("picture in {frame}, after the stroke {stroke}").format(
        frame=_seconds(info.since_start_us), stroke=_seconds(info.since_push_us)
    )
    state = tr("Rendering") if one.working else tr("Up to date")
    return "\n".join(filter(None, [f"{state} · {times}", one.note]))


def _seconds(microseconds: int) -> str:
    if microseconds < 1_000_000:
        return tr("{n} ms").format(n=round(microseconds / 1000))
    return tr("{n} s").format(n=f"{microseconds / 1e6:.1f}")
