# SPDX-License-Identifier: GPL-3.0-or-later
"""Scumble for Krita: a layer that a diffusion model keeps re-rendering from the painted layers below it.

The map, in the order in which a stroke travels:
    docker.py     what the painter sees and sets           extension.py  actions with shortcuts, start and end
    host.py       which window, view and document          models.py     the artist's model folders
    live.py       one timer; whose turn it is               document.py   read → push → poll → show
    watch.py      what wakes the timer again                gathering.py  when Krita begins a redraw
    undo.py       no undo is lost to a picture              log.py        what went wrong inside
    group.py      all that knows Krita's nodes              pixels.py     formats, buffers, selections
    engine.py     the library as Python objects             abi.py        scumble.h in ctypes
    settings.py   what a document remembers                 qt.py         PyQt5 or PyQt6
"""

try:
    import krita
except ImportError:  # outside Krita: the modules can still be imported, for tests
    krita = None

if krita is not None and not getattr(krita, "IS_MOCK", False):
    from .extension import register

    register()
