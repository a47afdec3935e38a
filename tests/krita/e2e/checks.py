# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita, with an engine whose picture is known: the stub inverts the paint."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import (  # noqa: E402
    K,
    Pen,
    check,
    idle,
    line,
    new_document,
    play,
    projection,
    say,
    stroke,
    until,
    whole,
)
from scumble.extension import live  # noqa: E402
from scumble.group import LIVE_NAME, SOURCE_NAME, ManagedGroup  # noqa: E402

ZIGZAG = line((250, 300), (700, 350), 12) + line((700, 350), (300, 600), 12)[1:]


def inverted(paint):
    """What the stub makes of opaque 8-bit paint."""
    flipped = bytearray(paint.translate(bytes(255 - i for i in range(256))))
    flipped[3::4] = b"\xff" * (len(flipped) // 4)
    return bytes(flipped)


def part(document, name):
    canvas = ManagedGroup.find(document)
    return {LIVE_NAME: canvas.live, SOURCE_NAME: canvas.source}[name]


def settled(document, paint):
    """Whether the live layer shows the paint as it is now."""
    return whole(part(document, LIVE_NAME), document) == inverted(whole(paint, document))


def painting():
    document = yield from new_document()
    paper = document.activeNode()
    blank = whole(paper, document)
    # The same stroke without live, on the same canvas: what the one with live is compared with.
    yield from stroke(ZIGZAG)
    yield from idle(document)
    yield 200
    without = whole(paper, document)
    check("a synthetic stroke paints", without != blank)
    K.action("edit_undo").trigger()
    yield 300
    live().start(document)
    yield 600
    check("the painted layer stays active", document.activeNode() == paper, document.activeNode().name())
    took = yield from until(lambda: settled(document, paper))
    check("a first picture comes", took is not None, f"{took or 0:.0f} ms")
    top = document.rootNode().childNodes()[-1]
    check("the managed group lies above the paint", top.type() == "grouplayer" and top.passThroughMode())

    yield from mid_stroke(document, paper, without)
    yield from undoing(document, paper, blank)
    return document, paper


def mid_stroke(document, paper, without):
    """One stroke, held down in its middle until the picture has followed."""
    layer = live().of(document)
    pen, half = Pen(), len(ZIGZAG) // 2
    shown, painted = layer.frames_shown, whole(paper, document)
    picture, seen = whole(part(document, LIVE_NAME), document), projection(document)
    began = time.perf_counter()
    pen.down(*ZIGZAG[0])
    yield 15
    for point in ZIGZAG[1:half]:
        pen.move(*point)
        yield 15
    changed = lambda: whole(part(document, LIVE_NAME), document) != picture  # noqa: E731
    took = yield from until(changed, 8)
    check("the live layer changes while the button is down", took is not None)
    visible = yield from until(lambda: projection(document) != seen and layer.frames_shown > shown, 8)
    after = (time.perf_counter() - began) * 1000
    check("and the screen with it", visible is not None, f"{after:.0f} ms after the pointer event")
    # What is seen with the button down is the picture's: the paint itself is under it.
    check("the stroke is still running", not document.tryBarrierLock())
    check("the paint is not yet in the layer's own pixels", whole(paper, document) == painted)
    for point in ZIGZAG[half:]:
        pen.move(*point)
        yield 15
    pen.up(*ZIGZAG[-1])
    yield 15
    yield from idle(document)
    check("the stroke is byte-equal to the one without live", whole(paper, document) == without)
    took = yield from until(lambda: settled(document, paper))
    check("the picture settles on the finished paint", took is not None, f"{took or 0:.0f} ms")
    size = (0, 0, document.width(), document.height())
    below = bytes(part(document, SOURCE_NAME).projectionPixelData(*size))
    check("the live layer is no part of its own source", below == whole(paper, document))
    took = yield from until(lambda: projection(document) == inverted(below), 4)
    check("the canvas shows the picture", took is not None)


def undoing(document, paper, blank):
    undo, redo = K.action("edit_undo"), K.action("edit_redo")
    states = [blank, whole(paper, document)]
    for n in range(4):
        yield from stroke(line((200 + 80 * n, 700), (400 + 80 * n, 200), 8))
        yield from idle(document)
        yield 300
        states.append(whole(paper, document))
    check("each stroke paints", len(set(states)) == 6)
    good = True
    for n in reversed(range(5)):
        undo.trigger()
        yield from idle(document)
        yield 150
        good &= whole(paper, document) == states[n]
    check("5 strokes are 5 undos", good, f"next: {undo.text()}")
    took = yield from until(lambda: settled(document, paper))
    check("the picture follows the undos", took is not None)
    seen = []
    for _ in range(5):
        redo.trigger()
        yield from idle(document)
        yield 150
        seen.append(states.index(whole(paper, document)) if whole(paper, document) in states else -1)
    check("redo brings them back", seen == [1, 2, 3, 4, 5], seen)


def going_away(document, paper):
    """Undone, deleted, closed: live stops by itself and says so."""
    undo, redo = K.action("edit_undo"), K.action("edit_redo")
    painted = whole(paper, document)
    for _ in range(12):
        undo.trigger()
        yield 200
    yield from until(lambda: live().of(document) is None, 4)
    status = live().status(document)
    check("undone away: live stops", not status.live and status.error, status.text)
    for _ in range(12):
        redo.trigger()
        yield 200
    check("the paint comes back with redo", whole(paper, document) == painted)
    there = yield from until(lambda: ManagedGroup.find(document) is not None, 4)
    took = yield from until(lambda: projection(document) == painted, 4)
    check("and no old picture with it that hides it", there is not None and took is not None)
    live().start(document)
    took = yield from until(lambda: settled(document, paper))
    check("live starts again in the group that came back", took is not None)
    group = ManagedGroup.find(document).group
    group.remove()
    yield from until(lambda: live().of(document) is None, 4)
    status = live().status(document)
    check("deleted: live stops", not status.live and status.error, status.text)
    live().start(document)
    yield 500
    document.setModified(False)
    document.close()
    yield 1500
    check("a document closed while live is forgotten", not live().loop.documents)


def scenario():
    say("Krita", K.version())
    began = time.monotonic()
    document, paper = yield from painting()
    yield from going_away(document, paper)
    say(f"     {time.monotonic() - began:.0f} s")


if __name__ == "__krita__":
    play(scenario)
