# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions that are a group's layers. The stub puts the number of letters of a region's words into the first
byte of the pixels where it is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from conftest import eventually, picture, run
from scumble import regions, settings, steering
from scumble.qt import QtWidgets
from scumble.steer_list import SteerList
from scumble.steering import Condition, read_conditions


@pytest.fixture
def group(live, document):
    """A group above Scumble's, with two painted layers that steer."""
    live.start(document)
    live.steer(document, "regions", "")
    made = next(node for node in document.root.children if node.name() == "Regions")
    made.children[0].setName("sky")
    hut = document.createNode("a hut", "paintlayer")
    made.setChildNodes([*made.children, hut])
    made.children[0].pixels[2:20, :50] = (200, 90, 30, 255)
    hut.pixels[30:40, 60:80] = (0, 0, 0, 255)
    return made


def expected(document, *words):
    """Of (layer, words)."""
    made = 255 - document.paper.pixels
    made[..., 3] = 255
    for layer, text in words:
        made[layer.pixels[..., 3] > 0, 0] = len(text)
    return made


def shows(live, document, *words):
    return run(live, document, lambda: np.array_equal(picture(document), expected(document, *words)))


def chosen(document):
    QtWidgets.QApplication.processEvents()
    return document.activeNode()


def change(live, document, **values):
    chosen = live.settings(document)
    live.set_settings(document, replace(chosen, conditions=(replace(chosen.conditions[0], **values),)))


def test_what_is_painted_in_a_layer_of_the_group_is_its_region(live, document, group):
    sky, hut = group.children
    assert shows(live, document, (sky, "sky"), (hut, "a hut")), live.status(document).text
    assert group.parent is document.root and document.root.children[-1] is group, "above Scumble's group"
    assert run(live, document, lambda: chosen(document) is sky), "to paint on"
    sky.pixels[50:60, 5:9] = (1, 2, 3, 255)
    assert shows(live, document, (sky, "sky"), (hut, "a hut")), "painted on, it follows"
    assert not live.status(document).error


def test_layers_that_come_go_hide_or_are_renamed_change_the_regions(live, document, group):
    sky, hut = group.children
    assert shows(live, document, (sky, "sky"), (hut, "a hut"))
    sky.setName("storm clouds")
    assert shows(live, document, (sky, "storm clouds"), (hut, "a hut")), "renamed"
    hut.setVisible(False)
    assert shows(live, document, (sky, "storm clouds")), "hidden is off"
    hut.setVisible(True)
    assert shows(live, document, (sky, "storm clouds"), (hut, "a hut")), "and back"
    sky.remove()
    assert shows(live, document, (hut, "a hut")), "deleted"
    lake = document.createNode("lake", "paintlayer")
    lake.pixels[44:50, 3:9] = (9, 9, 9, 255)
    group.addChildNode(lake, None)
    assert shows(live, document, (hut, "a hut"), (lake, "lake")), "one more"
    lake.pixels[35:46, 3:70] = (9, 9, 9, 255)
    group.setChildNodes([lake, hut])
    assert shows(live, document, (lake, "lake"), (hut, "a hut")), "the upper one covers the lower"
    group.setChildNodes([hut, lake])
    assert shows(live, document, (hut, "a hut"), (lake, "lake")), "in another order too"
    jobs = live.of(document).session.stats().jobs_started
    eventually(live.loop.tick, lambda: False, 0.4)
    assert live.of(document).session.stats().jobs_started == jobs, "at rest: nothing else"
    inner = document.createNode("far away", "grouplayer")
    group.addChildNode(inner, lake)
    inner.pixels[0:2, 90:] = (0, 0, 0, 255)  # its composite
    assert shows(live, document, (hut, "a hut"), (lake, "lake"), (inner, "far away")), "a group in it is one"
    group.remove()
    assert run(live, document, lambda: "has no layer to read" in live.status(document).text)
    assert shows(live, document), "and steers no more"


def test_the_layers_opacity_is_how_much_and_the_groups_eye_is_not(live, document, group):
    sky, hut = group.children
    assert shows(live, document, (sky, "sky"), (hut, "a hut"))
    sky.setOpacity(0)
    assert shows(live, document, (hut, "a hut")), "0 is off"
    sky.setOpacity(255)
    group.setVisible(False)
    hut.pixels[40:44, 60:64] = (0, 0, 0, 255)
    assert shows(live, document, (sky, "sky"), (hut, "a hut")), "a hidden group steers"
    change(live, document, scale=0.0)
    assert shows(live, document)
    change(live, document, scale=1.0, on=False)
    assert shows(live, document)
    change(live, document, on=True)
    assert shows(live, document, (sky, "sky"), (hut, "a hut"))


