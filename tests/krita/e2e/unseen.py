# SPDX-License-Identifier: GPL-3.0-or-later
"""A live layer and a window that nobody sees, as documents.py checks them."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import settled  # noqa: E402
from painting import (  # noqa: E402
    LEFT,
    K,
    Pen,
    QtCore,
    QTest,
    check,
    idle,
    line,
    projection,
    stroke,
    until,
    whole,
)
from scumble.extension import live  # noqa: E402
from scumble.group import ManagedGroup  # noqa: E402


def covered_by_an_old_picture(document, paper):
    """A document that was saved while live and is opened again: what is painted is seen, what was saved is
    not lost before."""
    group, before = ManagedGroup.find(document), whole(paper, document)
    shown = group.group.visible() and projection(document) == whole(group.live, document)
    check("saved while live, a document opens with its picture", shown)
    pen, middle = Pen(), QtCore.Qt.MouseButton.MiddleButton
    keys, at = QtCore.Qt.KeyboardModifier.NoModifier, pen._at
    QTest.mousePress(pen.widget, middle, keys, at(500, 500))
    yield 200
    for moved in (520, 500):
        QTest.mouseMove(pen.widget, at(moved, 500))
        yield 200
    QTest.mouseRelease(pen.widget, middle, keys, at(500, 500))
    yield 300
    check("and keeps it while the canvas is moved", group.group.visible())
    control = QtCore.Qt.KeyboardModifier.ControlModifier
    QTest.keyPress(pen.widget, QtCore.Qt.Key.Key_Control)
    yield 200
    QTest.mousePress(pen.widget, LEFT, control, at(500, 400))
    yield 300
    QTest.mouseRelease(pen.widget, LEFT, control, at(500, 400))
    QTest.keyRelease(pen.widget, QtCore.Qt.Key.Key_Control)
    yield from idle(document)
    check("and while a colour is picked from it", group.group.visible())
    points = line((250, 650), (700, 350), 10)
    pen.down(*points[0])
    for point in points[1:]:
        yield 20
        pen.move(*point)
    took = yield from until(lambda: not group.group.visible(), 3)
    check("painted on, it is hidden while the pen is down", took is not None)
    pen.up(*points[-1])
    yield from idle(document)
    painted = whole(paper, document)
    seen = yield from until(lambda: projection(document) == painted, 4)
    check("and what is painted is seen", seen is not None and painted != before)
    K.action("edit_undo").trigger()
    took = yield from until(lambda: whole(paper, document) == before, 4)
    check("the stroke is one undo step, hiding none", took is not None and not group.group.visible())


def covered_while_a_shape_is_drawn(document, paper):
    """A tool that paints when the pen is lifted."""
    group = ManagedGroup.find(document)
    live().loop.old._settled.remove(document)  # as it is when the document is opened once more
    document.setModified(False)
    group.group.setVisible(True)
    live().loop.wake()
    yield from idle(document)
    K.action("KritaShape/KisToolRectangle").trigger()
    yield 300
    yield from stroke(line((300, 300), (600, 500), 5))
    took = yield from until(lambda: not group.group.visible(), 3)
    yield from idle(document)
    check("a rectangle that is drawn hides it", took is not None)
    K.action("KritaShape/KisToolBrush").trigger()
    yield 300


def hiding(document, paper):
    """Hidden, the layer rests; no timer runs. Shown again it follows."""
    group = ManagedGroup.find(document).group
    document.setActiveNode(group)
    yield 200
    K.action("toggle_layer_visibility").trigger()
    yield from until(lambda: "hidden" in live().status(document).text, 3)
    check("hidden: live rests and says so", "hidden" in live().status(document).text)
    yield 300
    check("and no timer runs", not live().loop.timer.isActive())
    document.setActiveNode(paper)
    yield 200
    yield from stroke(line((300, 500), (700, 300), 6))
    yield from idle(document)
    document.setActiveNode(group)
    yield 200
    K.action("toggle_layer_visibility").trigger()
    document.setActiveNode(paper)
    took = yield from until(lambda: settled(document, paper), 6)
    check("shown again: it follows", took is not None)


def minimized(document, paper):
    window = K.activeWindow().qwindow()
    window.showMinimized()
    took = yield from until(lambda: window.isMinimized() and not live().loop.timer.isActive(), 4)
    check("minimized: no timer runs", took is not None)
    paper.setPixelData(QtCore.QByteArray(b"\x30\x60\x90\xff" * 400), 10, 10, 20, 20)
    document.refreshProjection()
    yield 500
    check("and nothing is rendered", not settled(document, paper))
    window.showNormal()
    window.showMaximized()
    took = yield from until(lambda: settled(document, paper), 6)
    check("back again: it follows", took is not None)
