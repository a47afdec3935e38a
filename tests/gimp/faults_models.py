# SPDX-License-Identifier: MIT OR Apache-2.0
"""Faults around a model that is changed, fails or is missing while live, each with the test that showed it.
The engine is the stub, to which each folder is a model but those of /nowhere."""

from __future__ import annotations

import time

from closing import coming, endless
from desk import Desk
from dialog import said
from faults import INVERSE, alpha, live_on, retype, trouble
from report import Report


def list_model(d: Desk, folder: str):
    """The next dialog begins with this model: the entry below the one that comes with Scumble."""
    (d.s.profile / "scumble.conf").write_text(f"[scumble]\nmodel={folder}\n")


def end(d: Desk, r: Report):
    """The dialog keeps its model for the next time; the next scenario has the one that comes with Scumble."""
    d.shut()
    (d.s.profile / "scumble.conf").unlink(missing_ok=True)
    trouble(d, r)


def kept(d: Desk, layer: int):
    """The pixels of a kept layer, without its opacity of half, which GIMP 3 writes into files."""
    d.s.do(f"(gimp-layer-set-opacity {layer} 100)")
    return alpha(d, layer), set(d.dump(layer))


def model_in_mid_write(d: Desk, r: Report, times: int = 6):
    """Another model again and again, while a picture is half written (they never stop coming)."""
    list_model(d, "/somewhere/model")
    live, moving = endless(d, 1000, 700)
    r.check("pictures come without an end", moving)
    before = d.plug_ins()
    d.front(d.dialogs()[0])
    d.key("alt+m")
    for turn in range(times):
        time.sleep(1.8)  # after Alt the writing rests so long
        d.key(("Up", "Down")[turn % 2])
    good = coming(d, live) and d.plug_ins() == before
    r.check(f"another model in mid-write {times} times: the plug-in goes on", good, d.plug_ins())
    end(d, r)


def live_beside_missing(d: Desk, width: int, height: int) -> int:
    """Goes live with a model that is there; the next one in the list is not. The live layer."""
    list_model(d, "/nowhere/model")
    d.open(width, height)
    d.dialog()
    d.key("alt+m", "Up", pause=0.4)
    d.key("alt+l")
    return d.live_layer()


def missing_while_live(d: Desk, r: Report):
    """A model that is not there is chosen while live: no renderer at all."""
    live = live_beside_missing(d, 1000, 700)
    r.check("live with a model that is there", d.shows(live, INVERSE, 10), d.mean(live))
    d.front(d.dialogs()[0])
    d.key("alt+m", "Down", pause=0.4)
    faint = d.s.until(lambda: alpha(d, live) == [127, 127], 8)
    r.check("one that is missing: the live layer is half transparent", faint, alpha(d, live))
    d.key("alt+m", "Up", pause=0.4)
    d.s.do(f"(begin (t-fill {d.layer} 90) (gimp-displays-flush))")
    follows = d.shows(live, 165) and d.s.until(lambda: alpha(d, live) == [255, 255], 5)
    r.check("the other one again: it follows again, whole", follows, f"{d.mean(live)} {alpha(d, live)}")
    d.key("alt+m", "Down", pause=0.4)
    d.s.until(lambda: alpha(d, live) == [127, 127], 8)
    d.key("alt+l")
    ended = d.s.until(lambda: "live" not in d.names(), 8)
    r.check("Live ends without a model, too", ended, d.names())
    shows = kept(d, live)
    r.check("and keeps the whole picture", shows == ([255, 255], {165}), shows)
    d.key("alt+m", "Up", pause=0.4)
    taken = d.s.until(lambda: "does not exist" not in said(d), 8)
    r.check("and the form takes another model", taken, said(d))
    end(d, r)


def missing_then_removed(d: Desk, r: Report):
    """The live layer is deleted while the model is missing: that is noticed."""
    live = live_beside_missing(d, 240, 180)
    d.shows(live, INVERSE, 10)
    d.front(d.dialogs()[0])
    d.key("alt+m", "Down", pause=0.4)
    told = d.s.until(lambda: "half transparent" in said(d), 8)
    r.check("a model that is missing while live is told", told, said(d))
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {live}) (gimp-displays-flush))")
    ended = d.s.until(lambda: "half transparent" not in said(d), 8)
    r.check("its layer deleted meanwhile: live ends", ended, said(d))
    end(d, r)


def failed_closed_whole(d: Desk, r: Report):
    """Closed while a run has failed: of the half transparent layer the whole picture is kept."""
    live = live_on(d, 1400, 1000)
    d.front(d.dialogs()[0])
    retype(d, "failing")
    d.s.until(lambda: alpha(d, live) == [127, 127], 15)
    time.sleep(0.5)
    d.shut()
    d.s.until(lambda: "live" not in d.names(), 8)
    shows = kept(d, live)
    r.check("closed after an error: the whole picture is kept", shows == ([255, 255], {INVERSE}), shows)
    (d.s.profile / "scumble.conf").unlink(missing_ok=True)  # the next one does not begin with these words
    trouble(d, r)


def failed_applied_whole(d: Desk, r: Report):
    """Apply and Store while a run has failed: the copy is of the whole picture, the live layer half again."""
    live = live_on(d, 1400, 1000)
    window = d.dialogs()[0]
    d.front(window)
    retype(d, "failing")
    d.s.until(lambda: alpha(d, live) == [127, 127], 15)
    for keys, at, name in (("alt+a", 1, "Apply"), ("alt+o", 0, "Store")):
        before = d.layers()
        d.s.x("windowactivate", "--sync", window)
        d.key(keys)
        made = d.s.until(lambda known=before: len(d.layers()) > len(known), 8) and d.layers()[at]
        shows = made and (alpha(d, made), set(d.dump(made)))
        whole = shows == ([255, 255], {INVERSE})
        r.check(f"{name} after an error: the copy is the whole picture", whole, shows)
        again = d.s.until(lambda: alpha(d, live) == [127, 127], 8)
        r.check(f"{name} after an error: the live layer is half transparent again", again, alpha(d, live))
    d.s.do(f"(begin (gimp-item-set-visible {live} FALSE) (gimp-displays-flush))")
    before = d.layers()
    d.s.x("windowactivate", "--sync", window)
    d.key("alt+a")
    time.sleep(2.0)
    r.check("Apply of one that is hidden meanwhile: nothing is copied", d.layers() == before, d.names())
    end(d, r)


def failing_late(d: Desk, r: Report):
    """Pictures that fail only after a while: each stroke asks anew, and is seen all the same."""
    live = live_on(d)
    d.front(d.dialogs()[0])
    retype(d, "failing late")
    faint = d.s.until(lambda: alpha(d, live) == [127, 127], 15)
    r.check("an error that takes its time: the layer is half transparent", faint, alpha(d, live))
    seen = []
    for grey in (90, 140, 60):
        d.s.do(f"(begin (t-fill {d.layer} {grey}) (gimp-displays-flush))")
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            seen.append((*alpha(d, live),))
            time.sleep(0.05)
    r.check("and stays so under the strokes that try again", {*seen} == {(127, 127)}, seen)
    retype(d, "a lake")
    whole = d.s.until(lambda: alpha(d, live) == [255, 255], 8)
    r.check("until a picture comes", whole and d.shows(live, 195), f"{alpha(d, live)} {d.mean(live)}")
    trouble(d, r)


SCENARIOS = [
    model_in_mid_write,
    missing_while_live,
    missing_then_removed,
    failed_closed_whole,
    failed_applied_whole,
    failing_late,
]
