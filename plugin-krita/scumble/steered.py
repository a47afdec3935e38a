# SPDX-License-Identifier: GPL-3.0-or-later
"""What the artist asks for under Steer by, and what its list shows: the part of Live (live.py) for that."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from . import host, models, pictures, regions, stack
from .group import find_group
from .library import ScumbleError
from .qt import tr
from .steering import FROM_FILES, MOST_TEXT, added, find_layer, sources


@dataclass(frozen=True)
class Listing:
    """What the list of what steers shows of a document besides its conditions; the last three by the number
    of one."""

    layers: list = field(default_factory=list)  # (id, name) of what a ControlNet can follow
    groups: list = field(default_factory=list)  # … of what can hold regions
    regions: dict = field(default_factory=dict)  # (id, name, words of its own) of a group's layers
    silent: dict = field(default_factory=dict)  # why one that is on steers nothing, or more than it should
    linked: set = field(default_factory=set)  # those whose layer shows a file


class Steers:
    """Of Live it uses `loop`, `settings`, `set_settings`, `of` and `changed`."""

    def steer(self, document, kind: str, file: str) -> None:
        """By one more ControlNet, region or reference, which follows the active layer until another is
        chosen, or LoRA, or "own_control", the model's, or one of pictures.SOURCES, which becomes a layer to
        refer to, or "regions", the layers of a group; `file` is a path, or the id of one that was used
        before. A region's words are its layer's name at first."""
        if document is None:
            raise ScumbleError(tr("Open or make a document first."))
        chosen, layer, prompt = self.settings(document), "", ""
        active = self._to_follow(document)
        if kind in pictures.SOURCES:
            added(chosen.conditions, "reference", "")  # refused before a layer is made
            with self.loop.alone():
                active = pictures.bring(document, kind, file)
            kind, file = "reference", ""
        if kind == "own_control":
            kind, file = "control", ""
        if kind == "regions":
            added(chosen.conditions, kind, "")
            with self.loop.alone():
                active = regions.group_for(document, active, self._own(document))
        if kind in FROM_FILES and file and file not in models.known(models.NETWORKS):
            folder, name = os.path.split(file)
            # Its folder says more than this name, which nearly every network has.
            file = models.remember(folder if name == "model.onnx" else file, models.NETWORKS)
        if kind != "lora" and active is not None:
            layer = active.uniqueId().toString()
            prompt = active.name()[:MOST_TEXT] if kind == "region" else ""
        conditions = added(chosen.conditions, kind, file, layer, prompt, chosen.model)
        self.set_settings(document, replace(chosen, conditions=conditions))

    def _to_follow(self, document):
        """The layer that something new follows at first: the active one, or that of the active mask; None for
        Scumble's own, whose picture would ask for the next one without end."""
        active, own = host.active_node(document), self._own(document)
        layer = None if active is None else stack.layer_of(active)
        if layer is None or layer.parentNode() is None:
            return None  # there is none, or the selection of the whole document is chosen
        return None if stack.holds(own, layer) else layer

    def take_from(self, document, number: int, source: str, file: str = "") -> None:
        """The picture of one that steers from elsewhere: one of pictures.SOURCES, or "embed", the file
        of its linked layer."""
        chosen = self.settings(document)
        one = next((one for one in chosen.conditions if one.number == number), None)
        linked = None if one is None else find_layer(stack.walk(document), one.layer)
        if one is None or (source == "embed" and not pictures.is_linked(linked)):
            return  # it has changed meanwhile
        on_canvas = one.kind == "control"
        with self.loop.alone():
            if source == "embed":
                layer = pictures.embed(document, linked, on_canvas)
            else:
                layer = pictures.bring(document, source, file, on_canvas)
        same = one.layer if source == "embed" else None  # others that followed the layer that is gone
        moved = lambda other: other is one or other.layer == same  # noqa: E731
        layer = layer.uniqueId().toString()
        kept = [replace(other, layer=layer) if moved(other) else other for other in chosen.conditions]
        self.set_settings(document, replace(chosen, conditions=tuple(kept)))

    def take_loras_from(self, folder: str) -> None:
        """The LoRAs that prompts name lie there from now on, whatever the document."""
        models.choose_lora_folder(folder)
        for one in self.loop.documents:
            one.set(one.settings)
        self.loop.hurry()
        self.changed.emit()

    def listing(self, document) -> Listing:
        """The stack is walked through once for all of it, and not at all where nothing steers."""
        conditions = self.settings(document).conditions
        if not conditions:
            return Listing()
        one, nodes = self.of(document), list(stack.walk(document))
        own, by_id = self._own(document, nodes), {regions.identity(node): node for node, _ in nodes}
        own_id = regions.identity(own) if own is not None else ""
        inside, linked = {}, set()
        silent = one.silent() if one is not None else {}
        for condition in conditions:
            node = by_id.get(condition.layer)
            if pictures.is_linked(node):
                linked.add(condition.number)
            if node is None or condition.kind != "regions":
                continue
            inside[condition.number] = regions.shown(condition, node, own_id)
            why = regions.note(document, node, own)
            if why:
                silent[condition.number] = why
        return Listing(sources(nodes, own), sources(nodes, own, groups=True), inside, silent, linked)

    def _own(self, document, nodes=None):
        """The layer of Scumble's group, whole or not, or None; `nodes` are the document's, where they were
        walked through already."""
        if document is None:
            return None
        one = self.of(document)
        if one is not None:
            return one.group.group
        return find_group(stack.walk(document) if nodes is None else nodes, self.settings(document).group)
