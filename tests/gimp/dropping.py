# SPDX-License-Identifier: MIT OR Apache-2.0
"""Files that are dragged from another program, as from a file manager, and dropped on the dialog."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pictures
from desk import Desk
from dialog import said
from report import Report
from steering import kept, prepare


def dropped(d: Desk, r: Report):
    """Dragged from another program onto the dialog: a file is by its name a ControlNet, LoRA or picture."""
    prepare(d)
    names = ("canny.onnx", "mood picture.png", "notes.txt", "ink.safetensors")
    net, mood, text, ink = (d.s.home / name for name in names)
    net.write_bytes(b"the stub does not read it")
    ink.write_bytes(b"so, too")
    text.write_text("no picture")
    pictures.write(mood, pictures.painting(40, 30, 3))
    d.open(240, 180)
    window = d.dialog()
    drop(d, window, net)
    d.s.until(lambda: kept(d), 8)
    found = [(c["kind"], c.get("prepare")) for c in kept(d)]
    r.check("a ControlNet's file is one", found == [("control", "canny")], kept(d))
    drop(d, window, mood)
    laid = d.s.until(lambda: len(kept(d)) == 2 and len(d.layers()) == 2, 8)
    found = [(c["kind"], c["layer"]) for c in kept(d)][1:]
    r.check("a picture's is a reference", laid and found == [("reference", "mood picture.png")], kept(d))
    drop(d, window, text)
    d.front(window)
    told = d.s.until(lambda: "notes.txt" in said(d), 8)
    r.check("what is no picture is told", told and len(kept(d)) == 2, said(d))
    drop(d, window, ink)
    d.s.until(lambda: len(kept(d)) == 3, 8)
    r.check("a LoRA's file is one", [c["kind"] for c in kept(d)][2:] == ["lora"], kept(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def drop(d: Desk, window: str, file: Path):
    """With the pointer, from the window of drag.c to the dialog's middle."""
    program = d.s.home / "drag"
    if not program.exists():
        kits = [kit for kit in ("gtk+-2.0", "gtk+-3.0") if not subprocess.run(["pkg-config", kit]).returncode]
        flags = ["pkg-config", "--cflags", "--libs", kits[0]]
        flags = subprocess.run(flags, capture_output=True, text=True, check=True).stdout.split()
        source = Path(__file__).parent / "drag.c"
        subprocess.run([os.environ.get("CC", "cc"), source, "-w", "-o", program, *flags], check=True)
    with subprocess.Popen([program, file], env=d.s.env) as source:
        try:
            found = d.s.until(lambda: d.s.windows_named("^drag from here$"), 8)
            d.s.x("windowmove", "--sync", found[0], 20, 780)
            d.front(window)
            d.s.x("windowactivate", "--sync", found[0])
            left, top, *_ = d.geometry(found[0])
            x, y, _, height = d.geometry(window)
            d.s.x("mousemove", left + 20, top + 30, "sleep", 0.2, "mousedown", 1)
            # A drag takes several moves to begin, and some to be seen by where it ends.
            for way in (10, 20, 30, 40):
                d.s.x("mousemove", left + 20 + way, top + 30, "sleep", 0.1)
            for turn in range(4):
                d.s.x("mousemove", x + 30 + turn, y + height // 2, "sleep", 0.15)
            d.s.x("mouseup", 1, "sleep", 0.5)
        finally:
            source.terminate()


SCENARIOS = [dropped]
