# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared library: found, loaded, asked for its version, and what holds a handle of it. Knows nothing of
Krita or Qt.

Failures are ScumbleError, whose text is the library's sentence for the painter.
"""

from __future__ import annotations

import ctypes
import os
import sys
import weakref
from pathlib import Path

from . import abi


class ScumbleError(Exception):
    """What went wrong, in a sentence that can be shown; `status` is the library's number (0: our own)."""

    def __init__(self, message: str, status: int = 0):
        super().__init__(message)
        self.status = status


def library_name(system: str = sys.platform) -> str:
    """What the shared library is called where Python calls the system so."""
    return {"win32": "scumble.dll", "darwin": "libscumble.dylib"}.get(system, "libscumble.so")


def library_path() -> Path:
    """The library in the plug-in's own folder, else the developer's, named by the environment."""
    inside = Path(__file__).resolve().parent / "lib" / library_name()
    if inside.is_file():
        return inside
    named = os.environ.get("SCUMBLE_LIBRARY", "")
    if named:
        return Path(named)
    raise ScumbleError(
        f"Scumble's library is missing ({inside}); install the plug-in again, with its lib folder."
    )


class Library:
    """The loaded shared library, of the version that abi.py describes."""

    def __init__(self, path: str | os.PathLike | None = None):
        path = os.fspath(path or library_path())
        try:
            self.call = abi.load(path)
        except OSError as error:
            raise ScumbleError(f"Scumble's library could not be loaded: {error}") from error
        except AttributeError as error:
            raise ScumbleError(
                f"Scumble's library at {path} is of another version ({error}); install the plug-in again."
            ) from error
        found = self.call.scumble_abi_version()
        major, minor = found >> 16, found & 0xFFFF
        if major != abi.ABI_MAJOR or minor < abi.ABI_MINOR:
            raise ScumbleError(
                f"Scumble's library at {path} speaks version {major}.{minor} of its interface, this plug-in "
                f"version {abi.ABI_MAJOR}.{abi.ABI_MINOR}; install the plug-in again."
            )

    def check(self, status: int) -> int:
        """Passes a status that is no error; raises the library's sentence otherwise."""
        if status < 0:
            message = text(self.call.scumble_last_error())
            raise ScumbleError(message or f"Scumble failed with status {status}.", status)
        return status

    def samplers(self) -> list[str]:
        """The names of all samplers, without loading a model."""
        out = ctypes.c_void_p()
        self.check(self.call.scumble_list_create(abi.LIST_SAMPLERS, ctypes.byref(out)))
        return self.names(out)

    def names(self, out: ctypes.c_void_p) -> list[str]:
        """The names of what a list holds, which is given back."""
        return self.entries(out, lambda entry: text(entry.name))

    def entries(self, out: ctypes.c_void_p, read) -> list:
        """What `read` makes of each entry of a list, which is given back."""
        found = []
        try:
            while True:
                entry = self.made(abi.Entry, "scumble_entry_init")
                status = self.call.scumble_list_entry(out, len(found), ctypes.byref(entry))
                if self.check(status) != abi.OK:
                    return found
                found.append(read(entry))
        finally:
            self.call.scumble_list_release(out)

    def made(self, struct_type, init: str):
        struct = struct_type()
        self.check(getattr(self.call, init)(ctypes.byref(struct), ctypes.sizeof(struct)))
        return struct


def text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def encoded(value: str | os.PathLike | None) -> bytes | None:
    return None if value is None else os.fspath(value).encode("utf-8", "surrogatepass")


class Owned:
    """Holds one handle of the library and gives it back once."""

    def __init__(self, library: Library, handle: int, release: str):
        self.library = library
        self._handle = handle
        self._release = weakref.finalize(self, getattr(library.call, release), ctypes.c_void_p(handle))

    @property
    def handle(self) -> ctypes.c_void_p:
        if not self._release.alive:
            raise ScumbleError(f"this {type(self).__name__.lower()} is closed")
        return ctypes.c_void_p(self._handle)

    @property
    def closed(self) -> bool:
        return not self._release.alive

    def close(self) -> None:
        self._release()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
