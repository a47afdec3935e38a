# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita when the document changes: its size, colours, stack, file; and formats."""

import math
import os
import struct
import sys
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import inverted, part, settled  # noqa: E402
from krita import Selection  # noqa: E402
from painting import (  # noqa: E402
    K,
    QtCore,
    QtWidgets,
    check,
    docker,
    idle,
    line,
    new_document,
    play,
    projection,
    stroke,
    until,
    whole,
)
from scumble import abi  # noqa: E402
from scumble.extension import live  # noqa: E402
from scumble.group import LIVE_NAME, ManagedGroup  # noqa: E402
from unseen import covered_by_an_old_picture, covered_while_a_shape_is_drawn, hiding, minimized  # noqa: E402


def one_step():
    """Going live is one undo step, and the stroke before it the next."""
    document = yield from new_document(256)
    paper = document.activeNode()
    blank = whole(paper, document)
    yield from stroke(line((300, 300), (600, 600), 6))
    yield from idle(document)
    painted = whole(paper, document)
    live().start(document)
    yield from until(lambda: settled(document, paper))
    yield 500  # an undo that comes while Krita merges layers is dropped, also without Scumble
    K.action("edit_undo").trigger()
    took = yield from until(lambda: len(document.rootNode().childNodes()) == 1, 4)
    check("one undo takes the group away", took is not None and whole(paper, document) == painted)
    yield from until(lambda: live().of(document) is None, 4)
    K.action("edit_undo").trigger()
    took = yield from until(lambda: whole(paper, document) == blank, 4)
    check("the next one the stroke before it", took is not None)
    K.action("edit_redo").trigger()
    yield from until(lambda: whole(paper, document) == painted, 4)
    yield 500  # as above
    K.action("edit_redo").trigger()
    took = yield from until(lambda: ManagedGroup.find(document) is not None, 4)
    check("both come back with redo", took is not None and whole(paper, document) == painted)
    live().start(document)
    took = yield from until(lambda: settled(document, paper))
    check("and live goes on in the group that came back", took is not None)
    live().stop(document)


def reopening():
    """Settings and group come back from the file, and the paint is what it was."""
    document = yield from new_document(512)
    yield from stroke(line((200, 300), (700, 600), 8))
    yield from idle(document)
    painted = whole(document.activeNode(), document)
    path = os.path.join(os.environ["HOME"], "kept.kra")
    live().set_settings(document, replace(live().settings(document), prompt="a red castle", strength=0.3))
    live().start(document)
    layer = live().of(document)
    yield from until(lambda: layer.frames_shown > 0)
    live().new_seed(document)
    yield from until(lambda: layer.working, 4)  # saved while a picture is being made
    document.setBatchmode(True)
    document.saveAs(path)
    yield 1500
    check("saving while live", os.path.getsize(path) > 1000 and live().of(document) is not None)
    document.setModified(False)
    document.close()
    yield 1500
    again = K.openDocument(path)
    K.activeWindow().addView(again)
    K.setActiveDocument(again)
    yield 1500
    again = K.activeDocument()
    chosen = live().settings(again)
    paper = again.rootNode().childNodes()[0]
    check("the saved paint is the paint", whole(paper, again) == painted)
    check("settings come back with the file", (chosen.prompt, chosen.strength) == ("a red castle", 0.3))
    check("the docker shows them", docker().prompt.toPlainText() == "a red castle")
    yield from asked_before_it_is_lost(again)
    yield from covered_by_an_old_picture(again, paper)
    yield from covered_while_a_shape_is_drawn(again, paper)
    count = len(again.rootNode().childNodes())
    live().start(again)
    took = yield from until(lambda: settled(again, paper))
    check("live goes on in the group of the file", took is not None)
    check("and makes no second group", len(again.rootNode().childNodes()) == count)
    return again, paper


