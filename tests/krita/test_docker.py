# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker on a mock of Krita: what it stores, in which document, and what it shows in how little room."""

import json
from dataclasses import replace

import krita
import pytest
from conftest import picture, run
from scumble import extension, log, models, settings
from scumble.qt import QtCore, QtWidgets

events = QtCore.QCoreApplication.processEvents


@pytest.fixture
def docker(live, monkeypatch):
    from scumble import docker as module

    monkeypatch.setattr(extension, "_live", live)
    return module.ScumbleDocker


def test_the_docker_sets_and_shows(live, document, docker):
    panel = docker()
    panel.toggle.click()
    assert live.of(document) is not None and panel.toggle.isChecked()
    assert run(live, document)
    panel.refresh()
    assert "Inverts the paint" in panel.model.about.text() and "Up to date" in panel.state.text()
    assert panel.strength.number.value() == 0.5, "the model's own"
    panel.prompt.setPlainText("a lake")
    panel.strength.slider.setValue(25)
    panel._store()
    chosen = live.settings(document)
    assert (chosen.prompt, chosen.strength, chosen.steps) == ("a lake", 0.25, None)
    panel.strength.reset.click()
    names = [panel.sampler.itemText(i) for i in range(panel.sampler.count())]
    assert names == ["the model's own", "euler", "ddim"]
    panel.sampler.setCurrentIndex(2)
    panel.sampler.activated.emit(2)
    panel.alpha.click()
    panel._store()
    assert live.settings(document).strength is None and live.settings(document).follow_alpha
    assert live.settings(document).sampler == live.settings(document).for_engine().sampler == "ddim"
    panel.looks.opacity.setValue(90)
    assert live.of(document).group.live.opacity() == 90
    panel.apply.click()
    assert document.root.children[1].name() == "Scumble: a lake"
    panel.toggle.click()
    assert live.of(document) is None and not panel.toggle.isChecked()
    krita.Krita.instance().document = None
    panel.canvasChanged(None)
    panel.refresh()
    assert not panel.widget().isEnabled()


def test_how_closely_the_paint_is_kept_is_asked_of_models_that_are_told_to_change_it(
    live, document, docker, monkeypatch
):
    panel = docker()
    panel.show()
    panel.more.button.click()
    panel.toggle.click()
    assert run(live, document)
    panel.refresh()
    assert not panel.paint_guidance.isVisible() and not panel.paint_guided.isVisible()
    monkeypatch.setenv("SCUMBLE_STUB_PAINT_GUIDANCE", "1.5")
    panel.refresh()
    assert panel.paint_guidance.isVisible() and panel.paint_guidance.number.value() == 1.5
    panel.paint_guidance.number.setValue(2.5)
    panel._store()
    chosen = live.settings(document)
    assert chosen.paint_guidance == chosen.for_engine().paint_guidance == 2.5
    panel.paint_guidance.reset.click()
    panel._store()
    assert live.settings(document).paint_guidance is None
    panel.hide()


def test_a_click_in_one_window_never_writes_another_documents_settings(live, document, docker):
    """The window in front shows A; the artist moves a slider of B's docker."""
    other = krita.Document(40, 30)
    live.set_settings(document, replace(live.settings(document), prompt="A", seed=5))
    live.set_settings(other, replace(live.settings(other), prompt="B", seed=6))
    panel = docker()
    panel.shows = krita.View(other)
    live.changed.emit()
    panel.refresh()
    assert panel.prompt.toPlainText() == "B"
    panel.strength.slider.setValue(20)
    panel._store()
    assert (live.settings(other).prompt, live.settings(other).seed) == ("B", 6)
    assert live.settings(other).strength == 0.2 and live.settings(document).strength is None
    panel.toggle.click()
    assert live.of(other) is not None and live.of(document) is None
    panel.toggle.click()


def test_only_what_was_edited_is_stored(live, document, docker):
    panel = docker()
    live.set_settings(document, replace(live.settings(document), seed=77, prompt="kept"))
    panel.strength.slider.setValue(10)  # the docker has not heard of the others yet
    panel._store()
    chosen = live.settings(document)
    assert (chosen.seed, chosen.prompt, chosen.strength) == (77, "kept", 0.1)


