# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers, in the real Krita: a control's layer is followed while it is painted on, and all of it comes
back with the document; a reference is a layer, a picture's file becomes one. With SCUMBLE_TEST_MODEL the
engine is real: a ControlNet, a LoRA, a region and a reference change its picture."""

import os
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import ZIGZAG, part, settled  # noqa: E402
from painting import (  # noqa: E402
    K,
    Pen,
    QtGui,
    check,
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
from real import at_rest, change  # noqa: E402
from references import refers, sketch_layer, steered_by  # noqa: E402
from scumble import models  # noqa: E402
from scumble.extension import live, run  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402

SHAPES = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="256pt" height="256pt">'
    '<rect x="0" y="0" width="256" height="256" fill="#ff0000"/></svg>'
)
NETWORKS = Path(__file__).resolve().parents[3] / "models/tiny"


def followed_while_painted():
    document = yield from new_document(256)
    paper, sketch = yield from sketch_layer(document)
    net = Path(os.environ["HOME"]) / "lines.onnx"
    net.write_bytes(b"the stub does not read it")
    run(lambda d: live().steer(d, "control", str(net)), document)
    check("a ControlNet follows the active layer", steered_by(document, sketch))
    node = part(document, LIVE_NAME)
    yield from until(lambda: settled(document, paper), 6)
    plain = whole(node, document)
    pen = Pen()
    pen.down(200, 300)
    for x, y in ZIGZAG[:20]:
        pen.move(x, y)
        yield 10
    took = yield from until(lambda: whole(node, document) != plain, 5)
    held = not document.tryBarrierLock()
    check("painted on, the picture follows while the button is down", took is not None and held)
    pen.up(200, 300)
    yield from idle(document)

    def laid():
        drawn, shown = whole(sketch, document), whole(node, document)
        return all(drawn[i : i + 4] == shown[i : i + 4] for i in range(0, len(drawn), 4) if drawn[i + 3])

    took = yield from until(laid, 6)
    check("and when it is up shows all of it", took is not None)
    steered = whole(node, document)
    yield from undo(document)
    took = yield from until(lambda: settled(document, paper), 6)
    check("the stroke is one undo step, and the picture goes back", took is not None)
    K.action("edit_redo").trigger()
    took = yield from until(lambda: whole(node, document) == steered, 6)
    check("redone, it comes back", took is not None)
    sketch.setVisible(False)
    yield 600
    document.refreshProjection()
    yield 1500
    check("hidden, it goes on steering", whole(node, document) == steered, live().status(document).text)
    document = yield from there_again(document, "steered.kra", lambda: live().stop(document))
    live().start(document)
    node = part(document, LIVE_NAME)
    again = lambda: live().of(document).last_frame is not None and whole(node, document) == steered  # noqa: E731
    took = yield from until(again, 10)
    check("saved and opened again: all of it is back", took is not None, live().status(document).text)
    next(n for n in document.rootNode().childNodes() if n.name() == "sketch").remove()
    took = yield from until(lambda: "has no layer to read" in live().status(document).text, 6)
    check("its layer deleted: told, and live goes on", took is not None, live().status(document).text)
    live().stop(document)


def drawn_lines():
    """Brown strokes on nothing are lines to a net whose name says scribble, and an empty layer says so."""
    document = yield from new_document(256)
    paper, sketch = yield from sketch_layer(document)
    net = Path(os.environ["HOME"]) / "scribble.onnx"
    net.write_bytes(b"the stub does not read it")
    run(lambda d: live().steer(d, "control", str(net)), document)
    (one,) = live().settings(document).conditions
    check("a scribble net's row begins with drawn lines", one.prepare == "drawn")
    took = yield from until(lambda: live().listing(document).silent, 6)
    check("nothing is drawn: the row says so, live goes on", took and not live().status(document).error,
          live().status(document).text)  # fmt: skip
    yield from until(lambda: settled(document, paper), 6)
    sketch.setPixelData(bytes((30, 60, 90, 255)) * 64 * 8, 100, 70, 64, 8)
    document.refreshProjection()
    node = part(document, LIVE_NAME)
    white = bytes((255,)) * 64 * 8 * 4
    took = yield from until(lambda: bytes(node.pixelData(100, 70, 64, 8)) == white, 6)
    check("drawn, they are white lines to it", took is not None)
    check("and the row has nothing to say", not live().listing(document).silent)
    change(document, conditions=(replace(one, prepare="as_is"),))
    took = yield from until(lambda: bytes(node.pixelData(100, 70, 1, 1)) == bytes((30, 60, 90, 255)), 6)
    check("as it is: the layer's own colours", took is not None)
    document.setModified(False)
    live().stop(document)


def hidden_shapes():
    """A vector layer that nobody sees has no pixels of its own; what it would show steers."""
    document = yield from new_document(256)
    yield from sketch_layer(document)
    shapes = document.createVectorLayer("shapes")
    document.rootNode().addChildNode(shapes, None)
    yield 600
    shapes.addShapesFromSvg(SHAPES)
    yield from idle(document)
    net, node = Path(os.environ["HOME"]) / "lines.onnx", part(document, LIVE_NAME)
    net.write_bytes(b"the stub does not read it")
    shapes.setVisible(False)
    yield from idle(document)
    document.setActiveNode(shapes)
    yield 300
    run(lambda d: live().steer(d, "control", str(net)), document)
    check("a hidden vector layer is followed", steered_by(document, shapes))
    red = lambda: bytes(node.pixelData(100, 70, 1, 1)) == bytes((0, 0, 255, 255))  # noqa: E731
    took = yield from until(red, 8)
    check("and what is drawn on it steers", took is not None, live().status(document).text)
    live().stop(document)
    document.setModified(False)


def linked_control():
    """A control's picture is a file's: as large as the canvas in its own proportions, and followed."""
    document = yield from new_document(256)
    yield from sketch_layer(document)
    net = Path(os.environ["HOME"]) / "lines.onnx"
    net.write_bytes(b"the stub does not read it")
    run(lambda d: live().steer(d, "control", str(net)), document)
    node, file = part(document, LIVE_NAME), os.path.join(os.environ["HOME"], "pose.png")
    below = bytes(node.pixelData(128, 192, 1, 1))
    image = QtGui.QImage(64, 32, QtGui.QImage.Format.Format_RGB32)

    def follows(red, green, blue):
        image.fill(QtGui.QColor(red, green, blue))
        image.save(file)
        if not live().listing(document).linked:
            run(lambda d: live().take_from(d, 0, "linked", file), document)
        wanted = bytes((blue, green, red, 255)), below
        shown = lambda: tuple(bytes(node.pixelData(128, y, 1, 1)) for y in (64, 192)) == wanted  # noqa: E731
        return (yield from until(shown, 10)) is not None

    good = yield from follows(200, 90, 30)
    check("a control's picture is linked: it covers the upper half of the canvas, of its own shape", good,
          live().status(document).text)  # fmt: skip
    good = yield from follows(40, 150, 90)
    check("written by another program, it is followed", good, live().status(document).text)
    live().stop(document)
    document.setModified(False)


def the_real_engine():
    document = yield from new_document(256)
    change(document, model=models.remember(str(NETWORKS / "sd15")), prompt="a house", strength=0.6)
    yield from stroke(line((200, 700), (700, 200), 10))
    _, sketch = yield from sketch_layer(document)
    yield from stroke(ZIGZAG)
    yield from idle(document)
    yield from at_rest(document)
    node = part(document, LIVE_NAME)
    pictures = {"plain": whole(node, document)}
    files = {"control": "controls/sd15-lines/model.onnx", "lora": "loras/sd15-peft.safetensors"}
    for kind, file in (*files.items(), ("region", "")):
        run(lambda d, k=kind, f=file: live().steer(d, k, f and str(NETWORKS / f)), document)
        yield from at_rest(document)
        pictures[kind] = whole(node, document)
        good = len({*pictures.values()}) == len(pictures)
        check(f"a {kind} changes the picture", good and not live().status(document).error,
              live().status(document).text)  # fmt: skip
    chosen = live().settings(document)
    *rest, region = chosen.conditions
    change(document, conditions=(*rest, replace(region, prompt="a red ship")))
    yield from at_rest(document)
    for name, before, after in (
        ("on and off", pictures["lora"], pictures["region"]),
        ("other words", pictures["region"], whole(node, document)),
    ):
        inside, beyond = apart(before, after, whole(sketch, document))
        check(f"a region, {name}: changes where it is painted, and not a byte beyond its softness",
              inside and not beyond, f"{inside} pixels there, {beyond} beyond")  # fmt: skip
    off = tuple(replace(one, on=False) for one in chosen.conditions)
    live().set_settings(document, replace(chosen, conditions=off))
    yield from at_rest(document)
    check("all off: the picture is what it was, to the byte", whole(node, document) == pictures["plain"])
    change(document, model=models.remember(str(NETWORKS / "ip-sd15")), conditions=())
    yield from at_rest(document)
    plain = whole(node, document)
    run(lambda d: live().steer(d, "reference", ""), document)
    yield from at_rest(document)
    good = whole(node, document) != plain and not live().status(document).error
    check("a reference changes the picture", good, live().status(document).text)
    yield from one_of_two_goes(document, node)
    change(document, conditions=())
    yield from at_rest(document)
    check("taken out: what it was, to the byte", whole(node, document) == plain)
    change(document, model=models.remember(os.environ["SCUMBLE_TEST_MODEL"]), conditions=chosen.conditions)
    yield from until(lambda: live().status(document).error, 30)
    told = live().status(document)
    check("a model that takes no ControlNet: a sentence", told.error and len(told.text) > 20, told.text)


def apart(one, other, cover, side=256, soft=16):
    """Pixels that differ near where a layer is painted, and elsewhere."""
    block = lambda at: (at % side // soft, at // side // soft)  # noqa: E731
    painted = {block(at) for at in range(side * side) if cover[4 * at + 3]}
    near = {(x + dx, y + dy) for x, y in painted for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    differ = [at for at in range(side * side) if one[4 * at : 4 * at + 4] != other[4 * at : 4 * at + 4]]
    beyond = sum(block(at) not in near for at in differ)
    return len(differ) - beyond, beyond


def one_of_two_goes(document, node):
    """While a picture is being made by both."""
    alone = whole(node, document)
    document.setActiveNode(document.rootNode().childNodes()[0])
    yield 300
    run(lambda d: live().steer(d, "reference", ""), document)
    yield from at_rest(document)
    both, stats = whole(node, document), live().of(document).session.stats
    chosen = live().settings(document).conditions
    begun = stats().jobs_started
    change(document, conditions=(chosen[0], replace(chosen[1], scale=0.5)))
    took = yield from until(lambda: stats().jobs_started > begun and stats().busy, 10, 1)
    change(document, conditions=chosen[:1])
    yield from at_rest(document)
    same = whole(node, document) == alone and both != alone and not live().status(document).error
    check("two references, one removed in mid-frame: the picture of the other, to the byte", took and same,
          live().status(document).text)  # fmt: skip


def scenario():
    if os.environ.get("SCUMBLE_TEST_MODEL"):
        yield from the_real_engine()
    else:
        yield from followed_while_painted()
        yield from drawn_lines()
        yield from hidden_shapes()
        yield from linked_control()
        yield from refers()


if __name__ == "__krita__":
    play(scenario)
