# SPDX-License-Identifier: MIT OR Apache-2.0
"""Styles: chosen, saved, given away and taken in the dialog. The engine is the stub."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from desk import Desk, clipboard
from dialog import said
from faults import trouble
from report import Report
from steering import ROOT, kept, one, pick_file, prepare, sketch, steered


def menu_of_styles(d: Desk, window: str, entry: int, behind=False):
    """`behind` those: None, the six that come along, the artist's own."""
    if behind:
        entry += 7 + len(list(d.s.profile.glob("scumble_styles/*.scumble-style")))
    d.front(window)
    d.key("alt+p", "Tab", "space", *["Down"] * entry, "Return", pause=0.3)


# Behind the styles.
SAVE, IMPORT, EXPORT = 1, 2, 3


def styles(d: Desk, r: Report):
    """Chosen, saved, imported, exported; Krita reads what is written."""
    prepare(
        d, "prompt=a house\nstrength=0.4\nseed=3", networks=[["ink.safetensors [1]", "/nets/ink.safetensors"]]
    )
    conf, folder = d.s.profile / "scumble.conf", d.s.profile / "scumble_styles"
    d.open(240, 180)
    net = one(2, "control", "lines [1]", "paint", scale=0.4, end=0.6, prepare="drawn", on=False)
    region = one(1, "region", layer="paint", prompt="ships")
    steered(d, one(0, "lora", "ink.safetensors [1]", scale=0.8), region, net)
    window = d.dialog()
    menu_of_styles(d, window, SAVE, behind=True)
    d.s.until(lambda: d.s.windows_named("^Save as a Style"), 8)
    d.s.x("type", "--delay", "15", "Old/ink")
    d.key("Tab")
    d.s.x("type", "--delay", "15", "pen and ink")
    d.key("Return")
    files = d.s.until(lambda: list(folder.glob("*.scumble-style")), 8)
    if not r.check("a style is saved as a file of its own", len(files or []) == 1, files):
        return
    made = json.loads(files[0].read_text())
    loras = [(one["file"], one["scale"], one["layer"]) for one in made["loras"]]
    good = made["strength"] == 0.4 and made["steps"] is None and loras == [("ink.safetensors [1]", 0.8, "")]
    nets = [(one["file"], one["scale"], one["end"], one["prepare"], one["layer"]) for one in made["controls"]]
    r.check("and how its ControlNets are heard", nets == [("lines [1]", 0.4, 0.6, "drawn", "")], nets)
    r.check("with what is set, and with LoRAs by name", good and "/nets" not in files[0].read_text(), made)
    told = read_by_krita(files[0])
    r.check("Krita reads it", told == "Old/ink|pen and ink|0.4|None|1|1", told)
    menu_of_styles(d, window, EXPORT, behind=True)
    away = d.s.home / "given.scumble-style"
    pick_file(d, window, "^Export a Style", away)
    r.check("exported, it is the same", d.s.until(away.exists, 8) and json.loads(away.read_text()) == made)
    menu_of_styles(d, window, 3)
    d.key("alt+o")
    d.s.until(lambda: not d.dialogs(), 15)
    text = conf.read_text()
    good = "style=Mist\n" in text and "words=foggy" in text and "prompt=a house\n" in text
    r.check("one that comes along adds its words, and is kept", good, text)
    window = d.dialog()
    lora = [dict(number=5, kind="lora", file="ink.safetensors [1]", scale=-0.5, on=True)]
    net = dict(number=0, kind="control", file="lines [1]", scale=0.7, on=False)
    heard = [net, dict(net, number=1, file="")]
    other = dict(
        kind="scumble style",
        version=1,
        name="Given",
        words="failing",
        strength=7,
        model="gone [1]",
        loras=lora,
        controls=heard,
    )
    away.write_text(json.dumps(other))
    menu_of_styles(d, window, IMPORT, behind=True)
    pick_file(d, window, "^Import a Style", away)
    found = d.s.until(lambda: kept(d)[-1]["scale"] == 0.7 and kept(d), 8)
    kinds = [(c["kind"], c["scale"]) for c in found or []]
    wanted = [("region", 1.0), ("control", 0.7), ("lora", -0.5), ("control", 0.7)]
    r.check("imported, its LoRAs take the place of others", kinds == wanted, found)
    nets = [(c["file"], c["layer"], c["end"]) for c in found or [] if c["kind"] == "control"]
    wanted = [("lines [1]", "paint", 1.0), ("", "paint", 1.0)]
    r.check("ControlNets are heard as it says, a new one follows the chosen layer", nets == wanted, nets)
    d.key("alt+p", "ctrl+a", "BackSpace")
    told = d.s.until(lambda: "asked to fail" in said(d), 8)
    r.check("its words go to the model", told, said(d))
    away.write_text(json.dumps(dict(other, words="calm", name="Calm")))
    menu_of_styles(d, window, IMPORT, behind=True)
    pick_file(d, window, "^Import a Style", away)
    told = d.s.until(lambda: "gone" in said(d), 8)
    r.check(
        "a model that is not here is told by its name, the other stays", told and "Calm" in said(d), said(d)
    )
    away.write_text(json.dumps(dict(other, words="loud", name="Calm")))
    menu_of_styles(d, window, IMPORT, behind=True)
    pick_file(d, window, "^Import a Style", away)
    told = d.s.until(lambda: "Calm 2" in said(d), 8)
    r.check(
        "one of a name that is taken is told its own, and what else there is",
        told and "gone" in said(d),
        said(d),
    )
    words = {name: words_of(folder, name) for name in ("Calm", "Calm 2")}
    r.check("and takes no other's place", words == {"Calm": "calm", "Calm 2": "loud"}, words)
    for name, text in (
        ("text", "not JSON"),
        ("another kind", "{}"),
        ("a wrong LoRA", json.dumps(dict(other, loras=[1]))),
        ("a wrong ControlNet", json.dumps(dict(other, controls=lora))),
    ):
        away.write_text(text)
        menu_of_styles(d, window, IMPORT, behind=True)
        pick_file(d, window, "^Import a Style", away)
        told = d.s.until(lambda: "no style of Scumble" in said(d), 8)
        r.check(f"{name}: no style, and it is said", told, said(d))
        menu_of_styles(d, window, 1)
        d.s.until(lambda: "no style of Scumble" not in said(d), 8)
    r.check(
        "the six are Krita's", built_in("plugin-gimp/styles.c") == built_in("plugin-krita/scumble/styles.py")
    )
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close()


