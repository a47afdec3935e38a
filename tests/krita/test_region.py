# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions that are one layer: where it is painted their words hold. The stub shows how many letters."""

import krita
import numpy as np
import pytest
from conftest import eventually, run
from scumble.steer_list import SteerList
from scumble.steering import Condition
from steered import edit, expected, shows


@pytest.mark.parametrize("depth", ["U8", "U16", "F16", "F32"])
def test_a_region_is_where_its_layer_is_painted(depth):
    from scumble.layer_pixels import cover_of, whitened
    from scumble.pixels import Buffer, pixel_format

    pixels = pixel_format("RGBA", depth, "sRGB-elle-V2-srgbtrc.icc")
    document = krita.Document(6, 4, depth=depth)
    painted = document.blank()
    full = 1 if depth.startswith("F") else np.iinfo(document.dtype).max
    painted[1, 2:5] = 0, 0, full // 3 if full > 1 else 0.3, full
    made = whitened(cover_of(Buffer(krita.array(painted)), pixels), pixels)
    white = np.frombuffer(bytes(made.array), document.dtype).reshape(4, 6, 4)
    assert np.array_equal(white[..., 3], painted[..., 3]) and (white[1, 2:5] == full).all()


def test_a_regions_words_change_where_its_layer_is(live, document, files, lines):
    live.start(document)
    document.setActiveNode(lines)
    live.steer(document, "region", "")
    (one,) = live.settings(document).conditions
    assert one.prompt == "lines", "its layer's name at first"

    def wanted():
        made = expected(document)
        made[lines.pixels[..., 3] > 0, 0] = len(live.settings(document).conditions[0].prompt)
        return made

    assert shows(live, document, wanted), live.status(document).text
    edit(live, document, 0, prompt="a red castle")
    assert shows(live, document, wanted)
    lines.pixels[40:44, 60:64] = (0, 0, 0, 255)
    assert shows(live, document, wanted), "painted in black it is a region all the same"
    jobs = live.of(document).session.stats().jobs_started
    lines.pixels[40:44, 60:64] = (0, 90, 0, 255)
    eventually(live.loop.tick, lambda: False, 0.4)
    assert live.of(document).session.stats().jobs_started == jobs, "its colour is nothing"
    edit(live, document, 0, scale=0.0)
    assert run(live, document)


def test_a_regions_row_has_words(files):
    shown, told = SteerList(), []
    shown.edited.connect(lambda: told.append(shown.value()))
    shown.load((Condition(0, "region", "", "{a}", prompt="a hut"),), [("{a}", "upper")], {})
    (row,) = shown.rows
    assert row.prompt.text() == "a hut" and not row.prompt.isHidden() and not row.layer.isHidden()
    row.prompt.setText("a red hut")
    row.prompt.textEdited.emit("a red hut")
    assert told[-1][0].prompt == "a red hut"
    shown.list_known()
    names = [action.text() for action in shown.menu.actions()]
    assert "Region with words of its own" in names
