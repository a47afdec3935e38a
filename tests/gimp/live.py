# SPDX-License-Identifier: MIT OR Apache-2.0
"""The live layer while strokes are painted with the pointer. The engine is the stub."""

from __future__ import annotations

import time

import pictures
from desk import Desk, line
from dialog import said
from report import Report
from steering import live_of, prepare, rest

STROKES = 10


def whole_pixels(a: bytes, b: bytes) -> tuple[int, int]:
    """(pixels that differ, the largest difference) of two dumps of one size."""
    if a == b:
        return 0, 0
    count = worst = 0
    for i in range(0, len(a), 3):
        if a[i : i + 3] != b[i : i + 3]:
            count += 1
            worst = max(worst, *(abs(a[i + c] - b[i + c]) for c in range(3)))
    return count, worst


def painting(d: Desk, r: Report):
    """Mid-stroke updates, undo and redo, and the strokes themselves against the same ones without live."""
    d.open()
    for k in range(STROKES):
        d.stroke(line(k))
    plain = d.dump(d.layer, "plain")
    d.close_image()

    d.open()
    blank = d.dump(d.layer, "blank")
    d.dialog(live=True)
    live = d.live_layer()
    r.check(
        "live makes one layer above, and the painted one stays active",
        live and d.layers() == [live, d.layer] and d.active() == d.layer,
    )
    r.check(
        "the live layer shows its first picture", d.s.until(lambda: 50 < d.mean(live) < 60, 10), d.mean(live)
    )
    d.focus()
    d.press(line(0))
    began = time.monotonic()
    changed = d.s.until(lambda: d.mean(live) > 55.5, 5, 0.01)
    took = time.monotonic() - began
    r.check(
        "the live layer changes before the button is released",
        changed,
        f"{took * 1000:.0f} ms after the last move",
    )
    d.release()
    for k in range(1, STROKES):
        d.stroke(line(k))
    time.sleep(1.5)
    painted = d.dump(d.layer, "painted")
    count, worst = whole_pixels(plain, painted)
    r.check("ten strokes are painted as without live", count <= 5200 and worst <= 8,
            f"{count} of {600 * 450} pixels differ, at most by {worst}")  # fmt: skip
    shown = d.dump(live, "live")
    wrong = sum(a != 255 - b for a, b in zip(painted, shown, strict=True))
    r.check("the live layer shows exactly what is painted", wrong == 0, f"{wrong} values differ")
    for _ in range(STROKES - 1):
        d.key("ctrl+z")
    r.check("nine undos leave one stroke", d.s.until(lambda: d.dump(d.layer) not in (blank, painted), 3))
    d.key("ctrl+z")
    r.check("ten undos take ten strokes away, live layer and all else stay",
            d.s.until(lambda: d.dump(d.layer) == blank, 5) and d.layers() == [live, d.layer])  # fmt: skip
    time.sleep(1.0)
    for _ in range(STROKES):
        d.key("ctrl+y")
    r.check(
        "ten redos bring them back, though live went on", d.s.until(lambda: d.dump(d.layer) == painted, 5)
    )
    d.s.until(lambda: d.mean(live) > 55.5, 5)
    apply_and_close(d, r, live)


def apply_and_close(d: Desk, r: Report, live: int):
    window = d.dialogs()[0]
    d.s.x("windowactivate", "--sync", window)
    before = d.dump(live)
    d.key("alt+a")
    baked = d.s.until(lambda: len(d.layers()) == 3, 5)
    copy = d.layers()[1]
    r.check(
        "Apply lays an ordinary layer below, live goes on",
        baked and d.layers() == [live, copy, d.layer] and d.dialogs(),
        d.names(),
    )
    same = whole_pixels(d.dump(copy), before)[0] == 0
    r.check("which is the same picture, and what is painted next lands on it", same and d.active() == copy)
    d.focus()
    d.key("ctrl+z")
    r.check("one undo takes it away", d.s.until(lambda: d.layers() == [live, d.layer], 5), d.names())
    r.check("and the painted layer is the active one again", d.active() == d.layer)
    d.s.x("windowactivate", "--sync", window)
    d.key("alt+o")
    stored = d.s.until(lambda: len(d.layers()) == 3, 5) and d.layers()[0]
    hidden = stored and d.s.do(f"(car (gimp-item-get-visible {stored}))") in ("0", "#f")
    r.check("Store keeps a hidden copy above it", hidden and d.layers() == [stored, live, d.layer]
            and d.active() == d.layer, d.names())  # fmt: skip
    d.focus()
    d.key("ctrl+z")
    d.s.until(lambda: d.layers() == [live, d.layer], 5)
    d.s.x("windowactivate", "--sync", window)
    d.key("Escape")
    closed = d.s.until(lambda: not d.dialogs(), 8)
    r.check("closing keeps the layer, as an ordinary one", closed and d.layers() == [live, d.layer]
            and "live" not in d.names(), d.names())  # fmt: skip
    d.focus()
    d.key("ctrl+z")
    r.check("which is one undo step", d.s.until(lambda: "live" in d.names(), 5)
            and d.layers() == [live, d.layer], d.names())  # fmt: skip
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