def test_words_of_its_own_go_before_a_layers_name(live, document, group):
    sky, hut = group.children
    (one,) = live.settings(document).conditions
    change(live, document, words=regions.with_words(one, regions.identity(sky), "a red evening sky"))
    assert shows(live, document, (sky, "a red evening sky"), (hut, "a hut"))
    sky.setName("layer 7")
    assert shows(live, document, (sky, "a red evening sky"), (hut, "a hut"))
    (again,) = settings.load(document).conditions
    assert again.words == ((regions.identity(sky), "a red evening sky"),), "kept in the document"
    live.stop(document)
    live.start(document)
    assert shows(live, document, (sky, "a red evening sky"), (hut, "a hut"))
    change(live, document, words=regions.with_words(again, regions.identity(sky), ""))
    assert shows(live, document, (sky, "layer 7"), (hut, "a hut"))


def test_it_takes_one_undo_step_to_make_the_group_and_none_to_steer(live, document):
    live.start(document)
    run(live, document)
    steps = list(document.steps)
    live.steer(document, "regions", "")
    assert document.steps == [*steps, "Add Layer"]
    group = document.root.children[-1]
    group.children[0].pixels[2:20, :50] = (200, 90, 30, 255)
    document.painting = True  # what ends a stroke would raise
    assert shows(live, document, (group.children[0], "Region 1"))
    assert document.steps == [*steps, "Add Layer"]
    document.painting = False


def test_the_live_picture_is_made_below_the_group_in_which_the_artist_is(live, document):
    live.steer(document, "regions", "")
    group = document.root.children[-1]
    assert run(live, document, lambda: chosen(document) is group.children[0])
    live.start(document)
    assert [node.name() for node in document.root.children] == ["Background", "Scumble", "Regions"]
    group.children[0].pixels[3:9] = 255
    assert shows(live, document, (group.children[0], "Region 1"))


def test_a_chosen_group_is_taken_and_told_of_where_it_is_paint(live, document):
    live.start(document)
    group = document.createNode("mine", "grouplayer")
    document.root.setChildNodes([group, *document.root.childNodes()])  # the lowest
    document.setActiveNode(group)
    live.steer(document, "regions", "")
    assert [one.layer for one in live.settings(document).conditions] == [regions.identity(group)]
    assert "is paint, too" in live.listing(document).silent[0]
    group.setVisible(False)
    assert live.listing(document).silent == {}
    group.setVisible(True)
    document.root.setChildNodes([document.root.children[1], document.root.children[2], group])
    assert live.listing(document).silent == {}
    own = live.of(document).group.group
    change(live, document, layer=regions.identity(document.paper))
    assert run(live, document, lambda: "is no group" in live.status(document).text)
    assert live.listing(document).groups == [(regions.identity(group), "mine")]
    group.setChildNodes([own])
    assert regions.layers(group, regions.identity(own)) == [], "Scumble's own group is none"


def test_a_new_layer_above_leaves_the_others_their_numbers(live, document, group):
    numbers, one = regions.Numbers(), Condition(0, "regions", "", group.uniqueId().toString())
    of = lambda: {r.layer: r.number for r in numbers.of(one, regions.layers(group), {0})}  # noqa: E731
    before = of()
    group.setChildNodes([*group.children, document.createNode("lake", "paintlayer")])
    after = of()
    assert len(before) == 2 and len(after) == 3 and len(set(after.values())) == 3
    assert {layer: after[layer] for layer in before} == before


def test_more_layers_than_the_library_takes_are_told(live, document, group):
    many = [document.createNode(f"part {n}", "paintlayer") for n in range(40)]
    group.setChildNodes(many)
    assert run(live, document, lambda: "More than 32" in live.status(document).text)
    group.setChildNodes(many[:31])
    many[30].pixels[3:9] = 255
    assert shows(live, document, (many[30], "part 30")), live.status(document).text


