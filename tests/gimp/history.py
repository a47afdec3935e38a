# SPDX-License-Identifier: MIT OR Apache-2.0
"""The last pictures and the last prompts: nothing good is lost to the next seed or the next word. The engine
is the stub; in REAL the real one."""

from __future__ import annotations

import json
import time

from desk import Desk, clipboard, line
from dialog import number, said
from report import Report
from steering import TINY, live_of, prepare, rest

KEPT = "scumble-pictures"


def pictures_of(d: Desk) -> list[dict]:
    """What the image has of the last pictures, newest first."""
    path = d.s.home / "pictures.json"
    write = f'(call-with-output-file "{path}" (lambda (port) (display (t-kept {d.image} "{KEPT}") port)))'
    d.s.do(f'(begin {write} "done")')
    text = path.read_text()
    return json.loads(text)["pictures"] if text else []


def prompts(d: Desk) -> list[str]:
    return [one["prompt"] for one in pictures_of(d)]


def seeds(d: Desk) -> list[int]:
    return [one["seed"] for one in pictures_of(d)]


def write(d: Desk, window: str, text: str):
    d.front(window)
    d.key("alt+p", "ctrl+a")
    d.s.x("type", "--delay", "15", text)


def prompt(d: Desk) -> str:
    """What stands in the entry that has the keys; of nothing nothing can be copied."""
    clipboard(d, text="nothing")
    d.key("ctrl+a", "ctrl+c", pause=0.2)
    text = clipboard(d, "-o")
    return "" if text == "nothing" else text


def fresh(d: Desk, conf="seed=3"):
    prepare(d, conf)
    d.s.profile.joinpath("scumble-prompts.json").unlink(missing_ok=True)


def to_picture(d: Desk, window: str, index: int):
    """The keys go to that one of the last pictures."""
    d.front(window)
    d.key("alt+y", "alt+u", "alt+p", "alt+u", "alt+u", pause=0.3)
    d.key(*["Tab"] * (index + 1))


def menu_of(d: Desk, entry: int):
    d.key("shift+F10", pause=0.5)
    d.key(*["Down"] * entry, "Return", pause=0.3)


def last_pictures(d: Desk, r: Report):
    """In the filter: noted, come back to, put into a layer, there in the next dialog, not in the file."""
    fresh(d)
    d.open(240, 180)
    d.s.do(f"(gimp-image-clean-all {d.image})")
    window = d.dialog()
    r.check("a finished picture is kept", d.s.until(lambda: prompts(d) == [""], 10), prompts(d))
    write(d, window, "a lake")
    d.s.until(lambda: prompts(d)[0] == "a lake", 10)
    r.check("words that are being written are none of their own", prompts(d) == ["a lake", ""], prompts(d))
    drawn = [3]
    for _ in range(2):
        d.key("alt+w", pause=0.6)  # sooner than a picture is kept by itself
        drawn.insert(0, int(number(d, "alt+d")))
    d.s.until(lambda: len(pictures_of(d)) == 4, 8)
    r.check("the picture before a new seed is kept, however soon", seeds(d) == [*drawn, 3], seeds(d))
    r.check("which is no undo step", d.s.do(f"(t-dirty {d.image})") in ("0", "#f"))
    d.s.do(f"(begin (t-fill {d.layer} 100) (gimp-displays-flush))")
    d.focus()
    d.front(window)
    before = pictures_of(d)
    again = d.s.until(lambda: pictures_of(d) != before, 8)
    r.check(
        "another paint under the same words is the same place", again and seeds(d) == [*drawn, 3], seeds(d)
    )
    to_picture(d, window, 3)
    d.key("space", pause=0.5)
    d.s.until(lambda: number(d, "alt+d") == "3", 5)
    d.key("alt+p")
    back = (prompt(d), number(d, "alt+d"))
    r.check("a click brings words and seed back", back == ("", "3"), back)
    d.s.until(lambda: prompts(d)[0] == "", 8)
    r.check("and each is there once", len(pictures_of(d)) == 4 and prompts(d)[0] == "", prompts(d))
    to_picture(d, window, 3)
    menu_of(d, 2)
    made = d.s.until(lambda: len(d.layers()) == 2 and d.layers()[0], 8)
    hidden = made and d.s.do(f"(car (gimp-item-get-visible {made}))") in ("0", "#f")
    good = hidden and "Scumble: a lake" in d.names() and d.active() == d.layer
    r.check("its menu puts the picture into a hidden layer", good, d.names() + said(d))
    flat = set(d.dump(made)) if made else set()
    r.check("as it was, on the paint of then", flat == {55}, flat)
    d.focus()
    d.key("ctrl+z")
    r.check("which is one undo step", d.s.until(lambda: d.layers() == [d.layer], 5), d.names())
    next_dialog(d, r, window)


