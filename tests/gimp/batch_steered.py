# SPDX-License-Identifier: MIT OR Apache-2.0
"""What steers a script's picture, against `scumble render` with the same."""

from __future__ import annotations

from operator import ne

import pictures
from batch import TINY, Batch
from gimp_session import ScriptError


def steered(b: Batch):
    """What steers, by layers that lie elsewhere than the one that is rendered, one of them hidden."""
    model, net, lora = TINY / "sd15", TINY / "controls/sd15-lines", TINY / "loras/sd15-peft.safetensors"
    image, layer = b.open(pictures.painting(128, 96, 3))
    b.session.do(f"(gimp-layer-set-offsets {layer} 10 -6)")
    drawn = b.number(f'(t-empty {image} "lines" 0)')
    b.session.do(f"(begin (t-box {drawn} 30 10 40 50) (t-visible {drawn} FALSE))")
    ships = b.number(f'(t-empty {image} "night: ships" 1)')
    b.session.do(f"(t-box {ships} 60 20 60 40)")
    b.export(layer, "paint-out.png", 8)
    for name, (left, top, right, bottom) in {"lines": (20, 16, 60, 66), "ships": (50, 26, 110, 66)}.items():
        box = [v for y in range(96) for x in range(128)
               for v in ([255] * 4 if left <= x < right and top <= y < bottom else [0] * 4)]  # fmt: skip
        pictures.write(b.folder / f"{name}.png", pictures.Picture(128, 96, 4, 8, box))
    plain = b.reference("paint-out.png", model=model).values
    cases = {
        "a control": (f"{net}=lines:0.8:0:0.5", "", ""),
        "its edges": (f"{net}=canny:lines:0.8:0:0.5", "", ""),
        "it blurred": (f"{net}=blur:lines:0.8:0:0.5", "", ""),
        "a LoRA": ("", f"{lora}:0.7", ""),
        "a LoRA in a part of the steps": ("", f"{lora}:0.7:0.7:0:0.5", ""),
        "a region": ("", "", "night: ships=a red ship:2"),
        "a region in a part of the steps": ("", "", "night: ships=a red ship:2:0.5:1"),
        "all of them": (f"{net}=lines\n{net}=night: ships:0.5", f"{lora}:1:0.5", "night: ships=x=y"),
    }
    made_of = []
    for name, (control, with_lora, region) in cases.items():
        files = {"=lines": f"={b.folder}/lines.png", "=night: ships": f"={b.folder}/ships.png"}
        files.update({f"={how}:lines": f"={how}:{b.folder}/lines.png" for how in ("canny", "blur")})
        words = control
        for one, path in files.items():
            words = words.replace(one, path)
        steer = [f for each in words.split("\n") if each for f in ("--control", each)]
        steer += ["--lora", with_lora] if with_lora else []
        steer += ["--region", region.replace("night: ships", f"{b.folder}/ships.png", 1)] if region else []
        wanted = b.reference("paint-out.png", model=model, steer=tuple(steer))
        lines = control.replace("\n", "\\n")
        made = b.number(f'(t-steered {image} {layer} "{model}" "{lines}" "{with_lora}" "{region}" "")')
        result = b.export(made, "steered.png", 8)
        same = [v for i, v in enumerate(result.values) if i % 4 != 3] == wanted.values
        b.report.check(f"{name}: the layer is what scumble render makes", same and wanted.values != plain)
        made_of.append(wanted.values)
        b.session.do(f"(gimp-image-remove-layer {image} {made})")
    apart = all(one != another for i, one in enumerate(made_of) for another in made_of[:i])
    b.report.check("each is another picture", apart)
    made = b.number(f'(t-steered {image} {layer} "{model}" "{net}=as-is:lines:0.8:0:0.5" "" "" "")')
    result = b.export(made, "steered.png", 8)
    same = [v for i, v in enumerate(result.values) if i % 4 != 3] == made_of[0]
    b.report.check("as it is can be said, too", same)
    b.session.do(
        f'(begin (gimp-image-remove-layer {image} {made}) (gimp-item-set-name {drawn} "blur:lines"))'
    )
    made = b.number(f'(t-steered {image} {layer} "{model}" "{net}=blur:lines:0.8:0:0.5" "" "" "")')
    result = b.export(made, "steered.png", 8)
    same = [v for i, v in enumerate(result.values) if i % 4 != 3] == made_of[0]
    b.report.check("a layer of that whole name is shown as it is", same)
    b.session.do(f'(begin (gimp-image-remove-layer {image} {made}) (gimp-item-set-name {drawn} "lines"))')
    of_its_own(b, image, layer)
    b.number(f'(t-empty {image} "blank" 0)')
    wrong = {
        "a preparation that is none": (f"{net}=relief:lines", "", "", "relief:lines"),
        "a control without a layer": (str(net), "", "", "FOLDER=LAYER"),
        "a control of its own, where the model has none": ("=lines", "", "", "no control of its own"),
        "a layer that is not there": (f"{net}=nosuch", "", "", "nosuch"),
        "a drawing of which nothing is drawn": (f"{net}=drawn:blank", "", "", "does not steer"),
        "a scale of 11": (f"{net}=lines:11", "", "", "0 to 10"),
        "a LoRA of weight 11": ("", f"{lora}:11", "", "-10 to 10"),
        "a LoRA that ends after the last step": ("", f"{lora}:1:1:0:2", "", "the end as a number from"),
        "a file that is not there": ("", "/nowhere/ink.safetensors", "", "/nowhere/ink.safetensors"),
        "a region without words": ("", "", "ships", "LAYER=WORDS"),
        "33 LoRAs": ("", "\\n".join(["x"] * 33), "", "32"),
    }
    for name, (control, with_lora, region, word) in wrong.items():
        script = f'(t-steered {image} {layer} "{model}" "{control}" "{with_lora}" "{region}" "")'
        refused(b, name, script, word)
    b.session.do(f"(gimp-image-delete {image})")


