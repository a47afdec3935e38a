# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the file named by SCUMBLE_DRIVER inside Krita, once its window is there."""

import faulthandler
import os
import runpy
import sys
import traceback

import krita

if "PyQt6" in sys.modules:
    from PyQt6.QtCore import QTimer
else:
    from PyQt5.QtCore import QTimer


faulthandler.enable()  # where Krita crashes in a call of ours, its log says in which


class Driver(krita.Extension):
    def setup(self):
        notifier = krita.Krita.instance().notifier()
        notifier.setActive(True)
        notifier.windowCreated.connect(lambda: QTimer.singleShot(500, self.start))
        self.notifier = notifier
        self.started = False

    def createActions(self, window):
        pass

    def start(self):
        if self.started:
            return
        self.started = True
        try:
            self.globals = runpy.run_path(os.environ["SCUMBLE_DRIVER"], run_name="__krita__")
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(3)


krita.Krita.instance().addExtension(Driver(krita.Krita.instance()))
