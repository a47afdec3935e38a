# SPDX-License-Identifier: GPL-3.0-or-later
"""What models run on: chosen in the docker for all documents, offered as ONNX Runtime allows."""

import krita
import pytest
from conftest import run
from scumble import engines, extension, models


@pytest.fixture
def asked(monkeypatch):
    """The devices that engines were made for."""
    said = []

    class Noted(engines.Engine):
        def __init__(self, library, folder, device, **more):
            said.append(device)
            super().__init__(library, folder, device, **more)

    monkeypatch.setattr(engines, "Engine", Noted)
    return said


@pytest.fixture
def panel(live, monkeypatch):
    from scumble import docker

    monkeypatch.setattr(extension, "_live", live)
    return docker.ScumbleDocker()


def offered(panel):
    box = panel.model.device
    return [box.itemData(i) for i in range(box.count())]


def choose(panel, device):
    box = panel.model.device
    box.activated.emit(box.findData(device))


def test_nothing_is_to_be_chosen_where_there_is_the_processor_alone(live, document, panel, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_HERE", "cpu")
    live.start(document)
    assert run(live, document)
    panel.refresh()
    assert panel.model.runs_on.isHidden() and offered(panel) == ["", "cpu"]


def test_what_the_build_of_onnx_runtime_was_made_for_is_offered_and_kept(
    live, document, panel, asked, monkeypatch
):
    monkeypatch.setenv("SCUMBLE_STUB_HERE", "webgpu")
    live.engines.devices(anew=True)
    panel.toggle.click()
    assert run(live, document) and asked == [None], "the best there is"
    panel.refresh()
    assert not panel.model.runs_on.isHidden() and offered(panel) == ["", "cpu", "webgpu"]
    choose(panel, "cpu")
    assert asked == [None, "cpu"] and run(live, document), "what is live goes on there"
    assert panel.model.device.currentText() == "the processor" and engines.device() == "cpu"
    choose(panel, "cpu")
    assert asked == [None, "cpu"], "nothing new is wanted"
    choose(panel, "")
    assert asked == [None, "cpu", None] and engines.device() == ""


def test_a_device_whose_onnx_runtime_went_can_be_left(live, document, panel, asked):
    engines.run_on("webgpu")
    live.start(document)
    panel.refresh()
    assert asked == ["webgpu"] and not panel.model.runs_on.isHidden()
    assert panel.model.device.currentText() == "the graphics card"
    choose(panel, "")
    assert asked == ["webgpu", None]


def test_openvino_that_was_got_is_used_and_gives_way_to_another(live, document, panel, asked, monkeypatch):
    """The library takes OpenVINO on the processor only when it is told to."""
    live.start(document)
    assert run(live, document)
    monkeypatch.setenv("SCUMBLE_STUB_HERE", "openvino")
    live.use_runtime(document)
    assert asked == [None, "openvino"] and run(live, document)
    panel.refresh()
    assert panel.model.device.currentText() == "the processor, by OpenVINO"
    monkeypatch.setenv("SCUMBLE_STUB_HERE", "webgpu")
    live.use_runtime(document)
    assert asked[2:] == [None] and engines.device() == ""


def test_a_document_that_cannot_go_on_keeps_no_other_from_it(live, document, panel, asked):
    """Its model is not among the artist's any more."""
    other = krita.Document(40, 30)
    krita.Krita.instance().opened = [krita.Window(krita.View(one)) for one in (document, other)]
    live.use_model(document, "/models/mine")
    live.start(document)
    live.start(other)
    krita.Krita.instance().kept[models.MODELS] = "[]"
    choose(panel, "cpu")
    assert live.of(document) is None and live.of(other) is not None
    told = live.status(document)
    assert "not among yours" in told.text and told.offer_own and asked[-1] == "cpu"
    assert run(live, other) and not live.status(other).error
