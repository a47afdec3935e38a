# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read next of a canvas: work in proportion to what has changed, and nothing is forgotten."""

import itertools

import pytest
from conftest import run
from scumble import document as document_module
from scumble import reading
from scumble.reading import APART, HOT, LEAST, TOGETHER, Reading


def flat(groups):
    return list(itertools.chain.from_iterable(groups))


@pytest.mark.parametrize("size", [(1, 1), (96, 64), (2048, 2048), (4096, 4096), (16384, 16384), (3, 9000)])
@pytest.mark.parametrize("bytes_per_pixel", [4, 16])
def test_the_bands_are_the_canvas(size, bytes_per_pixel):
    one = Reading(size, bytes_per_pixel)
    tops = [y for _, y, _, _ in one.bands]
    assert tops[0] == 0 and all(b[0] == 0 and b[2] == size[0] for b in one.bands)
    assert [y + h for _, y, _, h in one.bands] == [*tops[1:], size[1]]
    least = size[0] * bytes_per_pixel
    assert all(b[2] * b[3] * bytes_per_pixel <= max(reading.BAND_BYTES, least) for b in one.bands)


def test_what_is_painted_on_comes_first_and_cools_down():
    one = Reading((2048, 2048), 4)
    one.changed((5,), 1.0)
    one.changed((6,), 1.1)
    groups = list(one.turn(1.2))
    assert groups[0] == (5, 6), "a stroke across two bands is one change"
    assert sorted(flat(groups)) == list(range(len(one.bands))), "each band once"
    second = [next(itertools.islice(one.turn(1.2), 1, None)) for _ in range(2)]
    assert sorted(second) == [(4,), (7,)], "what lies beside it in turns"
    assert next(one.turn(1.05 + HOT)) == (6,)
    assert next(one.turn(2.0 + HOT)) not in [(5, 6), (6,)]


def test_bands_handed_over_together_are_asked_one_by_one_now_and_then():
    one = Reading((2048, 2048), 4)
    one.changed(tuple(range(TOGETHER + 2)), 1.0)
    sizes = [len(next(one.turn(1.0 + n / 100))) for n in range(2 * APART)]
    assert sizes.count(1) == 2 and max(sizes) == TOGETHER


def test_no_band_waits_for_longer_than_a_round_however_short_the_turns():
    one, seen = Reading((2048, 2048), 4), []
    for n in range(3 * len(one.bands)):
        one.changed(tuple(range(9)), n / 100)  # more than is handed over together
        turn = one.turn(n / 100)
        for done, group in enumerate(turn):
            if done == LEAST:  # as the caller does when its time is over: this group was not read
                break
            seen += group
    assert seen.count(12) >= 2, "far from the brush, too"


def test_only_what_is_painted_on_and_around_is_read_while_painting(live, document, monkeypatch):
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 4)  # 16 bands
    live.start(document)
    assert run(live, document)
    one = live.of(document)
    document.paper.pixels[20, 5] = (1, 2, 3, 255)
    assert run(live, document)
    monkeypatch.setattr(document_module, "GLANCE", 0)
    monkeypatch.setattr(document_module, "TURN", 60)
    one.working, one._changed_at = True, float("inf")
    read, whole = [], one.group.read
    monkeypatch.setattr(one.group, "read", lambda rect: read.append(rect) or whole(rect))
    one._push(every_piece=False)
    assert read[0] == (0, 20, 96, 4) and len(read) == LEAST, "that band, one beside it, and one more"
    read.clear()
    document.paper.pixels[:, 7] = (7, 7, 7, 255)  # what no brush does
    one._push(every_piece=False)
    assert len(set(read)) == 16, "a change that the brush did not make is looked for everywhere"
