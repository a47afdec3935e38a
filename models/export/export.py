#!/usr/bin/env python3
"""Turns a diffusers folder, or a single checkpoint, of Stable Diffusion 1.x, 2.x or XL (Turbo, Lightning, LCM
and inpainting kin among them) into a folder of ONNX networks that Scumble loads.

    python models/export/export.py MODEL OUTPUT [--precision fp32|fp16|int8] [--tiny AUTOENCODER] [--control]
                                   [--config DIFFUSERS_FOLDER]

MODEL is a folder with model_index.json, or a .safetensors file; of a file diffusers asks the hub for the
configurations, or takes them from --config. --tiny puts a tiny autoencoder (TAESD, its folder) in the place
of the model's own: coarser, and much faster. --control adds the U-Net that listens to ControlNets. Each file
is compared with the original in the same run; what loses too much in fp16 or int8 stays as it was, and is
told. The folder appears when it is whole.
"""

import argparse
import json
import logging
import pathlib
import shutil
import sys

import networks
import onnx
import torch
from diffusers import AutoencoderTiny, DiffusionPipeline

PIPELINES = ("StableDiffusion", "LatentConsistencyModel")
# Decibels to the original that a file must have.
LEAST = {"fp32": 70.0, "fp16": 40.0, "int8": 25.0}
SMALL = ("tokenizer", "tokenizer_2", "scheduler")


def load(model, config):
    """The pipeline in float32."""
    options = {"dtype": torch.float32, "use_safetensors": True}
    if model.is_dir():
        if not (model / "model_index.json").is_file():
            raise SystemExit(f"{model} has no model_index.json: it is no folder of diffusers")
        return DiffusionPipeline.from_pretrained(model, **options)
    if model.suffix != ".safetensors" or not model.is_file():
        raise SystemExit(f"{model}: a diffusers folder or .safetensors is wanted; others may run a program")
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
    from safetensors import safe_open

    with safe_open(model, "pt") as file:
        keys = set(file.keys())
    if not any(key.startswith("model.diffusion_model.") for key in keys):
        raise SystemExit(f"{model} holds no whole model (there is no U-Net of Stable Diffusion in it)")
    xl = any(key.startswith("conditioner.embedders.1.") for key in keys)
    kind = StableDiffusionXLPipeline if xl else StableDiffusionPipeline
    told = {"config": str(config)} if config else {}
    return kind.from_single_file(str(model), dtype=torch.float32, **told)


def rows(pipe, tiny, control):
    """name of a file: its row, in the order in which they are written."""
    second = getattr(pipe, "text_encoder_2", None)
    made = {}
    if getattr(pipe, "text_encoder", None) is not None:
        forward = networks.all_states_forward if second is not None else networks.text_forward
        made["text_encoder/model.onnx"] = networks.text_row(pipe.text_encoder, forward, second is not None)
    if second is not None:
        made["text_encoder_2/model.onnx"] = networks.text_row(second, networks.projected_forward, True)
    made["unet/model.onnx"] = networks.unet_row(pipe.unet)
    if control:
        made["unet/controlnet.onnx"] = networks.controlled_row(pipe.unet)
    for name, row in networks.autoencoder_rows(tiny or pipe.vae).items():
        made[f"{name}/model.onnx"] = row
    return made


def lowered(path, precision, out):
    """The network in less precision. Inputs and outputs stay float32."""
    if precision == "fp16":
        from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
        from onnxruntime.transformers.onnx_model import OnnxModel

        # As torch does it: of a flat picture float16 would leave nothing but its own rounding.
        kept = [*DEFAULT_OP_BLOCK_LIST, "InstanceNormalization"]
        low = convert_float_to_float16(onnx.load(path), keep_io_types=True, op_block_list=kept)
        wrapped = OnnxModel(low)
        wrapped.topological_sort()
        networks.save(wrapped.model, out)
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it recommends another tool
    large = path.with_name(path.name + "_data").exists()
    quantize_dynamic(
        path, out, op_types_to_quantize=["MatMul", "Gemm"], per_channel=True, weight_type=QuantType.QInt8,
        use_external_data_format=large,
    )  # fmt: skip


