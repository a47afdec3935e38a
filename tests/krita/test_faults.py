# SPDX-License-Identifier: GPL-3.0-or-later
"""What artists do that a live layer must bear: each was a fault once."""

import gc
import weakref
from dataclasses import replace

import krita
import numpy as np
import pytest
from conftest import eventually, picture, run, settled
from scumble import document as document_module
from scumble import group as group_module
from scumble import reading, writing
from scumble.group import ManagedGroup
from scumble.library import ScumbleError


def selected(x, y, width, height, value=255):
    selection = krita.Selection()
    selection.select(x, y, width, height, value)
    return selection


def turns(live, seconds=0.3):
    eventually(live.loop.tick, lambda: False, seconds)


# --- whatever the artist does next must be seen ---


def test_off_the_paint_is_seen(live, document):
    live.start(document)
    assert run(live, document)
    live.stop(document)
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels)
    live.start(document)
    document.paper.pixels[2] = (4, 5, 6, 255)
    assert run(live, document) and np.array_equal(document.shown, picture(document))


def test_after_an_error_the_paint_is_seen_until_the_next_picture(live, document, monkeypatch):
    live.start(document)
    assert run(live, document)
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "render")
    document.paper.pixels[0] = (1, 1, 1, 255)
    assert run(live, document, lambda: live.status(document).error)
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels)
    assert krita.Krita.instance().messages[-1] == live.status(document).text, "and it is said on the canvas"
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    document.paper.pixels[0] = (2, 1, 1, 255)
    assert run(live, document) and not live.status(document).error
    document.merge()
    assert np.array_equal(document.shown, picture(document))


def test_a_process_that_is_started_anew_is_told_by_the_way(live, document):
    """The library renders the same again by itself: the picture stays, and is not said to be at its end."""
    live.set_settings(document, replace(live.settings(document), prompt="dying"))
    live.start(document)
    assert run(live, document, lambda: krita.Krita.instance().messages)
    assert "started anew" in krita.Krita.instance().messages[-1]
    assert live.of(document) and not live.status(document).error
    assert run(live, document) and not live.status(document).error
    assert len(krita.Krita.instance().messages) == 1, "once"


@pytest.mark.parametrize("where", ["nowhere in it", "off the canvas"])
def test_nothing_selected_renders_nothing(live, document, where):
    live.start(document)
    assert run(live, document)
    document.chosen = selected(0, 0, 0, 0) if where == "nowhere in it" else selected(500, 500, 10, 10)
    assert run(live, document, lambda: not picture(document).any())
    assert "selected" in live.status(document).text
    document.paper.pixels[5] = (7, 7, 7, 255)
    turns(live)
    document.merge()
    assert not picture(document).any() and np.array_equal(document.shown, document.paper.pixels)
    live.set_settings(document, replace(live.settings(document), prompt="typed meanwhile"))
    document.chosen = selected(10, 20, 30, 15)
    inside = np.zeros((64, 96), bool)
    inside[20:35, 10:40] = True
    assert run(live, document, lambda: np.array_equal(picture(document)[..., 3] > 0, inside))
    document.chosen = None
    assert run(live, document), "deselected: all of it again"


# --- one picture at once ---


def test_a_new_canvas_is_handed_over_as_one_change(live, document, monkeypatch):
    monkeypatch.setattr(writing, "PIECE_BYTES", 96 * 4 * 4)
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 4)
    live.start(document)
    assert run(live, document)
    assert live.of(document).session.stats().jobs_started == 1, "no picture of half a canvas"


def test_every_part_of_a_frame_is_laid_down(live, document):
    """The stub tells what is new in up to four parts, each time in another order."""
    live.start(document)
    for value in (20, 90, 160):
        document.paper.pixels[..., :3] = value
        assert run(live, document) and np.array_equal(document.shown, picture(document))
        turns(live, 0.05)


@pytest.fixture
def alternating(live, document, monkeypatch):
    """Pictures that are the paint and its inverse in turns, written in many small pieces."""
    monkeypatch.setattr(writing, "PIECE_BYTES", 96 * 4 * 4)
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 4)
    monkeypatch.setattr(document_module, "TURN", 0)
    live.set_settings(document, replace(live.settings(document), prompt="endless"))
    live.start(document)
    assert run(live, document, lambda: live.of(document).frames_shown > 2)
    return live


