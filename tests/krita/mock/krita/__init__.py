# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of Krita as Scumble touches, with real pixels. Imports nothing of Scumble.

What waits for strokes in the real Krita raises here while `document.painting` is true. What makes an undo
step is written down in `document.steps`. Redraws happen at Shape.update(), as far as its shape reaches.
"""

from .application import (
    Canvas,
    DockWidget,
    DockWidgetFactory,
    DockWidgetFactoryBase,
    Extension,
    Krita,
    Notifier,
    Preview,
    Undo,
    View,
    Window,
)
from .document import Document, StrokeEnded
from .nodes import Node, Selection, Shape
from .pixels import array, image_pixels

IS_MOCK = True  # the plug-in does not start by itself on it

__all__ = [
    "Canvas", "DockWidget", "DockWidgetFactory", "DockWidgetFactoryBase", "Document", "Extension", "Krita",
    "Node", "Notifier", "Preview", "Selection", "Shape", "StrokeEnded", "Undo", "View", "Window", "array",
    "image_pixels",
]  # fmt: skip