def of_its_own(b: Batch, image: int, layer: int):
    """A control without a file, of a model that reads one itself."""
    model = TINY / "fused"
    steer = ("--control", f"={b.folder}/lines.png:0.8")
    plain = b.reference("paint-out.png", model=model).values
    wanted = b.reference("paint-out.png", model=model, steer=steer).values
    made = b.number(f'(t-steered {image} {layer} "{model}" "=lines:0.8" "" "" "")')
    result = b.export(made, "steered.png", 8)
    same = [v for i, v in enumerate(result.values) if i % 4 != 3] == wanted
    same = same and wanted != plain
    b.report.check("the model's own control: the layer is what scumble render makes", same)
    b.session.do(f"(gimp-image-remove-layer {image} {made})")


def refused(b: Batch, name: str, script: str, word: str):
    try:
        said = "it ran: " + b.session.do(script)
    except ScriptError as error:
        said = str(error)
    good = word in said and "it ran" not in said
    b.report.check(f"{name} is refused in a sentence", good, said.strip()[:250])


def grouped(b: Batch):
    """The layers of a group are regions, by their names, the lowest first as the command line has them."""
    model, parts = TINY / "sd15", {"a red hut": (30, 20, 64, 48), "storm clouds": (70, 10, 50, 60)}
    image, layer = b.open(pictures.painting(128, 96, 3))
    b.export(layer, "paint-out.png", 8)
    lowest = b.number(f'(t-empty {image} "a red hut" 0)')
    group = b.number(f"(t-group {image} {lowest})")
    b.session.do(f'(gimp-item-set-name {group} "parts of it")')
    upper = b.number(f'(t-inside {image} {group} "storm clouds" 128 96)')
    hidden = b.number(f'(t-inside {image} {group} "ships" 128 96)')
    b.session.do(f"(begin (t-box {hidden} 0 0 128 96) (t-visible {hidden} FALSE))")
    steer = []
    for name, made in zip(parts, (lowest, upper), strict=True):
        left, top, wide, high = parts[name]
        b.session.do(f"(t-box {made} {left} {top} {wide} {high})")
        box = [v for y in range(96) for x in range(128)
               for v in [255 * (left <= x < left + wide and top <= y < top + high)] * 4]  # fmt: skip
        file = pictures.write(b.folder / f"{name}.png", pictures.Picture(128, 96, 4, 8, box))
        steer += ["--region", f"{file}={name}"]
    plain = b.reference("paint-out.png", model=model).values
    weighed = [f"{text}:0.5" if text.endswith(tuple(parts)) else text for text in steer]
    made_of = [plain]
    for text, flags in (("parts of it=*", steer), ("parts of it=*:0.5", weighed)):
        wanted = b.reference("paint-out.png", model=model, steer=tuple(flags)).values
        made = b.number(f'(t-steered {image} {layer} "{model}" "" "" "{text}" "")')
        result = b.export(made, "grouped.png", 8)
        same = [v for i, v in enumerate(result.values) if i % 4 != 3] == wanted
        b.report.check(f"{text}: the layer is what scumble render makes", same and wanted not in made_of)
        made_of.append(wanted)
        b.session.do(f"(gimp-image-remove-layer {image} {made})")
    name = b.session.do(f"(car (gimp-item-get-name {layer}))").strip('"')
    script = f'(t-steered {image} {layer} "{model}" "" "" "{name}=*" "")'
    refused(b, "a layer that is no group", script, "is no group, so it holds no regions")
    b.session.do(f"(gimp-image-delete {image})")


