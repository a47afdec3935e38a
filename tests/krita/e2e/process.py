# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's own process in the real Krita: it may be killed at any moment, and takes the model along.

SCUMBLE_TEST_MODEL is the model; scumble-worker lies beside the library.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import part  # noqa: E402
from painting import check, idle, line, new_document, play, say, stroke, until, whole  # noqa: E402
from real import at_rest, change  # noqa: E402
from scumble import models  # noqa: E402
from scumble.extension import live  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402

STROKES = 12


def workers():
    """The processes of this Krita that render."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "stat").read_text().rsplit(")", 1)
        except OSError:
            continue
        state, parent = words[1].split()[:2]
        if words[0].endswith("(scumble-worker") and int(parent) == os.getpid() and state not in "ZX":
            found.append(int(folder.name))
    return found


def resident():
    """Memory of this process, MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def timed(name, call):
    """A figure, no check: at most 20 ms on a machine at rest. What the thread has computed of it is ours and
    Krita's; the rest it has waited, also for a processor."""
    clocks = time.perf_counter, time.thread_time
    began = [clock() for clock in clocks]
    call()
    took, computed = ((clock() - since) * 1000 for clock, since in zip(clocks, began, strict=True))
    say(f"     {name} took the interface {took:.1f} ms, {computed:.1f} of them at work")


def scenario():
    document = yield from new_document(256)
    model = models.remember(os.environ["SCUMBLE_TEST_MODEL"])
    change(document, model=model, prompt="a house", strength=0.6)
    before = resident()
    timed("Live", lambda: live().start(document))
    layer, node = live().of(document), part(document, LIVE_NAME)
    picture = lambda: whole(node, document)  # noqa: E731
    yield from until(lambda: layer.last_frame is not None, 60)
    yield from at_rest(document)
    check("the model runs in one process of its own", len(workers()) == 1, workers())
    here = "libonnxruntime" in Path("/proc/self/maps").read_text()
    check("and Krita itself has not even loaded its runtime", not here)
    yield from painted_under_fire(document, picture)
    other = models.remember(str(Path(os.environ["SCUMBLE_TEST_MODEL"]).with_name("sd15")))
    for chosen in (other, model):
        timed("another model while it renders", lambda: change(document, model=chosen, prompt="a tree"))  # noqa: B023
        yield 30
        timed("another while that loads", lambda: change(document, model=other if chosen == model else model))  # noqa: B023
        yield from at_rest(document)
        timed("another model at rest", lambda: change(document, model=chosen))  # noqa: B023
        yield from at_rest(document)
    check("the model that was chosen last is the one that runs", live().status(document).live, workers())
    timed("Live off", lambda: live().stop(document))
    timed("giving the model back", live().engines.drop_unused)
    took = yield from until(lambda: not workers(), 10)
    check("given back, the process is gone", took is not None, workers())
    live().start(document)
    yield from at_rest(document)
    change(document, prompt="a house by the sea")
    yield 30
    timed("what Krita's end asks of us, in mid-picture", live().close)
    took = yield from until(lambda: not workers(), 10)
    check("and the process is gone", took is not None, workers())
    say(f"     Krita grew by {resident() - before:.0f} MiB")


def painted_under_fire(document, picture):
    """Strokes while the process is killed at any moment."""
    paper, chance, killed = document.nodeByName("Background") or document.activeNode(), random.Random(5), 0
    for n in range(STROKES):
        yield from stroke(line((150 + 40 * n, 250), (700 - 30 * n, 700), 6))
        yield chance.randrange(300)
        for process in workers():
            os.kill(process, signal.SIGKILL)
            killed += 1
    yield from idle(document)
    took = yield from at_rest(document)
    status = live().status(document)
    good = took is not None and status.live and not status.error
    check("killed at any moment while the artist paints: live goes on", good and killed >= 3,
          f"{killed} killed; {status.text}")  # fmt: skip
    after, paint = picture(), whole(paper, document)
    change(document, prompt="a night sky")
    yield from at_rest(document)
    other = picture()
    change(document, prompt="a house")
    yield from at_rest(document)
    check("the picture is the one that it had made undisturbed", picture() == after != other)
    check("and the painting is as it was painted", whole(paper, document) == paint)
    layers = [child.name() for child in document.rootNode().childNodes()]
    check("nothing was left in the stack", len(layers) == 2, layers)


if __name__ == "__krita__":
    play(scenario)
