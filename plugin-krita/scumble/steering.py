# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers pictures besides paint and words: ControlNets, each with a layer as its picture, regions with
words of their own and references, each a layer too, and LoRAs.

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

from . import abi, models
from .engine import ScumbleError, Session, Steered
from .pixels import Buffer, PixelFormat, Refused, pixel_format
from .qt import QtCore, owned, tr
from .reading import Reading

KINDS = {
    "control": abi.CONDITION_CONTROL, "lora": abi.CONDITION_LORA, "region": abi.CONDITION_REGION,
    "reference": abi.CONDITION_REFERENCE,
}  # fmt: skip
FROM_FILES = ("control", "lora")
PREPARATIONS = {
    "as_is": abi.PREPARE_AS_IS, "drawn": abi.PREPARE_DRAWN, "lines": abi.PREPARE_LINES,
    "canny": abi.PREPARE_CANNY, "blur": abi.PREPARE_BLUR,
}  # fmt: skip
BY_NAME = {
    "drawn": ("scribble", "sketch", "lineart", "line_art", "line-art"), "canny": ("canny",),
    "blur": ("tile", "blur"),
}  # fmt: skip
MOST_TEXT = 1000  # characters
MOST = 32  # of the library
MOST_SCALE = 10.0
MOST_SIDE = 16384  # pixels, of the library
LOOK_AT_REFERENCE = 0.2  # seconds
AGAIN = 1.0  # seconds until the next try with what could not be used


@dataclass(frozen=True)
class Condition:
    """One of a document's. `number` is its own there, `file` an id (models.py) or, where it has none, "",
    `layer` a node's id, `prompt` a region's words, `prepare` what is made of a control's layer first."""

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
        one, like = value[known.name], {"int": int, "str": str, "float": float, "bool": bool}[known.type]
        if like is float and type(one) is int and abs(one) <= MOST_SCALE:
            one = float(one)
        if type(one) is not like or (like is float and not math.isfinite(one)):
            return None
        if like is str and len(one) > MOST_TEXT:
            return None
        kept[known.name] = one
    if not {"number", "kind", "file"} <= set(kept) or kept["kind"] not in KINDS:
        return None
    if kept["kind"] != "control" or kept.get("prepare") not in PREPARATIONS:
        kept.pop("prepare", None)
    least = -MOST_SCALE if kept["kind"] == "lora" else 0.0
    good = 0 <= kept["number"] < MOST and least <= kept.get("scale", 1.0) <= MOST_SCALE
    start, end = kept.get("start", 0.0), kept.get("end", 1.0)
    return Condition(**kept) if good and 0.0 <= start <= end <= 1.0 else None


def added(
    conditions: tuple[Condition, ...], kind: str, file: str, layer: str = "", prompt: str = ""
) -> tuple[Condition, ...]:
    """With one more. Raises Refused where there are too many."""
    taken = {one.number for one in conditions}
    number = next((n for n in range(MOST) if n not in taken), None)
    if number is None:
        raise Refused(tr("{most} things steer this document, and there can be no more.").format(most=MOST))
    prepare = usual_preparation(models.name(file)) if kind == "control" else "as_is"
    return (*conditions, Condition(number, kind, file, layer, prompt=prompt, prepare=prepare))


def usual_preparation(name: str) -> str:
    """What a ControlNet of this name was trained to see."""
    name = name.lower()
    return next((how for how, parts in BY_NAME.items() if any(part in name for part in parts)), "as_is")


def sources(document, own) -> list[tuple[str, str]]:
    """(id, name) of the layers that can steer, the uppermost first; not those of Scumble's group `own`."""
    found, waiting = [], [(node, 0) for node in owned(document.rootNode().childNodes())]
    while waiting:
        node, depth = waiting.pop()
        if node == own or node.type().endswith("mask"):
            continue
        found.append((node.uniqueId().toString(), "  " * depth + node.name()))
        waiting += [(child, depth + 1) for child in owned(node.childNodes())]
    return found


