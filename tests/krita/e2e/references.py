# SPDX-License-Identifier: GPL-3.0-or-later
"""References in the real Krita, as steering.py checks them: a layer, a picture's file, the clipboard, a file
that is linked."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import part  # noqa: E402
from painting import (  # noqa: E402
    QtCore,
    QtGui,
    QtWidgets,
    check,
    idle,
    new_document,
    there_again,
    undo,
    until,
    whole,
)
from real import at_rest  # noqa: E402
from scumble.extension import live, run  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402


def sketch_layer(document):
    """A layer above Scumble's group: what is painted on it is no paint."""
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: live().of(document).last_frame is not None, 60)
    sketch = document.createNode("sketch", "paintlayer")
    document.rootNode().addChildNode(sketch, None)
    yield 600
    document.setActiveNode(sketch)
    yield 300
    return paper, sketch


def steered_by(document, layer):
    return [one.layer for one in live().settings(document).conditions] == [layer.uniqueId().toString()]


def refers():
    document = yield from new_document(256)
    _, sketch = yield from sketch_layer(document)
    sketch.setPixelData(bytes((10, 20, 30, 255)) * 64 * 48, 100, 70, 64, 48)
    sketch.setVisible(False)
    document.refreshProjection()
    yield 1000
    one, node = live().of(document), part(document, LIVE_NAME)
    yield from until(lambda: not one.working, 5)
    plain = whole(node, document)
    run(lambda d: live().steer(d, "reference", ""), document)
    took = yield from until(lambda: whole(node, document) != plain, 6)
    check("what is on a layer is a reference, hidden too", took is not None and steered_by(document, sketch))
    yield 1000
    jobs = one.session.stats().jobs_started
    yield 1500
    check("at rest it costs no picture", one.session.stats().jobs_started == jobs)
    document.setActiveNode(sketch)
    yield 300
    file = os.path.join(os.environ["HOME"], "mood.jpg")
    image = QtGui.QImage(3000, 2000, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor(200, 90, 30))
    image.save(file, quality=100)
    one_reference = whole(node, document)
    run(lambda d: live().steer(d, "picture", file), document)
    took = yield from until(lambda: whole(node, document) != one_reference, 8)
    laid = document.rootNode().childNodes()[-1]
    box = laid.bounds()
    good = laid.name() == "mood.jpg" and not laid.visible() and (box.width(), box.height()) == (1024, 683)
    check("a picture's file becomes a hidden layer, the reference", took is not None and good,
          f"{laid.name()} {box} {live().status(document).text}")  # fmt: skip
    colour = bytes(laid.pixelData(500, 300, 1, 1))[:3]
    apart = max(abs(a - b) for a, b in zip(colour, (30, 90, 200), strict=True))
    check("in its colours", apart <= 2, list(colour))
    yield from until(lambda: document.activeNode() == sketch, 3)
    check("and the artist's layer stays active", document.activeNode() == sketch)
    yield from undo(document)
    took = yield from until(lambda: "has no layer to read" in live().status(document).text, 8)
    check("one undo takes the layer away, which is told", took is not None, live().status(document).text)
    yield from from_elsewhere(document, node, one_reference, image)


def from_elsewhere(document, node, one_reference, image):
    """The second reference of two: from the clipboard, from a file that is linked, from one that is gone."""

    def top():
        return document.rootNode().childNodes()[-1]

    def takes(source, file=""):
        run(lambda d: live().take_from(d, 1, source, file), document)

    clipboard = QtWidgets.QApplication.clipboard()
    clipboard.setText("words")
    before = len(document.rootNode().childNodes())
    takes("clipboard")
    told = live().status(document).text
    good = "no picture on the clipboard" in told and len(document.rootNode().childNodes()) == before
    check("words on the clipboard: told, and no layer", good, told)
    image.fill(QtGui.QColor(20, 60, 140))
    clipboard.setImage(image)
    takes("clipboard")
    took = yield from until(lambda: whole(node, document) != one_reference, 8)
    colour = list(bytes(top().pixelData(500, 300, 1, 1)))
    good = (top().name(), top().type(), top().visible()) == ("Clipboard", "paintlayer", False)
    apart = max(abs(a - b) for a, b in zip(colour, (140, 60, 20, 255), strict=True))
    check("a picture on the clipboard becomes a hidden layer, the reference", took and good and apart <= 2,
          f"{top().name()} {colour} {live().status(document).text}")  # fmt: skip
    yield from at_rest(document)
    pasted, file = whole(node, document), os.path.join(os.environ["HOME"], "linked.png")
    image = image.scaled(200, 100)
    image.fill(QtGui.QColor(90, 200, 30))
    image.save(file)
    yield from idle(document)
    takes("linked", file)
    took = yield from until(lambda: whole(node, document) not in (pasted, one_reference), 8)
    box, linked = top().bounds(), live().listing(document).linked
    good = (top().type(), box.width(), box.height(), linked) == ("filelayer", 200, 100, {1})
    check("a linked file is shown by a file layer", took and good,
          f"{top().type()} {box} {live().status(document).text}")  # fmt: skip
    yield from at_rest(document)
    by_file = whole(node, document)
    image.fill(QtGui.QColor(90, 200, 130))
    image.save(file)
    took = yield from until(lambda: whole(node, document) not in (pasted, one_reference, by_file), 10)
    check("written by another program, it is followed", took is not None, live().status(document).text)
    # What is shown first may have been read while Krita still read the file.
    yield from at_rest(document)
    changed = whole(node, document)
    os.rename(file, file + ".away")
    answering = QtCore.QTimer()  # Krita asks where the file is
    answering.timeout.connect(say_no)
    answering.start(100)
    document = yield from there_again(document, "linked.kra", lambda: live().stop(document))
    answering.stop()
    live().start(document)
    node = part(document, LIVE_NAME)
    took = yield from until(lambda: "which is not there" in live().status(document).text, 8)
    entries = live().settings(document).conditions
    shown = yield from until(lambda: whole(node, document) == one_reference, 8)
    good = took and shown and len(entries) == 2
    check("opened without its file: told, the entry stays, the other steers", good,
          live().status(document).text)  # fmt: skip
    os.rename(file + ".away", file)
    took = yield from until(lambda: whole(node, document) == changed, 20)
    check("put back, it steers as it did before", took and live().listing(document).linked == {1},
          live().status(document).text)  # fmt: skip
    yield from idle(document)
    run(lambda d: live().take_from(d, 1, "embed"), document)
    os.remove(file)
    yield from until(lambda: top().type() == "paintlayer", 8)
    yield from at_rest(document)
    same = whole(node, document) == changed and not live().listing(document).linked
    check("kept in the document from then on, it needs no file", same, live().status(document).text)
    live().stop(document)


def say_no():
    box = QtWidgets.QApplication.activeModalWidget()
    if isinstance(box, QtWidgets.QMessageBox):
        box.button(QtWidgets.QMessageBox.StandardButton.No).click()
