# SPDX-License-Identifier: GPL-3.0-or-later
"""From a docker to the windows in which things are got (shop.py), and what has arrived into use."""

from __future__ import annotations

from . import abi, host, shop
from .arrivals import is_open
from .extension import run
from .qt import sip


class Shopping:
    """What has arrived is for the document that its window was opened for; for the one that is seen in the
    docker, if that was closed meanwhile. It may have to wait (arrivals.py), longer than the docker is there.
    """

    def __init__(self, docker):
        self._docker, self._live = docker, docker.live

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

        def got(folder: str, used) -> None:
            self._live.arrivals.add(lambda: self._meant(document), lambda meant: use(meant, folder, used))

        def use(document, folder: str, used) -> None:
            self._do(lambda document: function(document, folder), document)
            used()

        return shop.show(self._live.engines.loaded(), want, got, self._docker.window())

    def _meant(self, document):
        """That document, or the one in its place."""
        if is_open(document):
            return document
        return host.front().document if sip.isdeleted(self._docker) else self._docker.document()

    def _do(self, function, document) -> None:
        if sip.isdeleted(self._docker):
            run(function, document)
        else:
            self._docker.do(function, document)
