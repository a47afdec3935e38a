# SPDX-License-Identifier: GPL-3.0-or-later
"""The artist's models: folders that they have chosen on this computer; and so their ControlNets and LoRAs,
which are files.

A document names a model by an id made of the folder's name and contents, never by a path: a document that
comes from somebody else cannot choose what is loaded here, and one that is given away does not tell where the
artist keeps things. Only what the artist has chosen themselves is ever loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from krita import Krita

from . import abi
from .library import ScumbleError
from .qt import tr

READ = 1 << 16  # bytes of a file's beginning, and of the end of one chosen by itself, that go into the id
MODELS, NETWORKS = "models", "networks"  # what is kept in Krita's settings
MOST = {MODELS: 12, NETWORKS: 100}
LORAS = "lora_folder"  # the same, one folder
DEPTH = 4  # folders in folders that are looked into
MOST_LISTED = 200


def identity(folder: str) -> str:
    """The same for the same model or file, wherever it lies."""
    digest, path = hashlib.sha256(), Path(folder)
    try:
        alone = path.is_file()
        entries = [path] if alone else sorted(entry for entry in path.iterdir() if entry.is_file())
    except OSError:
        alone, entries = False, []
    for entry in entries:
        try:
            size = entry.stat().st_size
            digest.update(f"{entry.name} {size}\n".encode("utf-8", "surrogatepass"))
            if alone or entry.suffix == ".json":
                with open(entry, "rb") as file:
                    digest.update(file.read(READ))
                    if alone and size > READ:  # two networks of one shape begin alike
                        file.seek(max(READ, size - READ))
                        digest.update(file.read(READ))
        except OSError:
            continue
    return f"{path.name} [{digest.hexdigest()[:12]}]"


def name(model: str) -> str:
    """How a model is called to the artist."""
    return Path(model).name.rpartition(" [")[0] or Path(model).name or tr("Scumble's own")


def known(what: str = MODELS) -> dict[str, str]:
    """What the artist has chosen, by id; newest first."""
    kept = Krita.instance().readSetting("scumble", what, "")
    try:
        found = json.loads(kept)
        return {str(model): str(folder) for model, folder in found}
    except (ValueError, TypeError):
        # As the first version wrote them.
        return {identity(folder): folder for folder in kept.split(os.pathsep) if os.path.isabs(folder)}


def remember(folder: str, what: str = MODELS) -> str:
    """Adds what the artist has chosen; returns its id."""
    folder = os.path.abspath(folder)
    model = identity(folder)
    # Documents may name a network by what its file was before.
    others = {m: f for m, f in known(what).items() if m != model and (f != folder or what == NETWORKS)}
    kept = [[model, folder], *([m, f] for m, f in others.items())][: MOST[what]]
    Krita.instance().writeSetting("scumble", what, json.dumps(kept))
    return model


def folder(model: str) -> str:
    """The folder of a model that a document names; "" for Scumble's own. Raises ScumbleError for one that the
    artist has not chosen."""
    if not model:
        return ""
    for found, where in known().items():
        if model in (found, where):  # a path: documents of the first version
            return where
    raise ScumbleError(
        tr("This document was painted with the model “{name}”, which is not among yours. Choose its folder "
           "under Model, or use Scumble's own.").format(name=name(model)),
        abi.ERROR_MODEL_MISSING,
    )  # fmt: skip


def lora_folder() -> str:
    """The folder of the LoRAs that prompts name, if the artist has chosen one."""
    chosen = Krita.instance().readSetting("scumble", LORAS, "")
    return chosen if os.path.isabs(chosen) else ""


def choose_lora_folder(folder: str) -> None:
    Krita.instance().writeSetting("scumble", LORAS, os.path.abspath(folder))


def loras() -> list[tuple[str, str]]:
    """(name, path) of the LoRAs in that folder and those in it, in the order of their names."""
    top, found = lora_folder(), []
    for folder, folders, files in os.walk(top) if top else ():
        below = os.path.relpath(folder, top)
        if below != "." and below.count(os.sep) + 1 >= DEPTH:
            folders.clear()
        for file in files:
            stem, end = os.path.splitext(file)
            if end.lower() == ".safetensors":
                path = os.path.join(folder, file)
                found.append((os.path.relpath(os.path.join(folder, stem), top), path))
    return sorted(found, key=lambda one: one[0].lower())[:MOST_LISTED]


def has_loras() -> bool:
    """Has the artist any, in their folder or among the files that they have chosen?"""
    chosen = known(NETWORKS).values()
    return any(path.lower().endswith(".safetensors") for path in chosen) or bool(loras())


def networks() -> list[tuple[str, str]]:
    """(id, path) of the files that the artist has chosen, each as it is named now; newest first."""
    named = {path: file for file, path in reversed(known(NETWORKS).items())}
    return [(file, path) for path, file in reversed(named.items())]


def network(file: str) -> str:
    """Where a ControlNet or LoRA lies that a document names. Raises ScumbleError for one that the artist has
    not chosen."""
    where = known(NETWORKS).get(file)
    if where is None:
        raise ScumbleError(
            tr("This document is steered by “{name}”, which is not among your files. Take it out of the list "
               "under Steer by, or add the file there.").format(name=name(file)),
            abi.ERROR_MODEL_MISSING,
        )  # fmt: skip
    return where