def export(path, row, precision):
    """Writes a file, and says how near it is and how large."""
    networks.write(path, row)
    near = networks.decibels(path, row)
    if not near >= LEAST["fp32"]:
        raise SystemExit(f"{path.parent.name} does not say what torch says ({near:.0f} dB)")
    kept = "fp32"
    # Quantized are products of matrices, of which an autoencoder has hardly any.
    if precision == "fp16" or (precision == "int8" and not path.parent.name.startswith("vae")):
        trial = path.parent / "trial" / path.name
        trial.parent.mkdir()
        lowered(path, precision, trial)
        low = networks.decibels(trial, row)
        if low >= LEAST[precision]:
            for old in path.parent.glob(path.name + "*"):
                old.unlink()
            for new in trial.parent.iterdir():
                new.rename(path.parent / new.name)
            near, kept = low, precision
        else:
            print(f"  {path.parent.name} in {precision} is {low:.0f} dB from the original: it stays in fp32")
        shutil.rmtree(trial.parent)
    size = sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))
    print(f"  {path.parent.name}/{path.name}: {kept}, {near:.0f} dB, {size / 1e6:.1f} MB", flush=True)


def write_small(pipe, model, making, tiny):
    """Configurations, tokenizers, scheduler, and model_index.json."""
    for name in SMALL:
        part = getattr(pipe, name, None)
        if part is not None and (model / name).is_dir():
            shutil.copytree(model / name, making / name)
        elif part is not None:
            part.save_pretrained(making / name)
    configs = {"unet": pipe.unet.config, "vae_encoder": (tiny or pipe.vae).config}
    configs["vae_decoder"] = configs["vae_encoder"]
    texts = {name: getattr(pipe, name, None) for name in ("text_encoder", "text_encoder_2")}
    written = {name: json.loads(part.config.to_json_string()) for name, part in texts.items() if part}
    written |= {name: dict(config) for name, config in configs.items()}
    for name, config in written.items():
        (making / name / "config.json").write_text(json.dumps(config, indent=2, default=str))
    found = {key: value for key, value in dict(pipe.config).items() if not isinstance(value, (list, tuple))}
    index = {"_class_name": type(pipe).__name__, **found}
    index["scheduler"] = ["diffusers", type(pipe.scheduler).__name__]
    parts = {name: "ORTTextEncoder" for name in texts if name in written}
    parts |= {"unet": "ORTUnet", "vae_encoder": "ORTVaeEncoder", "vae_decoder": "ORTVaeDecoder"}
    index |= {name: ["optimum.onnxruntime.modeling_diffusion", kind] for name, kind in parts.items()}
    index |= {name: ["transformers", "CLIPTokenizer"] for name in SMALL[:2] if (making / name).is_dir()}
    (making / "model_index.json").write_text(json.dumps(index, indent=2, default=str))


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--precision", choices=list(LEAST), default="fp32")
    parser.add_argument("--tiny", type=pathlib.Path, metavar="AUTOENCODER")
    parser.add_argument("--config", type=pathlib.Path, metavar="DIFFUSERS_FOLDER")
    parser.add_argument("--control", action="store_true")
    args = parser.parse_args()
    if args.output.exists():
        raise SystemExit(f"{args.output} is there already")
    pipe = load(args.model, args.config)
    kind = type(pipe).__name__
    if not kind.startswith(PIPELINES) or not hasattr(pipe, "unet"):
        raise SystemExit(f"{args.model} is a {kind}; Stable Diffusion 1.x, 2.x and XL are exported here")
    tiny = AutoencoderTiny.from_pretrained(args.tiny, dtype=torch.float32).eval() if args.tiny else None
    for part in (pipe.unet, pipe.vae, pipe.text_encoder, getattr(pipe, "text_encoder_2", None)):
        if part is not None:
            part.eval()
    making = args.output.with_name(args.output.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    torch.manual_seed(0)
    for name, row in rows(pipe, tiny, args.control).items():
        export(making / name, row, args.precision)
    write_small(pipe, args.model, making, tiny)
    making.rename(args.output)
    total = sum(file.stat().st_size for file in args.output.rglob("*") if file.is_file())
    print(f"{args.output}: {total / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
