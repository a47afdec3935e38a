# SPDX-License-Identifier: GPL-3.0-or-later
"""All that knows Krita's nodes: the managed group, reading the paint, writing the picture, the selection.

    Scumble           group, pass-through
     ├ live picture   paint layer, locked         written with setPixelData
     ├ redraw tap     vector layer, locked        asks Krita to merge the stack again
     ├ paint tap      filter layer, locked        its projection is all that lies below
     └ base           vector layer, locked        makes Krita fill the paint tap anew
    …the artist's layers…

Krita has no documented way to read "everything below a layer" or to redraw without ending the stroke in
progress. Three undocumented ones are used; each stands in one function (`read`, `redraw`, and `lay_over` of
redraw_tap.py), and tests/krita/run_e2e.py fails when a Krita no longer behaves so.

Never call here, while the artist may be painting, what waits for Krita's strokes: waitForDone, lock,
refreshProjection (since 5.2), setBlendingMode, addChildNode, remove, addShapesFromSvg. They end the stroke.
`make` and `apply` call some of them: they run on the artist's click.
"""  # fmt: skip

from __future__ import annotations

import time

from krita import Krita, Selection

from . import host, redraw_tap, stack
from .engine import Frame
from .gathering import Gathering
from .library import ScumbleError
from .pixels import EMPTY, Buffer, Coverage, PixelFormat, Refused, intersect, pixel_format
from .qt import QtCore, QtGui, owned, tr

GROUP_NAME = "Scumble"
LIVE_NAME = "Scumble: live picture"
SOURCE_NAME = "Scumble: paint tap (keep)"
BASE_NAME = "Scumble: base (keep)"  # not in groups of the first version
KINDS = {LIVE_NAME: "paintlayer", redraw_tap.NAME: "vectorlayer", SOURCE_NAME: "filterlayer"}
SPECK = (0, 0, 1, 1)  # a redraw that costs nothing
MAX_SIDE = 16384  # pixels, of the library
PIECE_BYTES = 4 << 20  # what is read or written in one go


class Gone(ScumbleError):
    """The managed group is no longer there, or no longer whole."""


class OtherColours(Refused):
    """The live layer's pixels are not of the document's kind."""


