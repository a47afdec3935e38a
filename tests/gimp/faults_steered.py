# SPDX-License-Identifier: MIT OR Apache-2.0
"""Faults around what steers an image, each with the test that showed it. The engine is the stub."""

from __future__ import annotations

import time

from desk import Desk
from dialog import said
from faults import alpha, trouble
from report import Report
from steering import kept, live_of, one, prepare, sketch, steered, tick, to_list


def repeat_steered(d: Desk, r: Report):
    """OK leaves out what cannot steer; Filters > Repeat does the same."""
    prepare(d, "keep=1", networks=[["lines [1]", "/nets/lines"]])
    d.open(240, 180)
    sketch(d, "empty")
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    net = ("control", "lines [1]")
    steered(d, one(0, *net, "gone"), one(1, *net, "empty", prepare="drawn"), one(2, *net, prepare="inpaint"),
            one(3, "lora", "nowhere [1]"))  # fmt: skip
    d.dialog()
    told = d.s.until(lambda: "no layer to read" in said(d), 8)
    d.key("alt+p", "Return")
    good = told and d.s.until(lambda: len(d.layers()) == 3 and not d.dialogs(), 10)
    r.check("OK leaves out what cannot steer", good, d.names())
    d.focus()
    d.key("ctrl+f")
    again = d.s.until(lambda: len(d.layers()) == 4, 8)
    r.check("and so does Repeat", again, f"{d.names()} {d.trouble()}")
    trouble(d, r)


def two_that_steer(d: Desk, r: Report):
    """Two dialogs of one image: the one that is closed last has an old list of what steers it."""
    prepare(d, "keep=1", networks=[["ink.safetensors [1]", "/nets/ink.safetensors"]])
    d.open(240, 180)
    first = d.dialog()
    second = d.dialog()
    steered(d, one(0, "lora", "ink.safetensors [1]", scale=0.5))  # as a third would
    d.shut(second)
    scales = [c["scale"] for c in kept(d)]
    r.check("one that is closed leaves what another has set meanwhile", scales == [0.5], kept(d))
    d.front(first)
    told = d.s.until(lambda: "Renders the layer" in said(d), 8)
    tick(d, first, 2)
    off = d.s.until(lambda: [(c["scale"], c["on"]) for c in kept(d)] == [(0.5, False)], 8)
    r.check("one that is come back to has taken it over", told and off, kept(d))
    steered(d, one(0, "lora", "ink.safetensors [1]", scale=0.25))
    tick(d, first, 2)  # in front already: it has not looked since
    told = d.s.until(lambda: "Another window of this image" in said(d), 8)
    r.check("an old list overwrites nothing", told and [c["scale"] for c in kept(d)] == [0.25], kept(d))
    tick(d, first, 2)
    off = d.s.until(lambda: [(c["scale"], c["on"]) for c in kept(d)] == [(0.25, False)], 8)
    r.check("and once it shows the new one it sets that", off, kept(d))
    d.shut(first)
    r.check("and keeps what it has set", [c["on"] for c in kept(d)] == [False], kept(d))
    trouble(d, r)


def first_bytes(d: Desk, layer: int) -> set[int]:
    """Of its pixels: there the stub shows what LoRAs and regions do."""
    return set(d.dump(layer)[::3])


def misfit(d: Desk, r: Report):
    """A LoRA of another family, as only a picture that fails shows: it is left out until it is mended."""
    bad = d.s.home / "misfit.safetensors"
    bad.write_bytes(b"of another family")
    known = [["misfit.safetensors [1]", str(bad)], ["ink.safetensors [1]", "/nets/ink.safetensors"]]
    prepare(d, "keep=1", networks=known)
    d.open(240, 180)
    wrong = one(0, "lora", "misfit.safetensors [1]", scale=0.5)
    steered(d, wrong, one(1, "lora", "ink.safetensors [1]", scale=1.0))
    d.dialog()
    told = d.s.until(lambda: "does not fit" in said(d), 8)
    r.check("a LoRA that cannot be used is told", told and "misfit" in said(d), said(d))
    d.key("alt+p", "Return")
    made = d.s.until(lambda: len(d.layers()) == 2 and not d.dialogs(), 10)
    shown = made and first_bytes(d, d.layers()[0])
    r.check("and OK makes the picture by all the rest", shown == {55 ^ 100}, shown or said(d))
    d.focus()
    d.key("ctrl+f")
    again = d.s.until(lambda: len(d.layers()) == 3, 8)
    shown = again and [first_bytes(d, layer) for layer in d.layers()[:2]]
    r.check("so does Repeat", shown == [{55 ^ 100}] * 2, f"{shown} {d.trouble()}")
    d.dialog(live=True)
    live = live_of(d)
    d.s.do(f"(begin (t-fill {d.layer} 90) (gimp-displays-flush))")
    follows = d.s.until(lambda: first_bytes(d, live) == {165 ^ 100}, 8)
    r.check("live follows without it, opaque", follows and alpha(d, live) == [255, 255], first_bytes(d, live))
    r.check("and tells why", "does not fit" in said(d), said(d))
    bad.write_bytes(b"good: of this family")
    mended = d.s.until(lambda: first_bytes(d, live) == {165 ^ 100 ^ 50}, 8)
    r.check("mended on the disk, it steers", mended and "does not fit" not in said(d), first_bytes(d, live))
    trouble(d, r)


