# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the real Krita with the real engine and the model named by SCUMBLE_TEST_MODEL."""

import os
import sys
import time
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import part  # noqa: E402
from painting import (  # noqa: E402
    QtCore,
    check,
    idle,
    line,
    new_document,
    play,
    projection,
    stroke,
    until,
    whole,
)
from scumble import models  # noqa: E402
from scumble.extension import live, run  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402


def at_rest(document, seconds=150):
    """Until paint, engine and picture have been still for half a second."""
    since, shown = time.perf_counter(), -1

    def still():
        nonlocal since, shown
        layer, now = live().of(document), time.perf_counter()
        if layer is None or layer.session.stats().busy or layer.frames_shown != shown:
            since, shown = now, -1 if layer is None else layer.frames_shown
        return now - since > 0.5

    return (yield from until(still, seconds))


def change(document, **settings):
    live().set_settings(document, replace(live().settings(document), **settings))


def scenario():
    document = yield from new_document(256)
    paper = document.activeNode()
    blank = whole(paper, document)
    folder = os.environ["SCUMBLE_TEST_MODEL"]
    model = models.remember(folder) if folder else ""
    change(document, model=model, prompt="a house", strength=0.6)
    live().start(document)
    layer = live().of(document)
    node = part(document, LIVE_NAME)
    picture = lambda: whole(node, document)  # noqa: E731
    yield from until(lambda: layer.last_frame is not None, 60)
    took = yield from at_rest(document)
    status = live().status(document)
    shown = layer.last_frame is not None
    check("the real engine renders a first picture", took and shown and not status.error, status.text)
    if not shown:
        return
    check("and tells of its model", bool(status.model.name), f"{status.model.name}, {status.model.device}")
    first = picture()
    check("the picture is neither empty nor the paint", len(set(first)) > 8 and first != blank)
    yield from stroke(line((200, 300), (700, 700), 10))
    yield from idle(document)
    took = yield from at_rest(document)
    second = picture()
    check("a stroke makes another picture", took and second != first)
    change(document, prompt="a night sky")
    took = yield from at_rest(document)
    check("so does another prompt", took and picture() != second)
    change(document, prompt="a house")
    took = yield from at_rest(document)
    check("the same paint, prompt and seed make the same picture again", took and picture() == second)
    run(lambda d: change(d, model=models.remember("/nowhere")), document)
    yield from until(lambda: live().of(document) is None, 20)
    status = live().status(document)
    check("a model folder that is not there: one sentence", status.error and not status.live, status.text)
    change(document, model=model)
    live().start(document)
    took = yield from until(lambda: live().status(document).live and picture() == second, 60)
    check("the right folder again: live goes on", took is not None)
    yield from deep(model)
    yield from wide(model)
    yield from transparent(model)


def deep(model):
    """In the format that is least like 8-bit sRGB."""
    document = yield from new_document(256, depth="F16", profile="sRGB-elle-V2-g10.icc")
    change(document, model=model, prompt="a house", strength=0.6)
    live().start(document)
    yield from until(lambda: live().of(document).last_frame is not None, 60)
    yield from at_rest(document)
    layer = live().of(document)
    shown = layer is not None and layer.last_frame is not None
    good = shown and len(set(whole(layer.group.live, document))) > 8
    check("a linear half-float document is rendered", good, live().status(document).text)


def wide(model):
    """A document whose profile is wider than sRGB: the picture is that of the same colours in sRGB."""
    srgb, rec2020 = ("U8", "sRGB-elle-V2-srgbtrc.icc"), ("F32", "Rec2020-elle-V4-g10.icc")
    document = yield from new_document(256, profile=srgb[1])
    paper = document.activeNode()
    change(document, model=model, prompt="a house", strength=0.6)
    yield from stroke(line((200, 300), (700, 700), 10))
    yield from idle(document)
    pictures = []
    for depth, profile in (srgb, rec2020):
        document.setColorSpace("RGBA", depth, profile)
        yield from idle(document)
        live().start(document)
        yield from until(lambda: live().of(document).last_frame is not None, 60)
        yield from at_rest(document)
        node, told = live().of(document).group.live, live().of(document).group.format().space
        live().stop(document)
        document.setColorSpace("RGBA", *srgb)
        yield from idle(document)
        pictures.append(whole(node, document))
    check("a wide profile is handed over", told.profile is not None or told.number != 0, profile)
    both, paint = range(len(pictures[0])), whole(paper, document)
    apart = sorted(abs(pictures[0][i] - pictures[1][i]) for i in both)
    usual = apart[len(apart) * 999 // 1000]
    made = sum(abs(pictures[0][i] - paint[i]) for i in both) / len(apart)
    good = sum(apart) / len(apart) < 1 and usual < 12 and made > 3
    check("in a wide profile the picture has the colours that it has in sRGB", good,
          f"mean {sum(apart) / len(apart):.3f}, {usual} of 255 in 999 of 1000; paint {made:.0f}")  # fmt: skip


def transparent(model):
    """A stroke on nothing: with "Keep transparency" the picture is where the paint is, and nowhere else."""
    document = yield from new_document(256)
    paper = document.activeNode()
    paper.setPixelData(QtCore.QByteArray(256 * 256 * 4, b"\0"), 0, 0, 256, 256)
    document.refreshProjection()
    yield from stroke(line((200, 500), (700, 500), 10))
    yield from idle(document)
    change(document, model=model, prompt="a house", strength=0.6, follow_alpha=True)
    live().start(document)
    yield from until(lambda: live().of(document).last_frame is not None, 60)
    yield from at_rest(document)
    paint, picture = whole(paper, document), whole(live().of(document).group.live, document)
    bare = [i for i in range(0, len(paint), 4) if paint[i + 3] == 0]
    solid = [i for i in range(0, len(paint), 4) if paint[i + 3] == 255]
    there = len(bare) > 10_000 and len(solid) > 500
    empty = sum(picture[i + 3] == 0 for i in bare), sum(picture[i + 3] == 255 for i in solid)
    good = there and empty == (len(bare), len(solid))
    note = f"{empty} of {len(bare)}, {len(solid)}"
    check("a transparent canvas stays so, the paint's place is the picture's", good, note)
    shown = projection(document)
    same = all(shown[i : i + 4] == picture[i : i + 4] for i in solid)
    made = sum(abs(picture[i] - paint[i]) for i in solid) / max(1, len(solid))
    check("which is the model's, not the paint", same and made > 3, f"apart by {made:.0f}")


if __name__ == "__krita__":
    play(scenario)
