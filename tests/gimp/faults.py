# SPDX-License-Identifier: MIT OR Apache-2.0
"""Faults that artists met or reviews found, each with the test that showed it. The engine is the stub."""

from __future__ import annotations

import time

from desk import Desk, line
from dialog import preview_shows, rows, said
from report import Report

GRAY, INVERSE = 200, 55  # the paint of Desk.open(), and what the stub makes of it
STROKES = 4


def alpha(d: Desk, layer: int) -> list[int]:
    """The least and the largest alpha of a layer."""
    plane = d.pixels(layer).plane(3)
    return [min(plane), max(plane)]


def trouble(d: Desk, r: Report):
    r.check("no error window", not d.trouble(), d.trouble())
    d.close()


def retype(d: Desk, text: str):
    d.key("alt+p", "ctrl+a")
    d.s.x("type", "--delay", "15", text)


def live_on(d: Desk, width=600, height=450) -> int:
    """An image with a live layer that shows its picture."""
    d.open(width, height)
    d.dialog(live=True)
    live = d.live_layer()
    if not d.shows(live, INVERSE, 10):
        raise RuntimeError(f"no picture came: {d.mean(live)}")
    return live


def error_then_ok(d: Desk, r: Report):
    """OK after a failed run; then a change of the prompt brings a picture, and OK a layer."""
    d.open(240, 180)
    d.dialog()
    retype(d, "failing")
    d.s.until(lambda: "asked to fail" in said(d), 8)
    r.check("a failed run is told", "asked to fail" in said(d))
    d.key("alt+p", "Return")
    time.sleep(1.0)
    retype(d, "a lake")
    picture = rows(bytes([INVERSE]) * 240 * 180 * 3, 240)
    r.check("OK after an error: the dialog goes on", d.s.until(lambda: preview_shows(d.shot(), *picture), 6))
    retype(d, "wordy")
    d.s.until(lambda: "too long for the stub" in said(d), 8)
    r.check("words that are not read are told", "too long for the stub" in said(d), said(d))
    retype(d, "a lake")
    r.check("until there are fewer", d.s.until(lambda: "too long" not in said(d), 8), said(d))
    retype(d, "reading")
    told = d.s.until(lambda: "reads a network" in said(d), 8)
    r.check("what the picture waits for is told", told, said(d))
    d.s.until(lambda: "reads a network" not in said(d), 8)
    retype(d, "a lake")
    r.check("until it is there", d.s.until(lambda: "Renders the layer" in said(d), 8), said(d))
    d.key("Return")
    made = d.s.until(lambda: len(d.layers()) == 2, 6)
    r.check("and OK makes its layer", made and not d.dialogs(), d.names())
    trouble(d, r)


def process_anew(d: Desk, r: Report):
    """The engine's process has died and is started anew: OK waits for the picture all the same."""
    d.open(240, 180)
    d.dialog()
    retype(d, "dying")
    d.key("Return")
    made = d.s.until(lambda: len(d.layers()) == 2, 6)
    good = made and not d.dialogs()
    r.check("a process that is started anew ends nothing: OK makes its layer", good, d.names())
    trouble(d, r)


def frames_kept(d: Desk, r: Report):
    """Pictures that could not be written at once are written as soon as they can be, without a stroke."""
    d.open()
    d.dialog()
    time.sleep(1.5)
    d.key("alt+l")
    live = d.live_layer()
    r.check("Live in a dialog that is up to date shows the picture", d.shows(live, INVERSE), d.mean(live))
    d.s.do(f"(begin (t-visible {live} FALSE) (t-fill {d.layer} 100) (gimp-displays-flush))")
    time.sleep(1.5)
    d.s.do(f"(begin (t-visible {live} TRUE) (gimp-displays-flush))")
    r.check("hidden while a picture came: shown again, it has it", d.shows(live, 155), d.mean(live))
    d.s.do(f"(begin (t-fill {d.layer} 60) (gimp-displays-flush))")
    time.sleep(0.06)
    d.s.do(f"(begin (gimp-item-set-lock-content {live} TRUE) (gimp-displays-flush))")
    time.sleep(1.5)
    d.s.do(f"(begin (gimp-item-set-lock-content {live} FALSE) (gimp-displays-flush))")
    r.check("locked while a picture came: unlocked, it has it", d.shows(live, 195), d.mean(live))
    d.s.do(f"(t-fill {live} 10)")
    r.check("filled by mistake: it shows the picture again", d.shows(live, 195), d.mean(live))
    d.s.do(f"(begin (gimp-layer-set-offsets {live} 300 0) (gimp-layer-set-offsets {live} 0 0))")
    r.check("moved to and fro: it still shows it", d.shows(live, 195), d.mean(live))
    trouble(d, r)