def test_a_picture_is_seen_all_at_once(alternating, document):
    for _ in range(300):
        alternating.loop.tick()
        assert np.ptp(document.shown[..., :3]) == 0, "never a patchwork of two pictures"


def test_apply_copies_one_whole_picture(alternating, document):
    for _ in range(5):
        assert run(alternating, document, lambda: np.ptp(picture(document)[..., :3]) > 0), "half written"
        alternating.keep(document)
        assert np.ptp(document.root.children[-1].pixels[..., :3]) == 0


# --- several groups, groups around it ---


def test_a_duplicated_group_is_not_taken_for_the_live_one(live, document):
    live.start(document)
    assert run(live, document)
    group = ManagedGroup.find(document).group
    document.root.addChildNode(group.clone(), group)
    live.stop(document)
    live.start(document)
    assert live.of(document).group.group is group, "the one that it was"
    document.paper.pixels[4] = (3, 2, 1, 255)
    assert run(live, document)
    live.stop(document)
    live.set_settings(document, replace(live.settings(document), group=""))
    live.start(document)
    assert live.of(document).group.group is group, "else the lowest, which the paint lies under"


def test_renamed_layers_are_still_the_group(live, document):
    live.start(document)
    live.of(document).group.live.setName("my picture")
    live.stop(document)
    live.start(document)
    assert len(document.root.children) == 2 and run(live, document, lambda: live.of(document).frames_shown)


@pytest.mark.parametrize("how", ["alone in a group", "pass-through off", "outer group deleted", "hidden"])
def test_groups_around_the_live_group(live, document, how):
    live.start(document)
    assert run(live, document)
    group, root = live.of(document).group.group, document.root
    outer = document.createGroupLayer("Group 1")
    outer.parent, outer.children = root, [group]
    root.children[root.children.index(group)], group.parent = outer, outer
    outer.setPassThroughMode(how != "alone in a group")
    if how == "hidden":
        outer.setVisible(False)
        assert run(live, document, lambda: live.of(document).hidden)
        return
    if how == "pass-through off":
        group.setPassThroughMode(False)
    elif how == "outer group deleted":
        outer.remove()
    assert run(live, document, lambda: live.of(document) is None)
    status = live.status(document)
    name = {"alone in a group": "Group 1", "pass-through off": "Scumble"}.get(how, "removed")
    assert status.error and name in status.text


def test_inside_an_artists_group_it_renders_that_group(live, document):
    outer, paint = document.createGroupLayer("figure"), document.createNode("paint", "paintlayer")
    document.root.addChildNode(outer, document.paper)
    outer.addChildNode(paint, None)
    document.active = paint
    live.start(document)
    turns(live, 0.1)
    assert live.of(document) is not None and live.of(document).group.group.parent is outer


def test_the_live_layer_in_another_colour_space_is_told(live, document):
    live.start(document)
    assert run(live, document)
    live.of(document).group.live.colours = ("RGBA", "U16", document.profile)
    assert run(live, document, lambda: live.of(document) is None)
    assert "other colours" in live.status(document).text


# --- large canvases, errors, memory, the way out ---


def test_nothing_is_read_or_written_in_more_than_krita_can_hold(live, document, monkeypatch):
    monkeypatch.setattr(krita.document, "MOST", 96 * 4 * 20)
    for module in (group_module, writing):
        monkeypatch.setattr(module, "PIECE_BYTES", 96 * 4 * 10)
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 10)
    live.start(document)
    assert run(live, document)
    document.chosen = selected(10, 20, 30, 15)
    assert run(live, document, lambda: not picture(document)[0].any())
    live.apply(document)
    live.keep(document)


def test_a_canvas_too_large_is_refused_before_anything_is_made(live, document, monkeypatch):
    monkeypatch.setattr(group_module, "MAX_SIDE", 90)
    with pytest.raises(ScumbleError, match="96 × 64.*up to 90"):
        live.start(document)
    assert len(document.root.children) == 1
    monkeypatch.setattr(group_module, "MAX_SIDE", 100)
    live.start(document)
    assert run(live, document)
    document.change(120, 80)
    assert run(live, document, lambda: live.of(document) is None)
    assert "120 × 80" in live.status(document).text


