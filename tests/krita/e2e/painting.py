# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Krita: a scenario is a generator that yields milliseconds to wait; strokes are mouse events."""

import os
import sys
import time
import traceback

from krita import Krita

if "PyQt6" in sys.modules:
    from PyQt6 import QtCore, QtGui, QtWidgets
    from PyQt6.QtTest import QTest
else:
    from PyQt5 import QtCore, QtGui, QtWidgets
    from PyQt5.QtTest import QTest

K = Krita.instance()
LEFT = QtCore.Qt.MouseButton.LeftButton
_results = open(os.environ["SCUMBLE_RESULTS"], "a", buffering=1)
# How much longer than on a machine that does nothing else something may take until it counts as not come.
PATIENCE = 5


def say(*words):
    print(*words, file=_results)


def check(name, good, detail=""):
    say("ok  " if good else "FAIL", name, f"({detail})" if detail != "" else "")
    return bool(good)


def play(scenario):
    """Runs the scenario on Krita's event loop, then leaves Krita by its menu, as an artist does and whatever
    is live then; at the latest a little before krita_session.py would end it. Krita's exit code is 0 unless
    it breaks on the way out."""
    steps = scenario()
    end = time.monotonic() + float(os.environ["SCUMBLE_SECONDS"]) - 20

    def leave(code):
        if code == 0:
            for document in K.documents():
                document.setModified(False)  # else Krita asks whether to save
            play.left = True
            K.action("file_quit").trigger()
            return
        _results.flush()
        sys.stderr.flush()
        os._exit(code)

    def step():
        try:
            if time.monotonic() > end:
                say("FAIL the time was up")
                leave(1)
            wait = next(steps)
        except StopIteration:
            leave(0)
        except BaseException:
            say("FAIL", traceback.format_exc().replace("\n", " | "))
            leave(1)
        else:
            QtCore.QTimer.singleShot(int(wait), step)

    def late():
        if time.monotonic() > end + 5:
            say("FAIL Krita does not leave" if play.left else "FAIL a step took too long")
            leave(1)

    play.left = False
    play.timer = QtCore.QTimer()  # the deadline holds even if a step never comes back to the scenario
    play.timer.timeout.connect(late)
    play.timer.start(1000)
    step()


def until(condition, seconds=10.0, every=20):
    """`ok = yield from until(...)`: waits until the condition holds; returns the milliseconds, or None.
    `seconds` are those of a machine that has nothing else to do."""
    start = time.perf_counter()
    while time.perf_counter() - start < seconds * PATIENCE:
        if condition():
            return (time.perf_counter() - start) * 1000
        yield every
    return (time.perf_counter() - start) * 1000 if condition() else None


def new_document(side=1024, model="RGBA", depth="U8", profile="", height=None):
    """`doc = yield from new_document()`: an opaque white canvas in a view of its own, brush in hand."""
    document = K.createDocument(side, height or side, "test", model, depth, profile, 300.0)
    K.activeWindow().addView(document)
    K.setActiveDocument(document)
    yield 1200
    take_brush()
    yield 300
    return K.activeDocument()


def there_again(document, name, before=lambda: None):
    """`doc = yield from there_again(doc, name)`: saved under that name, closed and opened in a view of its
    own. `before` is done once it is saved."""
    kept = os.path.join(os.environ["HOME"], name)
    document.setBatchmode(True)
    document.saveAs(kept)
    yield 500
    before()
    document.setModified(False)
    document.close()
    yield 600
    document = K.openDocument(kept)
    K.activeWindow().addView(document)
    yield 1500
    return document


def docker():
    return next(d for d in K.dockers() if d.windowTitle() == "Scumble")


def take_brush():
    K.action("KritaShape/KisToolBrush").trigger()
    K.action("set_no_brush_smoothing").trigger()  # else the same pointer events make different strokes
    view = K.activeWindow().activeView()
    presets = K.resources("preset")
    if "b) Basic-1" in presets:
        view.setCurrentBrushPreset(presets["b) Basic-1"])
    view.setBrushSize(40)
    colour = view.foregroundColor()
    parts = colour.components()
    view.setForeGroundColor(colour_like(colour, [0.1, 0.2, 0.8, 1.0] if len(parts) == 4 else parts))


def colour_like(colour, parts):
    colour.setComponents(parts)
    return colour


def canvas_widget():
    """The widget that Krita paints on, of the view in front."""
    area = K.activeWindow().qwindow().findChild(QtWidgets.QMdiArea)
    for widget in area.activeSubWindow().findChildren(QtWidgets.QWidget):
        if widget.metaObject().className() in ("KisQPainterCanvas", "KisOpenGLCanvas2"):
            return widget
    raise RuntimeError("no canvas is to be seen")


