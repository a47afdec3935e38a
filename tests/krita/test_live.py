# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop, the canvas and the docker on a mock of Krita with real pixels; the stub inverts the paint."""

from dataclasses import replace

import krita
import numpy as np
import pytest
from conftest import picture, run, settled
from scumble import document as document_module
from scumble import loop, models, reading, writing
from scumble.group import SPECK, ManagedGroup
from scumble.library import ScumbleError


def test_a_picture_of_the_paint_comes_and_follows(live, document):
    live.start(document)
    assert document.activeNode() is not None
    assert run(live, document)
    assert np.array_equal(document.shown, picture(document)), "and is on the screen"
    document.paper.pixels[10:20, 30:50] = (9, 8, 7, 255)
    assert run(live, document)


def test_going_live_is_one_undo_step(live, document):
    live.start(document)
    assert document.steps == ["Add Layer"]


def test_nothing_new_makes_no_job_and_the_picture_is_not_its_own_source(live, document):
    live.start(document)
    assert run(live, document)
    jobs = live.of(document).session.stats().jobs_started
    for _ in range(50):
        live.loop.tick()
    assert live.of(document).session.stats().jobs_started == jobs


def test_painting_is_left_alone(live, document):
    """The mock raises for what would end the stroke, and counts what would make an undo step."""
    live.start(document)
    assert run(live, document)
    steps, paper = list(document.steps), document.paper.writes
    document.painting = True
    for n in range(5):
        document.paper.pixels[n] = (n, n, n, 255)
        assert run(live, document)
    assert live.of(document) is not None and live.status(document).live
    assert document.steps == steps and document.paper.writes == paper


def test_a_large_canvas_is_read_and_written_in_bands(live, document, monkeypatch):
    monkeypatch.setattr(writing, "PIECE_BYTES", 96 * 4 * 10)
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 10)
    live.start(document)
    assert run(live, document)
    assert np.array_equal(document.shown, picture(document)), "and all of it is shown"
    document.paper.pixels[60:63, 5:9] = (1, 2, 3, 255)
    assert run(live, document), "a change in any band is found"
    assert np.array_equal(document.shown, picture(document))
    monkeypatch.setattr(document_module, "TURN", 0)
    document.paper.pixels[3] = (9, 2, 3, 255)
    at_once, before = 0, ManagedGroup.find(document).live.writes
    while not settled(document):
        live.loop.tick()
        after = ManagedGroup.find(document).live.writes
        at_once, before = max(at_once, after - before), after
    assert at_once == 1, "no more is written in a turn than it has time for"


def test_a_canvas_of_another_size_or_depth(live, document):
    live.start(document)
    assert run(live, document)
    document.change(120, 80)
    document.paper.pixels[:] = 200
    document.paper.pixels[..., 3] = 255
    assert run(live, document)
    assert np.array_equal(document.shown, picture(document)), "the redraw tap covers the larger canvas"
    document.depth = "U16"
    for node in document.every(document.root):
        node.pixels = node.pixels.astype(np.uint16) * 257
    assert run(live, document)
    document.model = "CMYKA"
    assert run(live, document, lambda: live.of(document) is None)
    status = live.status(document)
    assert not status.live and status.error and "CMYKA" in status.text
    document.model = "RGBA"
    assert not live.status(document).error, "converted back, it is no longer said"


def test_a_selection_cuts_the_picture(live, document):
    selection = krita.Selection()
    inside = np.zeros((64, 96), bool)
    for x, y, width, height in ((10, 20, 30, 15), (60, 30, 20, 20)):
        selection.select(x, y, width, height, 255)
        inside[y : y + height, x : x + width] = True
    document.chosen = selection
    live.start(document)
    alpha = lambda: picture(document)[..., 3]  # noqa: E731
    assert run(live, document, lambda: np.array_equal(alpha() > 0, inside))
    live.set_settings(document, replace(live.settings(document), outside_shows_paint=True))
    around = np.zeros((64, 96), bool)
    around[20:50, 10:80] = True
    assert run(live, document, lambda: np.array_equal(alpha() > 0, around)), "in the rectangle around it"
    between = around & ~inside
    assert np.array_equal(picture(document)[between], document.paper.pixels[between])
    document.chosen = None
    live.set_settings(document, replace(live.settings(document), outside_shows_paint=False))
    assert run(live, document)


