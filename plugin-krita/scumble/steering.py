# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers pictures besides paint and words: ControlNets and the model's own control, each with a layer
as its picture, regions with words of their own and references, each a layer too, groups whose layers are
regions, and LoRAs.

A region is where its layer is painted, in whatever colour; a reference is all that is on its layer, wherever
that lies. The layer is any of the document: what is painted on it steers while it is painted. One that lies
below the managed group and is shown is part of the paint too; hidden, or above the group, it is not.
"""

from __future__ import annotations

import itertools
import math
import os
import time
from array import array
from dataclasses import dataclass, fields

from . import abi, layer_pixels, models, pictures, regions, stack
from .engine import Session, Steered
from .library import ScumbleError
from .networks import Networks
from .pixels import Refused
from .qt import tr
from .reading import Reading

KINDS = {
    "control": abi.CONDITION_CONTROL, "lora": abi.CONDITION_LORA, "region": abi.CONDITION_REGION,
    "reference": abi.CONDITION_REFERENCE, "regions": abi.CONDITION_REGION,
}  # fmt: skip
FROM_FILES = ("control", "lora")
PREPARATIONS = {
    "as_is": abi.PREPARE_AS_IS, "drawn": abi.PREPARE_DRAWN, "lines": abi.PREPARE_LINES,
    "canny": abi.PREPARE_CANNY, "blur": abi.PREPARE_BLUR, "depth": abi.PREPARE_DEPTH,
    "soft_edges": abi.PREPARE_SOFT_EDGES, "pose": abi.PREPARE_POSE, "inpaint": abi.PREPARE_INPAINT,
}  # fmt: skip
ASPECTS = {"all": abi.ASPECT_ALL, "style": abi.ASPECT_STYLE, "layout": abi.ASPECT_LAYOUT}
BY_NAME = {
    "drawn": ("scribble", "sketch", "lineart", "line_art", "line-art"), "canny": ("canny",),
    "blur": ("tile", "blur"), "inpaint": ("inpaint",),
}  # fmt: skip
MOST_TEXT = regions.MOST_TEXT
MOST = regions.NUMBERS
MOST_SCALE = 10.0
LOOK_AT_REFERENCE = 0.2  # seconds
AGAIN = 1.0  # seconds until the next try with what could not be used
TURN = 0.004  # seconds of a look; after that only what is painted on is read
AHEAD = 4  # bands of the layer that the artist is on, in one look


@dataclass(frozen=True)
class Condition:
    """One of a document's. `number` is its own there, `file` an id (models.py) or, where it has none, "" (a
    control's: the model's own), `layer` a node's id, `prompt` a region's words, `prepare` what is made of a
    control's layer first ("inpaint": it follows none, but the paint around the selection), `aspect` what of a
    reference is taken over. Of "regions" the layer is a group, and `words` are (layer in it, its words)
    where those are not its name."""

    number: int
    kind: str
    file: str
    layer: str = ""
    scale: float = 1.0
    start: float = 0.0
    end: float = 1.0
    on: bool = True
    prompt: str = ""
    prepare: str = "as_is"
    aspect: str = "all"
    words: tuple = ()

    @property
    def follows_layer(self) -> bool:
        return self.kind != "lora" and (self.kind, self.prepare) != ("control", "inpaint")


def read_conditions(value) -> tuple[tuple[Condition, ...], bool]:
    """(those that can be used of what a document keeps, whether all can be)"""
    if not isinstance(value, list):
        return (), False
    found = [one for one in map(_read, value[:MOST]) if one is not None]
    alone = {one.number: one for one in found}
    return tuple(alone.values()), len(alone) == len(value)


def _read(value) -> Condition | None:
    if not isinstance(value, dict):
        return None
    kept = {}
    for known in fields(Condition):
        if known.name not in value:
            continue
        one = value[known.name]
        if known.name == "words":
            kept["words"] = regions.read_words(one)
            continue
        like = {"int": int, "str": str, "float": float, "bool": bool}[known.type]
        if like is float and type(one) is int and abs(one) <= MOST_SCALE:
            one = float(one)
        if type(one) is not like or (like is float and not math.isfinite(one)):
            return None
        if like is str and len(one) > MOST_TEXT:
            return None
        kept[known.name] = one
    if not {"number", "kind", "file"} <= set(kept) or kept["kind"] not in KINDS:
        return None
    if kept.get("words", ()) is None:
        return None
    if kept["kind"] != "control" or kept.get("prepare") not in PREPARATIONS:
        kept.pop("prepare", None)
    if kept["kind"] != "reference" or kept.get("aspect") not in ASPECTS:
        kept.pop("aspect", None)
    least = -MOST_SCALE if kept["kind"] == "lora" else 0.0
    good = 0 <= kept["number"] < MOST and least <= kept.get("scale", 1.0) <= MOST_SCALE
    start, end = kept.get("start", 0.0), kept.get("end", 1.0)
    return Condition(**kept) if good and 0.0 <= start <= end <= 1.0 else None


def added(
    conditions: tuple[Condition, ...], kind: str, file: str, layer: str = "", prompt: str = "", like: str = ""
) -> tuple[Condition, ...]:
    """With one more; `like` is the model, of which a control without a file is. Raises Refused where there
    are too many."""
    number = next(iter(numbers_left(conditions)), None)
    if number is None:
        raise Refused(tr("{most} things steer this document, and there can be no more.").format(most=MOST))
    named = models.name(file or like) if file or like else ""
    prepare = usual_preparation(named) if kind == "control" else "as_is"
    return (*conditions, Condition(number, kind, file, layer, prompt=prompt, prepare=prepare))


def numbers_left(conditions) -> list[int]:
    """Those that one more may have."""
    return regions.free({one.number for one in conditions})


def usual_preparation(name: str) -> str:
    """What a ControlNet of this name was trained to see."""
    name = name.lower()
    return next((how for how, parts in BY_NAME.items() if any(part in name for part in parts)), "as_is")


def sources(nodes, own, groups: bool = False) -> list[tuple[str, str]]:
    """(id, name) of the layers, or of the groups alone, that can steer, the uppermost first, of a document's
    `nodes` (stack.walk); not those of Scumble's group `own`."""
    return [
        (node.uniqueId().toString(), "  " * depth + node.name())
        for node, depth in stack.outside(nodes, own)
        if (node.type() == "grouplayer" if groups else not node.type().endswith("mask"))
    ]


