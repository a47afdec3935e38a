# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions that are a group's layers, in the real Krita: painted, renamed, hidden, deleted, undone, and back
with the document. The stub puts the number of letters of a region's words into the first byte of its pixels.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import ZIGZAG, inverted, part  # noqa: E402
from painting import (  # noqa: E402
    K,
    Pen,
    check,
    docker,
    idle,
    line,
    new_document,
    play,
    stroke,
    there_again,
    undo,
    until,
    whole,
)
from scumble.extension import live, run  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402

SKY = line((250, 250), (700, 250), 12)


def wanted(document, paper, *regions):
    """The stub's picture, of (layer, words)."""
    made = bytearray(inverted(whole(paper, document)))
    for layer, words in regions:
        cover = whole(layer, document)
        for at in range(0, len(made), 4):
            if cover[at + 3]:
                made[at] = len(words)
    return bytes(made)


def shows(document, paper, *regions, seconds=8):
    """Whether that comes to be the live layer."""
    node = part(document, LIVE_NAME)
    same = lambda: whole(node, document) == wanted(document, paper, *regions)  # noqa: E731
    return (yield from until(same, seconds, 60)) is not None


def add(document, group, name):
    layer = document.createNode(name, "paintlayer")
    group.addChildNode(layer, None)
    yield 600
    document.setActiveNode(layer)
    yield 300
    return layer


def layers_of_a_group():
    document = yield from new_document(256)
    paper = document.activeNode()
    live().start(document)
    yield from shows(document, paper)
    run(lambda d: live().steer(d, "regions", ""), document)
    yield from until(lambda: document.activeNode().name() == "Region 1", 4)
    sky = document.activeNode()
    group = sky.parentNode()
    top = document.rootNode().childNodes()[-1]
    good = top == group and sky.name() == "Region 1"
    check("the button makes a group above all, its layer is active", good, f"{sky.name()} in {group.name()}")
    node = part(document, LIVE_NAME)
    plain = whole(node, document)
    pen = Pen()
    pen.down(*SKY[0])
    for point in SKY[1:]:
        pen.move(*point)
        yield 20
    took = yield from until(lambda: whole(node, document) != plain, 5)
    held = not document.tryBarrierLock()
    check("painted in its layer, the region comes while the button is down", took is not None and held)
    pen.up(*SKY[-1])
    yield from idle(document)
    good = yield from shows(document, paper, (sky, "Region 1"))
    check("and when it is up is all that is painted", good, live().status(document).text)
    sky.setName("storm clouds")
    good = yield from shows(document, paper, (sky, "storm clouds"))
    check("renamed, its words are the new name", good)
    yield from undo(document)
    good = yield from shows(document, paper)
    check("the stroke is one undo step, and the region goes with it", good)
    K.action("edit_redo").trigger()
    yield from idle(document)
    good = yield from shows(document, paper, (sky, "storm clouds"))
    check("redone, it comes back", good)
    hut = yield from add(document, group, "hut")
    yield from stroke(line((300, 600), (600, 640), 8))
    yield from idle(document)
    both = (sky, "storm clouds"), (hut, "hut")
    good = yield from shows(document, paper, *both)
    check("a second layer is a second region", good, live().status(document).text)
    yield from stroke(SKY)
    yield from idle(document)
    good = yield from shows(document, paper, *both)
    check("painted over the first, it covers that", good, live().status(document).text)
    group.setChildNodes([hut, sky])
    good = yield from shows(document, paper, *both[::-1])
    check("moved below it, it is covered", good, live().status(document).text)
    group.setChildNodes([sky, hut])
    good = yield from shows(document, paper, *both)
    check("and back it is not", good, live().status(document).text)
    hut.setVisible(False)
    good = yield from shows(document, paper, both[0])
    check("hidden, it is off", good)
    hut.setVisible(True)
    group.setOpacity(0)
    document.refreshProjection()
    good = yield from shows(document, paper, *both)
    check("shown again, it is on, whatever the group's opacity", good)
    document.setActiveNode(paper)
    yield 300
    yield from stroke(ZIGZAG)
    yield from idle(document)
    good = yield from shows(document, paper, *both)
    check("the paint is followed beside them, and the group is none of it", good)
    return document, paper, group, both


def through():
    """Krita puts together what is in a pass-through group, too, so it steers as any other does."""
    document = yield from new_document(256)
    paper = document.activeNode()
    live().start(document)
    yield from shows(document, paper)
    group = document.createGroupLayer("a hut")
    group.setPassThroughMode(True)
    document.rootNode().addChildNode(group, None)
    layer = yield from add(document, group, "walls")
    document.setActiveNode(group)
    yield 400
    run(lambda d: live().steer(d, "region", ""), document)
    document.setActiveNode(layer)
    yield 400
    yield from stroke(SKY)
    yield from idle(document)
    good = whole(layer, document).strip(b"\0") and (yield from shows(document, paper, (layer, "a hut")))
    check("a pass-through group steers, and is followed", bool(good), live().status(document).text)
    live().stop(document)


def words_in_the_list(document, paper, both):
    panel = docker()
    panel.raise_()
    panel.steer.button.setChecked(True)
    panel.refresh()
    yield 300
    (row,) = panel.steering.rows
    lines = {name.toolTip(): row.inside.lines[layer] for layer, name in row.inside.names.items()}
    listed = list(lines)
    check("the docker lists the layers, the uppermost first", listed == ["hut", "storm clouds"], listed)
    line_of_it = lines["hut"]
    line_of_it.setText("a red hut")
    line_of_it.textEdited.emit("a red hut")
    good = yield from shows(document, paper, both[0], (both[1][0], "a red hut"))
    check("words in the list go before the name", good, live().settings(document).conditions)
    if os.environ.get("SCUMBLE_SHOT"):
        yield 600
        panel.steer.grab().save(os.path.join(os.environ["SCUMBLE_SHOT"], "regions-docker.png"))
        K.activeWindow().qwindow().grab().save(os.path.join(os.environ["SCUMBLE_SHOT"], "regions-window.png"))


def saved_and_opened(document):
    document = yield from there_again(document, "regions.kra", lambda: live().stop(document))
    live().start(document)
    nodes = {node.name(): node for node in document.rootNode().childNodes()}
    group, paper = nodes["Regions"], document.rootNode().childNodes()[0]
    sky, hut = (next(n for n in group.childNodes() if n.name() == name) for name in ("storm clouds", "hut"))
    good = yield from shows(document, paper, (sky, "storm clouds"), (hut, "a red hut"), seconds=12)
    check("saved, closed and opened: all of it is back", good, live().status(document).text)
    sky.remove()
    good = yield from shows(document, paper, (hut, "a red hut"))
    check("a layer deleted: its region is gone", good, live().status(document).text)
    yield from undo(document)
    back = [n for n in group.childNodes() if n.name() == "storm clouds"]
    good = back and (yield from shows(document, paper, (back[0], "storm clouds"), (hut, "a red hut")))
    check("undone, it is there again", bool(good), live().status(document).text)
    group.remove()
    took = yield from until(lambda: "has no layer to read" in live().status(document).text, 6)
    good = yield from shows(document, paper)
    check("the group deleted: told, and live goes on without", took is not None and good)
    live().stop(document)


def scenario():
    document, paper, _, both = yield from layers_of_a_group()
    yield from words_in_the_list(document, paper, both)
    yield from saved_and_opened(document)
    yield from through()


if __name__ == "__krita__":
    play(scenario)