def stacked(d: Desk, r: Report):
    """Strokes on one layer of several, with modes, places, a mask, a group: live shows what GIMP shows."""
    d.open()
    low = d.layer
    multiplied = int(d.s.do(f"(t-above {d.image} 400 300 90 60 180 LAYER-MODE-MULTIPLY 60)"))
    masked = int(d.s.do(f"(t-above {d.image} 600 450 0 0 90 LAYER-MODE-NORMAL 40)"))
    d.s.do(f"(t-mask {d.image} {masked})")
    grouped = int(d.s.do(f"(t-above {d.image} 300 300 20 100 40 LAYER-MODE-NORMAL 70)"))
    d.s.do(f"(t-group {d.image} {grouped})")
    top = int(d.s.do(f"(t-above {d.image} 200 100 300 250 150 LAYER-MODE-SCREEN 80)"))
    d.s.do(f"(begin (t-activate {d.image} {top}) (gimp-displays-flush))")
    d.dialog(live=True)
    live = d.live_layer()
    path = d.s.home / "below.ppm"

    def below() -> bytes:
        d.s.do(f'(t-dump-below {d.image} "{path}")')
        return pictures.ppm(path)

    def same() -> bool:
        wanted, shown = below(), d.dump(live)
        return len(wanted) == len(shown) and all(a == 255 - b for a, b in zip(wanted, shown, strict=True))

    r.check("several layers: the live layer shows them as GIMP does", d.s.until(same, 10, 0.3))
    layers = {
        "the lowest": low,
        "a multiplied": multiplied,
        "a masked": masked,
        "a grouped": grouped,
        "the top": top,
    }
    for turn, (name, layer) in enumerate(layers.items()):
        d.s.do(f"(begin (t-activate {d.image} {layer}) (gimp-displays-flush))")
        d.focus()
        before = below()
        d.stroke(line(2 * turn)[::2])
        d.stroke(line(2 * turn + 1)[::2])
        painted = below() != before
        r.check(
            f"strokes on {name} layer are followed to the last pixel", painted and d.s.until(same, 8, 0.3)
        )
    r.check("no error window", not d.trouble(), d.trouble())
    d.close()