class Steering:
    """Hands a document's conditions to a session: what is new of them, and what is new on their layers.
    `readable` says whether what was read just before is what the layer looks like."""

    def __init__(self, document, readable):
        self._document, self._readable = document, readable
        self._nodes: dict[str, object] = {}
        self._files: dict[str, str] = {}  # where those lie that conditions name
        self.forget()

    def forget(self) -> None:
        """Before a session, or a canvas of it, that knows of nothing yet."""
        self._known: dict[int, tuple] = {}  # what the session was told, by number
        self._covers: dict[tuple, array] = {}  # where a region's layer is painted, by number and piece
        self._readings: dict[int, Reading] = {}  # of each layer
        self._looked: dict[int, float] = {}  # when at a reference's layer
        self._wrong: dict[int, tuple] = {}  # what could not be used, when that was, and why

    @property
    def problem(self) -> str:
        """Why something does not steer."""
        return next((why for _, _, why in self._wrong.values()), "")

    def follow(self, session: Session, conditions: tuple[Condition, ...], size: tuple[int, int]) -> int:
        """Tells the session what has changed; the last revision of that, 0 if nothing has."""
        revision = 0
        wanted = {one.number: one for one in conditions if one.on}
        for number in [number for number in (*self._known, *self._wrong) if number not in wanted]:
            revision = self._take_away(session, number) or revision
            self._wrong.pop(number, None)
        now = time.perf_counter()
        for number, one in wanted.items():
            failed, when, _ = self._wrong.get(number, (None, 0.0, ""))
            if failed == one and now - when < AGAIN:
                continue
            try:
                revision = self._tell(session, one, size) or revision
                self._wrong.pop(number, None)
            except ScumbleError as error:
                self._wrong[number] = one, now, str(error)
                revision = self._take_away(session, number) or revision
        return revision

    def _take_away(self, session: Session, number: int) -> int:
        if self._known.pop(number, None) is None:
            return 0
        return session.steer(number, None)

    def _tell(self, session: Session, one: Condition, size: tuple[int, int]) -> int:
        if one.file not in self._files:
            self._files[one.file] = models.network(one.file) if one.kind in FROM_FILES else ""
        by = Steered(KINDS[one.kind], self._files[one.file], one.scale, one.start, one.end, one.prompt,
                     PREPARATIONS[one.prepare])  # fmt: skip
        if one.kind == "lora":
            if self._known.get(one.number) == (by,):
                return 0
            self._known[one.number] = (by,)
            return session.steer(one.number, by)
        return self._tell_picture(session, one, by, size)

    def _tell_picture(self, session: Session, one: Condition, by: Steered, size: tuple[int, int]) -> int:
        started, known, left, top = time.perf_counter(), self._known.get(one.number), 0, 0
        node = self._layer(one)
        if one.kind == "reference":
            looked, self._looked[one.number] = self._looked.get(one.number, 0.0), started
            if known and known[:2] == (by, one.layer) and started - looked < LOOK_AT_REFERENCE:
                self._looked[one.number] = looked
                return 0
            left, top, *size = _extent(node)
        pixels = pixel_format(node.colorModel(), node.colorDepth(), node.colorProfile())
        now = (by, one.layer, pixels, left, top, *size)
        if known is None or known[1:] != now[1:]:
            reading = self._readings[one.number] = Reading(size, pixels.bytes_per_pixel)
            wanted = range(len(reading.bands))
        else:
            reading = self._readings[one.number]
            wanted = [*reading.near(), *itertools.islice(reading.rest(), 1)]
        revision = 0
        self._known[one.number] = now
        for index in wanted:
            x, y, width, height = rect = reading.bands[index]
            paint = _read_pixels(node, (left + x, top + y, width, height))
            if paint.length != width * height * pixels.bytes_per_pixel or not self._readable():
                continue  # it is changing under us; the next look sees how
            if one.kind == "region":
                paint, alpha = _whitened(paint, pixels)
                if known == now and self._covers.get((one.number, index)) == alpha:
                    continue
                self._covers[one.number, index] = alpha
            part = (rect, paint.address, paint.length)
            changed = session.steer(one.number, by, (pixels.number, tuple(size), part, pixels.space))
            if changed:
                revision = changed
                if known == now:
                    reading.handed_over({}, [index], started)
        return revision

    def _layer(self, one: Condition):
        node = self._nodes.get(one.layer)
        if node is None or node.parentNode() is None:
            node = _find(self._document, one.layer)
            self._nodes[one.layer] = node
        if node is None:
            raise Refused(
                tr("“{name}” has no layer to read: choose one for it under Steer by.")
                .format(name=title(one))
            )  # fmt: skip
        return node


def title(one: Condition) -> str:
    """How it is called to the artist."""
    if one.kind not in FROM_FILES:
        return tr("Region") if one.kind == "region" else tr("Reference")
    return os.path.splitext(models.name(one.file))[0]


def _whitened(paint: Buffer, pixels: PixelFormat) -> tuple[Buffer, array]:
    """The same cover in white, and the cover alone."""
    code, white = {4: ("B", 255), 8: ("H", 65535), 16: ("f", 1.0)}[pixels.bytes_per_pixel]
    if pixels.number in (abi.FORMAT_RGBAF16, abi.FORMAT_RGBAF16_LINEAR):
        white = 0x3C00  # 1.0
    values = array(code)
    values.frombytes(bytes(paint.array))
    alpha = values[3::4]
    full = array(code, [white]) * len(alpha)
    for channel in range(3):
        values[channel::4] = full
    return Buffer(QtCore.QByteArray(values.tobytes())), alpha


def _extent(node) -> tuple[int, int, int, int]:
    """Where a layer has anything at all, on the canvas or beyond it. Raises Refused where it has nothing."""
    bounds = node.bounds()
    if bounds.isEmpty():
        raise Refused(
            tr("“{name}” is empty, so it is no reference: paint on it, or choose another layer under "
               "Steer by.").format(name=node.name())
        )  # fmt: skip
    return bounds.x(), bounds.y(), min(bounds.width(), MOST_SIDE), min(bounds.height(), MOST_SIDE)


def _find(document, identity: str):
    waiting = owned(document.rootNode().childNodes())
    while waiting:
        node = waiting.pop()
        if node.uniqueId().toString() == identity:
            return node
        waiting += owned(node.childNodes())
    return None


def _read_pixels(node, rect: tuple) -> Buffer:
    """The running stroke included where the layer is shown; of a hidden one Krita has only its pixels."""
    shown = node.visible() or node.type() == "grouplayer"
    return Buffer((node.projectionPixelData if shown else node.pixelData)(*rect))
