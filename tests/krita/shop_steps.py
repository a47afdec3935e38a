# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of getting things do as the artist does."""

from conftest import eventually
from scumble import abi, shop
from scumble.qt import QtCore

events = QtCore.QCoreApplication.processEvents


def open_shop(panel, what="Get a model…"):
    """As the artist does: from the list of models."""
    index = panel.model.models.findText(what)
    panel.model.models.setCurrentIndex(index)
    panel.model.models.activated.emit(index)
    return shop._open[abi.WANT_MODEL]


def finish(window, seconds=30):
    assert eventually(lambda: (events(), window.fetching.look()), lambda: window.download is None, seconds)


def download(panel):
    window = open_shop(panel)
    window.agree.click()
    window.get.click()
    return window
