# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in the stack layers are added, and which one is active after that."""

import pytest
from conftest import eventually, run
from scumble import stack
from scumble.library import ScumbleError
from scumble.qt import QtCore


def place(document, node, *around):
    """Into these groups, the first one in the root, as the lowest of the last one."""
    node.parent.children.remove(node)
    outer = document.root
    for group in (*around, node):
        outer.setChildNodes([group, *outer.childNodes()] if outer is not document.root or group is node
                            else [*outer.childNodes(), group])  # fmt: skip
        outer = group


def order(document):
    """The layers, the lowest first."""
    return [node for node, _ in stack.walk(document)][::-1]


def test_the_lowest_of_a_group_is_applied_below_that_group(live, document):
    """Krita puts what is added above no layer on top of a group, not at its bottom."""
    live.start(document)
    assert run(live, document)
    group = live.of(document).group.group
    figure, face = (document.createGroupLayer(name) for name in ("figure", "face"))
    for one in (figure, face):
        one.setPassThroughMode(True)
    place(document, group, figure, face)
    live.apply(document)
    added = document.active
    assert added.parent is document.root and order(document)[:2] == [document.paper, added]


def test_below_the_lowest_of_all_nothing_is_applied_and_that_is_told(live, document):
    live.start(document)
    assert run(live, document)
    place(document, live.of(document).group.group)
    before = order(document)
    with pytest.raises(ScumbleError, match="“Scumble” is the lowest layer.*move it to the bottom"):
        live.apply(document)
    live.keep(document)
    assert len(order(document)) == len(before) + 1, "above it there is a place"


def test_live_begins_below_a_group_of_regions_that_is_the_lowest_of_another(live, document):
    figure, group = document.createGroupLayer("figure"), document.createGroupLayer("Regions")
    figure.setPassThroughMode(True)
    document.root.addChildNode(figure, document.paper)
    figure.addChildNode(group, None)
    document.setActiveNode(group)
    live.steer(document, "regions", "")
    live.start(document)
    own = live.of(document).group.group
    assert own.parent is document.root and document.root.children == [document.paper, own, figure]


@pytest.mark.parametrize("how", ["keep", "lay"])
def test_a_picture_that_is_laid_aside_never_takes_the_brush_with_it(live, document, how):
    """Krita makes a layer that was added active, later, and its object for a clone equals no other."""
    live.start(document)
    assert run(live, document)
    document.setActiveNode(document.paper)
    if how == "lay":
        assert run(live, document, lambda: live.history.of(document), 4)
        live.lay(document, live.history.of(document)[0])
    else:
        live.keep(document)
    added = document.active
    assert added is not document.paper
    document.active = document.paper
    eventually(QtCore.QCoreApplication.processEvents, lambda: False, 0.3)
    document.active = added
    events = QtCore.QCoreApplication.processEvents
    assert eventually(events, lambda: document.active is document.paper, 1)


@pytest.mark.parametrize("late", [0, 0.3, 1.5])
def test_the_artists_layer_stays_active_however_late_krita_takes_the_new_one(live, document, late):
    """On a busy machine Krita makes an added layer active a second after it was added."""
    events, layer = QtCore.QCoreApplication.processEvents, document.paper
    document.active = layer
    live.start(document)
    group = live.of(document).group.group
    document.active = group if not late else layer
    assert not eventually(events, lambda: False, late)
    document.active = group
    assert eventually(events, lambda: document.active is layer, 1)
    eventually(events, lambda: False, 0.4)
    document.active = group
    eventually(events, lambda: False, 0.3)
    assert document.active is group, "chosen by the artist afterwards, it is left to them"


def test_a_layer_that_the_artist_chooses_meanwhile_stays_theirs(live, document):
    events, other = QtCore.QCoreApplication.processEvents, document.createNode("other", "paintlayer")
    document.root.addChildNode(other, document.paper)
    document.active = document.paper
    live.start(document)
    eventually(events, lambda: False, 0.1)
    document.active = other
    eventually(events, lambda: False, 0.3)
    document.active = live.of(document).group.group
    eventually(events, lambda: False, 0.3)
    assert document.active is live.of(document).group.group


@pytest.mark.parametrize("kind", ["control", "region", "reference", "regions"])
def test_what_lies_in_a_group_that_is_deleted_steers_no_more(live, document, files, lines, kind):
    outer, inner = document.createGroupLayer("outer"), document.createGroupLayer("inner")
    document.root.addChildNode(outer, document.paper)
    outer.addChildNode(inner, None)
    document.root.children.remove(lines)
    inner.setChildNodes([lines])
    document.setActiveNode(document.paper)
    live.start(document)
    assert run(live, document)
    document.setActiveNode(inner if kind == "regions" else lines)
    jobs = lambda: live.of(document).session.stats().jobs_started  # noqa: E731
    before = jobs()
    live.steer(document, kind, files["lines.onnx"] if kind == "control" else "")
    assert run(live, document, lambda: jobs() > before and not live.of(document).working)
    assert not live.status(document).error
    outer.remove()
    assert run(live, document, lambda: "has no layer to read" in live.status(document).text)
    document.root.addChildNode(outer, document.paper)  # undone
    assert run(live, document, lambda: not live.status(document).error), live.status(document).text


def test_whether_a_layer_is_in_the_stack_is_asked_of_all_the_groups_around_it(document):
    outer, inner = document.createGroupLayer("outer"), document.createGroupLayer("inner")
    document.root.addChildNode(outer, document.paper)
    outer.addChildNode(inner, None)
    assert [stack.is_in(node, document.root) for node in (outer, inner, document.paper)] == [True] * 3
    assert list(stack.upwards(inner, document.root)) == [inner, outer]
    outer.remove()
    assert not stack.is_in(inner, document.root) and not stack.is_in(None, document.root)
    assert not stack.is_in(document.paper, None), "of a closed document"
