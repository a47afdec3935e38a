# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's list of what steers, and its rows."""

import json
from dataclasses import replace

import pytest
from conftest import run
from scumble import models, stack, steering
from scumble.qt import QtWidgets
from scumble.steer_list import SteerList
from scumble.steering import Condition, added, read_conditions
from steered import edit


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
    assert run(live, document, lambda: not live.listing(document).silent)
    panel.refresh()
    assert row.silent.isHidden()


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


def test_the_stack_is_walked_through_once_for_the_list_and_never_for_none(
    live, document, panel, files, lines, monkeypatch
):
    live.start(document)
    walked, walk = [], stack.walk
    monkeypatch.setattr(stack, "walk", lambda *args: walked.append(True) or walk(*args))
    panel.show()
    panel.refresh()
    panel.steer.button.setChecked(True)
    panel.refresh()
    assert not walked, "nothing steers"
    document.setActiveNode(lines)
    for kind in ("control", "region", "regions", "reference"):
        live.steer(document, kind, files["lines.onnx"] if kind == "control" else "")
    walked.clear()
    panel.refresh()
    assert len(walked) == 1 and len(panel.steering.rows) == 4
    panel.steer.button.setChecked(False)
    walked.clear()
    panel.refresh()
    assert not walked, "folded"
    panel.hide()
