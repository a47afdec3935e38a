# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the steps that something steers in, and what of a reference is taken over, set with mouse and
keyboard in its row of "Steer by", in the real Krita with the real engine and tiny models."""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import ZIGZAG, part  # noqa: E402
from painting import (  # noqa: E402
    LEFT,
    K,
    QtCore,
    QTest,
    canvas_widget,
    check,
    docker,
    idle,
    new_document,
    play,
    stroke,
    there_again,
    undo,
    until,
    whole,
)
from real import at_rest, change  # noqa: E402
from scumble import models  # noqa: E402
from scumble.extension import live, run  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402
from steering import NETWORKS, sketch_layer  # noqa: E402

KINDS = {
    "control": ("sd15", "controls/sd15-lines/model.onnx"), "lora": ("sd15", "loras/sd15-peft.safetensors"),
    "region": ("sd15", ""), "reference": ("ip-sd15", ""),
}  # fmt: skip
Key = QtCore.Qt.Key


def picture(document):
    return whole(part(document, LIVE_NAME), document)


def the_row():
    """The only one of the docker's list, seen."""
    panel = docker()
    panel.setVisible(True)
    panel.raise_()
    if not panel.steer.inside.isVisible():
        QTest.mouseClick(panel.steer.button, LEFT)
    panel.refresh()
    yield from until(lambda: len(panel.steering.rows) == 1 and panel.steering.isVisible(), 5)
    (row,) = panel.steering.rows
    panel.widget().ensureWidgetVisible(row)
    yield 200
    return row


def typed(box, text):
    """A number, as it is typed over what is there."""
    box.setFocus()
    QTest.keyClick(box, Key.Key_A, QtCore.Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Key.Key_Return)


def kept(document):
    return live().settings(document).conditions[0]


def steered(kind, model, file):
    """(a document in which that steers, by a layer with a stroke on it, its picture without, and with it)"""
    document = yield from new_document(256)
    change(document, model=models.remember(str(NETWORKS / model)), prompt="a house", strength=0.8, steps=4)
    yield from sketch_layer(document)
    yield from stroke(ZIGZAG)
    yield from idle(document)
    yield from at_rest(document)
    plain = picture(document)
    run(lambda d: live().steer(d, kind, file and str(NETWORKS / file)), document)
    yield from at_rest(document)
    return document, plain, picture(document)


def acts_in_part(kind, model, file):
    document, plain, always = yield from steered(kind, model, file)
    sketch = document.activeNode()
    painted, step = whole(sketch, document), K.action("edit_undo").text()
    row = yield from the_row()
    hidden = not row.part.isVisible()
    QTest.mouseClick(row.more, LEFT)
    yield 200
    good = hidden and row.part.isVisible() and (row.part.start.value(), row.part.end.value()) == (0, 100)
    check(f"{kind}: a click on ⋯ opens the part of the steps, all of them at first", good)
    typed(row.part.end, "50")
    took = yield from until(lambda: kept(document).end == 0.5, 5)
    check(f"{kind}: half of them, by the keyboard", took is not None, kept(document))
    yield from at_rest(document)
    half = picture(document)
    good = always != plain and half not in (plain, always) and not live().status(document).error
    check(f"{kind}: is another picture", good, live().status(document).text)
    check(f"{kind}: which is no undo step", K.action("edit_undo").text() == step)
    if kind == "control":
        canvas_widget().setFocus()  # the number that was typed has an undo of its own
        yield from undo(document)
        undone = whole(sketch, document) != painted and kept(document).end == 0.5
        K.action("edit_redo").trigger()
        yield from idle(document)
        yield from at_rest(document)
        good = undone and whole(sketch, document) == painted and picture(document) == half
        check(f"{kind}: undo takes the stroke away and redo brings it back, the part stays", good)
    document = yield from there_again(document, f"part-{kind}.kra", lambda: live().stop(document))
    live().start(document)
    yield from at_rest(document)
    row = yield from the_row()
    shown = row.part.isVisible() and (row.part.start.value(), row.part.end.value()) == (0, 50)
    good = shown and kept(document).end == 0.5 and picture(document) == half
    check(f"{kind}: saved and opened again it is the same picture, and its row shows why", good,
          live().status(document).text)  # fmt: skip
    typed(row.part.end, "100")
    yield from until(lambda: kept(document).end == 1.0, 5)
    yield from at_rest(document)
    check(f"{kind}: all of the steps again: what it was, to the byte", picture(document) == always)
    yield from leave(document)


def gives_apart():
    document, plain, everything = yield from steered("reference", *KINDS["reference"])
    step, pictures = K.action("edit_undo").text(), {plain, everything}
    row = yield from the_row()
    good = row.aspect.isEnabled() and row.aspect.currentData() == "all"
    check("a reference gives all of it at first", good)
    for aspect in ("style", "layout"):
        row.aspect.setFocus()
        QTest.keyClick(row.aspect, Key.Key_Down)
        yield from until(lambda aspect=aspect: kept(document).aspect == aspect, 5)
        yield from at_rest(document)
        good = kept(document).aspect == aspect and picture(document) not in pictures
        check(f"its {aspect} alone, by the keyboard, is another picture", good, live().status(document).text)
        pictures.add(picture(document))
    layout = picture(document)
    check("which is no undo step", K.action("edit_undo").text() == step)
    document = yield from there_again(document, "aspect.kra", lambda: live().stop(document))
    live().start(document)
    yield from at_rest(document)
    row = yield from the_row()
    good = row.aspect.currentData() == "layout" and picture(document) == layout
    check("saved and opened again it is the same picture, and its row shows why", good)
    QTest.keyClick(row.aspect, Key.Key_Home)
    yield from until(lambda: kept(document).aspect == "all", 5)
    yield from at_rest(document)
    check("all of it again: what it was, to the byte", picture(document) == everything)
    QTest.keyClick(row.aspect, Key.Key_End)
    yield from until(lambda: kept(document).aspect == "layout", 5)
    yield from at_rest(document)
    yield from tells_nothing_apart(document)


def tells_nothing_apart(document):
    """The same model in an export that has one scale for a reference."""
    folder = Path(os.environ["HOME"]) / "ip-whole"
    shutil.copytree(NETWORKS / "ip-sd15", folder)
    shutil.copy(folder / "weighed/model.onnx", folder / "unet/model.onnx")
    change(document, model=models.remember(str(folder)))
    yield from at_rest(document)
    row = yield from the_row()
    why = "does not tell its style from its layout"
    took = yield from until(lambda: not row.aspect.isEnabled(), 5)
    good = took is not None and why in row.aspect.toolTip() and kept(document).aspect == "layout"
    check("a model that tells nothing apart: grey, with the reason, and the choice stays", good,
          row.aspect.toolTip())  # fmt: skip
    told = live().status(document)
    check("its picture comes, with a note", why in told.text and not told.error, told.text)
    QTest.keyClick(row.aspect, Key.Key_Up)
    yield 500
    check("and nothing can be chosen", kept(document).aspect == "layout")
    yield from leave(document)


def leave(document):
    live().stop(document)
    yield 400
    document.setModified(False)
    document.close()
    yield 500


def scenario():
    for kind, (model, file) in KINDS.items():
        yield from acts_in_part(kind, model, file)
    yield from gives_apart()


if __name__ == "__krita__":
    play(scenario)
