# SPDX-License-Identifier: GPL-3.0-or-later
"""All that knows Krita's nodes: the managed group, reading the paint, writing the picture, the selection.

    Scumble           group, pass-through
     ├ live picture   paint layer, locked         written with setPixelData
     ├ redraw tap     vector layer, locked        asks Krita to merge the stack again
     └ paint tap      filter layer, locked        its projection is all that lies below
    …the artist's layers…

Krita has no documented way to read "everything below a layer" or to redraw without ending the stroke in
progress. Three undocumented ones are used; each stands in one function here (`read`, `redraw`,
`_lay_over`), and tests/krita/run_e2e.py fails when a Krita no longer behaves so.

Never call here, while the artist may be painting, what waits for Krita's strokes: waitForDone, lock,
refreshProjection (since 5.2), setBlendingMode, addChildNode, remove, addShapesFromSvg. They end the stroke.
`make` and `apply` call some of them: they run on the artist's click.
"""  # fmt: skip

from __future__ import annotations

import time

from krita import Krita, Selection

from .engine import Frame, ScumbleError
from .gathering import Gathering
from .pixels import Buffer, Coverage, PixelFormat, Refused, intersect, pixel_format
from .qt import QtCore, QtGui, owned, sip, tr

GROUP_NAME = "Scumble"
LIVE_NAME = "Scumble: live picture"
REDRAW_NAME = "Scumble: redraw tap (keep)"
SOURCE_NAME = "Scumble: paint tap (keep)"
SPECK = (0, 0, 1, 1)  # a redraw that costs nothing


class Gone(ScumbleError):
    """The managed group is no longer there, or no longer whole."""


class Canvas:
    """The managed group of one document."""

    def __init__(self, document, group):
        parts = {node.name(): node for node in owned(group.childNodes())}
        try:
            self.live, self.tap, self.source = parts[LIVE_NAME], parts[REDRAW_NAME], parts[SOURCE_NAME]
        except KeyError as error:
            raise Gone(
                tr("Scumble's group is not whole any more; delete it and start live again.")
            ) from error
        self.document, self.group = document, group
        self._out: Buffer | None = None
        self._gathering = Gathering(Krita.instance().version())
        self.ask_again_at: float | None = None  # of time.perf_counter: then `nudge` makes a redraw begin

    @staticmethod
    def find(document) -> Canvas | None:
        """The managed group of a document that has one, e.g. after it was opened again."""
        root = document.rootNode()
        waiting = owned(root.childNodes()) if root else []
        while waiting:
            node = waiting.pop()
            if node.type() == "grouplayer":
                children = owned(node.childNodes())
                if {LIVE_NAME, REDRAW_NAME, SOURCE_NAME} <= {child.name() for child in children}:
                    return Canvas(document, node)
                waiting += children
        return None

    @staticmethod
    def make(document) -> Canvas:
        """Puts a new managed group above the active layer, which stays active. One undo step."""
        pixel_format(document.colorModel(), document.colorDepth(), document.colorProfile())
        active = document.activeNode()
        if active is None:
            raise Refused(tr("Select a layer first: the live layer is made above it."))
        below = _layer_of(active)
        if below.parentNode() is None:  # the active layer was just deleted
            below = active = owned(document.rootNode().childNodes())[-1]
        group = document.createGroupLayer(GROUP_NAME)
        group.setPassThroughMode(True)
        # An empty selection would do nothing for a filter that does something; this one changes no pixel.
        source = document.createFilterLayer(SOURCE_NAME, Krita.instance().filter("levels"), Selection())
        live = document.createNode(LIVE_NAME, "paintlayer")
        parts = [source, _redraw_tap(document), live]
        for node in parts:
            node.setLocked(True)
        group.setChildNodes(parts)  # unlike addChildNode this makes no undo step
        below.parentNode().addChildNode(group, below)
        keep_active(document, active)
        return Canvas(document, group)

    def refresh(self) -> None:
        """Makes Krita merge everything once, so that a new tap has something to show. Ends a stroke in
        progress: for the artist's click on Live only."""
        self.document.refreshProjection()

    def check(self) -> None:
        """Raises Gone when the group was deleted, undone away, taken apart or its document closed."""
        root = self.document.rootNode()
        if root is None or self.group.parentNode() is None:
            raise Gone(tr("The live layer was removed, so live is off. Start it again to make a new one."))
        for node in (self.live, self.tap, self.source):
            parent = node.parentNode()
            if parent is None or parent != self.group:
                raise Gone(
                    tr("Scumble's group was taken apart, so live is off. Delete it and start live again.")
                )
        if not self.source.index() < self.live.index():
            raise Gone(tr("The paint tap must stay below the live picture; live is off."))

    @property
    def size(self) -> tuple[int, int]:
        return self.document.width(), self.document.height()

    def format(self) -> PixelFormat:
        """The live picture's format, which is the document's. Raises Refused if it cannot be rendered."""
        node = self.live
        return pixel_format(node.colorModel(), node.colorDepth(), node.colorProfile())

    def shown(self) -> bool:
        """Whether the artist lets the live picture be seen: a hidden tap is not kept up to date by Krita."""
        return self.group.visible() and self.live.visible() and self.source.visible()

    def read(self, rect: tuple) -> Buffer:
        """Everything below the live layer, the stroke in progress included, the live picture excluded.

        Undocumented: a filter layer's projection is the composite of the layers below with the filter
        applied, and this filter changes nothing. `pixelData` would lack the stroke in progress.
        """
        return Buffer(self.source.projectionPixelData(*rect))

    def write(self, frame: Frame, rect: tuple, pixels: PixelFormat) -> None:
        """Puts the part of a frame inside `rect` into the live layer. Nothing is seen before `redraw`.

        setPixelData makes no undo step, works on a locked layer and leaves a stroke in progress alone.
        """
        part = intersect(rect, frame.rect)
        if part is None:
            return
        length = part[2] * part[3] * pixels.bytes_per_pixel
        if self._out is None or self._out.length != length:
            self._out = Buffer.zeros(length)
        frame.copy_to(part, self._out.address, length)
        self.live.setPixelData(self._out.array, *part)

    def clear(self, rect: tuple, pixels: PixelFormat) -> None:
        """Makes a part of the live picture transparent; seen after `redraw`."""
        length = rect[2] * rect[3] * pixels.bytes_per_pixel
        self.live.setPixelData(QtCore.QByteArray(length, b"\0"), *rect)

    def redraw(self, rect: tuple | None = None) -> None:
        """Asks Krita to merge and show a part of the stack again (None: all of it), soon and without waiting.

        Undocumented: Shape.update() marks the shape's area of its layer as changed, and Krita merges all
        layers there in the background. refreshProjection would do so at once, but since Krita 5.2 it ends the
        stroke.
        The shape is looked up anew each time: when the artist deletes it, a kept one would point nowhere.
        """
        shapes = owned(self.tap.shapes())
        if not shapes:
            raise Gone(tr("The live layer was undone, so live is off. Start it again to make a new one."))
        _lay_over(shapes[0], rect or (0, 0, *self.size), self.document)
        shapes[0].update()
        self.ask_again_at = self._gathering.asked(time.perf_counter())

    def nudge(self) -> None:
        """Lets Krita begin what it was asked to redraw (gathering.py); due at `ask_again_at`."""
        self.redraw(SPECK)

    def expect(self, picture_at: float, takes: float) -> None:
        """Wakes Krita in time for the redraw of a picture (gathering.py); to be called again and again."""
        now = time.perf_counter()
        if self._gathering.asleep(now) and now >= self._gathering.wake_at(picture_at, takes):
            self.redraw(SPECK)
            self.ask_again_at = None  # there is nothing to be seen yet

    def selection(self) -> Coverage | None:
        """The part of the artist's selection that lies on the canvas; None where nothing is selected."""
        selection = self.document.selection()
        if selection is None:
            return None
        bounds = (selection.x(), selection.y(), selection.width(), selection.height())
        rect = intersect(bounds, (0, 0, *self.size))
        if rect is None:
            return None
        return Coverage(rect, bytes(selection.pixelData(*rect)))

    def apply(self, name: str) -> None:
        """Copies the picture into an ordinary paint layer above the group: one undo step."""
        rect = (0, 0, *self.size)
        layer = self.document.createNode(name, "paintlayer")
        layer.setPixelData(self.live.pixelData(*rect), *rect)
        layer.setOpacity(self.live.opacity())
        active = self.document.activeNode()
        self.group.parentNode().addChildNode(layer, self.group)
        if active is not None:
            keep_active(self.document, active)


