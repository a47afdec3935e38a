# SPDX-License-Identifier: GPL-3.0-or-later
"""Scumble for Krita: a layer that a diffusion model keeps re-rendering from the painted layers below it.

The map, in the order in which a stroke travels:
    docker.py     what the painter sees and sets           extension.py  actions with shortcuts, start and end
    live.py       what they ask for: on, off, Apply        status.py     what they are told of it
    loop.py       one timer; whose turn it is               document.py   read → push → poll → show
    watch.py      what wakes the timer again                gathering.py  when Krita begins a redraw
    old_picture.py  one of before, hidden to be painted under  taking.py  all of a picture, to be copied
    reading.py    what of the canvas is read next           host.py       which window, view and document
    pushing.py    the paint on its way to the library       writing.py    a picture on its way into the layer
    split.py      which part of it is shown
    playing.py    whether an animation plays                compare.py    the docker's ways to see the paint
    instant_preview.py  what it does to whom reads and writes layers
    undo.py       no undo is lost to a picture              pictures.py   a file or the clipboard as a layer
    group.py      all that knows Krita's nodes              pixels.py     formats, buffers, selections
    stack.py      its layers: walked through, one added
    engines.py    one engine a model, shared                models.py     the artist's model folders
    library.py    the shared library, found and loaded      abi.py        scumble.h in ctypes
    engine.py     what it does, as Python objects           structs.py    its structs
    settings.py   what a document remembers                 log.py        what went wrong inside
    widgets.py    the docker's own widgets                  qt.py         PyQt5 or PyQt6
    spaces.py     colour spaces by Krita's names for them   onion.py      layers that show onion skins
    steering.py   ControlNets that follow layers, LoRAs    steer_list.py the docker's list of them
    steered.py    what is asked for in that list           steer_files.py the file of what is to steer
    networks.py   where the files of it lie                layer_pixels.py what is on its layers
    regions.py    a group whose layers are regions         region_words.py their words in that list
    styles.py     words and settings under a name          style_menu.py the docker's button for them
    history.py    the last pictures of a document          history_strip.py the docker's strip of them
    prompts.py    the last prompts of this computer        prompt_box.py the docker's box for the prompt
    model_row.py  the docker's list of models              redraw_tap.py what makes Krita merge again
    getting.py    what can be got, and getting it          shop.py       the window for that
    fetching.py   a download, with the window or without
    shopping.py   to that window, and what it got into use  arrivals.py   what waits for the end of a stroke
"""

try:
    import krita
except ImportError:  # outside Krita: the modules can still be imported, for tests
    krita = None

if krita is not None and not getattr(krita, "IS_MOCK", False):
    from .extension import register

    register()
