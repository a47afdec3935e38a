# SPDX-License-Identifier: GPL-3.0-or-later
"""engine.py on the stub, and on the real library where there is one."""

import ctypes
import gc

import pytest
from conftest import ROOT, eventually
from scumble import abi
from scumble.engine import Engine, Session, Settings, Steered
from scumble.library import Library, ScumbleError, library_name, library_path

WHITE = b"\xff" * (64 * 48 * 4)


def push(layer, pixels, rect=(0, 0, 64, 48), canvas=(64, 48)):
    held = ctypes.create_string_buffer(pixels, len(pixels))
    return layer.push(abi.FORMAT_BGRA8, canvas, [(rect, ctypes.addressof(held), len(pixels))])


def frame_of(layer, seconds=5.0):
    found = []
    eventually(lambda: found.append(layer.poll()), lambda: found[-1] is not None, seconds)
    return found[-1]


def test_a_picture_comes_back(stub):
    with Engine(stub) as engine, Session(engine) as layer:
        assert layer.set(Settings(prompt="ä castle")) > 0
        assert layer.set(Settings(prompt="ä castle")) == 0, "the same settings are no change"
        assert push(layer, WHITE) > 0
        with frame_of(layer) as frame:
            assert frame.current and frame.canvas == (64, 48)
            assert sum(width * height for _, _, width, height in frame.rects) == 64 * 48
            out = ctypes.create_string_buffer(8 * 4 * 4)
            frame.copy_to((10, 10, 8, 4), ctypes.addressof(out), len(out))
            assert out.raw == b"\0\0\0\xff" * 32
        assert layer.poll() is None
        assert push(layer, WHITE) == 0
        assert push(layer, b"\0" * 64 * 4, rect=(0, 7, 64, 1)) > 0, "a band is enough"
        assert layer.stats().jobs_started == 1 or layer.wait(1000)


def test_errors_are_the_librarys_sentences(stub):
    with pytest.raises(ScumbleError, match="does not exist; choose another") as caught:
        Engine(stub, "/nowhere")
    assert caught.value.status == abi.ERROR_MODEL_MISSING
    with Engine(stub) as engine, Session(engine) as layer:
        with pytest.raises(ScumbleError, match="steps"):
            layer.set(Settings(steps=201))


def test_what_is_closed_says_so(stub):
    engine = Engine(stub)
    layer = Session(engine)
    layer.close()
    layer.close()
    with pytest.raises(ScumbleError, match="closed"):
        layer.poll()
    engine.close()
    assert engine.closed


def test_what_is_forgotten_is_released(stub):
    engine = Engine(stub)
    for _ in range(20):
        layer = Session(engine)
        push(layer, WHITE)
        frame_of(layer)
    del layer
    gc.collect()
    engine.close()


def test_loading_and_failing_are_told(stub, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_LOAD_MS", "200")
    with Engine(stub) as engine, Session(engine) as layer:
        push(layer, WHITE)
        assert layer.poll() is None and layer.loading
        assert not engine.info().ready and engine.info().progress < 1
        assert frame_of(layer) is not None
        assert engine.info().ready
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "render")
    with Engine(stub) as engine, Session(engine) as layer:
        push(layer, WHITE)
        with pytest.raises(ScumbleError, match="asked to fail"):
            frame_of(layer)


def test_a_missing_or_wrong_library_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("SCUMBLE_LIBRARY", raising=False)
    with pytest.raises(ScumbleError, match="install the plug-in again"):
        library_path()
    broken = tmp_path / "libscumble.so"
    broken.write_bytes(b"no library")
    monkeypatch.setenv("SCUMBLE_LIBRARY", str(broken))
    with pytest.raises(ScumbleError, match="could not be loaded"):
        Library()
    with pytest.raises(ScumbleError, match="another version"):
        Library("libc.so.6")


def test_each_system_has_its_name_for_the_library():
    assert [library_name(system) for system in ("linux", "win32", "darwin")] == [
        "libscumble.so",
        "scumble.dll",
        "libscumble.dylib",
    ]
    assert library_name() == "libscumble.so"


def test_the_real_engine_renders(real_engine):
    with Session(real_engine) as layer:
        layer.set(Settings(prompt="a house", strength=0.6, seed=3))
        push(layer, WHITE)
        assert layer.wait(60_000)
        frame = layer.poll()
        assert frame is not None and frame.format == abi.FORMAT_BGRA8 and frame.canvas == (64, 48)
        assert real_engine.info().ready and real_engine.info().name


def test_each_sampler_of_the_library_can_be_chosen(real_engine):
    names = real_engine.library.samplers()
    assert {"euler", "ddim", "lcm"} <= set(names)
    pictures = set()
    with Session(real_engine) as layer:
        push(layer, bytes((7 * n) % 251 | (255 if n % 4 == 3 else 0) for n in range(64 * 48 * 4)))
        for name in ("", "euler_a", "ddim"):
            layer.set(Settings(prompt="a house", strength=0.9, steps=4, sampler=name))
            assert layer.wait(60_000)
            with layer.poll() as frame:
                out = ctypes.create_string_buffer(64 * 48 * 4)
                frame.copy_to((0, 0, 64, 48), ctypes.addressof(out), len(out))
                pictures.add(out.raw)
        with pytest.raises(ScumbleError, match="nonesuch"):
            layer.set(Settings(prompt="a house", sampler="nonesuch"))
            assert layer.wait(60_000) and layer.poll()
    assert len(pictures) == 3


def test_every_strength_of_the_slider_makes_a_picture_of_its_own(real_engine):
    """None is an error and none shows another one's; 0 gives the paint as it is."""
    paint = bytes((7 * n + n // 256) % 251 | (255 if n % 4 == 3 else 0) for n in range(64 * 48 * 4))
    found = {}
    with Session(real_engine) as layer:
        push(layer, paint)
        for strength in [n / 20 for n in range(21)]:
            layer.set(Settings(prompt="a house", strength=strength, seed=3))
            assert layer.wait(60_000)
            with layer.poll() as frame:
                assert frame.current
                out = ctypes.create_string_buffer(len(paint))
                frame.copy_to((0, 0, 64, 48), ctypes.addressof(out), len(out))
                found[strength] = out.raw
    assert found[0.0] == paint
    assert len(set(found.values())) == 21


def test_a_network_that_is_read_for_the_first_lora_is_told_while_it_is_read(real, monkeypatch):
    worker = ROOT / "target/debug/scumble-worker"
    if not worker.is_file():
        pytest.skip("no worker that can be made slow: cargo build --bin scumble-worker")
    monkeypatch.setenv("SCUMBLE_WORKER", str(worker))
    monkeypatch.setenv("SCUMBLE_WORKER_TEST", "spin reading 400")
    tiny, told = ROOT / "models/tiny", []
    with Engine(real, str(tiny / "sd15"), device="cpu") as engine, Session(engine) as layer:
        layer.set(Settings(prompt="a house", strength=0.6))
        push(layer, WHITE)
        assert layer.wait(60_000) and layer.doing() == ""
        frame_of(layer)
        layer.steer(0, Steered(abi.CONDITION_LORA, str(tiny / "loras/sd15-kohya.safetensors")))
        assert eventually(lambda: told.append(layer.doing()), lambda: layer.poll() is not None, 60)
        assert any("U-Net is read again, with room for LoRAs" in sentence for sentence in told), set(told)
        assert layer.wait(60_000) and layer.doing() == ""
