# SPDX-License-Identifier: MIT OR Apache-2.0
"""References that are linked to a picture's file: followed when another program writes it, told where it is
gone, kept in the image when the artist wants so. The engine is the stub, which mixes the first pixel of one
with its picture's green."""

from __future__ import annotations

import json
from pathlib import Path

import pictures
from desk import Desk
from dialog import said
from references import CORNER, shows, told
from report import Report
from steering import KEPT, kept, live_of, one, pick_file, prepare, steered, to_list

LINKED, EMBED = 7, 3  # of the menu of Add; of the tabs to the first one's button


def flat(path: Path, red: int, size=(40, 30)) -> Path:
    return pictures.write(path, pictures.Picture(*size, 3, 8, [red, 90, 30] * (size[0] * size[1])))


def linked(d: Desk, r: Report):
    prepare(d)
    d.open()
    window = d.dialog(live=True)
    live = live_of(d)
    shows(d, live)
    d.s.do(f"(gimp-image-clean-all {d.image})")
    layers, file = d.layers(), flat(d.s.home / "mood.png", 200)
    d.key("alt+y", pause=0.3)
    to_list(d, window, 1)
    d.key("space", *["Down"] * LINKED, "Return", pause=0.3)
    pick_file(d, window, "^Choose a Picture", file)
    r.check("a picture's file is a reference", shows(d, live, 200), said(d))
    found = kept(d)
    names = [(c["kind"], c["layer"], c["file"].split(" [")[0]) for c in found]
    good = names == [("reference", "", "mood.png")] and d.layers() == layers
    r.check("by its name, without a path and without a layer", good, found)
    r.check("which is no undo step", d.s.do(f"(t-dirty {d.image})") in ("0", "#f"))
    flat(file, 120)
    r.check("written by another program, it is followed", shows(d, live, 120), said(d))
    flat(file, 140, (3000, 2000))
    r.check("in another size, too", shows(d, live, 140), said(d))
    file.write_text("no picture")
    good = told(d, window, "which is no picture that GIMP can open") and shows(d, live)
    r.check("what is no picture any more is told, and live goes on", good, said(d))
    flat(file, 160)
    r.check("written anew it steers", shows(d, live, 160) and "no picture" not in said(d), said(d))
    file.rename(d.s.home / "away.png")
    good = told(d, window, "which is not there") and shows(d, live)
    r.check("its file gone: told in a sentence, and live goes on", good and "mood.png" in said(d), said(d))
    (d.s.home / "away.png").rename(file)
    r.check("put back it steers", shows(d, live, 160), said(d))
    opened_again(d, r, window, file)


def opened_again(d: Desk, r: Report, window: str, file: Path):
    path = d.s.home / "linked.xcf"
    d.shut(window)
    d.s.do(f'(t-save-image {d.image} "{path}")')
    text, link = path.read_bytes(), kept(d)[0]["file"]
    r.check("the image's file names no path", str(file).encode() not in text and KEPT.encode() in text)
    d.close_image()
    flat(file, 60)
    d.take(path, 600, 450)
    window = d.dialog(live=True)
    live = live_of(d)
    r.check("saved and opened again it is the file as it is now", shows(d, live, 60), said(d))
    to_list(d, window, EMBED)
    d.key("space", pause=0.3)
    embedded = d.s.until(lambda: kept(d)[0]["layer"] == "mood.png" and kept(d)[0]["file"] == "", 8)
    r.check("embedded it is a hidden layer of the image", embedded and "mood.png" in d.names(), kept(d))
    file.unlink()
    r.check("which steers without the file", shows(d, live, 60) and "not there" not in said(d), said(d))
    d.shut(window)
    foreign(d, r, link)
    r.check("no error window", not d.trouble(), d.trouble())
    d.close()


def foreign(d: Desk, r: Report, link: str):
    """An image from somebody else links nothing that was not chosen here."""
    d.s.profile.joinpath("scumble-files.json").write_text(json.dumps({"networks": [], "pictures": []}))
    flat(d.s.home / "mood.png", 200)
    for file in (link, str(d.s.home / "mood.png")):
        steered(d, one(0, "reference", file))
        window = d.dialog(live=True)
        live = live_of(d)
        good = told(d, window, "not among your files") and shows(d, live) and CORNER == d.dump(live)[1]
        r.check(f"what was not chosen on this computer is not opened: {Path(file).name}", good, said(d))
        d.shut(window)


SCENARIOS = [linked]
