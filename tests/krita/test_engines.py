# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that live documents share: how long each is kept."""

import krita
import pytest
from conftest import run, settled
from scumble import abi
from scumble.library import ScumbleError


@pytest.fixture
def other():
    made = krita.Document(40, 30)
    krita.Krita.instance().opened = [krita.Window(krita.View()), krita.Window(krita.View(made))]
    return made


def test_a_closed_document_gives_its_model_back_as_live_off_does(live, document):
    live.start(document)
    assert run(live, document)
    engine = live.of(document).engine
    document.closed = True
    assert run(live, document, lambda: not live.loop.documents)
    assert live.engines.spare.isActive()
    live.engines.spare.timeout.emit()
    assert engine.closed and not live.engines.made


def test_an_engine_that_broke_for_one_document_is_left_to_the_others_that_have_it(live, document, other):
    live.start(document)
    live.start(other)
    assert run(live, document, lambda: settled(document) and settled(other))
    broken = live.of(document).engine
    assert live.of(other).engine is broken

    def breaks():
        raise ScumbleError("something broke", abi.ERROR_INTERNAL)

    live.of(document).tick, live.of(document).due = breaks, 0.0
    assert run(live, document, lambda: live.of(document) is None)
    assert live.status(other).live and "Up to date" in live.status(other).text
    other.paper.pixels[3] = (9, 9, 1, 255)
    assert run(live, other)
    live.start(document)
    assert live.of(document).engine is not broken, "it is made anew where it is asked for anew"
    given_back, broken = broken._release, None
    assert given_back.alive
    live.stop(other)
    assert not given_back.alive, "it goes with the last document that has it"
