# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita beyond strokes: keys, the docker, memory."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import inverted, settled  # noqa: E402
from painting import (  # noqa: E402
    K,
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
    say,
    stroke,
    until,
    whole,
)
from scumble.canvas import Canvas  # noqa: E402
from scumble.extension import live  # noqa: E402

EDITED = "Ctrl+Alt+J"


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


def press(key):
    """A key with Ctrl and Alt, as the window system hands it to Krita's window."""
    both = QtCore.Qt.KeyboardModifier.ControlModifier | QtCore.Qt.KeyboardModifier.AltModifier
    QTest.keyClick(K.activeWindow().qwindow().windowHandle(), key, both)


def shortcuts():
    """The actions' keys: two as they come, one that the painter has changed (krita_session.py)."""
    names = ("scumble_toggle", "scumble_apply", "scumble_new_seed")
    shown = [K.action(name).shortcut().toString() for name in names]
    check("the actions have shortcuts, as edited", shown == ["Ctrl+Alt+L", "Ctrl+Alt+Return", EDITED], shown)
    document = yield from new_document(256)
    paper = document.activeNode()
    key = QtCore.Qt.Key
    press(key.Key_L)
    took = yield from until(lambda: live().layer(document) is not None and settled(document, paper), 6)
    check("Ctrl+Alt+L turns live on", took is not None)
    press(key.Key_Return)
    took = yield from until(lambda: len(document.rootNode().childNodes()) == 3, 4)
    check("Ctrl+Alt+Return applies", took is not None)
    seed = live().settings(document).seed
    press(key.Key_D)
    yield 300
    check("a key that was taken away does nothing", live().settings(document).seed == seed)
    press(key.Key_J)
    took = yield from until(lambda: live().settings(document).seed != seed, 4)
    check(f"{EDITED} draws a seed", took is not None)
    press(key.Key_L)
    took = yield from until(lambda: live().layer(document) is None, 4)
    check("Ctrl+Alt+L turns live off", took is not None)


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
    layer = live().layer(document)
    yield from until(lambda: settled(document, paper))
    took = yield from until(lambda: layer.resting, 4)
    yield 100
    picture, pen = whole(layer.canvas.live, document), Stylus(0.3)
    pen.down(*points[0])
    check("the pen on the canvas hurries the loop", took is not None and not layer.resting)
    yield 15
    for point in points[1:6]:
        pen.move(*point)
        yield 15
    took = yield from until(lambda: whole(layer.canvas.live, document) != picture, 6)
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
            layers = len(document.rootNode().childNodes()), len(Canvas.find(document).group.childNodes())
            good = took is not None and layers == (2, 3)
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
    yield from with_a_tablet()
    yield from many_strokes(int(os.environ.get("SCUMBLE_STROKES", "200")))
    boxes = [w for w in QtWidgets.QApplication.topLevelWidgets() if isinstance(w, QtWidgets.QMessageBox)]
    check("no message box is open", not boxes, [box.text() for box in boxes])
    say(f"     memory {memory_mib():.0f} MiB")


if __name__ == "__krita__":
    play(scenario, 350)
