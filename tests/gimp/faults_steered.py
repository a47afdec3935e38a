# SPDX-License-Identifier: MIT OR Apache-2.0
"""Faults around what steers an image, each with the test that showed it. The engine is the stub."""

from __future__ import annotations

from desk import Desk
from dialog import said
from faults import trouble
from report import Report
from steering import kept, one, prepare, sketch, steered, tick


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


SCENARIOS = [repeat_steered, two_that_steer]
