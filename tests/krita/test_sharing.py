# SPDX-License-Identifier: GPL-3.0-or-later
"""One model for several programs: asked for in the docker, kept for all documents, told where it cannot."""

import os
import sys
import time

import pytest
from conftest import eventually, run
from scumble import abi, engines, extension
from scumble.engine import Engine


@pytest.fixture
def asked(monkeypatch):
    """The processes that engines were made for."""
    said = []

    class Noted(engines.Engine):
        def __init__(self, *given, process, **more):
            said.append(process)
            super().__init__(*given, process=process, **more)

    monkeypatch.setattr(engines, "Engine", Noted)
    return said


@pytest.fixture
def panel(live, monkeypatch):
    from scumble import docker

    monkeypatch.setattr(extension, "_live", live)
    return docker.ScumbleDocker()


def test_the_box_makes_engines_anew_and_is_kept_for_all_documents(live, document, panel, asked):
    panel.toggle.click()
    assert run(live, document) and not panel.model.share.isChecked(), "off until it is wanted"
    panel.model.share.click()
    assert asked == [abi.PROCESS_AUTO, abi.PROCESS_SHARED] and live.of(document) is not None
    assert run(live, document), "what is live goes on"
    panel.refresh()
    assert panel.model.share.isChecked() and engines.is_shared()
    assert panel.model.note.text() == "The stub is shared with nobody.", "the engine's own sentence"
    panel.model.share.click()
    assert asked[2:] == [abi.PROCESS_AUTO] and run(live, document)
    panel.refresh()
    assert not engines.is_shared() and panel.model.note.text() == ""


def test_what_was_set_before_is_shown_and_asked_for_at_once(live, document, panel, asked):
    engines.share(True)
    panel.refresh()
    assert panel.model.share.isChecked()
    live.start(document)
    assert asked == [abi.PROCESS_SHARED]
    live.share_model(True)
    assert asked == [abi.PROCESS_SHARED], "nothing new is wanted"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere each has its own")
@pytest.mark.parametrize("place", ("", "relative", "open"))
def test_where_it_cannot_be_shared_the_real_engine_says_why(real, monkeypatch, tmp_path, place):
    """Without a folder for it, with no path of one, and where others could open it."""
    (tmp_path / "scumble").mkdir()
    (tmp_path / "scumble").chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path) if place == "open" else place)
    with Engine(real, os.environ["SCUMBLE_TEST_MODEL"], device="cpu", process=abi.PROCESS_SHARED) as engine:
        assert eventually(lambda: time.sleep(0.02), lambda: engine.info().ready, 120), engine.info()
        note = engine.info().note
    assert "not shared with other programs" in note and note.endswith("."), note
    assert ("only you can open" if place == "open" else "XDG_RUNTIME_DIR") in note