def live_layer_painted(d: Desk, r: Report):
    """A stroke on the live layer by mistake: it is said, it goes, and undoing it leaves nothing behind."""
    live = live_on(d)
    d.s.do(f"(begin (t-activate {d.image} {live}) (gimp-displays-flush))")
    time.sleep(0.6)
    d.front(d.dialogs()[0])
    told = said(d)
    r.check(
        "the live layer is the active one: the dialog says what comes of it", "written over" in told, told
    )
    d.focus()
    d.stroke(line(3))
    gone = d.s.until(lambda: set(d.dump(live)) == {INVERSE}, 8)
    r.check("a stroke on it is written over", gone)
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (t-fill {d.layer} 90) (gimp-displays-flush))")
    d.shows(live, 165)
    d.key("ctrl+z", "ctrl+z", pause=0.6)
    time.sleep(1.0)
    paint = d.dump(d.layer)
    same = d.s.until(lambda: d.dump(live) == bytes(255 - v for v in d.dump(d.layer)), 6)
    r.check("undo of both leaves the live layer as its paint says", same and set(paint) == {GRAY}, set(paint))
    trouble(d, r)


def blind(d: Desk, r: Report):
    """GIMP's "layer previews" are switched off: it makes no thumbnails of layers then."""
    live = live_on(d)
    d.focus()
    for turn in range(STROKES):
        before = d.mean(live)
        d.press(line(2 * turn))  # and the hand stops, the button held
        changed = d.s.until(lambda before=before: d.mean(live) > before + 0.5, 5)
        if not changed:
            break
        d.release()
        time.sleep(0.4)
    told = f"stroke {turn}: live {before} → {d.mean(live)}, paint {d.mean(d.layer)}"
    r.check("without GIMP's layer previews live still follows the brush", changed, told)
    d.release()
    same = d.s.until(lambda: d.dump(live) == bytes(255 - v for v in d.dump(d.layer)), 6)
    r.check("and shows exactly what is painted", same)
    trouble(d, r)


def return_in_prompt(d: Desk, r: Report):
    """Return ends a prompt. Apply could be pressed at that moment: it is, afterwards."""
    live = live_on(d)
    d.front(d.dialogs()[0])
    retype(d, "a lake")
    time.sleep(1.5)  # the picture of the new prompt is there
    d.key("Return", pause=0.8)
    d.key("Return", pause=0.8)
    r.check("Return in the prompt while live makes no layer", d.layers() == [live, d.layer], d.names())
    d.key("alt+a")
    r.check("and Apply does", d.s.until(lambda: len(d.layers()) == 3, 5), d.names())
    trouble(d, r)


def closed_in_mid_write(d: Desk, r: Report, times: int = 8):
    """Close, Escape and Live off while two flat pictures follow each other without an end: one is kept."""
    torn = []
    for turn in range(times):
        d.open(1000, 700)
        d.dialog(live=True)
        d.s.x("type", "--delay", "10", "endless")
        live = d.live_layer()
        time.sleep(0.8 + 0.037 * turn)
        d.front(d.dialogs()[0])
        d.key(("Escape", "alt+l", "alt+c")[turn % 3])
        d.s.until(lambda: "live" not in d.names(), 8)
        values = set(d.dump(live))
        if len(values) != 1:
            torn.append((turn, values))
        d.close()
    r.check(f"live ended in mid-write {times} times: one whole picture is kept", not torn, torn)
    r.check("no error window", not d.trouble(), d.trouble())


