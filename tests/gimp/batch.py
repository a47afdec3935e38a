# SPDX-License-Identifier: MIT OR Apache-2.0
"""The procedure plug-in-scumble, from Script-Fu without windows, against `scumble render` on its pixels."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pictures
import profile_icc as profile
from gimp_session import HERE, GimpSession
from report import Report

U8, U8_LINEAR, U16, U16_LINEAR, U32, HALF, FLOAT, FLOAT_LINEAR = 150, 100, 250, 200, 350, 500, 650, 600
U16_PERCEPTUAL = 275
TINY = HERE.parents[1] / "models/tiny"


@dataclass
class Batch:
    session: GimpSession
    report: Report
    cli: Path
    model: Path
    env: dict

    @property
    def folder(self) -> Path:
        return self.session.home

    def number(self, script: str) -> int:
        return int(float(self.session.do(script)))

    def open(self, picture: pictures.Picture, precision: int = U8) -> tuple[int, int]:
        """(image, layer) of the picture in GIMP, in that precision."""
        path = pictures.write(self.folder / "paint.png", picture)
        image = self.number(f'(t-load "{path}")')
        if precision != (U8 if picture.bits == 8 else U16):
            self.session.do(f"(gimp-image-convert-precision {image} {precision})")
        return image, self.number(f"(t-active {image})")

    def export(self, layer: int, name: str, bits: int) -> pictures.Picture:
        """A layer's pixels, sRGB-encoded, as GIMP saves them."""
        path = self.folder / name
        self.session.do(f'(t-export {layer} {U8 if bits == 8 else U16} "{path}")')
        return pictures.read(path)

    def scumble(
        self,
        image: int,
        layer: int,
        prompt="a lake",
        negative="",
        strength=0.5,
        steps=4,
        guidance=1.0,
        seed=7,
        sampler="",
    ):
        return self.number(
            f'(t-scumble {image} {layer} "{prompt}" "{negative}" {strength} {steps} {guidance} {seed} '
            f'"{self.model}" "{sampler}")'
        )

    def reference(
        self,
        paint: str,
        mask: str = "",
        prompt="a lake",
        negative="",
        strength=0.5,
        steps=4,
        guidance=1.0,
        seed=7,
        sampler="",
        model: Path | None = None,
        steer: tuple[str, ...] = (),
    ):
        """What the command line makes of the same pixels."""
        out = self.folder / "reference.png"
        command = [str(self.cli), "render", "-i", str(self.folder / paint), "-o", str(out), "-p", prompt]
        command += [
            "--alpha",
            "follow",
            "--strength",
            str(strength),
            "--steps",
            str(steps),
            "--seed",
            str(seed),
        ]
        command += ["--guidance", str(guidance), "--model", str(model or self.model), "--negative", negative]
        command += steer
        if sampler:
            command += ["--scheduler", sampler]
        if mask:
            # A selection has the feather that the artist gave it, and no other.
            command += ["--mask", str(self.folder / mask), "--mask-softness", "0"]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return pictures.read(out)

    def like_reference(
        self, name: str, image: int, layer: int, bits: int, near: float, gray=False, **settings
    ):
        """Renders with both and compares all pixels of the new layer, within `near` 255ths."""
        paint = self.export(layer, "paint-out.png", bits)
        before = self.session.do(f"(t-layers {image})")
        made = self.scumble(image, layer, **settings)
        result, wanted = self.export(made, "result.png", bits), self.reference("paint-out.png", **settings)
        if gray:
            wanted = pictures.luminance(wanted) if wanted.channels > 2 else wanted
        if (
            wanted.channels == result.channels - 1
        ):  # the paint had no alpha; the new layer has, and it is opaque
            most = 2**result.bits - 1
            n = wanted.channels
            filled = [v for i in range(0, len(wanted.values), n) for v in (*wanted.values[i : i + n], most)]
            wanted = pictures.Picture(wanted.width, wanted.height, n + 1, wanted.bits, filled)
        apart = pictures.worst(result, wanted)
        self.report.check(
            f"{name}: the layer is what scumble render makes",
            apart <= near,
            f"largest difference {apart:.3f} of 255",
        )
        differs = result.channels != paint.channels or pictures.worst(result, paint) > 2
        self.report.check(f"{name}: and it is not the paint", differs)
        after = self.session.do(f"(t-layers {image})")
        unchanged = self.export(layer, "paint-after.png", bits).values == paint.values
        self.report.check(f"{name}: the painted layer is untouched, one layer is new above it",
                          unchanged and after == before.replace("(", f"({made} ", 1))  # fmt: skip
        return made


