# SPDX-License-Identifier: GPL-3.0-or-later
"""The split view: the paint left of an upright line, the picture right of it."""

from __future__ import annotations

from .pixels import intersect


class Split:
    """Where the picture is shown; in the rest of the canvas the live layer is empty."""

    def __init__(self):
        self.at = 0.0  # the line, 0 to 1 of the canvas' width; 0: all of the picture is shown

    def pieces(self, rects: list[tuple], canvas: tuple, anew: bool) -> list[tuple]:
        """(rectangle, whether the picture is shown in it) of what is to be written; `anew`: also what is to
        be emptied, else that is so already."""
        width, height = canvas
        line = round(self.at * width)
        sides = [((line, 0, width - line, height), True), ((0, 0, line, height), False)]
        found = [(intersect(rect, side), shown) for rect in rects for side, shown in sides if shown or anew]
        return [(part, shown) for part, shown in found if part is not None]