def test_a_layer_that_another_took_the_place_of_leaves_nothing_behind(live, document, group, monkeypatch):
    """The first is 16 bands high; of the other only one is ever handed over at first."""
    monkeypatch.setattr(steering, "Reading", lambda size, bytes_per_pixel: _small(size))
    sky, hut = group.children
    assert shows(live, document, (sky, "sky"), (hut, "a hut"))
    sky.pixels[:] = (1, 1, 1, 255)
    assert shows(live, document, (sky, "sky"), (hut, "a hut"))
    lake = document.createNode("lake", "paintlayer")
    lake.pixels[60:, 3:9] = (9, 9, 9, 255)
    group.setChildNodes([lake, hut])
    assert shows(live, document, (lake, "lake"), (hut, "a hut"))


def _small(size):
    from scumble import reading

    before, reading.BAND_BYTES = reading.BAND_BYTES, size[0] * 4 * 4
    try:
        return reading.Reading(size, 4)
    finally:
        reading.BAND_BYTES = before


GOOD = {"number": 3, "kind": "regions", "file": "", "layer": "{a}", "words": [["{b}", "a hut"]]}


@pytest.mark.parametrize(
    "words, good",
    [
        ([["{b}", "a hut"]], True),
        ([], True),
        ("nonsense", False),
        ([["{b}"]], False),
        ([["{b}", 7]], False),
        ([["{b}", "x" * 1001]], False),
        ([["{b}", "x"]] * 65, False),
        ([None], False),
    ],
)
def test_damaged_words(words, good):
    found, whole = read_conditions(json.loads(json.dumps([dict(GOOD, words=words)])))
    assert (len(found) == 1, whole) == (good, good)


def test_words_of_layers_that_are_gone_do_not_pile_up():
    one = Condition(0, "regions", "")
    for n in range(100):
        one = replace(one, words=regions.with_words(one, f"{n}", "words"))
    assert len(one.words) == regions.MOST_WORDS and one.words[-1] == ("99", "words")


def test_the_row_lists_the_groups_layers():
    shown, told = SteerList(), []
    shown.edited.connect(lambda: told.append(shown.value()))
    one = Condition(0, "regions", "", "{g}", words=(("{b}", "a red hut"),))
    inside = {0: [("{a}", "sky", ""), ("{b}", "hut", "a red hut")]}
    shown.load((one,), [("{l}", "a layer")], {}, groups=[("{g}", "Regions")], regions=inside)
    (row,) = shown.rows
    assert row.layer.currentText() == "Regions" and row.layer.count() == 1
    lines = row.inside.lines
    assert [(line.placeholderText(), line.text()) for line in lines.values()] == [
        ("sky", ""), ("hut", "a red hut")
    ]  # fmt: skip
    assert not row.inside.isHidden() and row.prompt.isHidden() and not told
    lines["{a}"].setText("clouds ")
    lines["{a}"].textEdited.emit("clouds ")
    assert told[-1][0].words == (("{b}", "a red hut"), ("{a}", "clouds"))
    inside = {0: [("{a}", "the sky", "clouds")]}
    shown.load(told[-1], [], {}, groups=[("{g}", "Regions")], regions=inside)
    assert list(row.inside.lines) == ["{a}"]
    assert row.inside.lines["{a}"].text() == "clouds ", "while it is typed"
    assert row.inside.names["{a}"].text() == "the sky"
    shown.load(told[-1], [], {"region": "This model takes none."}, groups=[], regions={})
    assert "takes none" in row.on.toolTip()
    shown.list_known()
    entries = {action.text(): action for action in shown.menu.actions() if action.text()}
    assert not entries["Regions: the layers of a group"].isEnabled()


def test_the_docker_follows_the_groups_layers(live, document, group, monkeypatch):
    from scumble import docker, extension

    monkeypatch.setattr(extension, "_live", live)
    panel = docker.ScumbleDocker()
    panel.show()
    panel.steer.button.setChecked(True)
    panel.refresh()
    (row,) = panel.steering.rows
    names = [line.placeholderText() for line in row.inside.lines.values()]
    assert names == ["a hut", "sky"], "the uppermost first"
    group.setChildNodes(group.children[::-1])
    group.children[0].setName("a house")
    panel.refresh()
    assert [line.placeholderText() for line in row.inside.lines.values()] == ["sky", "a house"]
    line = next(iter(row.inside.lines.values()))
    line.setText("a storm")
    line.textEdited.emit("a storm")
    panel._store()
    sky = group.children[1]
    assert live.settings(document).conditions[0].words == ((regions.identity(sky), "a storm"),)
    assert shows(live, document, (group.children[0], "a house"), (sky, "a storm"))