def formats(b: Batch):
    cases = [
        ("RGB, 8 bits", pictures.painting(160, 120, 3), U8, 8, 0, False),
        ("RGBA, 8 bits", pictures.painting(160, 120, 4), U8, 8, 0, False),
        # Opaque where linear: half transparent paint is laid on the paper in the image's own light.
        ("RGB, 8 bits linear", pictures.painting(96, 64, 3), U8_LINEAR, 8, 13, False),
        ("RGBA, 16 bits", pictures.painting(96, 64, 4, 16), U16, 16, 0.01, False),
        ("RGB, 16 bits linear", pictures.painting(96, 64, 3, 16), U16_LINEAR, 16, 1, False),
        ("RGBA, 32 bits", pictures.painting(96, 64, 4, 16), U32, 16, 0.01, False),
        ("RGB, half float linear", pictures.painting(96, 64, 3, 16), HALF, 16, 1, False),
        ("RGBA, float", pictures.painting(96, 64, 4, 16), FLOAT, 16, 0.01, False),
        ("RGB, float linear", pictures.painting(96, 64, 3, 16), FLOAT_LINEAR, 16, 0.02, False),
        ("gray, 8 bits", pictures.painting(120, 80, 1), U8, 8, 1, True),
        ("gray with alpha, 16 bits", pictures.painting(96, 64, 2, 16), U16, 16, 0.3, True),
    ]
    for name, picture, precision, bits, near, gray in cases:
        image, layer = b.open(picture, precision)
        b.like_reference(name, image, layer, bits, near, gray)
        b.session.do(f"(gimp-image-delete {image})")


def sizes(b: Batch):
    for width, height in ((1, 1), (5000, 37), (37, 500)):
        image, layer = b.open(pictures.painting(width, height, 3))
        b.like_reference(f"{width} × {height}", image, layer, 8, 0)
        b.session.do(f"(gimp-image-delete {image})")


def settings(b: Batch):
    image, layer = b.open(pictures.painting(128, 96, 3))
    b.like_reference(
        "all settings",
        image,
        layer,
        8,
        0,
        prompt="a wood",
        negative="snow",
        strength=0.8,
        steps=3,
        guidance=3.5,
        seed=12345,
        sampler="ddim",
    )
    one, again = (b.export(b.scumble(image, layer, seed=9), f"{n}.png", 8) for n in (1, 2))
    other = b.export(b.scumble(image, layer, seed=10), "3.png", 8)
    b.report.check(
        "same seed, same picture; another seed, another picture", one.values == again.values != other.values
    )
    by = b.export(b.scumble(image, layer, seed=9, sampler="ddim"), "ddim.png", 8)
    b.report.check("another sampler, another picture", by.values != one.values)
    zero = b.export(b.scumble(image, layer, strength=0.0), "4.png", 8)
    paint = b.export(layer, "5.png", 8)
    kept = [v for i, v in enumerate(zero.values) if i % 4 != 3] == paint.values
    b.report.check("strength 0 is the paint itself", kept)
    b.session.do(f"(gimp-image-delete {image})")


