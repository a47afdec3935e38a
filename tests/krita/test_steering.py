# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers: ControlNets that follow a layer, and LoRAs. The stub lays a control's picture over its own,
where it is not transparent, and a LoRA changes a byte of each pixel."""

import json
from dataclasses import replace

import krita
import pytest
from conftest import eventually, run
from scumble import models, reading, settings, stack, steering, styles
from scumble.library import ScumbleError
from scumble.qt import QtCore, QtGui
from scumble.steering import added, read_conditions, sources
from steered import edit, expected, shows


def test_a_control_follows_its_layer(live, document, files, lines):
    live.start(document)
    assert run(live, document)
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    assert shows(live, document, lambda: expected(document, lines)), live.status(document).text
    lines.pixels[20:30, 50] = (1, 2, 3, 255)
    assert shows(live, document, lambda: expected(document, lines)), "painted on, it is followed"
    edit(live, document, 0, scale=0.0)
    assert run(live, document), "at 0 it steers nothing"
    edit(live, document, 0, scale=1.0, on=False)
    assert run(live, document)
    edit(live, document, 0, on=True)
    assert shows(live, document, lambda: expected(document, lines)), "and back"
    live.set_settings(document, replace(live.settings(document), conditions=()))
    assert run(live, document), "taken out"


def test_a_layer_at_rest_makes_no_job(live, document, files, lines):
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    assert shows(live, document, lambda: expected(document, lines))
    jobs = live.of(document).session.stats().jobs_started
    eventually(live.loop.tick, lambda: False, 0.5)
    assert live.of(document).session.stats().jobs_started == jobs


def test_a_lora_and_two_controls_at_once(live, document, files, lines):
    other = document.createNode("more", "paintlayer")
    document.root.addChildNode(other, lines)
    other.pixels[50, 3:40] = (90, 8, 9, 255)
    other.setVisible(False)
    for layer in (lines, other):
        document.setActiveNode(layer)
        live.steer(document, "control", files["lines.onnx"])
    live.steer(document, "lora", files["ink.safetensors"])
    edit(live, document, 2, scale=0.5)
    live.start(document)

    def all_of_it():
        made = expected(document, lines, other)
        made[..., 0] ^= 50
        return made

    assert shows(live, document, all_of_it), live.status(document).text


def test_of_a_large_layer_a_piece_is_read_at_a_time(live, document, files, lines, monkeypatch):
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 8)  # 8 rows of 64
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    assert shows(live, document, lambda: expected(document, lines))
    read, whole = [], lines.pixelData
    monkeypatch.setattr(lines, "pixelData", lambda *rect: read.append(rect) or whole(*rect))
    lines.pixels[60:64, 50] = (1, 2, 3, 255)
    assert shows(live, document, lambda: expected(document, lines))
    assert read and all(rect[3] == 8 for rect in read)
    document.change(120, 64)
    assert shows(live, document, lambda: expected(document, lines)), "another canvas: all of it again"


def test_what_cannot_steer_is_told_and_live_goes_on(live, document, files, lines):
    live.start(document)
    assert run(live, document)
    document.setActiveNode(lines)
    live.steer(document, "control", files["broken.onnx"])
    said = lambda words: lambda: words in live.status(document).text  # noqa: E731
    assert run(live, document, said("the file is broken")) and live.status(document).error
    document.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, document), "it follows the paint all the same"
    edit(live, document, 0, file=models.remember(files["lines.onnx"], models.NETWORKS))
    assert shows(live, document, lambda: expected(document, lines))
    assert run(live, document, lambda: not live.status(document).error)
    lines.remove()
    assert run(live, document, said("has no layer to read")), live.status(document).text
    assert run(live, document), "and steers no more"
    edit(live, document, 0, file="a stranger's.onnx [0123456789ab]")
    assert run(live, document, said("not among your files"))
    assert "a stranger's.onnx" in live.status(document).text


def test_it_is_all_there_when_the_document_is_opened_again(live, document, files, lines):
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    edit(live, document, 0, scale=0.75, start=0.1, end=0.5)
    again = settings.load(document)
    (one,) = again.conditions
    assert (one.layer, one.scale, one.start, one.end) == (lines.uniqueId().toString(), 0.75, 0.1, 0.5)
    assert "/" not in one.file, "and does not tell where the artist keeps things"
    live.start(document)
    assert shows(live, document, lambda: expected(document, lines))
    live.stop(document)
    live.start(document)
    assert shows(live, document, lambda: expected(document, lines))


def masked(document, node, kind="transparencymask"):
    made = document.createNode("a mask", kind)
    node.setChildNodes([*node.childNodes(), made])
    return made


@pytest.mark.parametrize("kind", ["control", "region", "reference", "style"])
def test_what_is_new_follows_a_layer_of_the_artist_and_no_mask(live, document, files, lines, kind):
    def follows(active):
        document.setActiveNode(active)
        if kind == "style":
            control = steering.Condition(0, "control", models.remember(files["lines.onnx"], models.NETWORKS))
            live.use_style(document, styles.Style("Lines", controls=(control,)))
        else:
            live.steer(document, kind, files["lines.onnx"] if kind == "control" else "")
        (one,) = live.settings(document).conditions
        live.set_settings(document, replace(live.settings(document), conditions=()))
        return one

    live.start(document)
    group = live.of(document).group
    mask = masked(document, lines)
    assert follows(mask).layer == lines.uniqueId().toString(), "the layer that it belongs to"
    if kind == "region":
        assert follows(mask).prompt == "lines"
    for node in (group.live, group.group, masked(document, group.live)):
        one = follows(node)
        assert one.layer == "" and not one.prompt, "else each picture would ask for another one"
    everywhere = masked(document, document.root, "selectionmask")
    assert follows(everywhere).layer == "", "the selection of the whole document"


def test_regions_of_a_group_whose_mask_is_chosen_are_those_of_the_group(live, document):
    outer = document.createGroupLayer("figures")
    document.root.addChildNode(outer, document.paper)
    document.setActiveNode(masked(document, outer))
    live.steer(document, "regions", "")
    assert live.settings(document).conditions[0].layer == outer.uniqueId().toString()
    live.start(document)
    document.setActiveNode(live.of(document).group.live)
    live.steer(document, "regions", "")
    own, made = live.of(document).group.identity, live.settings(document).conditions[1].layer
    assert made not in (own, outer.uniqueId().toString())


@pytest.mark.parametrize("linked", [False, True])
def test_a_layer_that_is_not_rgb_is_named_with_what_to_do(live, document, files, lines, linked, tmp_path):
    if linked:
        path = str(tmp_path / "ink.png")
        QtGui.QImage(document.width(), document.height(), QtGui.QImage.Format.Format_RGB32).save(path)
        lines = document.createFileLayer("ink", path, "None")
        document.root.addChildNode(lines, document.paper)
    lines.colours = ("GRAYA", "U8", "gray")
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    live.start(document)
    assert run(live, document, lambda: live.status(document).error)
    told = live.status(document).text
    assert f"“{lines.name()}”" in told and "GRAYA" in told and "Image >" not in told
    assert ("Keep the linked picture" if linked else "Convert Layer Color Space") in told
    assert run(live, document), "and the picture goes on without it"


@pytest.mark.parametrize("kind", ["vectorlayer", "filllayer"])
def test_a_hidden_layer_steers_whatever_its_kind(live, document, files, kind):
    layer = document.createNode("shapes", kind)
    document.root.addChildNode(layer, document.paper)
    layer.pixels[5, 3:40] = (7, 8, 9, 255)
    layer.setVisible(False)
    document.setActiveNode(layer)
    live.steer(document, "control", files["lines.onnx"])
    live.start(document)
    assert shows(live, document, lambda: expected(document, layer)), live.status(document).text


def test_a_layer_of_which_krita_gives_no_pixels_is_told(live, document, files, lines, monkeypatch):
    monkeypatch.setattr(lines, "pixelData", lambda *_: QtCore.QByteArray())
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    live.start(document)
    assert run(live, document), "for a moment that is nothing: layers change under us"
    assert run(live, document, lambda: live.status(document).error)
    assert "no pixels of “lines”" in live.status(document).text
    monkeypatch.undo()
    assert shows(live, document, lambda: expected(document, lines))
    assert run(live, document, lambda: not live.status(document).error)


def test_a_large_layer_that_is_changed_under_a_look_goes_on_steering(
    live, document, files, lines, monkeypatch
):
    """However many pieces it has: what counts is for how many looks its pixels were missing."""
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 4)
    pieces, whole, told = [], lines.pixelData, []
    changed = 16 + 4  # all pieces of a first look, and those of a few more

    def read(*rect):
        pieces.append(rect)
        return QtCore.QByteArray() if len(pieces) <= changed else whole(*rect)

    monkeypatch.setattr(lines, "pixelData", read)
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    live.changed.connect(lambda: told.append(live.status(document).error))
    live.start(document)
    assert shows(live, document, lambda: expected(document, lines)), live.status(document).text
    assert len(pieces) > changed and not any(told)


GOOD = {"number": 3, "kind": "lora", "file": "x [1]", "scale": 1}


@pytest.mark.parametrize(
    "value, kept",
    [
        ([GOOD], 1),
        ([GOOD, GOOD], 1),
        ([dict(GOOD, number=n) for n in range(40)], 32),
        ("nonsense", 0),
        ([7, None, [], {}], 0),
        ([dict(GOOD, scale=float("nan"))], 0),
        ([dict(GOOD, scale=1e9)], 0),
        ([dict(GOOD, number=-1)], 0),
        ([dict(GOOD, number=True)], 0),
        ([dict(GOOD, kind="magic")], 0),
        ([dict(GOOD, kind="control", scale=-1.0)], 0),
        ([dict(GOOD, start=0.8, end=0.2)], 0),
        ([dict(GOOD, file="x" * 2000)], 0),
        ([dict(GOOD, unknown=1)], 1),
        ([dict(GOOD, kind="control", prepare="of a later version")], 1),
        ([dict(GOOD, kind="control", prepare=7)], 0),
    ],
)
def test_damaged_conditions(value, kept):
    found, good = read_conditions(value)
    assert len(found) == kept
    assert good == (isinstance(value, list) and kept == len(value))
    read = settings.parse(json.dumps({"prompt": "a lake", "conditions": value}).encode())
    assert read.prompt == "a lake" and len(read.conditions) == kept and read.damaged != good


def test_no_more_than_the_library_takes():
    conditions = ()
    for n in range(steering.MOST):
        conditions = added(conditions, "lora", f"{n} [1]")
    assert [one.number for one in conditions] == list(range(steering.MOST))
    with pytest.raises(ScumbleError, match="no more"):
        added(conditions, "lora", "y [1]")
    assert added(conditions[:5] + conditions[6:], "lora", "y [1]")[-1].number == 5


def test_layers_that_can_steer_are_listed(live, document, lines):
    live.start(document)
    group = live.of(document).group.group
    inner = document.createNode("a group", "grouplayer")
    document.root.addChildNode(inner, group)
    inner.setChildNodes([document.createNode("inside", "paintlayer"), document.createNode("m", "filtermask")])
    names = [name for _, name in sources(stack.walk(document), group)]
    assert names == ["a group", "  inside", "lines", "Background"]
    assert live.listing(None).layers == []


def test_the_part_of_the_steps_reaches_the_library(live, document, files, lines, monkeypatch):
    from scumble.engine import Session

    said, steer = {}, Session.steer

    def told(session, number, by, *picture):
        said[number] = by
        return steer(session, number, by, *picture)

    monkeypatch.setattr(Session, "steer", told)
    live.start(document)
    document.setActiveNode(lines)
    for kind, file in (("control", files["lines.onnx"]), ("lora", files["ink.safetensors"]), ("region", ""),
                       ("reference", "")):  # fmt: skip
        live.steer(document, kind, file)
    for number in range(4):
        edit(live, document, number, start=0.25, end=0.5 + number / 10)
    all_told = lambda: len(said) == 4 and all(by.start == 0.25 for by in said.values())  # noqa: E731
    assert eventually(live.loop.tick, all_told), said
    assert [said[number].end for number in range(4)] == [0.5 + number / 10 for number in range(4)]


def test_a_control_is_prepared_as_its_row_says(live, document, files, lines):
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    live.start(document)
    assert shows(live, document, lambda: expected(document, lines))
    edit(live, document, 0, prepare="drawn")

    def white():
        made = expected(document)
        made[lines.pixels[..., 3] > 0] = 255
        return made

    assert shows(live, document, white), live.status(document).text
    assert settings.load(document).conditions[0].prepare == "drawn", "and it is kept"
    assert live.listing(document).silent == {}
    edit(live, document, 0, prepare="as_is")
    assert shows(live, document, lambda: expected(document, lines))


def test_a_control_for_inpainting_follows_the_paint_and_the_selection(live, document, files, lines):
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    edit(live, document, 0, prepare="inpaint")
    live.start(document)
    assert run(live, document), "without a selection it steers nothing, and its layer is not read"
    assert not live.status(document).error
    assert "Nothing is masked" in live.listing(document).silent[0]
    selection = krita.Selection()
    selection.select(0, 0, document.width(), document.height(), 255)
    document.chosen = selection

    def filled():
        made = expected(document)
        made[..., 2] ^= 85
        return made

    assert shows(live, document, filled), live.status(document).text
    assert live.listing(document).silent == {}
    edit(live, document, 0, prepare="as_is")
    assert shows(live, document, lambda: expected(document, lines)), "its layer again"
    edit(live, document, 0, prepare="inpaint", layer="")
    assert shows(live, document, filled), "it needs none"
