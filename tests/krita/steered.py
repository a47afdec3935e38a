# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of steering share."""

from dataclasses import replace

import numpy as np
from conftest import picture, run


def expected(document, *layers):
    made = 255 - document.paper.pixels
    made[..., 3] = 255
    for layer in layers:
        made = np.where(layer.pixels[..., 3:] > 0, layer.pixels, made)
    return made


def shows(live, document, wanted):
    return run(live, document, lambda: np.array_equal(picture(document), wanted()))


def edit(live, document, number, **values):
    chosen = live.settings(document)
    kept = [replace(one, **values) if one.number == number else one for one in chosen.conditions]
    live.set_settings(document, replace(chosen, conditions=tuple(kept)))
