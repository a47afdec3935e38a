# SPDX-License-Identifier: MIT OR Apache-2.0
"""Regions that are a group's layers: painted, renamed, hidden, deleted, undone, and back with the image. The
engine is the stub, which puts the number of letters of a region's words into the first byte of its pixels."""

from __future__ import annotations

import re

from desk import Desk, line
from dialog import said
from report import Report
from steering import kept, live_of, one, prepare, rest, steered, to_list

FROM_GROUP, FIRST_LINE = 4, 7  # of the menu of Add; of the tabs to the words of the first row's first layer
LINES = {"the first": 4, "a second": 9}  # strokes, by where they are


def children(d: Desk, group: int) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", d.s.do(f"(t-children {group})"))]


def name_of(d: Desk, layer: int) -> str:
    return d.s.do(f"(car (gimp-item-get-name {layer}))").strip('"')


def inside(d: Desk, group: int, name: str) -> int:
    """One more layer of a group, empty, its uppermost, which becomes the chosen one."""
    made = int(d.s.do(f'(t-inside {d.image} {group} "{name}" 600 450)'))
    d.s.do(f"(begin (t-activate {d.image} {made}) (gimp-displays-flush))")
    return made


def wanted(d: Desk, *regions: tuple[int, str]) -> bytes:
    """The stub's picture, of (layer, words)."""
    made = bytearray(255 - value for value in d.dump(d.layer, "paint"))
    for layer, words in regions:
        for at, alpha in enumerate(d.pixels(layer).plane(3)):
            if alpha:
                made[3 * at] = len(words)
    return bytes(made)


def shows(d: Desk, live: int, *regions: tuple[int, str], seconds=12.0) -> bool:
    """Whether that comes to be the live layer."""
    picture = wanted(d, *regions)
    return d.s.until(lambda: d.dump(live) == picture, seconds, 0.2)


def told(d: Desk, window: str, words: str) -> bool:
    d.front(window)
    return d.s.until(lambda: words in said(d), 8)


