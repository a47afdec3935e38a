# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures from elsewhere than a layer: from the clipboard, kept in the document, or linked to their file."""

import errno
import os
import tempfile

import krita
import pytest
from conftest import eventually, run
from scumble import pictures, steering
from scumble.qt import QtCore, QtGui, QtWidgets
from scumble.steer_list import SteerList
from scumble.steering import Condition
from steered import edit, expected, shows
from test_references import at_every_look, picture, referred  # noqa: F401


def clipboard(image=None, urls=()):
    mime = QtCore.QMimeData()
    if image is not None:
        mime.setImageData(image)
    mime.setUrls([QtCore.QUrl.fromLocalFile(str(path)) for path in urls])
    QtWidgets.QApplication.clipboard().setMimeData(mime)


def coloured(width, height, colour):
    image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_ARGB32)
    image.fill(QtGui.QColor(*colour))
    return image


def test_what_is_on_the_clipboard_becomes_a_hidden_layer_kept_in_the_document(live, document, tmp_path):
    live.start(document)
    assert run(live, document)
    paper = document.active
    clipboard(coloured(20, 10, (30, 20, 10)))
    live.steer(document, "clipboard", "")
    made = document.root.children[-1]
    assert (made.name(), made.type(), made.visible()) == ("Clipboard", "paintlayer", False)
    assert (made.bounds().width(), made.bounds().height()) == (20, 10) and document.active is not None
    eventually(QtWidgets.QApplication.processEvents, lambda: document.active is paper)
    assert document.active is paper
    assert shows(live, document, lambda: referred(document, 10)), live.status(document).text
    (kept,) = live.settings(document).conditions
    assert kept == Condition(0, "reference", "", made.uniqueId().toString())
    clipboard(urls=[picture(tmp_path / "mood.png", 8, 8, (30, 20, 40))])
    live.take_from(document, 0, "clipboard")
    assert document.root.children[-1].name() == "mood.png", "a picture's file that was copied"
    assert shows(live, document, lambda: referred(document, 40))


