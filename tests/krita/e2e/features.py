# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita beyond strokes: applying, selections, settings, formats, documents."""

import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import inverted, part, settled  # noqa: E402
from krita import Selection  # noqa: E402
from painting import (  # noqa: E402
    K,
    QtCore,
    QTest,
    QtWidgets,
    check,
    idle,
    line,
    memory_mib,
    new_document,
    play,
    say,
    stroke,
    until,
    whole,
)
from scumble.canvas import LIVE_NAME, Canvas  # noqa: E402
from scumble.extension import live  # noqa: E402


def docker():
    found = [d for d in K.dockers() if d.windowTitle() == "Scumble"]
    return found[0]


def by_the_docker():
    """Live from the button, a prompt typed, Apply, Stop."""
    document = yield from new_document(512)
    paper = document.activeNode()
    panel = docker()
    panel.raise_()
    yield 300
    panel.toggle.click()
    took = yield from until(lambda: live().layer(document) is not None and settled(document, paper))
    check("the docker's Live makes the layer live", took is not None, panel.state.text())
    before = live().layer(document).session.stats().jobs_started
    panel.prompt.setFocus()
    QTest.keyClicks(panel.prompt, "a red castle")
    took = yield from until(lambda: live().settings(document).prompt == "a red castle", 4)
    check("the prompt is kept in the document", took is not None)
    took = yield from until(lambda: live().layer(document).session.stats().jobs_started > before, 4)
    check("and renders", took is not None)
    panel.strength.slider.setValue(30)
    took = yield from until(lambda: live().settings(document).strength == 0.3, 4)
    check("a slider sets its value", took is not None)
    seed = live().settings(document).seed
    panel.dice.click()
    check("the dice draws a seed", live().settings(document).seed != seed)
    yield from until(lambda: settled(document, paper))
    steps = K.action("edit_undo").text()
    panel.apply.click()
    yield 600
    layers = document.rootNode().childNodes()
    baked = whole(layers[-1], document)
    check("Apply bakes the picture above", len(layers) == 3 and baked == inverted(whole(paper, document)))
    check("the artist's layer stays active", document.activeNode() == paper, document.activeNode().name())
    K.action("edit_undo").trigger()
    yield from until(lambda: len(document.rootNode().childNodes()) == 2, 3)
    alike = K.action("edit_undo").text() == steps and len(document.rootNode().childNodes()) == 2
    check("Apply is one undo step, and live goes on", alike and live().layer(document) is not None)
    yield from idle(document)
    yield from stroke(line((300, 300), (600, 600), 8))
    yield from idle(document)
    took = yield from until(lambda: settled(document, paper))
    check("the next stroke is rendered after Apply", took is not None)
    panel.stop.click()
    yield 200
    check("Stop turns live off", live().layer(document) is None and not panel.toggle.isChecked())
    return document, paper


def reopening(document):
    """Settings and group come back from the file."""
    path = os.path.join(os.environ["HOME"], "kept.kra")
    live().start(document)
    yield 500
    document.setBatchmode(True)
    document.saveAs(path)
    yield 1500
    check("saving while live", os.path.getsize(path) > 1000 and live().layer(document) is not None)
    document.setModified(False)
    document.close()
    yield 1500
    again = K.openDocument(path)
    K.activeWindow().addView(again)
    K.setActiveDocument(again)
    yield 1500
    again = K.activeDocument()
    chosen = live().settings(again)
    check("settings come back with the file", (chosen.prompt, chosen.strength) == ("a red castle", 0.3))
    check("the docker shows them", docker().prompt.toPlainText() == "a red castle")
    count = len(again.rootNode().childNodes())
    live().start(again)
    paper = again.rootNode().childNodes()[0]
    took = yield from until(lambda: settled(again, paper))
    check("live goes on in the group of the file", took is not None)
    check("and makes no second group", len(again.rootNode().childNodes()) == count)
    return again, paper


def two_documents(first):
    second = yield from new_document(300, height=200)
    paper = second.activeNode()
    live().start(second)
    took = yield from until(lambda: settled(second, paper))
    check("a second document has a live layer of its own", took is not None and len(live()._layers) == 2)
    shown = live().layer(first).frames_shown
    yield 500
    check("the one that is not looked at rests", live().layer(first).frames_shown == shown)
    return second, paper


def moving(document, paper):
    """The picture is made of what lies below the group's place."""
    size = document.width(), document.height()
    group = Canvas.find(document).group
    over = document.createNode("over", "paintlayer")
    over.setPixelData(QtCore.QByteArray(b"\x20\x90\x50\xff" * (size[0] * size[1])), 0, 0, *size)
    document.rootNode().addChildNode(over, group)
    yield 800
    check("a layer above the group is not rendered", settled(document, paper))
    document.setActiveNode(group)
    yield 400
    K.action("move_layer_up").trigger()
    took = yield from until(lambda: settled(document, over), 6)
    check("the group moved above it: it is", took is not None, live().status(document).text)
    K.action("edit_undo").trigger()
    took = yield from until(lambda: settled(document, paper), 6)
    check("and moved back by undo: it is not", took is not None, live().status(document).text)
    over.remove()
    document.setActiveNode(paper)
    yield 400


