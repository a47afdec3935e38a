# SPDX-License-Identifier: GPL-3.0-or-later
"""What artists do around a live layer, in the real Krita: what they do next must be seen, and said."""

import os
import sys
import zipfile
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import ZIGZAG, inverted, settled  # noqa: E402
from krita import Selection  # noqa: E402
from painting import (  # noqa: E402
    LEFT,
    K,
    QtCore,
    QTest,
    QtWidgets,
    check,
    docker,
    idle,
    line,
    new_document,
    play,
    projection,
    stroke,
    undo,
    until,
    whole,
)
from scumble import models  # noqa: E402
from scumble.extension import live, run  # noqa: E402
from scumble.group import LIVE_NAME, ManagedGroup  # noqa: E402

DIAGONAL = line((300, 300), (600, 600), 8)


def seen_after(document, act, points):
    """`act`, then a stroke: whether the canvas changes."""
    act()
    yield 800
    before = projection(document)
    yield from stroke(points)
    yield from idle(document)
    took = yield from until(lambda: projection(document) != before, 6)
    return took is not None


def never_blind():
    """After Apply, Keep, off, and an error: the next stroke is seen."""
    document = yield from new_document(512)
    live().start(document)
    yield from until(lambda: settled(document, document.rootNode().childNodes()[0]))
    good = yield from seen_after(document, lambda: live().apply(document), DIAGONAL)
    check("after Apply the next stroke is seen", good)
    yield from undo(document)
    yield from undo(document)
    yield from until(lambda: len(document.rootNode().childNodes()) == 2, 6)
    paper = document.rootNode().childNodes()[0]
    names = [node.name() for node in document.rootNode().childNodes()]
    took = yield from until(lambda: settled(document, paper))
    check("Apply undone: live renders the paint below again", took is not None and len(names) == 2, names)
    document.setActiveNode(paper)
    yield 300
    good = yield from seen_after(document, lambda: live().keep(document), DIAGONAL)
    took = yield from until(lambda: settled(document, paper))
    check("after Keep too, and live goes on", good and took is not None)
    good = yield from seen_after(document, lambda: live().stop(document), line((600, 300), (300, 600), 8))
    took = yield from until(lambda: projection(document) == whole(paper, document), 6)
    check("with live off the paint is seen", good and took is not None)
    live().start(document)
    took = yield from until(lambda: settled(document, paper))
    shown = yield from until(lambda: projection(document) == inverted(whole(paper, document)), 4)
    check("live again: the picture is seen", took is not None and shown is not None)
    missing = models.remember("/nowhere")
    act = lambda: run(  # noqa: E731
        lambda d: live().set_settings(d, replace(live().settings(d), model=missing)), document
    )
    good = yield from seen_after(document, act, line((300, 450), (600, 450), 8))
    status = live().status(document)
    check("after an error the paint is seen, and the error is told", good and status.error, status.text)


