# SPDX-License-Identifier: MIT OR Apache-2.0
"""References and controls whose picture is linked to a file: followed when another program writes it, told
where it is gone, kept in the image when the artist wants so. The engine is the stub, which mixes the first
pixel of a reference with its picture's green and lays a control's picture over its own."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pictures
from desk import Desk
from dialog import said
from references import CORNER, shows, told
from report import Report
from steering import KEPT, kept, live_of, one, pick_file, prepare, sketch, steered, to_list

LINKED = 7  # of the menu of Add
LAYER, EMBED = 3, 4  # of the tabs to the first one's layer, and to its button
LINES = ["lines [1]", "/nets/lines"]


def flat(path: Path, red: int, size=(40, 30)) -> Path:
    return pictures.write(path, pictures.Picture(*size, 3, 8, [red, 90, 30] * (size[0] * size[1])))


def covers(d: Desk, live: int, red: int | None = None, rows: int = 450) -> bool:
    """Whether so many rows of the picture become those of a control's picture, and the others the paint's."""
    plain = bytes((CORNER,)) * 3
    laid = plain if red is None else bytes((red, 90, 30))
    wanted = laid * (600 * rows) + plain * (600 * (450 - rows))
    return d.s.until(lambda: d.dump(live) == wanted, 8)


def begin(d: Desk, *conditions: dict) -> tuple[str, int]:
    prepare(d, networks=[LINES])
    d.open()
    sketch(d)
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    steered(d, *conditions)
    window = d.dialog(live=True)
    live = live_of(d)
    shows(d, live)
    d.s.do(f"(gimp-image-clean-all {d.image})")
    return window, live


def names(d: Desk) -> list[tuple]:
    return [(c["kind"], c["layer"], c.get("picture", "").split(" [")[0]) for c in kept(d)]


def linked(d: Desk, r: Report):
    window, live = begin(d)
    layers, file = d.layers(), flat(d.s.home / "mood.png", 200)
    d.key("alt+y", pause=0.3)
    to_list(d, window, 1)
    d.key("space", *["Down"] * LINKED, "Return", pause=0.3)
    pick_file(d, window, "^Choose a Picture", file)
    r.check("a picture's file is a reference", shows(d, live, 200), said(d))
    good = names(d) == [("reference", "", "mood.png")] and d.layers() == layers
    r.check("by its name, without a path and without a layer", good, kept(d))
    r.check("which is no undo step", d.s.do(f"(t-dirty {d.image})") in ("0", "#f"))
    changes(d, r, window, live, file, shows)
    opened_again(d, r, window, file, shows)


def linked_control(d: Desk, r: Report):
    """Its row's list of layers has files, too."""
    window, live = begin(d, one(0, "control", LINES[0], "sketch"))
    layers, file = d.layers(), flat(d.s.home / "mood.png", 200)
    link(d, window, file)
    r.check("a picture's file is what a control follows", covers(d, live, 200), said(d))
    good = names(d) == [("control", "sketch", "mood.png")] and d.layers() == layers
    r.check("by its name, without a path and without a new layer", good, kept(d))
    r.check("which is no undo step", d.s.do(f"(t-dirty {d.image})") in ("0", "#f"))
    flat(file, 130, (80, 20))
    good = covers(d, live, 130, 150)
    r.check("as large as the image in its own proportions, from its corner on", good, said(d))
    changes(d, r, window, live, file, covers)
    follow_layer(d, window)
    good = covers(d, live) and names(d) == [("control", "sketch", "")]
    r.check("a layer in its place: that is followed", good, f"{kept(d)} {said(d)}")
    link(d, window, file)
    r.check("the same file again: it is read again", covers(d, live, 160), said(d))
    follow_layer(d, window)
    d.s.do(f"(begin (t-fill {d.layers()[0]} 20) (gimp-displays-flush))")
    wanted = bytes((20,)) * 3 * 600 * 450
    good = d.s.until(lambda: d.dump(live) == wanted, 8)
    flat(file, 140)
    time.sleep(1.5)
    r.check("of a layer the file changes nothing", good and d.dump(live) == wanted, said(d))
    d.s.do(f"(begin (gimp-drawable-edit-clear {d.layers()[0]}) (gimp-displays-flush))")
    link(d, window, file)
    r.check("linked again, it is the file as it is now", covers(d, live, 140), said(d))
    opened_again(d, r, window, file, covers)


