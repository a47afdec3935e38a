# SPDX-License-Identifier: GPL-3.0-or-later
"""A model is got in the real Krita, while the artist paints: by the docker's list, from a hub of our own
(HF_ENDPOINT) that has one as painter/turbo. SCUMBLE_SHOT names a folder for a picture of the window."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import K, QTest, check, docker, idle, line, new_document, play, stroke, until, whole  # noqa: E402
from scumble import abi, models, shop  # noqa: E402
from scumble.extension import live  # noqa: E402


def scenario():
    document = yield from new_document(256)
    paper = document.activeNode()
    # Krita takes strokes once its canvas was in front, which on a busy machine it is not yet.
    yield from stroke(line((300, 100), (340, 100), 4))
    yield from idle(document)
    panel = docker()
    panel.setVisible(True)
    panel.raise_()
    panel.more.button.setChecked(True)
    yield 300
    index = panel.model.models.findText("Get a model…")
    panel.model.models.setCurrentIndex(index)
    panel.model.models.activated.emit(index)
    yield 500
    window = shop._open[abi.WANT_MODEL]
    frame = window.frameGeometry()
    fits = window.isVisible() and frame.width() <= 1366 and frame.height() <= 700
    check("Get a model… opens a window that fits a small screen", fits, f"{frame.width()} x {frame.height()}")
    check("which lists what there is", window.list.count() >= 8, str(window.list.count()))
    if os.environ.get("SCUMBLE_SHOT"):
        window.grab().save(os.path.join(os.environ["SCUMBLE_SHOT"], "getting.png"))
    QTest.keyClicks(window.other, "painter/turbo")
    window.get.click()
    took = yield from until(lambda: "MIT" in window.about.toPlainText(), 20)
    check("the licence is shown before anything is downloaded", took is not None, window.state.text())
    blank = whole(paper, document)
    window.agree.click()
    window.get.click()
    for _ in range(3):  # the click before it may have left the window in front
        yield from stroke(line((100, 100), (400, 300), 8))
        yield from idle(document)
        if whole(paper, document) != blank:
            break
        yield 500
    check("the artist paints meanwhile", whole(paper, document) != blank)
    took = yield from until(lambda: window.download is None, 60)
    check("it arrives", took is not None and "is here" in window.state.text(), window.state.text())
    yield from until(lambda: live().settings(document).model, 6)  # when no stroke runs
    folder = models.folder(live().settings(document).model)
    check("and is chosen", folder.endswith("scumble/models/turbo"), folder)
    window.close()
    panel.toggle.click()
    took = yield from until(lambda: live().of(document) and live().of(document).frames_shown > 0, 60)
    check("and paints", took is not None, panel.state.text())
    panel.toggle.click()
    yield 300
    check("Krita goes on", K.activeDocument() == document)


if __name__ == "__krita__":
    play(scenario)
