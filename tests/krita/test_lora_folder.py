# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of the LoRAs that prompts name: chosen once for all documents, listed, handed to the engine."""

import pytest
from conftest import run
from scumble import engines, models
from scumble.engine import Session
from scumble.steer_list import SteerList


@pytest.fixture
def folder(tmp_path):
    for name in ("ink.safetensors", "Styles/Oil v2.SAFETENSORS", "notes.txt", "a/b/c/d/e/deep.safetensors"):
        path = tmp_path / "loras" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 9)
    return str(tmp_path / "loras")


def test_the_chosen_folder_reaches_what_is_live_at_once(live, document, folder, monkeypatch):
    told, own = [], Session.set
    noted = lambda self, given: told.append(given.lora_folder) or own(self, given)  # noqa: E731
    monkeypatch.setattr(Session, "set", noted)
    live.start(document)
    assert run(live, document) and set(told) == {""}
    live.take_loras_from(folder)
    assert told[-1] == folder, "without a change of the document's settings"
    live.stop(document)
    live.start(document)
    assert told[-1] == folder


def test_its_loras_are_listed_by_name_and_taken_from_there(live, document, folder):
    shown = SteerList()
    shown.list_known()
    texts = [action.text() for action in shown.menu.actions()]
    assert "Folder of LoRAs…" in texts and "LoRA from your folder" not in texts
    live.take_loras_from(folder)
    assert [name for name, _ in models.loras()] == ["ink", "Styles/Oil v2"], "no deeper than the engine looks"
    assert models.has_loras()
    shown.wanted.connect(lambda kind, file: live.steer(document, kind, file))
    shown.list_known()
    menu = next(action.menu() for action in shown.menu.actions() if action.text() == "LoRA from your folder")
    next(action for action in menu.actions() if action.text() == "ink").trigger()
    (condition,) = live.settings(document).conditions
    assert condition.kind == "lora" and models.network(condition.file) == f"{folder}/ink.safetensors"


def test_a_model_is_loaded_with_room_for_loras_once_there_are_some(live, document, folder, monkeypatch):
    said = []

    class Noted(engines.Engine):
        def __init__(self, *given, loras, **more):
            said.append(loras)
            super().__init__(*given, loras=loras, **more)

    monkeypatch.setattr(engines, "Engine", Noted)
    live.start(document)
    assert run(live, document) and said == [False]
    live.take_loras_from(folder)
    live.stop(document)
    live.engines.close()
    live.start(document)
    assert run(live, document) and said == [False, True]


def test_a_folder_that_is_gone_or_no_path_lists_nothing(live, document, tmp_path):
    assert models.loras() == []
    live.take_loras_from(str(tmp_path / "gone"))
    assert models.loras() == [] and models.lora_folder() == str(tmp_path / "gone"), "the engine tells of it"
    from krita import Krita

    Krita.instance().writeSetting("scumble", models.LORAS, "not/absolute")
    assert models.lora_folder() == ""
