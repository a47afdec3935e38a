# SPDX-License-Identifier: GPL-3.0-or-later
"""How much the interface's thread is held up while painting, and how long a stroke takes to its picture.

Prints one JSON object a line after `time `; run_e2e.py --pace makes a table of them. No check depends on it.
"""

import json
import math
import os
import sys
import time
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import (  # noqa: E402
    Heartbeat,
    K,
    Pen,
    idle,
    new_document,
    play,
    projection,
    say,
    until,
    whole,
)
from scumble import models  # noqa: E402
from scumble.extension import live, run  # noqa: E402

TRIES = int(os.environ.get("SCUMBLE_PACE_TRIES", "5"))
SIDES = os.environ.get("SCUMBLE_PACE_SIDES", "1024,2048")
STUB_MS = os.environ.get("SCUMBLE_STUB_MS", "100")


def spiral(seconds):
    """A stroke that goes on for so long; returns (p95, max) of the interface's gaps, and how many of the
    pointer's moves were taken a second."""
    pen, heart, start, moves = Pen(), Heartbeat(), time.perf_counter(), 0
    pen.down(500, 500)
    while (past := time.perf_counter() - start) < seconds:
        yield 10
        moves += 1
        pen.move(500 + 30 * past * math.cos(4 * past), 500 + 30 * past * math.sin(4 * past))
    result = (*heart.stop()[:2], moves / seconds)
    pen.up(500, 500)
    yield 50
    return result


def dab(pen, at):
    """A short stroke's beginning; the pen stays down."""
    x = place(at)
    pen.down(x, 250)
    pen.move(x + 10, 250)
    pen.move(x + 20, 260)


def place(at):
    """Where that stroke begins, in pixels of the window: beside the ones before."""
    return 300 + 30 * (at % 15)


def rows_of(document, at):
    """The rows of the canvas in which that stroke lies."""
    paper, pen, side = document.activeNode(), Pen(), document.width()
    blank = whole(paper, document)
    dab(pen, at)
    yield 100
    pen.up(place(at) + 20, 260)
    yield from idle(document)
    painted = whole(paper, document)
    row = side * 4
    rows = [y for y in range(side) if blank[y * row : (y + 1) * row] != painted[y * row : (y + 1) * row]]
    K.action("edit_undo").trigger()
    yield 400
    yield from idle(document)
    return (0, rows[0], side, rows[-1] - rows[0] + 1)


def latency(document, at, rows):
    """Milliseconds from the pointer event to the picture of it on the canvas."""
    layer = live().of(document)
    yield from until(lambda: not layer.working, 5)
    yield 700 + 431 * (at % 5)  # now and then at rest, now and then not
    before = projection(document, rows)  # the picture covers the paint: only a new one is seen
    pen, start, shown = Pen(), time.perf_counter(), layer.frames_shown
    dab(pen, at)
    found = None
    while found is None and time.perf_counter() - start < 20:
        yield 2
        if projection(document, rows) != before:
            found = (time.perf_counter() - start) * 1000
    yield from until(lambda: layer.frames_shown > shown, 5, every=2)
    info = layer.last_frame  # of the picture that was seen first, a preview or the finished one
    pen.up(place(at) + 20, 260)
    yield 50
    yield from idle(document)
    return found, info.since_start_us / 1000 if info else 0


def on_its_layer(document, kind, seconds):
    """The interface's gaps while the pen paints on the layer that a condition of that kind follows."""
    paper, sketch = document.activeNode(), document.createNode("sketch", "paintlayer")
    document.rootNode().addChildNode(sketch, None)
    yield 600
    document.setActiveNode(sketch)
    yield 300
    net = os.path.join(os.environ["HOME"], "lines.onnx")
    with open(net, "wb") as file:
        file.write(b"the stub does not read it")
    run(lambda d: live().steer(d, kind, net if kind == "control" else ""), document)
    yield 1000
    layer = live().of(document)
    yield from until(lambda: not layer.working, 5)
    gaps = yield from spiral(seconds)
    yield from idle(document)
    document.setActiveNode(paper)
    return gaps


def rank(times, share):
    """The time below which that share of them lies; None of none."""
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))]) if times else None


def scenario():
    seconds = float(os.environ.get("SCUMBLE_PACE_SECONDS", "4"))
    for side in map(int, SIDES.split(",")):
        document = yield from new_document(side)
        rows = yield from rows_of(document, 0)
        yield from spiral(1)
        yield from idle(document)
        off = yield from spiral(seconds)
        yield from idle(document)
        folder = os.environ.get("SCUMBLE_TEST_MODEL", "")
        model = models.remember(folder) if folder else ""
        chosen = replace(live().settings(document), model=model, prompt="a mountain lake")
        live().set_settings(document, chosen)
        live().start(document)
        yield from until(lambda d=document: live().of(d).last_frame is not None, 60)
        yield 500
        layer = live().of(document)
        shown = layer.frames_shown
        on = yield from spiral(seconds)
        shown = layer.frames_shown - shown
        yield from idle(document)
        reached = []
        for n in range(TRIES):
            reached.append((yield from latency(document, n, rows)))
        # The default model has no ControlNet, and hears a reference.
        steered = yield from on_its_layer(document, "reference" if model else "control", seconds)
        live().stop(document)
        found = [r for r in reached if r[0] is not None]
        result = {
            "krita": K.version(),
            "model": layer.engine.info().name + (f", {STUB_MS} ms" if not model else ""),
            "side": side,
            "canvas": os.environ.get("SCUMBLE_PACE_CANVAS", ""),
            "off": [round(v, 1) for v in off],
            "on": [round(v, 1) for v in on],
            "steered": [round(v, 1) for v in steered],
            "pictures": round(shown / seconds, 1),
            "latency": rank([r[0] for r in found], 0.5),
            "latency_p95": rank([r[0] for r in found], 0.95),
            "engine": rank([r[1] for r in found], 0.5),
        }
        say("time", json.dumps(result))


if __name__ == "__krita__":
    play(scenario)
