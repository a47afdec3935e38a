# SPDX-License-Identifier: MIT OR Apache-2.0
"""Faults of the dialog's window and preview, each with the test that showed it. The engine is the stub."""

from __future__ import annotations

import os
import signal
import time

import pictures
from desk import LEFT, TOP, Desk, clipboard, line
from dialog import preview_shows, rows, said
from faults import live_on, trouble
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


def where(shot: pictures.Picture, *wanted: bytes) -> tuple[int, int] | None:
    """Where on the screen, right of the image's window, these rows lie below each other."""
    screen = rows(bytes(shot.values), shot.width)
    for y in range(shot.height - len(wanted) + 1):
        at = screen[y].find(wanted[0], LEFT * 3)
        while at >= 0:  # a row of one colour is found in many places
            if all(screen[y + k][at : at + len(row)] == row for k, row in enumerate(wanted)):
                return at // 3, y
            at = screen[y].find(wanted[0], at + 3)
    return None


def preview_moves(d: Desk, r: Report):
    """The preview shows pixels 1:1, is moved by dragging, and grows with the window."""
    width, height = 400, 300
    d.open(width, height)
    for k in (4, 5, 6):
        d.stroke(line(k)[4:16])
    picture = rows(bytes(255 - v for v in d.dump(d.layer)), width)
    part = [row[140 * 3 : 260 * 3] for row in picture[135:175]]
    if not r.check("the strokes are in what is looked for", len(set(part)) > 10, len(set(part))):
        return
    one = d.dialog()
    d.s.x("windowsize", "--sync", one, 435, 640)
    time.sleep(1.5)
    small = where(d.shot(), *part)
    r.check("an image that does not fit is shown smaller", not small, small)
    d.key("alt+1")
    r.check("1:1 shows its pixels as they are", d.s.until(lambda: where(d.shot(), *part), 8))
    at = where(d.shot(), *part) or (0, 0)
    d.s.x("mousemove", at[0] + 30, at[1] + 20, "mousedown", 1)
    for k in range(1, 6):
        d.s.x("mousemove", at[0] + 30 + 8 * k, at[1] + 20 - 5 * k)
        time.sleep(0.03)
    d.s.x("mouseup", 1)
    there = d.s.until(lambda: where(d.shot(), *part[10:]) == (at[0] + 40, at[1] - 15), 5)
    r.check("dragged, it goes with the hand", there, f"{at} {where(d.shot(), *part[10:])}")
    d.key("alt+f")
    time.sleep(0.3)
    d.s.x("windowsize", "--sync", one, 435, 880)
    whole = d.s.until(lambda: where(d.shot(), *picture), 8)
    r.check("in a larger window all of it is shown, pixel by pixel", whole)
    trouble(d, r)


def steady(d: Desk, r: Report):
    """Sentences come and go, and no button moves: Apply is where it was for a second click."""
    live_on(d)
    d.s.x("windowsize", "--sync", d.dialogs()[0], 435, 660)
    time.sleep(0.8)
    width, height = d.geometry(d.dialogs()[0])[2:]

    def apply() -> bool:
        count = len(d.layers())
        d.front(d.dialogs()[0])
        d.s.x("mousemove", LEFT + width - 45, TOP + 22 + height - 22, "click", 1)
        d.s.x("mousemove", 5, 5)
        return d.s.until(lambda: len(d.layers()) == count + 1, 4)

    before = said(d)
    r.check("Apply is at the window's corner", apply(), d.names())
    now = d.s.until(lambda: said(d) != before and said(d), 5)
    r.check("a longer sentence comes", now and "ordinary layer" in now, now)
    same = apply() and d.geometry(d.dialogs()[0])[2:] == (width, height)
    r.check("and Apply is still there, in a window of the old size", same, d.names())
    time.sleep(4.5)
    d.s.do(f"(begin (t-fill {d.layer} 90) (t-fill {d.active()} 70) (gimp-displays-flush))")
    d.s.until(lambda: "ordinary layer" not in said(d), 8)
    r.check("painting goes on: the sentence of before goes", "ordinary layer" not in said(d), said(d))
    trouble(d, r)