def asked_before_it_is_lost(document):
    """Krita asks before it closes a document in which something was set, and not where nothing was."""
    settings = live().settings(document)
    live().set_settings(document, settings)
    check("nothing new is set: the document is as it was saved", not document.modified())
    live().set_settings(document, replace(settings, seed=4711))
    check("something is set: it is not", document.modified())
    live().set_settings(document, settings)
    yield 0


def two_documents(first):
    second = yield from new_document(300, height=200)
    paper = second.activeNode()
    live().start(second)
    took = yield from until(lambda: settled(second, paper))
    good = took is not None and len(live().loop.documents) == 2
    check("a second document has a live layer of its own", good)
    shown = live().of(first).frames_shown
    yield 500
    check("the one that is not looked at rests", live().of(first).frames_shown == shown)
    return second, paper


def moving(document, paper):
    """The picture is made of what lies below the group's place."""
    size = document.width(), document.height()
    group = ManagedGroup.find(document).group
    over = document.createNode("over", "paintlayer")
    over.setPixelData(QtCore.QByteArray(b"\x20\x90\x50\xff" * (size[0] * size[1])), 0, 0, *size)
    document.rootNode().addChildNode(over, group)
    yield 800
    check("a layer above the group is not rendered", settled(document, paper))
    document.setActiveNode(group)
    yield 400
    K.action("move_layer_up").trigger()
    took = yield from until(lambda: settled(document, over), 6)
    check("the group moved above it: it is", took is not None, live().status(document).text)
    K.action("edit_undo").trigger()
    took = yield from until(lambda: settled(document, paper), 6)
    check("and moved back by undo: it is not", took is not None, live().status(document).text)
    over.remove()
    document.setActiveNode(paper)
    yield 400


def selecting(document, paper):
    selection = Selection()
    for rect in ((50, 40, 100, 60), (200, 120, 20, 20)):
        selection.select(*rect, 255)
    document.setSelection(selection)
    node = part(document, LIVE_NAME)
    width = document.width()
    pixel = lambda x, y: slice((y * width + x) * 4, (y * width + x) * 4 + 4)  # noqa: E731

    def cut():
        pixels = whole(node, document)
        alpha = pixels[3::4]
        inside = alpha[60 * width + 100]
        return inside == 255 and sum(1 for a in alpha if a) == 6400

    took = yield from until(cut, 6)
    check("with a selection only that is rendered", took is not None)
    live().set_settings(document, replace(live().settings(document), outside_shows_paint=True))

    def framed():
        pixels, below = whole(node, document), whole(paper, document)
        far, between, inside = pixel(0, 0), pixel(180, 110), pixel(100, 60)
        held = pixels[between] == below[between] and pixels[far] == bytes(4)
        return held and pixels[inside] == inverted(below)[inside]

    took = yield from until(framed, 6)
    check("or the paint in the rectangle around it, where that is chosen", took is not None)
    live().set_settings(document, replace(live().settings(document), outside_shows_paint=False))
    took = yield from until(cut, 6)
    check("and back", took is not None)
    document.setSelection(None)
    took = yield from until(lambda: settled(document, paper), 6)
    check("without one, all again", took is not None)


def changing(document, paper):
    """The canvas changes its size and its colours under the loop."""
    document.resizeImage(0, 0, 400, 320)
    yield 300
    paper_white = b"\xff\xff\xff\xff" * (400 * 320)
    paper.setPixelData(paper_white, 0, 0, 400, 320)
    document.refreshProjection()
    took = yield from until(lambda: settled(document, paper), 6)
    check("the canvas grows: the picture follows", took is not None, live().status(document).text)
    document.setColorSpace("RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc")
    took = yield from until(lambda: dark(document, 8), 6)
    yield 600
    status = live().status(document)
    check("turned into 16 bits: the picture follows", took is not None and status.live, status.text)
    document.setColorSpace("GRAYA", "U8", "")
    yield from until(lambda: live().of(document) is None, 6)
    status = live().status(document)
    check("turned grey: live stops and says why", status.error and "GRAYA" in status.text, status.text)


