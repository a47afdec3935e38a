# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita beyond strokes: keys, the docker, memory."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import inverted, settled  # noqa: E402
from krita import Selection  # noqa: E402
from painting import (  # noqa: E402
    K,
    Pen,
    QtCore,
    QTest,
    QtWidgets,
    Stylus,
    check,
    docker,
    idle,
    line,
    memory_mib,
    new_document,
    play,
    projection,
    say,
    stroke,
    until,
    whole,
)
from scumble import host  # noqa: E402
from scumble.extension import live  # noqa: E402
from scumble.group import ManagedGroup  # noqa: E402
from scumble.undo import PATIENCE, free  # noqa: E402

TOGGLE, EDITED = "Shift+F7", "Ctrl+Alt+J"


def by_the_docker():
    """Live from the button, a prompt typed, Apply, Stop."""
    document = yield from new_document(512)
    paper = document.activeNode()
    panel = docker()
    panel.raise_()
    panel.more.button.setChecked(True)
    yield 300
    panel.toggle.click()
    took = yield from until(lambda: live().of(document) is not None and settled(document, paper))
    check("the docker's Live makes the layer live", took is not None, panel.state.text())
    before = live().of(document).session.stats().jobs_started
    panel.prompt.setFocus()
    QTest.keyClicks(panel.prompt, "a red castle")
    took = yield from until(lambda: live().settings(document).prompt == "a red castle", 4)
    check("the prompt is kept in the document", took is not None)
    took = yield from until(lambda: live().of(document).session.stats().jobs_started > before, 4)
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
    good = len(layers) == 3 and whole(layers[1], document) == inverted(whole(paper, document))
    check("Apply puts the picture below the group, to paint on", good)
    active = document.activeNode()
    check("and that layer is the active one", active == layers[1], active.name())
    took = yield from until(lambda: settled(document, layers[1]))
    check("live renders what was applied", took is not None)
    before = projection(document)
    yield from stroke(line((300, 500), (600, 300), 8))
    yield from idle(document)
    took = yield from until(lambda: settled(document, layers[1]) and projection(document) != before)
    check("a stroke on it is seen", took is not None)
    K.action("edit_undo").trigger()
    yield 400
    yield from idle(document)
    K.action("edit_undo").trigger()
    yield from until(lambda: len(document.rootNode().childNodes()) == 2, 3)
    alike = K.action("edit_undo").text() == steps and len(document.rootNode().childNodes()) == 2
    check("Apply is one undo step, and live goes on", alike and live().of(document) is not None)
    yield from idle(document)
    yield from stroke(line((300, 300), (600, 600), 8))
    yield from idle(document)
    took = yield from until(lambda: settled(document, paper))
    check("the next stroke is rendered after Apply", took is not None)
    panel.toggle.click()
    yield 200
    check("Live once more turns it off", live().of(document) is None and not panel.toggle.isChecked())
    return document, paper


def press(key, modifiers):
    """A key as the window system hands it to Krita's window."""
    QTest.keyClick(K.activeWindow().qwindow().windowHandle(), key, modifiers)


def halves(pixels):
    """Left and right of 256 x 256 pixels, row by row."""
    rows = [pixels[at : at + 1024] for at in range(0, len(pixels), 1024)]
    return [row[:512] for row in rows], [row[512:] for row in rows]


def shortcuts():
    """The actions' keys: one as it comes, one that the painter has set (krita_session.py)."""
    names = ("scumble_toggle", "scumble_apply", "scumble_keep", "scumble_new_seed", "scumble_compare",
             "scumble_split")  # fmt: skip
    shown = [K.action(name).shortcut().toString() for name in names]
    check("the actions have shortcuts, as edited", shown == [TOGGLE, "", "", EDITED, "Shift+F8", ""], shown)
    document = yield from new_document(256)
    paper = document.activeNode()
    key, modifier = QtCore.Qt.Key, QtCore.Qt.KeyboardModifier
    press(key.Key_F7, modifier.ShiftModifier)
    took = yield from until(lambda: live().of(document) is not None and settled(document, paper), 6)
    check(f"{TOGGLE} turns live on", took is not None)
    K.action("scumble_keep").trigger()
    took = yield from until(lambda: len(document.rootNode().childNodes()) == 3, 4)
    check("Keep lays the picture aside", took is not None)
    K.action("edit_undo").trigger()
    yield 600
    yield from idle(document)
    shown, paint = projection(document), whole(paper, document)
    window = K.activeWindow().qwindow().windowHandle()
    QTest.keyPress(window, key.Key_F8, modifier.ShiftModifier)
    took = yield from until(lambda: projection(document) == paint, 4)
    check("Shift+F8 held shows the paint", shown != paint and took is not None)
    yield 500
    check("as long as it is held", projection(document) == paint)
    QTest.keyRelease(window, key.Key_F8, modifier.ShiftModifier)
    took = yield from until(lambda: projection(document) == shown, 4)
    check("released, the picture is back", took is not None)
    K.action("scumble_split").trigger()
    both = halves(paint)[0], halves(shown)[1]
    took = yield from until(lambda: halves(projection(document)) == both, 6)
    check("split view: the paint left, the picture right", took is not None)
    K.action("scumble_split").trigger()
    took = yield from until(lambda: projection(document) == shown, 6)
    check("switched off, all of the picture is back", took is not None)
    seed = live().settings(document).seed
    press(key.Key_J, modifier.ControlModifier | modifier.AltModifier)
    took = yield from until(lambda: live().settings(document).seed != seed, 4)
    check(f"{EDITED} draws a seed", took is not None)
    press(key.Key_F7, modifier.ShiftModifier)
    took = yield from until(lambda: live().of(document) is None, 4)
    check(f"{TOGGLE} turns live off", took is not None)


