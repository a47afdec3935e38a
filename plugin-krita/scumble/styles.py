# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles: words that are added to the prompt, and settings, under a name. Each is one small JSON file in
Krita's data folder, made to be given away: it names models and LoRAs by id (models.py), never by a path."""

from __future__ import annotations

import base64
import itertools
import json
import os
import secrets
import zlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from krita import Krita

from . import log
from .library import ScumbleError
from .qt import tr
from .settings import MOST_BYTES, MOST_TEXT, DocumentSettings, parse_object
from .steering import Condition, numbers_left, read_conditions

KIND = "scumble style"
SUFFIX = ".scumble-style"
MOST_NAME = 60
MOST_THUMBNAIL = 64 << 10  # bytes
# What a style keeps of a document's settings; it may leave any of them as they are.
KEPT = ("negative", "strength", "steps", "guidance", "sampler", "model")


@dataclass(frozen=True)
class Style:
    name: str
    words: str = ""
    settings: dict = field(default_factory=dict)  # of KEPT
    loras: tuple[Condition, ...] = ()
    controls: tuple[Condition, ...] = ()  # how its ControlNets are heard, of no layer
    own: bool = False  # the artist's, else it came with Scumble
    thumbnail: bytes = b""  # a small PNG of a picture in it, or none


# For the model that comes with Scumble, and any other.
BUILT_IN = (
    Style("Golden hour", "at sunset, warm low light"),
    Style("Mist", "foggy, mist, soft pale light"),
    Style("Moonlight", "at night under a full moon"),
    Style("Winter", "snow, winter, cold light"),
    Style("Storm", "under dark storm clouds, rain"),
    Style("Autumn", "in autumn, red and golden trees"),
)


def folder() -> Path:
    return Path(Krita.getAppDataLocation()) / "scumble_styles"


def known() -> list[Style]:
    """Those that came with Scumble, then the artist's own by name; files that cannot be read are left out."""
    found = []
    try:
        paths = sorted(folder().glob("*" + SUFFIX))
    except OSError:
        paths = []
    for path in paths:
        try:
            found.append(read(path))
        except ScumbleError:
            log.exception(f"a style, {path}")
    found.sort(key=lambda style: style.name.casefold())
    names = {style.name for style in found}
    return [style for style in BUILT_IN if style.name not in names] + found


def of(name: str, words: str, settings: DocumentSettings, thumbnail: bytes = b"") -> Style:
    """What a document has set, as a style of that name."""
    name = " ".join(name.split())[:MOST_NAME]
    if not name:
        raise ScumbleError(tr("A style needs a name."))
    loras = tuple(one for one in settings.conditions if one.kind == "lora")
    controls = tuple(replace(one, layer="") for one in settings.conditions if one.kind == "control")
    kept = {key: getattr(settings, key) for key in KEPT}
    return Style(name, words.strip()[:MOST_TEXT], kept, loras, controls, True, thumbnail)


def applied(style: Style | None, settings: DocumentSettings, layer: str = "") -> DocumentSettings:
    """A document's settings with that style, or with none. What the artist has written stays; LoRAs are those
    of the style, if it has some; its ControlNets are heard as it says, new ones follow `layer`."""
    if style is None:
        return replace(settings, style="", words="")
    others = [one for one in settings.conditions if not style.loras or one.kind != "lora"]
    loras = [replace(one, number=n) for one, n in zip(style.loras, numbers_left(others))]
    conditions = _heard((*others, *loras), style.controls, layer)
    return replace(settings, style=style.name, words=style.words, conditions=conditions, **style.settings)


def _heard(conditions: tuple, controls: tuple, layer: str) -> tuple[Condition, ...]:
    """Of several of one file each has one of the document's, in their order."""
    left = [one for one in conditions if one.kind == "control"]
    for control in controls:
        like = next((one for one in left if one.file == control.file), None)
        if like is not None:
            left.remove(like)
            same = replace(control, number=like.number, layer=like.layer)
            conditions = tuple(same if one is like else one for one in conditions)
            continue
        for number in numbers_left(conditions)[:1]:
            conditions = (*conditions, replace(control, number=number, layer=layer))
    return conditions