def words_of(folder: Path, name: str) -> str:
    path = folder / f"{name}.scumble-style"
    return json.loads(path.read_text())["words"] if path.exists() else ""


def built_in(path: str) -> list[tuple[str, str]]:
    text = (ROOT / path).read_text().split("BUILT_IN", 1)[1]
    found = re.findall(r'[{(]"([^"]+)", "([^"]+)"[})]', text)[:6]
    return found if len(found) == 6 else []


READ = """
from pathlib import Path
from scumble import styles
s = styles.read(Path(PATH))
print(s.name, s.words, s.settings["strength"], s.settings["steps"], len(s.loras), len(s.controls), sep="|")
"""


def read_by_krita(path: Path) -> str:
    """Its plug-in's own reader, in a process without Krita."""
    paths = f"{ROOT}/tests/krita/mock:{ROOT}/plugin-krita"
    own = ROOT / ".setup/krita-venv/bin/python"
    program = str(own) if own.exists() else sys.executable
    command = [program, "-c", READ.replace("PATH", repr(str(path)))]
    env = dict(os.environ, PYTHONPATH=paths, QT_QPA_PLATFORM="offscreen")
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr[-300:]


def save_style(d: Desk, window: str, name: str):
    menu_of_styles(d, window, SAVE, behind=True)
    d.s.until(lambda: d.s.windows_named("^Save as a Style"), 8)
    d.s.x("type", "--delay", "15", name)
    d.key("Return")


def as_it_steers(d: Desk, r: Report):
    """A style keeps a LoRA's part of the steps, and tells ControlNets of one file apart."""
    files = [["ink.safetensors [1]", "/nets/ink.safetensors"], ["lines [1]", "/nets/lines"]]
    prepare(d, networks=files)
    d.open(240, 180)
    sketch(d)
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    steered(
        d,
        one(0, "lora", "ink.safetensors [1]", scale=0.8, start=0.25, end=0.5),
        one(1, "control", "lines [1]", "paint", scale=0.4),
        one(2, "control", "lines [1]", "sketch", scale=0.9, end=0.75, prepare="drawn"),
    )
    window = d.dialog()
    save_style(d, window, "Twice")
    found = d.s.until(lambda: [c["kind"] for c in kept(d)] == ["control", "control", "lora"] and kept(d), 8)
    how = [(c["layer"], c["scale"], c["start"], c["end"], c["prepare"]) for c in (found or [])[:2]]
    good = how == [("paint", 0.4, 0, 1, "as_is"), ("sketch", 0.9, 0, 0.75, "drawn")]
    r.check("saved as a style, two ControlNets of one file are heard as they were", good, how)
    part = [(c["scale"], c["start"], c["end"]) for c in (found or [])[2:]]
    r.check("and a LoRA steers in its part of the steps", part == [(0.8, 0.25, 0.5)], part)
    over_a_file(d, r, window)
    d.shut(window)
    trouble(d, r)


def over_a_file(d: Desk, r: Report, window: str):
    """Exported under a name that gets its ending only then: GTK asks before a file of that name is lost."""
    away, title = d.s.home / "given2.scumble-style", "^Export a Style"
    for name in (away.name, "given2x.scumble-style"):  # or GTK would complete the name
        (d.s.home / name).write_text("mine")
    for answer in ("Escape", "alt+r"):
        menu_of_styles(d, window, EXPORT, behind=True)
        d.s.until(lambda: d.s.windows_named(title), 8)
        clipboard(d, text=str(away.with_suffix("")))
        d.key("ctrl+l", "ctrl+a", "ctrl+v", "Return", pause=0.6)
        time.sleep(1.5)
        now = away.read_text()[:40]
        asked = now == "mine" and d.s.windows_named(title)
        r.check("a name without its ending, of a file that is there: it is asked", asked, now)
        d.key(answer, pause=0.8)
        if answer == "Escape":
            d.key("Escape", pause=0.8)
            r.check("no: it is as it was", away.read_text() == "mine", away.read_text()[:40])
    replaced = d.s.until(lambda: "Twice" in away.read_text(), 8)
    r.check("yes: it is the style", replaced, away.read_text()[:80])
    d.s.until(lambda: not d.s.windows_named(title), 5)


SCENARIOS = [styles, as_it_steers]
