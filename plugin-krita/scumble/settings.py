# SPDX-License-Identifier: GPL-3.0-or-later
"""What the painter has set for one document; kept inside the document as an annotation."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, fields, replace

from .engine import Settings
from .qt import QtCore

KEY = "scumble"


@dataclass(frozen=True)
class DocumentSettings:
    prompt: str = ""
    negative: str = ""
    strength: float | None = None  # None: the model's own, here and below
    steps: int | None = None
    guidance: float | None = None
    seed: int = 1
    seed_locked: bool = True
    model: str = ""  # a folder; "" is the model that comes with Scumble
    outside_shows_paint: bool = False

    def for_engine(self) -> Settings:
        return Settings(
            self.prompt, self.negative, self.strength, self.steps, self.guidance, self.seed
        )  # fmt: skip

    def with_new_seed(self) -> DocumentSettings:
        return replace(self, seed=random.randrange(1, 2**31))


def parse(data: bytes) -> DocumentSettings:
    """Reads what an earlier or later version wrote: unknown names are dropped, wrong kinds ignored."""
    try:
        found = json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError):
        return DocumentSettings()
    if not isinstance(found, dict):
        return DocumentSettings()
    default, kept = DocumentSettings(), {}
    for field in fields(DocumentSettings):
        value = found.get(field.name)
        like = getattr(default, field.name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if field.name in ("strength", "guidance") and (value is None or number):
            low, high = (0.0, 1.0) if field.name == "strength" else (0.0, 100.0)
            kept[field.name] = None if value is None else min(max(float(value), low), high)
        elif field.name == "steps" and number:
            kept["steps"] = min(max(int(value), 1), 200)
        elif field.name == "seed" and number:
            kept["seed"] = int(value) % 2**64
        elif type(value) is type(like) and isinstance(value, (str, bool)):
            kept[field.name] = value
    return DocumentSettings(**kept)


def load(document) -> DocumentSettings:
    return parse(bytes(document.annotation(KEY)))


def store(document, settings: DocumentSettings) -> None:
    text = json.dumps(asdict(settings), ensure_ascii=False)
    document.setAnnotation(KEY, "Settings of Scumble's live layer", QtCore.QByteArray(text.encode("utf-8")))