def undo(b: Batch):
    """GIMP undoes only by its menu; a fresh image that is clean says what a run has put on the stack."""
    image, layer = b.open(pictures.painting(64, 64, 3))
    b.session.do(f"(begin (gimp-image-undo-enable {image}) (gimp-image-clean-all {image}))")
    b.scumble(image, layer)
    b.report.check(
        "the image asks to be saved after it", b.number(f"(car (gimp-image-is-dirty {image}))") == 1
    )
    b.session.do(f"(gimp-image-delete {image})")


def offsets(b: Batch):
    image, layer = b.open(pictures.painting(120, 90, 4))
    b.session.do(f"(gimp-layer-set-offsets {layer} 37 -21)")
    made = b.like_reference("offset layer", image, layer, 8, 0)
    places = [b.session.do(f"(t-offsets {one})") for one in (made, layer)]
    b.report.check("offset layer: the new layer lies where it lies", places == ["(37 -21)"] * 2)
    b.session.do(f"(gimp-image-delete {image})")


def selections(b: Batch):
    for name, offset, feather in (
        ("hard selection", (0, 0), 0),
        ("feathered selection", (0, 0), 12),
        ("on an offset layer", (-20, 15), 8),
    ):
        image, layer = b.open(pictures.painting(200, 150, 3))
        b.session.do(f"(gimp-layer-set-offsets {layer} {offset[0]} {offset[1]})")
        b.session.do(f"(t-select {image} 50 40 90 70 {feather})")
        values = b.session.do(f"(t-selection {image} {offset[0]} {offset[1]} 200 150 10)")
        coverage = [int(float(v)) for v in re.findall(r"[\d.]+", values)]
        b.export(layer, "paint-out.png", 8)
        made = b.scumble(image, layer)
        result = b.export(made, "result.png", 8)
        alphas = [result.at(x, y)[3] for y in range(0, 150, 10) for x in range(0, 200, 10)]
        apart = max(abs(a - c) for a, c in zip(alphas, coverage, strict=True))
        b.report.check(f"{name}: alpha is the selection, feather and all",
                       apart <= 1 and 0 in coverage and 255 in coverage,
                       f"{len(alphas)} places, largest difference {apart}")  # fmt: skip
        if feather:
            b.report.check(
                f"{name}: some of it is in between", sum(0 < a < 255 for a in result.plane(3)) > 500
            )
        # The command line takes as its mask what was just shown to be the selection, to the bit: a cell at
        # the end of the feather is free or held by the last of 255 steps, and an export rounds anew.
        pictures.write(b.folder / "mask.png", pictures.Picture(200, 150, 1, 8, result.plane(3)))
        wanted = b.reference("paint-out.png", "mask.png")
        deep = feather * 2 + 9
        inside = (
            range(50 - offset[0] + deep, 140 - offset[0] - deep),
            range(40 - offset[1] + deep, 110 - offset[1] - deep),
        )
        colours = pictures.Picture(200, 150, 3, 8, [v for i, v in enumerate(result.values) if i % 4 != 3])
        apart = pictures.worst(colours, wanted, *inside)
        b.report.check(
            f"{name}: inside it is what scumble render --mask makes",
            apart <= 0,
            f"largest difference {apart:.2f}",
        )
        b.session.do(f"(gimp-image-delete {image})")


def structure(b: Batch):
    image, layer = b.open(pictures.painting(90, 70, 4))
    group = b.number(f"(t-group {image} {layer})")
    made = b.scumble(image, layer)
    b.report.check(
        "layer in a group: the new layer is in it, above",
        b.session.do(f"(t-children {group})") == f"({made} {layer})",
    )
    b.session.do(f"(gimp-image-delete {image})")

    image, layer = b.open(pictures.painting(90, 70, 4))
    mask = b.number(f"(t-mask {image} {layer})")
    made = b.scumble(image, mask)
    alpha = b.export(made, "masked.png", 8).plane(3)
    b.report.check("layer with a mask: what the mask hides stays empty",
                   alpha[5] == 0 and alpha[60 * 90 + 5] == 255,
                   f"{alpha[5]}, {alpha[60 * 90 + 5]}")  # fmt: skip
    b.session.do(f"(gimp-image-delete {image})")


