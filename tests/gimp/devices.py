# SPDX-License-Identifier: MIT OR Apache-2.0
"""On what models run: chosen in the dialog, kept, and chosen for a build of ONNX Runtime that is got."""

from __future__ import annotations

from desk import Desk
from dialog import preview, rest, said
from faults import trouble
from faults_layers import told_lines
from getting import WINDOW
from report import Report


def kept_device(d: Desk) -> str:
    lines = (d.s.profile / "scumble.conf").read_text().splitlines()
    return next((line.split("=", 1)[1] for line in lines if line.startswith("device=")), "none")


def to_devices(d: Desk, window: str):
    """The list behind the model's and its button."""
    d.front(window)
    d.key("alt+m", "Tab", "Tab")


def devices(d: Desk, r: Report):
    """A build with OpenVINO is here (the engine is the stub)."""
    (d.s.profile / "scumble.conf").write_text("[scumble]\nkeep=1\n")
    d.open(240, 180)
    before = told_lines(d, "engine")
    window = d.dialog()
    rest(d)
    to_devices(d, window)
    d.key("Down", "Down", pause=0.6)  # behind the best there is and the processor
    chosen = d.s.until(lambda: kept_device(d) == "openvino", 5)
    r.check("what a build was made for can be chosen", chosen, kept_device(d))
    made = told_lines(d, "engine") - before
    r.check("and each choice makes the engine anew", made == 3, made)
    d.shut(window)
    r.check("it is kept, Cancel or not", kept_device(d) == "openvino", kept_device(d))
    window = d.dialog()
    rest(d)
    d.key("alt+r", pause=0.6)
    to_devices(d, window)
    d.key("Up", pause=0.4)
    begun = d.s.until(lambda: kept_device(d) == "cpu", 5)
    r.check("the next dialog begins with it, and Reset leaves it", begun, kept_device(d))
    d.key("alt+m", "Tab", "space", pause=0.4)
    d.s.until(lambda: d.s.windows_named(WINDOW), 10)
    d.s.x("windowactivate", "--sync", d.s.windows_named(WINDOW)[0])
    d.key("End", "Up", "alt+u", pause=0.4)
    chosen = d.s.until(lambda: kept_device(d) == "openvino", 8)
    r.check("a build with OpenVINO that is got is what models run on", chosen, kept_device(d))
    d.key("Escape")
    d.s.until(lambda: not d.s.windows_named(WINDOW), 5)
    d.front(window)
    told = d.s.until(lambda: "from the next time on" in said(d), 8)
    r.check("from the next time on, as is said", told, said(d))
    d.shut(window)
    r.check("and closing the window keeps it", kept_device(d) == "openvino", kept_device(d))
    trouble(d, r)


def device_gone(d: Desk, r: Report):
    """What was chosen is not here any more: the engine says so, and another one can be chosen."""
    conf = d.s.profile / "scumble.conf"
    before = conf.read_text() if conf.exists() else ""
    conf.write_text("[scumble]\ndevice=cuda\n")
    d.open(240, 180)
    window = d.dialog()
    told = d.s.until(lambda: "CUDA" in said(d).upper(), 10)
    r.check("a device that is not here is told", told, said(d))
    blank = rest(d)
    to_devices(d, window)
    d.key("Up", pause=0.4)
    drawn = d.s.until(lambda: preview(d) != blank, 20)
    r.check("the processor in its place renders", drawn and kept_device(d) == "cpu", said(d))
    d.shut(window)
    conf.write_text(before)
    trouble(d, r)


SCENARIOS, REAL = [devices], [device_gone]
