# SPDX-License-Identifier: GPL-3.0-or-later
"""Animations: live rests while one plays, and says what onion skins do to it."""

from conftest import eventually, run
from scumble import document as turns
from scumble import onion
from scumble.playing import Playing


def test_live_rests_while_an_animation_plays(live, document):
    live.start(document)
    assert run(live, document)
    merges = document.merges

    def play():
        document.time += 1
        live.loop.tick()

    eventually(play, lambda: live.of(document).playing, 2)
    assert "animation" in live.status(document).text
    document.paper.pixels[3] = (9, 9, 1, 255)
    merges = document.merges
    eventually(play, lambda: False, 0.4)
    assert document.merges == merges, "no frame that Krita has ready is thrown away"
    assert run(live, document), "stopped, it goes on"


def test_a_lookedanimation_is_known_where_looks_are_seldom(document):
    """On a busy machine the loop has a turn each second or so."""
    looked, now = Playing(document.time), 1e6
    for frame, playing in ((1, False), (1, False), (2, False), (5, True), (9, True), (9, False)):
        now += 0.9
        assert looked.look(frame, now) == playing, frame


def test_onion_skins_are_told(live, document, monkeypatch):
    """Krita paints them into what the paint tap reads."""
    monkeypatch.setattr(turns, "LOOK_AT_ONIONS", 0.05)
    ink = document.createNode("ink", "paintlayer")
    document.root.addChildNode(ink, document.paper)
    ink.pixels[4:8, 4:20] = (0, 0, 200, 255)
    ink.frames = True
    live.start(document)

    def says(wanted):
        return eventually(live.loop.tick, lambda: wanted in live.status(document).text, 4)

    assert says("Up to date"), live.status(document).text
    ink.ghosts = document.blank()
    ink.ghosts[20:24, 4:20] = (200, 0, 0, 90)
    assert says("“ink” shows onion skins"), live.status(document).text
    ink.ghosts = None
    assert says("Up to date"), live.status(document).text


def test_onion_skins_are_looked_for_where_they_can_be(document):
    root, ghosts = document.root, document.blank()
    ghosts[:] = 9
    layers = {}
    for name in ("still", "hidden", "masked", "in a group", "group"):
        kind = "grouplayer" if name == "group" else "paintlayer"
        layers[name] = node = document.createNode(name, kind)
        root.addChildNode(node, None)
        node.frames, node.ghosts = name != "still", ghosts
    layers["hidden"].setVisible(False)
    layers["masked"].setChildNodes([document.createNode("mask", "transparencymask")])
    assert onion.layer_with(document, layers["group"]) == "in a group"
    layers["group"].setChildNodes([layers["in a group"]])
    root.children.remove(layers["in a group"])
    assert onion.layer_with(document, layers["group"]) == "", "nor in the group that is not looked into"
    assert onion.layer_with(document, None) == "in a group"


def test_a_large_layer_is_looked_at_in_stripes(document, monkeypatch):
    ink, read = document.paper, []
    ink.frames = True
    monkeypatch.setattr(onion, "MOST_BYTES", 96 * 4 * onion.STRIPES)
    whole = ink.pixelData
    monkeypatch.setattr(ink, "pixelData", lambda *rect: read.append(rect) or whole(*rect))
    assert onion.layer_with(document, None) == ""
    assert sum(rect[2] * rect[3] * 4 for rect in read) <= onion.MOST_BYTES + 4
    rows = sorted(rect[1] for rect in read[1:])
    assert rows[0] == 0 and rows[-1] == document.height() - 1 and len(rows) == onion.STRIPES