def left_over(d: Desk, r: Report):
    """A live layer whose plug-in died, and one from a file that was saved while live."""
    old = live_on(d)
    d.kill_plug_in()
    d.s.until(lambda: not d.plug_ins(), 5)
    if d.s.until(d.trouble, 3):
        d.key("Escape")  # GIMP says that a plug-in crashed
    d.s.do(f"(begin (t-fill {d.layer} 80) (gimp-displays-flush))")
    d.dialog(live=True)
    good = d.s.until(lambda: len(d.layers()) == 3 and d.layers()[0] == old, 8)
    good = good and d.shows(d.layers()[1], 175)
    r.check("Live puts by a live layer that was left over", good, d.names())
    told = said(d)
    r.check("and says so", "left over" in told and "Scumble (before)" in told, told)
    path = d.s.home / "saved-while-live.xcf"
    d.s.do(f'(t-save-image {d.image} "{path}")')
    d.shut()
    d.close()
    d.take(path, 1024, 768)
    _, old, paint = d.layers() if len(d.layers()) == 3 else (0, 0, 0)
    r.check("a file saved while live has the layer in it", old and "(live)" in d.names(), d.names())
    d.s.do(f"(begin (t-fill {old} 120) (t-activate {d.image} {paint}) (gimp-displays-flush))")
    was = d.names()
    d.dialog(live=True)
    time.sleep(2.0)
    good = len(d.layers()) == 4 and d.layers()[1] == old and d.mean(old) == 120
    r.check("Live on it loses nothing that was painted on it since", good, f"{d.names()} {d.mean(old)}")
    d.focus()
    d.key("ctrl+z")
    undone = d.s.until(lambda: d.names() == was, 5) and d.layers()[1:] == [old, paint]
    seen = d.s.do(f"(car (gimp-item-get-visible {old}))") in ("1", "#t")
    r.check("and one undo brings it back as it was", undone and seen, d.names())
    d.front(d.dialogs()[0])
    d.key("alt+l")
    d.s.until(lambda: len(d.layers()) == 4, 8)
    d.s.do(f"(begin (t-fill {paint} 20) (gimp-displays-flush))")
    r.check("Live follows the paint, alone", d.shows(d.layers()[2], 235), d.names())
    d.focus()
    trouble(d, r)


def nothing_is_hidden(d: Desk, r: Report):
    """What the artist does next is seen: after an error, after Close."""
    live = live_on(d)
    d.front(d.dialogs()[0])
    retype(d, "failing")
    faint = d.s.until(lambda: alpha(d, live) == [127, 127], 8)
    r.check("an error while live: the layer is half transparent", faint, alpha(d, live))
    told = said(d)
    r.check("and the dialog says so", "half transparent" in told and "asked to fail" in told, told)
    retype(d, "a lake")
    whole = d.s.until(lambda: alpha(d, live) == [255, 255], 8)
    r.check("as soon as it follows again it is whole", whole and d.shows(live, INVERSE), alpha(d, live))
    d.shut()
    opacity = float(d.s.do(f"(car (gimp-layer-get-opacity {live}))"))
    kept = d.layers() == [live, d.layer] and opacity == 50
    r.check("closed: the layer that is kept is half transparent", kept, f"{d.names()} {opacity}")
    d.focus()
    d.key("ctrl+z")
    d.s.until(lambda: "live" in d.names(), 5)
    opacity = float(d.s.do(f"(car (gimp-layer-get-opacity {live}))"))
    r.check("which is undone with its name in one step", "live" in d.names() and opacity == 100, opacity)
    trouble(d, r)


def ended_at_once(d: Desk, r: Report):
    """Live is switched off before its first picture (the stub takes three seconds)."""
    d.open()
    window = d.dialog(live=True)
    d.s.until(lambda: len(d.layers()) == 2, 8)
    d.front(window)
    d.key("alt+l")
    gone = d.s.until(lambda: d.layers() == [d.layer], 6)
    r.check("a live layer that never showed anything leaves nothing", gone, d.names())
    trouble(d, r)


def repeat(d: Desk, r: Report):
    """OK and Filters > Repeat render the painting, both, and the brush stays on it."""
    d.open(240, 180)
    d.dialog()
    time.sleep(1.0)
    d.key("Return")
    d.s.until(lambda: not d.dialogs(), 8)
    r.check("OK leaves the painted layer the active one", d.active() == d.layer, d.names())
    d.focus()
    d.key("ctrl+f")
    d.s.until(lambda: len(d.layers()) == 3, 8)
    means = [d.mean(layer) for layer in d.layers()]
    r.check("Repeat renders the painting again, not the picture", means == [INVERSE, INVERSE, GRAY], means)
    trouble(d, r)


