# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of what steers: where they lie, and which the library could not use."""

from __future__ import annotations

import os

from . import models
from .library import ScumbleError


class Networks:
    """Of one document."""

    def __init__(self):
        self._paths: dict[str, str] = {}  # by the id that conditions name
        self._unfit: dict[str, tuple] = {}  # what could not be used: what it was like then, and why

    def path(self, file: str) -> str:
        """Where it lies. Raises ScumbleError where the artist has not chosen it, and where the library could
        not use it, as long as it is the same."""
        if file not in self._paths:
            self._paths[file] = models.network(file) if file else ""
        path = self._paths[file]
        like, why = self._unfit.get(path, (None, ""))
        if why and like == _look(path):
            raise ScumbleError(why)
        self._unfit.pop(path, None)
        return path

    def forget(self, file: str) -> None:
        """It failed: it may have been moved and added again."""
        self._paths.pop(file, None)

    def refuse(self, paths: set[str], why: str) -> str:
        """The library could not use one of these files, which its sentence names: which; "" for none."""
        named = [path for path in (*paths, *self._unfit) if path and path in why]
        path = max(named, key=len, default="")  # a folder may be named as another begins
        if path not in paths:
            return ""  # it does not steer any more
        self._unfit[path] = _look(path), why
        return path


def _look(path: str):
    """Another answer where a file, or one in a folder, is another one; None where it is not there."""
    try:
        names = os.listdir(path) if os.path.isdir(path) else [""]
        found = [(name, os.stat(os.path.join(path, name) if name else path)) for name in sorted(names)]
        return [(name, about.st_mtime_ns, about.st_size) for name, about in found]
    except OSError:
        return None
