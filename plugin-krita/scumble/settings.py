# SPDX-License-Identifier: GPL-3.0-or-later
"""What the painter has set for one document; kept inside the document as an annotation."""

from __future__ import annotations

import json
import math
import random
from dataclasses import asdict, dataclass, field, fields, replace

from . import models
from .engine import Settings
from .qt import QtCore
from .steering import Condition, read_conditions

KEY = "scumble"
MOST_BYTES = 1 << 18  # of an annotation that is read at all
# The library's; a test compares. Documents are read before it is loaded.
RANGES = {"strength": (0.0, 1.0), "steps": (1, 200), "guidance": (0.0, 100.0), "paint_guidance": (1.0, 20.0)}
MOST_TEXT = 10_000  # characters of a prompt


@dataclass(frozen=True)
class DocumentSettings:
    prompt: str = ""
    negative: str = ""
    strength: float | None = None  # None: the model's own, here and below
    steps: int | None = None
    guidance: float | None = None
    seed: int = 1
    seed_locked: bool = True
    model: str = ""  # its id (models.py); "" is the model that comes with Scumble
    outside_shows_paint: bool = False
    follow_alpha: bool = False  # where the paint is transparent, so is the picture
    sampler: str = ""  # its name in the library; "": the model's own
    style: str = ""  # its name (styles.py)
    words: str = ""  # of the style, added to the prompt
    paint_guidance: float | None = None  # of a model that changes the paint as it is told
    conditions: tuple[Condition, ...] = ()  # what steers pictures besides paint and words
    group: str = ""  # the managed group's id
    damaged: bool = field(default=False, compare=False)  # not all that was kept could be read

    def for_engine(self) -> Settings:
        prompt = ", ".join(filter(None, (self.prompt.strip(" ,"), self.words))) if self.words else self.prompt
        return Settings(
            prompt, self.negative, self.strength, self.steps, self.guidance, self.seed,
            follow_alpha=self.follow_alpha, sampler=self.sampler, paint_guidance=self.paint_guidance,
            lora_folder=models.lora_folder(),
        )  # fmt: skip

    @staticmethod
    def read(found: dict) -> DocumentSettings:
        """Unknown names are dropped, wrong kinds ignored, numbers brought into their range; of what steers
        that stays which can be used."""
        kept, damaged = {}, False
        for known in fields(DocumentSettings):
            if known.name not in found or known.name == "damaged":
                continue
            value, good = _read(known.name, found[known.name], known.default)
            damaged |= not good
            if good or known.name == "conditions":
                kept[known.name] = value
        return DocumentSettings(**kept, damaged=damaged)

    def cut(self) -> DocumentSettings:
        """With no text longer than what is read again."""
        texts = {name: text[:MOST_TEXT] for name, text in vars(self).items() if isinstance(text, str)}
        return replace(self, **texts)

    def with_new_seed(self) -> DocumentSettings:
        return replace(self, seed=random.randrange(1, 2**31))


def parse(data: bytes) -> DocumentSettings:
    """Reads what an earlier or later version wrote, or anybody else."""
    if not data:
        return DocumentSettings()
    found = parse_object(data)
    return DocumentSettings(damaged=True) if found is None else DocumentSettings.read(found)


def parse_object(data: bytes) -> dict | None:
    """A JSON object; None if it is none, or too long."""
    try:
        found = json.loads(data.decode("utf-8")) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _read(name: str, value, like) -> tuple:
    """(the value as it may be used, whether it can be)"""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(_float(value))
    if name == "conditions":
        return read_conditions(value)
    if name in RANGES and value is None:
        return None, True
    if (name in RANGES or name == "seed") and not number:
        return 0, False
    if name == "seed":
        return int(value) % 2**64, True
    if name in RANGES:
        least, most = RANGES[name]
        return min(max(type(least)(value), least), most), True
    good = type(value) is type(like) and not (isinstance(value, str) and len(value) > MOST_TEXT)
    return value, good


def _float(value) -> float:
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        return math.inf


def load(document) -> DocumentSettings:
    if document is None or document.rootNode() is None:  # closed: Krita would look into nothing
        return DocumentSettings()
    return parse(bytes(document.annotation(KEY)))


def store(document, settings: DocumentSettings) -> None:
    if document is None or document.rootNode() is None:
        return
    kept = asdict(settings)
    del kept["damaged"]
    text = json.dumps(kept, ensure_ascii=False)
    document.setAnnotation(KEY, "Settings of Scumble's live layer", QtCore.QByteArray(text.encode("utf-8")))