class Pen:
    """A mouse on the canvas; places are in parts of 1000 of the widget."""

    def __init__(self):
        self.widget = canvas_widget()
        size = self.widget.size()
        self.size = (size.width(), size.height())

    def _at(self, x, y):
        return QtCore.QPoint(int(self.size[0] * x / 1000), int(self.size[1] * y / 1000))

    def down(self, x, y):
        QTest.mouseMove(self.widget, self._at(x, y))
        QTest.mousePress(self.widget, LEFT, QtCore.Qt.KeyboardModifier.NoModifier, self._at(x, y))

    def move(self, x, y):
        QTest.mouseMove(self.widget, self._at(x, y))

    def up(self, x, y):
        QTest.mouseRelease(self.widget, LEFT, QtCore.Qt.KeyboardModifier.NoModifier, self._at(x, y))


class Stylus(Pen):
    """A tablet's pen on the canvas, with pressure (0 to 1)."""

    def __init__(self, pressure=0.5):
        super().__init__()
        self.pressure = pressure
        self._device = None
        if hasattr(QtGui, "QPointingDevice"):  # Qt 6
            device, pen = QtGui.QInputDevice, QtGui.QPointingDevice
            can = device.Capability.Position | device.Capability.Pressure
            self._device = pen("pen", 77, device.DeviceType.Stylus, pen.PointerType.Pen, can, 1, 2)

    def _send(self, kind, x, y, button, held, pressure):
        at = QtCore.QPointF(self._at(x, y))
        everywhere = QtCore.QPointF(self.widget.mapToGlobal(at.toPoint()))
        keys = QtCore.Qt.KeyboardModifier.NoModifier
        if self._device is not None:
            which, more = (self._device,), (0.0, 0.0, 0.0, 0.0, 0.0, keys)
            event = QtGui.QTabletEvent(kind, *which, at, everywhere, pressure, *more, button, held)
        else:
            tablet = QtGui.QTabletEvent
            which = (tablet.TabletDevice.Stylus, tablet.PointerType.Pen)
            more = (0, 0, 0.0, 0.0, 0, keys, 77)
            event = tablet(kind, at, everywhere, *which, pressure, *more, button, held)
        QtCore.QCoreApplication.sendEvent(self.widget, event)

    def down(self, x, y):
        self._send(QtCore.QEvent.Type.TabletPress, x, y, LEFT, LEFT, self.pressure)

    def move(self, x, y):
        none = QtCore.Qt.MouseButton.NoButton
        self._send(QtCore.QEvent.Type.TabletMove, x, y, none, LEFT, self.pressure)

    def up(self, x, y):
        none = QtCore.Qt.MouseButton.NoButton
        self._send(QtCore.QEvent.Type.TabletRelease, x, y, LEFT, none, 0.0)


def line(start, end, parts):
    return [
        (start[0] + (end[0] - start[0]) * i / parts, start[1] + (end[1] - start[1]) * i / parts)
        for i in range(parts + 1)
    ]


def stroke(points, wait=15, pen=None):
    """`yield from stroke([...])`: a whole stroke, of the mouse if no other pen is given."""
    pen = pen or Pen()
    pen.down(*points[0])
    yield wait
    for point in points[1:]:
        pen.move(*point)
        yield wait
    pen.up(*points[-1])
    yield wait


def idle(document):
    """`yield from idle(doc)`: until Krita has no stroke left to finish."""

    def free():
        if document.tryBarrierLock():
            document.unlock()
            return True
        return False

    return (yield from until(free, 5))


def undo(document):
    """`yield from undo(doc)`: one step back by key, as artists do; the action alone is dropped in a merge."""
    window = K.activeWindow().qwindow().windowHandle()
    QTest.keyClick(window, QtCore.Qt.Key.Key_Z, QtCore.Qt.KeyboardModifier.ControlModifier)
    yield 500
    yield from idle(document)


def whole(node, document):
    return bytes(node.pixelData(0, 0, document.width(), document.height()))


def projection(document, rect=None):
    return bytes(document.pixelData(*(rect or (0, 0, document.width(), document.height()))))


class Heartbeat:
    """How long the interface's thread was away: gaps between ticks of a 5 ms timer."""

    def __init__(self):
        self.gaps, self.last = [], time.perf_counter()
        self.timer = QtCore.QTimer()
        self.timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._beat)
        self.timer.start(5)

    def _beat(self):
        now = time.perf_counter()
        self.gaps.append((now - self.last) * 1000)
        self.last = now

    def stop(self):
        self.timer.stop()
        gaps = sorted(self.gaps) or [0.0]
        return gaps[int(len(gaps) * 0.95)], gaps[-1], len(gaps)


def memory_mib():
    with open("/proc/self/status") as status:
        for row in status:
            if row.startswith("VmRSS"):
                return int(row.split()[1]) / 1024
    return 0.0


__all__ = [name for name in dir() if not name.startswith("_")]
