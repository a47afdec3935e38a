# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines that live documents share: one a model, made when it is first asked for, kept for a while after
its last document."""

from __future__ import annotations

from krita import Krita

from . import abi, getting, log, models
from .engine import Engine
from .getting import Offer
from .library import Library, ScumbleError
from .log import guarded
from .qt import QtCore

# Errors after which the engine must be made anew; all others are told and live goes on.
FATAL = {
    abi.ERROR_INTERNAL,
    abi.ERROR_RUNTIME,
    abi.ERROR_DEVICE,
    abi.ERROR_MODEL_MISSING,
    abi.ERROR_MODEL_BROKEN,
    abi.ERROR_MODEL_UNSUPPORTED,
}
# … of them those that another model may cure; of an engine that is well itself, files of what steers.
OF_THE_MODEL = {abi.ERROR_MODEL_MISSING, abi.ERROR_MODEL_BROKEN, abi.ERROR_MODEL_UNSUPPORTED}
# milliseconds that the engine's own process stays without a stroke while live is on: an artist who thinks for
# a while is not to wait for a large model
REST = 600_000
SHARED = "share_model"  # what is kept in Krita's settings: "yes" where the artist wants that
DEVICE = "device"  # … what models run on; "": the best that is there, as the library finds
PROCESSOR, OPENVINO = "cpu", "openvino"
KEEP_MODEL = 60_000  # milliseconds that a model stays in memory after the last live document that used it


def is_shared() -> bool:
    """Is the model to be the same for all programs of this user that ask for that?"""
    return Krita.instance().readSetting("scumble", SHARED, "") == "yes"


def share(on: bool) -> None:
    Krita.instance().writeSetting("scumble", SHARED, "yes" if on else "")


def device() -> str:
    """What models are to run on; "": the best that is there."""
    return Krita.instance().readSetting("scumble", DEVICE, "")


def run_on(name: str) -> None:
    Krita.instance().writeSetting("scumble", DEVICE, name)


class Engines(QtCore.QObject):
    """`used` answers the engines that live documents have now."""

    def __init__(self, used):
        super().__init__()
        self._used = used
        self.library: Library | None = None
        self._samplers: list[str] | None = None
        self._runtimes: dict[str, Offer | None] = {}  # what `runtime` has found; it looks at the disk
        self._devices: list[str] | None = None  # alike
        self.made: dict[str, Engine] = {}  # by the model's id
        self.spare = QtCore.QTimer(self)
        self.spare.setSingleShot(True)
        self.spare.timeout.connect(self.drop_unused)

    def of(self, model: str) -> Engine:
        """Raises ScumbleError for a model that the artist has not chosen, and without a library."""
        folder = models.folder(model)
        if model not in self.made:
            process = abi.PROCESS_SHARED if is_shared() else abi.PROCESS_AUTO
            self.made[model] = Engine(
                self.loaded(), folder or None, device() or None, idle_ms=REST, loras=models.has_loras(),
                process=process,
            )  # fmt: skip
        return self.made[model]

    def loaded(self) -> Library:
        """Raises ScumbleError where the library cannot be loaded."""
        if self.library is None:
            self.library = Library()
        return self.library

    def runtime(self, on: str) -> Offer | None:
        """The build of ONNX Runtime that would serve better: any where there is none (`on` is ""), one for
        the graphics card where a model runs on the processor; None where there is nothing better."""
        if self.library is None or on not in ("", "cpu"):
            return None
        if on not in self._runtimes:
            self._runtimes[on] = self._better(on)
        return self._runtimes[on]

    def _better(self, on: str) -> Offer | None:
        builds = self._builds()
        return getting.faster(builds) or (None if on else next(iter(builds), None))

    def devices(self, anew: bool = False) -> list[str]:
        """What models can be told to run on here: "" (the best that is there), the processor, and what the
        build of ONNX Runtime that is here was made for. No driver is asked: one that fails must not take
        Krita along; the engine says what is wrong with a device."""
        if (anew or self._devices is None) and self.library is not None:
            self._devices = [offer.name for offer in self._builds() if offer.here]
        return list(dict.fromkeys(["", PROCESSOR, *(self._devices or [])]))

    def _builds(self) -> list[Offer]:
        try:
            return getting.offers(self.library, abi.WANT_RUNTIME)
        except ScumbleError:
            return []  # it is told when somebody opens the window

    def renew(self) -> None:
        """ONNX Runtime is another one, they are to be shared, or to run elsewhere: engines are made anew.
        Those in use are to be closed before."""
        self._runtimes.clear()
        self._devices = None
        self.close()

    def samplers(self, model: str) -> list[str]:
        """Those that the model can be run with; before it is loaded all that the library knows."""
        if model in self.made:
            try:
                own = self.made[model].samplers()
            except ScumbleError:
                own = []  # it could not be loaded, which is told elsewhere
            if own:
                return own
        if self._samplers is None and self.library is not None:
            self._samplers = self.library.samplers()
        return self._samplers or []

    def conditions(self, model: str) -> dict[str, str]:
        """Why the model cannot be steered by something; empty before it is loaded."""
        try:
            return self.made[model].conditions() if model in self.made else {}
        except ScumbleError:
            return {}

    def drop(self, engine: Engine) -> None:
        """The next `of` makes a new one, e.g. after the painter has put the model in its place. This one goes
        with the last live document that has it: others still ask it."""
        self.made = {model: other for model, other in self.made.items() if other is not engine}

    def drop_unused_later(self) -> None:
        self.spare.start(KEEP_MODEL)

    @guarded
    def drop_unused(self, keep: str | None = None) -> None:
        used = {id(engine) for engine in self._used()}
        for model in [m for m, engine in self.made.items() if m != keep and id(engine) not in used]:
            self.made.pop(model).close()

    def close(self) -> None:
        """Before Krita goes. One that fails keeps no other from being closed."""
        self.spare.stop()
        for engine in self.made.values():
            try:
                engine.close()
            except Exception:  # noqa: BLE001
                log.exception("closing")
        self.made.clear()
