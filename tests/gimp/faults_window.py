# SPDX-License-Identifier: MIT OR Apache-2.0
"""Faults of the dialog's window and preview, each with the test that showed it. The engine is the stub."""

from __future__ import annotations

import time

from desk import LEFT, TOP, Desk, clipboard, line
from dialog import preview_shows, rows, said
from faults import trouble
from report import Report


def window(d: Desk, r: Report):
    """The dialog fits a small screen beside the canvas, and is where and as large as it was the last time."""

    def place(one: str) -> dict:
        """What xdotool calls a window's place has its frame in it twice."""
        d.s.x("mousemove", "--sync", "--window", one, 1, 1)
        corner = dict(f.split("=") for f in d.s.x("getmouselocation", "--shell").split())
        width, height = d.geometry(one)[2:]
        return {"X": int(corner["X"]) - 1, "Y": int(corner["Y"]) - 1, "WIDTH": width, "HEIGHT": height}

    d.s.profile.joinpath("scumble.conf").unlink(missing_ok=True)
    d.open(240, 180)
    d.focus()
    d.key("ctrl+shift+F9")
    d.s.until(d.dialogs, 15)
    time.sleep(1.0)
    first = place(d.dialogs()[0])
    right, bottom = first["X"] + first["WIDTH"], first["Y"] + first["HEIGHT"]
    fits = right <= 1366 and bottom <= 768 and first["X"] > 1366 / 2
    r.check("the dialog fits 1366 × 768 and lies at its right", fits, first)
    d.s.x("windowsize", "--sync", d.dialogs()[0], 520, 708)
    d.s.x("windowmove", "--sync", d.dialogs()[0], 40, 20)
    time.sleep(0.5)
    before = place(d.dialogs()[0])
    r.check("it can be made larger", before["WIDTH"] == 520 and before["HEIGHT"] == 708, before)
    d.shut()
    d.focus()
    d.key("ctrl+shift+F9")
    d.s.until(d.dialogs, 15)
    time.sleep(1.0)
    after = place(d.dialogs()[0])
    near = all(abs(after[k] - before[k]) <= 4 for k in after)
    r.check("opened again it has its place and size", near, f"{before} {after}")
    trouble(d, r)


def before_and_after(d: Desk, r: Report):
    """The preview's line, its zoom and its buttons."""
    d.open(240, 180)
    d.stroke(line(4)[6:14])
    picture = rows(bytes(255 - v for v in d.dump(d.layer)), 240)
    paint = rows(d.dump(d.layer), 240)
    d.dialog()
    if not r.check("the preview shows the picture", d.s.until(lambda: preview_shows(d.shot(), *picture), 20)):
        return
    d.key("alt+b")
    stroke = range(86, 96)  # rows that lie in one place alone
    halves = d.s.until(lambda: preview_shows(d.shot(), *[paint[y][: 110 * 3] for y in stroke]), 3)
    others = preview_shows(d.shot(), *[picture[y][130 * 3 :] for y in stroke])
    r.check("Before and after: the paint left of the line, the picture right of it", halves and others)
    d.key("alt+b")
    d.s.until(lambda: preview_shows(d.shot(), *picture), 3)
    d.s.x("mousemove", LEFT + 200, TOP + 150, "click", 4)
    larger = rows(bytes(v for row in picture for v in row), 240)[90]
    wide = b"".join(larger[at : at + 3] * 2 for at in range(60 * 3, 110 * 3, 3))
    r.check("the wheel zooms in", d.s.until(lambda: preview_shows(d.shot(), wide, wide), 3))
    d.key("alt+f")
    r.check("Fit shows all of it", d.s.until(lambda: preview_shows(d.shot(), *picture), 3))
    trouble(d, r)


def long_path(d: Desk, r: Report):
    """A sentence with a long path, in a narrow window: its end can be seen, not only copied."""
    d.open()
    window = d.dialog()
    wide, high = 435, 92
    d.s.x("windowsize", "--sync", window, wide, 640)
    time.sleep(0.6)
    top, told = text_top(d), said(d)
    d.key("alt+p")
    shot = d.shot()
    left, right = LEFT + 10, LEFT + wide - 20
    inked = [len({tuple(shot.at(x, y)) for x in range(left, right)}) > 8 for y in range(top, top + high)]
    lines = sum(now and not before for before, now in zip([False, *inked], inked, strict=False))
    r.check("a sentence with a long path is seen in all its lines", lines >= len(told) / 70,
            f"{lines} lines for {len(told)} characters: {told}")  # fmt: skip
    trouble(d, r)


def text_top(d: Desk) -> int:
    """Where the sentence begins on the screen: found by clicking down the window until one takes the text."""
    for y in range(TOP + 180, TOP + 520, 10):
        clipboard(d, text="")
        d.s.x("mousemove", LEFT + 60, y, "click", "--repeat", 3, "--delay", 40, 1)
        d.key("ctrl+c", pause=0.05)
        if "engine" in clipboard(d, "-o"):
            return y - 6
    raise RuntimeError("the sentence was not found")


SCENARIOS, SMALL, LONG = [before_and_after], [window], [long_path]
