# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers the docker and the actions with Krita; holds the one Live that all windows share."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from .engine import ScumbleError
from .live import Live
from .qt import QtCore, tr
from .undo import Undo

_live: Live | None = None
_undo: Undo | None = None
_factory = None


def live() -> Live:
    global _live
    if _live is None:
        _live = Live()
    return _live


def undo() -> Undo:
    global _undo
    if _undo is None:
        _undo = Undo(live())
    return _undo


class ScumbleExtension(Extension):
    def setup(self):
        translate()
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.applicationClosing.connect(live().close)

    def createActions(self, window):
        for name, text, function in (
            ("scumble_toggle", tr("Live Layer On or Off"), live().toggle),
            ("scumble_apply", tr("Apply Live Picture"), live().apply),
            ("scumble_new_seed", tr("New Seed for Live Layer"), live().new_seed),
        ):
            action = window.createAction(name, text, "tools/scripts")
            action.triggered.connect(lambda _=False, function=function: run(function))
        QtCore.QTimer.singleShot(0, undo().watch)


def translate() -> None:
    """Loads the painter's language, if translators have made it (scripts/krita_catalogue.py)."""
    application = QtCore.QCoreApplication.instance()
    translator = QtCore.QTranslator(application)
    folder = str(Path(__file__).resolve().parent / "translations")
    if translator.load(QtCore.QLocale(), "scumble", "_", folder):
        application.installTranslator(translator)


def run(function) -> None:
    """Does what the painter asked for in the active document; what fails is told in the docker.

    Every slot of ours ends here: an exception that left a slot would end Krita.
    """
    document = Krita.instance().activeDocument()
    try:
        function(document)
    except ScumbleError as error:
        live().tell(document, error)
    except Exception as error:  # noqa: BLE001
        traceback.print_exc(file=sys.stderr)
        sentence = tr("Scumble met an error of its own: {error}")
        told = ScumbleError(sentence.format(error=f"{type(error).__name__}: {error}"))
        live().tell(document, told)


def register() -> None:
    global _factory
    from .docker import ScumbleDocker

    krita = Krita.instance()
    krita.addExtension(ScumbleExtension(krita))
    right = DockWidgetFactoryBase.DockPosition.DockRight
    _factory = DockWidgetFactory("scumble_docker", right, ScumbleDocker)
    krita.addDockWidgetFactory(_factory)
