# SPDX-License-Identifier: GPL-3.0-or-later
"""References: pictures of a size of their own, each what is on a layer. The stub mixes the first pixel of one
with its picture's green."""

from dataclasses import replace

import krita
import numpy as np
import pytest
from conftest import eventually, run
from scumble import pictures, settings, steering
from scumble.qt import QtGui, QtWidgets
from scumble.steer_list import SteerList
from scumble.steering import Condition
from steered import edit, expected, shows


@pytest.fixture(autouse=True)
def at_every_look(monkeypatch):
    monkeypatch.setattr(steering, "LOOK_AT_REFERENCE", 0.0)


def referred(document, *firsts):
    made = expected(document)
    for first in firsts:
        made[..., 1] ^= first
    return made


def test_a_reference_is_what_is_on_its_layer_and_follows_it(live, document, lines):  # noqa: F811
    live.start(document)
    assert run(live, document)
    document.setActiveNode(lines)
    live.steer(document, "reference", "")
    assert shows(live, document, lambda: referred(document, 7)), live.status(document).text
    told, steer = [], live.of(document).session.steer

    def noted(*given):
        told.extend(picture[1:3] for picture in given[2:])
        return steer(*given)

    live.of(document).session.steer = noted
    lines.pixels[2, 3] = (50, 1, 1, 255)  # its upper left now
    assert shows(live, document, lambda: referred(document, 50))
    (size, part) = told[0]
    assert size == (37, 4) and part[0] == (0, 0, 37, 4), "its own size, whatever the canvas's is"
    told.clear()
    document.change(120, 80)
    assert shows(live, document, lambda: referred(document, 50)), "the canvas may change under it"
    edit(live, document, 0, on=False)
    assert shows(live, document, lambda: referred(document))


def test_a_reference_at_rest_is_read_now_and_then_and_makes_no_job(live, document, lines, monkeypatch):  # noqa: F811
    monkeypatch.setattr(steering, "LOOK_AT_REFERENCE", 3600)
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "reference", "")
    assert shows(live, document, lambda: referred(document, 7))
    jobs, read, whole = live.of(document).session.stats().jobs_started, [], lines.pixelData
    monkeypatch.setattr(lines, "pixelData", lambda *rect: read.append(rect) or whole(*rect))
    eventually(live.loop.tick, lambda: False, 0.5)
    assert live.of(document).session.stats().jobs_started == jobs and not read
    edit(live, document, 0, scale=0.0)
    assert shows(live, document, lambda: referred(document)), "another weight is told at once"


def test_what_a_reference_gives_is_told_and_kept(live, document, lines, monkeypatch):  # noqa: F811
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "reference", "")
    assert shows(live, document, lambda: referred(document, 7))
    shown, told = SteerList(), []
    shown.edited.connect(lambda: told.append(shown.value()))
    chosen = live.settings(document).conditions
    shown.load(chosen, [], live.engines.conditions(""))
    (row,) = shown.rows
    assert row.aspect.isEnabled() and not row.aspect.isHidden() and row.prepare.isHidden()
    assert [row.aspect.itemData(index) for index in range(row.aspect.count())] == list(steering.ASPECTS)
    row.aspect.activated.emit(row.aspect.findData("layout"))
    assert told[-1][0].aspect == "layout"
    live.set_settings(document, replace(live.settings(document), conditions=told[-1]))
    assert shows(live, document, lambda: referred(document, 7 + 2)), live.status(document).text
    (kept,) = settings.load(document).conditions
    assert kept.aspect == "layout"
    monkeypatch.setenv("SCUMBLE_STUB_WHOLE", "1")
    shown.load((kept,), [], live.engines.conditions(""))
    assert not row.aspect.isEnabled() and "all of a reference" in row.aspect.toolTip()
    assert row.scale.isEnabled(), "it is a reference all the same"


@pytest.mark.parametrize("kind, aspect, found", [
    ("reference", "style", "style"), ("reference", "of a later version", "all"), ("control", "style", "all"),
])  # fmt: skip
def test_an_aspect_is_a_references_alone(kind, aspect, found):
    (one,), good = steering.read_conditions([{"number": 0, "kind": kind, "file": "", "aspect": aspect}])
    assert one.aspect == found and good


def test_two_references_and_one_goes(live, document, lines):  # noqa: F811
    other = document.createNode("other", "paintlayer")
    document.root.addChildNode(other, lines)
    other.pixels[9, 9] = (96, 8, 9, 255)
    other.setVisible(False)
    for layer in (lines, other):
        document.setActiveNode(layer)
        live.steer(document, "reference", "")
    live.start(document)
    assert shows(live, document, lambda: referred(document, 7, 96))
    other.remove()
    assert run(live, document, lambda: "no layer to read" in live.status(document).text)
    assert shows(live, document, lambda: referred(document, 7)), "the other goes on"


def test_an_empty_layer_is_told_and_heard_when_it_is_painted(live, document, lines):  # noqa: F811
    lines.pixels[:] = 0
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "reference", "")
    assert run(live, document, lambda: "“lines” is empty" in live.status(document).text)
    lines.pixels[30, 30] = (9, 9, 9, 255)
    assert shows(live, document, lambda: referred(document, 9))
    assert not live.status(document).error


def picture(path, width, height, colour):
    image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor(*colour))
    assert image.save(str(path))
    return str(path)


def test_a_picture_becomes_a_hidden_layer_that_is_the_reference(live, document, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_SIDE", 32)
    live.start(document)
    assert run(live, document)
    paper, before = document.active, len(document.steps)
    live.steer(document, "picture", picture(tmp_path / "mood board.png", 64, 40, (30, 20, 10)))
    made = document.root.children[-1]
    assert made.name() == "mood board.png" and not made.visible()
    eventually(QtWidgets.QApplication.processEvents, lambda: document.active is paper)
    assert document.active is paper
    assert (made.bounds().width(), made.bounds().height()) == (32, 20), "no larger than what is looked at"
    assert document.steps[before:] == ["Add Layer"]
    assert shows(live, document, lambda: referred(document, 10)), live.status(document).text
    (kept,) = live.settings(document).conditions
    assert kept == Condition(0, "reference", "", made.uniqueId().toString()), "and no path is kept"


def test_what_is_no_picture_is_told_and_makes_no_layer(live, document, tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    before = len(document.root.children)
    with pytest.raises(steering.Refused, match="“notes.png” is no picture"):
        live.steer(document, "picture", str(tmp_path / "notes.png"))
    assert len(document.root.children) == before and not live.settings(document).conditions
    assert not krita.Krita.instance().batchmode()


def test_no_picture_is_laid_where_there_is_no_place_for_one_more(live, document, tmp_path, lines):  # noqa: F811
    document.setActiveNode(lines)
    for _ in range(steering.MOST):
        live.steer(document, "reference", "")
    before = len(document.root.children)
    with pytest.raises(steering.Refused, match="no more"):
        live.steer(document, "picture", picture(tmp_path / "a.png", 4, 4, (1, 2, 3)))
    assert len(document.root.children) == before


def test_a_reference_far_larger_than_the_canvas(live, document, lines):  # noqa: F811
    lines.pixels = np.zeros((300, 500, 4), np.uint8)
    lines.pixels[:] = (11, 0, 0, 255)
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "reference", "")
    assert shows(live, document, lambda: referred(document, 11))
