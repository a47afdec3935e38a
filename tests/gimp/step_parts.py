# SPDX-License-Identifier: MIT OR Apache-2.0
"""The part of the steps that something steers in, and what of a reference is taken over, set by the keyboard
in its row of "Steer by". The engine is the real one with tiny models."""

from __future__ import annotations

import shutil
from typing import NamedTuple

from desk import Desk
from dialog import said
from references import told
from report import Report
from steering import TINY, kept, live_of, one, prepare, rest, sketch, steered, tick, to_list

LINES, INK = "lines [1]", "ink.safetensors [1]"
FILES = [[LINES, str(TINY / "controls/sd15-lines")], [INK, str(TINY / "loras/sd15-peft.safetensors")]]


class Row(NamedTuple):
    """One that steers alone, and the tabs from the list's head to ⋯ and to the last number that it opens."""

    model: str
    condition: dict
    more: int
    end: int


ROWS = {
    "control": Row("sd15", one(0, "control", LINES, "sketch"), 5, 9),
    "lora": Row("sd15", one(0, "lora", INK), 4, 7),
    "region": Row("sd15", one(0, "region", "", "sketch", prompt="a red ship"), 5, 9),
    "reference": Row("ip-sd15", one(0, "reference", layer="sketch"), 5, 9),
}
ASPECT = 7  # tabs to a reference's list of what it gives


def begin(d: Desk, model, condition: dict) -> tuple[str, int]:
    """An image that is steered so, live; the last step that can be undone is that it was filled."""
    prepare(d, f"model={model}\nstrength=0.8\nsteps=4\nprompt=a house\nseed=3", FILES)
    d.open(64, 64)
    drawn = sketch(d)
    d.s.do(f"(begin (t-box {drawn} 8 8 32 32) (t-visible {drawn} FALSE) (t-activate {d.image} {d.layer}))")
    steered(d, condition)
    window = d.dialog(live=True)
    live = seen(d)
    d.s.do(f"(begin (t-fill {d.layer} 150) (gimp-displays-flush))")
    return window, live


def seen(d: Desk) -> int:
    live = live_of(d)
    d.s.until(lambda: 5 < d.mean(live) < 250, 60)
    return live


def opened_again(d: Desk, window: str, name: str) -> tuple[str, int]:
    path = d.s.home / f"{name}.xcf"
    d.shut(window)
    d.s.do(f'(t-save-image {d.image} "{path}")')
    d.close_image()
    d.take(path, 1024, 768)
    window = d.dialog(live=True)
    return window, seen(d)


def type_end(d: Desk, window: str, tabs: int, percent: int) -> bool:
    to_list(d, window, tabs)
    d.key("ctrl+a")
    d.s.x("type", str(percent))
    d.key("Tab")
    return d.s.until(lambda: kept(d)[0].get("end") == percent / 100, 5)


def in_parts(d: Desk, r: Report):
    for kind, row in ROWS.items():
        acts_in_part(d, r, kind, row)


def acts_in_part(d: Desk, r: Report, kind: str, row: Row):
    window, live = begin(d, TINY / row.model, row.condition)
    always = rest(d, live, 3)
    tick(d, window, 2)
    d.s.until(lambda: d.dump(live) != always, 40)
    plain = rest(d, live, 3)
    tick(d, window, 2)
    same = d.s.until(lambda: d.dump(live) == always, 40)
    d.s.do(f"(gimp-image-clean-all {d.image})")
    to_list(d, window, row.more)
    d.key("space", pause=0.3)
    good = type_end(d, window, row.end, 50)
    r.check(f"{kind}: ⋯ opens the part of the steps, and half of them is set", same and good, kept(d))
    d.s.until(lambda: d.dump(live) not in (plain, always), 40)
    half = rest(d, live, 3)
    good = half not in (plain, always) and "does not steer" not in said(d)
    r.check(f"{kind}: which is another picture", good, said(d))
    r.check(f"{kind}: and no undo step", d.s.do(f"(t-dirty {d.image})") in ("0", "#f"))
    if kind == "control":
        undone(d, r, live, half)
    window, live = opened_again(d, window, f"part-{kind}")
    good = d.s.until(lambda: d.dump(live) == half, 40)
    r.check(f"{kind}: saved and opened again it is the same picture", good, f"{kept(d)} {said(d)}")
    good = type_end(d, window, row.end, 100) and d.s.until(lambda: d.dump(live) == always, 40)
    r.check(f"{kind}: its numbers are there; all of the steps: what it was, to the byte", good, kept(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def undone(d: Desk, r: Report, live: int, half: bytes):
    painted = d.dump(d.layer)
    d.focus()
    d.key("ctrl+z")
    gone = d.s.until(lambda: d.dump(d.layer) != painted, 8) and kept(d)[0]["end"] == 0.5
    d.key("ctrl+y")
    back = d.s.until(lambda: d.dump(d.layer) == painted and d.dump(live) == half, 40)
    r.check("undo takes the paint away and redo brings it back, the part stays", gone and back, kept(d))


def aspects(d: Desk, r: Report):
    condition = one(0, "reference", layer="sketch")
    window, live = begin(d, TINY / "ip-sd15", condition)
    made = [rest(d, live, 3)]
    d.s.do(f"(gimp-image-clean-all {d.image})")
    for aspect in ("style", "layout"):
        to_list(d, window, ASPECT)
        d.key("Down", pause=0.3)
        good = d.s.until(lambda aspect=aspect: kept(d)[0].get("aspect") == aspect, 5)
        good = good and d.s.until(lambda: d.dump(live) not in made, 40)
        r.check(f"of a reference its {aspect} alone is another picture", good, f"{kept(d)} {said(d)}")
        made.append(rest(d, live, 3))
    r.check("which is no undo step", d.s.do(f"(t-dirty {d.image})") in ("0", "#f"))
    window, live = opened_again(d, window, "aspect")
    good = d.s.until(lambda: d.dump(live) == made[-1], 40) and kept(d)[0]["aspect"] == "layout"
    r.check("saved and opened again it is the same picture", good, f"{kept(d)} {said(d)}")
    to_list(d, window, ASPECT)
    d.key("Home", pause=0.3)
    good = d.s.until(lambda: d.dump(live) == made[0], 40) and kept(d)[0]["aspect"] == "all"
    r.check("all of it again: what it was, to the byte", good, kept(d))
    d.shut(window)
    d.close_image()
    tells_nothing_apart(d, r, condition)


def tells_nothing_apart(d: Desk, r: Report, condition: dict):
    """The same model in an export that has one scale for a reference."""
    folder = d.s.home / "ip-whole"
    shutil.copytree(TINY / "ip-sd15", folder)
    shutil.copy(folder / "weighed/model.onnx", folder / "unet/model.onnx")
    window, _ = begin(d, folder, dict(condition, aspect="layout", end=0.5))
    good = told(d, window, "does not tell its style from its layout")
    r.check("a model that tells nothing apart: told, with the reason, and the picture comes", good, said(d))
    to_list(d, window, ASPECT)  # its place is that of the first number now, which is 0
    d.key("Up", "Up", pause=0.3)
    good = d.s.until(lambda: kept(d)[0].get("start", 0) > 0, 5) and kept(d)[0]["aspect"] == "layout"
    r.check("what it gives is grey, and the choice stays", good, kept(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


REAL = [in_parts, aspects]