def _layer_of(node):
    """The layer that a new group goes above: the node, or the layer that the mask belongs to."""
    while node.type().endswith("mask") and node.parentNode() is not None:
        node = node.parentNode()
    return node


def keep_active(document, node) -> None:
    """Krita makes an added layer active a little later; this makes `node` active again after that."""

    def restore():
        try:
            if document.rootNode() is not None and node.parentNode() is not None:
                document.setActiveNode(node)
        except RuntimeError:
            pass  # the document is gone

    for milliseconds in (0, 150):
        QtCore.QTimer.singleShot(milliseconds, restore)


def _redraw_tap(document):
    """A vector layer with one shape as large as the canvas, in no stack yet.

    Krita has no way to give a layer a shape without an undo step. So a first layer gets the shape, a copy of
    it is kept, and the step is taken back, before anything else has happened. Krita may leave out an undo
    while it is busy: then one step more remains, which changes nothing.
    """
    first = document.createVectorLayer(REDRAW_NAME)
    first.addShapesFromSvg(_whole_canvas_shape(document.width(), document.height()))
    tap = first.clone()
    # The step may be done again or undone as long as the document lives, and it does not hold its layer.
    # Without this Krita crashes; with it the first layer, which is empty, is never freed.
    sip.transferto(first, None)
    if document == Krita.instance().activeDocument():
        Krita.instance().action("edit_undo").trigger()
    return tap


def _whole_canvas_shape(width: int, height: int) -> str:
    """A rectangle that covers the canvas and cannot be seen. No larger: Krita draws all of a vector layer,
    and one of 65536 pixels keeps 5.1 busy for good."""
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}"><rect x="-1" y="-1" '
        f'width="{width + 2}" height="{height + 2}" fill="#000000" fill-opacity="0" stroke="none"/></svg>'
    )


def _lay_over(shape, rect: tuple, document) -> None:
    """Moves and stretches the shape to these pixels of the canvas. Undocumented: unlike adding a shape,
    setting its transformation makes no undo step and waits for nothing."""
    box = shape.boundingBox()  # in points
    across, down = 72 / document.xRes(), 72 / document.yRes()
    # A pixel more on each side, for what is lost in rounding.
    need = QtCore.QRectF(
        (rect[0] - 1) * across, (rect[1] - 1) * down, (rect[2] + 2) * across, (rect[3] + 2) * down
    )
    apart = max(abs(a - b) for a, b in zip(need.getRect(), box.getRect(), strict=True))
    if box.isEmpty() or apart < across / 4:
        return
    fit = QtGui.QTransform()
    fit.translate(need.x(), need.y())
    fit.scale(need.width() / box.width(), need.height() / box.height())
    fit.translate(-box.x(), -box.y())
    shape.setTransformation(shape.transformation() * fit)
