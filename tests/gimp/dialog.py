# SPDX-License-Identifier: MIT OR Apache-2.0
"""The dialog: its preview, its buttons, what OK makes. The engine is the stub; in selection and rendering the
real one with a tiny model."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pictures
from desk import LEFT, TOP, Desk, clipboard, line
from report import Report

ROOT = Path(__file__).resolve().parents[2]


def rows(dump: bytes, width: int) -> list[bytes]:
    return [dump[at : at + width * 3] for at in range(0, len(dump), width * 3)]


def preview_shows(shot: pictures.Picture, *wanted: bytes) -> bool:
    """Whether these rows lie below each other right of the image's window: the preview of a small image."""
    screen, left = rows(bytes(shot.values), shot.width), LEFT * 3
    for y in range(shot.height - len(wanted) + 1):
        at = screen[y].find(wanted[0], left)
        if at >= 0 and all(screen[y + k][at : at + len(row)] == row for k, row in enumerate(wanted)):
            return True
    return False


def filter_dialog(d: Desk, r: Report):
    d.open(240, 180)
    before = d.layers()
    d.stroke(line(4)[6:14])
    d.dialog()
    r.check("the dialog opens by its shortcut", True)
    d.key("Escape")
    gone = d.s.until(lambda: not d.dialogs(), 8)
    r.check("Cancel leaves the image as it was", gone and d.layers() == before)

    # The stub's picture is the paint inverted; GIMP's own windows have too many grays to wait for one colour.
    picture = rows(bytes(255 - value for value in d.dump(d.layer)), 240)
    d.dialog()
    d.s.x("type", "--delay", "15", "a lake")
    drawn = d.s.until(lambda: preview_shows(d.shot(), *picture), 10)
    r.check("the preview shows the whole picture, pixel by pixel", drawn)
    d.key("Return")
    r.check("OK closes the dialog", d.s.until(lambda: not d.dialogs(), 10))
    made = [layer for layer in d.layers() if layer not in before]
    r.check(
        "and one layer is new, named by the prompt",
        len(made) == 1 and "Scumble: a lake" in d.names(),
        d.names(),
    )
    same = rows(d.dump(made[0]), 240) == picture
    r.check("preview and result are the same picture, pixel by pixel", drawn and same)
    d.focus()
    d.key("ctrl+z")
    r.check("one undo takes it away", d.s.until(lambda: d.layers() == before, 5), d.names())
    d.dialog()
    d.key("Return")
    d.s.until(lambda: not d.dialogs(), 10)
    r.check("the last values are kept", "Scumble: a lake" in d.names(), d.names())
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def selection(d: Desk, r: Report):
    """OK on a layer that does not lie at the image's corner, with a feathered selection."""
    d.open(240, 180)
    d.s.do(f"(begin (gimp-layer-set-offsets {d.layer} 24 -16) (t-select {d.image} 60 40 90 70 12))")
    before = d.layers()
    d.dialog()
    d.key("Return")
    d.s.until(lambda: not d.dialogs(), 10)
    made = [layer for layer in d.layers() if layer not in before]
    if not r.check("OK where something is selected makes one layer", len(made) == 1, d.names()):
        return
    places = [d.s.do(f"(t-offsets {layer})") for layer in (made[0], d.layer)]
    r.check("it lies where the painted layer lies", places == ["(24 -16)"] * 2, places)
    values = d.s.do(f"(t-selection {d.image} 24 -16 240 180 6)")
    coverage = [int(float(v)) for v in re.findall(r"[\d.]+", values)]
    path = d.s.home / "selected.png"
    d.s.do(f'(t-export {made[0]} 150 "{path}")')
    picture = pictures.read(path)
    alphas = [picture.at(x, y)[3] for y in range(0, 180, 6) for x in range(0, 240, 6)]
    apart = max(abs(a - c) for a, c in zip(alphas, coverage, strict=True))
    between = sum(0 < c < 255 for c in coverage)
    r.check("its alpha is the selection, feather and all", apart <= 1 and between > 50 and 255 in coverage,
            f"{len(alphas)} places, {between} in the feather, largest difference {apart}")  # fmt: skip
    r.check("and what is selected is rendered", picture.at(80, 90)[:3] != [200, 200, 200], picture.at(80, 90))
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def converted(d: Desk, r: Report):
    """The image becomes another one while the dialog is open."""
    for name, script in (
        ("16 bits", "(gimp-image-convert-precision {0} 250)"),
        ("gray", "(gimp-image-convert-grayscale {0})"),
        ("half the size", "(gimp-image-scale {0} 120 90)"),
    ):
        d.open(240, 180)
        window = d.dialog()
        wanted = rows(bytes([55]) * 240 * 180 * 3, 240)
        d.s.until(lambda wanted=wanted: preview_shows(d.shot(), *wanted), 10)
        d.focus()
        d.s.do("(begin " + script.format(d.image) + " (gimp-displays-flush))")
        d.s.x("windowactivate", "--sync", window)
        d.key("Return")
        d.s.until(lambda: not d.dialogs(), 10)
        made = d.layers()
        sizes = [d.s.do(f"(list (t-width {layer}) (t-height {layer}))") for layer in made]
        good = len(made) == 2 and sizes[0] == sizes[1] and abs(d.mean(made[0]) - 55) < 1 and not d.trouble()
        r.check(
            f"{name} under the dialog: OK renders the image as it is then", good, f"{sizes} {d.trouble()}"
        )
        d.close_image()


