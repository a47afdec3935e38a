# SPDX-License-Identifier: GPL-3.0-or-later
"""A document's stack of layers: walked through, and added to without the artist's layer changing."""

from __future__ import annotations

from . import host
from .pixels import Refused
from .qt import QtCore, owned, tr

SETTLED = 4.0  # seconds after which Krita has made an added layer active, however busy
LOOK_AGAIN = 0.05  # seconds


def walk(document, leaving_out=lambda node: False):
    """(layer or mask, how many groups deep it lies), the uppermost first, a group before what it holds;
    without those that are to be left out, and what these hold. Of a closed document nothing."""
    root = document.rootNode()
    waiting = [(node, 0) for node in owned(root.childNodes())] if root is not None else []
    while waiting:
        node, depth = waiting.pop()
        if not leaving_out(node):
            yield node, depth
            waiting += [(child, depth + 1) for child in owned(node.childNodes())]


def same(one, other) -> bool:
    """Whether two of Krita's objects are one layer: that of a clone never equals that from the stack."""
    return one is not None and other is not None and one.uniqueId() == other.uniqueId()


def layer_of(node):
    """The node, or the layer that the mask belongs to."""
    while node.type().endswith("mask") and node.parentNode() is not None:
        node = node.parentNode()
    return node


def upwards(node, root=None):
    """The node and the groups around it, the innermost first, as far as the root, which is not among them."""
    while node is not None and node != root:
        yield node
        node = node.parentNode()


def is_in(node, root) -> bool:
    """Whether it is in the stack: neither it nor a group around it was deleted."""
    around = list(upwards(node, root))
    return root is not None and bool(around) and around[-1].parentNode() == root


def holds(group, node) -> bool:
    """Whether the node is the group or lies in it, however deep."""
    return any(same(one, group) for one in upwards(node))


def seen(node, root) -> bool:
    """Whether neither its eye nor that of a group around it is shut."""
    return all(one.visible() for one in upwards(node, root))


def place(node, root) -> list[int]:
    """Greater ones lie higher in the stack."""
    return [one.index() for one in upwards(node, root)][::-1]


def outside(nodes, group):
    """Of what `walk` has found, without a group and what it holds."""
    inside = None
    for node, depth in nodes:
        if inside is not None and depth > inside:
            continue
        inside = depth if same(node, group) else None
        if inside is None:
            yield node, depth


def right_below(node, root) -> tuple:
    """(parent, layer) above which something comes that is to lie right below a node. Krita adds above a layer
    or on top of a group, so below the lowest layer of a group is below the group. Raises Refused."""
    lowest = next(one for one in upwards(node, root) if one.index() > 0 or one.parentNode() == root)
    if lowest.index() == 0:
        raise Refused(
            tr("“{name}” is the lowest layer of the document, and Krita can put nothing below it: add a "
               "layer and move it to the bottom first.").format(name=node.name())
        )  # fmt: skip
    parent = lowest.parentNode()
    return parent, owned(parent.childNodes())[lowest.index() - 1]


def add_hidden(document, layer, parent, below) -> None:
    """Puts a layer into a group, right above one of its layers; the active layer stays active. One undo
    step."""
    active = host.active_node(document)
    layer.setVisible(False)
    parent.addChildNode(layer, below)
    if active is not None:
        make_active(document, active, layer)


def make_active(document, node, added) -> None:
    """Krita makes a layer that was added active, a little later, on a busy machine much later; this makes
    `node` active now and after that, unless the artist has chosen another one meanwhile."""
    theirs = (added, *owned(added.childNodes()))

    def restore(looks=int(SETTLED / LOOK_AGAIN), first=False):
        try:
            if document.rootNode() is None or node.parentNode() is None:
                return
            active = host.active_node(document)
            if any(same(active, one) for one in theirs):
                looks = min(looks, 3)  # it has come; some looks more, as Krita may do it in two steps
            elif not first and not same(active, node):
                return
            if not same(active, node):
                document.setActiveNode(node)
        except RuntimeError:
            return  # the document is gone
        if looks > 0:
            QtCore.QTimer.singleShot(int(LOOK_AGAIN * 1000), lambda: restore(looks - 1))

    QtCore.QTimer.singleShot(0, lambda: restore(first=True))
