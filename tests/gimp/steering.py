# SPDX-License-Identifier: MIT OR Apache-2.0
"""What steers the picture besides paint and words: followed while its layer is painted on, kept with the
image. The engine is the stub, which shows a control's picture over its own; in REAL the real one."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from desk import Desk, clipboard, line
from dialog import said
from pace import Cursors, readings
from report import Report

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "models/tiny"
KEPT = "scumble-steering"


def prepare(d: Desk, conf: str = "", networks=()):
    """The last values, and the files that the artist has chosen before: pairs of an id and a path."""
    d.s.profile.joinpath("scumble.conf").write_text(f"[scumble]\nkeep=0\n{conf}\n")
    d.s.profile.joinpath("scumble-files.json").write_text(json.dumps({"networks": networks}))


def keep(d: Desk, text: str):
    """Puts that into the image as what steers it."""
    # Script-Fu reads no text of more than a thousand letters.
    pieces = [text[at : at + 400] for at in range(0, len(text), 400)]
    pieces = [piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces]
    whole = " ".join(f'"{piece}"' for piece in pieces)
    d.s.do(f'(gimp-image-attach-parasite {d.image} (list "{KEPT}" 1 (string-append {whole})))')


def one(number: int, kind: str, file: str = "", layer: str = "", **more) -> dict:
    return dict(number=number, kind=kind, file=file, layer=layer, **more)


def steered(d: Desk, *conditions: dict):
    keep(d, json.dumps({"version": 1, "conditions": conditions}))


def kept(d: Desk) -> list[dict]:
    # Script-Fu writes a text as JSON does, but for line ends.
    text = json.loads(d.s.do(f'(t-kept {d.image} "{KEPT}")'), strict=False)
    return json.loads(text)["conditions"] if text else []


def sketch(d: Desk, name="sketch", at=0) -> int:
    """An empty layer, the top one."""
    return int(d.s.do(f'(t-empty {d.image} "{name}" {at})'))


def live_of(d: Desk) -> int:
    """The live layer, once it is there."""
    d.s.until(lambda: "(live)" in d.names(), 15)
    names = d.names().strip("()").split('" "')
    return d.layers()[next(i for i, name in enumerate(names) if "(live)" in name)]


def rest(d: Desk, layer: int, seconds=1.2) -> bytes:
    """A layer as soon as it no longer changes."""
    last, since, end = d.dump(layer), time.monotonic(), time.monotonic() + 90
    while time.monotonic() - since < seconds and time.monotonic() < end:
        time.sleep(0.2)
        now = d.dump(layer)
        if now != last:
            last, since = now, time.monotonic()
    return last


def to_list(d: Desk, window: str, tabs: int):
    """Goes that far from the list's head: 1 is Add, 2 the first one's tick. (Between them is the head of the
    last pictures.)"""
    d.front(window)
    d.key("alt+p", "alt+y", "alt+y", pause=0.3)
    d.key(*["Tab"] * (tabs + (tabs > 1)))


def tick(d: Desk, window: str, tabs: int):
    to_list(d, window, tabs)
    d.key("space", pause=0.3)


def followed(d: Desk, r: Report):
    prepare(d, networks=[["lines [1]", "/nets/lines"]])
    d.open()
    drawn = sketch(d)
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-image-clean-all {d.image}))")
    steered(d, one(0, "control", "lines [1]", "sketch"))
    window = d.dialog(live=True)
    live = live_of(d)
    r.check("it is live below the layer that steers", d.layers() == [drawn, live, d.layer], d.names())
    d.s.until(lambda: 50 < d.mean(live) < 60, 10)
    plain = rest(d, live)
    r.check("an empty layer steers by nothing", set(plain) == {55}, set(plain))
    d.s.do(f"(begin (t-activate {d.image} {drawn}) (gimp-displays-flush))")
    d.focus()
    d.press(line(4))
    followed = d.s.until(lambda: d.dump(live) != plain, 8, 0.02)
    r.check("painted on, the picture follows while the button is down", followed)
    d.release()

    def laid() -> bool:
        lines, shown = d.pixels(drawn), d.dump(live)
        full = [i for i, alpha in enumerate(lines.plane(3)) if alpha == 255]
        return len(full) > 1000 and all(shown[3 * i : 3 * i + 3] == b"\0\0\0" for i in full)

    r.check("and when it is up it shows all of it", d.s.until(laid, 8, 0.3))
    by = rest(d, live)
    d.key("ctrl+z")
    back = d.s.until(lambda: d.dump(live) == plain, 8)
    r.check(
        "the stroke is one undo step, and the picture goes back",
        back and d.layers() == [drawn, live, d.layer],
    )
    d.key("ctrl+y")
    r.check("redone, it comes back", d.s.until(lambda: d.dump(live) == by, 8))
    d.s.do(f"(begin (t-visible {drawn} FALSE) (gimp-displays-flush))")
    time.sleep(2.0)
    r.check("hidden, it goes on steering", d.dump(live) == by)
    d.s.do(f"(begin (gimp-layer-set-offsets {drawn} 0 40) (gimp-displays-flush))")
    r.check("moved, the picture follows", d.s.until(lambda: d.dump(live) not in (by, plain), 8))
    d.s.do(f"(begin (gimp-layer-set-offsets {drawn} 0 0) (gimp-displays-flush))")
    d.s.until(lambda: d.dump(live) == by, 8)
    tick(d, window, 2)
    r.check("its tick away: the old picture, to the byte", d.s.until(lambda: d.dump(live) == plain, 8))
    tick(d, window, 2)
    r.check("ticked again, it steers", d.s.until(lambda: d.dump(live) == by, 8))
    r.check("and the image keeps it", [c["layer"] for c in kept(d)] == ["sketch"], kept(d))
    saved_and_opened(d, r, window, by)


def saved_and_opened(d: Desk, r: Report, window: str, by: bytes):
    path = d.s.home / "steered.xcf"
    d.shut(window)
    drawn = d.layers()[0]
    d.s.do(f'(begin (gimp-item-set-name {drawn} "lines of a house") (t-save-image {d.image} "{path}"))')
    d.close_image()
    text = path.read_bytes()
    r.check("the file names no path of this computer", b"/nets" not in text and KEPT.encode() in text)
    d.take(path, 1024, 768)
    drawn, paint = d.layers()
    d.s.do(f"(begin (t-activate {d.image} {paint}) (gimp-displays-flush))")
    window = d.dialog(live=True)
    live = live_of(d)
    r.check("saved and opened again it steers as before", d.s.until(lambda: d.dump(live) == by, 15), said(d))
    d.s.do(f"(begin (gimp-image-remove-layer {d.image} {drawn}) (gimp-displays-flush))")
    told = d.s.until(lambda: "has no layer to read" in said(d), 8)
    gone = d.s.until(lambda: set(d.dump(live)) == {55}, 8)
    r.check("its layer deleted: told in a sentence, and live goes on", told and gone and d.dialogs(), said(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close()


def pick_file(d: Desk, window: str, title: str, path: Path):
    if not d.s.until(lambda: d.s.windows_named(title), 8):
        raise RuntimeError(f"no window {title} came")
    clipboard(d, text=str(path))
    d.key("ctrl+l", "ctrl+a", "ctrl+v", "Return", pause=0.4)
    if d.s.windows_named(title):
        d.key("Return")
    d.s.until(lambda: not d.s.windows_named(title), 8)
    d.front(window)


def added(d: Desk, r: Report):
    """By the list's own button; the menu is a ControlNet, a LoRA, a region."""
    prepare(d)
    net, lora = d.s.home / "lines.onnx", d.s.home / "ink.safetensors"
    for path in (net, lora):
        path.write_bytes(b"the stub does not read it, begin" * 4096 + path.name.encode())
    d.open(240, 180)
    window = d.dialog()
    d.key("alt+y", pause=0.3)

    def add(entry: int, path: Path | None = None):
        d.front(window)
        to_list(d, window, 1)
        d.key("space", *["Down"] * entry, "Return", pause=0.3)
        if path is not None:
            pick_file(d, window, "^Choose a ", path)

    add(1, net)
    d.s.until(lambda: kept(d), 8)
    add(2, lora)
    add(3)
    found = d.s.until(lambda: len(kept(d)) == 3 and kept(d), 8)
    kinds = [c["kind"] for c in found or []]
    r.check("a ControlNet, a LoRA and a region are added", kinds == ["control", "lora", "region"], found)
    layers = [c["layer"] for c in found]
    good = layers == ["paint", "", "paint"] and found[2]["prompt"] == "paint"
    r.check("they follow the chosen layer, whose name are the region's words", good, found)
    names = [c["file"].split(" [")[0] for c in found]
    r.check("files are named without their folders", names == ["lines.onnx", "ink.safetensors", ""], names)
    whole = net.read_bytes()
    read = whole[:65536] + whole[-65536:]  # of its beginning and its end, as it is larger than both
    wanted = hashlib.sha256(f"lines.onnx {len(whole)}\n".encode() + read).hexdigest()[:12]
    r.check(
        "by the id that Krita has for them", found[0]["file"] == f"lines.onnx [{wanted}]", found[0]["file"]
    )
    known = json.loads(d.s.profile.joinpath("scumble-files.json").read_text())["networks"]
    r.check("where they lie is kept on this computer", [p for _, p in known] == [str(lora), str(net)], known)
    r.check("which is no undo step", d.s.do(f"(t-dirty {d.image})") in ("0", "#f"))
    to_list(d, window, 9)
    d.key("ctrl+a")
    d.s.x("type", "0.5")
    d.key("Tab")
    changed = d.s.until(lambda: kept(d)[1]["scale"] == 0.5, 5)
    r.check("a weight is set", changed, kept(d))
    tick(d, window, 6)
    left = d.s.until(lambda: [c["kind"] for c in kept(d)] == ["lora", "region"], 5)
    r.check("one is taken out", left, kept(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def damaged(d: Desk, r: Report):
    """What an image brings may be anybody's."""
    good = one(3, "region", prompt="ships", layer="paint")
    many = [one(n, "region", layer="paint") for n in range(40)]
    wrong = [good, {"number": 4, "kind": "lora", "file": "x", "scale": 1e99}, {"kind": 5}, 7, good]
    files = {
        "no JSON": "{{{",
        "brackets without end": "[" * 400,
        "another shape": '{"conditions": {"0": 1}}',
        "wrong values": json.dumps({"conditions": wrong}),
        "more than 32": json.dumps({"conditions": many}),
    }
    prepare(d)
    for name, text in files.items():
        d.open(240, 180)
        keep(d, text)
        window = d.dialog()
        told = d.s.until(lambda: "damaged" in said(d), 8)
        r.check(f"{name}: told in a sentence", told, said(d))
        d.shut(window)
        left = kept(d)
        wanted = {"wrong values": 1, "more than 32": 32}.get(name, 0)
        r.check(f"{name}: what could be read is kept", len(left) == wanted, left)
        d.close_image()
    d.open(240, 180)
    steered(d, one(0, "lora", "ink.safetensors [1]"))
    window = d.dialog()
    told = d.s.until(lambda: "not among your files" in said(d), 8)
    r.check("a file that is not here: told by its name alone", told and "ink" in said(d), said(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def greyed(d: Desk, r: Report):
    """The stub's model takes no control here: the picture comes without it, and the reason is told."""
    prepare(d, networks=[["lines [1]", "/nets/lines"]])
    d.open(240, 180)
    region = one(1, "region", layer="paint", prompt="ships")
    steered(d, one(0, "control", "lines [1]", "paint"), region, one(2, "control", layer="paint"))
    window = d.dialog(live=True)
    live = live_of(d)
    told = d.s.until(lambda: "This model takes none" in said(d), 8)
    r.check("what the model does not take is told, with its reason", told, said(d))
    shown = rest(d, live)
    r.check(
        "and the rest steers all the same", set(shown[::3]) == {5} and set(shown[1::3]) == {55}, set(shown)
    )
    tick(d, window, 2)
    told = d.s.until(lambda: "no control of its own" in said(d), 8)
    r.check("nor a control of its own, where it has none", told and "the model's own" in said(d), said(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def own_alone(d: Desk, r: Report):
    """The stub's model reads its control itself here: it takes no ControlNet's file, new or known."""
    prepare(d, networks=[["lines [1]", "/nets/lines"]])
    d.open(240, 180)
    steered(d, one(0, "control", "lines [1]", "paint"))
    window = d.dialog()
    told = d.s.until(lambda: "reads its control itself" in said(d), 8)
    r.check("a ControlNet in the list: told, with the reason", told and "lines" in said(d), said(d))
    to_list(d, window, 1)
    d.key("space", "Down", "Return", pause=0.3)
    asked = d.s.until(lambda: d.s.windows_named("^Choose a "), 8)
    first = d.s.windows_named("^Choose a LoRA")
    r.check("its entry is grey: the first that can be chosen is the LoRA's", asked and first == asked, asked)
    d.key("Escape", pause=0.4)
    d.front(window)
    to_list(d, window, 1)
    d.key("space", "Up", "Return", pause=0.3)
    found = d.s.until(lambda: len(kept(d)) == 2 and kept(d), 8)
    last = [(c["kind"], c["file"]) for c in found or []][1:] == [("control", "")]
    r.check("so is one that is known: the last is the model's own control", last, found)
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def real(d: Desk, r: Report):
    """A ControlNet, a LoRA and a region change the picture of the real engine; off, it is what it was."""
    files = [
        ["lines [1]", str(TINY / "controls/sd15-lines")],
        ["ink.safetensors [1]", str(TINY / "loras/sd15-peft.safetensors")],
    ]
    prepare(d, f"model={TINY / 'sd15'}\nstrength=0.6\nprompt=a house\nseed=3", files)
    d.open(64, 64)  # the size of the model's pictures: on larger canvases a region leaves traces beyond it
    d.s.do(f"(t-box {d.layer} 4 36 40 12)")
    drawn = sketch(d)
    d.s.do(f"(t-box {drawn} 8 8 32 32)")
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    steered(
        d,
        one(0, "control", "lines [1]", "sketch", on=False),
        one(1, "lora", "ink.safetensors [1]", on=False),
        one(2, "region", "", "sketch", on=False, prompt="a red ship"),
    )
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.until(lambda: 5 < d.mean(live) < 250, 60)
    pictures = {"plain": rest(d, live, 3)}
    for kind, tabs in (("control", 2), ("lora", 8), ("region", 12)):
        tick(d, window, tabs)
        d.s.until(lambda: d.dump(live) not in pictures.values(), 40)
        pictures[kind] = rest(d, live, 3)
        r.check(f"a {kind} changes the picture", len({*pictures.values()}) == len(pictures), said(d))
        tick(d, window, tabs)
        same = d.s.until(lambda: d.dump(live) == pictures["plain"], 40)
        r.check("off, the picture is what it was, to the byte", same)
    pairs = zip(pictures["plain"], pictures["region"], strict=True)
    apart = {i // 3 for i, (a, b) in enumerate(pairs) if a != b}
    beyond = [p for p in apart if not (8 <= p % 64 < 40 and 8 <= p // 64 < 40)]
    r.check(
        "a region changes only its part", apart and not beyond, f"{len(apart)} pixels, {len(beyond)} beyond"
    )
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()
    of_its_own(d, r)


def of_its_own(d: Desk, r: Report):
    """A model that reads a control picture itself is chosen by its entry of the list, the last of its own."""
    prepare(d, f"model={TINY / 'fused'}\nstrength=0.6\nprompt=a house\nseed=3")
    d.open(64, 64)
    d.s.do(f"(t-box {d.layer} 4 36 40 12)")
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.until(lambda: 5 < d.mean(live) < 250, 60)
    plain = rest(d, live, 3)
    d.key("alt+y", pause=0.3)
    to_list(d, window, 1)
    d.key("space", "Up", "Return", pause=0.3)
    found = d.s.until(lambda: kept(d), 8)
    own = [(c["kind"], c["file"]) for c in found or []] == [("control", "")]
    r.check("the model's own control is added", own, found)
    followed = d.s.until(lambda: d.dump(live) != plain, 40)
    r.check("and changes the picture", followed and "does not steer" not in said(d), said(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def cheap(d: Desk, r: Report):
    """Layers that steer are read by parts under the brush, without its busy cursor, and not at rest."""
    prepare(d, networks=[["lines [1]", "/nets/lines"]])
    d.open()
    drawn = sketch(d)
    d.s.do(f"(t-activate {d.image} {d.layer})")
    steered(d, one(0, "control", "lines [1]", "sketch"), one(1, "region", "", "paint", prompt="ships"))
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.do(f"(begin (t-activate {d.image} {drawn}) (gimp-displays-flush))")
    d.focus()
    d.stroke(line(0))
    rest(d, live, 2.5)
    before = readings(d, "source")
    time.sleep(4.0)
    count = readings(d, "source") - before
    r.check("at rest no layer that steers is read", before >= 3 and count == 0, f"{before}, then {count}")
    cursors = Cursors(d.s.env["DISPLAY"])
    x, y = d.centre()
    shown = d.dump(live)
    d.press(line(3)[:3])
    time.sleep(0.3)
    cursors.count()
    for turn in range(2, 8):
        for dx, dy in line(turn)[:: 1 - 2 * (turn % 2)]:
            d.s.x("mousemove", x + dx, y + dy)
            time.sleep(0.012)
    flips, after = cursors.count(), d.dump(live)
    d.release()
    cursors.close()
    r.check("a long stroke on one is followed", after != shown)
    r.check("and GIMP's cursor stays the brush's meanwhile", flips <= 1, f"another one {flips} times")
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


SCENARIOS, REAL = [followed, added, damaged], [real]
UNSTEERED, OWN = [greyed], [own_alone]
COSTS = [cheap]