def test_a_large_picture_on_the_clipboard_is_made_smaller(live, document, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_SIDE", 32)
    clipboard(coloured(640, 320, (30, 20, 10)))
    live.steer(document, "clipboard", "")
    made = document.root.children[-1].bounds()
    assert (made.width(), made.height()) == (32, 16)


@pytest.mark.parametrize("urls", [(), ("/nowhere/words.txt",)])
def test_a_clipboard_without_a_picture_is_told_and_makes_no_layer(live, document, urls):
    clipboard(urls=urls)
    before = len(document.root.children)
    with pytest.raises(steering.Refused, match="no picture on the clipboard"):
        live.steer(document, "clipboard", "")
    assert len(document.root.children) == before and not live.settings(document).conditions


@pytest.mark.parametrize("where", [tempfile, QtGui.QImage])
def test_a_picture_on_the_clipboard_for_which_there_is_no_room_is_told(live, document, monkeypatch, where):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if where is tempfile:
        monkeypatch.setattr(tempfile, "mkdtemp", full)
    else:
        monkeypatch.setattr(QtGui.QImage, "save", lambda *_: False)
    clipboard(coloured(20, 10, (30, 20, 10)))
    before = len(document.root.children)
    told = f"could not be written to {QtCore.QDir.tempPath()}: make room"
    with pytest.raises(steering.Refused, match=told):
        live.steer(document, "clipboard", "")
    assert len(document.root.children) == before and not live.settings(document).conditions


def test_a_controls_picture_from_elsewhere_is_as_large_as_the_canvas(live, document, tmp_path, lines):  # noqa: F811
    net = tmp_path / "lines.onnx"
    net.write_bytes(b"x")
    document.setActiveNode(lines)
    live.steer(document, "control", str(net))
    live.start(document)
    clipboard(coloured(12, 4, (3, 2, 1)))  # of 96 x 64
    live.take_from(document, 0, "clipboard")
    made = document.root.children[-1]
    assert (made.bounds().width(), made.bounds().height()) == (96, 32)
    assert shows(live, document, lambda: expected(document, made)), live.status(document).text
    assert lines in document.root.children, "the layer that it followed stays"
    live.take_from(document, 0, "linked", picture(tmp_path / "a.png", 6, 4, (9, 8, 7)))
    made = document.root.children[-1]
    assert (made.bounds().width(), made.bounds().height(), made.type()) == (96, 64, "filelayer")
    assert shows(live, document, lambda: expected(document, made)), live.status(document).text


def test_a_linked_picture_follows_its_file_and_may_be_kept_later(live, document, tmp_path):
    file = picture(tmp_path / "mood.png", 20, 10, (30, 20, 10))
    live.start(document)
    live.steer(document, "linked", file)
    layer = document.root.children[-1]
    assert (layer.name(), layer.type(), layer.visible()) == ("mood.png", "filelayer", False)
    assert (layer.bounds().width(), layer.bounds().height()) == (20, 10), "no larger than its file's"
    assert shows(live, document, lambda: referred(document, 10)), live.status(document).text
    assert live.listing(document).linked == {0}
    assert file not in str(document.notes), "where it lies is Krita's to keep"
    picture(tmp_path / "mood.png", 20, 10, (30, 20, 90))
    layer.show_file()
    assert shows(live, document, lambda: referred(document, 90)), "another program has written it"
    live.steer(document, "reference", "")  # another one of the same layer
    edit(live, document, 1, layer=layer.uniqueId().toString(), scale=0.0)
    live.take_from(document, 0, "embed")
    made = document.root.children[-1]
    assert made.type() == "paintlayer" and made.name() == "mood.png" and not made.visible()
    assert layer not in document.root.children and not live.listing(document).linked
    assert {one.layer for one in live.settings(document).conditions} == {made.uniqueId().toString()}
    (tmp_path / "mood.png").unlink()
    assert shows(live, document, lambda: referred(document, 90))
    live.take_from(document, 0, "embed")
    live.take_from(document, 7, "embed")
    assert document.root.children[-1] is made, "there is nothing to be kept any more"


@pytest.mark.parametrize("newer", [False, True])
def test_a_linked_file_that_is_gone_is_told_and_its_entry_stays(live, document, tmp_path, monkeypatch, newer):
    if newer:  # Krita 5.2 and later
        monkeypatch.setattr(krita.Node, "scalingFilter", lambda layer: "Bicubic", raising=False)
    file = picture(tmp_path / "mood.png", 20, 10, (30, 20, 10))
    live.steer(document, "linked", file)
    layer = document.root.children[-1]
    (tmp_path / "mood.png").unlink()
    layer.show_file()  # as in a document that is opened without it
    live.start(document)
    assert run(live, document, lambda: "is linked to" in live.status(document).text)
    assert file in live.status(document).text and "which is not there" in live.status(document).text
    assert len(live.settings(document).conditions) == 1 and run(live, document), "live goes on without it"
    with pytest.raises(steering.Refused, match="which is not there"):
        live.take_from(document, 0, "embed")
    (tmp_path / "mood.png").write_text("no picture")
    assert run(live, document, lambda: "Krita shows nothing yet" in live.status(document).text)
    eventually(live.loop.tick, lambda: False, 1.3)
    assert layer.loads == 1, "Krita is asked once for each time that it was written"
    picture(tmp_path / "mood.png", 20, 10, (30, 20, 70))
    assert shows(live, document, lambda: referred(document, 70)), "put back, it steers"


def test_a_picture_larger_than_the_canvas_is_linked_at_the_canvas_size(live, document, tmp_path):
    live.steer(document, "linked", picture(tmp_path / "a.png", 960, 320, (30, 20, 10)))
    made = document.root.children[-1].bounds()
    assert (made.width(), made.height()) == (96, 32)


def test_a_row_has_where_its_picture_may_come_from():
    shown, told, asked = SteerList(), [], []
    shown.edited.connect(lambda: told.append(shown.value()))
    shown.sourced.connect(lambda number, source: asked.append((number, source)))
    rows = Condition(3, "reference", "", "{a}"), Condition(1, "region", "", "{a}")
    shown.load(rows, [("{a}", "upper"), ("{b}", "lower")], {}, linked={3})
    reference, region = (row.layer for row in shown.rows)
    entries = [reference.itemText(index) for index in range(reference.count())]
    assert entries[:2] == ["upper (linked)", "lower"] and len(entries) == 6
    assert region.count() == 2, "a region is painted"
    for entry in range(2, 6):
        reference.setCurrentIndex(entry)
        reference.activated.emit(entry)
        assert reference.currentText() == "upper (linked)", "until it has come"
    assert [source for _, source in asked] == ["embed", "picture", "linked", "clipboard"] and not told
    assert {number for number, _ in asked} == {3}
    reference.activated.emit(1)
    assert told[-1][0].layer == "{b}"
    shown.load(told[-1], [("{b}", "lower"), ("{a}", "upper")], {})
    assert [reference.itemText(index) for index in range(2)] == ["lower", "upper"] and reference.count() == 5


@pytest.mark.parametrize("shown", [False, True])
def test_what_is_kept_of_a_linked_picture_lies_in_its_place_and_takes_no_paint_away(
    live, document, tmp_path, shown
):
    """A file layer that the artist has in the painting is theirs."""
    figure = document.createGroupLayer("figure")
    file = picture(tmp_path / "mood.png", 20, 10, (30, 20, 10))
    layer, over = document.createFileLayer("mood", file, "None"), document.createNode("over", "paintlayer")
    document.root.addChildNode(figure, document.paper)
    for node in (over, layer):
        figure.addChildNode(node, None)
    figure.setChildNodes([layer, over])
    layer.setVisible(shown)
    document.setActiveNode(layer)
    live.steer(document, "reference", "")
    live.take_from(document, 0, "embed")
    made = next(node for node in figure.children if node.type() == "paintlayer" and node is not over)
    assert figure.children == ([layer, made, over] if shown else [made, over])
    assert made.name() == "mood" and not made.visible() and len(document.root.children) == 2
    (one,) = live.settings(document).conditions
    assert one.layer == made.uniqueId().toString() and not live.listing(document).linked
