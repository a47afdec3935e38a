# SPDX-License-Identifier: GPL-3.0-or-later
"""The control that a model's own network reads, in the real Krita with the real engine and tiny models: an
export with a ControlNet in its graph, one of FLUX.1 Depth's form; InstructPix2Pix, which sees the paint."""

import os
import sys
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checks import ZIGZAG, part  # noqa: E402
from painting import Pen, check, idle, new_document, play, until, whole  # noqa: E402
from real import at_rest, change  # noqa: E402
from scumble import models  # noqa: E402
from scumble.extension import live, run  # noqa: E402
from scumble.group import LIVE_NAME  # noqa: E402
from scumble.steer_list import SteerList  # noqa: E402
from steering import NETWORKS, sketch_layer  # noqa: E402


def entries(document, *texts):
    """The docker's list, with entries of its menu, as the model that is live has it."""
    shown = SteerList()
    shown.load((), [], live().engines.conditions(live().settings(document).model))
    shown.list_known()
    found = {action.text(): action for action in shown.menu.actions()}
    return shown, [found[text] for text in texts]


def follows(name, document, sketch):
    """The document's model reads what is on a layer, while it is painted on."""
    change(document, model=models.remember(str(NETWORKS / name)), conditions=(), strength=0.6)
    yield from at_rest(document)
    node = part(document, LIVE_NAME)
    plain = whole(node, document)
    shown, (own, nets) = entries(document, "Control: the model's own", "ControlNet from a file…")
    good = own.isEnabled() and not nets.isEnabled() and nets.toolTip()
    check(f"{name}: its own control can be added, and no ControlNet's file, with the reason", good,
          nets.toolTip())  # fmt: skip
    shown.wanted.connect(lambda kind, file: run(lambda d: live().steer(d, kind, file), document))
    own.trigger()
    yield from at_rest(document)
    (one,) = live().settings(document).conditions
    steered, told = whole(node, document), live().status(document)
    kept = (one.kind, one.file, one.layer) == ("control", "", sketch.uniqueId().toString())
    check(f"{name}: it follows the active layer, and changes the picture",
          kept and steered != plain and not told.error, told.text)  # fmt: skip
    pen = Pen()
    pen.down(200, 300)
    for x, y in ZIGZAG[:20]:
        pen.move(x, y)
        yield 10
    took = yield from until(lambda: whole(node, document) != steered, 20)
    held = not document.tryBarrierLock()
    check(f"{name}: painted on, the picture follows while the button is down", took is not None and held)
    pen.up(200, 300)
    yield from idle(document)
    yield from at_rest(document)
    drawn = whole(node, document)
    change(document, conditions=(replace(one, on=False),))
    yield from at_rest(document)
    check(f"{name}: off, the picture is what it was, to the byte", whole(node, document) == plain)
    change(document, conditions=(one,))
    yield from at_rest(document)
    check(f"{name}: on again, too", drawn != steered and whole(node, document) == drawn)


def keeps_to_paint(document):
    """InstructPix2Pix: how far it keeps to the paint is its own setting."""
    model = models.remember(str(NETWORKS / "pix2pix"))
    change(document, model=model, conditions=(), strength=1.0, guidance=4.0)
    yield from at_rest(document)
    node, told = part(document, LIVE_NAME), live().status(document)
    check("pix2pix: it has a setting of its own", told.model.paint_guidance > 0 and not told.error, told.text)
    own = whole(node, document)
    change(document, paint_guidance=6.0)
    yield from at_rest(document)
    more = whole(node, document)
    change(document, paint_guidance=None)
    yield from at_rest(document)
    good = more != own and whole(node, document) == own
    check("pix2pix: which changes the picture, and back, to the byte", good, live().status(document).text)


def scenario():
    document = yield from new_document(256)
    change(document, model=models.remember(str(NETWORKS / "fused")), prompt="a house", strength=0.6)
    _, sketch = yield from sketch_layer(document)
    for name in ("fused", "flux-control"):
        yield from follows(name, document, sketch)
    yield from keeps_to_paint(document)
    document.setModified(False)
    live().stop(document)


if __name__ == "__krita__":
    play(scenario)
