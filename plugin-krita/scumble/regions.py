# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions that are the layers of a group: where one is painted its words hold. Those are its name, or what
the artist has written for it in the list; its eye says whether it is on, its opacity how much. Where two
overlap the upper one covers the lower, as paint does.

The group is asked at each look, so a layer that is added, renamed, hidden, moved out or deleted is followed,
whoever did that, undo too. The group's own eye and opacity are the artist's, to see the picture through it.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from . import host
from .pixels import Refused
from .qt import owned, tr
from .stack import make_active, place, same, seen, upwards

KINDS = ("paintlayer", "grouplayer", "vectorlayer", "filllayer", "filelayer", "clonelayer")
NUMBERS = 32  # of the library
MOST_TEXT = 1000  # characters
MOST_WORDS = 64  # layers that are remembered to have words of their own, deleted ones too
TINT = 102  # of 255: how much a new group covers the picture above which it lies


def layers(group, own: str = "") -> list:
    """The layers of a group that are regions, the uppermost first; not Scumble's own group. Raises
    Refused."""
    if group.type() != "grouplayer":
        raise Refused(
            tr("“{name}” is no group, so it holds no regions: choose a group of layers for them under Steer "
               "by.").format(name=group.name())
        )  # fmt: skip
    found = [node for node in owned(group.childNodes()) if node.type() in KINDS]
    return [node for node in reversed(found) if identity(node) != own]


def identity(node) -> str:
    return node.uniqueId().toString()


def words(one, node) -> str:
    """What is to be seen where a layer of the condition's group is painted."""
    return dict(one.words).get(identity(node), "").strip() or node.name()


def with_words(one, layer: str, text: str) -> tuple:
    """A condition's `words` with those of one layer; "": its name again."""
    others = tuple(pair for pair in one.words if pair[0] != layer)
    return (*others, (layer, text))[-MOST_WORDS:] if text else others


def read_words(value) -> tuple | None:
    """Of what a document keeps; None where it is damaged."""
    if not isinstance(value, list) or len(value) > MOST_WORDS:
        return None
    texts = lambda pair: isinstance(pair, list) and [type(part) for part in pair] == [str, str]  # noqa: E731
    if not all(texts(pair) and max(map(len, pair)) <= MOST_TEXT for pair in value):
        return None
    return tuple(map(tuple, value))


def free(taken: set[int]) -> list[int]:
    """The numbers that a condition may still have."""
    return [number for number in range(NUMBERS) if number not in taken]


class Numbers:
    """Under which number of the session a layer steers: the same for as long as it does."""

    def __init__(self):
        self._known: dict[str, int] = {}

    def of(self, one, nodes: list, taken: set[int]) -> list:
        """The regions of the condition's group, as conditions of their own. Raises Refused where they are too
        many. `taken` are the numbers in use; these are added."""
        made = []
        # A new layer above the others leaves them theirs: under another one each would be read whole again.
        kept = {self._known.get(identity(node), -1) for node in nodes}
        for node in nodes:
            layer = identity(node)
            number = self._known.get(layer, -1)
            if number < 0 or number in taken:
                left = free(taken)[::-1]
                number = next((n for n in left if n not in kept), left[0] if left else -1)
            if number < 0:
                raise Refused(
                    tr("More than {most} things would steer this document with the layers of “{name}”: merge "
                       "some of them, or take something out under Steer by.")
                    .format(most=NUMBERS, name=nodes[0].parentNode().name())
                )  # fmt: skip
            self._known[layer] = number
            taken.add(number)
            scale = one.scale * node.opacity() / 255 if node.visible() else 0.0
            region = replace(one, number=number, kind="region", layer=layer, scale=scale, words=())
            made.append(replace(region, prompt=words(one, node)[:MOST_TEXT]))
        return made


def ranks(document, nodes: dict) -> dict[int, int]:
    """Which layer lies over which, by their numbers: from 1 for the lowest in the stack."""
    root = document.rootNode()
    paths = {number: place(node, root) for number, node in nodes.items()}
    order = [path for path, _ in itertools.groupby(sorted(paths.values()))]
    return {number: order.index(path) + 1 for number, path in paths.items()}


def group_for(document, active, own):
    """The group that is to hold regions: that of the active layer, or a new one above all others, with an
    empty layer that is made active. `own` is Scumble's group, None where there is none. One undo step, for a
    new one."""
    if active is not None and active.type() == "grouplayer" and not same(active, own):
        return active
    group = document.createGroupLayer(tr("Regions"))
    first = document.createNode(tr("Region 1"), "paintlayer")
    group.setChildNodes([first])
    group.setOpacity(TINT)
    root = document.rootNode()
    root.addChildNode(group, owned(root.childNodes())[-1])
    make_active(document, first, group)
    return group


def note(document, group, own) -> str:
    """Why a group is more to the picture than its regions, "" where it is not."""
    root = document.rootNode()
    if own is None or not seen(group, root) or place(group, root) > place(own, root):
        return ""
    return tr("“{name}” is paint, too: move it above Scumble's group, or hide it").format(name=group.name())


def shown(one, group, own: str) -> list[tuple[str, str, str]]:
    """(id, name, words of its own) of a condition's regions, to be listed."""
    try:
        nodes = layers(group, own)
    except Refused:
        return []
    of_its_own = dict(one.words)
    return [(identity(node), node.name(), of_its_own.get(identity(node), "")) for node in nodes]


def active_in(document, nodes: list) -> str:
    """The id of the one that the artist works on, or in; "" for none of them."""
    found = {identity(node) for node in nodes}
    around = map(identity, upwards(host.active_node(document)))
    return next((one for one in around if one in found), "")
