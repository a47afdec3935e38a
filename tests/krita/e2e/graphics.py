# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold where the canvas is drawn with OpenGL, with Instant Preview and without: as artists paint.

With Instant Preview Krita paints a stroke on a smaller copy first, and empties meanwhile what the paint tap
shows. SCUMBLE_PREVIEW=1 says that it is on.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import ZIGZAG, inverted, part, settled  # noqa: E402
from painting import (  # noqa: E402
    K,
    Pen,
    QtCore,
    QtWidgets,
    canvas_widget,
    check,
    docker,
    idle,
    new_document,
    play,
    projection,
    say,
    stroke,
    until,
    whole,
)
from scumble.extension import live  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402

BRUSH, INVERSE = (204, 51, 25), (51, 204, 230)  # its colour (painting.py), and that of its picture
LOOK = 500  # milliseconds between looks at a large canvas, each of which takes Krita's thread for 300 or so
PREVIEW = os.environ.get("SCUMBLE_PREVIEW") == "1"


def on_screen(x, y):
    """The colour that X shows at a place of the canvas widget (in parts of 1000), as (red, green, blue)."""
    widget = canvas_widget()
    at = widget.mapToGlobal(QtCore.QPoint(int(widget.width() * x / 1000), int(widget.height() * y / 1000)))
    shot = QtWidgets.QApplication.primaryScreen().grabWindow(0, at.x(), at.y(), 1, 1)
    return shot.toImage().pixelColor(0, 0).getRgb()[:3]


def large(side, zoom, brush):
    document = yield from new_document(side)
    view = K.activeWindow().activeView()
    view.canvas().setZoomLevel(zoom)
    yield 600
    view.setBrushSize(brush)
    return document


def follows(side):
    """At one size: the picture during the stroke, on the screen too, and the stroke as it is without live."""
    document = yield from large(side, 512 / side, 40 * side / 512)
    paper = document.activeNode()
    yield from stroke(ZIGZAG)
    yield from idle(document)
    yield 200
    without = whole(paper, document)
    K.action("edit_undo").trigger()
    yield 500
    live().start(document)
    took = yield from until(lambda: settled(document, paper))
    check(f"{side}²: a first picture comes", took is not None)
    pen, half = Pen(), len(ZIGZAG) // 2
    pen.down(*ZIGZAG[0])
    for point in ZIGZAG[1:half]:
        pen.move(*point)
        yield 15
    took = yield from until(lambda: on_screen(*ZIGZAG[0]) == INVERSE, 8)
    good = took is not None and not document.tryBarrierLock()
    seen = on_screen(*ZIGZAG[0])
    check(f"{side}²: the screen shows the picture during the stroke", good, f"{took or 0:.0f} ms, {seen}")
    for point in ZIGZAG[half:]:
        pen.move(*point)
        yield 15
    pen.up(*ZIGZAG[-1])
    yield from idle(document)
    check(f"{side}²: the stroke is byte-equal to the one without live", whole(paper, document) == without)
    took = yield from until(lambda: settled(document, paper))
    check(f"{side}²: the picture settles on it", took is not None)
    took = yield from until(lambda: projection(document) == inverted(without), 5)
    check(f"{side}²: and is what the canvas shows", took is not None)
    yield from idle(document)
    yield 500  # an undo that comes while Krita merges layers is dropped, also without Scumble
    K.action("edit_undo").trigger()
    took = yield from until(lambda: settled(document, paper) and whole(paper, document) != without, 8)
    check(f"{side}²: it follows the undo", took is not None)
    live().stop(document)
    document.setModified(False)
    document.close()
    yield 500


def under_a_preview():
    """A long stroke of a large brush on a large canvas, held down: where Krita 5.1.5 empties the tap."""
    document = yield from large(4096, 0.2, 300)
    paper = document.activeNode()
    points = ZIGZAG[::2]
    yield from stroke(points)
    yield from idle(document)
    yield 300
    without = whole(paper, document)
    K.action("edit_undo").trigger()
    yield 800
    live().start(document)
    took = yield from until(lambda: settled(document, paper), 20, LOOK)
    check("with Instant Preview: a first picture comes", took is not None)
    one, node = live().of(document), part(document, LIVE_NAME)
    yield from until(lambda: not one.working, 5)
    picture, jobs = whole(node, document), one.session.stats().jobs_started
    said = docker().state.text()
    check("the docker says how it goes, and offers to switch it off", one and "Instant Preview" in said, said)
    pen, began, n = Pen(), time.perf_counter(), 0
    pen.down(*points[0])
    while time.perf_counter() - began < 3:
        n += 1
        pen.move(300 + 2 * n, 320)
        yield 40
    yield 300
    colours = set(projection(document)[::4])
    lacking = colours <= {0, 255}
    if K.version().startswith("5.1"):  # a newer Krita may be done with it by now
        check("Instant Preview is at work: Krita's full picture lacks the stroke", lacking, colours)
    else:
        say("     Krita's full picture", "lacks the stroke" if lacking else "has the stroke already")
    seen = on_screen(305, 320)
    check("the brush is seen, not the old picture", seen == BRUSH, seen)
    good = whole(node, document) == picture and one.session.stats().jobs_started == jobs
    check("nothing is rendered of what Krita has not painted in full yet", good)
    pen.up(300 + 2 * n, 320)
    shown = one.frames_shown
    full = yield from until(lambda: not one.painted_under, 60)
    took = yield from until(lambda: one.frames_shown > shown and not one.working, 20)
    if not settled(document, paper):
        took = yield from until(lambda: settled(document, paper), 20, LOOK)
    told = f"{full or -1:.0f} ms until Krita has painted it in full, then {took or -1:.0f} ms"
    check("after the stroke the picture follows", took is not None, told)
    took = yield from until(lambda: projection(document) == whole(node, document), 5)
    check("and is seen again", took is not None)
    K.action("edit_undo").trigger()
    yield 800
    yield from idle(document)
    yield from stroke(points)
    yield from idle(document)
    yield from until(lambda: not one.painted_under, 5)
    check("a stroke under a preview is byte-equal to the one without live", whole(paper, document) == without)
    docker().no_preview.click()
    yield 300
    check("the docker's button switches it off", not K.action("level_of_detail_mode").isChecked())
    live().stop(document)
    document.setModified(False)
    document.close()
    yield 500


def scenario():
    small = yield from new_document(64)
    kind = canvas_widget().metaObject().className()
    check("the canvas is drawn with OpenGL", kind == "KisOpenGLCanvas2", kind)
    on = K.action("level_of_detail_mode").isChecked()
    check(f"Instant Preview is {'on' if PREVIEW else 'off'}", on == PREVIEW)
    small.setModified(False)
    small.close()  # each view has an Instant Preview of its own, and Krita goes back to that of the last one
    yield 500
    if PREVIEW:
        yield from under_a_preview()
    for side in (1024, 2048):
        yield from follows(side)
    say("     graphics done")


if __name__ == "__krita__":
    play(scenario)