def test_what_was_typed_is_kept_when_the_tab_changes(live, document, docker):
    panel = docker()
    panel.prompt.setPlainText("typed in haste")
    krita.Krita.instance().document = other = krita.Document(40, 30)
    panel.canvasChanged(None)
    assert live.settings(document).prompt == "typed in haste" and live.settings(other).prompt == ""
    panel.refresh()
    assert panel.prompt.toPlainText() == ""


def test_what_matters_is_seen_in_kritas_default_layout(live, document, docker):
    """260 by 180 pixels: buttons, state, what helps, and the prompt, without a scroll bar to the side."""
    panel = docker()
    panel.setTitleBarWidget(QtWidgets.QWidget())
    panel.resize(260, 180)
    panel.show()
    live.set_settings(document, replace(live.settings(document), model=models.remember("/nowhere")))
    panel.toggle.click()
    for _ in range(5):
        events()
    area = panel.widget()
    seen = area.viewport().rect()
    for widget in (panel.toggle, panel.apply, panel.keep, panel.dice, panel.state, panel.own, panel.prompt):
        place = widget.rect().translated(widget.mapTo(area.viewport(), QtCore.QPoint()))
        assert widget.isVisible() and seen.contains(place), (widget, place, seen)
    assert "choose another" in panel.state.text() and panel.state.y() < panel.prompt.y()
    assert any("choose another" in text for text in krita.Krita.instance().messages), "on the canvas too"
    panel.hide()


def test_the_docker_does_not_follow_each_turn(live, document, docker, monkeypatch):
    panel, count = docker(), []
    monkeypatch.setattr(panel, "_load", lambda *_: count.append(1))
    for _ in range(100):
        live.changed.emit()
        events()
    assert not count, "it is not to be seen"
    panel.show()
    for _ in range(100):
        live.changed.emit()
        events()
    assert len(count) <= 2
    panel.hide()


def test_the_docker_is_shown_once_and_then_left_to_the_artist(document):
    """Since 5.2 Krita hides a docker that is new."""
    window = QtWidgets.QMainWindow()
    panel = QtWidgets.QDockWidget("Scumble", window, objectName=extension.DOCKER)
    window.addDockWidget(QtCore.Qt.DockWidgetArea.RightDockWidgetArea, panel)
    panel.hide()
    extension.show_once(window)
    assert not panel.isHidden()
    panel.hide()
    extension.show_once(window)
    assert panel.isHidden(), "closed by the artist"


def test_a_stranger_does_not_choose_what_is_loaded(live, document, docker, tmp_path):
    """A document names a folder: nothing of it is loaded before the artist has chosen it themselves."""
    for named in (str(tmp_path), "models/here", "//server/share/model", "net [0123456789ab]"):
        document.notes["scumble"] = json.dumps({"model": named}).encode()
        panel = docker()
        panel.toggle.click()
        status = live.status(document)
        assert not live.engines.made and live.of(document) is None and len(document.root.children) == 1
        assert status.error and "not among yours" in status.text and status.offer_own
        assert panel.own.isVisibleTo(panel)
    panel.own.click()
    assert live.of(document) is not None and live.settings(document).model == ""


def test_a_document_does_not_tell_where_the_artist_keeps_things(live, document, tmp_path):
    folder = tmp_path / "My: models" / "oil"
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    model = models.remember(str(folder))
    live.set_settings(document, replace(live.settings(document), model=model))
    assert str(tmp_path).encode() not in document.notes["scumble"] and models.name(model) == "oil"
    assert models.folder(model) == str(folder), "a colon in a path is no separator"
    again = tmp_path / "elsewhere" / "oil"
    again.mkdir(parents=True)
    (again / "model_index.json").write_text("{}")
    assert models.identity(str(again)) == model, "the same model in another place is the same"
    (again / "model_index.json").write_text("[]")
    assert models.identity(str(again)) != model