def selected_elsewhere(d: Desk, r: Report):
    """A selection that lies off the layer: nothing is rendered, and it is said."""
    d.open(240, 180)
    d.s.do(f"(begin (gimp-layer-set-offsets {d.layer} 100 100) (t-select {d.image} 5 5 40 40 0))")
    d.dialog()
    told = said(d)
    r.check("a selection off the layer is told", "Nothing that is selected" in told, told)
    d.key("alt+p", "Return")
    time.sleep(1.0)
    r.check("and OK makes no empty layer", d.layers() == [d.layer], d.names())
    d.s.do(f"(begin (gimp-selection-none {d.image}) (gimp-displays-flush))")
    d.focus()
    d.front(d.dialogs()[0])
    time.sleep(0.8)
    d.key("alt+p", "Return")
    r.check("selected anew, OK renders", d.s.until(lambda: len(d.layers()) == 2, 8), d.names())
    trouble(d, r)


def second_live(d: Desk, r: Report):
    live = live_on(d)
    first = d.dialogs()[0]
    title = d.s.x("getwindowname", first)
    r.check("the title names the image", f"-{d.image}" in title, title)
    d.focus()
    d.key("ctrl+shift+F10")
    d.s.until(lambda: len(d.dialogs()) == 2, 10)
    front = d.s.until(lambda: d.s.x("getactivewindow") == first, 5)
    r.check("a second Live brings the first one's dialog to the front", front)
    time.sleep(1.0)
    r.check("and it stays there", d.s.x("getactivewindow") == first)
    r.check("a second Live on the image makes no second live layer", d.layers() == [live, d.layer], d.names())
    other = [window for window in d.dialogs() if window != first]
    d.front(other[0])
    told = said(d)
    r.check("and says that there is one", "live layer already" in told, told)
    d.shut(other[0])
    d.front(first)
    d.s.do(f"(begin (t-fill {d.layer} 70) (gimp-displays-flush))")
    r.check("the first goes on", d.shows(live, 185), d.mean(live))
    trouble(d, r)


def quick_mask(d: Desk, r: Report):
    """A channel is the active one: it stays so when the live layer comes."""
    d.open()
    window = d.dialog()
    channel = int(d.s.do(f"(t-channel {d.image})"))
    d.s.do(f"(begin (t-choose-channel {d.image} {channel}) (gimp-displays-flush))")
    d.front(window)
    d.key("alt+l")
    d.live_layer()
    time.sleep(0.5)
    chosen = d.s.do(f"(t-chosen {d.image})")
    r.check("the brush stays on the channel that it was on", chosen == str(channel), f"{chosen}, {channel}")
    live = d.layers()[0]
    d.shows(live, INVERSE)
    d.front(window)
    d.key("alt+a")
    d.s.until(lambda: len(d.layers()) == 3, 6)
    chosen = d.s.do(f"(t-chosen {d.image})")
    good = len(d.layers()) == 3 and chosen == str(channel)
    r.check("and when Apply makes a layer", good, f"{d.names()} {chosen}, {channel}")
    trouble(d, r)


def indexed_under_it(d: Desk, r: Report):
    """OK after the image became indexed: a sentence."""
    d.open(240, 180)
    window = d.dialog()
    time.sleep(1.0)
    d.s.do(f"(begin (t-index {d.image}) (gimp-displays-flush))")
    d.front(window)
    d.key("alt+p", "Return")
    time.sleep(1.0)
    told = said(d)
    good = "indexed" in told and d.layers() == [d.layer]
    r.check("OK on an image that is indexed by now says so", good, told)
    trouble(d, r)


SCENARIOS = [
    error_then_ok, process_anew, frames_kept, live_layer_painted, return_in_prompt, closed_in_mid_write,
    left_over,
    nothing_is_hidden, repeat, selected_elsewhere, second_live, quick_mask, indexed_under_it,
]  # fmt: skip
BLIND, SLOW = [blind], [ended_at_once]
