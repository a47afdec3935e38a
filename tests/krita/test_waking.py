# SPDX-License-Identifier: GPL-3.0-or-later
"""What wakes the loop, and when Krita begins a redraw."""

import importlib
import time

import krita
import pytest
from conftest import eventually
from scumble.gathering import Gathering
from scumble.qt import QtCore, QtGui, QtWidgets, sip
from scumble.undo import A_MERGE, PATIENCE, Undo
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


class Loop:
    """The part of the loop that Undo asks, with one live document."""

    busy = False

    def __init__(self, document):
        self.document, self.held = document, 0

    def hold(self):
        self.held += 1
        return self.document


KEY = QtGui.QShortcutEvent(QtGui.QKeySequence("Ctrl+Z"), 1)
events = QtCore.QCoreApplication.processEvents


@pytest.fixture
def pressed():
    """A document that Krita is merging, a key of undo pressed twice: (document, undo, action)."""
    document = krita.Krita.instance().document = krita.Document(8, 8)
    loop = Loop(document)
    undo, action = Undo(loop), Action()
    action.installEventFilter(undo)
    assert not undo.eventFilter(action, KEY) and loop.held == 1, "Krita is free: done at once"
    document.merging = True
    assert undo.eventFilter(action, KEY) and undo.eventFilter(action, KEY), "it is not: the keys are taken"
    assert not eventually(events, lambda: action.done, A_MERGE / 3), "and nothing is done"
    yield document, undo, action
    krita.Krita.instance().document = None


@pytest.mark.parametrize("how", ["merged", "another document", "closed"])
def test_a_key_of_undo_waits_while_krita_merges(pressed, how):
    document, undo, action = pressed
    document.merging = how != "merged"
    if how == "another document":
        krita.Krita.instance().document = krita.Document(8, 8)
    document.closed = how == "closed"
    wanted = 0 if how in ("another document", "closed") else 2
    assert eventually(events, lambda: not undo._waiting, 2 * PATIENCE) and action.done == wanted, "each once"
    assert not undo._timer.isActive()


def test_a_key_of_undo_waits_as_long_as_a_busy_machine_merges(pressed):
    document, undo, action = pressed
    assert not eventually(events, lambda: action.done, 3 * A_MERGE), "Krita would drop it now"
    document.merging = False
    assert eventually(events, lambda: action.done == 2)


def test_a_key_of_undo_does_not_wait_for_ever(pressed, monkeypatch):
    document, undo, action = pressed
    monkeypatch.setattr("time.monotonic", lambda now=time.monotonic: now() + PATIENCE)
    assert eventually(events, lambda: action.done == 2), "Krita is to decide"


def test_the_transform_tool_has_an_undo_of_its_own(monkeypatch):
    """While it is in hand Krita is never free: the key goes to it after the time of a merge."""
    document = krita.Krita.instance().document = krita.Document(8, 8)
    window = QtWidgets.QMainWindow()
    button = QtWidgets.QToolButton(window, objectName="KisToolTransform", checkable=True, checked=True)
    monkeypatch.setattr(krita.Window, "qwindow", lambda self: window)
    undo, action = Undo(Loop(document)), Action()
    document.merging = True
    assert undo.postpone(action)
    assert eventually(events, lambda: action.done, 1)
    button.setChecked(False)
    assert undo.postpone(action)
    assert not eventually(events, lambda: action.done == 2, 2 * A_MERGE), "with another tool it waits"
    undo._timer.stop()
    krita.Krita.instance().document = None