def test_networks_of_one_name_and_shape_are_two(tmp_path):
    head, weights = b"{}" * models.READ, [bytes([k]) * models.READ for k in (1, 2)]
    for place, own in (("first", weights[0]), ("second", weights[1])):
        (tmp_path / place).mkdir()
        (tmp_path / place / "pytorch_lora_weights.safetensors").write_bytes(head + own)
    first, second = (tmp_path / place / "pytorch_lora_weights.safetensors" for place in ("first", "second"))
    ids = [models.remember(str(file), models.NETWORKS) for file in (first, second)]
    assert [models.known(models.NETWORKS)[one] for one in ids] == [str(first), str(second)]


def test_models_that_the_first_version_kept(document):
    krita.Krita.instance().kept["models"] = "/a/one:/b/two:relative"
    assert list(models.known().values()) == ["/a/one", "/b/two"]
    assert models.folder("/b/two") == "/b/two", "documents of then name their folder"


@pytest.mark.parametrize(
    "data",
    [b'{"steps": 1e999}', b"[" * 100_000, b'{"steps": 1' + b"0" * 400 + b"}", b'{"strength": NaN}',
     b'{"prompt": "' + b"x" * 50_000_000 + b'"}', b'{"prompt": "' + b"x" * 20_000 + b'"}',
     b'{"guidance": -Infinity, "seed": 1e400}'],
)  # fmt: skip
def test_damaged_settings_are_told_and_cured(live, document, docker, data):
    document.notes["scumble"] = data
    panel = docker()
    panel.refresh()
    assert "damaged" in panel.state.text() and panel.prompt.toPlainText() == ""
    panel.prompt.setPlainText("new")
    panel._store()
    panel.refresh()
    assert "damaged" not in panel.state.text() and live.settings(document).prompt == "new"


def test_a_models_name_is_shown_as_it_is(live, document, docker, tmp_path):
    folder = tmp_path / "<img src=x> & <b>oil"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    models.remember(str(folder))
    panel = docker()
    panel.refresh()
    index = next(i for i in range(panel.model.models.count()) if "oil" in panel.model.models.itemText(i))
    tip = panel.model.models.itemData(index, QtCore.Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in tip and "&lt;img src=x&gt; &amp; &lt;b&gt;oil" in tip, "Qt would read it as HTML"


def test_a_closed_document_has_the_defaults_and_keeps_nothing(live, document):
    live.set_settings(document, replace(live.settings(document), prompt="before"))
    document.closed = True
    assert live.settings(document).prompt == ""
    live.set_settings(document, replace(live.settings(document), prompt="after"))
    settings.store(document, live.settings(document))
    assert b"after" not in document.notes["scumble"]


@pytest.fixture
def steered_panel(live, document, docker, lines):
    """A docker with its list open, of a live document that a layer steers."""
    panel = docker()
    panel.show()
    panel.steer.button.click()
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "reference", "")
    assert run(live, document, lambda: picture(document).any())
    yield panel
    panel.hide()


@pytest.mark.parametrize("how", ["nothing on the canvas is selected", "the group was taken apart"])
def test_all_of_the_docker_is_loaded_where_nothing_can_be_rendered(
    live, document, steered_panel, monkeypatch, how
):
    if how == "the group was taken apart":
        live.of(document).group.live.remove()
        assert run(live, document, lambda: live.of(document) is None)
    else:
        document.chosen = krita.Selection()
        document.chosen.select(500, 500, 5, 5, 255)
        assert run(live, document, lambda: live.of(document).nothing_selected)
    wrong = []
    monkeypatch.setattr(log, "exception", wrong.append)
    live.set_settings(document, replace(live.settings(document), seed=4711, follow_alpha=True))
    steered_panel.refresh()
    assert steered_panel.seed.text() == "4711" and steered_panel.alpha.isChecked() and not wrong
    names = [name for _, name in live.listing(document).layers]
    assert names == ["lines", "Background"], "nothing of Scumble's"


def test_what_fails_of_the_list_of_what_steers_keeps_nothing_else_back(
    live, document, steered_panel, monkeypatch
):
    monkeypatch.setattr(live, "listing", lambda _: 1 / 0)
    live.set_settings(document, replace(live.settings(document), seed=4711))
    steered_panel.refresh()
    assert steered_panel.seed.text() == "4711"
