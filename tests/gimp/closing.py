# SPDX-License-Identifier: MIT OR Apache-2.0
"""Images and live layers that go while pictures are written into them. The engine is the stub."""

from __future__ import annotations

import os
import re
import time

from desk import Desk, line
from report import Report

CLOSINGS = int(os.environ.get("SCUMBLE_CLOSINGS", "20"))


def endless(d: Desk, width=600, height=450) -> tuple[int, bool]:
    """An image with a live layer, whose pictures never stop coming; (the layer, whether they do come)."""
    d.open(width, height)
    d.dialog(live=True)
    d.s.x("type", "--delay", "10", "endless")
    live = d.live_layer()
    return live, coming(d, live)


def coming(d: Desk, layer: int) -> bool:
    """Whether the layer changes again and again."""
    means = [0.0]

    def changed() -> bool:
        mean = d.mean(layer)
        if mean != means[-1]:
            means.append(mean)
        return len(means) > 5

    return d.s.until(changed, 10)


def numbers(d: Desk) -> set[str]:
    """Of all images that GIMP has."""
    return set(re.findall(r"\d+", d.images()))


def two(d: Desk, r: Report):
    """Two images with a live layer each: two processes, which know nothing of each other."""
    first, _ = endless(d)
    image = d.image
    second, _ = endless(d)
    r.check(
        "two live layers in two images", coming(d, first) and coming(d, second) and len(d.plug_ins()) == 2
    )
    closed = d.close_image() and d.s.until(lambda: len(d.plug_ins()) == 1, 8)
    trouble = d.trouble()
    d.dismiss()
    good = closed and coming(d, first) and not trouble
    r.check("one ends with its image, the other goes on", good, f"{closed} {trouble}")
    d.image = image
    ended = d.close_image() and d.s.until(lambda: not d.plug_ins(), 8)
    trouble = d.trouble()
    d.dismiss()
    r.check("and ends with its own", ended and not trouble, trouble)


def closing(d: Desk, r: Report, times: int = CLOSINGS):
    """The image is closed while pictures are on their way, one after the other. Every third time a stroke was
    painted in that moment, so that the paint is read then."""
    troubled = stayed = resting = 0
    for turn in range(times):
        _, moving = endless(d)
        resting += not moving
        if turn % 3 == 0:
            d.stroke(line(3))
        time.sleep(0.013 * (turn % 20))
        closed = d.close_image(by_menu=turn % 2 == 1)
        ended = d.s.until(lambda: not d.plug_ins(), 8)
        trouble = d.trouble()
        d.dismiss()
        troubled += bool(trouble) or not closed
        stayed += not ended
        if trouble or not closed:
            print(f"      turn {turn}: closed {closed}, {trouble}", flush=True)
    r.check(f"{times} times pictures follow each other", resting == 0, f"{resting} times they did not")
    r.check(f"{times} images closed in mid-frame: no error window", troubled == 0, f"{troubled} with one")
    r.check(
        f"{times} images closed in mid-frame: the plug-in ends each time", stayed == 0, f"{stayed} stayed"
    )
    r.check("and GIMP is still there", d.s.alive() and d.s.do("(+ 1 2)") == "3")


def scripted(d: Desk, r: Report, times: int = CLOSINGS):
    """A script closes the image in mid-frame: no key or dialog tells the plug-in to wait. GIMP 2.10 cannot be
    asked to keep the image, so there it is only told how often an error window came."""
    three = d.s.gimp.number == "3"
    times, troubled, stayed = times if three else times // 2, 0, 0
    for turn in range(times):
        _, moving = endless(d)
        time.sleep(0.017 * (turn % 20))
        d.s.do(f"(gimp-display-delete {d.display})")
        good = moving and d.s.until(d.image_closed, 8)
        stayed += not d.s.until(lambda: not d.plug_ins(), 8)
        troubled += bool(d.trouble()) or not good
        d.dismiss()
    if three:
        r.check(f"{times} images closed by a script: no error window", troubled == 0, f"{troubled} with one")
    else:
        print(f"     {times} images closed by a script: {troubled} with an error window", flush=True)
    r.check(f"{times} images closed by a script: the plug-in ends each time", stayed == 0, f"{stayed} stayed")
    r.check("and GIMP is still there", d.s.alive() and d.s.do("(+ 1 2)") == "3")


