# SPDX-License-Identifier: MIT OR Apache-2.0
"""What live costs GIMP: whole readings, the busy cursor. The engine is the stub."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import time

from desk import Desk, line
from faults import live_on, trouble
from report import Report


def readings(d: Desk, what="whole") -> int:
    """How often all of the canvas was read, or the "layer" of the filter."""
    path = d.s.env["SCUMBLE_GIMP_TIMES"]
    return sum(text.startswith(f"{what} ") for text in open(path)) if os.path.exists(path) else 0


def many_layers(d: Desk, r: Report):
    """40 layers: all is read at the start, once more at rest, and once (and at rest) when one is added."""
    d.open()
    d.s.do(f"(t-stack {d.image} 39)")
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    d.dialog(live=True)
    d.s.until(lambda: len(d.layers()) == 41, 8)
    time.sleep(6.0)
    first = readings(d)
    r.check("40 layers: all is read at most twice at the start", 1 <= first <= 2, first)
    d.s.do(f"(t-stack {d.image} 1)")
    time.sleep(5.0)
    more = readings(d) - first
    r.check("and at most twice when a layer is added", 1 <= more <= 2, more)
    trouble(d, r)


def focus(d: Desk, r: Report):
    """Coming back to the dialog reads the layer if it may have changed, and only then."""
    d.open(240, 180)
    window = d.dialog()
    time.sleep(1.0)

    def more(change: str = "") -> int:
        before = readings(d, "layer")
        if change:
            d.s.do(f"(begin {change} (gimp-displays-flush))")
        d.focus()
        d.front(window)
        if change:
            d.s.until(lambda: readings(d, "layer") > before, 5)
        time.sleep(0.6)
        return readings(d, "layer") - before

    more()
    r.check("the focus comes back: nothing is read for nothing", more() == 0)
    changes = {
        "painted on": f"(t-fill {d.layer} 90)",
        "something selected": f"(t-select {d.image} 20 20 50 50 0)",
        "converted": f"(gimp-image-convert-precision {d.image} 250)",
    }
    for name, change in changes.items():
        count = more(change)
        r.check(f"{name} meanwhile: it is read", count == 1, count)
    trouble(d, r)


class Cursors:
    """Counts how often the X server's screen gets another cursor."""

    def __init__(self, display: str):
        self.x = ctypes.CDLL(ctypes.util.find_library("X11"))
        fixes = ctypes.CDLL(ctypes.util.find_library("Xfixes"))
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.display = ctypes.c_void_p(self.x.XOpenDisplay(display.encode()))
        first, error = ctypes.c_int(), ctypes.c_int()
        if not fixes.XFixesQueryExtension(self.display, ctypes.byref(first), ctypes.byref(error)):
            raise RuntimeError("the X server cannot tell its cursor")
        self.kind = first.value + 1  # XFixesCursorNotify
        root = ctypes.c_ulong(self.x.XDefaultRootWindow(self.display))
        fixes.XFixesSelectCursorInput(self.display, root, ctypes.c_ulong(1))
        self.count()

    def count(self) -> int:
        """Since the last time."""
        self.x.XSync(self.display, 0)
        event, found = (ctypes.c_long * 24)(), 0
        while self.x.XPending(self.display):
            self.x.XNextEvent(self.display, event)
            found += ctypes.cast(event, ctypes.POINTER(ctypes.c_int))[0] == self.kind
        return found

    def close(self):
        self.x.XCloseDisplay(self.display)


def busy_cursor(d: Desk, r: Report):
    """GIMP shows its busy cursor while it duplicates an image: not under the brush."""
    live = live_on(d)
    d.focus()
    d.stroke(line(0))
    d.s.until(lambda: d.dump(live) == bytes(255 - v for v in d.dump(d.layer)), 6)
    time.sleep(1.5)
    cursors = Cursors(d.s.env["DISPLAY"])
    x, y = d.centre()
    d.press(line(3)[:3])
    time.sleep(0.3)
    cursors.count()
    before = d.mean(live)
    for turn in range(8):
        for dx, dy in line(turn)[:: 1 - 2 * (turn % 2)]:
            d.s.x("mousemove", x + dx, y + dy)
            time.sleep(0.012)
    flips, after = cursors.count(), d.mean(live)
    d.release()
    cursors.close()
    r.check("the live layer follows a long stroke", abs(after - before) > 0.5, f"{before} {after}")
    r.check("and GIMP's cursor stays the brush's meanwhile", flips <= 1, f"another one {flips} times")
    same = d.s.until(lambda: d.dump(live) == bytes(255 - v for v in d.dump(d.layer)), 6)
    r.check("at rest it shows exactly what is painted", same)
    trouble(d, r)


LAYERS = [many_layers, focus, busy_cursor]