def next_dialog(d: Desk, r: Report, window: str):
    d.shut(window)
    path = d.s.home / "pictures.xcf"
    d.s.do(f'(t-save-image {d.image} "{path}")')
    r.check("the image's file has none of it", KEPT.encode() not in path.read_bytes())
    window, count = d.dialog(), len(pictures_of(d))
    to_picture(d, window, 3)
    menu_of(d, 2)
    d.key("Escape", pause=0.5)
    if not d.dialogs():  # the menu was closed already
        window = d.dialog()
    r.check(
        "the next dialog has them without their pixels", d.layers() == [d.layer] and count == 4, d.names()
    )
    wanted = pictures_of(d)[3]
    to_picture(d, window, 3)
    d.key("space", pause=0.5)
    same = d.s.until(lambda: number(d, "alt+d") == str(wanted["seed"]), 5)
    d.key("alt+p")
    r.check("a click brings words and seed back there, too", same and prompt(d) == wanted["prompt"], wanted)
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def two_dialogs(d: Desk, r: Report):
    """On one image: none takes away what the other one has noted, and each can come back to it."""
    fresh(d)
    d.open(240, 180)
    first = d.dialog()
    write(d, first, "a lake")
    d.s.until(lambda: prompts(d)[:1] == ["a lake"], 10)
    second = d.dialog()
    write(d, second, "a house")
    d.s.until(lambda: prompts(d)[:1] == ["a house"], 10)
    r.check("the second one has those of the first", prompts(d)[:2] == ["a house", "a lake"], prompts(d))
    write(d, first, "a ship")
    d.s.until(lambda: prompts(d)[:1] == ["a ship"], 10)
    found = prompts(d)
    good = [words for words in found if words] == ["a ship", "a house", "a lake"]
    r.check("the first one takes away none of the second, and their order is that of time", good, found)
    to_picture(d, first, 1)
    d.key("space", pause=0.5)
    d.key("alt+p")
    r.check("a click brings back what the other one has noted", prompt(d) == "a house", prompt(d))
    to_picture(d, first, prompts(d).index("a lake"))
    menu_of(d, 2)
    made = d.s.until(lambda: len(d.layers()) == 2, 8)
    r.check("its own have their pixels still", made and "Scumble: a lake" in d.names(), d.names())
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(first)
    d.shut(second)
    d.close_image()


def many_pictures(d: Desk, r: Report):
    """24 at most; and what somebody else has written there is not believed."""
    fresh(d)
    d.open(240, 180)
    one = dict(prompt="theirs", strength=0.5, guidance=1, steps=2, seed=5, conditions=[], small="/9j/4AAQ")
    one.update(negative="", sampler="", style="", words="", model="")
    texts = {
        "brought by a file": (1, json.dumps({"pictures": [one]})),
        "no JSON": (0, "{{{"),
        "another shape": (0, '{"pictures": {"0": 1}}'),
        "wrong values": (
            0,
            json.dumps({"pictures": [1, {}, dict(one, seed=-1), dict(one, small="AAAA"), one]}),
        ),
    }
    for name, (flags, text) in texts.items():
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        d.s.do(f'(gimp-image-attach-parasite {d.image} (list "{KEPT}" {flags} "{quoted}"))')
        window = d.dialog()
        good = d.s.until(lambda: prompts_or(d) == [""], 10)
        r.check(f"{name}: left out", good, prompts_or(d))
        d.shut(window)
        d.s.do(f'(gimp-image-detach-parasite {d.image} "{KEPT}")')
    window = d.dialog()
    d.front(window)
    for _ in range(27):
        d.key("alt+w", pause=0.25)
    time.sleep(2.0)
    found = seeds(d)
    r.check("24 are kept, each once", len(found) == 24 and len(set(found)) == 24, len(found))
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def prompts_or(d: Desk):
    """The same, where what the image has may be no JSON yet."""
    try:
        return [one["prompt"] for one in pictures_of(d)]
    except (ValueError, TypeError, KeyError):
        return None


