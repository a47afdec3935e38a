# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture that nobody renders any more hides no paint: one that a document was saved with, and one of
before where going live is refused."""

import krita
import numpy as np
import pytest
from conftest import eventually, picture, run
from scumble import host
from scumble import live as live_module
from scumble.group import ManagedGroup
from scumble.library import ScumbleError
from scumble.qt import QtCore, QtWidgets

events = QtCore.QCoreApplication.processEvents


@pytest.fixture
def opened(live, document):
    """As a document that was saved while live, and is open again: its group."""
    live.start(document)
    assert run(live, document)
    one = live.of(document)
    live.loop.remove(one)
    one.close()
    live.loop.old._settled.remove(document)
    assert eventually(events, lambda: document.active is document.paper, 1)
    return one.group.group


def stroke(live, document, seconds=0.3):
    """Of the pen, as long as that; whether the plug-in waited for its end."""
    watched = live.loop.pen_down()
    document.painting = True
    eventually(events, lambda: False, seconds)
    document.painting = False
    live.loop.pen_up()
    return watched


def test_a_document_saved_while_live_shows_its_picture_until_it_is_painted_on(live, document, opened):
    steps = list(document.steps)
    live.loop.wake()
    eventually(events, lambda: False, 0.1)
    assert opened.visible(), "to be looked at, and exported"
    assert live.loop.pen_down()
    eventually(events, lambda: False, 0.1)
    live.loop.pen_up()
    assert opened.visible(), "the canvas was moved"
    assert live.loop.pen_down()
    document.painting = True  # what ends a stroke would raise
    assert eventually(events, lambda: not opened.visible(), 2), "while the stroke is painted"
    document.paper.pixels[3] = (9, 9, 1, 255)
    document.painting = False
    live.loop.pen_up()
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels)
    assert "hidden" in krita.Krita.instance().messages[-1] and document.steps == steps
    opened.setVisible(True)
    assert not stroke(live, document) and opened.visible(), "once: shown again, it is the artist's"


def test_a_short_stroke_hides_it_too(live, document, opened):
    assert live.loop.pen_down()
    document.painting = True
    live.loop.pen_up()
    assert not opened.visible()


def test_what_is_painted_once_the_pen_is_lifted_is_seen(live, document, opened):
    assert live.loop.pen_down()
    live.loop.pen_up()
    document.painting = True  # a rectangle: Krita hears of the pen after the plug-in
    hidden = eventually(events, lambda: not opened.visible(), 1)
    document.painting = False
    assert hidden
    assert not live.loop.old._timer.isActive()


def test_what_is_painted_between_two_looks_is_seen(live, document, opened):
    assert live.loop.pen_down()
    live.loop.pen_up()
    document.changed = True
    assert eventually(events, lambda: not opened.visible(), 1)


def test_a_pen_that_has_painted_nothing_is_watched_no_more(live, document, opened):
    assert live.loop.pen_down()
    live.loop.pen_up()
    assert eventually(events, lambda: not live.loop.old._timer.isActive(), 2) and opened.visible()


@pytest.mark.parametrize("how", ["above it", "hidden", "live", "without a group", "closed"])
def test_where_nothing_is_covered_nothing_is_hidden(live, document, opened, how):
    if how == "above it":
        over = document.createNode("over", "paintlayer")
        document.root.addChildNode(over, opened)
    elif how == "hidden":
        opened.setVisible(False)
    elif how == "live":
        live.start(document)
        assert run(live, document)
    elif how == "without a group":
        document = krita.Krita.instance().document = krita.Document(20, 10)
    else:
        document.closed = True
    assert stroke(live, document) == (how == "above it"), "the next one may be below it"
    assert opened.visible() == (how != "hidden")
    if how == "above it":
        document.setActiveNode(document.paper)
        assert stroke(live, document) and not opened.visible()


@pytest.mark.parametrize("how", ["a key", "a tool"])
def test_a_colour_can_be_picked_from_it(live, document, opened, monkeypatch, how):
    picks = how == "a tool"
    if how == "a key":
        held = QtCore.Qt.KeyboardModifier.ControlModifier
        monkeypatch.setattr(QtWidgets.QApplication, "keyboardModifiers", lambda: held)
    monkeypatch.setattr(host, "has_tool", lambda name: picks and name.endswith("ColorSampler"))
    assert stroke(live, document) and opened.visible(), "though Krita is at work then"
    monkeypatch.undo()
    assert stroke(live, document) and not opened.visible()


def test_the_canvas_of_a_document_with_such_a_picture_is_watched(live, document, opened, monkeypatch):
    watched = []
    monkeypatch.setattr(live.loop.watch, "canvas", lambda: watched.append(True))
    live.loop.wake()
    assert eventually(events, lambda: watched, 1)
    live.start(document)
    live.stop(document)
    watched.clear()
    live.loop.wake()
    assert not eventually(events, lambda: watched, 0.1)


@pytest.mark.parametrize("why", ["grey", "other colours", "no session"])
def test_live_that_is_refused_leaves_no_old_picture_over_the_paint(live, document, opened, monkeypatch, why):
    if why == "grey":
        document.model = "GRAYA"
    elif why == "other colours":
        ManagedGroup.find(document).live.colours = ("RGBA", "U16", document.profile)
    else:

        def refuses(*_):
            raise ScumbleError("there is no room for it")

        monkeypatch.setattr(live_module, "LiveDocument", refuses)
    document.paper.pixels[0] = (1, 1, 1, 255)
    with pytest.raises(ScumbleError):
        live.start(document)
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels) and picture(document).any()


def test_merged_into_another_layer_is_told_when_live_is_pressed_again(live, document):
    live.start(document)
    assert run(live, document)
    group = ManagedGroup.find(document)
    group.group.setPassThroughMode(False)  # what Krita 5 leaves of it, the layers being locked
    for node in (group.group, *group.group.children):
        node.setVisible(False)
    assert run(live, document, lambda: live.of(document) is None)
    assert "merged into another layer" in live.status(document).text
    with pytest.raises(ScumbleError, match="merged into another layer"):
        live.start(document)
    assert not group.group.visible()


def test_a_group_that_is_hidden_since_live_is_off_was_not_merged(live, document):
    live.start(document)
    assert run(live, document)
    live.stop(document)
    ManagedGroup.find(document).group.setPassThroughMode(False)
    with pytest.raises(ScumbleError, match="hides what lies below"):
        live.start(document)