def reset(d: Desk):
    """GTK 3 shows a button that was pressed by its key pressed, and takes no other key meanwhile."""
    d.key("alt+r", pause=0.6)


def buttons(d: Desk, r: Report):
    """Help, Reset, the keys, and the menu entry that is greyed out."""
    d.open(240, 180)
    before = d.layers()
    d.dialog()
    d.s.x("type", "--delay", "15", "a wood")
    d.key("alt+h")
    r.check("Help opens", d.s.until(lambda: d.s.windows_named("^Scumble Help"), 5))
    d.key("Escape")
    shut = d.s.until(lambda: not d.s.windows_named("^Scumble Help"), 5)
    r.check("and closes, and the dialog stays", shut and d.dialogs())
    d.s.x("windowactivate", "--sync", d.dialogs()[0])
    reset(d)
    d.key("alt+o")
    d.s.until(lambda: not d.dialogs(), 10)
    r.check("Reset takes the prompt back", d.names() == '("Scumble" "paint")', d.names())
    d.focus()
    d.key("ctrl+z")
    d.s.until(lambda: d.layers() == before, 5)

    d.s.do(f"(begin (t-index {d.image}) (gimp-displays-flush))")
    for entry, key in (("Scumble", "ctrl+shift+F9"), ("Scumble Live", "ctrl+shift+F10")):
        d.focus()
        d.key(key)
        opened = d.s.until(lambda: d.dialogs() or d.plug_ins() or d.trouble(), 2)
        r.check(f"{entry} is greyed out for indexed images", not opened, opened)
    d.s.do(f"(begin (gimp-image-convert-rgb {d.image}) (gimp-displays-flush))")
    r.check("and not for RGB", d.dialog())
    d.key("Escape")
    d.s.until(lambda: not d.dialogs(), 8)
    d.close_image()


def preview(d: Desk) -> bytes:
    """What the screen shows where the dialog has its preview."""
    shot = d.shot()
    screen = rows(bytes(shot.values), shot.width)
    return b"".join(row[LEFT * 3 : (LEFT + 400) * 3] for row in screen[TOP + 30 : TOP + 280])


def rest(d: Desk) -> bytes:
    """The preview as soon as it no longer changes."""
    last, since, end = preview(d), time.monotonic(), time.monotonic() + 30
    while time.monotonic() - since < 1.2 and time.monotonic() < end:
        time.sleep(0.2)
        now = preview(d)
        if now != last:
            last, since = now, time.monotonic()
    return last


