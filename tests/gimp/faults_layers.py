# SPDX-License-Identifier: MIT OR Apache-2.0
"""Faults around layers that the artist adds, copies, merges or locks, each with the test that showed it. The
engine is the stub."""

from __future__ import annotations

import os
import time

from desk import Desk, line
from dialog import preview_shows, said
from faults import INVERSE, live_on, trouble
from report import Report
from steering import live_of, one, steered

BEFORE = "Scumble (before)"


def put_by(d: Desk, layer: int) -> bool:
    """Whether it is a live layer of before: hidden, renamed, there."""
    hidden = d.s.do(f"(car (gimp-item-get-visible {layer}))") in ("0", "#f")
    return hidden and layer in d.layers() and BEFORE in d.s.do(f"(car (gimp-item-get-name {layer}))")


def copied(d: Desk, r: Report):
    """A copy that the artist makes of the live layer is a layer of the artist's, whatever becomes of live."""
    live = live_on(d)
    copy = int(d.s.do(f"(t-copy {d.image} {live})"))
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    d.kill_plug_in()
    d.s.until(lambda: not d.plug_ins(), 5)
    if d.s.until(d.trouble, 3):
        d.dismiss()  # GIMP says that a plug-in crashed
    d.dialog(live=True)
    d.s.until(lambda: len(d.layers()) == 4, 10)
    good = len(d.layers()) == 4 and put_by(d, live) and not put_by(d, copy)
    r.check("Live puts by what was left over, and leaves the artist's copy of it", good, d.names())
    d.shut()
    name = d.s.do(f"(car (gimp-item-get-name {copy}))").strip('"')
    steered(d, one(0, "region", layer=name, prompt="ships"))
    d.s.do(f"(begin (t-activate {d.image} {copy}) (gimp-displays-flush))")
    d.dialog(live=True)
    above = d.s.until(lambda: len(d.layers()) == 5 and d.layers().index(copy), 8)
    r.check("and goes above the copy where that is chosen", above == 1, d.names())
    d.shows(live_of(d), INVERSE)
    told = said(d)
    r.check("the copy can steer", "no layer to read" not in told, told)
    trouble(d, r)


def unlocked(d: Desk, r: Report):
    """The layer is locked when live begins, unlocked, and painted on."""
    d.open()
    d.s.do(f"(begin (gimp-item-set-lock-content {d.layer} TRUE) (gimp-displays-flush))")
    d.dialog(live=True)
    live = d.live_layer()
    d.shows(live, INVERSE, 12)
    time.sleep(1.5)  # all of it has been read at rest, too
    d.s.do(f"(begin (gimp-item-set-lock-content {d.layer} FALSE) (gimp-displays-flush))")
    d.focus()
    d.stroke(line(3))
    same = d.s.until(lambda: d.dump(live) == bytes(255 - v for v in d.dump(d.layer)), 8)
    r.check("a layer that was locked and is painted on is followed", same and d.plug_ins(), d.plug_ins())
    trouble(d, r)


def applied_at_rest(d: Desk, r: Report):
    """Apply while the live layer is hidden: no copy of what it showed before."""
    live = live_on(d)
    d.s.do(f"(begin (t-visible {live} FALSE) (t-fill {d.layer} 90) (gimp-displays-flush))")
    time.sleep(1.5)
    d.front(d.dialogs()[0])
    d.key("alt+a")
    told = d.s.until(lambda: "show or unlock it" in said(d), 8)
    good = told and d.layers() == [live, d.layer] and d.active() == d.layer
    r.check("Apply while the live layer is hidden makes nothing and says why", good, f"{d.names()} {said(d)}")
    d.s.do(f"(begin (t-visible {live} TRUE) (gimp-displays-flush))")
    d.shows(live, 165)
    d.front(d.dialogs()[0])
    d.key("alt+a")
    made = d.s.until(lambda: len(d.layers()) == 3, 8)
    r.check("shown again, it makes its copy", made and d.shows(d.layers()[1], 165), d.names())
    trouble(d, r)


def merged(d: Desk, r: Report):
    """A layer is merged down into the live layer: what comes of it is the artist's, and stays."""
    live_on(d)
    d.s.do(f"(t-above {d.image} 200 100 40 40 90 LAYER-MODE-NORMAL 100)")
    top = d.layers()[0]
    both = int(float(d.s.do(f"(car (gimp-image-merge-down {d.image} {top} CLIP-TO-IMAGE))")))
    told = d.s.until(lambda: "merged" in said(d), 8)
    r.check("the live layer merged: live ends and says so", told, said(d))
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    d.front(d.dialogs()[0])
    d.key("alt+l")
    d.s.until(lambda: len(d.layers()) == 3, 6)
    good = both in d.layers() and len(d.layers()) == 3
    r.check("Live again leaves what was merged where it is", good, f"{both} {d.layers()} {d.names()}")
    trouble(d, r)


def apply_then_gone(d: Desk, r: Report):
    """Apply waits for the picture (three seconds), and the live layer goes: the next Live applies nothing."""
    d.open()
    window = d.dialog(live=True)
    live = d.live_layer()
    d.shows(live, INVERSE, 12)
    d.s.do(f"(begin (t-fill {d.layer} 90) (gimp-displays-flush))")
    time.sleep(0.3)
    d.front(window)
    d.key("alt+a", pause=0)
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {live}) (gimp-displays-flush))")
    d.s.until(lambda: "Choose Live" in said(d), 6)
    d.key("alt+l")
    d.s.until(lambda: len(d.layers()) == 2, 6)
    shown = d.shows(d.layers()[0], 165, 12)
    time.sleep(1.0)
    r.check(
        "Apply before the layer went does not apply the next one", shown and len(d.layers()) == 2, d.names()
    )
    trouble(d, r)


