# SPDX-License-Identifier: GPL-3.0-or-later
"""What Krita holds when it has painted without Scumble, and when it has painted with live and given the model
back.

Run in two profiles: first without the plug-in, then with it, the model in SCUMBLE_TEST_MODEL and what the
first run has found in SCUMBLE_WITHOUT.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import check, idle, line, new_document, play, say, stroke, until  # noqa: E402

STROKES, SIDE = 8, 512
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
    before = [float(number) for number in os.environ["SCUMBLE_WITHOUT"].split()]
    now = held()
    figures = ", ".join(
        f"{name} {had:.0f} MiB without the plug-in, {at:.0f} at work, {has:.0f} given back"
        for name, had, at, has in zip(("all", "its own"), before, at_work, now, strict=True)
    )
    good = now[0] - before[0] <= MORE
    check(f"and Krita holds at most {MORE} MiB more than without the plug-in", good, figures)


if __name__ == "__krita__":
    play(with_live if os.environ.get("SCUMBLE_WITHOUT") else without)
