# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour spaces by the names of their profiles: Krita tells a plug-in no more."""

from __future__ import annotations

import os
import struct
import sys
from functools import lru_cache
from pathlib import Path

from . import abi
from .engine import SRGB, Space
from .qt import QtCore

MOST_BYTES = 4 << 20  # of a profile, as the engine has it
MOST_FILES = 4000  # that are looked at

# Parts of names, where the profile came with a picture and has no file.
KNOWN = (
    ("display p3", abi.SPACE_DISPLAY_P3),
    ("adobe rgb", abi.SPACE_ADOBE_RGB),
    ("adobergb", abi.SPACE_ADOBE_RGB),
    ("clayrgb", abi.SPACE_ADOBE_RGB),
    ("rec2020", abi.SPACE_REC2020),
    ("rec. 2020", abi.SPACE_REC2020),
    ("bt.2020", abi.SPACE_REC2020),
    ("prophoto", abi.SPACE_PROPHOTO),
    ("romm", abi.SPACE_PROPHOTO),
)


def is_linear(profile: str) -> bool:
    """Krita's own linear profiles are called …-g10 (gamma 1.0)."""
    name = profile.lower()
    return "g10" in name or "linear" in name


def find(profile: str) -> tuple:
    """A profile's space, and whether pixels are linear light of its primaries (a file has its own curve)."""
    name = profile.lower()
    if not name or name.startswith("srgb-elle-") and name.endswith(("srgbtrc.icc", "-g10.icc")):
        return SRGB, is_linear(profile)
    data = read(profile)
    if data is not None:
        return Space(profile=data), False
    number = next((number for part, number in KNOWN if part in name), abi.SPACE_SRGB)
    return Space(number), is_linear(profile)


@lru_cache(maxsize=8)
def read(profile: str) -> bytes | None:
    """A profile's bytes, from the first file that has its name and is of RGB colours."""
    for path in sorted(_files(), key=lambda path: path.name != profile):
        try:
            if not 128 < path.stat().st_size <= MOST_BYTES:
                continue
            data = path.read_bytes()
            if data[36:40] == b"acsp" and data[16:20] == b"RGB " and description(data) == profile:
                return data
        except (OSError, struct.error):
            continue
    return None


def description(data: bytes) -> str:
    """The name of an ICC profile. Raises struct.error where the bytes end too soon."""
    (count,) = struct.unpack_from(">I", data, 128)
    for n in range(min(count, 200)):
        kind, at, size = struct.unpack_from(">4sII", data, 132 + 12 * n)
        if kind != b"desc":
            continue
        if data[at : at + 4] == b"mluc":  # since version 4: UTF-16, by language; the first one
            length, start = struct.unpack_from(">II", data, at + 20)
            return data[at + start : at + start + length].decode("utf-16-be", "replace").rstrip("\0")
        (length,) = struct.unpack_from(">I", data, at + 8)
        return data[at + 12 : at + 12 + min(length, size)].split(b"\0")[0].decode("latin-1")
    return ""


def folders(system: str = sys.platform) -> list:
    """Where Krita looks for profiles, where Python calls the system so: the user's, its own, the system's."""
    own = QtCore.QCoreApplication.applicationDirPath()
    data, beside = [], [Path(own).parent / "share"] if own else []
    if system == "win32":
        data = [Path(os.environ["APPDATA"])] if os.environ.get("APPDATA") else []
        single = [Path(os.environ.get("SYSTEMROOT") or "C:/Windows", "System32/spool/drivers/color")]
    else:
        home = Path.home()
        data = [Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")]
        shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        beside += [Path(one) for one in shared.split(":") if one]
        single = [home / ".icc", home / ".color/icc"]
    places = ("color/icc", "krita/color/icc", "krita/profiles")
    return [*single, *(one / place for one in data + beside for place in places)]


def _files() -> list:
    found = []
    for folder in dict.fromkeys(folders()):
        for place, _, names in os.walk(folder):
            found += [Path(place, name) for name in names if name.lower().endswith((".icc", ".icm"))]
            if len(found) > MOST_FILES:
                return found[:MOST_FILES]
    return found
