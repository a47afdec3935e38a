# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles: words and settings under a name, in files that are given away."""

import json
import os
from dataclasses import replace

import krita
import pytest
from conftest import run
from scumble import settings, styles
from scumble.library import ScumbleError
from scumble.qt import QtGui, QtWidgets
from scumble.settings import DocumentSettings
from scumble.steering import Condition
from scumble.style_menu import StyleMenu
from scumble.styles import BUILT_IN, SUFFIX, Style

CONTROL = Condition(0, "control", "lines [1]", "{a}")
OLD, INK = Condition(1, "lora", "old [2]"), Condition(4, "lora", "ink [3]", scale=0.6)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(krita.Krita, "getAppDataLocation", staticmethod(lambda: str(tmp_path)))
    return tmp_path


def test_a_style_comes_back_as_it_was_saved(place):
    chosen = DocumentSettings("a castle", "people", 0.4, 3, 1.5, sampler="ddim", conditions=(CONTROL, INK))
    style = styles.of("  Ink / wash ", " in ink ", chosen)
    styles.save(style)
    assert style.name == "Ink / wash" and style.words == "in ink" and style.loras == (INK,)
    assert style.controls == (replace(CONTROL, layer=""),), "a layer is the document's"
    assert [one.name for one in styles.known()] == [*(one.name for one in BUILT_IN), "Ink / wash"]
    assert styles.known()[-1] == style
    (file,) = styles.folder().iterdir()
    assert file.suffix == SUFFIX and "a castle" not in file.read_text(), "the prompt is the document's"
    styles.remove(style)
    assert not list(styles.folder().iterdir()), "and nothing half-written is left"
    with pytest.raises(ScumbleError, match="could not be deleted"):
        styles.remove(style)
    with pytest.raises(ScumbleError, match="needs a name"):
        styles.of("  ", "", chosen)


def test_names_that_a_file_cannot_have_do_not_meet():
    for name in ("a/b", "a:b", "a_b", "../../up"):
        styles.save(Style(name, name, own=True))
    assert [(one.name, one.words) for one in styles.known()[len(BUILT_IN) :]] == [
        (name, name) for name in sorted(("a/b", "a:b", "a_b", "../../up"), key=str.casefold)
    ]
    assert all(file.parent == styles.folder() for file in styles.folder().iterdir())


def test_control_nets_of_one_file_are_told_apart():
    nets = CONTROL, Condition(2, "control", CONTROL.file, "{b}", 0.3), INK
    chosen = DocumentSettings(conditions=nets)
    heard = styles.applied(styles.of("Two of a kind", "", chosen), chosen).conditions
    assert sorted(heard, key=lambda one: one.file)[1:] == [*nets[:2]] and len(heard) == len(nets)


def test_with_a_style_control_nets_are_heard_as_it_says():
    other = Condition(2, "control", "depth [5]", "{b}", 0.5)
    style = styles.of("Lines", "", DocumentSettings(conditions=(
        replace(CONTROL, scale=0.4, end=0.6, prepare="drawn"), Condition(3, "control", "", "{c}"),
    )))  # fmt: skip
    after = styles.applied(style, DocumentSettings(conditions=(other, CONTROL)), "{active}").conditions
    assert after[:2] == (other, replace(CONTROL, scale=0.4, end=0.6, prepare="drawn")), "on its own layer"
    assert after[2:] == (Condition(1, "control", "", "{active}"),), "one that is new follows the active layer"
    full = tuple(Condition(n, "region", "", "{a}") for n in range(32))
    assert styles.applied(style, DocumentSettings(conditions=full), "").conditions == full