def undo_between_pictures():
    """Each Ctrl+Z counts, although pictures follow each other and make Krita merge layers all the time."""
    yield from undos(2048, 12, 0, "12 undos by key while pictures come: none is lost")
    yield from undos(1024, 4, 4, "nor in the middle of a long merge", prepare=heavy_layer)


def undos(side, count, merges, name, prepare=None):
    """A stroke and its undo by key, `count` times and until `merges` of them came in the middle of a merge.

    A fast machine is done with a plain merge before anybody can look, so only a long one must be met.
    """
    document = yield from new_document(side)
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: settled(document, paper), 10)
    blank = whole(paper, document)
    if prepare is not None:
        yield from prepare(document)
    window, key = K.activeWindow().qwindow().windowHandle(), QtCore.Qt.Key.Key_Z
    lost = busy = tries = 0
    while tries < count or (busy < merges and tries < 6 * count):
        tries += 1
        shown = live().of(document).frames_shown
        yield from stroke(line((250, 300 + 20 * (tries % 12)), (700, 350), 8))
        yield from until(lambda: whole(paper, document) != blank)  # the stroke is done, its picture is not
        merging = lambda s=shown: live().of(document).frames_shown > s and not free(document)  # noqa: E731
        busy += (yield from until(merging, 2, every=1)) is not None
        QTest.keyClick(window, key, QtCore.Qt.KeyboardModifier.ControlModifier)
        took = yield from until(lambda: whole(paper, document) == blank, PATIENCE + 3)
        if took is None:
            lost += 1
            K.action("edit_undo").trigger()
        yield 400
        yield from idle(document)
    told = f"{lost} of {tries} lost, {busy} while Krita merged a picture"
    check(name, lost == 0 and busy >= merges, told)
    live().stop(document)
    document.setModified(False)
    document.close()
    yield 500


def heavy_layer(document):
    """A filter layer above the picture that makes each merge take half a second or so."""
    blur = K.filter("gaussian blur")
    settings = blur.configuration()
    settings.setProperty("horizRadius", 90)
    settings.setProperty("vertRadius", 90)
    blur.setConfiguration(settings)
    active, top = document.activeNode(), document.rootNode().childNodes()[-1]
    layer = document.createFilterLayer("heavy", blur, Selection())
    document.rootNode().addChildNode(layer, top)
    yield 500
    document.setActiveNode(active)
    yield from idle(document)
    yield 300


def transforming():
    """The Transform tool keeps a stroke open and has an undo of its own: it gets the key."""
    document = yield from new_document(512)
    paper = document.activeNode()
    yield from stroke(line((300, 300), (600, 600), 8))
    yield from idle(document)
    live().start(document)
    yield from until(lambda: settled(document, paper))
    K.action("KisToolTransform").trigger()
    took = yield from until(lambda: not free(document), 4)
    check("the Transform tool is found in hand", host.has_tool("KisToolTransform") and took is not None)
    source, moved, drags = ManagedGroup.find(document).source, None, 0
    while moved is None and drags < 5:  # a tool that has not copied the layer yet takes no notice of a drag
        yield 500
        drags += 1
        before = whole_projection(source, document)
        pen = Pen()
        x, y = (420, 580) if drags % 2 else (580, 420)  # beside the middle, which has a handle of its own
        pen.down(x, y)
        for n in range(8):
            pen.move(x + 15 * n, y)
            yield 30
        pen.up(x + 105, y)
        moved = yield from until(lambda b=before: whole_projection(source, document) != b, 4)
    began = time.perf_counter()
    window = K.activeWindow().qwindow().windowHandle()
    QTest.keyClick(window, QtCore.Qt.Key.Key_Z, QtCore.Qt.KeyboardModifier.ControlModifier)
    back = yield from until(lambda: whole_projection(source, document) == before, 6)
    told = f"moved by drag {drags}, back after {(time.perf_counter() - began) * 1000:.0f} ms"
    check("its undo takes the last transformation back", moved is not None and back is not None, told)
    K.action("KritaShape/KisToolBrush").trigger()
    yield from idle(document)
    took = yield from until(lambda: settled(document, paper), 6)
    check("and live goes on with the brush", took is not None and not host.has_tool("KisToolTransform"))
    live().stop(document)
    document.setModified(False)
    document.close()
    yield 500


