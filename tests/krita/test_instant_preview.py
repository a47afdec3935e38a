# SPDX-License-Identifier: GPL-3.0-or-later
"""Instant Preview, with which Krita paints a stroke on a smaller copy first."""

import krita
import numpy as np
from conftest import eventually, picture, run
from scumble import document as document_module
from scumble import writing


def turns(live, seconds=0.3):
    eventually(live.loop.tick, lambda: False, seconds)


def test_with_instant_preview_its_small_copy_is_never_rendered(live, document):
    live.start(document)
    assert run(live, document)
    krita.Preview.on = True
    turns(live, 0.1)
    jobs, locks = live.of(document).session.stats().jobs_started, document.locks
    live.loop.pen_down()
    document.small = document.merging = True
    turns(live)
    document.merge()
    assert np.array_equal(document.shown, document.paper.pixels), "the brush is seen, not the old picture"
    assert document.locks == locks, "Krita is not asked for its lock while the stroke runs"
    live.loop.pen_up()
    turns(live, 0.2)
    assert live.of(document).session.stats().jobs_started == jobs, "nothing was read meanwhile"
    document.paper.pixels[3] = (9, 9, 1, 255)
    document.small = document.merging = False
    assert run(live, document)
    document.merge()
    assert np.array_equal(document.shown, picture(document))
    locks = document.locks
    turns(live)
    assert document.locks == locks, "and none at rest"


def test_with_instant_preview_a_stroke_without_a_pen_is_not_read_either(live, document):
    """The transform tool and filters hold a stroke open as well."""
    live.start(document)
    assert run(live, document)
    krita.Preview.on = True
    jobs = live.of(document).session.stats().jobs_started
    document.small = document.merging = True
    turns(live)
    assert live.of(document).session.stats().jobs_started == jobs
    document.merging = False
    document.small = False
    document.paper.pixels[:] = 0
    assert run(live, document, lambda: live.of(document).session.stats().jobs_started > jobs), "truly empty"


def test_what_krita_does_to_its_small_copy_at_rest_changes_nothing(live, document):
    """Some seconds after a change Krita makes the copy anew: no stroke runs, and layers give the copy."""
    krita.Preview.on = True
    live.start(document)
    assert run(live, document)
    turns(live, 0.1)
    jobs, locks = live.of(document).session.stats().jobs_started, document.locks
    document.small = document.merging = True
    turns(live)
    document.small = document.merging = False
    turns(live)
    assert live.of(document).session.stats().jobs_started == jobs and document.locks == locks


def test_a_picture_that_is_written_while_krita_is_at_its_small_copy_is_not_lost(live, document, monkeypatch):
    monkeypatch.setattr(writing, "PIECE_BYTES", 96 * 4 * 4)
    monkeypatch.setattr(document_module, "TURN", 0)
    krita.Preview.on = True
    live.start(document)
    one = live.of(document)
    assert run(live, document, lambda: one._writing.busy)
    document.small = document.merging = True
    turns(live)
    assert one._writing.busy, "it waits"
    document.small = document.merging = False
    assert run(live, document) and np.array_equal(document.shown, picture(document))


def test_live_begins_where_krita_is_at_its_small_copy(live, document):
    krita.Preview.on = document.small = document.merging = True
    live.start(document)
    turns(live)
    assert live.of(document).session.stats().jobs_started == 0
    document.small = document.merging = False
    assert run(live, document) and np.array_equal(document.shown, picture(document))
    assert live.of(document).session.stats().jobs_started == 1, "no picture of a part of the canvas"


def test_apply_waits_until_krita_is_done_with_its_small_copy(live, document, monkeypatch):
    monkeypatch.setattr(writing, "PIECE_BYTES", 96 * 4 * 4)
    monkeypatch.setattr(document_module, "TURN", 0)
    krita.Preview.on = True
    live.start(document)
    assert run(live, document)
    document.paper.pixels[3] = (9, 9, 1, 255)
    one = live.of(document)
    assert run(live, document, lambda: one._writing.busy)
    document.small = document.merging = True
    live.apply(document)
    assert np.array_equal(document.active.pixels, picture(document)) and not one._writing.busy


def test_instant_preview_can_be_switched_off_from_the_docker(live, document):
    krita.Preview.on = True
    live.start(document)
    assert run(live, document)
    assert live.status(document).offer_no_preview
    live.no_instant_preview(document)
    assert not krita.Preview.on and not live.status(document).offer_no_preview
