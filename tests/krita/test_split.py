# SPDX-License-Identifier: GPL-3.0-or-later
"""The split view: the paint left of a line, the picture right of it, and nothing of it in what is copied."""

import numpy as np
import pytest
from conftest import run
from scumble import document as document_module
from scumble import extension
from scumble.docker import ScumbleDocker
from scumble.group import ManagedGroup
from scumble.split import Split


@pytest.mark.parametrize("at", [0.0, 0.3, 1.0])
def test_what_is_shown_and_what_is_emptied_cover_each_rectangle_once(at):
    split, canvas, rects = Split(), (100, 40), [(0, 0, 100, 10), (20, 10, 30, 30), (60, 12, 7, 5)]
    split.at = at
    for anew in (True, False):
        count = np.zeros((canvas[1], canvas[0]), int)
        for (x, y, width, height), shown in split.pieces(rects, canvas, anew):
            assert shown == (x >= round(at * 100)) and (shown or anew)
            count[y : y + height, x : x + width] += 1
        wanted = np.zeros_like(count)
        for x, y, width, height in rects:
            wanted[y : y + height, x : x + width] = 1
        if not anew:
            wanted[:, : round(at * 100)] = 0
        assert np.array_equal(count, wanted)


def whole(document):
    """What the stub makes of the paint."""
    made = 255 - document.paper.pixels
    made[..., 3] = 255
    return made


def halves(document, at):
    """(whether the live layer is empty left of the line, whether it has the picture right of it)."""
    pixels, line = ManagedGroup.find(document).live.pixels, round(at * document.width())
    return not pixels[:, :line].any(), np.array_equal(pixels[:, line:], whole(document)[:, line:])


def test_the_split_view_follows_the_paint_and_its_line(live, document):
    live.start(document)
    assert run(live, document)
    live.split(document)
    one = live.of(document)
    assert one.split == 0.5 and run(live, document, lambda: all(halves(document, 0.5)))
    document.paper.pixels[10:20, 10:60] = (9, 8, 7, 255)
    assert run(live, document, lambda: all(halves(document, 0.5))), "a stroke on both sides"
    for at in (0.8, 0.25, 0.98):
        live.split(document, at)
        assert run(live, document, lambda at=at: all(halves(document, at))), at
    live.split(document)
    assert one.split == 0.0 and run(live, document, lambda: all(halves(document, 0.0)))


def test_apply_keep_and_last_pictures_have_the_whole_picture(live, document):
    live.start(document)
    assert run(live, document)
    live.split(document, 0.5)
    assert run(live, document, lambda: all(halves(document, 0.5)))
    live.keep(document)
    kept = next(node for node in document.root.children if not node.visible())
    assert np.array_equal(kept.pixels, whole(document))
    assert run(live, document, lambda: all(halves(document, 0.5))), "then it is split as before"
    document.paper.pixels[10:20, 10:60] = (9, 8, 7, 255)
    assert run(live, document, lambda: all(halves(document, 0.5)))
    expected = whole(document)
    live.apply(document)
    applied = [node for node in document.root.children if node.visible() and node.type() == "paintlayer"]
    assert any(np.array_equal(node.pixels, expected) for node in applied)


def test_the_docker_has_the_line_while_it_splits(live, document, monkeypatch):
    monkeypatch.setattr(extension, "_live", live)
    docker = ScumbleDocker()
    docker.refresh()
    assert not docker.compare.half.isEnabled(), "nothing is live"
    live.start(document)
    assert run(live, document)
    docker.refresh()
    assert docker.compare.half.isEnabled() and docker.compare.line.isHidden()
    docker.compare.half.click()
    docker.refresh()
    assert live.splits_at(document) == 0.5 and not docker.compare.line.isHidden()
    docker.compare.line.setValue(300)
    assert live.splits_at(document) == 0.3
    live.split(document)
    docker.refresh()
    assert not docker.compare.half.isChecked() and docker.compare.line.isHidden()
    live.split(None)


def test_a_picture_that_is_seen_in_halves_is_among_the_last_ones_whole(live, document, monkeypatch):
    """So that another seed loses none."""
    monkeypatch.setattr(document_module, "STAY_FAST", 0.02)
    live.start(document)
    assert run(live, document)
    live.split(document, 0.5)
    document.paper.pixels[10:20, 10:60] = (9, 8, 7, 255)
    assert run(live, document, lambda: all(halves(document, 0.5)))
    expected = whole(document)
    has_it = lambda: np.array_equal(live.history.of(document)[0].layer.pixels, expected)  # noqa: E731
    assert run(live, document, lambda: live.history.of(document) and has_it())
    assert all(halves(document, 0.5)), "what is seen stays split"
    live.new_seed(document)
    assert run(live, document, lambda: len(live.history.of(document)) == 2)
    live.lay(document, live.history.of(document)[1])
    assert np.array_equal(document.root.children[-1].pixels, expected)
    document.paper.pixels[10:20, 10:60] = (1, 2, 3, 255)
    assert run(live, document, lambda: all(halves(document, 0.5))), "and follows"
