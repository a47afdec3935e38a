# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints a sketch and shows what the default model makes of it; writes sketch.png and live.png.

SCUMBLE_SHOT names the folder; tests/krita/make_shot.py makes docs/images/krita.png of them. SCUMBLE_SHOT_SIDE
is the canvas's; above 512 closer.png shows a part of it pixel by pixel.
"""

import os
import sys
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from painting import (  # noqa: E402
    K,
    Pen,
    QtCore,
    canvas_widget,
    colour_like,
    idle,
    line,
    new_document,
    play,
    say,
    stroke,
    until,
)
from scumble.extension import live  # noqa: E402

# (colour red, green, blue; size; points of the stroke in parts of 1000 of the canvas widget)
SKY, GLOW, FAR, NEAR = (0.95, 0.62, 0.38), (0.99, 0.8, 0.5), (0.5, 0.46, 0.6), (0.32, 0.34, 0.48)
WATER, SHINE, FIELD, SUN = (0.3, 0.43, 0.62), (0.85, 0.66, 0.5), (0.2, 0.33, 0.18), (1, 0.95, 0.7)
SKETCH = (
    [(SKY, 150, [(60, y), (500, y), (940, y)]) for y in (60, 180)]
    + [(GLOW, 150, [(60, y), (500, y), (940, y)]) for y in (300, 400)]
    + [(SUN, 60, [(690, 250), (693, 253)])]
    + [(FAR, 90, [(60, 470), (180, 400), (300, 440), (430, 350), (560, 430), (700, 390), (940, 480)])]
    + [(FAR, 110, [(60, 520), (940, 520)])]
    + [(NEAR, 80, [(60, 520), (150, 440), (230, 420), (330, 500), (420, 560)])]
    + [(NEAR, 70, [(760, 560), (940, 490)])]
    + [(WATER, 120, [(60, y), (500, y), (940, y)]) for y in (640, 740, 840)]
    + [(SHINE, 9, [(690 - w, y), (690 + w, y)]) for y, w in ((610, 70), (640, 50), (675, 80), (720, 40))]
    + [(FIELD, 130, [(60, 960), (400, 930), (940, 980)]), (FIELD, 90, [(60, 860), (220, 900)])]
)


def brush(colour, size):
    view = K.activeWindow().activeView()
    view.setBrushSize(size)
    red, green, blue = colour
    view.setForeGroundColor(colour_like(view.foregroundColor(), [blue, green, red, 1.0]))


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
    panel.more.button.setChecked(True)
    window.resizeDocks([panel, layers], [560, 240], QtCore.Qt.Orientation.Vertical)
    window.resizeDocks([panel], [330], QtCore.Qt.Orientation.Horizontal)
    yield 800
    return window


def scenario():
    folder = os.environ["SCUMBLE_SHOT"]
    window = yield from arrange()  # first: Krita fits a new picture into the place that it finds
    side = int(os.environ.get("SCUMBLE_SHOT_SIDE", "512"))
    document = yield from new_document(side)
    for colour, size, points in SKETCH:
        brush(colour, size * side / 512)
        path = [points[0]]
        for start, end in zip(points, points[1:], strict=False):
            path += line(start, end, 6)[1:]
        yield from stroke(path, 12)
        yield from idle(document)
    yield 500
    Pen().move(500, 1500)  # off the canvas, and the brush's outline with it
    yield 500
    canvas_widget().grab().save(folder + "/sketch.png")
    K.action("view_zoom_out").trigger()  # Krita leaves no room for its scroll bars
    yield 500
    prompt = os.environ.get("SCUMBLE_SHOT_PROMPT", "a mountain lake at sunset")
    live().set_settings(document, replace(live().settings(document), prompt=prompt))
    live().start(document)
    layer = live().of(document)
    yield from until(lambda: layer.last_frame is not None and not layer.working, 200)
    # Once more, with the model loaded: the line of state then tells of a picture, not of the loading.
    live().set_settings(document, replace(live().settings(document), seed=2))
    yield 300
    yield from until(lambda: not layer.working, 100)
    yield 1500
    say("ok   ", live().status(document).text)
    window.grab().save(folder + "/live.png")
    if side > 512:
        K.action("zoom_to_100pct").trigger()
        yield 1500
        window.grab().save(folder + "/closer.png")


if __name__ == "__krita__":
    play(scenario, 400)