class Steering:
    """Hands a document's conditions to a session: what is new of them, and what is new on their layers.
    `readable` says whether what was read just before is what the layer looks like; `own` is the id of
    Scumble's group."""

    def __init__(self, document, readable, own: str = ""):
        self._document, self._readable, self._own = document, readable, own
        self._nodes: dict[str, object] = {}
        self._networks, self._missing = Networks(), layer_pixels.Missing()
        self._asked_for: dict[str, int] = {}  # linked layers whose files Krita was asked to read
        self._late: set[str] = set()  # what a picture that was begun before may tell once more
        self.forget()

    def forget(self) -> None:
        """Before a session, or a canvas of it, that knows of nothing yet."""
        self._known: dict[int, tuple] = {}  # what the session was told, by number
        self._covers: dict[tuple, array] = {}  # where a region's layer is painted, by number and piece
        self._readings: dict[int, Reading] = {}  # of each layer
        self._looked: dict[int, float] = {}  # when at a reference's layer
        self._conditions: dict[int, Condition] = {}  # what is on, by number
        self._wrong: dict[int, tuple] = {}  # what could not be used, when that was, and why
        self._numbers = regions.Numbers()
        self._refused: dict[int, ScumbleError] = {}  # groups whose layers cannot be regions
        self._ranks: dict[int, int] = {}  # which region lies over which
        self._active, self._last, self._until = "", -1, 0.0  # whose turn it is to be read

    @property
    def problem(self) -> str:
        """Why something does not steer."""
        return next((why for _, _, why in self._wrong.values()), "")

    def follow(self, session: Session, conditions: tuple[Condition, ...], size: tuple[int, int]) -> int:
        """Tells the session what has changed; the last revision of that, 0 if nothing has."""
        revision = 0
        wanted = self._conditions = self._wanted(conditions)
        for number in [number for number in (*self._known, *self._wrong) if number not in wanted]:
            revision = self._take_away(session, number) or revision
            self._wrong.pop(number, None)
        now = time.perf_counter()
        self._until = now + TURN
        for number, one in sorted(wanted.items(), key=self._turn):
            failed, when, _ = self._wrong.get(number, (None, 0.0, ""))
            if failed == one and now - when < AGAIN:
                continue
            try:
                revision = self._tell(session, one, size) or revision
                self._wrong.pop(number, None)
            except ScumbleError as error:
                self._wrong[number] = one, now, str(error)
                self._networks.forget(one.file)
                revision = self._take_away(session, number) or revision
        self._late &= {why for _, _, why in self._wrong.values()}
        return revision

    def do_without(self, session: Session, why: str) -> int | None:
        """A picture could not be made for want of a file that the library's sentence names: takes away what
        needs that, until it is another file. The last revision of that; 0 where a picture that was begun
        before only tells it again; None where nothing was taken away."""
        if why in self._late:
            self._late.discard(why)
            return 0
        files = {number: known[0].file for number, known in self._known.items()}
        refused, revision = self._networks.refuse(set(files.values()), why), 0
        for number in [number for number, file in files.items() if refused and file == refused]:
            revision = self._take_away(session, number) or revision
            one = self._conditions[number]
            self._wrong[number] = one, time.perf_counter(), why
            self._networks.forget(one.file)
        if not revision:
            return None
        self._late.add(why)
        return revision

    def made(self) -> None:
        """A picture by all that the session was told: none that was begun before is to come."""
        self._late.clear()

    def _wanted(self, conditions: tuple[Condition, ...]) -> dict[int, Condition]:
        """What is on, by number, the layers of groups in the place of those."""
        wanted, taken = {one.number: one for one in conditions if one.on}, {one.number for one in conditions}
        self._refused, nodes = {}, []
        for one in [one for one in wanted.values() if one.kind == "regions"]:
            try:
                found = regions.layers(self._layer(one), self._own)
                made = self._numbers.of(one, found, taken)
            except ScumbleError as error:
                self._refused[one.number] = error
                continue
            del wanted[one.number]
            wanted.update({region.number: region for region in made})
            self._nodes.update({region.layer: node for region, node in zip(made, found)})
            nodes += found
        self._active = regions.active_in(self._document, nodes) if nodes else ""
        alone = [one for one in wanted.values() if one.kind == "region" and one.number not in self._wrong]
        there = {one.number: self._there(one) for one in alone}
        self._ranks = regions.ranks(self._document, {number: node for number, node in there.items() if node})
        return wanted

    def _turn(self, item: tuple[int, Condition]) -> tuple:
        """The layer that the artist is on first, the others after the one that was read last."""
        number, one = item
        return one.layer != self._active, number <= self._last, number

    def _take_away(self, session: Session, number: int) -> int:
        if self._known.pop(number, None) is None:
            return 0
        return session.steer(number, None)

    def _tell(self, session: Session, one: Condition, size: tuple[int, int]) -> int:
        if one.number in self._refused:
            raise self._refused[one.number]
        file = self._networks.path(one.file if one.kind in FROM_FILES else "")
        by = Steered(KINDS[one.kind], file, one.scale, one.start, one.end, one.prompt,
                     PREPARATIONS[one.prepare], self._ranks.get(one.number, 0),
                     ASPECTS[one.aspect])  # fmt: skip
        if not one.follows_layer:
            if self._known.get(one.number) == (by,):
                return 0
            self._known[one.number] = (by,)
            return session.steer(one.number, by)
        return self._tell_picture(session, one, by, size)

    def _tell_picture(self, session: Session, one: Condition, by: Steered, size: tuple[int, int]) -> int:
        started, known, left, top = time.perf_counter(), self._known.get(one.number), 0, 0
        node = self._layer(one)
        if pictures.is_linked(node) and node.bounds().isEmpty():
            pictures.look_again(node, self._asked_for)
            raise Refused(pictures.why_empty(node))
        if one.kind == "reference":
            looked, self._looked[one.number] = self._looked.get(one.number, 0.0), started
            if known and known[:2] == (by, one.layer) and started - looked < LOOK_AT_REFERENCE:
                self._looked[one.number] = looked
                return 0
            left, top, *size = layer_pixels.extent(node)
        pixels = layer_pixels.pixels_of(node)
        now = (by, one.layer, pixels, left, top, *size)
        if known is None or known[1:] != now[1:]:
            if one.kind == "region":  # nothing of another layer may be left of it
                session.steer(one.number, None)
            reading = self._readings[one.number] = Reading(size, pixels.bytes_per_pixel)
            every = range(len(reading.bands))
            wanted = layer_pixels.painted(node, reading.bands) if one.kind == "region" else every
        else:
            reading = self._readings[one.number]
            more = self._more(one) or int(known[0] != by)
            wanted = [*reading.near(), *itertools.islice(reading.rest(), more)]
        revision, missing = 0, 0
        self._known[one.number] = now
        for index in wanted:
            x, y, width, height = rect = reading.bands[index]
            paint = layer_pixels.read(self._document, node, (left + x, top + y, width, height))
            whole = paint.length == width * height * pixels.bytes_per_pixel
            missing += not whole
            if not whole or not self._readable():
                continue  # it is changing under us; the next look sees how
            if one.kind == "region":
                cover = layer_pixels.cover_of(paint, pixels)
                if known == now and self._covers.get((one.number, index)) == cover:
                    continue
                self._covers[one.number, index] = cover
                paint = layer_pixels.whitened(cover, pixels)
            part = (rect, paint.address, paint.length)
            changed = session.steer(one.number, by, (pixels.number, tuple(size), part, pixels.space))
            if changed:
                revision = changed
                if known == now:
                    reading.handed_over({}, [index], started)
        if wanted:
            self._missing.look(one.number, node, whole=not missing)
        return revision

    def _more(self, one: Condition) -> int:
        """How many bands are looked at besides those that are painted on."""
        if time.perf_counter() > self._until:
            return 0
        self._last = one.number
        return AHEAD if one.layer == self._active else 1

    def _there(self, one: Condition):
        """Its layer, None where that is gone."""
        node = self._nodes.get(one.layer)
        if not stack.is_in(node, self._document.rootNode()):
            node = find_layer(stack.walk(self._document), one.layer)
            self._nodes[one.layer] = node
        return node

    def _layer(self, one: Condition):
        node = self._there(one)
        if node is None:
            raise Refused(
                tr("“{name}” has no layer to read: choose one for it under Steer by.")
                .format(name=title(one))
            )  # fmt: skip
        return node


def title(one: Condition) -> str:
    """How it is called to the artist."""
    if one.kind == "regions":
        return tr("Regions")
    if one.kind not in FROM_FILES:
        return tr("Region") if one.kind == "region" else tr("Reference")
    if not one.file:
        return tr("Control: the model's own")
    return os.path.splitext(models.name(one.file))[0]


def find_layer(nodes, identity: str):
    """A layer by its id, of a document's `nodes` (stack.walk); None if there is none."""
    return next((node for node, _ in nodes if node.uniqueId().toString() == identity), None)
