# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints a sketch and shows what the default model makes of it; writes two pictures of Krita's window.

SCUMBLE_SHOT names the folder; tests/krita/make_shot.py makes docs/images/krita.png of them.
"""

import os
import sys
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import K, QtCore, colour_like, idle, line, new_document, play, say, stroke, until  # noqa: E402
from scumble.canvas import Canvas  # noqa: E402
from scumble.extension import live  # noqa: E402

# (colour red, green, blue; size; points of the stroke in parts of 1000 of the canvas widget)
SKY, HILL, WATER = (0.98, 0.72, 0.42), (0.35, 0.38, 0.55), (0.3, 0.45, 0.65)
FIELD, SUN = (0.24, 0.42, 0.2), (1, 0.95, 0.7)
SKETCH = (
    [(SKY, 120, [(180, y), (500, y), (820, y)]) for y in (80, 180, 280, 380)]
    + [(HILL, 110, [(200, 470), (330, 360), (430, 460), (560, 330), (700, 450), (800, 400)])]
    + [(HILL, 120, [(180, 520), (820, 520)])]
    + [(WATER, 120, [(180, y), (500, y), (820, y)]) for y in (620, 720, 800)]
    + [(FIELD, 120, [(180, 930), (500, 890), (820, 930)]), (FIELD, 90, [(190, 820), (290, 850)])]
    + [(SUN, 60, [(600, 190), (605, 195)])]
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
    yield 1500
    say("ok   ", live().status(document).text)
    window.grab().save(folder + "/live.png")
    Canvas.find(document).group.setVisible(False)
    document.refreshProjection()
    yield 1500
    window.grab().save(folder + "/sketch.png")


if __name__ == "__krita__":
    play(scenario, 200)
