# SPDX-License-Identifier: MIT OR Apache-2.0
"""One model for GIMP and another program, asked for in the dialog; the engine is the real one."""

from __future__ import annotations

import sys
from pathlib import Path

from desk import Desk, line
from dialog import rest
from report import Report

sys.path.append(str(Path(__file__).resolve().parents[1] / "krita"))
from another_program import Another, workers  # noqa: E402


def shared(d: Desk, r: Report):
    """The box in the dialog: a process for both, kept for the next time."""
    library = str((d.s.profile / "plug-ins/scumble/lib/libscumble.so").resolve())
    kept = d.s.profile / "scumble.conf"
    before = kept.read_text() if kept.exists() else ""
    kept.write_text("[scumble]\nprompt=a lake\n")
    d.open(240, 180)
    d.stroke(line(4)[6:14])
    d.dialog()
    rest(d)
    r.check("unasked the model runs in the plug-in", workers(library) == [], workers(library))
    d.key("alt+m", "Tab", "Tab", "space")
    there = d.s.until(lambda: workers(library), 60)
    r.check("ticked it runs in a process that can be shared", len(there or []) == 1, there)
    shown = rest(d)
    other = Another(library, d.s.env["SCUMBLE_DEFAULT_MODEL"], d.s.env)
    said = other.loaded()
    good = said.startswith("1") and "not shared" not in said
    r.check("another program that shares loads its model", good, said)
    r.check("in the same process", workers(library) == there, (there, workers(library)))
    d.key("alt+p", "ctrl+a")
    d.s.x("type", "a mountain")
    changed = d.s.until(lambda: rest(d) != shown, 20)
    r.check("and GIMP renders on in it", changed and workers(library) == there, workers(library))
    d.key("Return")
    d.s.until(lambda: not d.dialogs(), 10)
    r.check("it is kept for the next time", "\nshare=1\n" in kept.read_text(), kept.read_text())
    r.check("the other has it still", workers(library) == there, workers(library))
    other.end()
    r.check("with the last program it ends", d.s.until(lambda: not workers(library), 10), workers(library))
    r.check("no error window", not d.trouble(), d.trouble())
    kept.write_text(before)
    d.close_image()


REAL = [shared]
