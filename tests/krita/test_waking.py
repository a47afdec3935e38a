# SPDX-License-Identifier: GPL-3.0-or-later
"""What wakes the loop, and when Krita begins a redraw."""

import importlib

import krita
import pytest
from scumble.gathering import Gathering
from scumble.qt import QtCore, QtWidgets, sip
from scumble.watch import Watch

QTest = importlib.import_module(QtCore.__name__.replace("QtCore", "QtTest")).QTest


def test_when_krita_begins_a_redraw():
    """The rules of gathering.py, as they were measured."""
    old = Gathering("5.2.9")
    assert old.asleep(10.0)
    again = old.asked(10.0)
    assert 10.1 < again < 10.11 and not old.asleep(10.0), "asked after a pause: 100 ms"
    assert old.asked(10.04) == again, "asked twice in that time: no later"
    assert old.asked(again) is None, "asked again when they have passed: at once"
    assert old.asked(again + 0.2) is None, "awake, and the last one is 100 ms ago: at once"
    assert old.asked(again + 0.22) == pytest.approx(again + 0.301), "awake, and it is not: when it is"
    assert old.asleep(again + 0.8), "after half a second it sleeps"
    assert old.wake_at(20.0, takes=0.1) == pytest.approx(19.915), "a redraw begins just after the picture"
    assert old.wake_at(20.0, takes=2.0) == pytest.approx(19.65), "or there is time to have one before it"
    new = Gathering("5.3.4.1")
    assert new.asked(10.0) is None and new.asked(10.001) is None and not new.asleep(99.0)


class KisQPainterCanvas(QtWidgets.QWidget):
    """By its name the widget that Krita paints on."""


def test_the_pen_on_the_canvas_is_seen_once(monkeypatch):
    window, area, canvas = QtWidgets.QMainWindow(), QtWidgets.QMdiArea(), KisQPainterCanvas()
    window.setCentralWidget(area)
    area.setActiveSubWindow(area.addSubWindow(canvas))
    window.show()
    monkeypatch.setattr(krita.Window, "qwindow", lambda self: window)
    pressed = []
    watch = Watch(lambda: None, lambda: pressed.append(True))
    for times in (1, 2):
        watch.canvas()
        watch.canvas()
        for _ in range(2):
            QTest.mouseMove(canvas)
            QTest.mouseClick(canvas, QtCore.Qt.MouseButton.LeftButton)
        assert len(pressed) == times, "until it is watched again"
    watch.canvas()
    sip.delete(canvas)
    watch.canvas()
    watch.leave_canvas()
    assert len(pressed) == 2