def stacked():
    """What is deleted below, duplicated, grouped, merged: live follows or says why not."""
    document = yield from new_document(512)
    paper, root = document.activeNode(), document.rootNode()
    over = document.createNode("over", "paintlayer")
    over.setPixelData(QtCore.QByteArray(b"\x20\x90\x50\xff" * (512 * 512)), 0, 0, 512, 512)
    root.addChildNode(over, paper)
    yield 500
    live().start(document)
    took = yield from until(lambda: settled(document, over))
    over.remove()
    gone = yield from until(lambda: settled(document, paper), 6)
    check("a layer below the group is deleted: the picture follows", took is not None and gone is not None)
    group = ManagedGroup.find(document).group
    document.setActiveNode(group)
    yield 400
    K.action("duplicatelayer").trigger()
    took = yield from until(lambda: len(root.childNodes()) == 3, 4)
    live().stop(document)
    live().start(document)
    document.setActiveNode(paper)
    yield 500
    yield from stroke(DIAGONAL)
    yield from idle(document)
    mine = live().of(document).group
    good = yield from until(lambda: whole(mine.live, document) == inverted(whole(paper, document)), 6)
    check("a duplicated group: the one that was live goes on", took and good and mine.group == group)
    next(node for node in root.childNodes() if node not in (paper, group)).remove()
    yield 500
    document.setActiveNode(group)
    yield 400
    K.action("create_quick_group").trigger()
    yield from until(lambda: live().of(document) is None, 4)
    status = live().status(document)
    check("grouped alone (Ctrl+G): live stops and says why", "pass-through" in status.text, status.text)
    K.action("edit_undo").trigger()
    yield 800
    live().start(document)
    took = yield from until(lambda: settled(document, paper), 6)
    check("undone and live again", took is not None)
    document.setActiveNode(group)
    yield 400
    K.action("merge_layer").trigger()
    yield from until(lambda: live().of(document) is None, 6)
    status = live().status(document)
    check("merged down: live stops and says so", "merged into another layer" in status.text, status.text)
    yield 500
    docker().toggle.click()
    told = live().status(document).text
    check("and again when Live is pressed", "merged into another layer" in told, told)
    K.action("edit_undo").trigger()
    yield 800
    document.flatten()
    yield 800
    document = yield from new_document(256)
    live().start(document)
    yield from until(lambda: settled(document, document.rootNode().childNodes()[0]))
    document.flatten()
    yield from until(lambda: live().of(document) is None, 6)
    status = live().status(document)
    check("flattened: live stops and says how to go on", "Start it again" in status.text, status.text)


def missing_model():
    document = yield from new_document(256)
    live().set_settings(document, replace(live().settings(document), model=models.remember("/nowhere")))
    undo = K.action("edit_undo").text()
    docker().toggle.click()
    yield 500
    alone = len(document.rootNode().childNodes()) == 1 and K.action("edit_undo").text() == undo
    check("a missing model leaves no group and no undo step", alone, live().status(document).text)


def nothing_selected():
    document = yield from new_document(512)
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: settled(document, paper))
    node = ManagedGroup.find(document).live
    for what, box in (("empty", (0, 0, 0, 0)), ("off the canvas", (2000, 2000, 50, 50))):
        selection = Selection()
        if box[2]:
            selection.select(*box, 255)
        document.setSelection(selection)
        took = yield from until(lambda: not any(whole(node, document)), 6)
        check(f"an {what} selection renders nothing", took is not None, live().status(document).text)
        document.setSelection(None)
        took = yield from until(lambda: settled(document, paper), 6)
        check("deselected, all of it again", took is not None)
    live().stop(document)


def undo_from_the_menu():
    """Edit > Undo by the pointer while pictures follow each other: none is dropped."""
    document = yield from new_document(2048)
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: settled(document, paper), 10)
    blank, lost = whole(paper, document), 0
    window = K.activeWindow().qwindow()
    action = K.action("edit_undo")
    menu = next(m for m in window.findChildren(QtWidgets.QMenu, "edit") if action in m.actions())
    bar = window.menuBar()
    for n in range(10):
        yield from stroke(line((250, 300 + 20 * n), (700, 350), 8))
        shown = live().of(document).frames_shown
        QTest.mouseClick(bar, LEFT, pos=bar.actionGeometry(menu.menuAction()).center())
        yield 250
        QTest.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        took = yield from until(lambda: whole(paper, document) == blank, 2)
        lost += took is None
        if took is None:
            yield from idle(document)
            action.trigger()
            yield 500
        yield from until(lambda s=shown: live().of(document).frames_shown > s, 2)
    check("10 undos from the menu while pictures come: none is lost", lost == 0, f"{lost} lost")
    live().stop(document)