@pytest.mark.parametrize("how", ["deleted", "undone", "apart", "closed"])
def test_live_stops_by_itself_when_the_group_goes(live, document, how):
    live.start(document)
    assert run(live, document)
    canvas = ManagedGroup.find(document)
    if how == "deleted":
        canvas.group.remove()
    elif how == "undone":
        canvas.tap.shape_list.clear()
        document.paper.pixels[0] = 0
    elif how == "apart":
        canvas.live.remove()
    else:
        document.closed = True
    assert run(live, document, lambda: live.of(document) is None)
    if how != "closed":
        status = live.status(document)
        assert status.error and "live is off" in status.text
    if how in ("deleted", "closed"):
        document.closed = False
        live.start(document)
        assert run(live, document), "and can be started again"


def test_an_error_inside_never_reaches_krita(live, document, monkeypatch, capsys):
    other = krita.Document(20, 10)
    live.start(document)
    live.start(other)
    monkeypatch.setattr(live.of(document).group, "check", lambda: 1 / 0)
    assert run(live, document, lambda: live.of(document) is None)
    assert live.of(other) is not None, "the other document goes on"
    status = live.status(document)
    assert not status.live and "ZeroDivisionError" in status.text
    assert "Traceback" in capsys.readouterr().err


def test_a_failed_run_is_told_and_the_next_change_tries_again(live, document, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "render")
    live.start(document)
    assert run(live, document, lambda: live.status(document).error)
    assert live.status(document).live and "asked to fail" in live.status(document).text
    assert not live.of(document).working, "and is not waited for any more"
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    document.paper.pixels[0] = (1, 1, 1, 255)
    assert run(live, document) and not live.status(document).error


def test_what_of_the_words_is_not_read_is_told(live, document):
    live.set_settings(document, replace(live.settings(document), prompt="wordy"))
    live.start(document)
    assert run(live, document)
    status = live.status(document)
    assert not status.error and "too long for the stub" in status.text and "Up to date" in status.text
    live.set_settings(document, replace(live.settings(document), prompt="short"))
    assert run(live, document, lambda: "too long" not in live.status(document).text)


def test_what_the_picture_waits_for_is_told_until_it_is_there(live, document, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_READS_MS", "300")
    live.set_settings(document, replace(live.settings(document), prompt="reading"))
    live.start(document)
    said = lambda: live.status(document).text  # noqa: E731
    assert run(live, document, lambda: "The stub reads a network" in said()), said()
    assert not live.status(document).error
    assert run(live, document) and run(live, document, lambda: "Up to date" in said()), said()
    assert "reads" not in said()


def test_typing_waits_for_a_slow_engine(live, document, monkeypatch):
    assert live.typing_pause(document) == 80
    live.start(document)
    assert run(live, document)
    layer = live.of(document)
    for took, pause in ((5_000, 80), (400_000, 400), (9_000_000, 1500)):
        layer.last_frame.since_start_us = took
        assert live.typing_pause(document) == pause


def test_scumbles_own_model_is_offered_for_one_that_fails(live, document, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "load")
    live.set_settings(document, replace(live.settings(document), model=models.remember("/broken")))
    with pytest.raises(ScumbleError, match="asked to fail") as caught:
        live.start(document)
    live.tell(document, caught.value)
    assert live.status(document).offer_own and "asked to fail" in live.status(document).text
    assert len(document.root.children) == 1, "a model that cannot be used leaves no group behind"
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    live.use_own_model(document)
    assert live.settings(document).model == "" and run(live, document)
    assert not live.status(document).offer_own


def test_off_nothing_is_left_in_memory(live, document):
    live.start(document)
    assert run(live, document)
    session, engine = live.of(document).session, live.of(document).engine
    live.stop(document)
    assert session.closed and live.engines.spare.isActive()
    live.engines.spare.timeout.emit()
    assert engine.closed and not live.engines.made
    live.start(document)
    document.paper.pixels[0] = (5, 1, 1, 255)
    assert run(live, document)


def test_a_hidden_layer_asks_for_no_further_turn(live, document):
    live.start(document)
    assert run(live, document)
    asked = []
    live.loop.timer.start = lambda delay=None: asked.append(delay)
    live.loop.watch.layers_watched = True
    ManagedGroup.find(document).group.setVisible(False)
    live.loop.timer.stop = lambda: asked.clear()
    assert run(live, document, lambda: live.of(document).hidden)
    assert asked == [] and "hidden" in live.status(document).text
    ManagedGroup.find(document).group.setVisible(True)
    live.loop.wake()
    assert asked == [0]
    live.loop.tick()
    assert not live.of(document).hidden, "its turn is at once"


def test_a_model_that_is_not_there(live, document):
    live.set_settings(document, replace(live.settings(document), model=models.remember("/nowhere")))
    with pytest.raises(ScumbleError, match="choose another"):
        live.start(document)
    assert live.of(document) is None and len(document.root.children) == 1, "nothing was made"


def test_pictures_wait_while_the_artist_undoes(live, document):
    live.start(document)
    assert run(live, document)
    document.paper.pixels[5] = (5, 5, 5, 255)
    live.loop.hold()
    merges = document.merges
    assert not run(live, document, seconds=0.2) and document.merges == merges
    assert run(live, document)


def test_krita_draws_what_is_new_of_a_picture(live, document, monkeypatch):
    live.start(document)
    assert run(live, document)
    asked, redraw = [], ManagedGroup.redraw

    def recorded(self, rect=None):
        asked.append(rect)
        redraw(self, rect)

    monkeypatch.setattr(ManagedGroup, "redraw", recorded)
    document.paper.pixels[40:48, 60:70] = (9, 9, 1, 255)
    assert run(live, document)
    parts = [rect for rect in asked if rect != SPECK]
    assert parts and all(rect is not None and rect[2] * rect[3] < 96 * 64 for rect in parts), asked
    assert np.array_equal(document.shown, picture(document))


def test_held_the_paint_is_seen_and_the_picture_goes_on(live, document):
    live.start(document)
    assert run(live, document)
    node = ManagedGroup.find(document).live
    live.compare(document, True)
    assert not node.visible()
    document.paper.pixels[10:20, 30:50] = (9, 8, 7, 255)
    assert run(live, document) and not node.visible(), "it follows meanwhile and stays hidden"
    live.compare_no_more()
    assert node.visible()
    document.merge()
    assert np.array_equal(document.shown, picture(document))
    live.compare(document, True)
    live.stop(document)
    live.start(document)
    assert run(live, document) and ManagedGroup.find(document).live.visible()
    live.compare(None, True)
    live.compare_no_more()


def test_a_told_error_hides_no_picture_that_follows(live, document):
    live.start(document)
    assert run(live, document)
    live.tell(document, ScumbleError("there is no such file"))
    live.compare(document, True)
    live.compare_no_more()
    assert ManagedGroup.find(document).live.visible() and live.status(document).error


def test_after_a_failed_run_the_paint_is_seen_and_the_reason_told_until_it_is_rendered_anew(
    live, document, monkeypatch
):
    live.start(document)
    assert run(live, document)
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "render")
    document.paper.pixels[0] = (1, 1, 1, 255)
    assert run(live, document, lambda: live.status(document).error)
    node, chosen = ManagedGroup.find(document).live, live.settings(document)
    live.set_settings(document, replace(chosen, seed_locked=not chosen.seed_locked))
    live.compare(document, True)
    live.compare_no_more()
    assert not node.visible() and "asked to fail" in live.status(document).text, "nothing new was asked for"
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    live.new_seed(document)
    assert not node.visible() and not live.status(document).error
    assert run(live, document) and node.visible()


