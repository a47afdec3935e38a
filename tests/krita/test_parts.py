# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats, selections, settings: what needs neither engine nor canvas."""

import ctypes
import json
from dataclasses import replace

import pytest
from conftest import run
from scumble import abi
from scumble.pixels import Buffer, Refused, bands, intersect, pixel_format
from scumble.qt import QtCore, tr
from scumble.settings import MOST_TEXT, DocumentSettings, load, parse, store

SRGB, LINEAR = "sRGB-elle-V2-srgbtrc.icc", "sRGB-elle-V2-g10.icc"


@pytest.mark.parametrize(
    ("depth", "profile", "number", "size"),
    [
        ("U8", SRGB, abi.FORMAT_BGRA8, 4),
        ("U8", LINEAR, abi.FORMAT_BGRA8_LINEAR, 4),
        ("U16", SRGB, abi.FORMAT_BGRA16, 8),
        ("U16", LINEAR, abi.FORMAT_BGRA16_LINEAR, 8),
        ("F16", SRGB, abi.FORMAT_RGBAF16, 8),
        ("F16", LINEAR, abi.FORMAT_RGBAF16_LINEAR, 8),
        ("F32", SRGB, abi.FORMAT_RGBAF32, 16),
        ("F32", LINEAR, abi.FORMAT_RGBAF32_LINEAR, 16),
    ],
)
def test_formats(depth, profile, number, size):
    found = pixel_format("RGBA", depth, profile)
    assert (found.number, found.bytes_per_pixel) == (number, size)


@pytest.mark.parametrize(("model", "depth"), [("GRAYA", "U8"), ("CMYKA", "U16"), ("", ""), ("RGBA", "F64")])
def test_other_kinds_are_refused_in_a_sentence(model, depth):
    with pytest.raises(Refused, match="Image > Convert Image Color Space"):
        pixel_format(model, depth, SRGB)


def test_bands_cover_the_rectangle_once():
    for x, y, width, height, most in (
        (0, 0, 10, 7, 20), (3, 5, 10, 7, 5), (0, 0, 1, 1, 1), (9, 0, 4096, 3000, 2 << 20),
    ):  # fmt: skip
        found = bands((x, y, width, height), most)
        assert sum(h for _, _, _, h in found) == height and {(r[0], r[2]) for r in found} == {(x, width)}
        assert [r[1] for r in found] == [y + sum(r[3] for r in found[:i]) for i in range(len(found))]


def test_intersections():
    assert intersect((0, 0, 10, 10), (5, 6, 10, 10)) == (5, 6, 5, 4)
    assert intersect((0, 0, 10, 10), (10, 0, 5, 5)) is None


def test_a_buffer_is_the_arrays_own_memory():
    array = QtCore.QByteArray(16, b"\0")
    ctypes.memset(Buffer(array).address, 7, 16)
    assert bytes(array) == b"\x07" * 16
    assert Buffer(QtCore.QByteArray()).address == 0


def test_what_is_said_goes_through_the_translator(application):
    class Upside(QtCore.QTranslator):
        def translate(self, context, text, *_):
            return text[::-1] if context == "Scumble" else ""

        def isEmpty(self):
            return False

    upside = Upside()
    application.installTranslator(upside)
    try:
        assert tr("Apply") == "ylppA"
    finally:
        application.removeTranslator(upside)


@pytest.mark.parametrize("kept", ["@ByteArray(de:en_US)", "de:en_US", "de"])
def test_the_language_is_the_one_chosen_in_krita(tmp_path, monkeypatch, kept):
    from scumble import extension

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert extension._language().name() == QtCore.QLocale().name(), "none chosen: the system's"
    (tmp_path / "klanguageoverridesrc").write_text(f"[Language]\nkrita={kept}\n")
    assert extension._language().name() == "de_DE"


class Notes:
    def __init__(self):
        self.kept = {}

    def rootNode(self):
        return self

    def annotation(self, key):
        return QtCore.QByteArray(self.kept.get(key, b""))

    def setAnnotation(self, key, description, data):
        self.kept[key] = bytes(data)


def test_settings_come_back():
    notes = Notes()
    chosen = DocumentSettings("ein Schloß 🏰", "blur", 0.4, 6, None, 2**63, False, "/m", True)
    assert load(notes) == DocumentSettings()
    store(notes, chosen)
    assert load(notes) == chosen


@pytest.mark.parametrize(
    "data", [b"\xff", b"[]", b"{", b'{"prompt": 3, "steps": "x", "seed": true, "new": 1}']
)
def test_damaged_settings_are_the_default(data):
    assert parse(data) == DocumentSettings()


def test_settings_out_of_range_are_brought_in():
    found = parse(b'{"strength": 7, "steps": 0, "guidance": -3, "seed": -1}')
    assert (found.strength, found.steps, found.guidance, found.seed) == (1.0, 1, 0.0, 2**64 - 1)


LORA = {"number": 3, "kind": "lora", "file": "x [1]"}


@pytest.mark.parametrize("strange", [{**LORA, "number": 4, "kind": "of a later version"}, 7, LORA])
def test_of_what_steers_that_stays_which_can_be_read(strange):
    found = parse(json.dumps({"prompt": "a lake", "conditions": [LORA, strange]}).encode())
    assert [(one.number, one.file) for one in found.conditions] == [(3, "x [1]")]
    assert found.prompt == "a lake" and found.damaged


def test_what_could_not_be_read_stays_in_the_document_until_something_is_changed(live, document):
    kept = json.dumps({"conditions": [LORA, {"kind": "of a later version"}], "new": 1}).encode()
    document.notes["scumble"] = kept
    live.set_settings(document, live.settings(document))
    live.start(document)
    assert run(live, document, lambda: live.of(document).frames_shown)
    live.stop(document)
    assert document.notes["scumble"] == kept and "later version" in live.status(document).text
    live.set_settings(document, replace(live.settings(document), prompt="a lake"))
    assert not live.settings(document).damaged and live.settings(document).prompt == "a lake"
    assert len(live.settings(document).conditions) == 1


def test_a_text_longer_than_what_is_read_again_is_cut(live, document):
    long = "x" * 20_000
    live.set_settings(document, replace(live.settings(document), prompt=long, negative=long, words=long))
    chosen = live.settings(document)
    assert chosen.prompt == chosen.negative == chosen.words == long[:MOST_TEXT] and not chosen.damaged
    before = document.notes["scumble"]
    live.set_settings(document, replace(chosen, prompt=long))
    assert document.notes["scumble"] == before, "cut, it is the same"
