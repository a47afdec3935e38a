#!/usr/bin/env python3
"""models/export/export.py on tiny random models: each precision is loaded by Scumble, and its picture is
compared with that of the same model in models/tiny's own form.

    python tests/golden/exporting.py SCUMBLE [--only NAME]
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = os.environ["DIFFUSERS_VERBOSITY"] = "error"

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import tiny  # noqa: E402
import torch  # noqa: E402
from diffusers import (  # noqa: E402
    AutoencoderTiny,
    DDIMScheduler,
    EulerDiscreteScheduler,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPORT, OWN = ROOT / "models" / "export" / "export.py", ROOT / "models" / "tiny"
SCHEDULERS = {kind.__name__: kind for kind in (DDIMScheduler, EulerDiscreteScheduler, LCMScheduler)}
NAMES = ("sd15", "sd2", "lcm", "inpaint", "xl")
LORA = ("--lora", OWN / "loras" / "sd15-peft.safetensors")
# Decibels between the pictures of our own form and of what is exported.
LEAST = {"fp32": 60.0, "fp16": 35.0, "int8": 20.0}


def save(parts, folder):
    """As diffusers keeps a pipeline."""
    kept = tiny.SCHEDULERS[parts.name]
    common = {
        "vae": parts.vae,
        "text_encoder": parts.text_encoder,
        "tokenizer": parts.tokenizer,
        "unet": parts.unet,
        "scheduler": SCHEDULERS[kept["_class_name"]].from_config(kept),
    }
    if parts.second:
        more = {"text_encoder_2": parts.text_encoder_2, "tokenizer_2": parts.tokenizer_2}
        pipe = StableDiffusionXLPipeline(**common, **more)
    else:
        kind = StableDiffusionInpaintPipeline if parts.inpaints else StableDiffusionPipeline
        kind = LatentConsistencyModelPipeline if parts.name == "lcm" else kind
        none = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        pipe = kind(**common, **none)
    pipe.save_pretrained(folder)
    # As published folders have them: newer transformers write another form.
    for name, more in (("tokenizer", {}), ("tokenizer_2", {"pad": "!", "form": "turbo"})):
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
            tiny.write_tokenizer(parts, folder / name, **more)


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
    told = subprocess.run(
        [sys.executable, EXPORT, model, out, *more], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    print(told, end="")


def heard(model):
    """Names and sizes of what a U-Net listens to."""
    graph = onnx.load(model / "unet" / "controlnet.onnx").graph
    return [(one.name, len(one.type.tensor_type.shape.dim)) for one in graph.input]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scumble", type=pathlib.Path)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    torch.set_num_threads(1)
    bad = []
    for name in (name for name in NAMES if name.startswith(args.only)):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            parts = tiny.Parts(name)
            save(parts, place / "diffusers")
            tiny.write_folder(parts, place / "own")
            paint = place / "paint.png"
            rng = np.random.default_rng(3)
            blots = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(blots).resize((64, 64), Image.Resampling.BICUBIC).save(paint)
            if parts.inpaints:
                # Under a white mask the model is shown nothing but zeros: of these a tiny random encoder,
                # each of whose groups is one channel, makes its own rounding.
                mask = np.zeros((64, 64), np.uint8)
                mask[16:48, 20:60] = 255
                Image.fromarray(mask).save(place / "mask.png")
            own = render(args.scumble, place / "own", paint, place / "own.png")
            for precision, least in LEAST.items():
                made = place / precision
                control = ["--control"] if name in ("sd15", "xl") and precision == "fp32" else []
                export(place / "diffusers", made, "--precision", precision, *control)
                near = decibels(own, render(args.scumble, made, paint, place / "out.png"))
                print(f"{name} {precision}: {near:.0f} dB to its picture", flush=True)
                if not near >= least:
                    bad.append(f"{name} {precision}")
                if name == "sd15" and precision != "int8":
                    pair = (render(args.scumble, place / form, paint, place / "out.png", *LORA)
                            for form in ("own", precision))  # fmt: skip
                    near = decibels(*pair)
                    print(f"{name} {precision} with a LoRA: {near:.0f} dB", flush=True)
                    bad += [] if near >= least else [f"{name} {precision} with a LoRA"]
                if control:
                    same = heard(made) == heard(OWN / name)
                    print(f"{name}: a U-Net that listens to ControlNets as ours does: {same}")
                    bad += [] if same else [f"{name} controlnet"]
            small = AutoencoderTiny(
                encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
                num_encoder_blocks=(1,) * 4, num_decoder_blocks=(1,) * 4, latent_channels=4,
            )  # fmt: skip
            small.save_pretrained(place / "taesd")
            export(place / "diffusers", place / "small", "--tiny", place / "taesd")
            picture = render(args.scumble, place / "small", paint, place / "out.png")
            print(f"{name} with a tiny autoencoder: a picture of {len(np.unique(picture))} values")
            bad += [] if len(np.unique(picture)) > 8 else [f"{name} tiny"]
    if bad:
        raise SystemExit("too far away: " + ", ".join(bad))


if __name__ == "__main__":
    main()
