# SPDX-License-Identifier: GPL-3.0-or-later
"""The Qt binding that Krita itself runs on: PyQt6 in Krita 6, PyQt5 in Krita 5. Enums are written scoped
(Qt.Orientation.Horizontal), which both understand."""

import sys

if "PyQt6" in sys.modules:
    from PyQt6 import QtCore, QtGui, QtWidgets, sip
else:
    from PyQt5 import QtCore, QtGui, QtWidgets, sip

__all__ = ["QtCore", "QtGui", "QtWidgets", "owned", "sip", "tr"]


def owned(objects: list) -> list:
    """Krita's functions that return a list of objects make them for the caller, but the binding does not know
    and never frees them; this hands them to Python."""
    for item in objects:
        if item is not None:
            sip.transferback(item)
    return objects


def tr(text: str) -> str:
    """Every string that the painter sees goes through here, so that translations find it."""
    return QtCore.QCoreApplication.translate("Scumble", text)
