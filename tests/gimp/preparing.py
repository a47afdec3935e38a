# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a ControlNet is shown of its layer: by the net's name, by choice, kept with the image. The engine is
the stub."""

from __future__ import annotations

from desk import Desk, line
from dialog import said
from report import Report
from steering import kept, live_of, one, prepare, sketch, steered, to_list

KNOWN_FIRST, CHOOSER = 8, 7  # of the menu of Add; of the tabs to the first one's list of preparations


def how_kept(d: Desk) -> list[str]:
    return [c["prepare"] for c in kept(d)]


def prepared(d: Desk, r: Report):
    """What a ControlNet is shown of its layer. The stub's shows drawn lines white, and else the layer."""
    prepare(d, networks=[["Scribble [1]", "/nets/Scribble"], ["lines [1]", "/nets/lines"]])
    d.open()
    drawn = sketch(d)
    window = d.dialog(live=True)
    live = live_of(d)
    d.s.do(f"(begin (t-activate {d.image} {drawn}) (gimp-displays-flush))")
    d.front(window)
    d.key("alt+y", pause=0.3)

    def shows(value: int) -> bool:
        """Whether the whole stroke comes to lie on the picture in that gray."""
        lines = d.pixels(drawn)
        full = [i for i, alpha in enumerate(lines.plane(3)) if alpha == 255]
        wanted = bytes((value,)) * 3

        def laid() -> bool:
            shown = d.dump(live)
            return len(full) > 1000 and all(shown[3 * i : 3 * i + 3] == wanted for i in full)

        return d.s.until(laid, 8, 0.3)

    to_list(d, window, 1)
    d.key("space", *["Down"] * KNOWN_FIRST, "Return", pause=0.3)
    d.s.until(lambda: kept(d), 8)
    r.check("a ControlNet of that name is shown drawn lines", how_kept(d) == ["drawn"], kept(d))
    d.front(window)
    told = d.s.until(lambda: "Nothing is drawn on it" in said(d), 8)
    r.check("while nothing is drawn: told in a sentence", told and "Scribble" in said(d), said(d))
    d.focus()
    d.stroke(line(4))
    r.check("what is drawn, in whatever colour, reaches it as lines", shows(255), how_kept(d))
    d.front(window)
    r.check("and nothing more is told", d.s.until(lambda: "Nothing is drawn" not in said(d), 8), said(d))
    to_list(d, window, CHOOSER)
    d.key("Up", pause=0.3)
    r.check("as it is: the layer itself", shows(0) and how_kept(d) == ["as_is"], how_kept(d))
    to_list(d, window, CHOOSER)
    d.key("Down", pause=0.3)
    d.s.until(lambda: how_kept(d) == ["drawn"], 5)
    d.key("Down", pause=0.3)
    r.check("each can be chosen", d.s.until(lambda: how_kept(d) == ["lines"], 5) and shows(0), how_kept(d))
    d.key("Up", pause=0.3)
    r.check("drawn lines again", shows(255) and how_kept(d) == ["drawn"], how_kept(d))
    around_the_selection(d, r, window, shows)
    opened_again(d, r, window, shows)


def around_the_selection(d: Desk, r: Report, window: str, shows):
    """A control for inpainting, the last of the list, follows no layer."""
    to_list(d, window, CHOOSER)
    d.key("End", pause=0.3)
    r.check("for inpainting can be chosen", d.s.until(lambda: how_kept(d) == ["inpaint"], 5), how_kept(d))
    told = d.s.until(lambda: "Nothing is masked" in said(d), 8)
    r.check("while nothing is selected: told in a sentence", told, said(d))
    d.s.do(f"(gimp-image-select-rectangle {d.image} CHANNEL-OP-REPLACE 0 0 64 64)")
    r.check(
        "with a selection nothing is told", d.s.until(lambda: "Nothing is masked" not in said(d), 8), said(d)
    )
    d.s.do(f"(gimp-selection-none {d.image})")
    # Its row has no layer to tab over now.
    to_list(d, window, CHOOSER - 1)
    d.key("Home", "Down", pause=0.3)
    r.check("and its layer is followed again", shows(255) and how_kept(d) == ["drawn"], how_kept(d))


def opened_again(d: Desk, r: Report, window: str, shows):
    d.shut(window)
    d.s.do(f"(begin (t-activate {d.image} {d.layer}) (gimp-displays-flush))")
    window = d.dialog(live=True)
    live = live_of(d)
    drawn = d.layers()[0]
    lines = [i for i, alpha in enumerate(d.pixels(drawn).plane(3)) if alpha == 255]

    def at_lines() -> set:
        shown = d.dump(live)
        return {shown[3 * i] for i in lines}

    white = d.s.until(lambda: at_lines() == {255}, 10)
    r.check("in the next dialog it is as it was chosen", white and how_kept(d) == ["drawn"], kept(d))
    d.shut(window)
    others = {"of before there was a choice": {}, "of a later Scumble": {"prepare": "relief"}}
    for name, more in others.items():
        steered(d, one(0, "control", "Scribble [1]", "sketch", **more))
        window = d.dialog(live=True)
        live = live_of(d)
        as_it_is = d.s.until(lambda: at_lines() == {0}, 10)
        d.shut(window)
        r.check(f"an image {name}: the layer as it is", as_it_is and how_kept(d) == ["as_is"], kept(d))
    r.check("no error window", not d.trouble(), d.trouble())
    d.close()


SCENARIOS = [prepared]
