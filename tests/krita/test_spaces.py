# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour spaces: Krita tells a profile's name, the engine gets the profile or the name of a space."""

import importlib.util
import struct

import pytest
from conftest import ROOT, run
from scumble import abi, engine, spaces
from scumble.engine import SRGB, Space
from scumble.library import ScumbleError
from scumble.pixels import pixel_format


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    """A folder where profiles are looked for, and the maker of some."""
    spec = importlib.util.spec_from_file_location("profile_icc", ROOT / "tests/gimp/profile_icc.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    folder = tmp_path / "color/icc/krita"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "nothing"))
    spaces.read.cache_clear()
    yield lambda name, primaries, power: maker.write(folder / f"{name}.icc", primaries, power).read_bytes()
    spaces.read.cache_clear()


ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def test_kritas_own_srgb_profiles_need_no_file(profiles):
    assert pixel_format("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc").space == SRGB
    linear = pixel_format("RGBA", "F32", "sRGB-elle-V4-g10.icc")
    assert (linear.number, linear.space) == (abi.FORMAT_RGBAF32_LINEAR, SRGB)


def test_a_profile_is_found_by_the_name_inside_it(profiles, tmp_path):
    data = profiles("Studio RGB", ADOBE, 2.2)
    (tmp_path / "color/icc/krita/Studio RGB.icc").rename(tmp_path / "color/icc/krita/x.ICM")
    profiles("Other RGB", ADOBE, 1.8)
    found = pixel_format("RGBA", "U16", "Studio RGB")
    assert (found.number, found.space) == (abi.FORMAT_BGRA16, Space(profile=data))


def test_a_linear_profile_that_has_a_file_brings_its_own_curve(profiles):
    data = profiles("Wide linear", ADOBE, 1.0)
    assert pixel_format("RGBA", "F16", "Wide linear").space == Space(profile=data)
    assert pixel_format("RGBA", "F16", "Wide linear").number == abi.FORMAT_RGBAF16


@pytest.mark.parametrize(
    ("name", "space", "linear"),
    [
        ("Adobe RGB (1998)", abi.SPACE_ADOBE_RGB, False),
        ("Display P3", abi.SPACE_DISPLAY_P3, False),
        ("Rec2020-elle-V4-g10.icc", abi.SPACE_REC2020, True),
        ("ProPhoto RGB", abi.SPACE_PROPHOTO, False),
        ("sRGB IEC61966-2.1", abi.SPACE_SRGB, False),
        ("EPSON 1234", abi.SPACE_SRGB, False),
    ],
)
def test_without_a_file_the_usual_names_are_known(profiles, name, space, linear):
    assert spaces.find(name) == (Space(space), linear)


def test_damaged_and_strange_files_are_passed_over(profiles, tmp_path):
    data = profiles("Studio RGB", ADOBE, 2.2)
    folder = tmp_path / "color/icc/krita"
    for length in (0, 5, 127, 129, 140, 200):
        (folder / f"cut{length}.icc").write_bytes(data[:length])
    (folder / "gray.icc").write_bytes(data[:16] + b"GRAY" + data[20:])
    (folder / "many.icc").write_bytes(data[:128] + struct.pack(">I", 0xFFFFFFFF) + data[132:])
    (folder / "folder.icc").mkdir()
    assert spaces.read("Studio RGB") in (data, (folder / "many.icc").read_bytes())
    assert spaces.read("Nothing of this name") is None
    unicode = b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", 8, 28)
    unicode += "Breit".encode("utf-16-be")
    head = data[:128] + struct.pack(">I4sII", 1, b"desc", 144, len(unicode))
    assert spaces.description(head + unicode) == "Brei"


def test_a_document_hands_its_space_over_and_another_begins_anew(live, document, profiles, monkeypatch):
    handed, push = [], engine.Session.push

    def note(session, number, canvas, parts, space=SRGB):
        handed.append(space)
        return push(session, number, canvas, parts, space)

    monkeypatch.setattr(engine.Session, "push", note)
    data = profiles("Studio RGB", ADOBE, 2.2)
    document.profile = "Studio RGB"
    live.start(document)
    assert run(live, document)
    assert set(handed) == {Space(profile=data)}
    handed.clear()
    document.profile = "sRGB-elle-V2-srgbtrc.icc"
    jobs = live.of(document).session.stats().jobs_started
    assert run(live, document, lambda: live.of(document).session.stats().jobs_started > jobs)
    assert set(handed) == {SRGB}


def test_the_engine_takes_a_profile_and_refuses_what_is_none(real_engine, profiles):
    import ctypes

    data = profiles("Studio RGB", ADOBE, 2.2)
    pixels = ctypes.create_string_buffer(b"\x80" * (64 * 48 * 4), 64 * 48 * 4)
    parts = [((0, 0, 64, 48), ctypes.addressof(pixels), len(pixels))]
    with engine.Session(real_engine) as layer:
        assert layer.push(abi.FORMAT_BGRA8, (64, 48), parts, Space(profile=data)) > 0
        assert layer.push(abi.FORMAT_BGRA8, (64, 48), parts, Space(abi.SPACE_REC2020)) > 0
        with pytest.raises(ScumbleError, match="convert the image to another profile"):
            layer.push(abi.FORMAT_BGRA8, (64, 48), parts, Space(profile=data[:300]))


def test_windows_has_its_profiles_elsewhere(profiles, tmp_path, monkeypatch):
    monkeypatch.setenv("APPDATA", str(tmp_path / "Roaming"))
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path / "Windows"))
    found = spaces.folders("win32")
    assert tmp_path / "Windows/System32/spool/drivers/color" in found
    assert tmp_path / "Roaming/krita/color/icc" in found
    assert not any(folder.is_relative_to(tmp_path / "nothing") for folder in found)
    monkeypatch.delenv("APPDATA")
    assert spaces.folders("win32"), "also where nothing is known of the user"
    assert tmp_path / "color/icc" in spaces.folders("linux")
