# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita with the real engine and the model named by SCUMBLE_TEST_MODEL."""

import os
import sys
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import part  # noqa: E402
from painting import check, idle, line, new_document, play, stroke, until, whole  # noqa: E402
from scumble.canvas import LIVE_NAME  # noqa: E402
from scumble.extension import live  # noqa: E402


def scenario():
    document = yield from new_document(256)
    paper = document.activeNode()
    blank = whole(paper, document)
    model = os.environ["SCUMBLE_TEST_MODEL"]
    chosen = replace(live().settings(document), model=model, prompt="a house", strength=0.6)
    live().set_settings(document, chosen)
    live().start(document)
    layer = live().layer(document)
    took = yield from until(lambda: layer.last_frame is not None and not layer.working, 60)
    status = live().status(document)
    check("the real engine renders a first picture", took is not None and not status.error, status.text)
    if took is None:
        return
    check("and tells of its model", bool(status.model.name), f"{status.model.name}, {status.model.device}")
    first = whole(part(document, LIVE_NAME), document)
    check("the picture is neither empty nor the paint", len(set(first)) > 8 and first != blank)
    yield from stroke(line((200, 300), (700, 700), 10))
    yield from idle(document)
    node = part(document, LIVE_NAME)
    took = yield from until(lambda: whole(node, document) != first and not layer.working, 60)
    second = whole(node, document)
    check("a stroke makes another picture", took is not None and second != first, f"{took or 0:.0f} ms")
    live().set_settings(document, replace(live().settings(document), prompt="a night sky"))
    took = yield from until(lambda: whole(node, document) != second and not layer.working, 60)
    check("so does another prompt", took is not None)
    live().set_settings(document, replace(live().settings(document), prompt="a house"))
    took = yield from until(lambda: whole(node, document) == second, 60)
    check("the same paint, prompt and seed make the same picture again", took is not None)
    live().set_settings(document, replace(live().settings(document), model="/nowhere"))
    yield from until(lambda: live().layer(document) is None, 20)
    status = live().status(document)
    check("a model folder that is not there: one sentence", status.error and not status.live, status.text)
    live().set_settings(document, replace(live().settings(document), model=model))
    live().start(document)
    took = yield from until(lambda: whole(node, document) == second and live().status(document).live, 60)
    check("the right folder again: live goes on", took is not None)


if __name__ == "__krita__":
    play(scenario, 150)