def hidden(b: Batch):
    """Masks of layers that are locked and of groups hide in the filter's picture, too."""
    image, layer = b.open(pictures.painting(90, 70, 4))
    b.session.do(f"(t-mask {image} {layer})")
    b.session.do(f"(gimp-item-set-lock-content {layer} TRUE)")
    alpha = b.export(b.scumble(image, layer), "masked.png", 8).plane(3)
    good = alpha[5] == 0 and alpha[60 * 90 + 5] == 255
    b.report.check(
        "locked layer with a mask: what it hides stays empty", good, f"{alpha[5]}, {alpha[60 * 90 + 5]}"
    )
    b.session.do(f"(gimp-image-delete {image})")

    image, layer = b.open(pictures.painting(90, 70, 4))
    group = b.number(f"(t-group {image} {layer})")
    b.session.do(f"(t-mask {image} {group})")
    made = b.scumble(image, group)
    size = b.session.do(f"(list (t-width {made}) (t-height {made}))")
    alpha = b.export(made, "group.png", 8).plane(3)
    good = size == "(90 70)" and alpha[5] == 0 and alpha[60 * 90 + 5] == 255
    b.report.check(
        "group with a mask: what it hides stays empty", good, f"{size} {alpha[5]}, {alpha[60 * 90 + 5]}"
    )
    b.session.do(f"(gimp-image-delete {image})")


def profiles(b: Batch):
    """Images in other colour spaces, each kind of precision: at strength 0 the picture is the paint."""
    for name, primaries, power in profile.SPACES:
        path = profile.write(b.folder / f"{name.replace(' ', '-')}.icc", primaries, power)
        for bits, precision in (
            (8, U8),
            (8, U8_LINEAR),
            (16, U16),
            (16, HALF),
            (16, FLOAT),
            (16, FLOAT_LINEAR),
        ):
            image, layer = b.open(pictures.painting(60, 40, 3, bits), precision)
            b.session.do(f'(t-profile {image} "{path}")')
            made = b.scumble(image, layer, strength=0.0)
            kinds = [b.folder / "made-raw.png", b.folder / "paint-raw.png"]
            for one, to in zip((made, layer), kinds, strict=True):
                b.session.do(f'(t-export-raw {one} {U8 if bits == 8 else U16} "{path}" "{to}")')
            result, paint = (pictures.read(each) for each in kinds)
            opaque = [v for i, v in enumerate(result.values) if i % result.channels != 3]
            plain = [v for i, v in enumerate(paint.values) if i % paint.channels != 3]
            apart = max(abs(x - y) for x, y in zip(opaque, plain, strict=True)) * 255 / (2**bits - 1)
            good = apart <= 1 and len(set(plain)) > 20
            told = f"largest difference {apart:.3f} of 255"
            b.report.check(f"{name}, {precision}: strength 0 keeps its colours", good, told)
            b.session.do(f"(gimp-image-delete {image})")


def wide_spaces(b: Batch):
    """Images in other colour spaces: the model sees what is shown, and what it makes is shown."""
    for name, primaries, power in profile.SPACES:
        path = profile.write(b.folder / f"{name.replace(' ', '-')}.icc", primaries, power)
        # GIMP 2.10 calls none of its own images perceptual.
        perceptual = [U16_PERCEPTUAL] if b.session.gimp.number == "3" else []
        for precision in (U16, *perceptual, FLOAT_LINEAR):
            image, layer = b.open(pictures.painting(60, 40, 3, 16), precision)
            b.session.do(f'(t-to-profile {image} "{path}")')
            # The model of random weights makes more of what rounding differs.
            b.like_reference(f"{name}, {precision}: as the command line has it", image, layer, 16, 3.0)


SCENARIOS = [formats, sizes, settings, undo, offsets, selections, structure, hidden, profiles, wide_spaces]
