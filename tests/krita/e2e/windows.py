# SPDX-License-Identifier: GPL-3.0-or-later
"""Two windows and two views in the real Krita: a click means its own window, view and layer."""

import os
import sys
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import settled  # noqa: E402
from painting import K, QtWidgets, check, idle, line, new_document, play, stroke, until  # noqa: E402
from scumble import host  # noqa: E402
from scumble.docker import ScumbleDocker  # noqa: E402
from scumble.extension import live  # noqa: E402
from scumble.group import ManagedGroup  # noqa: E402


def windows():
    return {window.qwindow().objectName(): window for window in K.windows()}


def docker_of(window):
    return next(
        d for d in window.qwindow().findChildren(QtWidgets.QDockWidget) if isinstance(d, ScumbleDocker)
    )


def to_front(window):
    window.qwindow().raise_()
    window.qwindow().activateWindow()
    yield from until(lambda: QtWidgets.QApplication.activeWindow() is window.qwindow(), 4)
    yield 300


def two_views():
    """The layer is that of the view in front, not of the document's first one."""
    document = yield from new_document(256)
    paper = document.activeNode()
    upper = document.createNode("upper", "paintlayer")
    document.rootNode().addChildNode(upper, paper)
    yield 400
    window = K.activeWindow()
    first = window.activeView()
    document.setActiveNode(paper)
    yield 400
    window.addView(document)
    yield 900
    document.setActiveNode(upper)
    yield 500
    apart = first.selectedNodes()[0] == paper
    live().start(document)
    yield 900
    group = ManagedGroup.find(document).group
    check("live from the second view: above its layer", group.index() == 2, group.index())
    kept = first.selectedNodes()[0] == paper
    check("the first view keeps its own", kept == apart, "they share it in this Krita" if not apart else "")
    check(
        "which stays the active one", host.active_node(document) == upper, host.active_node(document).name()
    )
    yield from until(lambda: live().of(document).last_frame is not None, 10)
    live().apply(document)
    yield 900
    applied = document.rootNode().childNodes()[group.index() - 1]
    good = applied.name().startswith("Scumble picture") and host.active_node(document) == applied
    check("applied from the second view: below the group, and active there", good, applied.name())
    kept = first.selectedNodes()[0] == paper
    check("and not in the first", kept == apart, first.selectedNodes()[0].name())
    live().stop(document)
    group.remove()
    yield 500


def two_windows():
    a = yield from new_document(300)
    live().set_settings(a, replace(live().settings(a), prompt="A", seed=11))
    before = set(windows())
    K.openWindow()
    yield from until(lambda: len(windows()) == 2, 6)
    yield 500
    first = windows()[before.pop()]
    second = next(w for name, w in windows().items() if w.qwindow() is not first.qwindow())
    second.qwindow().show()
    yield 1000
    b = K.createDocument(320, 200, "B", "RGBA", "U8", "", 300.0)
    second.addView(b)
    yield 1500
    live().set_settings(b, replace(live().settings(b), prompt="B", seed=22))
    yield from to_front(second)
    watched = [
        all(x.property("scumble_watched") for x in w.qwindow().actions() if x.objectName() == "edit_undo")
        for w in (first, second)
    ]
    check("undo is watched in both windows", watched == [True, True], watched)
    yield from to_front(first)
    panel = docker_of(second)
    panel.refresh()
    check("each docker shows its own window's document", panel.prompt.toPlainText() == "B")
    panel.strength.slider.setValue(20)
    yield from until(lambda: live().settings(b).strength == 0.2, 4)
    kept = live().settings(b), live().settings(a)
    good = (kept[0].prompt, kept[0].seed, kept[0].strength) == ("B", 22, 0.2)
    good = good and (kept[1].prompt, kept[1].seed, kept[1].strength) == ("A", 11, None)
    check("a slider in the window behind writes its document, and no other", good, kept)
    papers = a.rootNode().childNodes()[0], b.rootNode().childNodes()[0]
    docker_of(first).toggle.click()
    panel.toggle.click()
    took = yield from until(lambda: settled(a, papers[0]) and settled(b, papers[1]), 8)
    check("both are live", took is not None and len(live().loop.documents) == 2)
    b.setActiveNode(papers[1])
    yield from to_front(second)
    yield from stroke(line((300, 300), (600, 600), 6))
    yield from idle(b)
    took = yield from until(lambda: settled(b, papers[1]), 6)
    check("a stroke in the second window is followed", took is not None)
    yield from to_front(first)
    papers[1].setPixelData(b"\x30\x60\x90\xff" * 400, 10, 10, 20, 20)
    b.refreshProjection()
    took = yield from until(lambda: settled(b, papers[1]), 6)
    check("a change in the window behind is rendered too", took is not None)
    for document in K.documents():
        document.setModified(False)
    second.qwindow().close()
    yield from until(lambda: len([w for w in K.windows() if w.qwindow().isVisible()]) == 1, 6)
    yield 800
    yield from stroke(line((300, 300), (600, 600), 6))
    yield from idle(a)
    took = yield from until(lambda: settled(a, papers[0]), 6)
    check("the second window closed: the first goes on", took is not None, live().status(a).text)


def side_by_side():
    """Two documents in sub-windows of one window."""
    area = K.activeWindow().qwindow().findChild(QtWidgets.QMdiArea)
    documents = []
    for _ in range(2):
        document = yield from new_document(200)
        live().start(document)
        documents.append((document, document.activeNode()))
        yield 500
    area.setViewMode(QtWidgets.QMdiArea.ViewMode.SubWindowView)
    area.tileSubWindows()
    yield 800
    for document, paper in documents:
        paper.setPixelData(b"\x30\x60\x90\xff" * 400, 10, 10, 20, 20)
        document.refreshProjection()
    took = yield from until(lambda: all(settled(*one) for one in documents), 6)
    check("side by side in one window both are rendered", took is not None)
    area.setViewMode(QtWidgets.QMdiArea.ViewMode.TabbedView)
    yield 800
    for document, _ in documents:
        live().stop(document)
        yield 400  # Krita 5.1.5 itself crashes when a view that was tiled is closed just as a layer is hidden
        document.setModified(False)
        document.close()
        yield 400


def closing_all():
    """File > Close All, in effect: every document at once, with live on."""
    for _ in range(3):
        document = yield from new_document(200)
        live().start(document)
        yield 300
    for document in K.documents():
        document.setModified(False)
        document.close()
    took = yield from until(lambda: not live().loop.documents and not live().loop.timer.isActive(), 4)
    check("all documents closed at once while live: forgotten", took is not None)


def scenario():
    yield from closing_all()
    yield from side_by_side()
    yield from two_views()
    yield from two_windows()


if __name__ == "__krita__":
    play(scenario)
