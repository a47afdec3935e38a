# SPDX-License-Identifier: GPL-3.0-or-later
"""The first start: no model, no ONNX Runtime. Each is one sentence in the docker, and nothing is changed.

SCUMBLE_LIBRARY is a library with neither beside it, ORT_DYLIB_PATH names nothing, and SCUMBLE_TEST_MODEL is a
model that can be put beside the library.
"""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import K, check, docker, new_document, play, until  # noqa: E402
from scumble import abi, models, shop  # noqa: E402
from scumble.extension import live  # noqa: E402


def scenario():
    document = yield from new_document(256)
    panel = docker()
    panel.setVisible(True)
    panel.raise_()
    yield 300
    said = panel.state.text()
    check("before all else the docker says what to do", "Press Live" in said, said)
    panel.toggle.click()
    yield 300
    said = panel.state.text()
    alone = len(document.rootNode().childNodes()) == 1
    good = "model" in said and live().status(document).error and alone and not panel.own.isVisible()
    good = good and panel.get.isVisible()  # one that can be got is offered
    check("no model: one sentence, and no group", good, said)
    live().set_settings(document, replace(live().settings(document), model=models.remember("/nowhere")))
    panel.toggle.click()
    yield 300
    said = panel.state.text()
    check("another model that is not there: Scumble's own is offered", panel.own.isVisible(), said)
    library = Path(os.environ["SCUMBLE_LIBRARY"])
    shutil.copytree(os.environ["SCUMBLE_TEST_MODEL"], library.parent / "models/default")
    panel.own.click()
    took = yield from until(lambda: "ONNX Runtime" in panel.state.text(), 20)
    status = live().status(document)
    good = took is not None and status.error and not status.live and not panel.own.isVisible()
    check("no ONNX Runtime: one sentence", good, panel.state.text())
    panel.runtime.click()
    yield 300
    window = shop._open[abi.WANT_RUNTIME]
    fits = window.isVisible() and window.frameGeometry().height() <= 700
    check("and a button that gets it", fits and window._offer() is not None, panel.runtime.text())
    window.close()
    check("Krita goes on", K.activeDocument() == document)


if __name__ == "__krita__":
    play(scenario)
