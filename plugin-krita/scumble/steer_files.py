# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for the file of something that is to steer."""

from __future__ import annotations

from . import pictures
from .qt import QtWidgets, tr

ASKED = ("control", "lora", "picture", "linked")  # of which a file is chosen; other kinds have none


def ask(parent, kind: str, file: str = "") -> str | None:
    """The path or id that is to be taken: `file` where there is one already, "" for a kind that has none;
    None where the artist has chosen none."""
    if file or kind not in ASKED:
        return file
    chosen, _ = QtWidgets.QFileDialog.getOpenFileName(parent, tr("Steer by"), "", _filter(kind))
    return chosen or None


def _filter(kind: str) -> str:
    if kind == "control":
        return tr("ControlNets (*.onnx)")
    if kind == "lora":
        return tr("LoRAs (*.safetensors)")
    every = " ".join(f"*.{suffix}" for suffix in pictures.SUFFIXES)
    return tr("Pictures ({suffixes})").format(suffixes=every)
