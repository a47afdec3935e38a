# SPDX-License-Identifier: MIT OR Apache-2.0
"""What GIMP's window shows while pictures are written, and what the looking costs the plug-in's memory.
The engine is the stub."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import time
from pathlib import Path

from closing import endless
from desk import Desk
from faults import live_on, trouble
from pace import readings
from report import Report


class Image(ctypes.Structure):
    """The head of Xlib's XImage."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", ctypes.POINTER(ctypes.c_char)),
        *(
            (name, ctypes.c_int)
            for name in ("byte_order", "unit", "bit_order", "pad", "depth", "stride", "bits")
        ),
    ]


class Eye:
    """Looks at a part of the screen, all of it in one moment."""

    def __init__(self, display: str):
        self.x = ctypes.CDLL(ctypes.util.find_library("X11"))
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x.XGetImage.restype = ctypes.POINTER(Image)
        self.display = ctypes.c_void_p(self.x.XOpenDisplay(display.encode()))
        self.root = ctypes.c_ulong(self.x.XDefaultRootWindow(self.display))

    def look(self, x: int, y: int, width: int, height: int) -> bytes:
        """Four bytes a pixel; 2: the pixels themselves."""
        found = self.x.XGetImage(self.display, self.root, x, y, width, height, ctypes.c_ulong(0xFFFFFF), 2)
        data = ctypes.string_at(found.contents.data, found.contents.stride * height)
        self.x.XDestroyImage(found)
        return data

    def close(self):
        self.x.XCloseDisplay(self.display)


def torn_looks(d: Desk, width: int, height: int, looks: int = 400) -> tuple[int, int, int]:
    """(looks that met two pictures, the changes between looks, the pixels of the smaller part at most)."""
    _, moving = endless(d, width, height)
    if not moving:
        raise RuntimeError("no pictures came")
    d.s.x("mousemove", 5, 5)
    eye, (x, y) = Eye(d.s.env["DISPLAY"]), d.centre()
    torn = changes = worst = 0
    last = b""
    for _ in range(looks):
        data = eye.look(x - 180, y - 140, 360, 260)
        one = data[:4]
        count = len(data) // 4
        same = data.count(one) if data != one * count else count
        if data != one * count:
            torn += 1
            worst = max(worst, min(same, count - same))
        changes += one != last
        last = one
        time.sleep(0.012)
    eye.close()
    d.close()
    return torn, changes, worst


def one_picture(d: Desk, r: Report):
    """Two flat pictures follow each other without an end: the screen shows one or the other. GIMP composes
    what has changed piece by piece and may show a piece; so it is asked of most looks, and of usual sizes."""
    for width, height in ((600, 450), (1000, 700)):
        torn, changes, worst = torn_looks(d, width, height)
        told = f"{torn} of 400 looks met two, {changes} changes, at most {worst} pixels of the other"
        r.check(f"{width} x {height}: pictures follow each other on the screen", changes >= 5, told)
        r.check("and one is shown at a time", torn <= 400 // 50, told)
    d.close()


def proxies(d: Desk, r: Report, seconds: float = 40.0):
    """24 layers and a look for each change: the plug-in does not grow. (GIMP 3 keeps an object for each layer
    that a plug-in has met, until it ends.)"""
    d.s.do("(gimp-context-set-feather FALSE)")
    live_on(d, 240, 180)
    d.s.do(f"(t-stack {d.image} 23)")
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    time.sleep(3.0)
    plug_in = d.plug_ins()[0]

    def memory() -> int:
        said = Path(f"/proc/{plug_in}/status").read_text()
        return sum(int(kib) for kib in re.findall(r"(?:VmRSS|VmSwap):\s+(\d+)", said))

    began, turn, seen = time.monotonic(), 0, []
    while time.monotonic() - began < seconds:
        d.s.do(f"(t-fill {d.layer} {7 * turn % 250})")
        turn += 1
        time.sleep(0.02)
        if turn % 20 == 0:
            seen.append((readings(d, "part"), memory()))
    third = len(seen) // 3
    parts, grown = seen[-1][0] - seen[third][0], seen[-1][1] - seen[third][1]
    r.check("24 layers, painted on all the time", parts >= 20, f"{parts} readings after the first third")
    r.check("the plug-in does not grow", grown < 200 + parts, f"{grown} KiB in {parts} readings")
    trouble(d, r)


SCENARIOS, TIMED = [one_picture], [proxies]