@pytest.mark.parametrize("call", ["push", "set_mask"])
def test_errors_of_reading_and_masking_are_told(live, document, monkeypatch, call):
    live.start(document)
    assert run(live, document)

    def fails(*_):
        raise ScumbleError("the rectangle does not fit", -4)

    monkeypatch.setattr(live.of(document).session, call, fails)
    told = []
    live.changed.connect(lambda: told.append(live.status(document)))
    document.chosen = selected(1, 1, 5, 5)
    assert run(live, document, lambda: told)
    assert told[-1].error and "does not fit" in told[-1].text


def test_a_told_error_keeps_nothing_alive(live, document, monkeypatch):
    live.start(document)
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "load")
    engine, one = weakref.ref(live.of(document).engine), weakref.ref(live.of(document))
    assert run(live, document, lambda: live.of(document) is None)
    gc.collect()
    assert engine() is None and one() is None and live.status(document).error
    document.closed = True
    live.loop.wake()
    assert not live.told.kept


def test_leaving_closes_everything_whatever_fails(live, document, capsys):
    live.start(document)
    other = krita.Document(20, 10)
    live.start(other)
    sessions, engine = [one.session for one in live.loop.documents], live.of(other).engine
    live.of(document).close = lambda: 1 / 0
    live.close()
    assert sessions[1].closed and engine.closed


def test_krita_may_run_timers_while_it_is_changed(live, document):
    """Where libkis waits for a stroke it runs timers, ours too."""
    live.start(document)
    assert run(live, document)
    turned, waited = [], []
    live.of(document).tick = lambda: turned.append(1) or 0.0
    live.of(document).due = 0.0
    document.waiting = lambda: (waited.append(1), live.loop.tick())
    live.apply(document)
    assert waited and not turned, "no turn is taken meanwhile"
    live.loop.tick()
    assert turned


def test_both_windows_are_rendered(live, document):
    other = krita.Document(40, 30)
    one = krita.Krita.instance()
    one.opened = [krita.Window(krita.View(document)), krita.Window(krita.View(other))]
    live.start(document)
    live.start(other)
    assert run(live, document, lambda: settled(document) and settled(other))
    other.paper.pixels[3] = (9, 9, 1, 255)
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document, lambda: settled(document) and settled(other))


def test_the_layer_of_the_view_in_front_is_meant(live, document):
    """The first view's layer is what Krita calls the document's active one."""
    upper = document.createNode("upper", "paintlayer")
    document.root.addChildNode(upper, document.paper)
    document.active = document.paper
    krita.Krita.instance().opened = [krita.Window(krita.View(document, [upper]))]
    live.start(document)
    assert live.of(document).group.group.index() == 2, "above the layer that is chosen in front"


# --- the error that is told, and the picture that goes with it ---


def test_a_picture_begun_before_a_failure_neither_wipes_the_error_nor_covers_the_paint(
    live, document, monkeypatch
):
    """The library tells of a failure first and keeps the frame behind it."""
    live.start(document)
    assert run(live, document)
    one, session = live.of(document), live.of(document).session
    poll, node = session.poll, ManagedGroup.find(document).live
    monkeypatch.setattr(session, "poll", lambda: None)
    for value in (1, 2):  # what is made of the first lies ready, and the second fails, before the host looks
        changed = one._changed_at
        document.paper.pixels[0] = (value, 1, 1, 255)
        assert run(live, document, lambda at=changed: one._changed_at > at) and session.wait(5000)
        monkeypatch.setenv("SCUMBLE_STUB_FAIL", "render")
    monkeypatch.setattr(session, "poll", poll)

    def stays(shown):
        assert run(live, document, lambda: one.frames_shown > shown), "the frame comes all the same"
        document.merge()
        assert one.failed and "asked to fail" in live.status(document).text and not node.visible()
        assert np.array_equal(document.shown, document.paper.pixels)

    stays(one.frames_shown)
    assert not one.finished(), "and is none to come back to"
    live.split(document, 0.4)  # all of it once more
    stays(one.frames_shown)
    live.split(document, 0.0)
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    document.paper.pixels[0] = (3, 1, 1, 255)
    assert run(live, document) and not one.failed and node.visible()
    assert not live.status(document).error