class ManagedGroup:
    """The managed group of one document."""

    def __init__(self, document, group):
        children = owned(group.childNodes())
        kinds = {node.type(): node for node in children}  # an artist may have given them other names
        kinds.update({KINDS[node.name()]: node for node in children if node.name() in KINDS})
        try:
            self.live, self.tap, self.source = (kinds[kind] for kind in KINDS.values())
        except KeyError as error:
            raise Gone(
                tr("Scumble's group is not whole any more; delete it and start live again.")
            ) from error
        self.base = next((node for node in children if node.name() == BASE_NAME), None)
        self.document, self.group = document, group
        self.identity = group.uniqueId().toString()
        self._out: Buffer | None = None
        self._aside = False
        self._asked = SPECK  # what was to be redrawn last
        self._gathering = Gathering(Krita.instance().version())
        self.ask_again_at: float | None = None  # of time.perf_counter: then `nudge` makes a redraw begin

    @staticmethod
    def find(document, known: str = "") -> ManagedGroup | None:
        """The managed group of a document that has one, e.g. after it was opened again. Raises Gone where it
        was taken apart."""
        group = find_group(stack.walk(document), known)
        return None if group is None else ManagedGroup(document, group)

    @staticmethod
    def make(document, regions: set[str] = frozenset()) -> ManagedGroup:
        """Puts a new managed group above the active layer, which stays active; below one of the groups (by
        id) that hold regions, where it lies in that. One undo step."""
        check_document(document)
        active = host.active_node(document)
        if active is None:
            raise Refused(tr("Select a layer first: the live layer is made above it."))
        below = stack.layer_of(active)
        if below.parentNode() is None:  # the active layer was just deleted, or is the global selection
            below = active = owned(document.rootNode().childNodes())[-1]
        group = document.createGroupLayer(GROUP_NAME)
        group.setPassThroughMode(True)
        group.setCollapsed(True)
        # An empty selection would do nothing for a filter that does something; this one changes no pixel.
        source = document.createFilterLayer(SOURCE_NAME, Krita.instance().filter("levels"), Selection())
        live = document.createNode(LIVE_NAME, "paintlayer")
        tap = redraw_tap.make(document)
        base = tap.clone()
        base.setName(BASE_NAME)
        parts = [base, source, tap, live]
        for node in parts:
            node.setLocked(True)
        group.setChildNodes(parts)  # unlike addChildNode this makes no undo step
        parent, below = _outside(below, regions, document.rootNode())
        parent.addChildNode(group, below)
        stack.make_active(document, active, group)
        return ManagedGroup(document, group)

    def refresh(self) -> None:
        """Makes Krita merge everything once, so that a new tap has something to show. Ends a stroke in
        progress: for the artist's click on Live only."""
        self.document.refreshProjection()

    def check(self) -> None:
        """Raises Gone when the group was deleted, undone away, taken apart or its document closed."""
        root = self.document.rootNode()
        if not stack.is_in(self.group, root):
            raise Gone(tr("The live layer was removed, so live is off. Start it again to make a new one."))
        if any(part.parentNode() != self.group for part in (self.live, self.tap, self.source)):
            raise Gone(
                tr("Scumble's group was taken apart, so live is off. Delete the rest of it, then press Live.")
            )
        if not self.source.index() < self.live.index():
            raise Gone(tr("The paint tap must stay below the live picture; live is off."))
        blind = self._blind(root)
        # What Krita leaves of locked layers. Live off hides the group alone, not what is in it.
        if blind is self.group and not self.group.visible() and not self.source.visible():
            raise Gone(
                tr("The live picture was merged into another layer, so live is off. Undo that, or delete "
                   "Scumble's group and press Live.")
            )  # fmt: skip
        if blind is not None:
            raise Gone(
                tr("The layer group “{name}” hides what lies below it from Scumble; live is off. Switch on "
                   "its pass-through mode (the brick wall in the Layers docker), then press Live.")
                .format(name=blind.name())
            )  # fmt: skip

    def _blind(self, root):
        """The group that leaves Scumble nothing to see: not pass-through, nothing below Scumble's."""
        if not self.group.passThroughMode():
            return self.group
        node = self.group
        while node.index() == 0 and node.parentNode() != root:
            node = node.parentNode()
            if not node.passThroughMode():
                return node
        return None

    @property
    def size(self) -> tuple[int, int]:
        return self.document.width(), self.document.height()

    def format(self) -> PixelFormat:
        """The document's pixels, which are the live picture's too. Raises Refused if they cannot be
        rendered."""
        pixels = check_document(self.document)
        own = self.live.colorModel(), self.live.colorDepth(), self.live.colorProfile()
        if own != _colours(self.document):
            raise OtherColours(
                tr("The live picture has other colours than the document ({own}), so live is off. Delete "
                   "Scumble's group and start live again.").format(own=" ".join(own))
            )  # fmt: skip
        return pixels

    def shown(self) -> bool:
        """Whether the artist lets the live picture be seen: a hidden tap is not kept up to date by Krita."""
        seen = stack.seen(self.group, self.document.rootNode())
        return seen and self.source.visible() and (self._aside or self.live.visible())

    @property
    def aside(self) -> bool:
        return self._aside

    def stand_aside(self, aside: bool) -> None:
        """Hides the picture, so that the paint is seen where the picture does not follow it, or shows it
        again. Makes no undo step and leaves a stroke in progress alone."""
        if aside != self._aside:
            self._aside = aside
            self._cover()
            self.live.setVisible(not aside)

    def show(self) -> None:
        """Shows all of the group, whoever hid it."""
        for node in (self.group, self.live, self.source, self.tap):
            if not node.visible():
                node.setVisible(True)

    def hide(self) -> None:
        """Hides the group: the artist sees the paint. One that is gone, too: redo may bring it back, with an
        old picture that nobody renders any more."""
        if self.document.rootNode() is not None:
            if self.group.parentNode() is not None:
                self._cover()
            self.group.setVisible(False)

    def read(self, rect: tuple) -> Buffer:
        """Everything below the live layer, the stroke in progress included, the live picture excluded.

        Undocumented: a filter layer's projection is the composite of the layers below with the filter
        applied, and this filter changes nothing. `pixelData` would lack the stroke in progress.
        """
        return Buffer(self.source.projectionPixelData(*rect))

    def write(self, frame: Frame | None, rect: tuple, pixels: PixelFormat, layer=None) -> None:
        """Puts the part of a frame inside `rect`, which lies in it, into the live layer, or a copy of it;
        without a frame that part becomes transparent. Nothing is seen before `redraw`.

        setPixelData makes no undo step, works on a locked layer and leaves a stroke in progress alone.
        """
        length = rect[2] * rect[3] * pixels.bytes_per_pixel
        layer = self.live if layer is None else layer
        if frame is None:
            layer.setPixelData(QtCore.QByteArray(length, b"\0"), *rect)
            return
        if self._out is None or self._out.length != length:
            self._out = Buffer.zeros(length)
        frame.copy_to(rect, self._out.address, length)
        layer.setPixelData(self._out.array, *rect)

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
        self._asked = rect or (0, 0, *self.size)
        self._update(shapes[0], self._asked)
        self.ask_again_at = self._gathering.asked(time.perf_counter())

    def _cover(self) -> None:
        """Before something is hidden or shown: Krita then draws as far as the redraw tap's shape was laid
        last."""
        for shape in owned(self.tap.shapes()):
            self._update(shape, (0, 0, *self.size))

    def fill_tap(self) -> None:
        """Makes Krita merge everything from the paint upwards. When a layer just below the group is removed,
        Krita 5 merges only what is above it, and the paint tap goes on showing the layer that is gone."""
        shapes = owned(self.base.shapes()) if self.base is not None else ()
        for shape in shapes:
            self._update(shape, (0, 0, *self.size))
        self.redraw()

    def _update(self, shape, rect: tuple) -> None:
        redraw_tap.lay_over(shape, rect, self.document)
        shape.update()

    def nudge(self) -> None:
        """Lets Krita begin what it was asked to redraw (gathering.py); due at `ask_again_at`. By the same
        rectangle: Krita takes the one around all that it was asked for."""
        self.redraw(self._asked)

    def expect(self, picture_at: float, takes: float) -> None:
        """Wakes Krita in time for the redraw of a picture (gathering.py); to be called again and again."""
        now = time.perf_counter()
        if self._gathering.asleep(now) and now >= self._gathering.wake_at(picture_at, takes):
            self.redraw(SPECK)
            self.ask_again_at = None  # there is nothing to be seen yet

    def selection(self) -> Coverage | None:
        """The part of the artist's selection that lies on the canvas, which may be empty; None where nothing
        limits what is painted."""
        selection = self.document.selection()
        if selection is None:
            return None
        bounds = (selection.x(), selection.y(), selection.width(), selection.height())
        rect = intersect(bounds, (0, 0, *self.size))
        return EMPTY if rect is None else Coverage(rect, bytes(selection.pixelData(*rect)))

    def picture(self):
        """A copy of the live layer that is in no stack, with its opacity, blending mode and masks. No pixel
        is copied before the live layer is overwritten."""
        layer = self.live.clone()
        layer.setLocked(False)
        return layer

    def thumbnail(self, side: int, layer=None) -> QtGui.QImage:
        """The picture, or a copy of it, no larger than that on its longer side."""
        layer, scale = self.live if layer is None else layer, side / max(self.size)
        return layer.thumbnail(*(max(1, round(length * scale)) for length in self.size))

    def lay_aside(self, layer, name: str) -> None:
        """Puts one of `picture`, or a copy of it, above the group, hidden. One undo step."""
        layer.setName(name)
        stack.add_hidden(self.document, layer, self.group.parentNode(), self.group)

    def apply(self, name: str) -> None:
        """Copies the picture into an ordinary paint layer below the group, as paint to go on from, and makes
        it active. One undo step."""
        layer = self.picture()
        layer.setName(name)
        layer.setVisible(True)
        parent, below = stack.right_below(self.group, self.document.rootNode())
        parent.addChildNode(layer, below)
        stack.make_active(self.document, layer, layer)


