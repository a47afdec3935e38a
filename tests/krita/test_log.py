# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong inside is found in a file, and never reaches Krita."""

import logging

import pytest
from scumble import log


@pytest.fixture
def fresh(monkeypatch):
    """The log as it is before the first exception; its handlers go again."""
    monkeypatch.setattr(log, "_logger", None)
    logger = logging.getLogger("scumble")
    before = list(logger.handlers)
    logger.handlers.clear()
    yield logger
    for handler in logger.handlers:
        handler.close()
    logger.handlers[:] = before


@log.guarded
def breaks(words):
    raise ValueError(words)


def test_an_exception_is_in_the_file_with_its_place(fresh, tmp_path, monkeypatch):
    monkeypatch.setenv("SCUMBLE_MOCK_DATA", str(tmp_path))
    assert breaks("the first") is None and breaks("the second ü") is None
    written = (tmp_path / log.NAME).read_text(encoding="utf-8")
    assert log.path() == tmp_path / log.NAME
    assert "ValueError: the first" in written and "ValueError: the second ü" in written
    assert "breaks" in written and __file__ in written, "where it was"


def test_the_file_does_not_grow_for_ever(fresh, tmp_path, monkeypatch):
    monkeypatch.setenv("SCUMBLE_MOCK_DATA", str(tmp_path))
    for _ in range(40):
        breaks("x" * 20_000)
    assert 0 < sum(file.stat().st_size for file in tmp_path.iterdir()) < 3 * (1 << 18)


def test_without_a_place_for_it_nothing_is_raised(fresh, monkeypatch):
    monkeypatch.setenv("SCUMBLE_MOCK_DATA", "/proc/nowhere")
    assert breaks("nobody hears") is None
