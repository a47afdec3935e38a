# SPDX-License-Identifier: GPL-3.0-or-later
"""The Qt that the tests chose: PyQt6 where it is loaded, else PyQt5."""

import sys

if "PyQt6" in sys.modules:
    from PyQt6 import QtCore, QtGui, QtWidgets
else:
    from PyQt5 import QtCore, QtGui, QtWidgets

__all__ = ["QtCore", "QtGui", "QtWidgets"]