def selecting(document, paper):
    selection = Selection()
    selection.select(50, 40, 100, 60, 255)
    document.setSelection(selection)
    node = part(document, LIVE_NAME)
    width = document.width()

    def cut():
        pixels = whole(node, document)
        alpha = pixels[3::4]
        inside = alpha[60 * width + 100]
        return inside == 255 and sum(1 for a in alpha if a) == 6000

    took = yield from until(cut, 6)
    check("with a selection only that is rendered", took is not None)
    document.setSelection(None)
    took = yield from until(lambda: settled(document, paper), 6)
    check("without one, all again", took is not None)


def changing(document, paper):
    """The canvas changes its size and its colours under the loop."""
    document.resizeImage(0, 0, 400, 320)
    yield 300
    paper_white = b"\xff\xff\xff\xff" * (400 * 320)
    paper.setPixelData(paper_white, 0, 0, 400, 320)
    document.refreshProjection()
    took = yield from until(lambda: settled(document, paper), 6)
    check("the canvas grows: the picture follows", took is not None, live().status(document).text)
    document.setColorSpace("RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc")
    took = yield from until(lambda: dark(document, 8), 6)
    check("turned into 16 bits: the picture follows", took is not None, live().status(document).text)
    Canvas.find(document).group.setVisible(False)
    yield from until(lambda: "hidden" in live().status(document).text, 3)
    check("hidden: live rests and says so", "hidden" in live().status(document).text)
    Canvas.find(document).group.setVisible(True)
    yield 600
    document.setColorSpace("GRAYA", "U8", "")
    yield from until(lambda: live().layer(document) is None, 6)
    status = live().status(document)
    check("turned grey: live stops and says why", status.error and "RGB" in status.text, status.text)


def dark(document, size):
    """White 16-bit or float paper inverted is black and opaque."""
    pixel = bytes(part(document, LIVE_NAME).pixelData(100, 100, 1, 1))
    if size == 8:
        return pixel == bytes(6) + b"\xff\xff"
    *colours, alpha = struct.unpack("4f", pixel)
    return alpha == 1.0 and all(abs(colour) < 1e-5 for colour in colours)


def formats():
    document = yield from new_document(256, depth="F32")
    live().start(document)
    took = yield from until(lambda: dark(document, 16), 6)
    linear = live().layer(document).canvas.format().number
    check("32-bit float", took is not None, f"format {linear}, {document.colorProfile()}")
    live().stop(document)
    for model, depth in (("GRAYA", "U8"), ("RGBA", "F16")):
        document = yield from new_document(256, model=model, depth=depth)
        docker().toggle.click()
        yield 200
        status = live().status(document)
        good = status.error and len(document.rootNode().childNodes()) == 1 and not docker().toggle.isChecked()
        check(f"{model}/{depth} is refused in one sentence", good, status.text)


def shortcuts():
    names = ("scumble_toggle", "scumble_apply", "scumble_new_seed")
    shown = [K.action(name).shortcut().toString() for name in names]
    check("the actions have shortcuts", shown == ["Ctrl+Alt+L", "Ctrl+Alt+Return", "Ctrl+Alt+D"], shown)


def many_strokes(count):
    """Strokes and pictures do not pile up in memory."""
    document = yield from new_document(512)
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: settled(document, paper))
    marks = []
    for n in range(count):
        yield from stroke(line((200 + 3 * n % 500, 250), (400, 300 + 3 * n % 400), 3), 12)
        if n in (count // 2, count - 1):
            yield from idle(document)
            marks.append(memory_mib())
    took = yield from until(lambda: settled(document, paper))
    live().stop(document)
    layers = len(document.rootNode().childNodes()), len(Canvas.find(document).group.childNodes())
    check(f"{count} strokes: the picture keeps up, no layer is added", took is not None and layers == (2, 3))
    grown = marks[1] - marks[0]
    check(f"the later {count // 2} strokes keep memory", grown < 60, f"{marks[0]:.0f} → {marks[1]:.0f} MiB")


def scenario():
    shortcuts()
    document, _ = yield from by_the_docker()
    again, _ = yield from reopening(document)
    second, paper = yield from two_documents(again)
    yield from moving(second, paper)
    yield from selecting(second, paper)
    yield from changing(second, paper)
    live().stop(again)
    yield from formats()
    yield from many_strokes(int(os.environ.get("SCUMBLE_STROKES", "60")))
    boxes = [w for w in QtWidgets.QApplication.topLevelWidgets() if isinstance(w, QtWidgets.QMessageBox)]
    check("no message box is open", not boxes, [box.text() for box in boxes])
    say(f"     memory {memory_mib():.0f} MiB")


if __name__ == "__krita__":
    play(scenario, 150)
