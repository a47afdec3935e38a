# SPDX-License-Identifier: GPL-3.0-or-later
"""What wakes the loop, and when Krita begins a redraw."""

import importlib

import krita
import pytest
from conftest import eventually
from scumble.gathering import Gathering
from scumble.qt import QtCore, QtGui, QtWidgets, sip
from scumble.undo import PATIENCE, Undo
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
    watch = Watch(lambda: None, lambda: None, lambda: pressed.append(True), lambda: pressed.append(False))
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


class Action(QtCore.QObject):
    def __init__(self):
        super().__init__()
        self.done = 0

    def trigger(self):
        self.done += 1


@pytest.mark.parametrize("how", ["merged", "never free", "another document", "closed"])
def test_a_key_of_undo_waits_while_krita_merges(how):
    document, undone = krita.Document(8, 8), []
    krita.Krita.instance().document = document

    class Live:
        busy = False
        hold = staticmethod(lambda: undone.append("held") or document)

    undo, action = Undo(Live), Action()
    action.installEventFilter(undo)
    key = QtGui.QShortcutEvent(QtGui.QKeySequence("Ctrl+Z"), 1)
    assert not undo.eventFilter(action, key) and undone == ["held"], "Krita is free: done at once"
    document.merging = True
    assert undo.eventFilter(action, key) and undo.eventFilter(action, key), "it is not: the keys are taken"
    events = QtCore.QCoreApplication.processEvents
    assert not eventually(events, lambda: action.done, PATIENCE / 3), "and nothing is done"
    document.merging = how != "merged"
    if how == "another document":
        krita.Krita.instance().document = krita.Document(8, 8)
    document.closed = how == "closed"
    wanted = 0 if how in ("another document", "closed") else 2
    assert eventually(events, lambda: not undo._waiting, 5 * PATIENCE) and action.done == wanted, "each once"
    assert not undo._timer.isActive()
    krita.Krita.instance().document = None
