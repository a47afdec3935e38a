# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong inside, in a file beside Krita's own data: who starts Krita from a menu sees no
terminal."""

from __future__ import annotations

import functools
import logging
import logging.handlers
from pathlib import Path

from krita import Krita

from .qt import tr

NAME = "scumble.log"
_logger: logging.Logger | None = None


def path() -> Path:
    return Path(Krita.getAppDataLocation()) / NAME


def exception(what: str) -> None:
    """Writes down the exception that is being handled. Never raises."""
    global _logger
    try:
        if _logger is None:
            _logger = logging.getLogger("scumble")
            _logger.propagate = False
            form = logging.Formatter("%(asctime)s %(message)s")
            for handler in (
                logging.StreamHandler(),
                logging.handlers.RotatingFileHandler(path(), maxBytes=1 << 18, backupCount=1, delay=True),
            ):
                handler.setFormatter(form)
                _logger.addHandler(handler)
        _logger.exception(what)
    except Exception:  # noqa: BLE001  no disk, no data folder: there is nobody left to tell
        pass


def own_error(what: str, error: Exception) -> str:
    """Writes down the exception that is being handled; what the artist is told of it."""
    exception(what)
    told = tr("Scumble met an error of its own ({error}). Details are in {file}.")
    return told.format(error=f"{type(error).__name__}: {error}", file=path())


def guarded(function):
    """For everything that Krita or Qt calls: Krita would open a window for each exception that left it, in
    the middle of a stroke, once for each turn of a timer."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception:  # noqa: BLE001
            exception(function.__qualname__)
            return None

    return call