def ends(d: Desk, r: Report):
    """What may happen to a live layer while it runs."""
    d.open()
    d.dialog(live=True)
    live = d.live_layer()
    d.s.until(lambda: 50 < d.mean(live) < 60, 10)
    d.focus()
    d.key("ctrl+z")
    r.check("undoing past its creation removes it", d.s.until(lambda: d.layers() == [d.layer], 5), d.names())
    time.sleep(1.0)
    r.check(
        "and live ends without an error window", not d.trouble() and d.dialogs() and d.plug_ins(), d.trouble()
    )
    d.s.x("windowactivate", "--sync", d.dialogs()[0])
    d.key("alt+l", "alt+k")
    r.check("Live makes a new one", d.s.until(lambda: len(d.layers()) == 2, 8), d.names())
    d.key("Escape")
    r.check(
        "closing removes the layer where that is chosen",
        d.s.until(lambda: not d.dialogs() and d.layers() == [d.layer], 8),
        d.names(),
    )
    d.focus()
    d.key("ctrl+z")
    r.check("and one undo brings it back", d.s.until(lambda: len(d.layers()) == 2, 5), d.names())
    d.close_image()

    for name, script in (
        ("scaling", "(gimp-image-scale {0} 300 225)"),
        ("cropping", "(gimp-image-crop {0} 200 150 50 40)"),
        ("a larger canvas", "(gimp-image-resize {0} 700 500 30 20)"),
        (
            "flipping",
            "(gimp-image-rotate {0} ROTATE-90)"
            if d.s.gimp.number == "2"
            else "(gimp-image-rotate {0} ROTATE-DEGREES90)",
        ),
        ("gray", "(gimp-image-convert-grayscale {0})"),
        ("16 bits", "(gimp-image-convert-precision {0} 250)"),
    ):
        d.open()
        d.dialog(live=True)
        live = d.live_layer()
        d.s.until(lambda live=live: 50 < d.mean(live) < 60, 10)
        d.s.do("(begin " + script.format(d.image) + " (gimp-displays-flush))")
        d.s.do(f"(t-fill {d.layer} 128)")
        good = d.s.until(lambda live=live: 110 < d.mean(live) < 140, 8)
        r.check(
            f"{name}: live adapts",
            good and not d.trouble() and d.dialogs(),
            f"mean {d.mean(live):.1f} {d.trouble()}",
        )
        d.s.x("windowactivate", "--sync", d.dialogs()[0])
        d.key("Escape")
        d.s.until(lambda: not d.dialogs(), 8)
        d.close_image()

    d.open()
    d.dialog(live=True)
    live = d.live_layer()
    d.s.until(lambda: 50 < d.mean(live) < 60, 10)
    d.s.do(f"(t-index {d.image})")
    time.sleep(1.5)
    r.check("indexed: live ends and says so", not d.trouble() and d.dialogs() and d.plug_ins(), d.trouble())
    d.s.x("windowactivate", "--sync", d.dialogs()[0])
    d.key("Escape")
    d.s.until(lambda: not d.dialogs(), 8)
    d.close_image()


def compared(d: Desk, r: Report):
    """The live layer shows nothing while the button is pressed."""
    prepare(d)
    d.open(240, 180)
    d.s.do(f"(gimp-image-clean-all {d.image})")
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.until(lambda: 50 < d.mean(live) < 60, 10)
    rest(d, live)
    before = d.pixels(live).values
    d.front(window)
    d.key("alt+i", pause=0.3)
    hidden = d.s.until(lambda: not any(d.pixels(live).plane(3)), 8)
    r.check(
        "compared: the live layer is empty, and the dialog says so", hidden and "compare" in said(d), said(d)
    )
    d.front(window)
    d.key("alt+i", pause=0.3)
    r.check("and back, to the byte", d.s.until(lambda: d.pixels(live).values == before, 8))
    d.key("alt+i", pause=0.3)
    d.s.until(lambda: not any(d.pixels(live).plane(3)), 8)
    d.key("alt+o")
    d.s.until(lambda: len(d.layers()) == 3, 10)
    stored = d.pixels(d.layers()[0]).values
    r.check("stored meanwhile, it is the picture that is kept", stored == before, d.names())
    d.focus()
    d.key("ctrl+z", "ctrl+z")
    gone = d.s.until(lambda: d.layers() == [d.layer], 5)
    r.check("comparing is no undo step", gone, d.names())
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def compared_and_closed(d: Desk, r: Report):
    """Close, twice at once, while the live layer is empty: no empty layer is kept."""
    prepare(d, "keep=1")
    d.open(240, 180)
    window = d.dialog(live=True)
    live = live_of(d)
    d.shows(live, 55, 10)
    d.front(window)
    d.key("alt+i", pause=0.3)
    d.s.until(lambda: not any(d.pixels(live).plane(3)), 8)
    d.front(window)
    # While Alt is down nothing is written.
    d.s.x("keydown", "alt", "sleep", 0.3, "key", "c", "key", "c", "keyup", "alt")
    closed = d.s.until(lambda: not d.dialogs(), 8)
    good = closed and (d.layers() == [d.layer] or any(d.pixels(live).plane(3)))
    r.check("closed twice while it is compared: nothing empty is kept", good, d.names())
    r.check("no error window", not d.trouble(), d.trouble())
    d.close_image()


SCENARIOS = [painting, stacked, ends, compared, compared_and_closed]