def by_control(b: Batch, image: int, layer: int, control: str) -> list[int]:
    """The pixels that come of that control."""
    made = b.number(f'(t-steered {image} {layer} "{TINY / "sd15"}" "{control}" "" "" "")')
    result = b.export(made, "steered.png", 8).values
    b.session.do(f"(gimp-image-remove-layer {image} {made})")
    return result


def locked_group(b: Batch):
    """A group that steers is read where it lies, whatever of it may not be moved."""
    net = TINY / "controls/sd15-lines"
    image, layer = b.open(pictures.painting(128, 96, 3))
    b.session.do(f"(gimp-layer-set-offsets {layer} 10 -6)")
    drawn = b.number(f'(t-empty {image} "lines" 0)')
    b.session.do(f"(t-box {drawn} 30 10 40 50)")
    group = b.number(f"(t-group {image} {drawn})")
    b.session.do(f'(gimp-item-set-name {group} "drawing")')
    plain, free = by_control(b, image, layer, ""), by_control(b, image, layer, f"{net}=drawing")
    items = {"a layer of it": drawn, "the group": group}
    if b.session.gimp.number == "2":  # whose groups have no such lock
        del items["the group"]
    for name, item in items.items():
        b.session.do(f"(gimp-item-set-lock-position {item} TRUE)")
        same = by_control(b, image, layer, f"{net}=drawing") == free != plain
        b.report.check(f"a group that steers, the place of {name} locked: the same picture", same)
        b.session.do(f"(gimp-item-set-lock-position {item} FALSE)")
    b.session.do(f"(gimp-image-delete {image})")


def filtered(b: Batch):
    """A filter that stays on a layer and reaches beyond its edge (GIMP 3 has such) moves nothing. Nothing is
    shown there here: 3.0 cuts that when it becomes pixels."""
    if b.session.gimp.number == "2":
        return
    net = TINY / "controls/sd15-lines"
    image, layer = b.open(pictures.painting(128, 96, 3))
    drawn = b.number(f'(t-empty {image} "lines" 0)')
    b.session.do(f"(begin (t-box {drawn} 56 42 30 24) (gimp-layer-resize {drawn} 60 50 -40 -30))")
    bare = by_control(b, image, layer, f"{net}=drawn:lines")
    b.session.do(f"(t-shadow {drawn} -14 -9)")
    b.session.do(f"(t-visible {layer} FALSE)")
    seen = b.number(f'(car (gimp-layer-new-from-visible {image} {image} "seen"))')
    b.session.do(f"(begin (gimp-image-insert-layer {image} {seen} 0 0) (t-visible {layer} TRUE))")
    shown, made = b.export(seen, "seen.png", 8), b.scumble(image, drawn, strength=0.0)
    result = b.export(made, "filtered.png", 8)
    size = (result.width, result.height, b.session.do(f"(t-offsets {made})"))
    good = size == (60, 50, "(40 30)")
    b.report.check("a layer with a shadow: the new layer has its size and place", good, size)
    differ = [(x, y) for y in range(50) for x in range(60)
              if result.at(x, y)[3] != shown.at(x + 40, y + 30)[3]
              or (result.at(x, y)[3] and result.at(x, y) != shown.at(x + 40, y + 30))]  # fmt: skip
    shadow = result.at(5, 5)[3] and not result.at(58, 48)[3]
    b.report.check("and lies there as it is seen, shadow and all", shadow and not differ, differ[:4])
    b.session.do(f"(gimp-image-remove-layer {image} {made})")
    by = by_control(b, image, layer, f"{net}=drawn:lines")
    as_seen = by_control(b, image, layer, f"{net}=drawn:seen")
    told = f"{sum(map(ne, by, as_seen))} values differ, {sum(map(ne, by, bare))} from the bare layer"
    b.report.check("and steers as it is seen", by == as_seen != bare, told)
    b.session.do(f"(gimp-image-delete {image})")


