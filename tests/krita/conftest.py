# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit tests of the plug-in without Krita: a mock with real pixels, and the library or its stub.

python -m pytest tests/krita            SCUMBLE_QT=6 for PyQt6
SCUMBLE_LIBRARY=…/libscumble.so SCUMBLE_TEST_MODEL=models/tiny/turbo   also tests the real engine
"""

import importlib
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path[:0] = [str(HERE / "mock"), str(ROOT / "plugin-krita"), str(ROOT / "tests/stub")]
importlib.import_module(f"PyQt{os.environ.get('SCUMBLE_QT', '5')}.QtWidgets")
from build_stub import build_stub  # noqa: E402

collect_ignore = ["e2e", "mock", "run_e2e.py"]


@pytest.fixture(scope="session", autouse=True)
def application():
    from scumble.qt import QtWidgets

    yield QtWidgets.QApplication.instance() or QtWidgets.QApplication([])


@pytest.fixture(scope="session")
def stub_path(tmp_path_factory):
    return build_stub(tmp_path_factory.mktemp("stub"))


@pytest.fixture
def stub(stub_path, monkeypatch):
    from scumble.library import Library

    monkeypatch.setenv("SCUMBLE_STUB_MS", "5")
    return Library(stub_path)


@pytest.fixture
def real():
    from scumble.library import Library

    path = os.environ.get("SCUMBLE_LIBRARY")
    if not path:
        pytest.skip("SCUMBLE_LIBRARY names no library")
    return Library(path)


@pytest.fixture
def real_engine(real):
    from scumble.engine import Engine

    model = os.environ.get("SCUMBLE_TEST_MODEL")
    if not model:
        pytest.skip("SCUMBLE_TEST_MODEL names no model")
    with Engine(real, model, device="cpu") as engine:
        yield engine


def eventually(step, condition, seconds=5.0):
    """Does `step` until `condition` holds; whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        step()
        if condition():
            return True
        time.sleep(0.004)
    return False


@pytest.fixture
def live(stub):
    from scumble.live import Live

    made = Live()
    made.engines.library = stub
    made.loop.timer.start = lambda *_: None  # the tests turn the handle
    yield made
    made.close()


@pytest.fixture
def document():
    import krita

    made = krita.Document(96, 64)
    one = krita.Krita.instance()
    one.document, one.kept, one.opened, one.messages = made, {}, [], []
    yield made
    krita.Preview.on = False
    one.document, one.opened = None, []


def picture(document):
    from scumble.group import ManagedGroup

    return ManagedGroup.find(document).live.pixels


def settled(document):
    """Whether the live layer is the inverse of the paint, which is what the stub makes of it."""
    expected = np.iinfo(document.dtype).max - document.paper.pixels
    expected[..., 3] = np.iinfo(document.dtype).max
    return np.array_equal(picture(document), expected)


def run(live, document, condition=None, seconds=5.0):
    return eventually(live.loop.tick, condition or (lambda: settled(document)), seconds)


@pytest.fixture
def files(tmp_path):
    made = {}
    for name in ("lines.onnx", "ink.safetensors", "broken.onnx", "misfit.safetensors"):
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


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Of what the stub downloads."""
    made = tmp_path / "data" / "small"
    made.mkdir(parents=True)
    (made / "model_index.json").write_text("{}")
    monkeypatch.setenv("SCUMBLE_STUB_FOLDER", str(made))
    return str(made)


@pytest.fixture
def panel(live, document, monkeypatch):
    """The docker."""
    from scumble import docker as module
    from scumble import extension, shop

    monkeypatch.setattr(extension, "_live", live)
    made = module.ScumbleDocker()
    yield made
    shop.close_all()