def undone(d: Desk, r: Report, times: int = CLOSINGS // 2):
    """The live layer is undone in mid-frame; every second time it is deleted in GIMP's own menu. GIMP has no
    way to hold a layer: where it takes one away in the middle of a write it shows an error and ends the
    plug-in. With keys pressed as shortly as here that may happen now and then; all else counts."""
    wrong, troubled, memory = [], 0, []
    # A plug-in that GIMP ended in another scenario leaves its working image.
    before = numbers(d)
    for turn in range(times):
        live, _ = endless(d)
        time.sleep(0.019 * (turn % 20))
        how = "deleted" if turn % 2 else "undone"
        if turn % 2:
            d.s.do(f"(begin (t-activate {d.image} {live}) (gimp-displays-flush))")
        d.focus()
        d.key(*(("alt+l", "d") if turn % 2 else ("ctrl+z",)))
        gone = d.s.until(lambda: d.layers() == [d.layer], 5)
        time.sleep(0.5)
        state = {"layer": gone, "dialog": d.dialogs(), "plug-in": d.plug_ins(), "trouble": d.trouble()}
        if state["trouble"] and gone:
            troubled += 1
        elif not (gone and state["dialog"] and state["plug-in"]) or state["trouble"]:
            wrong.append((how, state))
            if os.environ.get("SCUMBLE_SHOT"):
                d.shot_to(os.environ["SCUMBLE_SHOT"])
        d.dismiss()
        d.close_image()
        closed = d.s.until(lambda known=before: not d.plug_ins() and numbers(d) <= known, 8)
        if state["trouble"]:
            before = numbers(d)  # with that of the plug-in that was just ended, until the next live start
        elif not closed:
            wrong.append((turn, "images that stayed", d.images()))
        memory.append(d.memory())
    # Caches and pieces of freed memory come first; what is lost each turn shows later.
    start = memory[times // 3]
    grown = (memory[-1] - start) / (times - times // 3)
    print(
        f"     GIMP has {memory[0]:.0f}, {start:.0f}, {memory[-1]:.0f} MiB at first, after a third, at last"
    )
    if times >= 100:
        r.check(f"{times} turns: GIMP does not grow", grown < 0.1, f"{grown:.2f} MiB a turn")
    told = f"{troubled} of {times}"
    r.check("GIMP's own error window comes at most now and then", troubled <= max(2, times // 10), told)
    r.check(f"{times} live layers undone or deleted in mid-frame: live ends, nothing else", not wrong, wrong)
    r.check("and GIMP is still there", d.s.alive() and d.s.do("(+ 1 2)") == "3")


def killing(d: Desk, r: Report, times: int = 3):
    alive = 0
    before_all = numbers(d)
    for turn in range(times):
        endless(d)
        d.kill_plug_in()
        d.s.until(lambda: not d.plug_ins(), 5)
        time.sleep(0.5)
        d.dismiss()  # GIMP says that a plug-in crashed
        before = d.dump(d.layer)
        d.stroke(line(turn + 5))
        painted = d.dump(d.layer) != before
        d.focus()
        d.key("ctrl+z")
        undone = d.s.until(lambda before=before: d.dump(d.layer) == before, 3)
        alive += bool(d.s.alive() and painted and undone)
        d.close_image()
    r.check(
        f"plug-in killed in mid-write {times} times: GIMP lives, paints and undoes",
        alive == times,
        f"{alive} of {times}",
    )
    endless(d)
    working = d.images()
    d.close_image()
    swept = d.s.until(lambda: numbers(d) <= before_all, 8)
    told = f"{before_all} before, {working} while live, {d.images()} after"
    r.check("the next live start deletes the working images that they left", swept, told)


def halfway(d: Desk, r: Report):
    """A plug-in was killed while GIMP copied the image for it: the copy is swept, the image stays."""
    d.open()
    kept = d.image
    mark = f'(list "scumble-working" 0 "999999 {kept}")'
    d.s.do(f"(gimp-image-attach-parasite {kept} {mark})")
    copy = re.findall(r"\d+", d.s.do(f"(gimp-image-duplicate {kept})"))[-1]
    there = copy in numbers(d)
    d.dialog(live=True)
    swept = d.s.until(lambda: copy not in numbers(d), 8)
    left = d.s.do(f"(gimp-image-get-parasite-list {kept})")
    good = there and swept and str(kept) in numbers(d) and "working" not in left
    r.check("the copy of a plug-in killed while it was made is swept, the image stays", good, left)
    d.close_image()


SCENARIOS = [two, closing, scripted, undone, killing, halfway]