def layers_of_a_group(d: Desk, r: Report):
    prepare(d)
    d.open()
    d.s.do(f"(gimp-image-clean-all {d.image})")
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.until(lambda: 50 < d.mean(live) < 60, 10)
    plain = rest(d, live)
    d.key("alt+y", pause=0.3)
    to_list(d, window, 1)
    d.key("space", *["Down"] * FROM_GROUP, "Return", pause=0.3)
    found = d.s.until(lambda: kept(d), 8)
    group = d.layers()[0]
    (sky,) = children(d, group)
    good = d.layers() == [group, live, d.layer] and d.active() == sky and name_of(d, sky) == "Region 1"
    r.check("the menu makes a group above all, its layer is chosen", good, d.names())
    good = [(c["kind"], c["layer"]) for c in found] == [("regions", "Regions")]
    r.check("and the image keeps it", good, found)
    d.focus()
    d.press(line(LINES["the first"]))
    followed = d.s.until(lambda: d.dump(live) != plain, 8, 0.02)
    r.check("painted in its layer, the region comes while the button is down", followed)
    d.release()
    good = shows(d, live, (sky, "Region 1"))
    found = {*d.dump(live)[::3]}
    r.check("and when it is up is all that is painted", good and found == {8, 55}, found)
    d.key("ctrl+z")
    r.check("the stroke is one undo step, and the region goes with it", shows(d, live))
    d.key("ctrl+y")
    r.check("redone, it comes back", shows(d, live, (sky, "Region 1")))
    d.s.do(f'(begin (gimp-item-set-name {sky} "storm clouds") (gimp-displays-flush))')
    r.check("renamed, its words are the new name", shows(d, live, (sky, "storm clouds")))
    hut = inside(d, group, "hut")
    d.focus()
    d.stroke(line(LINES["a second"]))
    both = (sky, "storm clouds"), (hut, "hut")
    r.check("a second layer is a second region", shows(d, live, *both), d.names())
    d.focus()
    d.stroke(line(LINES["the first"]))
    r.check("painted over the first, it covers that", shows(d, live, *both), d.names())
    d.s.do(f"(begin (gimp-image-lower-item {d.image} {hut}) (gimp-displays-flush))")
    r.check("lowered, it is covered", shows(d, live, *both[::-1]), d.names())
    d.s.do(f"(begin (gimp-image-raise-item {d.image} {hut}) (gimp-displays-flush))")
    r.check("and raised it is not", shows(d, live, *both), d.names())
    d.s.do(f"(begin (t-visible {hut} FALSE) (gimp-displays-flush))")
    r.check("hidden, it is off", shows(d, live, both[0]))
    d.s.do(f"(begin (t-visible {hut} TRUE) (t-visible {group} FALSE) (gimp-displays-flush))")
    r.check("shown again, it is on, whatever the group is", shows(d, live, *both))
    d.s.do(f"(begin (t-visible {group} TRUE) (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    d.focus()
    d.stroke(line(6))
    good = shows(d, live, *both) and 255 in d.dump(live)
    r.check("the paint is followed beside them, and the group is none of it", good)
    words_in_the_list(d, r, window, live, both)


def words_in_the_list(d: Desk, r: Report, window: str, live: int, both):
    (sky, clouds), (hut, _) = both
    to_list(d, window, FIRST_LINE)
    d.s.x("type", "a red hut")
    words = (sky, clouds), (hut, "a red hut")
    good = shows(d, live, *words)
    r.check("words in the list go before the name of the uppermost", good, kept(d))
    (found,) = kept(d)
    good = [(w["layer"], w["text"]) for w in found["words"]] == [("hut", "a red hut")]
    r.check("and the image keeps them", good, found)
    there_again(d, r, window)


def there_again(d: Desk, r: Report, window: str):
    path = d.s.home / "regions.xcf"
    d.shut(window)
    d.s.do(f'(t-save-image {d.image} "{path}")')
    d.close_image()
    d.take(path, 1024, 768)
    group, d.layer = d.layers()
    hut, sky = children(d, group)
    d.s.do(f"(begin (t-activate {d.image} {hut}) (gimp-displays-flush))")
    window = d.dialog(live=True)
    live = live_of(d)
    good = d.layers() == [group, live, d.layer]
    r.check("begun from a layer of the group, live is below the group", good, d.names())
    words = (sky, "storm clouds"), (hut, "a red hut")
    r.check("saved, closed and opened: all of it is back", shows(d, live, *words, seconds=20), d.names())
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-image-clean-all {d.image}))")
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {sky}) (gimp-displays-flush))")
    r.check("a layer deleted: its region is gone", shows(d, live, words[1]), d.names())
    d.focus()
    d.key("ctrl+z")
    r.check("undone, it is there again", shows(d, live, *words), d.names())
    d.s.do(f"(t-activate {d.image} {d.layer})")
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {group}) (gimp-displays-flush))")
    good = told(d, window, "has no layer to read") and shows(d, live)
    r.check("the group deleted: told, and live goes on without", good, said(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close()


def groups_that_hold_none(d: Desk, r: Report):
    """More regions than the engine takes, a layer that is no group, words that are damaged."""
    prepare(d)
    d.open(240, 180)
    group = int(d.s.do(f"(t-group {d.image} {d.layer})"))
    d.s.do(f'(begin (gimp-item-set-name {group} "parts") (t-inside {d.image} {group} "hut" 240 180))')
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    off = [one(n, "reference", layer="paint", on=False) for n in range(31)]
    steered(d, *off, one(31, "regions", layer="parts"))
    window = d.dialog()
    good = told(d, window, "More than 32 things") and "parts" in said(d)
    r.check("more regions than there can be: told", good, said(d))
    d.shut(window)
    steered(d, one(0, "regions", layer="paint"))
    window = d.dialog()
    good = told(d, window, "“paint” is no group, so it holds no regions")
    r.check("a layer that is no group: told", good, said(d))
    d.shut(window)
    odd = [7, [7], [{"layer": "hut", "tattoo": -1, "text": "x"}], [{"layer": "hut", "text": "x" * 1001}]]
    for words in [*odd, [{"layer": "hut", "text": "x"}] * 65]:
        steered(d, one(0, "regions", layer="parts", words=words))
        window = d.dialog()
        good = told(d, window, "damaged")
        d.shut(window)
        r.check(f"words that are {str(words)[:30]}: told", good and not kept(d), kept(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


SCENARIOS = [layers_of_a_group, groups_that_hold_none]