def follow_layer(d: Desk, window: str):
    """The first entry of its list is the uppermost layer."""
    to_list(d, window, LAYER)
    d.key("Home", pause=0.3)


def link(d: Desk, window: str, file: Path):
    """The last entry of its list asks for a file."""
    d.front(window)
    to_list(d, window, LAYER)
    d.key("End", pause=0.3)
    pick_file(d, window, "^Choose a Picture", file)


def changes(d: Desk, r: Report, window: str, live: int, file: Path, shown):
    """`shown` says whether the picture becomes what this file makes of it, or what it is without."""
    flat(file, 120)
    r.check("written by another program, it is followed", shown(d, live, 120), said(d))
    flat(file, 140, (3000, 2250))
    r.check("in another size, too", shown(d, live, 140), said(d))
    file.write_text("no picture")
    good = told(d, window, "which is no picture that GIMP can open") and shown(d, live)
    r.check("what is no picture any more is told, and live goes on", good, said(d))
    flat(file, 160)
    r.check("written anew it steers", shown(d, live, 160) and "no picture" not in said(d), said(d))
    file.rename(d.s.home / "away.png")
    good = told(d, window, "which is not there") and shown(d, live)
    r.check("its file gone: told in a sentence, and live goes on", good and "mood.png" in said(d), said(d))
    r.check("and nothing of it is lost", [name for *_, name in names(d)] == ["mood.png"], kept(d))
    (d.s.home / "away.png").rename(file)
    r.check("put back it steers", shown(d, live, 160), said(d))


def opened_again(d: Desk, r: Report, window: str, file: Path, shown):
    path = d.s.home / "linked.xcf"
    d.shut(window)
    d.s.do(f'(t-save-image {d.image} "{path}")')
    text, (before,) = path.read_bytes(), kept(d)
    r.check("the image's file names no path", str(file).encode() not in text and KEPT.encode() in text)
    d.close_image()
    flat(file, 60)
    d.take(path, 1024, 768)
    d.s.do(f"(begin (t-activate {d.image} {d.layers()[-1]}) (gimp-displays-flush))")
    window = d.dialog(live=True)
    live = live_of(d)
    r.check("saved and opened again it is the file as it is now", shown(d, live, 60), said(d))
    to_list(d, window, EMBED)
    d.key("space", pause=0.3)
    kind = before["kind"]
    embedded = d.s.until(lambda: names(d) == [(kind, "mood.png", "")], 8)
    r.check("embedded it is a hidden layer of the image", embedded and "mood.png" in d.names(), kept(d))
    file.unlink()
    r.check("which steers without the file", shown(d, live, 60) and "not there" not in said(d), said(d))
    d.shut(window)
    foreign(d, r, before, shown)
    r.check("no error window", not d.trouble(), d.trouble())
    d.close()


def foreign(d: Desk, r: Report, before: dict, shown):
    """An image from somebody else links nothing that was not chosen here."""
    files = d.s.profile.joinpath("scumble-files.json")
    files.write_text(json.dumps({"networks": [LINES], "pictures": []}))
    flat(d.s.home / "mood.png", 200)
    for picture in (before["picture"], str(d.s.home / "mood.png")):
        steered(d, dict(before, picture=picture))
        window = d.dialog(live=True)
        live = live_of(d)
        good = told(d, window, "not among your files") and shown(d, live)
        r.check(f"what was not chosen on this computer is not opened: {Path(picture).name}", good, said(d))
        d.shut(window)


SCENARIOS = [linked, linked_control]
