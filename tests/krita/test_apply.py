# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply and Keep: the picture as a layer."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import picture, run
from scumble import live as live_module
from scumble.group import ManagedGroup
from scumble.library import ScumbleError


def test_apply_bakes_one_layer_in_one_step(live, document):
    live.set_settings(document, replace(live.settings(document), prompt="a  red\ncastle"))
    with pytest.raises(ScumbleError, match="no live layer"):
        live.apply(document)
    live.start(document)
    assert run(live, document)
    steps = len(document.steps)
    ManagedGroup.find(document).live.setOpacity(77)
    live.apply(document)
    baked = document.root.children[1]
    assert baked.name() == "Scumble: a red castle" and np.array_equal(baked.pixels, picture(document))
    assert baked.opacity() == 77 and baked.index() < ManagedGroup.find(document).group.index()
    assert document.active is baked, "what is painted next is seen by the model"
    assert len(document.steps) == steps + 1 and live.of(document) is not None


@pytest.mark.parametrize("keep", [False, True])
def test_while_the_model_is_loading_no_empty_layer_is_made(live, document, monkeypatch, keep):
    monkeypatch.setenv("SCUMBLE_STUB_LOAD_MS", "60000")
    monkeypatch.setattr(live_module, "FINISH", 0.05)
    live.start(document)
    live.loop.tick()
    layers, seed = list(document.root.children), live.settings(document).seed
    with pytest.raises(ScumbleError, match="no picture yet"):
        live.apply(document, keep)
    assert document.root.children == layers and live.settings(document).seed == seed


def test_keep_lays_the_picture_aside(live, document):
    live.start(document)
    assert run(live, document)
    before, seed = picture(document).copy(), live.settings(document).seed
    live.keep(document)
    kept = document.root.children[-1]
    assert np.array_equal(kept.pixels, before) and not kept.visible(), "the live picture is still seen"
    document.paper.pixels[3] = (1, 2, 3, 255)
    assert run(live, document) and np.array_equal(document.shown, picture(document))
    assert live.settings(document).seed == seed


def test_apply_waits_a_moment_for_the_picture_that_is_being_made(live, document, monkeypatch):
    live.start(document)
    assert run(live, document)
    monkeypatch.setenv("SCUMBLE_STUB_MS", "200")
    document.paper.pixels[..., :3] = 40
    live.loop.tick()
    assert run(live, document, lambda: live.of(document).working)
    live.keep(document)
    assert (document.root.children[-1].pixels[..., :3] == 215).all(), "not the picture before it"
    live.set_settings(document, replace(live.settings(document), prompt="endless"))
    monkeypatch.setattr(live_module, "FINISH", 0.1)
    live.keep(document)
    assert live.of(document).working, "but not for ever"