def last_prompts(d: Desk, r: Report):
    """Alt+Up and Alt+Down, and the entry's menu."""
    fresh(d)
    file = d.s.profile / "scumble-prompts.json"
    d.open(240, 180)
    window = d.dialog()
    known = lambda: json.loads(file.read_text())["prompts"] if file.exists() else []  # noqa: E731
    for words in ("a lake", "a house & a tree"):
        write(d, window, words)
        d.s.until(lambda words=words: known()[:1] == [words], 10)
    r.check("prompts of finished pictures are kept", known() == ["a house & a tree", "a lake"], known())
    write(d, window, "a cast")

    def press(key: str) -> str:
        d.key(f"alt+{key}", pause=0.2)
        return prompt(d)

    found = [press("Up"), press("Up"), press("Up")]
    r.check("Alt+Up brings them back", found == ["a house & a tree", "a lake", "a lake"], found)
    time.sleep(2.5)  # "a lake" has a finished picture now
    found = [press("Down"), press("Down"), press("Down")]
    r.check(
        "Alt+Down goes the other way, to what was written",
        found == ["a house & a tree", "a cast", "a cast"],
        found,
    )
    d.s.until(lambda: known()[:1] == ["a cast"], 10)
    before = known()
    d.key("shift+F10", pause=0.6)
    d.key("Right", "Down", "Return", pause=0.4)  # its first entry is chosen
    r.check("the menu has them, too", prompt(d) == before[1], f"{prompt(d)} {before}")
    r.check("and the picture follows", d.s.until(lambda: prompts(d)[0] == before[1], 10), prompts(d))
    d.shut(window)
    file.write_text("[" * 1000)
    window = d.dialog()
    write(d, window, "anew")
    r.check("a damaged file is none", d.s.until(lambda: '"anew"' in file.read_text(), 10), file.read_text())
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


def live_pictures(d: Desk, r: Report):
    """The real engine, live: the same words, seed and paint are the same picture, to the byte."""
    fresh(d, f"model={TINY / 'sd15'}\nstrength=0.6\nprompt=a house\nseed=3")
    d.open(64, 64)
    d.s.do(f"(t-box {d.layer} 4 36 40 12)")
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.until(lambda: 5 < d.mean(live) < 250, 60)
    first = rest(d, live, 3)
    d.front(window)
    d.key("alt+w")
    d.s.until(lambda: d.dump(live) != first, 40)
    other = rest(d, live, 3)
    kept = d.s.until(lambda: len(pictures_of(d)) == 2, 10)
    r.check("two seeds, two pictures", other != first and kept, seeds(d))
    model = pictures_of(d)[0]["model"]
    r.check("and no path of this computer is kept", model.startswith("sd15 [") and "/" not in model, model)
    to_picture(d, window, 1)
    d.key("space")
    r.check("back: what it was, to the byte", d.s.until(lambda: d.dump(live) == first, 40), said(d))
    layers = d.layers()
    d.focus()
    d.stroke(line(4))
    d.s.until(lambda: d.dump(live) != first, 40)
    rest(d, live, 3)
    d.front(window)
    to_picture(d, window, 1)
    menu_of(d, 2)
    made = d.s.until(lambda: len(d.layers()) == len(layers) + 1 and d.layers()[0], 8)
    r.check("one of before the stroke becomes a layer, as it was", made and d.dump(made) == other, d.names())
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close()


def small_screen(d: Desk, r: Report):
    """The last pictures take the place of what steers: the window is no larger with them."""
    fresh(d)
    d.s.profile.joinpath("scumble.conf").unlink()
    d.open(240, 180)
    d.focus()
    d.key("ctrl+shift+F9")
    d.s.until(d.dialogs, 15)
    time.sleep(2.5)
    window = d.dialogs()[0]
    d.front(window)
    sizes = []
    for key in ("alt+y", "alt+u", "alt+y", "alt+u"):
        d.key(key, pause=0.6)
        sizes.append(d.geometry(window)[2:])
    good = len(set(sizes)) == 1 and sizes[0][1] <= 768 - 30  # its title
    r.check("with the last pictures the dialog fits 1366 × 768, and does not jump", good, sizes)
    r.check("no error window", not d.trouble(), d.trouble())
    d.shut(window)
    d.close_image()


SCENARIOS, REAL, SMALL = (
    [last_pictures, two_dialogs, many_pictures, last_prompts],
    [live_pictures],
    [small_screen],
)