def layer_gone(d: Desk, r: Report):
    """OK when the layer is gone: a sentence, and what was undone before can still be redone."""
    d.open(240, 180)
    other = int(d.s.do(f"(t-above {d.image} 240 180 0 0 90 LAYER-MODE-NORMAL 100)"))
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    window = d.dialog()
    time.sleep(1.0)
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {d.layer}) (t-activate {d.image} {other}))")
    d.s.do("(gimp-displays-flush)")
    blank = d.dump(other)
    d.focus()
    d.stroke(line(4)[6:14])
    painted = d.dump(other)
    d.key("ctrl+z")
    undone = painted != blank and d.s.until(lambda: d.dump(other) == blank, 5)
    d.front(window)
    d.key("alt+p", "Return")
    time.sleep(1.0)
    told = said(d)
    good = "gone" in told and "Close this window" in told and d.layers() == [other]
    r.check("OK on a layer that is gone says so, and what helps", good, told)
    d.shut()
    d.focus()
    d.key("ctrl+y")
    again = d.s.until(lambda: d.dump(other) == painted, 5)
    r.check("and leaves what could be redone", undone and again, f"undone {undone}")
    trouble(d, r)


def gone_after_ok(d: Desk, r: Report):
    """OK waits for the picture (three seconds), and the layer goes."""
    d.open(240, 180)
    d.s.do(f"(t-above {d.image} 240 180 0 0 90 LAYER-MODE-NORMAL 100)")
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    d.dialog()
    d.key("Return")
    time.sleep(0.3)
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {d.layer}) (gimp-displays-flush))")
    told = d.s.until(lambda: "gone" in said(d), 10)
    r.check("OK, and then the layer goes: that is told", told and "Close this window" in said(d), said(d))
    trouble(d, r)


def cropped(d: Desk, r: Report):
    """Paint and crop in one moment, again and again: no piece of the old canvas gets onto the new one."""
    live = live_on(d, 800, 600)
    width, height, wrong = 800, 600, []
    for turn in range(8):
        width, height = width - 40, height - 30
        box = f"(t-box {d.layer} {width - 90} {height - 90} 60 60)"
        d.s.do(f"(begin {box} (gimp-image-crop {d.image} {width} {height} 0 0) (gimp-displays-flush))")
        time.sleep(0.05 * (turn % 3))
        text = said(d) if turn % 3 == 2 else ""
        if text and "Renders" not in text:
            wrong.append(text)
    same = d.s.until(lambda: d.dump(live) == bytes(255 - v for v in d.dump(d.layer)), 10)
    r.check(
        "cropped while it is painted on: live shows what is there, and no error", same and not wrong, wrong
    )
    trouble(d, r)


def preview_of_now(d: Desk, r: Report):
    """Read twice between two pictures, the preview shows the paint of the last reading."""
    d.open(240, 180)
    one = d.dialog()
    time.sleep(1.0)
    d.key("alt+b")
    for grey in (90, 140, 30):
        d.s.do(f"(begin (t-fill {d.layer} {grey}) (gimp-displays-flush))")
        d.focus()
        d.front(one)
        time.sleep(0.15)
    paint, picture = bytes([30]) * 60 * 3, bytes([225]) * 60 * 3
    shown = d.s.until(
        lambda: preview_shows(d.shot(), *[paint] * 40) and preview_shows(d.shot(), *[picture] * 40), 8
    )
    r.check("the preview has the paint of the last reading, and its picture", shown)
    d.key("alt+b")
    trouble(d, r)


def chooser_closed(d: Desk, r: Report):
    """The image goes while a folder is being chosen: the chooser goes, too, and the plug-in ends."""
    d.open(240, 180)
    d.dialog()
    d.key("alt+m", "Down", pause=0.4)
    opened = d.s.until(lambda: d.s.windows_named("Choose the Folder"), 6)
    r.check("a folder can be chosen", opened)
    d.s.do(f"(gimp-display-delete {d.display})")
    gone = d.s.until(lambda: not d.plug_ins() and not d.s.windows_named("Choose the Folder"), 8)
    r.check("the image closed meanwhile: chooser and plug-in end", gone, d.plug_ins())
    trouble(d, r)


def told_lines(d: Desk, start: str) -> int:
    """How often the stub was called so."""
    path = d.s.env["SCUMBLE_STUB_TOLD"]
    return sum(text.startswith(start) for text in open(path)) if os.path.exists(path) else 0


def broken_model(d: Desk, r: Report):
    """A model that does not load: no live layer; it is tried anew when typing rests, not at each letter."""
    d.open(240, 180)
    d.dialog()
    d.s.until(lambda: "asked to fail" in said(d), 8)
    d.key("alt+l")
    time.sleep(1.5)
    r.check("Live with a model that failed makes no layer", d.layers() == [d.layer], d.names())
    told = said(d)
    r.check("and says why", "asked to fail" in told, told)
    d.key("alt+p")
    time.sleep(1.0)
    before = told_lines(d, "engine")
    d.s.x("type", "--delay", "60", "a lake in the snow")
    typing = told_lines(d, "engine") - before
    again = d.s.until(lambda: told_lines(d, "engine") > before, 6)
    time.sleep(1.5)
    loads = told_lines(d, "engine") - before
    r.check(
        "18 letters load it anew once or twice",
        again and loads <= 2,
        f"{typing} while typing, {loads} in all",
    )
    trouble(d, r)


SCENARIOS = [
    copied, unlocked, applied_at_rest, merged, layer_gone, cropped, preview_of_now, chooser_closed,
]  # fmt: skip
SLOW, BROKEN = [apply_then_gone, gone_after_ok], [broken_model]
