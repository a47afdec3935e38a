# SPDX-License-Identifier: GPL-3.0-or-later
"""What Krita holds when it has painted without Scumble, with the layers of live alone, and when it has
painted with live and given the model back.

Run in three profiles: first without the plug-in, then twice with it, the model in SCUMBLE_TEST_MODEL and what
was found so far in SCUMBLE_HELD. SCUMBLE_TEST_SIDE: the canvas, 512 if none is given.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import check, idle, line, new_document, play, say, stroke, until  # noqa: E402

STROKES, SIDE = 8, int(os.environ.get("SCUMBLE_TEST_SIDE", "512"))
HELD = [[float(v) for v in found.split()] for found in os.environ.get("SCUMBLE_HELD", "").split(",") if found]
MORE = 30  # MiB


def held():
    """(all that is resident, what of it is this process's alone and in no file), MiB."""
    fields = dict(row.split(":") for row in Path("/proc/self/status").read_text().splitlines())
    return [int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")]


def painted(document, after):
    for n in range(STROKES):
        yield from stroke(line((150 + 40 * n, 250), (700 - 30 * n, 700), 6))
        yield from idle(document)
        yield from after()
    yield 3000


def without():
    document = yield from new_document(SIDE)
    yield from painted(document, lambda: iter(()))
    say("memory", *held())


def with_layers():
    """What live adds to the document (its layers, written to as often, and the last picture) and no engine:
    Krita's own tiles."""
    from painting import QtCore
    from scumble.group import ManagedGroup

    document = yield from new_document(SIDE)
    group, last = ManagedGroup.make(document), None

    def after():
        nonlocal last
        for _ in range(2):
            pixels = QtCore.QByteArray(os.urandom(4 * SIDE * SIDE))
            group.live.setPixelData(pixels, 0, 0, SIDE, SIDE)
            group.redraw()
            yield 500
        last = group.picture()

    yield from painted(document, after)
    say("memory", *held())


def with_live():
    from process import workers
    from real import at_rest, change
    from scumble import models
    from scumble.extension import live

    document = yield from new_document(SIDE)
    change(document, model=models.remember(os.environ["SCUMBLE_TEST_MODEL"]), prompt="a house", strength=0.6)
    live().start(document)
    yield from until(lambda: live().of(document).last_frame is not None, 60)
    yield from painted(document, lambda: at_rest(document))
    at_work = held()
    live().stop(document)
    live().engines.drop_unused()
    took = yield from until(lambda: not workers(), 10)
    check("given back, the process is gone", took is not None, workers())
    yield 3000
    now = held()
    figures = ", ".join(
        f"{name} {had:.0f} MiB without the plug-in, {layers:.0f} with its layers, {at:.0f} at work, "
        f"{has:.0f} given back"
        for name, had, layers, at, has in zip(("all", "its own"), *HELD, at_work, now, strict=True)
    )
    # A larger canvas has larger layers, which are the document's.
    what, without = ("the plug-in", HELD[0]) if SIDE <= 512 else ("the engine", HELD[1])
    good = now[0] - without[0] <= MORE
    check(f"and Krita holds at most {MORE} MiB more than without {what}", good, figures)


if __name__ == "__krita__":
    play((without, with_layers, with_live)[len(HELD)])