def own_like(name: str) -> Style | None:
    """The artist's style of that name, else one whose name differs in case alone: some file systems know
    none."""
    own = [one for one in known() if one.own and one.name.casefold() == name.casefold()]
    return next((one for one in own if one.name == name), own[0] if own else None)


def brought(style: Style) -> Style:
    """One that comes from somebody else, as it is to be kept here: under the next name that is free, if the
    artist has another one of that name."""
    others = {one.name.casefold(): one for one in known()}
    if others.get(style.name.casefold()) == style:
        return style
    names = (f"{style.name[: MOST_NAME - 5].rstrip()} {n}" for n in itertools.count(2))
    free = next(name for name in itertools.chain([style.name], names) if name.casefold() not in others)
    return replace(style, name=free)


def save(style: Style, instead: Style | None = None) -> None:
    """In the place of another one, which may have another name."""
    path = folder() / file_name(style.name)
    write(style, path)
    if instead is None or instead.name == style.name:
        return
    other = folder() / file_name(instead.name)
    if not (other.exists() and path.samefile(other)):  # where the case of a name makes no other file
        remove(instead)


def write(style: Style, path: Path) -> None:
    """Whole or not at all. Raises ScumbleError."""
    kept = {"kind": KIND, "version": 1, "name": style.name, "words": style.words, **style.settings}
    kept["loras"] = [asdict(one) for one in style.loras]
    kept["controls"] = [asdict(one) for one in style.controls]
    if style.thumbnail:
        kept["thumbnail"] = base64.b64encode(style.thumbnail).decode("ascii")
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{secrets.token_hex(8)}.part")
        try:  # no file of Python's `tempfile`, which nobody else may read: a style is given away
            with open(temporary, "x", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise ScumbleError(
            tr("The style could not be written to {file}: {why}.").format(file=path, why=why)
        ) from error


def remove(style: Style) -> None:
    try:
        (folder() / file_name(style.name)).unlink()
    except OSError as error:
        why = error.strerror or str(error)
        raise ScumbleError(
            tr("The style “{name}” could not be deleted: {why}.").format(name=style.name, why=why)
        ) from error


def read(path: Path) -> Style:
    """Raises ScumbleError with a sentence for a file that is no style."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        why = error.strerror or str(error)
        raise ScumbleError(tr("{file} could not be read: {why}.").format(file=path, why=why)) from error
    style = _parse(data)
    if style is None:
        raise ScumbleError(tr("{file} is no style of Scumble, or it is damaged.").format(file=path))
    return style


def _parse(data: bytes) -> Style | None:
    found = parse_object(data)
    if found is None or found.get("kind") != KIND:
        return None
    name, words = found.get("name"), found.get("words", "")
    if not isinstance(name, str) or not isinstance(words, str) or not name.strip():
        return None
    kept = {key: found[key] for key in KEPT if key in found}
    settings = DocumentSettings.read({**kept, "words": words})
    loras, good = read_conditions(found.get("loras", []))
    controls, heard = read_conditions(found.get("controls", []))
    if settings.damaged or not good or any(one.kind != "lora" for one in loras):
        return None
    if not heard or any(one.kind != "control" or one.layer for one in controls):
        return None
    name = " ".join(name.split())[:MOST_NAME]
    settings = {key: getattr(settings, key) for key in kept}
    return Style(name, words, settings, loras, controls, True, _picture(found.get("thumbnail", "")))


def _picture(text) -> bytes:
    """A thumbnail that cannot be read is none: the style is whole without it."""
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        return b""
    return data if len(data) <= MOST_THUMBNAIL else b""


def file_name(name: str) -> str:
    """One that every file system takes, and another one for each name."""
    plain = "".join(c if c.isalnum() or c in " -_" else "_" for c in name)
    return (plain if plain == name else f"{plain} {zlib.crc32(name.encode()):x}") + SUFFIX
