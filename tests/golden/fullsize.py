#!/usr/bin/env python3
"""Writes a full-size random-weight model folder, SD-Turbo-shaped or SD 1.5-shaped: for speed benchmarks only.

    python fullsize.py FOLDER [--like sd15] [--wheel open_clip_torch.whl] [--no-check]

The networks have the shapes of SD-Turbo (SD 2.1: U-Net 866 M, text encoder 340 M, VAE 84 M
parameters) in float32, about 5.2 GB on disk, or of SD 1.5 (U-Net 860 M, text encoder 123 M), about 4.3 GB;
one step of SD-Turbo's sampler with either; the pictures are noise. Each part is made in a process
of its own; the largest takes about 6 GB of memory. The check runs every part once at 512 x 512.
"""

import argparse
import multiprocessing
import pathlib
import resource
import shutil
import sys
import time

sys.dont_write_bytecode = True

import clip_vocab  # noqa: E402

TEXT = {
    "vocab_size": 49408,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "max_position_embeddings": 77,
    "hidden_act": "gelu",
    "projection_dim": 512,
    "bos_token_id": 49406,
    "eos_token_id": 49407,
    "pad_token_id": 1,
}
UNET = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "attention_head_dim": [5, 10, 20, 20],
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
}
# What SD 1.5 has otherwise.
TEXT_15 = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
    "projection_dim": 768,
}
UNET_15 = {"attention_head_dim": 8, "cross_attention_dim": 768, "use_linear_projection": False}
VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 768,
    "scaling_factor": 0.18215,
}


def component(name, like):
    """row, config"""
    import json

    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from export import sd
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    text, unet = ({**TEXT, **TEXT_15}, {**UNET, **UNET_15}) if like == "sd15" else (TEXT, UNET)
    if name == "text_encoder":
        module = CLIPTextModel(CLIPTextConfig(**text, attn_implementation="eager")).eval()
        return sd.text_row(module, sd.text_forward, False), module.config.to_diff_dict()
    kinds = {"unet": (UNet2DConditionModel, unet, sd.unet_row)}
    kinds |= {"vae_encoder": (AutoencoderKL, VAE, sd.encoder_row)}
    kinds |= {"vae_decoder": (AutoencoderKL, VAE, sd.decoder_row)}
    kind, config, row = kinds[name]
    module = kind(**config).eval()
    return row(module), json.loads(module.to_json_string())


def write(name, folder, like):
    import export  # noqa: F401  (where models/export lies)
    import files
    import tiny

    row, settings = component(name, like)
    shutil.rmtree(folder / name, ignore_errors=True)
    files.write(folder / name / "model.onnx", row)
    tiny.write_json(folder / name / "config.json", settings)
    report(name, "written")


def check(name, folder, like, side=512):
    import numpy as np
    import onnxruntime

    path = folder / name / "model.onnx"
    begin = time.perf_counter()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    loaded = time.perf_counter() - begin
    rng = np.random.RandomState(0)
    shapes = {
        "text_encoder": {"input_ids": None},
        "unet": {
            "sample": (1, 4, side // 8, side // 8),
            "timestep": (),
            "encoder_hidden_states": (1, 77, 768 if like == "sd15" else 1024),
        },
        "vae_encoder": {"sample": (1, 3, side, side)},
        "vae_decoder": {"latent_sample": (1, 4, side // 8, side // 8)},
    }[name]
    feed = {
        key: np.zeros((1, 77), np.int64)
        if shape is None
        else np.asarray(rng.standard_normal(shape), "f4")
        for key, shape in shapes.items()
    }
    times = []
    for _ in range(2):
        begin = time.perf_counter()
        out = session.run(None, feed)[0]
        times.append(f"{time.perf_counter() - begin:.2f}")
    if not np.isfinite(out).all():
        raise SystemExit(f"{name} does not give finite numbers")
    report(name, f"loaded in {loaded:.1f} s, ran in {' and '.join(times)} s, output {out.shape}")


def report(name, what):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{name}: {what}; peak memory {peak:.1f} GiB", flush=True)


def alone(function, *args):
    """In a process of its own, so that its memory comes back."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=args)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{function.__name__} {args[0]} failed")


def write_rest(folder, wheel):
    import tiny
    import vocab as bpe

    clip_vocab.make(folder / "tokenizer", wheel)
    named = {"bos_token": bpe.START, "eos_token": bpe.END, "pad_token": "!", "unk_token": bpe.END}
    config = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer", **named}
    tiny.write_json(folder / "tokenizer" / "tokenizer_config.json", config)
    tiny.write_json(folder / "tokenizer" / "special_tokens_map.json", named)
    scheduler = tiny.SCHEDULERS["turbo"]
    tiny.write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    tiny.write_json(folder / "model_index.json", tiny.model_index(tiny.Parts("turbo")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--like", choices=("turbo", "sd15"), default="turbo")
    parser.add_argument("--wheel", help="the pinned open_clip_torch wheel, if it is here already")
    parser.add_argument("--no-check", action="store_true")
    args = parser.parse_args()
    names = ("text_encoder", "vae_encoder", "vae_decoder", "unet")
    for name in names:
        alone(write, name, args.folder, args.like)
    write_rest(args.folder, args.wheel)
    for name in () if args.no_check else names:
        alone(check, name, args.folder, args.like)


if __name__ == "__main__":
    main()
