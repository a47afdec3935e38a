# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints a sketch and shows what the default model makes of it; writes two pictures of Krita's window.

SCUMBLE_SHOT names the folder; tests/krita/make_shot.py makes docs/images/krita.png of them.
"""

import os
import sys
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import K, Pen, QtCore, colour_like, idle, line, new_document, play, say, stroke, until  # noqa: E402
from scumble.canvas import Canvas  # noqa: E402
from scumble.extension import live  # noqa: E402

# (colour red, green, blue; size; points of the stroke in parts of 1000 of the canvas widget)
SKY, HILL, WATER = (0.98, 0.72, 0.42), (0.35, 0.38, 0.55), (0.3, 0.45, 0.65)
FIELD, SUN = (0.24, 0.42, 0.2), (1, 0.95, 0.7)
SKETCH = (
    [(SKY, 150, [(100, y), (500, y), (900, y)]) for y in (80, 200, 320, 420)]
    + [(HILL, 110, [(100, 480), (230, 400), (330, 330), (450, 460), (590, 300), (720, 430), (900, 380)])]
    + [(HILL, 130, [(100, 530), (900, 530)])]
    + [(WATER, 130, [(100, y), (500, y), (900, y)]) for y in (660, 760, 860)]
    + [(FIELD, 130, [(100, 960), (400, 930), (900, 970)]), (FIELD, 110, [(100, 860), (230, 900)])]
    + [(SUN, 50, [(735, 200), (738, 203)])]
)


def brush(colour, size):
    view = K.activeWindow().activeView()
    view.setBrushSize(size)
    red, green, blue = colour
    view.setForeGroundColor(colour_like(view.foregroundColor(), [blue, green, red, 1.0]))


def scenario():
    folder = os.environ["SCUMBLE_SHOT"]
    document = yield from new_document(512)
    window = K.activeWindow().qwindow()
    for panel in K.dockers():
        if panel.windowTitle() not in ("Scumble", "Layers"):
            panel.setVisible(False)
    panel = next(d for d in K.dockers() if d.windowTitle() == "Scumble")
    layers = next(d for d in K.dockers() if d.windowTitle() == "Layers")
    window.splitDockWidget(panel, layers, QtCore.Qt.Orientation.Vertical)
    panel.setVisible(True)
    window.resizeDocks([panel, layers], [620, 250], QtCore.Qt.Orientation.Vertical)
    window.resizeDocks([panel], [340], QtCore.Qt.Orientation.Horizontal)
    yield 1500
    for colour, size, points in SKETCH:
        brush(colour, size)
        path = [points[0]]
        for start, end in zip(points, points[1:], strict=False):
            path += line(start, end, 6)[1:]
        yield from stroke(path, 12)
        yield from idle(document)
    yield 500
    prompt = os.environ.get("SCUMBLE_SHOT_PROMPT", "a mountain lake at sunset")
    chosen = replace(live().settings(document), prompt=prompt)
    live().set_settings(document, chosen)
    live().start(document)
    layer = live().layer(document)
    yield from until(lambda: layer.last_frame is not None and not layer.working, 100)
    Pen().move(500, 990)
    yield 1500
    say("ok   ", live().status(document).text)
    window.grab().save(folder + "/live.png")
    Canvas.find(document).group.setVisible(False)
    document.refreshProjection()
    yield 1500
    window.grab().save(folder + "/sketch.png")


if __name__ == "__krita__":
    play(scenario, 200)
