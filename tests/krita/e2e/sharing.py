# SPDX-License-Identifier: GPL-3.0-or-later
"""One model for the real Krita and another program, asked for by the docker's box.

SCUMBLE_TEST_MODEL is the model; scumble-worker lies beside the library.
"""

import os
import sys
import threading
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, str(Path(HERE).parent)]

from another_program import Another, workers  # noqa: E402
from painting import check, new_document, play, until  # noqa: E402
from real import at_rest, change  # noqa: E402
from scumble import engines, models  # noqa: E402
from scumble.extension import live  # noqa: E402


def boxes():
    """The docker's box, in each of Krita's windows."""
    from scumble.docker import ScumbleDocker
    from scumble.qt import QtWidgets

    every = QtWidgets.QApplication.allWidgets()
    return [widget.model.share for widget in every if isinstance(widget, ScumbleDocker)]


def scenario():
    library, folder = os.environ["SCUMBLE_LIBRARY"], os.environ["SCUMBLE_TEST_MODEL"]
    document = yield from new_document(256)
    change(document, model=models.remember(folder), prompt="a house", strength=0.6)
    live().start(document)
    yield from until(lambda: live().of(document).last_frame is not None, 120)
    yield from at_rest(document)
    own = workers(library)
    check("Krita has a process of its own", len(own) == 1, own)
    box = boxes()[0]
    check("the box is off until it is wanted", not box.isChecked() and not engines.is_shared())
    box.click()
    check("ticked, that is kept", engines.is_shared())
    yield from until(lambda: live().of(document).last_frame is not None, 120)
    yield from at_rest(document)
    there = workers(library)
    check("and Krita goes on in one that can be shared", len(there) == 1 and there != own, (own, there))
    other, told = Another(library, folder, dict(os.environ)), []
    threading.Thread(target=lambda: told.append(other.loaded()), daemon=True).start()
    yield from until(lambda: told, 120)
    good = bool(told) and told[0].startswith("1") and "not shared" not in told[0]
    check("another program that shares loads its model", good, told)
    check("in the same process, the only one", workers(library) == there, (there, workers(library)))
    change(document, prompt="a lake")
    took = yield from at_rest(document)
    check("Krita renders on in it", took is not None and workers(library) == there, workers(library))
    live().close()
    check("Krita closed, the other has it still", workers(library) == there, workers(library))
    other.end()
    took = yield from until(lambda: not workers(library), 20)
    check("with the last program it ends", took is not None, workers(library))


if __name__ == "__krita__":
    play(scenario)