def in_the_default_layout():
    """A new profile's docker is small: what matters is in it without scrolling."""
    K.activeWindow().qwindow().showMaximized()  # as an artist's window is
    yield 500
    yield from new_document(256)
    panel = docker()
    check("the docker of a plug-in that is new is open", not panel.isHidden())
    live().set_settings(panel.document(), replace(live().settings(panel.document()), model="strange [1]"))
    panel.raise_()
    panel.toggle.click()
    yield 600
    area = panel.widget()
    view, cut = area.viewport().rect(), []
    for name in ("toggle", "apply", "keep", "dice", "state", "own"):
        widget = getattr(panel, name)
        place = widget.rect().translated(widget.mapTo(area.viewport(), QtCore.QPoint()))
        if not widget.isVisible() or not view.contains(place):
            cut.append(name)
    size = (panel.width(), panel.height())
    check("in Krita's default layout all that matters is seen", not cut, f"{size} cut: {cut}")


def playing():
    """An animation is played: live rests, and goes on after."""
    document = yield from new_document(256)
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: settled(document, paper))
    paper.enableAnimation()
    document.setPlayBackRange(0, 11)
    K.action("toggle_playback").trigger()
    took = yield from until(lambda: live().of(document).playing, 6)
    check("an animation plays: live rests", took is not None, live().status(document).text)
    K.action("toggle_playback").trigger()
    yield 800
    yield from stroke(DIAGONAL)
    yield from idle(document)
    took = yield from until(lambda: settled(document, paper), 6)
    check("stopped: live goes on", took is not None)
    live().stop(document)
    # Krita 6.0.4 by itself ends with a fault if it is left after an animation was paused (docs/krita.md).
    K.action("stop_playback").trigger()
    yield 300


def onion_skins():
    """They are painted into what the paint tap reads: the docker says so. Krita has no call that switches
    them on, so a saved document is changed."""
    document = yield from new_document(256)
    ink = document.createNode("ink", "paintlayer")
    document.rootNode().addChildNode(ink, None)
    yield 600
    document.setActiveNode(ink)
    yield 300
    for frame, path in ((0, ZIGZAG), (5, DIAGONAL)):
        document.setCurrentTime(frame)
        yield 600
        K.action("add_blank_frame").trigger()
        yield 600
        yield from stroke(path)
        yield from idle(document)
    plain, changed = (os.path.join(os.environ["HOME"], name) for name in ("plain.kra", "onions.kra"))
    document.setBatchmode(True)
    document.saveAs(plain)
    yield 500
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'onionskin="0"', b'onionskin="1"'))
    for file, wanted in ((plain, False), (changed, True)):
        document = K.openDocument(file)
        K.activeWindow().addView(document)
        yield 1500
        document.setCurrentTime(5)
        yield 600
        live().start(document)
        yield from until(lambda d=document: live().of(d).resting, 10)
        told = lambda d=document: "“ink” shows onion skins" in live().status(d).text  # noqa: E731
        yield from until(told, 6)
        text = live().status(document).text
        check(f"onion skins {'on' if wanted else 'off'}", told() == wanted, text)
        live().stop(document)


def transparent():
    """With "Keep transparency" the engine is told so; the box is in the docker."""
    document = yield from new_document(256)
    panel = docker()
    live().start(document)
    panel.alpha.setChecked(True)
    took = yield from until(lambda: live().settings(document).follow_alpha, 4)
    check("transparency can be kept", took is not None and live().of(document).settings.follow_alpha)
    yield from idle(document)
    check("the group is folded", ManagedGroup.find(document).group.collapsed())
    check("and holds the live picture", ManagedGroup.find(document).live.name() == LIVE_NAME)


def scenario():
    yield from in_the_default_layout()
    yield from never_blind()
    yield from stacked()
    yield from missing_model()
    yield from nothing_selected()
    yield from undo_from_the_menu()
    yield from playing()
    yield from onion_skins()
    yield from transparent()  # and leaves Krita with live on


if __name__ == "__krita__":
    play(scenario)