def dark(document, size):
    """White paper inverted is black and opaque, in any format."""
    pixel = bytes(part(document, LIVE_NAME).pixelData(100, 100, 1, 1))
    if document.colorDepth().startswith("U"):
        return pixel == bytes(size * 3 // 4) + b"\xff" * (size // 4)
    *colours, alpha = struct.unpack("4e" if size == 8 else "4f", pixel)
    return alpha == 1.0 and all(abs(colour) < 1e-3 for colour in colours)


def reshaping():
    """Crop, rotate, scale: the picture follows each, and its undo."""
    document = yield from new_document(400, height=300)
    paper = document.activeNode()
    yield from stroke(line((200, 300), (700, 400), 6))
    yield from idle(document)
    live().start(document)
    yield from until(lambda: settled(document, paper))
    for name, size, change in (
        ("crop", (250, 200), lambda: document.crop(60, 40, 250, 200)),
        ("rotate", (300, 400), lambda: document.rotateImage(math.pi / 2)),
        ("scale", (640, 480), lambda: document.scaleImage(640, 480, 300, 300, "Bicubic")),
    ):
        change()
        took = yield from until(lambda s=size: (document.width(), document.height()) == s, 4)
        yield from idle(document)
        follows = yield from until(lambda: covered(document, paper), 6)
        good = took is not None and follows is not None
        check(f"{name}: the picture follows", good, live().status(document).text)
        K.action("edit_undo").trigger()
        took = yield from until(lambda: (document.width(), document.height()) == (400, 300), 4)
        yield from idle(document)
        follows = yield from until(lambda: settled(document, paper), 6)
        check(f"{name} undone: it follows back", took is not None and follows is not None)
    live().stop(document)


def covered(document, paper):
    """Whether canvas and live layer show the picture of the paint; its edges may be half transparent."""
    below = whole(paper, document)
    want, shown = inverted(below), projection(document)
    solid = [i for i in range(0, len(below), 4 * 97) if below[i + 3] == 255]
    same = all(want[i : i + 4] == shown[i : i + 4] for i in solid)
    return len(solid) > 50 and same


def masks():
    """A mask on the live picture hides it where the artist wants; one on the group does no harm."""
    document = yield from new_document(256)
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: settled(document, paper))
    canvas = ManagedGroup.find(document)
    canvas.live.setLocked(False)  # as the artist must, first: masks go on unlocked layers only
    white, black = b"\xff\xff\xff\xff", b"\0\0\0\xff"
    for name, node in (("the live picture", canvas.live), ("the group", canvas.group)):
        left = Selection()
        left.select(0, 0, 128, 256, 255)
        document.setSelection(left)
        # Going live makes the painted layer the active one a little later: the mask must not land on that.
        for _ in range(10):
            document.setActiveNode(node)
            yield 400
            if document.activeNode() == node:
                break
        K.action("add_new_transparency_mask").trigger()
        yield 300
        yield from until(lambda: document.activeNode().type() == "transparencymask", 4)
        mask = document.activeNode()
        document.setSelection(None)
        yield 500  # Krita makes a new node active a little later
        document.setActiveNode(paper)
        yield from until(lambda: document.activeNode() == paper, 4)
        yield 200
        yield from stroke(line((600, 200), (700, 700), 6))
        yield from idle(document)
        took = yield from until(lambda: settled(document, paper), 6)
        good = took is not None and mask.type() == "transparencymask" and mask.parentNode() == node
        check(f"a mask on {name}: live goes on", good, live().status(document).text)
        if node is canvas.live:
            halves = projection(document, (20, 20, 1, 1)), projection(document, (240, 20, 1, 1))
            check("and the picture is seen through it", halves == (black, white), halves)
        mask.remove()
        yield 600
    took = yield from until(lambda: projection(document) == whole(canvas.live, document), 4)
    check("without masks it is seen whole again", took is not None)
    live().stop(document)