def typed_then_escape(d: Desk, r: Report):
    """A weight is typed, and Escape closes the window in which it stands: nothing is freed twice."""
    prepare(d, "keep=1", networks=[["ink.safetensors [1]", "/nets/ink.safetensors"]])
    d.open(240, 180)
    steered(d, one(0, "lora", "ink.safetensors [1]", scale=1.0))
    window = d.dialog()
    to_list(d, window, 3)
    d.key("ctrl+a")
    d.s.x("type", "0.5")
    d.key("Escape")
    gone = d.s.until(lambda: not d.dialogs() and not d.plug_ins(), 8)
    time.sleep(1.0)  # GIMP says that a plug-in crashed
    scales = [c["scale"] for c in kept(d)]
    r.check("a weight is typed, then Escape: it is kept", gone and scales == [0.5], scales)
    trouble(d, r)


def box_of(d: Desk, layer: int, letters: int, width=240) -> tuple[int, ...]:
    """Left, top, right and bottom of where a region shows whose words have so many letters."""
    places = [divmod(at, width) for at, value in enumerate(d.dump(layer)[::3]) if value == letters]
    rows, columns = {row for row, _ in places}, {column for _, column in places}
    return (min(columns), min(rows), max(columns) + 1, max(rows) + 1) if places else ()


def regions_stay_in_place(d: Desk, r: Report):
    """A group's regions lie where they are in the image, wherever the layer is that is rendered."""
    prepare(d, "keep=1")
    d.open(240, 180)
    hut = sketch(d, "hut")
    group = int(d.s.do(f"(t-group {d.image} {hut})"))
    d.s.do(f'(begin (gimp-item-set-name {group} "parts") (t-box {hut} 40 40 60 60))')
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    steered(d, one(0, "regions", layer="parts"))
    window = d.dialog()
    d.s.until(lambda: "Renders the layer" in said(d), 8)
    time.sleep(1.0)
    d.focus()
    d.s.do(f"(begin (gimp-layer-set-offsets {d.layer} 30 20) (gimp-displays-flush))")
    d.front(window)
    time.sleep(1.0)
    d.key("alt+p", "Return")
    d.s.until(lambda: len(d.layers()) == 3 and not d.dialogs(), 10)
    shown = box_of(d, d.layers()[1], 3)
    r.check("the rendered layer was moved: the regions stay in the image", shown == (10, 20, 70, 80), shown)
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {d.layers()[1]}) (t-activate {d.image} {d.layer}))")
    window = d.dialog()
    d.s.until(lambda: "Renders the layer" in said(d), 8)
    time.sleep(1.0)
    d.key("alt+l")
    live = live_of(d)
    stays = d.s.until(lambda: box_of(d, live, 3) == (40, 40, 100, 100), 8)
    r.check("and so they do where Live begins above it", stays, box_of(d, live, 3))
    trouble(d, r)


def lora_in_capitals(d: Desk, r: Report):
    """A LoRA's file is one whatever the letters of its ending."""
    prepare(d, networks=[["INK.SAFETENSORS [1]", "/nets/INK.SAFETENSORS"]])
    d.open(240, 180)
    window = d.dialog()
    d.key("alt+y", pause=0.3)
    to_list(d, window, 1)
    d.key("space", "Up", "Return", pause=0.3)
    found = d.s.until(lambda: kept(d), 8)
    r.check("INK.SAFETENSORS is known as a LoRA", [c["kind"] for c in found or []] == ["lora"], found)
    trouble(d, r)


SCENARIOS = [
    repeat_steered, two_that_steer, misfit, typed_then_escape, regions_stay_in_place, lora_in_capitals,
]  # fmt: skip
