# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita of the last pictures: their settings come back, and they become layers."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import settled  # noqa: E402
from painting import (  # noqa: E402
    QtCore,
    QTest,
    QtWidgets,
    check,
    docker,
    idle,
    line,
    memory_mib,
    new_document,
    play,
    stroke,
    undo,
    until,
    whole,
)
from scumble import prompts  # noqa: E402
from scumble.extension import live  # noqa: E402


def write(document, words):
    """By the keys; until the picture is among the last ones."""
    box = docker().prompt
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, words)
    first = lambda: [one.settings.prompt for one in live().history.of(document)][:1]  # noqa: E731
    return (yield from until(lambda: first() == [words], 8))


def to_settings(document, paper):
    panel = docker()
    panel.raise_()
    panel.last.button.setChecked(True)
    live().start(document)
    yield from until(lambda: settled(document, paper))
    took = yield from write(document, "a red castle")
    check("a picture that is finished is among the last ones", took is not None)
    yield from stroke(line((200, 300), (700, 600), 8))
    yield from idle(document)
    painted = whole(live().of(document).group.live, document)
    yield from until(lambda: settled(document, paper), 6)
    was = whole(live().of(document).group.live, document)
    same = lambda: live().history.of(document)[0].layer.pixelData(0, 0, 512, 512) == was  # noqa: E731
    took = yield from until(same, 6)
    check("painted on, it is the newest picture of these words", took is not None and was != painted)
    seed = live().settings(document).seed
    panel.dice.click()
    took = yield from write(document, "a blue lake")
    yield from until(lambda: panel.strip.count() >= 2, 4)
    words = [one.settings.prompt for one in live().history.of(document)]
    item = words.index("a red castle")
    icon = panel.strip.item(item).icon().pixmap(64, 64).toImage()
    colours = {icon.pixel(x, y) for x in range(icon.width()) for y in range(icon.height())}
    check("the docker shows them small", took is not None and len(colours) > 1, f"{len(colours)} colours")
    place = panel.strip.visualItemRect(panel.strip.item(item)).center()
    QTest.mouseClick(panel.strip.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=place)
    took = yield from until(lambda: panel.prompt.toPlainText() == "a red castle", 4)
    check("a click brings words and seed back", took is not None and live().settings(document).seed == seed)
    return was


def to_a_layer(document, paper, was):
    root, kept = document.rootNode(), live().history.of(document)
    one = next(one for one in kept if one.settings.prompt == "a red castle")
    count, active = len(root.childNodes()), document.activeNode()
    actions = docker().strip.menu(one).actions()
    actions[1].trigger()
    took = yield from until(lambda: len(root.childNodes()) == count + 1, 4)
    layer = root.childNodes()[-1]
    good = took is not None and not layer.visible() and not layer.locked() and layer.type() == "paintlayer"
    check("a picture becomes a hidden layer", good and whole(layer, document) == was, layer.name())
    yield 800
    check("what was painted on stays active", document.activeNode() == active, document.activeNode().name())
    yield from stroke(line((300, 200), (600, 300), 6))
    yield from idle(document)
    took = yield from until(lambda: settled(document, paper), 6)
    check("live goes on", took is not None)
    yield from undo(document)
    yield from undo(document)
    took = yield from until(lambda: len(root.childNodes()) == count, 4)
    check("the second undo takes the layer away", took is not None)
    yield from until(lambda: settled(document, paper), 6)


def by_key(document):
    box = docker().prompt
    box.setFocus()
    QTest.keyClick(box, QtCore.Qt.Key.Key_Up, QtCore.Qt.KeyboardModifier.AltModifier)
    took = yield from until(lambda: live().settings(document).prompt == "a blue lake", 4)
    check("Alt+Up brings the last prompt back", took is not None, box.toPlainText())
    took = yield from until(lambda: prompts.known()[:2] == ["a blue lake", "a red castle"], 6)
    check("the prompts of pictures are kept beyond the document", took is not None, prompts.known())


def forgotten(document):
    """Pictures share their pixels with the live layer, and go with their document."""
    before = memory_mib()
    for n in range(12):
        took = yield from write(document, f"picture {n}")
    count = len(live().history.of(document))
    check("more pictures", took is not None and count > 12, f"{count}, {memory_mib() - before:.0f} MiB")
    live().stop(document)
    document.setModified(False)
    document.close()
    yield 1500
    live()._woken()
    check("closed, a document's pictures are forgotten", live().history.of(document) == [])


def scenario():
    document = yield from new_document(512)
    paper = document.activeNode()
    was = yield from to_settings(document, paper)
    yield from to_a_layer(document, paper, was)
    yield from by_key(document)
    yield from forgotten(document)
    last = yield from new_document(256)  # and leaves Krita with pictures
    live().start(last)
    took = yield from until(lambda: len(live().history.of(last)) == 1, 8)
    check("another document has its own", took is not None)
    boxes = [w for w in QtWidgets.QApplication.topLevelWidgets() if isinstance(w, QtWidgets.QMessageBox)]
    check("no message box is open", not boxes, [box.text() for box in boxes])


if __name__ == "__krita__":
    play(scenario)
