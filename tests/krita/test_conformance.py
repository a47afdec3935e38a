# SPDX-License-Identifier: GPL-3.0-or-later
"""One script of calls for the stub and the library: hosts are tested with what artists get."""

import ctypes

import numpy as np
import pytest
from conftest import eventually
from scumble import abi
from scumble.engine import Engine, Session, Settings, Steered
from scumble.library import ScumbleError

SIZE = (64, 48)  # width, height
HALF = (0, 0, 32, 48)


@pytest.fixture(params=["stub", "library"])
def session(request):
    if request.param == "stub":
        engine = Engine(request.getfixturevalue("stub"))
    else:
        engine = request.getfixturevalue("real_engine")
    assert eventually(lambda: None, lambda: engine.info().ready, 20)
    with Session(engine) as made:
        made.canvas = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
        yield made
    engine.close()


def push(session, value, rect=(0, 0, *SIZE), canvas=SIZE, pixel_format=abi.FORMAT_BGRA8, length=None):
    pixels = ctypes.create_string_buffer(bytes([value, value, value, 255]) * (rect[2] * rect[3]))
    count = len(pixels) - 1 if length is None else length
    return session.push(pixel_format, canvas, [(rect, ctypes.addressof(pixels), count)])


def lay(session):
    """Lays down what has come, as hosts do; the frames."""
    frames = []
    while (frame := session.poll()) is not None:
        with frame:
            for rect in frame.rects:
                out = ctypes.create_string_buffer(rect[2] * rect[3] * 4)
                frame.copy_to(rect, ctypes.addressof(out), len(out))
                part = np.frombuffer(out, np.uint8).reshape(rect[3], rect[2], 4)
                session.canvas[rect[1] : rect[1] + rect[3], rect[0] : rect[0] + rect[2]] = part
            frames.append((frame.seq, frame.info.revision, frame.current, frame.canvas, frame.format))
    return frames


def picture(session, seconds=60):
    """All frames until the picture is whole."""
    frames = []
    assert eventually(lambda: frames.extend(lay(session)), lambda: frames and frames[-1][2], seconds)
    assert session.wait(int(seconds * 1000))
    return frames


def refused(call, *arguments, **named):
    with pytest.raises(ScumbleError) as caught:
        call(*arguments, **named)
    assert caught.value.args[0].endswith((".", ")")) and len(caught.value.args[0]) > 20
    return caught.value.status


def test_what_is_new_has_a_revision_and_what_is_not_has_none(session):
    assert session.poll() is None, "nothing was pushed yet"
    assert session.set(Settings(prompt="a house")) > 0
    assert session.set(Settings(prompt="a house")) == 0
    assert session.clear_mask() == 0, "there is none"
    assert session.steer(7, None) == 0, "nor is anything steered by"
    first = push(session, 200)
    assert first > 0 and push(session, 200) == 0
    assert push(session, 200, HALF) == 0, "a part of the same"
    second = push(session, 90, HALF)
    assert second > first
    frames = picture(session)
    assert frames[-1][1] == second and frames[-1][3:] == (SIZE, abi.FORMAT_BGRA8)
    numbers = [seq for seq, *_ in frames]
    assert numbers == sorted(set(numbers)), "each frame once, in order"
    assert session.canvas[..., 3].all(), "frames cover the canvas"
    assert session.poll() is None, "each once"


def test_a_picture_is_made_of_pixels_and_settings_alone(session):
    session.set(Settings(prompt="a house"))
    push(session, 200)
    picture(session)
    before = session.canvas.copy()
    push(session, 20, HALF)
    picture(session)
    assert (session.canvas != before).any()
    assert push(session, 200, HALF) > 0, "back is a change"
    picture(session)
    assert (session.canvas == before).all()
    assert session.set(Settings(prompt="a house")) == 0 and session.poll() is None


def test_masks(session):
    coverage = np.zeros((24, 40), np.uint8)  # at (8, 16): two blots, of which each reaches a corner
    coverage[:10, :12] = coverage[-8:, -8:] = 255
    rect, coverage = (8, 16, 40, 24), coverage.copy()
    bounds = np.zeros((48, 64), bool)
    bounds[16:40, 8:48] = True
    inside = np.zeros((48, 64), bool)
    inside[16:40, 8:48] = coverage > 0
    session.set(Settings(prompt="a house", mask_softness=0))
    push(session, 200)
    picture(session)
    before = session.canvas.copy()
    assert session.set_mask(SIZE, rect, coverage.tobytes(), abi.OUTSIDE_TRANSPARENT) > 0
    assert session.set_mask(SIZE, rect, coverage.tobytes(), abi.OUTSIDE_TRANSPARENT) == 0
    picture(session)
    assert (session.canvas[inside][:, 3] == 255).all() and not session.canvas[~inside].any()
    assert session.set_mask(SIZE, rect, coverage.tobytes(), abi.OUTSIDE_PAINT) > 0, "a change by itself"
    picture(session)
    assert (session.canvas[bounds & ~inside] == [200, 200, 200, 255]).all()
    assert not session.canvas[~bounds].any(), "the rectangle around the mask is covered"
    assert session.clear_mask() > 0 and session.clear_mask() == 0
    picture(session)
    assert (session.canvas == before).all()
    whole, half = bytes([255]) * (64 * 48), bytes([255]) * (32 * 48)
    assert session.set_mask(SIZE, (0, 0, *SIZE), whole, abi.OUTSIDE_PAINT) > 0
    assert refused(session.set_mask, SIZE, HALF, half[:-1], abi.OUTSIDE_PAINT) == abi.ERROR_BUFFER
    assert refused(session.set_mask, SIZE, (40, 0, 32, 48), half, abi.OUTSIDE_PAINT) == abi.ERROR_RECT
    assert refused(session.set_mask, SIZE, HALF, half, 99) == abi.ERROR_SETTING


def test_what_is_wrong_is_refused_and_the_session_lives_on(session):
    push(session, 200)
    picture(session)
    assert refused(push, session, 1, length=100) == abi.ERROR_BUFFER
    assert refused(push, session, 1, (60, 0, 10, 10)) == abi.ERROR_RECT
    assert refused(push, session, 1, (0, 0, 1, 1), canvas=(0, 48)) == abi.ERROR_RECT
    assert refused(push, session, 1, (0, 0, 1, 1), canvas=(20000, 48)) == abi.ERROR_RECT
    assert refused(push, session, 1, pixel_format=99) == abi.ERROR_FORMAT
    assert refused(session.set, Settings(steps=201)) == abi.ERROR_SETTING
    assert refused(session.set, Settings(strength=1.5)) == abi.ERROR_SETTING
    assert refused(session.steer, 1, Steered(99, "")) == abi.ERROR_SETTING
    assert session.poll() is None, "and none of it made a job"
    assert push(session, 30) > 0
    picture(session)


def test_another_canvas_is_another_picture(session):
    push(session, 200)
    picture(session)
    session.canvas = np.zeros((32, 40, 4), np.uint8)
    assert push(session, 200, (0, 0, 40, 32), (40, 32)) > 0
    frames = picture(session)
    assert all(frame[3] == (40, 32) for frame in frames if frame[1] == frames[-1][1])
    assert session.canvas[..., 3].all()