def test_a_group_that_redo_brings_back_hides_no_paint(live, document):
    live.start(document)
    assert run(live, document)
    group = ManagedGroup.find(document).group
    group.remove()
    assert run(live, document, lambda: live.of(document) is None)
    document.root.addChildNode(group, document.paper)
    document.paper.pixels[0] = (1, 1, 1, 255)
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels)
    live.start(document)
    assert run(live, document) and np.array_equal(document.shown, picture(document))


def test_times_of_pictures_are_told_a_few_times_a_second_and_all_else_at_once(live, document, monkeypatch):
    monkeypatch.setattr(loop, "TELL", 3600)
    live.set_settings(document, replace(live.settings(document), prompt="endless"))
    live.start(document)
    one = live.of(document)
    assert run(live, document, lambda: one.frames_shown > 2)
    told = []
    live.changed.connect(lambda: told.append(live.status(document).text))
    shown = one.frames_shown
    assert run(live, document, lambda: one.frames_shown > shown + 3) and not told
    document.chosen = krita.Selection()
    document.chosen.select(500, 500, 5, 5, 255)  # nothing on the canvas
    assert run(live, document, lambda: told) and "selected" in told[-1]
    monkeypatch.setattr(loop, "TELL", 0)
    document.chosen = None
    assert run(live, document, lambda: told and "picture in" in told[-1])


def test_how_far_the_model_is_is_told_while_it_loads(live, document, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_LOAD_MS", "600")
    live.start(document)
    told = []
    live.changed.connect(lambda: told.append(live.status(document).progress))
    assert run(live, document, lambda: live.of(document).frames_shown)
    parts = [part for part in told if part is not None]
    assert len(set(parts)) > 5 and parts == sorted(parts), "the docker's bar moves"
    assert told[-1] is None or run(live, document, lambda: told[-1] is None)
