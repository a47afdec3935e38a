# SPDX-License-Identifier: GPL-3.0-or-later
"""Which window, view and document is meant: asked here and nowhere else.

Krita's own `activeDocument` goes by the window in front, and by the first window while Krita is not in front
at all; `Document.activeNode` by the document's first view. With two windows or two views both mean another
document or layer than the one that the artist clicks in.
"""

from __future__ import annotations

from typing import NamedTuple

from krita import Krita

from .qt import QtGui, QtWidgets, owned

MESSAGE_MS = 5000
CANVASES = ("KisQPainterCanvas", "KisOpenGLCanvas2")  # the widgets that Krita paints on: in software, by GPU


class Front(NamedTuple):
    """A window, its view in front and the document in it; each may be None."""

    window: object = None
    view: object = None
    document: object = None


_last = None  # the main window that was in front last, while Krita was


def windows() -> list:
    return owned(Krita.instance().windows())


def main_window():
    """Qt's main window in front; while another program is, the one that was before."""
    global _last
    widget = QtWidgets.QApplication.activeWindow()
    while widget is not None and not isinstance(widget, QtWidgets.QMainWindow):
        widget = widget.parentWidget()  # a floating docker, a dialog
    if widget is not None:
        _last = widget
    return _last


def front() -> Front:
    """Where the artist is."""
    wanted = main_window()
    for window in windows():
        if wanted is not None and window.qwindow() is wanted:
            return of_window(window)
    return of_window(Krita.instance().activeWindow())


def of_window(window) -> Front:
    view = window.activeView() if window is not None else None
    document = view.document() if view is not None else None
    if document is not None and document.rootNode() is None:
        document = None  # the window is empty, or the document was just closed
    return Front(window, view, document)


def seen() -> list:
    """The documents that can be seen now, the one in front first."""
    found = []
    for place in (front(), *(place for window in windows() for place in _places(window))):
        widget = place.window.qwindow() if place.window is not None else None
        hidden = widget is not None and (widget.isMinimized() or not widget.isVisible())
        if place.document is not None and not hidden and place.document not in found:
            found.append(place.document)
    return found


def _places(window) -> list:
    """A window's view in front; all its views where they lie beside each other."""
    area = _area(window)
    inner = area.activeSubWindow() if area is not None else None
    if inner is None or area.viewMode() != QtWidgets.QMdiArea.ViewMode.SubWindowView or inner.isMaximized():
        return [of_window(window)]
    found = [(view, view.document()) for view in owned(window.views())]
    return [Front(window, view, document) for view, document in found if document is not None]


def _area(window):
    widget = window.qwindow() if window is not None else None
    return widget.findChild(QtWidgets.QMdiArea) if widget is not None else None


def of_docker(docker):
    """The document whose canvas a docker belongs to, None if there is none."""
    canvas = docker.canvas()
    view = canvas.view() if canvas is not None else None
    document = view.document() if view is not None else None
    return None if document is None or document.rootNode() is None else document


def active_node(document):
    """The layer that the artist works on, in the view in front if it shows the document."""
    place = front()
    node = document.activeNode()
    if place.document != document:
        return node
    chosen = owned(place.view.selectedNodes())
    return node if not chosen or node in chosen else chosen[0]


def canvas_widget():
    """The widget that Krita paints on in front, None if there is none."""
    area = _area(front().window)
    view = area.activeSubWindow() if area is not None else None
    found = view.findChildren(QtWidgets.QWidget) if view is not None else ()
    return next((child for child in found if child.metaObject().className() in CANVASES), None)


def has_tool(name: str) -> bool:
    """Whether the artist has this tool of Krita's in hand: its button in the toolbox is down."""
    window = front().window
    widget = window.qwindow() if window is not None else None
    button = widget.findChild(QtWidgets.QToolButton, name) if widget is not None else None
    return button is not None and button.isChecked()


def instant_preview():
    """Krita's action for Instant Preview if it is on, else None."""
    action = Krita.instance().action("level_of_detail_mode")
    return action if action is not None and action.isEnabled() and action.isChecked() else None


def tell(document, sentence: str) -> None:
    """Shows a sentence on the canvas for some seconds, where the document is in front."""
    place = front()
    if document is not None and place.document == document:
        place.view.showFloatingMessage(sentence, QtGui.QIcon(), MESSAGE_MS, 1)


def popup_open() -> bool:
    """Whether a menu is open, in which the artist may be about to choose Undo."""
    return QtWidgets.QApplication.activePopupWidget() is not None
