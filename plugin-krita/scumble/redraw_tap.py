# SPDX-License-Identifier: GPL-3.0-or-later
"""The layer by which Krita is asked to merge a part of the stack again: one invisible shape."""

from __future__ import annotations

from krita import Krita

from .qt import QtCore, QtGui, sip

NAME = "Scumble: redraw tap (keep)"


def make(document):
    """A vector layer with one shape as large as the canvas, in no stack yet.

    Krita has no way to give a layer a shape without an undo step. So a first layer gets the shape, a copy of
    it is kept, and the step is taken back, before anything else has happened. Krita may leave out an undo
    while it is busy: then one step more remains, which changes nothing.
    """
    first = document.createVectorLayer(NAME)
    first.addShapesFromSvg(_whole_canvas_shape(document.width(), document.height()))
    tap = first.clone()
    # The step may be done again or undone as long as the document lives, and it does not hold its layer.
    # Without this Krita crashes; with it the first layer, which is empty, is never freed.
    sip.transferto(first, None)
    if document == Krita.instance().activeDocument():  # the one that Krita's own action means
        Krita.instance().action("edit_undo").trigger()
    return tap


def _whole_canvas_shape(width: int, height: int) -> str:
    """A rectangle that covers the canvas and cannot be seen. No larger: Krita draws all of a vector layer,
    and one of 65536 pixels keeps 5.1 busy for good."""
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}"><rect x="-1" y="-1" '
        f'width="{width + 2}" height="{height + 2}" fill="#000000" fill-opacity="0" stroke="none"/></svg>'
    )


def lay_over(shape, rect: tuple, document) -> None:
    """Moves and stretches the shape to these pixels of the canvas. Undocumented: unlike adding a shape,
    setting its transformation makes no undo step and waits for nothing."""
    box = shape.boundingBox()  # in points
    across, down = 72 / document.xRes(), 72 / document.yRes()
    # A pixel more on each side, for what is lost in rounding.
    need = QtCore.QRectF(
        (rect[0] - 1) * across, (rect[1] - 1) * down, (rect[2] + 2) * across, (rect[3] + 2) * down
    )
    apart = max(abs(a - b) for a, b in zip(need.getRect(), box.getRect()))
    if box.isEmpty() or apart < across / 4:
        return
    fit = QtGui.QTransform()
    fit.translate(need.x(), need.y())
    fit.scale(need.width() / box.width(), need.height() / box.height())
    fit.translate(-box.x(), -box.y())
    shape.setTransformation(shape.transformation() * fit)
