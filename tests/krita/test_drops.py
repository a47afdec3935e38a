# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are dragged from a file manager onto the list of what steers."""

import os

import krita
from conftest import run
from scumble import models
from scumble.qt import QtCore, QtGui
from scumble.steer_list import SteerList


def drop(shown, *paths):
    """Whether the list would take one of them; they are dropped then."""
    mime, qt = QtCore.QMimeData(), QtCore.Qt
    mime.setUrls([QtCore.QUrl.fromLocalFile(os.fspath(path)) for path in paths])
    more = (qt.DropAction.CopyAction, mime, qt.MouseButton.LeftButton, qt.KeyboardModifier.NoModifier)
    enters = QtGui.QDragEnterEvent(QtCore.QPoint(3, 3), *more)
    enters.ignore()
    shown.dragEnterEvent(enters)
    if enters.isAccepted():
        shown.dropEvent(QtGui.QDropEvent(QtCore.QPointF(3, 3), *more))
    return enters.isAccepted()


def test_a_file_that_is_dropped_steers_by_what_it_is(live, document, tmp_path, monkeypatch):
    names = ("canny.onnx", "Ink.SAFETENSORS", "mood.png", "a.txt")
    net, ink, mood, notes = (tmp_path / name for name in names)
    for path in (net, ink, notes):
        path.write_bytes(path.name.encode())
    image = QtGui.QImage(8, 6, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor(200, 90, 30))
    assert image.save(os.fspath(mood))
    shown = SteerList()
    assert shown.acceptDrops()
    shown.wanted.connect(lambda kind, file: live.steer(document, kind, file))
    live.start(document)
    assert run(live, document)
    assert not drop(shown, notes) and live.settings(document).conditions == ()
    assert drop(shown, net, notes, ink)
    assert drop(shown, mood)
    found = live.settings(document).conditions
    kinds = [(one.kind, one.prepare) for one in found]
    assert kinds == [("control", "canny"), ("lora", "as_is"), ("reference", "as_is")]
    files = [models.network(one.file) for one in found if one.file]
    assert files == [os.fspath(net), os.fspath(ink)], "and what is none of these is left out"
    laid = document.root.childNodes()[-1]
    assert (laid.name(), laid.visible(), laid.uniqueId().toString()) == ("mood.png", False, found[2].layer)
    assert krita.Krita.instance().messages == []
