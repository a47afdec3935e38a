#!/usr/bin/env python3
"""models/export/export.py on tiny random models: each precision is loaded by Scumble, and its picture is
compared with that of the same model in models/tiny's own form.

    python tests/golden/exporting.py SCUMBLE [--only NAME]
"""

import argparse
import importlib.machinery
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest.mock

sys.dont_write_bytecode = True
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = os.environ["DIFFUSERS_VERBOSITY"] = "error"

import alone  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import original  # noqa: E402
import saving  # noqa: E402
import torch  # noqa: E402
from diffusers import AutoencoderTiny  # noqa: E402
from PIL import Image  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPORT, OWN = ROOT / "models" / "export" / "export.py", ROOT / "models" / "tiny"
# The tiny models have an export.py, too.
EXPORTER = importlib.machinery.SourceFileLoader("exporter", str(EXPORT)).load_module()
NAMES = ("sd15", "sd2", "lcm", "inpaint", "xl")
NAMES += ("sd3", "flux-dev", "flux-schnell", "klein", "klein-base", "z-image", "sana")
LORA = ("--lora", OWN / "loras" / "sd15-peft.safetensors")
# Decibels between the pictures of our own form and of what is exported.
LEAST = {"fp32": 60.0, "fp16": 35.0, "int8": 20.0, "int4": 10.0}


def render(scumble, model, paint, out, *more):
    command = [scumble, "render", "--model", model, "--input", paint, "--prompt", "a red house"]
    command += ["--strength", "0.7", "--steps", "3", "--seed", "5", "--output", out]
    mask = paint.with_name("mask.png")
    command += ["--mask", mask] if mask.exists() else []
    command += more
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return np.asarray(Image.open(out).convert("RGB")).astype(np.float64)


def decibels(a, b):
    error = ((a - b) ** 2).mean()
    return 10 * np.log10(255**2 / error) if error else 200.0


def export(model, out, *more):
    """As the command does it, without a start of Python and torch for each."""
    with unittest.mock.patch("sys.argv", [str(part) for part in (EXPORT, model, out, *more)]):
        EXPORTER.main()


def heard(model):
    """Names and sizes of what a U-Net listens to."""
    graph = onnx.load(model / "unet" / "controlnet.onnx").graph
    return [(one.name, len(one.type.tensor_type.shape.dim)) for one in graph.input]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scumble", type=pathlib.Path)
    parser.add_argument("--only", default="", metavar="NAME")
    args = parser.parse_args()
    torch.set_num_threads(1)
    bad = [one for name in NAMES if name.startswith(args.only) for one in check(name, args.scumble)]
    if bad:
        raise SystemExit("too far away: " + ", ".join(bad))


def check(name, scumble):
    """What is wrong with the exports of one model, in words."""
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        parts = saving.parts(name)
        saving.save(parts, place / "diffusers")
        saving.maker(name).write_folder(parts, place / "own")
        paint = place / "paint.png"
        rng = np.random.default_rng(3)
        blots = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(blots).resize((64, 64), Image.Resampling.BICUBIC).save(paint)
        if getattr(parts, "inpaints", False):
            # Under a white mask the model is shown nothing but zeros: of these a tiny random encoder,
            # each of whose groups is one channel, makes its own rounding.
            mask = np.zeros((64, 64), np.uint8)
            mask[16:48, 20:60] = 255
            Image.fromarray(mask).save(place / "mask.png")
        own = render(scumble, place / "own", paint, place / "own.png")
        for precision, least in LEAST.items():
            made = place / precision
            control = ["--control"] if name in ("sd15", "xl") and precision == "fp32" else []
            export(place / "diffusers", made, "--precision", precision, *control)
            near = decibels(own, render(scumble, made, paint, place / "out.png"))
            print(f"{name} {precision}: {near:.0f} dB to its picture", flush=True)
            if not near >= least:
                bad.append(f"{name} {precision}")
            if name == "sd15" and precision in ("fp32", "fp16"):
                pair = (render(scumble, place / form, paint, place / "out.png", *LORA)
                        for form in ("own", precision))  # fmt: skip
                near = decibels(*pair)
                print(f"{name} {precision} with a LoRA: {near:.0f} dB", flush=True)
                bad += [] if near >= least else [f"{name} {precision} with a LoRA"]
            if name == "sd15" and precision == "fp32":
                bad += single(original, parts, scumble, place, own, paint)
                bad += variant(parts, scumble, place, own, paint)
            if alone.family(name) and precision == "fp32":
                bad += single(alone, parts, scumble, place, own, paint)
            if control:
                same = heard(made) == heard(OWN / name)
                print(f"{name}: a U-Net that listens to ControlNets as ours does: {same}")
                bad += [] if same else [f"{name} controlnet"]
        if name == "sana":
            return bad  # nobody has a tiny autoencoder for it
        small = AutoencoderTiny(
            encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
            num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4,
            latent_channels=parts.vae.config.latent_channels,
        )  # fmt: skip
        small.save_pretrained(place / "taesd")
        export(place / "diffusers", place / "small", "--tiny", place / "taesd")
        picture = render(scumble, place / "small", paint, place / "out.png")
        print(f"{name} with a tiny autoencoder: a picture of {len(np.unique(picture))} values")
        bad += [] if len(np.unique(picture)) > 8 else [f"{name} tiny"]
        if name in ("sd15", "klein"):
            bad += previewed(name, scumble, place, own, paint)
    return bad


def previewed(name, scumble, place, own, paint):
    """With a tiny decoder for previews alone the finished picture stays the model's own; and it is loaded:
    what is no decoder is refused there."""
    made = place / "previewed"
    export(place / "diffusers", made, "--preview", place / "taesd")
    near = decibels(own, render(scumble, made, paint, place / "out.png"))
    print(f"{name} with a preview decoder: {near:.0f} dB to its picture", flush=True)
    bad = [] if near >= LEAST["fp32"] else [f"{name} preview"]
    shutil.copy(made / "vae_encoder" / "model.onnx", made / "preview_decoder" / "model.onnx")
    try:
        render(scumble, made, paint, place / "out.png")
    except subprocess.CalledProcessError:
        return bad
    return [*bad, f"{name} preview not loaded"]


def single(maker, parts, scumble, place, own, paint):
    """The same model, or its transformer, as one file in its makers' layout; the rest is that of a folder."""
    maker.write(parts, place / "single.safetensors")
    export(place / "single.safetensors", place / "single", "--config", place / "diffusers")
    near = decibels(own, render(scumble, place / "single", paint, place / "out.png"))
    print(f"{parts.name} out of a single file: {near:.0f} dB to its picture", flush=True)
    return [] if near >= LEAST["fp32"] else [f"{parts.name} out of a single file"]


def variant(parts, scumble, place, own, paint):
    """The same model as some publish it: its weights have no plain name."""
    saving.save(parts, place / "fp16-alone", variant="fp16")
    export(place / "fp16-alone", place / "of-fp16-alone")
    near = decibels(own, render(scumble, place / "of-fp16-alone", paint, place / "out.png"))
    print(f"{parts.name} out of a folder of fp16 variants: {near:.0f} dB to its picture", flush=True)
    return [] if near >= LEAST["fp32"] else [f"{parts.name} out of fp16 variants"]


if __name__ == "__main__":
    main()