def rendering(d: Desk, r: Report):
    """Each setting makes another picture, and OK the one that is shown."""
    d.open(240, 180)
    d.stroke(line(4)[6:14])
    before = d.layers()
    d.dialog()
    reset(d)
    d.key("alt+p")
    seen = [rest(d)]

    def number(key: str, value: str):
        d.key(key, "ctrl+a")
        d.s.x("type", value)
        d.key("Tab")

    changes = {
        "the prompt": lambda: d.s.x("type", "--delay", "15", "a lake"),
        "steps": lambda: number("alt+t", "4"),
        "strength": lambda: number("alt+s", "0.9"),
        "guidance": lambda: number("alt+g", "4"),
        "the negative prompt": lambda: (d.key("alt+n"), d.s.x("type", "--delay", "15", "snow")),
        "a new seed": lambda: d.key("alt+w"),
        "another sampler": lambda: d.key("alt+e", "Down", "Down", pause=0.4),
    }
    for name, change in changes.items():
        change()
        different = d.s.until(lambda: preview(d) != seen[-1], 10)
        seen.append(rest(d))
        r.check(f"{name} changes the preview", different and seen[-1] not in seen[:-1])
    shot = d.shot()
    d.key("alt+p", "Return")
    d.s.until(lambda: not d.dialogs(), 10)
    made = [layer for layer in d.layers() if layer not in before]
    same = made and preview_shows(shot, *rows(d.dump(made[0]), 240))
    r.check("preview and result are the same picture, with the real engine", same, d.names())
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def regrayed(d: Desk, r: Report):
    """The image becomes gray and has colours again, and nobody paints: the live layer's colours come back."""
    d.open(240, 180)
    d.stroke(line(4)[6:14])
    d.dialog(live=True)
    live = d.live_layer()

    def colourful() -> float:
        """The share of pixels that are not gray."""
        each = rows(d.dump(live), 1)
        return sum(max(pixel) - min(pixel) > 8 for pixel in each) / len(each)

    first = d.s.until(lambda: colourful() > 0.2, 30)
    r.check("live has colours", first, f"{colourful():.2f}")
    d.s.do(f"(begin (gimp-image-convert-grayscale {d.image}) (gimp-displays-flush))")
    time.sleep(1.5)
    d.s.do(f"(begin (gimp-image-convert-rgb {d.image}) (gimp-displays-flush))")
    again = d.s.until(lambda: colourful() > 0.2, 15)
    r.check("gray and RGB again, without a stroke: they come back", again, f"{colourful():.2f}")
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def said(d: Desk) -> str:
    """The sentence below the preview. There always is one, so nothing means that it could not be read; GTK 3
    may miss the first key in a window that has just come up."""
    for _ in range(3):
        clipboard(d, text="")
        d.key("alt+p", "shift+Tab", "ctrl+a", "ctrl+c")
        text = d.s.until(lambda: clipboard(d, "-o"), 1)
        d.key("alt+p")
        if text:
            return text
    raise RuntimeError("the sentence could not be read")


def number(d: Desk, key: str) -> str:
    """What stands in the box of a number; "" if it is blank, of which nothing can be copied."""
    clipboard(d, text="nothing")
    d.key(key, "ctrl+a", "ctrl+c", pause=0.2)
    text = clipboard(d, "-o")
    return "" if text == "nothing" else text


NUMBERS = ("alt+s", "alt+t", "alt+g")  # strength, steps, guidance


def numbers(d: Desk) -> list[str]:
    return [number(d, key) for key in NUMBERS]


