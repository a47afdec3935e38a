# SPDX-License-Identifier: GPL-3.0-or-later
"""A live layer and a window that nobody sees, as documents.py checks them."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import settled  # noqa: E402
from painting import (  # noqa: E402
    K,
    QtCore,
    check,
    idle,
    line,
    stroke,
    until,
)
from scumble.extension import live  # noqa: E402
from scumble.group import ManagedGroup  # noqa: E402


def hiding(document, paper):
    """Hidden, the layer rests; no timer runs. Shown again it follows."""
    group = ManagedGroup.find(document).group
    document.setActiveNode(group)
    yield 200
    K.action("toggle_layer_visibility").trigger()
    yield from until(lambda: "hidden" in live().status(document).text, 3)
    check("hidden: live rests and says so", "hidden" in live().status(document).text)
    yield 300
    check("and no timer runs", not live().loop.timer.isActive())
    document.setActiveNode(paper)
    yield 200
    yield from stroke(line((300, 500), (700, 300), 6))
    yield from idle(document)
    document.setActiveNode(group)
    yield 200
    K.action("toggle_layer_visibility").trigger()
    document.setActiveNode(paper)
    took = yield from until(lambda: settled(document, paper), 6)
    check("shown again: it follows", took is not None)


def minimized(document, paper):
    window = K.activeWindow().qwindow()
    window.showMinimized()
    took = yield from until(lambda: window.isMinimized() and not live().loop.timer.isActive(), 4)
    check("minimized: no timer runs", took is not None)
    paper.setPixelData(QtCore.QByteArray(b"\x30\x60\x90\xff" * 400), 10, 10, 20, 20)
    document.refreshProjection()
    yield 500
    check("and nothing is rendered", not settled(document, paper))
    window.showNormal()
    window.showMaximized()
    took = yield from until(lambda: settled(document, paper), 6)
    check("back again: it follows", took is not None)