def whole_projection(node, document):
    return bytes(node.projectionPixelData(0, 0, document.width(), document.height()))


def with_a_tablet():
    """A pen with pressure: the picture follows while it is down, and the stroke is as without live."""
    document = yield from new_document(512)
    paper = document.activeNode()
    view = K.activeWindow().activeView()
    view.setCurrentBrushPreset(K.resources("preset")["b) Basic-5 Size"])
    view.setBrushSize(60)
    points = line((300, 300), (700, 600), 12)
    yield from stroke(line((200, 700), (300, 800), 4), pen=Stylus())  # Krita gets to know the tablet
    yield from idle(document)
    K.action("edit_undo").trigger()
    yield 400
    blank, strokes = whole(paper, document), []
    for pressure in (1.0, 0.3):
        yield from stroke(points, pen=Stylus(pressure))
        yield from idle(document)
        strokes.append(whole(paper, document))
        K.action("edit_undo").trigger()
        yield 400
    marks = [sum(a != b for a, b in zip(one[::4], blank[::4], strict=True)) for one in strokes]
    check("a pen paints, and its pressure counts", 0 < 2 * marks[1] < marks[0], marks)
    live().start(document)
    layer = live().of(document)
    yield from until(lambda: settled(document, paper))
    took = yield from until(lambda: layer.resting, 4)
    yield 100
    picture, pen = whole(layer.group.live, document), Stylus(0.3)
    pen.down(*points[0])
    check("the pen on the canvas hurries the loop", took is not None and not layer.resting)
    yield 15
    for point in points[1:6]:
        pen.move(*point)
        yield 15
    took = yield from until(lambda: whole(layer.group.live, document) != picture, 6)
    check("the live layer changes while the pen is down", took is not None)
    for point in points[6:]:
        pen.move(*point)
        yield 15
    pen.up(*points[-1])
    yield from idle(document)
    check("the pen's stroke is byte-equal to the one without live", whole(paper, document) == strokes[1])
    took = yield from until(lambda: settled(document, paper), 6)
    check("and the picture settles on it", took is not None)
    live().stop(document)


def many_strokes(count):
    """Strokes with live on cost no more memory than without; off, nothing of it is left but the group."""
    grown = {}
    for with_live in (False, True):
        document = yield from new_document(512)
        paper = document.activeNode()
        if with_live:
            live().start(document)
            yield from until(lambda d=document, p=paper: settled(d, p))
        before = memory_mib()
        for n in range(count):
            yield from stroke(line((200 + 3 * n % 500, 250), (400, 300 + 3 * n % 400), 3), 12)
        yield from idle(document)
        if with_live:
            took = yield from until(lambda d=document, p=paper: settled(d, p))
            live().stop(document)
            group = ManagedGroup.find(document).group
            layers = len(document.rootNode().childNodes()), len(group.childNodes())
            good = took is not None and layers == (2, 4)
            check(f"{count} strokes: the picture keeps up, no layer is added", good, layers)
        yield 500
        grown[with_live] = memory_mib() - before
        document.setModified(False)
        document.close()
        yield 500
    told = f"{grown[False]:.0f} MiB without live, {grown[True]:.0f} MiB with"
    check(f"{count} strokes, then off: no more memory than without", grown[True] - grown[False] < 32, told)


def scenario():
    yield from shortcuts()
    yield from by_the_docker()
    yield from undo_between_pictures()
    yield from transforming()
    yield from with_a_tablet()
    yield from many_strokes(int(os.environ.get("SCUMBLE_STROKES", "200")))
    boxes = [w for w in QtWidgets.QApplication.topLevelWidgets() if isinstance(w, QtWidgets.QMessageBox)]
    check("no message box is open", not boxes, [box.text() for box in boxes])
    say(f"     memory {memory_mib():.0f} MiB")


if __name__ == "__krita__":
    play(scenario)
