# SPDX-License-Identifier: GPL-3.0-or-later
"""The last pictures and the last prompts: nothing good is lost to the next seed or the next word."""

from dataclasses import replace

import krita
import numpy as np
import pytest
from conftest import run, settled
from scumble import document as document_module
from scumble import extension, history, prompts
from scumble.qt import QtCore, QtGui


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(document_module, "STAY_FAST", 0.02)


def words(live, document):
    return [one.settings.prompt for one in live.history.of(document)]


def write(live, document, prompt):
    live.set_settings(document, replace(live.settings(document), prompt=prompt))
    assert run(live, document, lambda: words(live, document)[:1] == [prompt])


def test_each_finished_picture_is_there_to_come_back_to(live, document):
    live.start(document)
    assert run(live, document, lambda: len(live.history.of(document)) == 1)
    write(live, document, "a lake")
    write(live, document, "a house")
    assert words(live, document) == ["a house", "a lake", ""]
    lake = live.history.of(document)[1]
    assert max(lake.thumbnail.width(), lake.thumbnail.height()) == history.SIDE
    live.go_back(document, lake)
    assert live.settings(document).prompt == "a lake"
    assert run(live, document, lambda: words(live, document)[0] == "a lake")
    assert words(live, document) == ["a lake", "a house", ""], "each once"
    document.paper.pixels[5:9, 5:9] = (9, 8, 7, 255)
    before = live.history.of(document)[0]
    assert run(live, document, lambda: live.history.of(document)[0] is not before)
    assert len(live.history.of(document)) == 3, "another paint under the same words is the same place"
    live.stop(document)
    assert len(live.history.of(document)) == 3, "live off keeps them"
    document.close()
    live._woken()
    assert live.history.of(document) == []


def test_the_picture_before_a_seed_is_kept_however_soon_the_seed_is_drawn(live, document, monkeypatch):
    monkeypatch.setattr(document_module, "STAY_FAST", 60)  # nothing comes to rest
    live.start(document)
    assert run(live, document)
    seeds = [live.settings(document).seed]
    for _ in range(3):
        one = live.of(document)
        assert run(live, document, lambda one=one: one.unnoted and not one.working)
        live.new_seed(document)
        seeds.append(live.settings(document).seed)
    assert [one.settings.seed for one in live.history.of(document)] == seeds[-2::-1]
    live.new_seed(document)  # at once: of the last one there is no picture yet
    assert len(live.history.of(document)) == 3


def test_words_that_are_being_written_are_not_pictures_of_their_own(live, document):
    live.start(document)
    assert run(live, document, lambda: len(live.history.of(document)) == 1)
    for n in range(1, 7):
        live.set_settings(document, replace(live.settings(document), prompt="a lake"[:n]))
    assert run(live, document, lambda: len(live.history.of(document)) == 2)
    assert words(live, document) == ["a lake", ""] and prompts.known() == ["a lake"]


def test_a_picture_becomes_a_hidden_layer_in_one_step(live, document):
    live.start(document)
    assert run(live, document, lambda: len(live.history.of(document)) == 1)
    was = live.of(document).group.live.pixels.copy()
    document.paper.pixels[...] = (40, 50, 60, 255)
    write(live, document, "a lake")
    assert run(live, document) and settled(document)
    first = live.history.of(document)[-1]
    steps = list(document.steps)
    for _ in range(2):
        live.lay(document, first)
    layer = document.root.children[-1]
    assert np.array_equal(layer.pixels, was) and not layer.visible() and layer.name() == "Scumble picture"
    assert document.steps == [*steps, "Add Layer", "Add Layer"], "twice, and once each"
    assert not layer.flags["locked"]


def test_the_oldest_go_and_large_ones_keep_their_settings_alone(live, document, monkeypatch):
    monkeypatch.setattr(history, "MOST", 3)
    monkeypatch.setattr(history, "MOST_BYTES", 2 * 96 * 64 * 4)
    live.start(document)
    for word in "abcd":
        write(live, document, word)
    kept = live.history.of(document)
    assert words(live, document) == ["d", "c", "b"]
    assert [one.layer is not None for one in kept] == [True, True, False]


def test_the_docker_shows_them(live, document, monkeypatch):
    from scumble import docker

    monkeypatch.setattr(extension, "_live", live)
    panel = docker.ScumbleDocker()
    panel.show()
    live.start(document)
    assert run(live, document, lambda: len(live.history.of(document)) == 1)
    write(live, document, "a <b>lake")
    write(live, document, "a house")
    panel.refresh()
    assert panel.strip.count() == 0, "folded: nothing is drawn"
    panel.last.button.click()
    panel.refresh()
    assert panel.strip.count() == 3 and "a &lt;b&gt;lake" in panel.strip.item(1).toolTip()
    panel.strip.itemClicked.emit(panel.strip.item(1))
    assert live.settings(document).prompt == panel.prompt.toPlainText() == "a <b>lake"
    menu = panel.strip.menu(live.history.of(document)[-1])
    back, lay = menu.actions()
    count = len(document.root.children)
    lay.trigger()
    assert len(document.root.children) == count + 1
    back.trigger()
    assert live.settings(document).prompt == ""


def test_the_last_prompts_come_back_by_key_and_from_the_menu(live, document, monkeypatch):
    from scumble import docker

    monkeypatch.setattr(extension, "_live", live)
    for prompt in ("a lake", "a house & a tree", "a lake", "  ", "x" * 2000):
        prompts.remember(prompt)
    assert prompts.known() == ["a lake", "a house & a tree"]
    panel = docker.ScumbleDocker()
    box = panel.prompt
    box.setPlainText("a cast")

    def press(key):
        kind, alt = QtCore.QEvent.Type.KeyPress, QtCore.Qt.KeyboardModifier.AltModifier
        box.keyPressEvent(QtGui.QKeyEvent(kind, key, alt))
        return box.toPlainText()

    up, down = QtCore.Qt.Key.Key_Up, QtCore.Qt.Key.Key_Down
    assert [press(up), press(up), press(up)] == ["a lake", "a house & a tree", "a house & a tree"]
    assert [press(down), press(down), press(down)] == ["a lake", "a cast", "a cast"]
    assert press(up) == "a lake"
    panel._store()
    assert live.settings(document).prompt == "a lake", "as if it was typed"
    menu = box.menu()
    actions = [action for action in menu.actions() if action.menu()][-1].menu().actions()
    assert [action.text() for action in actions] == ["a lake", "a house && a tree"]
    actions[1].trigger()
    panel._store()
    assert live.settings(document).prompt == "a house & a tree"


@pytest.mark.parametrize("kept", ["", "nonsense", "{}", "[1, null]", "[" * 100_000, '"a"'])
def test_damaged_prompts_are_none(document, kept):
    krita.Krita.instance().kept["scumble/prompts"] = kept
    assert prompts.known() == []