def own_numbers(d: Desk, r: Report):
    """The boxes of numbers have the model's own, and are blank without a model, whoever visits them."""
    kept = d.s.profile / "scumble.conf"
    before = kept.read_text() if kept.exists() else ""
    kept.write_text("[scumble]\nmodel=/nowhere/model\n")
    d.open(240, 180)
    d.dialog()
    shown = numbers(d)
    r.check("without a model there are no numbers", shown == ["", "", ""], shown)
    d.key("alt+m", "Up", pause=0.4)
    own = ["0.50", "2", "1.0"]  # the stub's
    r.check("with one its own", d.s.until(lambda: numbers(d) == own, 5), numbers(d))
    d.key("alt+m", "Down", pause=0.4)
    for key in NUMBERS:
        d.key(key, "Tab")
    shown = numbers(d)
    r.check("without it, and visited, they are blank again", shown == ["", "", ""], shown)
    d.key("alt+m", "Up", pause=0.4)
    r.check("and nothing was made up", d.s.until(lambda: numbers(d) == own, 5), numbers(d))
    d.key("Escape")
    d.s.until(lambda: not d.dialogs(), 8)
    kept.write_text(before)
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def models(d: Desk, r: Report):
    """Another model, chosen in the dialog; then one that is no longer there."""
    kept = d.s.profile / "scumble.conf"
    kept.unlink(missing_ok=True)
    d.open(240, 180)
    window = d.dialog()
    before = rest(d)
    folder, chooser = ROOT / "models/tiny/lcm", "Choose the Folder"
    d.key("alt+m", "Down", pause=0.4)
    if r.check("the last entry lets choose a folder", d.s.until(lambda: d.s.windows_named(chooser), 5)):
        clipboard(d, text=str(folder))  # what is typed is completed in GTK's own ways
        d.key("ctrl+l", "ctrl+a", "ctrl+v", "Return", pause=0.4)
        if d.s.windows_named(chooser):  # the first one took the path, this one the folder
            d.key("Return")
        d.s.until(lambda: not d.s.windows_named(chooser), 5)
    d.s.x("windowactivate", "--sync", window)
    different = d.s.until(lambda: preview(d) != before, 15)
    rest(d)
    r.check("another model makes another picture", different, said(d))
    d.key("alt+o")
    d.s.until(lambda: not d.dialogs(), 10)
    r.check("and is kept", f"model={folder}\n" in kept.read_text(), kept.read_text())
    kept.write_text(kept.read_text().replace(str(folder), "/nowhere/model"))
    d.focus()
    count = len(d.layers())
    d.dialog()
    d.s.until(lambda: "/nowhere/model" in said(d), 5)
    told = said(d)
    r.check("a model that is no longer there: the dialog says so", "/nowhere/model" in told, told)
    blank = preview(d)
    d.key("alt+p", "Return")
    time.sleep(0.5)
    r.check("and OK has nothing to do", d.dialogs() and len(d.layers()) == count)
    reset(d)
    drawn = d.s.until(lambda: preview(d) != blank, 15)
    rest(d)
    r.check("Reset after that brings the model that comes with Scumble", drawn and "nowhere" not in said(d))
    d.key("alt+p", "Return")
    made = d.s.until(lambda: len(d.layers()) == count + 1, 10)
    r.check("and OK its picture", made, d.names())
    d.focus()
    d.key("ctrl+z")
    d.dialog()
    d.key("Escape")
    d.s.until(lambda: not d.dialogs(), 8)
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def engineless(d: Desk, r: Report):
    """A plug-in folder that lost its engine: the dialog opens all the same."""
    d.open()
    d.dialog()
    told = said(d)
    good = "engine is missing" in told and "Install" in told
    r.check("without its engine the dialog opens and says what to do", good, told)
    shown = numbers(d)
    r.check("and shows no numbers that are made up", shown == ["", "", ""], shown)
    d.key("alt+p", "Return")
    time.sleep(0.5)
    r.check("and OK has nothing to do", d.dialogs() and d.layers() == [d.layer])
    d.key("Escape")
    r.check("and Cancel closes it", d.s.until(lambda: not d.dialogs(), 8) and not d.trouble(), d.trouble())
    d.close_image()


def keeping(d: Desk, r: Report):
    """A model that changes the paint as it is told is asked how closely it keeps to it, others are not."""
    kept = d.s.profile / "scumble.conf"
    tiny = ROOT / "models/tiny/pix2pix"
    kept.write_text(f"[scumble]\nmodel={tiny}\nprompt=make it winter\nsteps=2\nguidance=4\n")
    d.open(240, 180)
    d.stroke(line(4)[6:14])
    d.dialog()
    own = d.s.until(lambda: number(d, "alt+k") == "1.5", 10)
    r.check("the model's own is shown", own, number(d, "alt+k"))
    before = rest(d)
    d.key("alt+k", "ctrl+a")
    d.s.x("type", "4")
    d.key("Tab")
    r.check("another changes the preview", d.s.until(lambda: preview(d) != before, 10))
    rest(d)
    d.key("alt+p", "Return")
    d.s.until(lambda: not d.dialogs(), 10)
    r.check("and is kept for the next time", "\npaint-guidance=4\n" in kept.read_text(), kept.read_text())
    kept.write_text("[scumble]\nprompt=make it winter\n")
    d.dialog()
    rest(d)
    d.key("alt+p", "alt+k")
    typed = number(d, "alt+k")
    r.check("a model that has none is not asked", typed == "make it winter", typed)
    d.key("Escape")
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


SCENARIOS = [filter_dialog, buttons, converted, own_numbers]
REAL = [selection, rendering, models, regrayed, keeping]
