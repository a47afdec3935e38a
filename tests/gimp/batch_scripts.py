# SPDX-License-Identifier: MIT OR Apache-2.0
"""What scripts are told, and how they are run: from GIMP's command line, from Python, without windows."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pictures
from batch import U8, Batch
from gimp_session import HERE, ScriptError


def errors(b: Batch):
    image, layer = b.open(pictures.painting(40, 30, 3))
    before = b.session.do(f"(t-layers {image})")

    def refused(name: str, script: str, *words: str):
        try:
            said = "it ran: " + b.session.do(script)
            good = False
        except ScriptError as error:
            said = str(error)
            good = all(word in said for word in words)
        b.report.check(f"{name} is refused in a sentence", good, said.strip()[:200])

    call = '(t-scumble {i} {l} "" "" {s} {n} {g} 0 "{m}" "{by}")'
    values = dict(i=image, l=layer, s=0.5, n=1, g=1.0, m=b.model, by="")
    three = b.session.gimp.number == "3"  # which checks the ranges of arguments itself
    refused("strength 1.5", call.format(**{**values, "s": 1.5}), "range" if three else "strength")
    refused("strength -0.5", call.format(**{**values, "s": -0.5}), "strength")
    refused("500 steps", call.format(**{**values, "n": 500}), "range" if three else "steps")
    refused("a model that is not there", call.format(**{**values, "m": "/nowhere/model"}), "/nowhere/model")
    refused("a sampler that is not known", call.format(**{**values, "by": "nosuch"}), "nosuch", "sampler")
    refused("2.5 steps", call.format(**{**values, "n": 2.5}), "whole")
    refused("a seed of 0.5", call.format(**values).replace(' 0 "', ' 0.5 "'), "whole")
    large = call.format(**values).replace(' 0 "', ' 4294967296 "')
    refused("a seed of 2^32", large, "range" if three else "whole")
    # Of other types Script-Fu itself speaks.
    words = call.format(**{**values, "n": '"four"'})
    refused("words for a number", words, "numeric for argument" if three else "argument 7")
    number = call.format(**values).replace(' "" "" ', ' 7 "" ')
    refused("a number for words", number, "string for argument" if three else "argument 4")
    refused("live without windows", f"(t-scumble-live {image} {layer})", "windows")
    b.session.do(f"(begin (gimp-layer-set-offsets {layer} 20 20) (t-select {image} 1 1 5 5 0))")
    refused("a selection off the layer", call.format(**values), "selected")
    b.session.do(f"(begin (gimp-selection-none {image}) (gimp-layer-set-offsets {layer} 0 0))")
    channel = b.number(f"(t-channel {image})")
    refused("a channel", call.format(**{**values, "l": channel}), "layer")
    b.report.check("and the image is as it was", b.session.do(f"(t-layers {image})") == before)
    b.session.do(f"(t-index {image})")
    refused("an indexed image", call.format(**values), "")
    b.report.check("and GIMP is still there", b.session.do("(+ 1 2)") == "3")
    b.session.do(f"(gimp-image-delete {image})")


def device(b: Batch):
    """What "Runs on" says in the dialog holds for scripts, too."""
    conf = b.session.profile / "scumble.conf"
    image, layer = b.open(pictures.painting(40, 30, 3))
    call = f'(t-scumble {image} {layer} "" "" 0.5 1 1.0 0 "{b.model}" "")'
    conf.write_text("[scumble]\ndevice=cuda\nstrength=7\n")
    try:
        said = "it ran: " + b.session.do(call)
    except ScriptError as error:
        said = str(error)
    good = "CUDA" in said.upper() and "it ran" not in said
    b.report.check("a device that is chosen and not here: a script is told", good, said.strip()[:200])
    conf.write_text("[scumble]\ndevice=cpu\n")
    b.report.check("with one that is here it runs", b.number(call) > 0)
    conf.unlink()
    b.session.do(f"(gimp-image-delete {image})")


def batch_filter(b: Batch):
    """As docs/gimp.md says: a GIMP without windows that is started for one script and ends with it."""
    gimp = b.session.gimp
    image, layer = b.open(pictures.painting(120, 90, 3))
    b.export(layer, "paint-out.png", 8)
    b.session.do(f"(gimp-image-delete {image})")
    paint = b.folder / "paint.png"
    script = f'''(begin (load "{HERE}/scripts-{gimp.number}.scm") (load "{HERE}/scripts.scm")
      (let* ((image (t-load "{paint}")) (layer (t-active image))
             (made (t-scumble image layer "a lake" "" 0.5 4 1.0 7 "{b.model}" "")))
        (t-export made {U8} "{b.folder}/filtered.png"))
      (gimp-quit 1))'''
    interpreter = ("--batch-interpreter", "plug-in-script-fu-eval")
    command = gimp.command(gimp.program(True), "-i", "-d", "-f", *interpreter, "-b", script)
    done = subprocess.run(command, env=b.session.env, capture_output=True, text=True, check=False)
    result = pictures.read(b.folder / "filtered.png") if (b.folder / "filtered.png").exists() else None
    wanted = b.reference("paint-out.png")
    same = result and [v for i, v in enumerate(result.values) if i % 4 != 3] == wanted.values
    b.report.check(
        "as a batch filter from the command line: what scumble render makes",
        same,
        "" if same else done.stderr[-300:],
    )


def batch_error(b: Batch):
    """The same with a model that is not there: it ends, and says why."""
    gimp, paint = b.session.gimp, pictures.write(b.folder / "paint.png", pictures.painting(40, 30, 3))
    script = f'''(begin (load "{HERE}/scripts-{gimp.number}.scm") (load "{HERE}/scripts.scm")
      (let* ((image (t-load "{paint}")))
        (t-scumble image (t-active image) "a lake" "" 0.5 4 1.0 7 "/nowhere/model" "")))'''
    interpreter = ("--batch-interpreter", "plug-in-script-fu-eval")
    ends = ("-b", "(gimp-quit 1)") if gimp.number == "2" else ("--quit",)
    command = gimp.command(gimp.program(True), "-i", "-d", "-f", *interpreter, "-b", script, *ends)
    done = subprocess.run(command, env=b.session.env, capture_output=True, text=True, check=False, timeout=90)
    told = "/nowhere/model" in done.stderr + done.stdout
    b.report.check(
        "as a batch filter an error ends GIMP and is told", told, (done.stderr + done.stdout)[-300:]
    )


def unseen(b: Batch):
    """Without windows nobody sees pictures of steps: none is asked for. The engine is the stub."""
    image, layer = b.open(pictures.painting(40, 30, 3))
    b.number(f'(t-scumble {image} {layer} "" "" 0.5 20 1 0 "" "")')
    told = Path(b.env["SCUMBLE_STUB_TOLD"]).read_text().split("\n")
    asked = [text for text in told if text.startswith("preview")]
    b.report.check("a script's picture is made without previews", asked and asked[-1] == "preview 0", asked)
    b.session.do(f"(gimp-image-delete {image})")


PYTHON = """
from gi.repository import Gimp
image = Gimp.Image.new(64, 48, Gimp.ImageBaseType.RGB)
layer = Gimp.Layer.new(image, "paint", 64, 48, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
image.insert_layer(layer, None, 0)
procedure = Gimp.get_pdb().lookup_procedure("plug-in-scumble")
config = procedure.create_config()
config.set_property("image", image)
config.set_core_object_array("drawables", [layer])
config.set_property("prompt", "a lake")
config.set_property("model", "MODEL")
made = procedure.run(config).index(1)
print("made", made.get_name(), made.get_width(), made.get_height(), len(image.get_layers()))
"""


def python(b: Batch):
    """GIMP 3 runs it from Python too; 2.10's Python was for Python 2."""
    gimp = b.session.gimp
    if gimp.number == "2":
        return
    script = PYTHON.replace("MODEL", str(b.model))
    command = gimp.command(
        gimp.program(True), "-i", "-d", "-s", "-f", "--quit", "--batch-interpreter", "python-fu-eval"
    )
    done = subprocess.run(
        [*command, "-b", script], env=b.session.env, capture_output=True, text=True, check=False
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("made")]
    wrong = said or done.stderr[-300:]
    b.report.check("from Python", said == ["made Scumble: a lake 64 48 2"], wrong)


def engineless(b: Batch):
    """A plug-in folder that lost its engine."""
    image, layer = b.open(pictures.painting(40, 30, 3))
    try:
        said = b.session.do(f'(t-scumble {image} {layer} "" "" -1 0 -1 0 "" "")')
        good = False
    except ScriptError as error:
        said, good = str(error), "engine is missing" in str(error) and "libscumble.so" in str(error)
    b.report.check("without its engine it says what is missing and what to do", good, said.strip()[:250])


SCENARIOS = [errors, device, batch_filter, batch_error, python]