def referred(b: Batch):
    """References: what is on a layer, wherever it lies and how large it is, shown or hidden."""
    image, layer = b.open(pictures.painting(128, 96, 3))
    b.export(layer, "paint-out.png", 8)
    mood = pictures.write(b.folder / "mood.png", pictures.painting(210, 150, 3))
    hidden = b.number(f'(t-file-layer {image} "{mood}" "mood: 7")')
    b.session.do(f"(begin (gimp-layer-set-offsets {hidden} 300 -400) (t-visible {hidden} FALSE))")
    boxed = b.number(f'(t-empty {image} "box" 0)')
    b.session.do(f"(t-box {boxed} 30 20 64 48)")
    pictures.write(b.folder / "box.png", pictures.Picture(64, 48, 3, 8, [255] * (64 * 48 * 3)))
    soft = pictures.write(b.folder / "soft.png", pictures.painting(80, 60, 4))
    b.session.do(f'(t-visible (t-file-layer {image} "{soft}" "soft") FALSE)')
    files = {"mood: 7": mood, "box": b.folder / "box.png", "soft": soft}
    cases = {
        "a reference": ("ip-sd15", ["mood: 7:0.6"]),
        "one that is transparent in part": ("ip-sd15", ["soft"]),
        "a box on a layer: it alone is the reference": ("ip-sd15", ["box:2"]),
        "two": ("ip-sd15", ["mood: 7:0.5", "box"]),
        "klein": ("klein", ["mood: 7"]),
    }
    for name, (model, lines) in cases.items():
        model = TINY / model
        steer = []
        for text in lines:
            one = next(known for known in files if text.startswith(known))
            steer += ["--reference", f"{files[one]}{text[len(one) :]}"]
        plain = b.reference("paint-out.png", model=model).values
        wanted = b.reference("paint-out.png", model=model, steer=tuple(steer))
        said = "\\n".join(lines)
        made = b.number(f'(t-steered {image} {layer} "{model}" "" "" "" "{said}")')
        result = b.export(made, "referred.png", 8)
        same = [v for i, v in enumerate(result.values) if i % 4 != 3] == wanted.values
        b.report.check(f"{name}: the layer is what scumble render makes", same and wanted.values != plain)
        b.session.do(f"(gimp-image-remove-layer {image} {made})")
    b.number(f'(t-empty {image} "nothing" 0)')
    wrong = {
        "a reference that is not there": ("ip-sd15", "nosuch", "nosuch"),
        "a reference of weight 11": ("ip-sd15", "box:11", "0 to 10"),
        "a reference without a name": ("ip-sd15", ":1", "LAYER"),
        "an empty layer": ("ip-sd15", "nothing", "is empty"),
        "a model that looks at none": ("sd15", "box", "reference"),
    }
    for name, (model, text, word) in wrong.items():
        script = f'(t-steered {image} {layer} "{TINY / model}" "" "" "" "{text}")'
        refused(b, name, script, word)
    b.session.do(f"(gimp-image-delete {image})")


def kept_to(b: Batch):
    """How closely a model that changes the paint as it is told keeps to it."""
    model = TINY / "pix2pix"
    image, layer = b.open(pictures.painting(128, 96, 3))
    b.export(layer, "paint-out.png", 8)
    told = {"prompt": "make it winter", "strength": 1.0, "guidance": 4.0, "model": model}
    made_of = []
    for keeps in (0, 1.5, 3):
        steer = ("--paint-guidance", str(keeps)) if keeps else ()
        wanted = b.reference("paint-out.png", steer=steer, **told)
        made = b.number(f'(t-kept-to {image} {layer} "{model}" {keeps})')
        result = b.export(made, "kept.png", 8)
        same = [v for i, v in enumerate(result.values) if i % 4 != 3] == wanted.values
        b.report.check(f"paint guidance {keeps}: the layer is what scumble render makes", same)
        made_of.append(wanted.values)
        b.session.do(f"(gimp-image-remove-layer {image} {made})")
    b.report.check("0 is the model's own, 3 another picture", made_of[0] == made_of[1] != made_of[2])
    for wrong in (0.5, 21):
        try:
            b.session.do(f'(t-kept-to {image} {layer} "{model}" {wrong})')
            said = "nothing"
        except ScriptError as error:
            said = str(error)
        b.report.check(f"{wrong} is refused", "1 to 20" in said or "out of range" in said, said)


SCENARIOS = [steered, grouped, locked_group, filtered, referred, kept_to]
