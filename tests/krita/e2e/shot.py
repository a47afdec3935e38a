# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints the recorded landscape with a pen and shows what the default model makes of it, while it does.

Writes into the folder SCUMBLE_SHOT: paint.png and window.png when it is finished, and film/NNN-paint.png and
film/NNN-window.png, PER_SECOND of them a second, from the lake on. tests/krita/make_shot.py makes docs/images
of them. SCUMBLE_SHOT_SIDE is the canvas's; above 512 closer.png shows a part of it pixel by pixel.
"""

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import (  # noqa: E402
    K,
    Pen,
    QtCore,
    QtGui,
    Stylus,
    colour_like,
    idle,
    new_document,
    play,
    say,
    until,
    whole,
)
from scumble.extension import live  # noqa: E402

PER_SECOND = 8
RECORDING = Path(__file__).parents[2] / "recordings/landscape.json"
BEGIN, END = "2 mountains, other words", "4 finished"  # the film goes from one mark to the other, and on
WORDS = (
    "snowy mountains above a calm lake at sunset",
    "snowy mountains above a dark lake at night under stars",
)
STRENGTH = 0.45
AFTERWARDS = 3000  # milliseconds that the finished picture, and the one of other words, are looked at
SOFT, HARD = "b) Airbrush Soft", "b) Basic-5 Size"
DENSE = 8  # milliseconds between two points that are sent


def arrange():
    """Two dockers."""
    window = K.activeWindow().qwindow()
    for panel in K.dockers():
        if panel.windowTitle() not in ("Scumble", "Layers"):
            panel.setVisible(False)
    panel = next(d for d in K.dockers() if d.windowTitle() == "Scumble")
    layers = next(d for d in K.dockers() if d.windowTitle() == "Layers")
    window.splitDockWidget(panel, layers, QtCore.Qt.Orientation.Vertical)
    panel.setVisible(True)
    window.resizeDocks([panel, layers], [420, 240], QtCore.Qt.Orientation.Vertical)
    window.resizeDocks([panel], [330], QtCore.Qt.Orientation.Horizontal)
    yield 800
    return window


def brush(colour, size, opacity, hardness):
    view, presets = K.activeWindow().activeView(), K.resources("preset")
    name = SOFT if hardness < 0.3 and SOFT in presets else HARD
    if name in presets and view.currentBrushPreset().name() != name:
        view.setCurrentBrushPreset(presets[name])
    view.setBrushSize(size * (1.5 if name == SOFT else 1))
    view.setPaintingOpacity(opacity)
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    view.setForeGroundColor(colour_like(view.foregroundColor(), [blue, green, red, 1.0]))


def centre(before, after, side):
    """Of what differs between two states of a layer, in pixels of the canvas."""
    spots = [n for n in range(0, len(before), 4) if before[n : n + 4] != after[n : n + 4]]
    across, down = [n // 4 % side for n in spots], [n // 4 // side for n in spots]
    return (min(across) + max(across) + 1) / 2, (min(down) + max(down) + 1) / 2


def mapping(document):
    """Where a place of the canvas lies on its widget, in Pen's parts of 1000; found by two short
    strokes, which are undone."""
    layer, side, found = document.activeNode(), document.width(), []
    brush("#000000", side / 40, 1.0, 1.0)
    for at in ((400, 400), (600, 600)):
        before, pen = whole(layer, document), Pen()
        pen.down(at[0] - 6, at[1])
        yield 50
        pen.move(at[0] + 6, at[1])
        yield 50
        pen.up(at[0] + 6, at[1])
        yield 300
        yield from idle(document)
        found.append((at, centre(before, whole(layer, document), side)))
        K.action("edit_undo").trigger()
        yield 400
        yield from idle(document)
    ((ax, ay), (px, py)), ((bx, by), (qx, qy)) = found
    return lambda x, y: (ax + (x - px) * (bx - ax) / (qx - px), ay + (y - py) * (by - ay) / (qy - py))


def paint(event, place, scale):
    """A recorded stroke in its own time, with its pressure."""
    brush(event["colour"], event["size"] * scale, event["opacity"], event["hardness"])
    pen, began, down, sent = Stylus(), time.perf_counter(), False, -DENSE
    for at, x, y, pressure in event["points"]:
        if at - sent < DENSE:
            continue
        late = at / 1000 - (time.perf_counter() - began)
        if late > 0:
            yield late * 1000
        pen.pressure, sent = max(0.05, pressure), at
        (pen.move if down else pen.down)(*place(x * scale, y * scale))
        down = True
    pen.up(*place(x * scale, y * scale))
    yield 5


class Film(QtCore.QObject):
    """Pictures of the paint and of the window, kept until they are written."""

    def __init__(self, window):
        super().__init__()
        self.window, self.frames = window, []
        self.timer = QtCore.QTimer(self)
        self.timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.take)

    def begin(self, document):
        self.document = document
        self.timer.start(1000 // PER_SECOND)

    def take(self):
        self.frames.append((painted(self.document), self.window.grab()))

    def write(self, folder):
        self.timer.stop()
        folder.mkdir()
        for number, (paint, window) in enumerate(self.frames):
            paint.save(str(folder / f"{number:03}-paint.png"))
            window.save(str(folder / f"{number:03}-window.png"))


def painted(document):
    """What the engine sees: all that lies below the live layer, the stroke in progress included."""
    side = document.width()
    pixels = live().of(document).group.read((0, 0, side, side)).array
    return QtGui.QImage(bytes(pixels), side, side, QtGui.QImage.Format.Format_ARGB32).copy()


def scenario():
    folder = Path(os.environ["SCUMBLE_SHOT"])
    window = yield from arrange()  # first: Krita fits a new picture into the place that it finds
    side = int(os.environ.get("SCUMBLE_SHOT_SIDE", "512"))
    document = yield from new_document(side)
    K.action("view_zoom_out").trigger()  # Krita leaves no room for its scroll bars
    yield 500
    place, scale = (yield from mapping(document)), side / 512
    pen = Stylus()  # Krita leaves out what the first pen of all does
    pen.down(2, 2)
    pen.up(2, 2)
    yield 500
    film, recording = Film(window), json.loads(RECORDING.read_text())
    for event in recording["events"]:
        if event["do"] == "stroke":
            yield from paint(event, place, scale)
        elif event.get("label") == BEGIN:
            yield from idle(document)
            chosen = live().settings(document)
            live().set_settings(document, replace(chosen, prompt=WORDS[0], strength=STRENGTH, seed=7))
            live().start(document)
            layer = live().of(document)
            yield from until(lambda layer=layer: layer.last_frame is not None and not layer.working, 200)
            film.begin(document)
            yield 700
        elif event.get("label") == END:
            break
    yield from idle(document)
    yield from until(lambda: not layer.working, 200)
    Pen().move(500, 1500)  # off the canvas, and the brush's outline with it
    yield AFTERWARDS / 2
    painted(document).save(str(folder / "paint.png"))
    window.grab().save(str(folder / "window.png"))
    say("ok   ", live().status(document).text)
    if side > 512:
        K.action("zoom_to_100pct").trigger()
        yield 1500
        window.grab().save(str(folder / "closer.png"))
    chosen = live().settings(document)
    live().set_settings(document, replace(chosen, prompt=WORDS[1], strength=0.6))
    yield AFTERWARDS
    film.write(folder / "film")


if __name__ == "__krita__":
    play(scenario)
