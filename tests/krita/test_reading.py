# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read next of a canvas: work in proportion to what has changed, and nothing is forgotten."""

import itertools
import time
from types import SimpleNamespace

import pytest
from conftest import picture, run
from scumble import document as document_module
from scumble import pushing, reading
from scumble.group import ManagedGroup
from scumble.reading import HOT, Reading


@pytest.mark.parametrize("size", [(1, 1), (96, 64), (2048, 2048), (4096, 4096), (16384, 16384), (3, 9000)])
@pytest.mark.parametrize("bytes_per_pixel", [4, 16])
def test_the_bands_are_the_canvas(size, bytes_per_pixel):
    one = Reading(size, bytes_per_pixel)
    tops = [y for _, y, _, _ in one.bands]
    assert tops[0] == 0 and all(b[0] == 0 and b[2] == size[0] for b in one.bands)
    assert [y + h for _, y, _, h in one.bands] == [*tops[1:], size[1]]
    least = size[0] * bytes_per_pixel
    assert all(b[2] * b[3] * bytes_per_pixel <= max(reading.BAND_BYTES, least) for b in one.bands)


def test_what_is_painted_on_is_near_until_something_else_is():
    one = Reading((2048, 2048), 4)
    assert one.near() == [] and list(one.rest()) == list(range(16))
    one.handed_over({5: b"5", 6: b"6"}, [5, 6], 1.0)
    assert one.near() == [4, 5, 6, 7]
    assert sorted(one.rest()) == [n for n in range(16) if n not in (4, 5, 6, 7)]
    assert one.differs(4, b"4") is None, "not known before"
    assert one.differs(5, b"5") is False and one.differs(6, b"66") is True
    assert one.differs(6, b"66") is True, "until it is handed over"
    one.handed_over({4: b"4", 6: b"66"}, [6], 1.1)
    assert one.differs(4, b"4") is False and one.differs(6, b"66") is False
    assert sorted(one.near()) == [4, 5, 6, 7], "at rest, too: there the next stroke is looked for first"
    one.handed_over({6: b"7"}, [6], 1.2 + HOT)
    assert sorted(one.near()) == [5, 6, 7]
    assert one.differs(4, b"other") is None, "what is far from the brush is not kept"


def test_of_several_that_were_found_together_the_one_that_changes_next_is_the_brush():
    one = Reading((2048, 2048), 4)
    one.found({index: b"" for index in (2, 3, 4, 5, 6)}, 1.0)
    assert one.near() == [1, 2, 3, 4, 5, 6, 7] and one.differs(3, b"") is False
    one.handed_over({4: b"4"}, [4], 1.02)
    assert sorted(one.near()) == [3, 4, 5]


def test_where_there_is_time_for_a_few_all_have_their_turn():
    one = Reading((2048, 2048), 4)
    one.found({n: b"" for n in range(16)}, 1.0)
    seen = []
    for _ in range(4):
        for index in one.near()[:4]:
            one.differs(index, b"")
            seen.append(index)
    assert seen == list(range(16))
    one, seen = Reading((2048, 2048), 4), []
    one.handed_over({5: b""}, [5], 1.0)
    for _ in range(13):
        seen += itertools.islice(one.rest(), 1)
    assert sorted(seen) == [n for n in range(16) if n not in (4, 5, 6)], "far from the brush, too"


def test_where_anything_may_have_changed_all_are_looked_at_before_the_brush():
    one = Reading((2048, 2048), 4)
    one.handed_over({5: b""}, [5], 1.0)
    one.anywhere()
    seen = []
    for _ in range(8):
        assert one.near() == []
        seen += itertools.islice(one.rest(), 2)
    assert sorted(seen) == list(range(16)) and one.near() == [4, 5, 6]


@pytest.fixture
def painted(live, document, monkeypatch):
    """Live on a canvas of 16 bands, the fifth being painted on; what is read and handed over from here on."""
    monkeypatch.setattr(reading, "BAND_BYTES", 96 * 4 * 4)
    monkeypatch.setattr(pushing, "GLANCE", 0)
    monkeypatch.setattr(pushing, "TURN", 60)
    live.start(document)
    assert run(live, document)
    one = live.of(document)
    for red in range(3):
        document.paper.pixels[20, 5] = (red, 2, 3, 255)
        assert run(live, document)
    one.working, one._changed_at = True, float("inf")
    one.read, one.handed, whole, push = [], [], one.group.read, one.session.push
    monkeypatch.setattr(one.group, "read", lambda rect: one.read.append(rect[1] // 4) or whole(rect))

    def noted(number, size, parts, space):
        one.handed.append([rect[1] // 4 for rect, _, _ in parts])
        return push(number, size, parts, space)

    monkeypatch.setattr(one.session, "push", noted)
    return one


def test_while_painting_what_is_painted_on_and_around_is_read(painted, document):
    document.paper.pixels[21, 5] = (3, 2, 1, 255)
    painted.pushing.go_on(painted.resting)
    assert sorted(painted.read[:3]) == [4, 5, 6] and len(painted.read) == 4, "those, and one more"
    assert painted.handed[0] == [5], "and what is new of them is handed over"


def test_a_stroke_across_bands_is_one_change(painted, document):
    document.paper.pixels[18:26, 5] = (3, 2, 1, 255)
    jobs = painted.session.stats().jobs_started
    painted.pushing.go_on(painted.resting)
    assert painted.handed[0] == [4, 5, 6]
    assert painted.session.stats().jobs_started <= jobs + 1
    document.paper.pixels[40:60, 5] = (3, 2, 1, 255)
    painted.pushing.go_on(painted.resting)
    assert set(range(10, 15)) <= set(painted.handed[-1]), "elsewhere, too"


def test_a_change_that_the_brush_did_not_make_is_looked_for_everywhere(painted, live, document):
    document.paper.pixels[:, 7] = (7, 7, 7, 255)
    for _ in range(13):
        painted.pushing.go_on(painted.resting)
    assert set(painted.read) == set(range(16))
    painted._changed_at = 0.0
    assert run(live, document)
    assert (picture(document)[:, 7, 0] == 248).all()


def test_where_the_brush_is_not_known_it_is_looked_for(painted, document):
    painted.pushing.go_on(painted.resting)
    assert sorted(set(painted.read)) == list(range(16)), "in as many bands as a turn has time for"


def test_what_was_read_when_krita_gave_something_else_is_read_again(painted, document, monkeypatch):
    document.paper.pixels[18:26, 5] = (3, 2, 1, 255)
    whole = painted.pushing.read
    monkeypatch.setattr(painted.pushing, "read", lambda index: None if index == 6 else whole(index))
    painted.pushing.go_on(painted.resting)
    assert painted.handed == []
    monkeypatch.setattr(painted.pushing, "read", whole)
    painted.pushing.go_on(painted.resting)
    assert sorted(painted.handed[0]) == [4, 5, 6]


def test_a_selection_that_takes_long_to_read_is_looked_at_less_often(live, document, monkeypatch):
    took, looked, now = 0.0, [], time.perf_counter

    def selection(_):
        nonlocal took
        took += 1.0
        looked.append(took)

    clock = SimpleNamespace(perf_counter=lambda: now() + took, sleep=time.sleep)
    monkeypatch.setattr(document_module, "time", clock)
    monkeypatch.setattr(ManagedGroup, "selection", selection)
    live.start(document)
    assert run(live, document)
    looks = len(looked)
    for later, more in ((4.0, 0), (6.0, 1)):
        took += later
        live.of(document).tick()
        assert len(looked) == looks + more, "an eighth of the thread at most"
