# SPDX-License-Identifier: GPL-3.0-or-later
"""From a docker to the windows in which things are got (shop.py), and what has arrived into use."""

from __future__ import annotations

from . import abi, shop
from .undo import free
from .widgets import single_shot

LOOK = 50  # milliseconds between looks whether a stroke has ended


class Shopping:
    """What has arrived is for the document that its window was opened for; for the one that is seen in the
    docker, if that was closed meanwhile. Live starts anew with it, which would end a stroke: it waits."""

    def __init__(self, docker):
        self._docker, self._live = docker, docker.live
        self._arrived: list[tuple] = []  # (document, what is to be done in it)
        self._timer = single_shot(docker, self._look)

    def model(self, document) -> None:
        self._show(document, abi.WANT_MODEL, self._live.use_model)

    def runtime(self, document) -> None:
        window = self._show(document, abi.WANT_RUNTIME, lambda document, _: self._live.use_runtime(document))
        better = self.better(self._live.status(document))
        if better is not None:
            window.choose(better.name)

    def annotator(self, document) -> None:
        self._show(document, abi.WANT_ANNOTATOR, lambda *_: None)

    def better(self, status):
        """The build of ONNX Runtime that would help, if any."""
        if status.offer_runtime:
            return self._live.engines.runtime("")
        model = status.model
        return self._live.engines.runtime(model.device) if model is not None and model.ready else None

    def _show(self, document, want: int, function):
        """`function` is told the document and the folder of what has arrived."""

        def got(folder: str) -> None:
            self._arrived.append((document, lambda document: function(document, folder)))
            self._look()

        return shop.show(self._live.engines.loaded(), want, got, self._docker.window())

    def _look(self) -> None:
        if self._is_painted():
            self._timer.start(LOOK)
            return
        arrived, self._arrived = self._arrived, []
        for document, function in arrived:
            self._docker.do(function, document if _is_open(document) else self._docker.document())

    def _is_painted(self) -> bool:
        """Whether Krita is at work in a document in which live may start anew."""
        live = [one.document for one in self._live.loop.documents]
        documents = [*live, *(document for document, _ in self._arrived), self._docker.document()]
        return self._live.loop.busy or not all(free(one) for one in documents if _is_open(one))


def _is_open(document) -> bool:
    return document is not None and document.rootNode() is not None
