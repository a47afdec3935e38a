# SPDX-License-Identifier: GPL-3.0-or-later
"""The last pictures of each document, to come back to: by which settings each was made, and the picture
itself. Kept as long as the document is open."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .group import ManagedGroup
from .qt import QtGui
from .settings import DocumentSettings

MOST = 24  # pictures of a document
MOST_BYTES = 256 << 20  # of a document's pictures; the oldest ones keep their settings alone
SIDE = 64  # pixels, of a thumbnail


@dataclass
class Kept:
    """A picture that was finished."""

    settings: DocumentSettings
    thumbnail: QtGui.QImage
    layer: object | None  # in no stack; it shares its pixels with the live layer until that is overwritten
    bytes: int


class History:
    """Of all documents; newest first."""

    def __init__(self):
        self._kept: list[tuple[object, list[Kept]]] = []

    def of(self, document) -> list[Kept]:
        if document is None:
            return []
        return next((kept for other, kept in self._kept if other == document), [])

    def note(self, document, settings: DocumentSettings, group: ManagedGroup, layer) -> None:
        """A finished picture, as a layer in no stack. One by the same settings takes the place of the one
        before: only the paint has changed."""
        kept = self.of(document)
        if not kept:
            self._kept.append((document, kept))
        width, height = group.size
        amount = width * height * group.format().bytes_per_pixel
        made_by = plain(settings)
        kept[:] = [one for one in kept if plain(one.settings) != made_by]
        kept.insert(0, Kept(settings, group.thumbnail(SIDE, layer), layer, amount))
        del kept[MOST:]
        total = 0
        for one in kept:
            total += one.bytes if one.layer is not None else 0
            if total > MOST_BYTES and one is not kept[0]:
                one.layer = None

    def forget_closed(self) -> None:
        self._kept = [(one, kept) for one, kept in self._kept if one.rootNode() is not None]

    def clear(self) -> None:
        self._kept.clear()


def plain(settings: DocumentSettings) -> DocumentSettings:
    """What decides a picture: not in which group it lies, and whether Apply draws a new seed."""
    return replace(settings, group="", seed_locked=True)
