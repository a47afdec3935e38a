# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers the docker and the actions with Krita; holds the one Live that all windows share."""

from __future__ import annotations

from pathlib import Path

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from . import host, log, shop
from .library import ScumbleError
from .live import Live
from .log import guarded
from .qt import QtCore, QtWidgets, sip, tr
from .undo import Undo

DOCKER = "scumble_docker"  # Krita's name for it

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
        _undo = Undo(live().loop)
    return _undo


class ScumbleExtension(Extension):
    def setup(self):
        translate()
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.applicationClosing.connect(live().close)
        notifier.applicationClosing.connect(guarded(shop.close_all))

    def createActions(self, window):
        for name, text, function in (
            ("scumble_toggle", tr("Live Layer On or Off"), live().toggle),
            ("scumble_apply", tr("Apply Live Picture"), live().apply),
            ("scumble_keep", tr("Keep Live Picture"), live().keep),
            ("scumble_new_seed", tr("New Seed for Live Layer"), live().new_seed),
            ("scumble_compare", tr("Compare with Paint (hold)"), Held.begin),
            ("scumble_split", tr("Split View: Paint and Picture"), live().split),
        ):
            action = window.createAction(name, text, "tools/scripts")
            action.setAutoRepeat(False)
            action.triggered.connect(lambda _=False, function=function: run(function, host.front().document))
        qwindow = window.qwindow()  # the Window itself lasts no longer than this call
        QtCore.QTimer.singleShot(0, guarded(lambda: sip.isdeleted(qwindow) or _enter(qwindow)))


class Held(QtCore.QObject):
    """While the key of an action is held: Qt tells of the press alone, so the release is looked for."""

    ENDS = (QtCore.QEvent.Type.KeyRelease, QtCore.QEvent.Type.ApplicationDeactivate)
    _one: Held | None = None

    @classmethod
    def begin(cls, document) -> None:
        """From the menu, where no key is held, a second time ends it."""
        if cls._one is not None:
            cls.end()
            return
        live().compare(document, True)
        cls._one = cls()
        QtWidgets.QApplication.instance().installEventFilter(cls._one)

    @classmethod
    def end(cls) -> None:
        if cls._one is not None:
            QtWidgets.QApplication.instance().removeEventFilter(cls._one)
            cls._one = None
            live().compare_no_more()

    def eventFilter(self, _, event) -> bool:
        """Qt's name. Takes no event away."""
        repeated = event.type() == QtCore.QEvent.Type.KeyRelease and event.isAutoRepeat()
        if event.type() in self.ENDS and not repeated:
            guarded(self.end)()
        return False


def _enter(window) -> None:
    """A main window (Qt's) is there."""
    undo().watch(window)
    show_once(window)


def show_once(window) -> None:
    """Shows the docker after the plug-in was installed: since Krita 5.2 a new one is hidden under
    Settings > Dockers. Closed by the artist it stays closed."""
    krita = Krita.instance()
    docker = window.findChild(QtWidgets.QDockWidget, DOCKER)
    if docker is None or krita.readSetting("scumble", "shown", ""):
        return
    krita.writeSetting("scumble", "shown", "yes")
    docker.show()


def translate() -> None:
    """Loads the painter's language, if translators have made it (scripts/krita_catalogue.py)."""
    application = QtCore.QCoreApplication.instance()
    translator = QtCore.QTranslator(application)
    folder = str(Path(__file__).resolve().parent / "translations")
    if translator.load(_language(), "scumble", "_", folder):
        application.installTranslator(translator)


def _language() -> QtCore.QLocale:
    """The language chosen in Krita, else the system's."""
    paths, kind = QtCore.QStandardPaths, QtCore.QStandardPaths.StandardLocation.GenericConfigLocation
    file = paths.writableLocation(kind) + "/klanguageoverridesrc"  # where Krita writes it
    chosen = QtCore.QSettings(file, QtCore.QSettings.Format.IniFormat).value("Language/krita", b"")
    name = bytes(chosen).decode("ascii", "ignore") if not isinstance(chosen, str) else chosen
    return QtCore.QLocale(name.split(":")[0]) if name else QtCore.QLocale()


def run(function, document) -> None:
    """Does what the painter asked for in a document; what fails is told in the docker. Every slot of ours
    ends here or in `guarded`."""
    try:
        function(document)
    except ScumbleError as error:
        live().tell(document, error)
    except Exception as error:  # noqa: BLE001
        live().tell(document, ScumbleError(log.own_error("on a click", error)))


def register() -> None:
    global _factory
    from .docker import ScumbleDocker

    krita = Krita.instance()
    krita.addExtension(ScumbleExtension(krita))
    right = DockWidgetFactoryBase.DockPosition.DockRight
    _factory = DockWidgetFactory(DOCKER, right, ScumbleDocker)
    krita.addDockWidgetFactory(_factory)