def test_with_a_style_the_words_are_added_and_the_rest_stays():
    before = DocumentSettings("a castle, ", "people", strength=0.7, seed=5, conditions=(CONTROL, OLD))
    after = styles.applied(Style("Mist", "in mist"), before)
    assert after.for_engine().prompt == "a castle, in mist"
    assert (after.prompt, after.negative, after.strength) == ("a castle, ", "people", 0.7)
    assert after.conditions == before.conditions, "a style without LoRAs leaves them"
    after = styles.applied(Style("Ink", "ink", {"strength": 0.3, "steps": None}, (INK,)), after)
    assert after.conditions == (CONTROL, replace(INK, number=1)) and after.strength == 0.3
    assert after.for_engine().prompt == "a castle, ink", "one style, not two"
    again = settings.parse(json.dumps({"words": "ink", "style": "Ink", "prompt": ""}).encode())
    assert again.for_engine().prompt == "ink"
    none = styles.applied(None, after)
    assert (none.style, none.for_engine().prompt) == ("", "a castle, ")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"nonsense", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b" " * 300_000,
        json.dumps({"kind": "scumble style"}).encode(),
        json.dumps({"kind": "scumble style", "name": " "}).encode(),
        json.dumps({"kind": "scumble style", "name": "x", "words": 7}).encode(),
        json.dumps({"kind": "scumble style", "name": "x", "words": "w" * 20_000}).encode(),
        json.dumps({"kind": "scumble style", "name": "x", "steps": "many"}).encode(),
        json.dumps({"kind": "scumble style", "name": "x", "loras": [{"number": 1}]}).encode(),
        json.dumps({"kind": "scumble style", "name": "x", "controls": [7]}).encode(),
        json.dumps({"kind": "scumble style", "name": "x", "controls": [
            {"number": 1, "kind": "lora", "file": "x [1]"}]}).encode(),
        json.dumps({"kind": "something else", "name": "x"}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_style_is_told_and_left_out(place, data):
    styles.folder().mkdir()
    file = styles.folder() / ("bad" + SUFFIX)
    file.write_bytes(data)
    with pytest.raises(ScumbleError, match="no style of Scumble"):
        styles.read(file)
    assert styles.known() == list(BUILT_IN)


def test_a_folder_that_cannot_be_written_is_told(place):
    (place / "scumble_styles").write_text("a file in the way")
    with pytest.raises(ScumbleError, match="could not be written"):
        styles.save(Style("x", own=True))
    assert styles.known() == list(BUILT_IN)
    with pytest.raises(ScumbleError, match="could not be read"):
        styles.read(place / "nowhere")


def test_the_menu(place, monkeypatch):
    from scumble import style_menu

    chosen, failed, answers = [], [], iter([("Mine", True), ("with words", True)])
    thumbnail = QtGui.QImage(64, 40, QtGui.QImage.Format.Format_RGB32)
    thumbnail.fill(QtGui.QColor(200, 40, 30))
    menu = StyleMenu(lambda: DocumentSettings(strength=0.25), lambda: thumbnail)
    menu.chosen.connect(chosen.append)
    menu.failed.connect(failed.append)
    ask = staticmethod(lambda *_, **__: next(answers))
    monkeypatch.setattr(style_menu.QtWidgets.QInputDialog, "getText", ask)

    def click(text):
        menu.fill()
        next(action for action in menu.list.actions() if action.text() == text).trigger()

    click("Mist")
    assert chosen[-1].words.startswith("foggy")
    assert all(action.icon().isNull() for action in menu.list.actions())
    click("Save as a style…")
    assert chosen[-1].settings["strength"] == 0.25 and styles.known()[-1].name == "Mine"
    menu.show_style("Mine", "with words")
    assert menu.text() == "Style: Mine" and "with words" in menu.toolTip()
    file = place / "given"
    pick = style_menu.QtWidgets.QFileDialog
    monkeypatch.setattr(pick, "exec", lambda dialog: True)
    monkeypatch.setattr(pick, "selectedFiles", lambda dialog: [str(file)])
    click("Export “Mine”…")
    click("Delete “Mine”")
    assert chosen[-1] is None and styles.known() == list(BUILT_IN)
    given = str(file) + SUFFIX
    monkeypatch.setattr(pick, "getOpenFileName", staticmethod(lambda *_: (given, "")))
    click("Import…")
    assert styles.known()[-1].name == chosen[-1].name == "Mine" and not failed
    (place / ("given" + SUFFIX)).write_text("x")
    click("Import…")
    assert "no style of Scumble" in failed[0]
    menu.show_style("", "")
    menu.fill()
    assert menu.list.actions()[0].isChecked() and menu.text() == "Style"


@pytest.fixture
def menu(place, monkeypatch):
    """With what was chosen and asked, and a way to import a style."""
    from scumble import style_menu

    made = StyleMenu(lambda: DocumentSettings(), lambda: None)
    made.kept, made.asked, made.answer = [], [], QtWidgets.QMessageBox.StandardButton.No
    made.chosen.connect(made.kept.append)
    question = staticmethod(lambda *told: made.asked.append(told[2]) or made.answer)
    monkeypatch.setattr(style_menu.QtWidgets.QMessageBox, "question", question)

    def bring(style):
        styles.write(style, place / ("given" + SUFFIX))
        given = staticmethod(lambda *_: (str(place / ("given" + SUFFIX)), ""))
        monkeypatch.setattr(style_menu.QtWidgets.QFileDialog, "getOpenFileName", given)
        made.take()
        return made.kept[-1].name

    made.bring = bring
    return made


def test_an_imported_style_takes_no_name_that_is_taken(menu):
    styles.save(Style("Ink", "mine", own=True))
    assert menu.bring(Style("Ink", "theirs", own=True)) == "Ink 2"
    assert menu.bring(Style("ink", "a third one's", own=True)) == "ink 3", "in whatever case"
    assert menu.bring(Style("Ink", "mine", own=True)) == "Ink", "the same one is there already"
    assert menu.bring(Style("Winter", "theirs", own=True)) == "Winter 2"
    long = "x" * styles.MOST_NAME
    styles.save(Style(long, "mine", own=True))
    assert len(menu.bring(Style(long, "theirs", own=True))) <= styles.MOST_NAME
    assert {one.name: one.words for one in styles.known() if one.own} == {
        "Ink": "mine", "Ink 2": "theirs", "ink 3": "a third one's", "Winter 2": "theirs",
        long: "mine", menu.kept[-1].name: "theirs",
    }  # fmt: skip


def test_a_style_of_the_artists_is_replaced_only_when_they_say_so(menu, monkeypatch):
    from scumble import style_menu

    styles.save(Style("Ink", "mine", own=True))
    answers = []
    ask = staticmethod(lambda *_, **__: answers.pop(0))
    monkeypatch.setattr(style_menu.QtWidgets.QInputDialog, "getText", ask)
    answers[:] = [(" ink ", True), ("new words", True)]
    menu.save_as()
    assert not menu.kept and "“Ink”" in menu.asked[0] and styles.known()[-1].words == "mine"
    menu.answer = QtWidgets.QMessageBox.StandardButton.Yes
    answers[:] = [("Ink", True), ("new words", True)]
    menu.save_as()
    assert styles.known()[-1].words == menu.kept[-1].words == "new words"
    answers[:] = [("Other", True), ("", True)]
    menu.save_as()
    assert len(menu.asked) == 2 and menu.kept[-1].name == "Other", "a new name needs no question"


def test_a_style_takes_the_place_of_one_whose_name_differs_in_case_alone(menu, monkeypatch):
    """Some file systems would keep one of them, others both."""
    from scumble import style_menu

    styles.save(Style("Ink", "mine", own=True))
    menu.answer = QtWidgets.QMessageBox.StandardButton.Yes
    answers = [("ink", True), ("new words", True)]
    ask = staticmethod(lambda *_, **__: answers.pop(0))
    monkeypatch.setattr(style_menu.QtWidgets.QInputDialog, "getText", ask)
    menu.save_as()
    own = [(one.name, one.words) for one in styles.known() if one.own]
    assert own == [("ink", "new words")] and menu.kept[-1].name == "ink"
    assert len(list(styles.folder().iterdir())) == 1


def test_where_two_spellings_are_there_the_same_one_is_replaced(menu, monkeypatch):
    from scumble import style_menu

    for name in ("Ink", "ink"):
        styles.save(Style(name, name, own=True))
    if len(list(styles.folder().iterdir())) < 2:
        pytest.skip("this file system keeps one of them")
    menu.answer = QtWidgets.QMessageBox.StandardButton.Yes
    answers = [("ink", True), ("new words", True)]
    ask = staticmethod(lambda *_, **__: answers.pop(0))
    monkeypatch.setattr(style_menu.QtWidgets.QInputDialog, "getText", ask)
    menu.save_as()
    assert {one.name: one.words for one in styles.known() if one.own} == {"Ink": "Ink", "ink": "new words"}
    assert "“ink”" in menu.asked[0]


@pytest.mark.parametrize("name", ["given", "my.ink"])
def test_what_an_export_would_overwrite_is_asked_before(menu, place, monkeypatch, name):
    """The dialog asks about the file that it was told; the suffix comes before, not after that."""
    from scumble import style_menu

    pick, told = style_menu.QtWidgets.QFileDialog, []

    def exec_(dialog):
        told.append((dialog.defaultSuffix(), dialog.acceptMode()))
        return True

    def chosen(dialog):  # as the dialog does it: a name with a dot has a suffix
        return [str(place / (name if "." in name else f"{name}.{dialog.defaultSuffix()}"))]

    monkeypatch.setattr(pick, "exec", exec_)
    monkeypatch.setattr(pick, "selectedFiles", chosen)
    there = place / (name + SUFFIX)
    there.write_text("precious")
    menu.give(Style("Ink / wash", "in ink", own=True))
    assert told == [(SUFFIX[1:], pick.AcceptMode.AcceptSave)]
    if "." in name:
        assert str(there) in menu.asked[0] and there.read_text() == "precious"
    else:
        assert not menu.asked and styles.read(there).name == "Ink / wash", "the dialog has asked"


def test_a_style_in_the_docker_renders(live, document, monkeypatch):
    from scumble import docker, extension

    monkeypatch.setattr(extension, "_live", live)
    panel = docker.ScumbleDocker()
    live.start(document)
    assert run(live, document)
    jobs = live.of(document).session.stats().jobs_started
    panel.style_menu.chosen.emit(BUILT_IN[1])
    assert live.settings(document).style == "Mist" and panel.style_menu.text() == "Style: Mist"
    assert run(live, document, lambda: live.of(document).session.stats().jobs_started > jobs)
    stranger = Style("Theirs", "", {"model": "a stranger's [0123456789ab]"}, own=True)
    panel.style_menu.chosen.emit(stranger)
    assert "not among yours" in live.status(document).text, "loads nothing that was not chosen here"


def test_a_style_has_a_small_picture_or_none(place):
    from scumble import style_menu

    image = QtGui.QImage(64, 40, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor(200, 40, 30))
    png = style_menu._png(image)
    style = styles.of("Red", "in red", DocumentSettings(), png)
    styles.save(style)
    assert styles.known()[-1] == style and style.thumbnail == png
    icon = style_menu._icon(png)
    shown = icon.pixmap(icon.availableSizes()[0]).toImage()
    assert (shown.width(), shown.height()) == (64, 40) and shown.pixelColor(9, 9).red() == 200
    assert style_menu._png(None) == b"" and style_menu._icon(b"").isNull()
    assert style_menu._icon(png[:30]).isNull() and style_menu._icon(b"nonsense").isNull()
    large = style_menu._png(QtGui.QImage(2000, 10, QtGui.QImage.Format.Format_RGB32))
    assert style_menu._icon(large).isNull(), "files come from anybody"
    (file,) = styles.folder().iterdir()
    for odd in (7, None, "?", "x" * 90_000):
        file.write_text(json.dumps({**json.loads(file.read_text()), "thumbnail": odd}))
        assert styles.known()[-1] == replace(style, thumbnail=b""), "whole without it"


@pytest.mark.skipif(os.name != "posix", reason="elsewhere files have no such modes")
def test_a_style_may_be_read_by_whom_other_files_of_the_artist_may(place):
    plain, style = place / "plain", place / ("given" + SUFFIX)
    for mask in (0o022, 0o077):
        before = os.umask(mask)
        try:
            plain.write_text("")
            styles.write(Style("given", own=True), style)
        finally:
            os.umask(before)
        assert style.stat().st_mode == plain.stat().st_mode
        plain.unlink()
    assert [path.name for path in place.iterdir()] == [style.name], "and nothing half-written is left"


def test_words_of_a_style_are_no_longer_than_what_is_read_again(place):
    styles.save(styles.of("long", "w" * 20_000, DocumentSettings()))
    assert styles.known()[-1].words == "w" * settings.MOST_TEXT