def drawn_first(d: Desk, r: Report):
    """The window is drawn before the layer is read, however long that takes: GIMP stops when it is there."""
    d.open(2400, 1800)
    d.focus()
    d.key("ctrl+shift+F9", pause=0)
    opened = d.s.until(d.dialogs, 20, every=0.01)
    gimp = d.gimp_process()
    os.kill(gimp, signal.SIGSTOP)
    try:
        time.sleep(3.0)
        x, y, width, height = d.geometry(opened[0])
        shot = d.shot()
        across = range(x + 8, x + width - 8)
        colours = {tuple(shot.at(u, v)) for v in range(y, y + height, 3) for u in across}
        lowest = {tuple(shot.at(u, v)) for v in range(y + height - 60, y + height - 8) for u in across}
    finally:
        os.kill(gimp, signal.SIGCONT)
    drawn, found = len(lowest) > 8 and len(colours) > 20, f"{len(colours)} colours, {len(lowest)} below"
    r.check("the window has its form and its buttons before the layer is read", drawn, found)
    wanted = round(255 - d.mean(d.layer))
    there = d.s.until(lambda: abs(d.shot().at(x + width // 2, y + 90)[0] - wanted) <= 1, 20)
    r.check("then the layer is read, and its picture is shown", there, d.shot().at(x + width // 2, y + 90))
    trouble(d, r)


def mnemonics(d: Desk, r: Report):
    """In the menu that GIMP's own filters are in, our letters are ours. (The session has all plug-ins.)"""
    for letter, live in (("s", False), ("v", True)):
        d.open(240, 180)
        d.focus()
        d.key("alt+r", "r", letter, pause=0.6)
        opened = d.s.until(d.dialogs, 6)
        layers = d.s.until(lambda live=live: len(d.layers()) == 1 + live, 5)
        what = "Live" if live else "the filter"
        r.check(f"Filters > Render > {letter.upper()} opens {what}", opened and layers, d.names())
        if not opened:
            d.key("Escape", "Escape", "Escape")
        d.close()


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


def set_number(d: Desk, key: str, text: str):
    d.key(key, "ctrl+a")
    d.s.x("type", text)
    d.key("Tab", pause=0.5)


def slider_handle(d: Desk, one: str, key: str) -> tuple[int, int]:
    """Where on the screen the slider of that number can be taken: what differs for two of its values."""
    shots = []
    for text in ("0.8", "0.2"):
        set_number(d, key, text)
        time.sleep(1.0)
        shots.append(d.shot())
    x, y, width, height = d.geometry(one)
    across, down = range(x + 4, x + width - 4), range(y, y + height)
    apart = [(u, v) for v in down for u in across if shots[0].at(u, v) != shots[1].at(u, v)]
    left = min(u for u, _ in apart)  # all else that may differ is at the right
    high = sorted(v for u, v in apart if u < left + 8)
    return left + 6, high[len(high) // 2]


def numbers_as_shown(d: Desk, r: Report):
    """What a number's box shows is what is rendered: typed between two, or dragged there by its slider."""
    conf = d.s.profile / "scumble.conf"
    conf.unlink(missing_ok=True)
    d.open(240, 180)
    one = d.dialog()
    d.s.until(lambda: "Renders the layer" in said(d), 8)
    set_number(d, "alt+t", "7.6")
    x, y = slider_handle(d, one, "alt+s")
    for by in (7, 5, 9):
        d.s.x("mousemove", x, y, "mousedown", 1)
        for k in range(1, by + 1):
            d.s.x("mousemove", x + k, y)
            time.sleep(0.03)
        d.s.x("mouseup", 1)
        x += by
    d.key("alt+p", "Return")  # a box that is visited takes over what it shows
    d.s.until(lambda: not d.dialogs(), 10)
    used = dict(text.split("=", 1) for text in conf.read_text().splitlines() if "=" in text)
    r.check("7.6 steps, shown as 8, are 8", float(used["steps"]) == 8, used["steps"])
    strength = float(used["strength"])
    good = strength > 0.21 and abs(100 * strength - round(100 * strength)) < 1e-9
    r.check("a slider gives what its box can show", good, used["strength"])
    conf.unlink(missing_ok=True)
    trouble(d, r)


SCENARIOS = [before_and_after, preview_moves, steady, drawn_first, numbers_as_shown]
SMALL, LONG = [window], [long_path]
EVERYTHING = [mnemonics]  # in a GIMP with all its plug-ins