def find_group(nodes, known: str = ""):
    """The managed group's layer, whole or taken apart, None where there is none; `nodes` are a document's, as
    `stack.walk` finds them. Of several, e.g. after the artist has duplicated it, the one whose `identity` is
    known, else the lowest: those above it would render its picture."""
    groups = [node for node, _ in nodes if node.type() == "grouplayer"]
    by_id = [node for node in groups if node.uniqueId().toString() == known]
    whole = [node for node in groups if set(KINDS) <= {child.name() for child in owned(node.childNodes())}]
    return next(iter(by_id + whole[::-1]), None)


def _colours(document) -> tuple:
    return document.colorModel(), document.colorDepth(), document.colorProfile()


def check_document(document) -> PixelFormat:
    """The document's pixels. Raises Refused if no live layer can be made in it."""
    width, height = document.width(), document.height()
    if max(width, height) > MAX_SIDE:
        raise Refused(
            tr("This document is {width} × {height} pixels; Scumble renders up to {most} a side. Scale it or "
               "crop it first (Image menu).").format(width=width, height=height, most=MAX_SIDE)
        )  # fmt: skip
    return pixel_format(*_colours(document))


def _outside(node, groups: set[str], root) -> tuple:
    """(parent, layer) above which something comes that is to lie above a layer, but in none of these groups;
    below the outermost of them, where the layer lies in some."""
    around = [one for one in stack.upwards(node, root) if one.uniqueId().toString() in groups]
    return stack.right_below(around[-1], root) if around else (node.parentNode(), node)
