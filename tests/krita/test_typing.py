# SPDX-License-Identifier: GPL-3.0-or-later
"""Digits that are being typed stay, whatever the docker shows: it is drawn anew with each picture."""

import importlib

import pytest
from scumble.qt import QtCore
from scumble.widgets import Amount, StepPart

QTest = importlib.import_module(QtCore.__name__.replace("QtCore", "QtTest")).QTest


def typed(box, digits):
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), digits)


@pytest.mark.parametrize("value", [None, 0.5, 1 / 3])
def test_a_number_that_is_typed_stays(value):
    amount, told = Amount(0, 1, 2, ""), []
    amount.edited.connect(lambda: told.append(amount.value()))
    amount.load(value, 0.6)
    shown = amount.number.value()
    typed(amount.number, "0.2")
    text = amount.number.lineEdit().text()
    assert text.endswith("2") and not told
    amount.load(value, 0.6)
    assert amount.number.lineEdit().text() == text and amount.number.value() == shown
    amount.number.interpretText()
    assert told == [0.2] and amount.slider.value() == 20
    amount.load(0.7, 0.6)
    assert amount.number.value() == 0.7, "another value is shown at once"


def test_a_part_of_the_steps_that_is_typed_stays():
    part, told = StepPart(""), []
    part.edited.connect(lambda: told.append(part.value()))
    part.load((0.25, 1.0))
    typed(part.start, "4")
    text = part.start.lineEdit().text()
    part.load((0.25, 1.0))
    assert part.start.lineEdit().text() == text and not told
    part.start.interpretText()
    assert told == [(0.04, 1.0)]
