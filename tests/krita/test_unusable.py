# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers and cannot be used, as far as only the making of a picture shows: a LoRA of another family, a
ControlNet or annotator that went. Live stays on, with its engine."""

import json
import os
from dataclasses import replace

import krita
import numpy as np
import pytest
from conftest import ROOT, eventually, run
from scumble import abi, models, steering
from scumble.library import ScumbleError
from steered import expected, shows

CONTROLLED = str(ROOT / "models/tiny/sd15")  # with a U-Net for ControlNets


def inked(document):
    made = expected(document)
    made[..., 0] ^= 100
    return made


def test_a_file_that_only_a_job_finds_unusable_leaves_live_and_its_engine_on(live, document, files):
    """A LoRA of another family: the picture is made without it, and the artist is told."""
    live.start(document)
    assert run(live, document)
    engine = live.of(document).engine
    live.steer(document, "lora", files["misfit.safetensors"])
    live.steer(document, "lora", files["ink.safetensors"])
    assert run(live, document, lambda: live.status(document).error)
    status = live.status(document)
    assert "misfit.safetensors does not fit" in status.text and status.live
    assert not status.offer_own and not status.offer_model, "another model would not help"
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert shows(live, document, lambda: inked(document)), "what can be used goes on steering"
    assert live.of(document).engine is engine and live.engines.made[""] is engine
    assert "does not fit" in live.status(document).text
    jobs = live.of(document).session.stats().jobs_started
    eventually(live.loop.tick, lambda: False, steering.AGAIN + 0.3)
    assert live.of(document).session.stats().jobs_started == jobs, "nor is it tried again as it is"
    assert len(krita.Krita.instance().messages) == 1, "and on the canvas it is said once"


def test_what_no_file_is_to_blame_for_leaves_live_and_its_engine_on(live, document, monkeypatch):
    """An annotator that is not there, or a LoRA that the prompt names."""
    live.start(document)
    assert run(live, document)
    engine = live.of(document).engine
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "network")
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document, lambda: "annotator" in live.status(document).text)
    assert live.status(document).live and live.status(document).error
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels), "the paint is seen meanwhile"
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    document.paper.pixels[3] = (8, 9, 1, 255)
    assert run(live, document) and not live.status(document).error
    assert live.of(document).engine is engine and live.engines.made[""] is engine


def test_a_file_that_failed_before_and_that_the_prompt_names_now_is_told(live, document, files, tmp_path):
    """Nothing that steers can be taken away for it: no picture comes, and the old one is not left as if it
    followed."""
    live.take_loras_from(str(tmp_path))
    live.start(document)
    assert run(live, document)
    live.steer(document, "lora", files["misfit.safetensors"])
    assert run(live, document, lambda: live.status(document).error)
    live.set_settings(document, replace(live.settings(document), conditions=()))
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document) and run(live, document, lambda: not live.status(document).error)
    live.set_settings(document, replace(live.settings(document), prompt="ink <lora:misfit>"))
    assert run(live, document, lambda: live.status(document).error), "told"
    assert files["misfit.safetensors"] in live.status(document).text and live.of(document).failed
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels), "the paint is seen meanwhile"


def once(live, document, monkeypatch, error):
    """The next look for a picture finds that."""
    session = live.of(document).session
    poll = session.poll

    def found():
        monkeypatch.setattr(session, "poll", poll)
        raise error

    monkeypatch.setattr(session, "poll", found)


def test_what_a_picture_that_was_begun_before_tells_again_is_passed_over_once(
    live, document, files, monkeypatch
):
    live.start(document)
    assert run(live, document)
    live.steer(document, "lora", files["misfit.safetensors"])
    assert run(live, document, lambda: live.status(document).error)
    one, said = live.of(document), krita.Krita.instance().messages
    error = ScumbleError(live.status(document).text, abi.ERROR_MODEL_UNSUPPORTED)
    once(live, document, monkeypatch, error)
    one.due = 0.0
    live.loop.tick()
    assert not one.failed and len(said) == 1, "what it is about is out already"
    once(live, document, monkeypatch, error)
    one.due = 0.0
    live.loop.tick()
    assert one.failed, "the next time it is about something else"
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document) and not one.failed
    once(live, document, monkeypatch, error)
    one.due = 0.0
    live.loop.tick()
    assert one.failed, "and after a picture without that file, too"


def test_after_a_picture_without_it_the_same_sentence_is_about_something_else(
    live, document, files, monkeypatch
):
    live.start(document)
    assert run(live, document)
    live.steer(document, "lora", files["misfit.safetensors"])
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document, lambda: live.status(document).error) and run(live, document)
    error = ScumbleError(live.status(document).text, abi.ERROR_MODEL_UNSUPPORTED)
    once(live, document, monkeypatch, error)
    live.of(document).due = 0.0
    live.loop.tick()
    assert live.of(document).failed


def test_apply_goes_on_without_a_file_that_it_finds_unusable(live, document, files):
    live.start(document)
    assert run(live, document)
    one = live.of(document)
    document.paper.pixels[3] = (9, 9, 1, 255)
    live.steer(document, "lora", files["misfit.safetensors"])
    assert run(live, document, lambda: one.working)
    live.keep(document)
    assert np.array_equal(document.root.children[-1].pixels, expected(document)), "it has waited for that"
    assert "does not fit" in live.status(document).text and not one.failed
    assert len(krita.Krita.instance().messages) == 1


def test_where_apply_finds_that_no_picture_comes_the_paint_is_seen(live, document, monkeypatch):
    live.start(document)
    assert run(live, document)
    one = live.of(document)
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "network")
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document, lambda: one.working)
    live.keep(document)
    assert one.failed and not one.working and "annotator" in live.status(document).text
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels)
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    document.paper.pixels[3] = (8, 9, 1, 255)
    assert run(live, document) and not live.status(document).error


def test_where_apply_finds_that_live_cannot_go_on_it_ends(live, document, monkeypatch):
    live.start(document)
    assert run(live, document)
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document, lambda: live.of(document).working)
    once(live, document, monkeypatch, ScumbleError("the graphics card went", abi.ERROR_DEVICE))
    live.keep(document)
    assert run(live, document, lambda: live.of(document) is None)
    assert live.status(document).text == "the graphics card went"


@pytest.mark.parametrize("kind", ["told at once", "found by a job"])
def test_a_file_that_failed_works_once_it_is_moved_and_added_again(live, document, files, tmp_path, kind):
    name = {"told at once": "broken.onnx", "found by a job": "misfit.safetensors"}[kind]
    live.start(document)
    assert run(live, document)
    live.steer(document, "lora", files[name])
    assert run(live, document, lambda: live.status(document).error)
    (one,) = live.settings(document).conditions
    whole = tmp_path / "good.safetensors"
    whole.write_bytes(b"as it should be")
    kept = krita.Krita.instance().kept
    kept[models.NETWORKS] = json.dumps([[one.file, str(whole)]])
    assert shows(live, document, lambda: inked(document)), live.status(document).text
    assert run(live, document, lambda: not live.status(document).error)


@pytest.mark.parametrize("file", ["bad.safetensors", "bad.onnx"])
def test_the_real_library_goes_on_without_a_file_that_is_no_network(real, live, document, tmp_path, file):
    """Its own sentence names the file; nothing is read of it before a picture is made."""
    live.engines.library = real
    folder = os.environ.get("SCUMBLE_TEST_MODEL") if file.endswith("safetensors") else CONTROLLED
    live.use_model(document, folder)
    live.start(document)
    one = live.of(document)
    assert run(live, document, lambda: one.last_frame is not None, 120), live.status(document).text
    (tmp_path / file).write_bytes(b"neither a LoRA nor a ControlNet")
    document.setActiveNode(document.paper)
    kind = "lora" if file.endswith("safetensors") else "control"
    live.steer(document, kind, str(tmp_path / file))
    assert run(live, document, lambda: live.status(document).error, 60)
    assert str(tmp_path / file) in live.status(document).text
    shown = one.frames_shown
    document.paper.pixels[3:20] = (9, 9, 200, 255)
    assert run(live, document, lambda: one.frames_shown > shown and not one.working, 60)
    assert live.of(document) is one and not one.failed, live.status(document).text
    assert str(tmp_path / file) in live.status(document).text, "and it is told as long as it is on"