def looks():
    """Opacity and blending mode are the artist's, and pictures keep coming."""
    document = yield from new_document(256)
    paper = document.activeNode()
    live().start(document)
    yield from until(lambda: settled(document, paper))
    node, panel = part(document, LIVE_NAME), docker()
    panel.looks.opacity.setValue(128)
    yield from stroke(line((300, 300), (600, 600), 6))
    yield from idle(document)
    took = yield from until(lambda: settled(document, paper), 6)
    middle = lambda: projection(document, (20, 200, 1, 1))[0]  # noqa: E731
    seen = yield from until(lambda: 120 < middle() < 135, 4)
    check("half opaque, the paint is seen through the picture", took and seen, middle())
    panel.looks.opacity.setValue(255)
    live().set_blending(document, "add")
    yield from stroke(line((600, 300), (300, 600), 6))
    yield from idle(document)
    took = yield from until(lambda: settled(document, paper), 6)
    whole_white = lambda: min(projection(document)) == 255  # noqa: E731  paint and its inverse
    seen = yield from until(whole_white, 4)
    kept = node.opacity() == 255 and node.blendingMode() == "add"
    check("another blending mode: kept, and live goes on", took and seen and kept, node.blendingMode())
    live().stop(document)


def closing():
    """Closed with a picture half written."""
    document = yield from new_document(2048)
    live().start(document)
    layer = live().of(document)
    took = yield from until(lambda: layer._writing.busy, 20, every=1)
    document.setModified(False)
    document.close()
    yield 1500
    good = took is not None and layer not in live().loop.documents and layer.session.closed
    check("a document closed with a picture half written is forgotten", good)
    check("and no timer runs", not live().loop.timer.isActive())


def formats():
    """Every depth, sRGB-encoded and linear, each in the engine's own number for it."""
    for depth, size, number, linear in (
        ("U8", 4, abi.FORMAT_BGRA8, abi.FORMAT_BGRA8_LINEAR),
        ("U16", 8, abi.FORMAT_BGRA16, abi.FORMAT_BGRA16_LINEAR),
        ("F16", 8, abi.FORMAT_RGBAF16, abi.FORMAT_RGBAF16_LINEAR),
        ("F32", 16, abi.FORMAT_RGBAF32, abi.FORMAT_RGBAF32_LINEAR),
    ):
        for profile, expected in (("sRGB-elle-V2-srgbtrc.icc", number), ("sRGB-elle-V2-g10.icc", linear)):
            document = yield from new_document(200, depth=depth, profile=profile)
            live().start(document)
            took = yield from until(lambda d=document, s=size: dark(d, s), 6)
            found = live().of(document).group.format().number
            good = took is not None and found == expected and document.colorProfile() == profile
            check(f"{depth}, {profile}", good, f"format {found}")
            live().stop(document)
            document.setModified(False)
            document.close()
            yield 300
    document = yield from new_document(200, model="GRAYA", depth="U8")
    docker().toggle.click()
    yield 200
    status = live().status(document)
    good = status.error and len(document.rootNode().childNodes()) == 1 and not docker().toggle.isChecked()
    check("a grey document is refused in one sentence", good, status.text)


def scenario():
    yield from one_step()
    again, paper = yield from reopening()
    yield from hiding(again, paper)
    yield from minimized(again, paper)
    second, paper = yield from two_documents(again)
    yield from moving(second, paper)
    yield from selecting(second, paper)
    yield from changing(second, paper)
    live().stop(again)
    yield from reshaping()
    yield from masks()
    yield from looks()
    yield from closing()
    yield from formats()
    boxes = [w for w in QtWidgets.QApplication.topLevelWidgets() if isinstance(w, QtWidgets.QMessageBox)]
    check("no message box is open", not boxes, [box.text() for box in boxes])


if __name__ == "__krita__":
    play(scenario)
