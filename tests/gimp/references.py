# SPDX-License-Identifier: MIT OR Apache-2.0
"""References: what is on a layer, or in a file, is a picture that the model looks at. The engine is the stub,
which mixes the first pixel of one with its picture's green; in REAL the real one."""

from __future__ import annotations

import re
import time

import pictures
from desk import Desk, line
from dialog import said
from pace import readings
from report import Report
from steering import TINY, kept, live_of, one, pick_file, prepare, rest, sketch, steered, tick, to_list

FROM_LAYER, FROM_FILE = 5, 6  # of the menu of Add
CORNER = 55  # what the stub makes of the gray paint


def shows(d: Desk, live: int, *firsts: int) -> bool:
    """Whether the picture becomes that of these references, by their first pixels."""
    green = CORNER
    for first in firsts:
        green ^= first
    wanted = bytes((CORNER, green, CORNER))
    return d.s.until(lambda: d.dump(live) == wanted * (len(d.dump(live)) // 3), 8)


def told(d: Desk, window: str, words: str) -> bool:
    """Whether the dialog comes to say so."""
    d.front(window)
    return d.s.until(lambda: words in said(d), 8)


def followed_reference(d: Desk, r: Report):
    """A layer of its own size above the live one, painted on, undone, moved, hidden, emptied, deleted."""
    prepare(d)
    d.open()
    d.stroke(line(3))
    painted = d.pixels(d.layer)
    d.key("ctrl+z")
    # Its first pixel lies where that stroke goes.
    x, y = next((x, y) for y in range(450) for x in range(250, 350) if painted.at(x, y)[0] < 60)
    mood = int(d.s.do(f"(t-above {d.image} 200 120 {x} {y} 90 LAYER-MODE-NORMAL 100)"))
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-image-clean-all {d.image}))")
    steered(d, one(0, "reference", layer="above"))
    window = d.dialog(live=True)
    live = live_of(d)
    r.check("what is on a layer is a reference", shows(d, live, 90), said(d))
    d.s.do(f"(begin (t-activate {d.image} {mood}) (gimp-displays-flush))")
    d.focus()
    before = d.dump(live)
    d.press(line(3))
    followed = d.s.until(lambda: d.dump(live) != before, 8, 0.02)
    d.release()
    r.check("painted on, the picture follows while the button is down", followed)
    first = d.pixels(mood).at(0, 0)[0]
    r.check("and shows what is there", first != 90 and shows(d, live, first), first)
    d.key("ctrl+z")
    r.check("the stroke is one undo step, and the picture goes back", shows(d, live, 90), d.names())
    d.s.do(f"(begin (t-visible {mood} FALSE) (gimp-layer-set-offsets {mood} 900 -300) (gimp-displays-flush))")
    time.sleep(2.0)
    r.check("hidden and far from the canvas it goes on steering", shows(d, live, 90))
    for size in ("500 400", "600 450"):
        d.s.do(f"(begin (gimp-image-resize {d.image} {size} 0 0) (gimp-displays-flush))")
        time.sleep(1.0)
    r.check("the canvas may change under it", shows(d, live, 90))
    d.s.do(f"(begin (gimp-drawable-edit-clear {mood}) (gimp-displays-flush))")
    good = told(d, window, "is empty, so it is no reference") and shows(d, live)
    r.check("emptied: told in a sentence, and live goes on", good, said(d))
    d.s.do(f"(t-box {mood} 910 -290 20 20)")
    r.check("painted on again it steers", shows(d, live, 255), said(d))
    tick(d, window, 2)
    r.check("its tick away: the old picture", shows(d, live))
    tick(d, window, 2)
    r.check("ticked again, it steers", shows(d, live, 255))
    d.s.do(f"(t-activate {d.image} {d.layer})")
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {mood}) (gimp-displays-flush))")
    good = told(d, window, "has no layer to read") and shows(d, live)
    r.check("its layer deleted: told, and live goes on", good, said(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close()


def laid_from_file(d: Desk, r: Report):
    """A picture's file becomes a hidden layer, which is the reference."""
    prepare(d)
    d.open()
    d.s.do(f"(gimp-image-clean-all {d.image})")
    window = d.dialog(live=True)
    live = live_of(d)
    shows(d, live)
    size, colour = (1500, 1000), [200, 90, 30]
    file = pictures.write(d.s.home / "mood.png", pictures.Picture(*size, 3, 8, colour * (size[0] * size[1])))
    count = len(d.layers())

    def add(entry: int, path=None):
        to_list(d, window, 1)
        d.key("space", *["Down"] * entry, "Return", pause=0.3)
        if path:
            pick_file(d, window, "^Choose a Picture", path)

    d.key("alt+y", pause=0.3)
    add(FROM_FILE, file)
    laid = d.s.until(lambda: len(d.layers()) == count + 1 and d.layers()[0], 20)
    if not r.check("a picture's file becomes a layer", laid, said(d)):
        return
    made = d.s.do(f"(list (car (gimp-item-get-name {laid})) (t-width {laid}) (t-height {laid}))")
    r.check("with its name, no larger than what is looked at", made == '("mood.png" 1024 683)', made)
    hidden = d.s.do(f"(car (gimp-item-get-visible {laid}))") in ("0", "#f")
    r.check(
        "hidden, and the artist's layer stays the active one", hidden and d.active() == d.layer, d.names()
    )
    r.check("in its colours", d.pixels(laid).at(500, 300)[:3] == colour, d.pixels(laid).at(500, 300))
    r.check("which is the reference", shows(d, live, 200), said(d))
    found = kept(d)
    good = [(c["kind"], c["layer"], c["file"]) for c in found] == [("reference", "mood.png", "")]
    r.check("and no path of it is kept", good and str(file.parent) not in str(found), found)
    add(FROM_LAYER)
    r.check("the chosen layer is one, too", d.s.until(lambda: len(kept(d)) == 2, 8), kept(d))
    r.check("and both are looked at", shows(d, live, 200, 200))
    (d.s.home / "notes.png").write_text("no picture")
    count = len(d.layers())
    add(FROM_FILE, d.s.home / "notes.png")
    good = told(d, window, "is no picture that GIMP can open") and len(d.layers()) == count
    r.check("what is no picture is told, and makes no layer", good, said(d))
    d.focus()
    d.key("ctrl+z")
    gone = d.s.until(lambda: laid not in d.layers(), 8) and told(d, window, "has no layer to read")
    r.check("one undo takes the layer away, which is told", gone and len(d.layers()) == count - 1, said(d))
    d.focus()
    d.key("ctrl+y")
    r.check("redone, it steers again", shows(d, live, 200, 200), d.names())
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close()


def too_many(d: Desk, r: Report):
    """No picture is laid where there is no place for one more."""
    prepare(d)
    d.open(240, 180)
    steered(d, *[one(n, "reference", layer="paint", on=False) for n in range(32)])
    window = d.dialog()
    file = pictures.write(d.s.home / "small.png", pictures.painting(20, 20, 3))
    to_list(d, window, 1)
    d.key("space", *["Down"] * FROM_FILE, "Return", pause=0.3)
    pick_file(d, window, "^Choose a Picture", file)
    good = told(d, window, "32 things steer") and d.layers() == [d.layer]
    r.check("33 references: told, and no layer is made", good, said(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def one_of_two_goes(d: Desk, r: Report):
    """While a picture is made by both: the stub is at a job of "reading" for three seconds."""
    prepare(d, "prompt=reading")
    d.open(240, 180)
    for name, red in (("above", 90), ("mood", 30)):
        layer = int(d.s.do(f'(t-empty {d.image} "{name}" 0)'))
        d.s.do(f"(begin (t-fill {layer} {red}) (t-visible {layer} FALSE))")
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    steered(d, one(0, "reference", layer="above"), one(1, "reference", layer="mood"))
    window = d.dialog(live=True)
    live = live_of(d)
    r.check("two references are looked at", shows(d, live, 90, 30), said(d))
    tick(d, window, 2)
    tick(d, window, 2)
    at_it = d.s.until(lambda: "reads a network" in said(d), 6)
    tick(d, window, 8)
    good = at_it and shows(d, live, 90)
    r.check("one is taken away in mid-frame: the picture of the other", good, f"{said(d)} {d.dump(live)[:3]}")
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def none_taken(d: Desk, r: Report):
    """The stub's model takes no reference here."""
    prepare(d)
    d.open(240, 180)
    steered(d, one(0, "reference", layer="paint"))
    window = d.dialog(live=True)
    live = live_of(d)
    good = told(d, window, "“Reference” does not steer: This model takes none")
    r.check("a model that looks at none: told, with its reason", good, said(d))
    r.check("and the picture comes without it", shows(d, live))
    to_list(d, window, 1)
    d.key("space", *["Down"] * FROM_LAYER, "Return", "Escape", pause=0.3)
    time.sleep(1.0)
    r.check("and none can be added", [c["kind"] for c in kept(d)].count("reference") == 1, kept(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def real_reference(d: Desk, r: Report):
    """A reference changes the picture of the real engine, and follows what is painted on it."""
    prepare(d, f"model={TINY / 'ip-sd15'}\nstrength=0.6\nprompt=a house\nseed=3")
    d.open(64, 64)
    d.s.do(f"(t-box {d.layer} 4 36 40 12)")
    drawn = sketch(d, "mood")
    d.s.do(f"(begin (t-box {drawn} 8 8 32 32) (t-visible {drawn} FALSE))")
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    steered(d, one(0, "reference", layer="mood", on=False))
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.until(lambda: 5 < d.mean(live) < 250, 60)
    plain = rest(d, live, 3)
    tick(d, window, 2)
    d.s.until(lambda: d.dump(live) != plain, 40)
    by = rest(d, live, 3)
    r.check("a reference changes the picture", by != plain, said(d))
    d.s.do(f"(begin (t-fill {drawn} 30) (gimp-displays-flush))")
    d.s.until(lambda: d.dump(live) not in (plain, by), 40)
    r.check("another picture on its layer is another one", rest(d, live, 3) not in (plain, by))
    tick(d, window, 2)
    r.check("off, it is what it was, to the byte", d.s.until(lambda: d.dump(live) == plain, 40))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()
    weightless(d, r)


def weightless(d: Desk, r: Report):
    """klein weighs no references: their weight is grey, and left out by Tab."""
    for model, wanted in (("ip-sd15", 1), ("klein", 0)):
        prepare(d, f"model={TINY / model}\nstrength=0.6\nseed=3")
        d.open(64, 64)
        steered(d, one(0, "reference", layer="paint"))
        window = d.dialog()
        d.s.until(lambda: re.search("Renders the layer .* with .* on", said(d)), 60)
        tick(d, window, 5)  # the part of the steps, or the button that takes it out
        left = d.s.until(lambda wanted=wanted: len(kept(d)) == wanted, 4)
        r.check(f"{model}: " + ("a weight can be set" if wanted else "the weight is grey"), left, kept(d))
        d.shut(window)
        d.close_image()


def resting(d: Desk, r: Report):
    """A reference costs nothing while something else is painted."""
    prepare(d)
    d.open()
    mood = int(d.s.do(f"(t-above {d.image} 900 700 0 0 90 LAYER-MODE-NORMAL 100)"))
    d.s.do(f"(begin (t-visible {mood} FALSE) (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    steered(d, one(0, "reference", layer="above"))
    start = readings(d, "source")
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.until(lambda: d.dump(live)[1] == CORNER ^ 90, 8)
    rest(d, live, 2.5)
    first, wholes = readings(d, "source") - start, readings(d)
    r.check("a reference is read once", first == 1, first)
    for index in (1, 3, 5):
        d.focus()
        d.stroke(line(index))
        rest(d, live, 1.5)
    more = readings(d, "source") - start - first
    r.check(
        "strokes, and the reading of all of it at rest, read none", more == 0 and readings(d) > wholes, more
    )
    d.s.do(f"(begin (t-fill {mood} 70) (gimp-displays-flush))")
    r.check("changed by a script it is read", d.s.until(lambda: d.dump(live)[1] == CORNER ^ 70, 8))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


SCENARIOS, UNSTEERED = [followed_reference, laid_from_file, too_many, one_of_two_goes], [none_taken]
REAL, COSTS = [real_reference], [resting]
