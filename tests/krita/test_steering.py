# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers: ControlNets that follow a layer, and LoRAs. The stub lays a control's picture over its own,
where it is not transparent, and a LoRA changes a byte of each pixel."""

import json
from dataclasses import replace

import krita
import numpy as np
import pytest
from conftest import eventually, picture, run
from scumble import models, reading, settings, steering
from scumble.library import ScumbleError
from scumble.qt import QtWidgets
from scumble.steer_list import SteerList
from scumble.steering import Condition, added, read_conditions, sources


@pytest.fixture
def files(tmp_path):
    made = {}
    for name in ("lines.onnx", "ink.safetensors", "broken.onnx"):
        (tmp_path / name).write_bytes(name.encode() * 9)
        made[name] = str(tmp_path / name)
    return made


@pytest.fixture
def lines(document):
    """A layer above everything, with one line on it."""
    made = document.createNode("lines", "paintlayer")
    document.root.addChildNode(made, document.paper)
    made.pixels[5, 3:40] = (7, 8, 9, 255)
    made.setVisible(False)
    return made


def expected(document, *layers):
    made = 255 - document.paper.pixels
    made[..., 3] = 255
    for layer in layers:
        made = np.where(layer.pixels[..., 3:] > 0, layer.pixels, made)
    return made


def shows(live, document, wanted):
    return run(live, document, lambda: np.array_equal(picture(document), wanted()))


def edit(live, document, number, **values):
    chosen = live.settings(document)
    kept = [replace(one, **values) if one.number == number else one for one in chosen.conditions]
    live.set_settings(document, replace(chosen, conditions=tuple(kept)))


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
    assert read.prompt == "a lake" and (len(read.conditions) == kept or read.damaged)


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
    names = [name for _, name in sources(document, group)]
    assert names == ["a group", "  inside", "lines", "Background"]
    assert live.sources(None) == []


def test_the_list_in_the_docker(live, document, files):
    shown, told, wanted = SteerList(), [], []
    shown.edited.connect(lambda: told.append(shown.value()))
    shown.wanted.connect(lambda kind, file: wanted.append((kind, file)))
    control = Condition(4, "control", "lines.onnx [1]", "{b}")
    lora = Condition(1, "lora", "ink.safetensors [2]")
    layers = [("{a}", "upper"), ("{b}", "lower")]
    shown.load((control, lora), layers, {})
    assert shown.value() == (control, lora) and not told
    first, second = shown.rows
    assert first.on.text() == "lines" and first.layer.currentText() == "lower"
    assert second.layer.isHidden()
    first.scale.slider.setValue(150)
    assert told[-1][0] == replace(control, scale=1.5)
    first.layer.setCurrentIndex(0)
    first.layer.activated.emit(0)
    assert told[-1][0].layer == "{a}"
    second.on.setChecked(False)
    assert not told[-1][1].on
    kept = shown.rows[0]
    shown.load(told[-1], layers, {"lora": "This model takes none."})
    assert shown.rows[0] is kept, "the slider that is being moved stays"
    assert "takes none" in shown.rows[1].on.toolTip()
    shown.load((replace(control, layer="{gone}"),), layers, {})
    assert [row.layer.currentText() for row in shown.rows] == ["choose a layer"]
    shown.remove(shown.rows[0])
    assert told[-1] == () and not shown.rows
    models.remember(files["ink.safetensors"], models.NETWORKS)
    shown.load((), layers, {"lora": "This model takes none."})
    shown.list_known()
    entries = {action.text(): action for action in shown.menu.actions() if action.text()}
    assert not entries["LoRA from a file…"].isEnabled() and entries["ControlNet from a file…"].isEnabled()
    assert "takes none" in entries["ink"].toolTip()
    shown.load((), layers, {})
    shown.list_known()
    next(action for action in shown.menu.actions() if action.text() == "ink").trigger()
    assert wanted[0][0] == "lora" and wanted[0][1].startswith("ink.safetensors [")


def test_each_kind_has_a_part_of_the_steps():
    shown, told = SteerList(), []
    shown.edited.connect(lambda: told.append(shown.value()))
    conditions = tuple(
        Condition(number, kind, "x [1]" if kind in steering.FROM_FILES else "", "{a}", start=start)
        for number, (kind, start) in enumerate(
            {"control": 0.0, "lora": 0.0, "region": 0.0, "regions": 0.0, "reference": 0.333}.items()
        )
    )
    shown.load(conditions, [("{a}", "upper")], {})
    assert [row.part.isHidden() for row in shown.rows] == [True] * 4 + [False], "open where it is not all"
    assert shown.value() == conditions and not told, "a third stays one"
    for row, one in zip(shown.rows[:4], conditions[:4], strict=True):
        row.more.setChecked(True)
        assert not row.part.isHidden() and (row.part.start.value(), row.part.end.value()) == (0, 100)
        row.part.end.setValue(40)
        assert told[-1][one.number] == replace(one, end=0.4)
        row.part.start.setValue(60)
        assert told[-1][one.number] == replace(one, start=0.6, end=0.6), "never after its end"
        row.part.end.setValue(25)
        assert told[-1][one.number] == replace(one, start=0.25, end=0.25)
    assert read_conditions(json.loads(json.dumps([vars(one) | {"words": []} for one in told[-1]]))) == (
        told[-1], True,
    )  # fmt: skip
    shown.load(conditions, [], {"lora": "This model takes none."})
    assert not shown.rows[1].part.isEnabled()


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


def test_what_the_model_does_not_take_can_be_taken_out_all_the_same():
    shown = SteerList()
    shown.load((Condition(0, "control", "x [1]"),), [], {"control": "This model takes none."})
    (row,) = shown.rows
    assert row.isEnabled() and row.on.isEnabled() and not row.scale.isEnabled() and not row.layer.isEnabled()
    row.findChild(QtWidgets.QToolButton).click()
    assert not shown.rows


def test_the_docker_adds_and_keeps_them(live, document, files, lines, monkeypatch):
    from scumble import docker, extension

    monkeypatch.setattr(extension, "_live", live)
    panel = docker.ScumbleDocker()
    panel.show()
    panel.steer.button.setChecked(True)
    document.setActiveNode(lines)
    panel._add_condition("control", files["lines.onnx"])
    panel._add_condition("lora", files["ink.safetensors"])
    assert [row.on.text() for row in panel.steering.rows] == ["lines", "ink"]
    assert panel.steering.rows[0].layer.currentText() == "lines"
    panel.steering.rows[1].scale.slider.setValue(40)
    panel._store()
    control, lora = live.settings(document).conditions
    assert control.layer == lines.uniqueId().toString() and (lora.kind, lora.scale) == ("lora", 0.4)
    panel.steering.remove(panel.steering.rows[0])
    panel._store()
    panel.refresh()
    assert [one.kind for one in live.settings(document).conditions] == ["lora"]
    monkeypatch.setenv("SCUMBLE_STUB_UNSTEERED", "1")
    live.start(document)
    panel.refresh()
    assert "takes none" in panel.steering.rows[0].on.toolTip()


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
    assert live.silent(document) == {}
    edit(live, document, 0, prepare="as_is")
    assert shows(live, document, lambda: expected(document, lines))


def test_of_a_drawing_with_nothing_on_it_the_row_tells(live, document, files, lines, monkeypatch):
    from scumble import docker, extension

    lines.pixels[:] = 0
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    edit(live, document, 0, prepare="drawn")
    live.start(document)
    monkeypatch.setattr(extension, "_live", live)
    panel = docker.ScumbleDocker()
    panel.show()
    panel.steer.button.setChecked(True)
    assert run(live, document), "it steers nothing, and that is no error"
    assert not live.status(document).error
    panel.refresh()
    (row,) = panel.steering.rows
    assert "Nothing is drawn" in row.silent.text() and not row.silent.isHidden()
    lines.pixels[5, 3:40] = (0, 0, 0, 255)
    assert run(live, document, lambda: not live.silent(document))
    panel.refresh()
    assert row.silent.isHidden()


def test_a_control_for_inpainting_follows_the_paint_and_the_selection(live, document, files, lines):
    document.setActiveNode(lines)
    live.steer(document, "control", files["lines.onnx"])
    edit(live, document, 0, prepare="inpaint")
    live.start(document)
    assert run(live, document), "without a selection it steers nothing, and its layer is not read"
    assert not live.status(document).error
    assert "Nothing is masked" in live.silent(document)[0]
    selection = krita.Selection()
    selection.select(0, 0, document.width(), document.height(), 255)
    document.chosen = selection

    def filled():
        made = expected(document)
        made[..., 2] ^= 85
        return made

    assert shows(live, document, filled), live.status(document).text
    assert live.silent(document) == {}
    edit(live, document, 0, prepare="as_is")
    assert shows(live, document, lambda: expected(document, lines)), "its layer again"
    edit(live, document, 0, prepare="inpaint", layer="")
    assert shows(live, document, filled), "it needs none"


def test_the_row_of_a_control_for_inpainting_has_no_layer():
    shown = SteerList()
    one = Condition(0, "control", "x [1]", "{a}", prepare="inpaint")
    shown.load((one, replace(one, number=1, prepare="lines")), [("{a}", "a")], {})
    assert [row.layer.isHidden() for row in shown.rows] == [True, False]
    shown.load((replace(one, prepare="lines"), replace(one, number=1)), [("{a}", "a")], {})
    assert [row.layer.isHidden() for row in shown.rows] == [False, True]


def test_preparations_are_the_librarys():
    from scumble import abi

    for how, number in steering.PREPARATIONS.items():
        assert getattr(abi, f"PREPARE_{how.upper()}") == number
    shown = SteerList()
    shown.load((Condition(0, "control", "x [1]", prepare="soft_edges"),), [], {})
    assert shown.rows[0].prepare.currentText() == "soft edges"
    names = [shown.rows[0].prepare.itemData(index) for index in range(shown.rows[0].prepare.count())]
    assert names == list(steering.PREPARATIONS), "each can be chosen"


@pytest.mark.parametrize(
    "name, how",
    [
        ("sd15-Scribble", "drawn"), ("t2i_sketch.onnx", "drawn"), ("lineart_anime", "drawn"),
        ("control-canny-xl", "canny"), ("f1e_sd15_tile", "blur"), ("depth", "as_is"), ("openpose", "as_is"),
        ("control_v11p_sd15_inpaint", "inpaint"),
    ],
)  # fmt: skip
def test_a_net_begins_with_what_its_name_says(name, how):
    (one,) = added((), "control", f"{name} [1]", "{a}")
    assert one.prepare == how
    assert added((), "lora", f"{name} [1]")[0].prepare == "as_is"


def test_a_rows_chooser_of_preparations():
    shown, told = SteerList(), []
    shown.edited.connect(lambda: told.append(shown.value()))
    control, lora = Condition(0, "control", "x [1]", prepare="lines"), Condition(1, "lora", "y [1]")
    shown.load((control, lora), [], {})
    first, second = shown.rows
    assert first.prepare.currentText() == "lines of a picture" and not first.prepare.isHidden()
    assert second.prepare.isHidden() and not told
    first.prepare.activated.emit(first.prepare.findData("canny"))
    assert told[-1][0] == replace(control, prepare="canny")
    assert [first.prepare.itemData(n) for n in range(first.prepare.count())] == list(steering.PREPARATIONS)


def test_a_networks_folder_gives_it_its_name(live, document, tmp_path):
    from scumble.steer_list import _kind

    for folder, name in (("scribble", "model.onnx"), ("other", "readme.txt")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(b"x")
    live.steer(document, "control", str(tmp_path / "scribble/model.onnx"))
    (one,) = live.settings(document).conditions
    assert models.name(one.file) == "scribble"
    assert models.network(one.file) == str(tmp_path / "scribble")
    paths = ("scribble", "other", "nowhere", "a.SAFETENSORS", "b.png", "c.txt")
    kinds = [_kind(str(tmp_path / path)) for path in paths]
    assert kinds == ["control", "", "", "lora", "picture", ""]


@pytest.mark.parametrize("depth", ["U8", "U16", "F16", "F32"])
def test_a_region_is_where_its_layer_is_painted(depth):
    from scumble.pixels import Buffer, pixel_format
    from scumble.steering import _cover, _whitened

    pixels = pixel_format("RGBA", depth, "sRGB-elle-V2-srgbtrc.icc")
    document = krita.Document(6, 4, depth=depth)
    painted = document.blank()
    full = 1 if depth.startswith("F") else np.iinfo(document.dtype).max
    painted[1, 2:5] = 0, 0, full // 3 if full > 1 else 0.3, full
    made = _whitened(_cover(Buffer(krita.array(painted)), pixels), pixels)
    white = np.frombuffer(bytes(made.array), document.dtype).reshape(4, 6, 4)
    assert np.array_equal(white[..., 3], painted[..., 3]) and (white[1, 2:5] == full).all()


def test_a_regions_words_change_where_its_layer_is(live, document, files, lines):
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "region", "")
    (one,) = live.settings(document).conditions
    assert one.prompt == "lines", "its layer's name at first"

    def wanted():
        made = expected(document)
        made[lines.pixels[..., 3] > 0, 0] = len(live.settings(document).conditions[0].prompt)
        return made

    assert shows(live, document, wanted), live.status(document).text
    edit(live, document, 0, prompt="a red castle")
    assert shows(live, document, wanted)
    lines.pixels[40:44, 60:64] = (0, 0, 0, 255)
    assert shows(live, document, wanted), "painted in black it is a region all the same"
    jobs = live.of(document).session.stats().jobs_started
    lines.pixels[40:44, 60:64] = (0, 90, 0, 255)
    eventually(live.loop.tick, lambda: False, 0.4)
    assert live.of(document).session.stats().jobs_started == jobs, "its colour is nothing"
    edit(live, document, 0, scale=0.0)
    assert run(live, document)


def test_a_regions_row_has_words(files):
    shown, told = SteerList(), []
    shown.edited.connect(lambda: told.append(shown.value()))
    shown.load((Condition(0, "region", "", "{a}", prompt="a hut"),), [("{a}", "upper")], {})
    (row,) = shown.rows
    assert row.prompt.text() == "a hut" and not row.prompt.isHidden() and not row.layer.isHidden()
    row.prompt.setText("a red hut")
    row.prompt.textEdited.emit("a red hut")
    assert told[-1][0].prompt == "a red hut"
    shown.list_known()
    names = [action.text() for action in shown.menu.actions()]
    assert "Region with words of its own" in names
