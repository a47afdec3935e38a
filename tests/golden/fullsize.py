#!/usr/bin/env python3
"""Writes a model folder of full size with random weights: for speed and memory only, the pictures are noise.

    python fullsize.py FOLDER [--like turbo|sd15|sdxl-turbo|klein] [--precision fp32|fp16|int8|int4]
                              [--wheel open_clip_torch.whl]

| like | shapes | precision if none is given, and size |
|---|---|---|
| turbo | SD-Turbo (SD 2.1: U-Net 866 M, text encoder 340 M, VAE 84 M parameters) | fp32, 5.2 GB |
| sd15 | SD 1.5 (U-Net 860 M, text encoder 123 M), one step of SD-Turbo's sampler | fp32, 4.3 GB |
| sdxl-turbo | SDXL-Turbo (U-Net 2567 M, text encoders 123 and 695 M) | int8, 4.8 GB |
| klein | FLUX.2 klein 4B (transformer 3876 M, 27 layers of Qwen 3 4B, VAE 84 M) | int4, some 5.2 GB |

Weights are drawn tensor by tensor as they are written (drawn.py), by the exporter of models/export, which
compares each network with torch, run with the same weights: so none is ever in memory as a whole. Those of
int4 lie on its grid, so that the file must say what torch says in float32. Each network is made in a process
of its own, which needs 5 to 6 GiB at most. klein's tokenizer is the tiny models'.
"""

import argparse
import json
import multiprocessing
import pathlib
import resource
import sys
import time

sys.dont_write_bytecode = True

import clip_vocab  # noqa: E402

CLIP_H = {
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
    "attn_implementation": "eager",
}
CLIP_L = {
    **CLIP_H,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
    "projection_dim": 768,
}
CLIP_G = {
    **CLIP_H,
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
}
QWEN = {
    "vocab_size": 151936,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40960,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0},
    "attn_implementation": "eager",
}
UNET = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "attention_head_dim": [5, 10, 20, 20],
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
}
UNET_15 = {**UNET, "attention_head_dim": 8, "cross_attention_dim": 768, "use_linear_projection": False}
UNET_XL = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": [1, 2, 10],
    "attention_head_dim": [5, 10, 20],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
FLUX_2 = {
    "in_channels": 128,
    "num_layers": 5,
    "num_single_layers": 20,
    "attention_head_dim": 128,
    "num_attention_heads": 24,
    "joint_attention_dim": 7680,
    "axes_dims_rope": (32, 32, 32, 32),
    "guidance_embeds": False,
}
VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "sample_size": 768,
    "scaling_factor": 0.18215,
}
VAE_XL = {**VAE, "sample_size": 512, "scaling_factor": 0.13025, "force_upcast": True}
VAE_2 = {**VAE, "latent_channels": 32, "sample_size": 1024}
del VAE_2["scaling_factor"]
CLIP, PROJECTED = "CLIPTextModel", "CLIPTextModelWithProjection"
# Classes of transformers, whose settings are objects.
CONFIGS = {CLIP: "CLIPTextConfig", PROJECTED: "CLIPTextConfig", "Qwen3Model": "Qwen3Config"}
SD = ("UNet2DConditionModel", "AutoencoderKL")
# like: (precision, {part: (its class, settings)})
LIKES = {
    "turbo": ("fp32", {"text_encoder": (CLIP, CLIP_H), "unet": (SD[0], UNET), "vae": (SD[1], VAE)}),
    "sd15": ("fp32", {"text_encoder": (CLIP, CLIP_L), "unet": (SD[0], UNET_15), "vae": (SD[1], VAE)}),
    "sdxl-turbo": (
        "int8",
        {
            "text_encoder": (CLIP, CLIP_L),
            "text_encoder_2": (PROJECTED, CLIP_G),
            "unet": (SD[0], UNET_XL),
            "vae": (SD[1], VAE_XL),
        },
    ),
    "klein": (
        "int4",
        {
            "text_encoder": ("Qwen3Model", QWEN),
            "transformer": ("Flux2Transformer2DModel", FLUX_2),
            "vae": ("AutoencoderKLFlux2", VAE_2),
        },
    ),
}
# Weights as torch begins make outputs of .35: predictions want 1, what an encoder says the deviation of real
# latents, a picture .45.
LOUDER = {"conv_out.weight": 3.0, "proj_out.weight": 1.6, "decoder.conv_out.weight": 1.3}
LATENTS = {"AutoencoderKL": 40.0, "AutoencoderKLFlux2": 8.5}


def rows(like):
    """As families' rows."""
    import export  # noqa: F401  (where models/export lies)
    from families import klein, stable_diffusion

    _, parts = LIKES[like]
    family = klein if like == "klein" else stable_diffusion
    return family.rows(set(parts), {})


def module_of(like, part):
    import diffusers
    import drawn
    import torch
    import transformers

    torch.manual_seed(0)
    kind, settings = LIKES[like][1][part]
    if kind in CONFIGS:
        config = getattr(transformers, CONFIGS[kind])(**settings)
        return drawn.empty(getattr(transformers, kind), config)
    module = drawn.empty(getattr(diffusers, kind), **settings)
    if hasattr(module, "bn"):
        # As real latents lie.
        module.bn.running_mean.normal_(0, 0.05)
        module.bn.running_var.uniform_(2.5, 3.5)
    return module


def write(file, like, folder, precision):
    part, row = rows(like)[file]
    # After rows(), which says where they lie.
    import drawn
    import files
    import tiny
    from families import klein

    began = time.perf_counter()
    module = module_of(like, part)
    kind = type(module).__name__
    louder = {**LOUDER, "encoder.conv_out.weight": LATENTS.get(kind, 1.0)}
    files.write(folder / file, row(module), precision, weight=drawn.weight(precision, louder))
    config = module.config
    told = config.to_diff_dict() if hasattr(config, "to_diff_dict") else json.loads(module.to_json_string())
    told |= klein.told(module) if hasattr(module, "bn") else {}
    tiny.write_json((folder / file).with_name("config.json"), told)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  {time.perf_counter() - began:.0f} s, at most {peak:.1f} GiB of memory", flush=True)


def write_clip_tokenizer(folder, pad, wheel):
    import tiny
    import vocab as bpe

    clip_vocab.make(folder, wheel)
    named = {"bos_token": bpe.START, "eos_token": bpe.END, "pad_token": pad, "unk_token": bpe.END}
    config = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer", **named}
    tiny.write_json(folder / "tokenizer_config.json", config)
    tiny.write_json(folder / "special_tokens_map.json", named)


def write_rest(like, folder, wheel):
    import folders
    import klein
    import language
    import tiny
    import vocab as bpe

    if like == "klein":
        scheduler = klein.SCHEDULER
        language.write(language.qwen_tokenizer(), folder / "tokenizer")
        names = ("Flux2KleinPipeline", scheduler["_class_name"], "Qwen2Tokenizer")
        index = folders.index(*names, is_distilled=True)
    else:
        xl = like == "sdxl-turbo"
        scheduler = dict(tiny.SCHEDULERS["turbo"])
        scheduler["_class_name"] = "EulerAncestralDiscreteScheduler" if xl else scheduler["_class_name"]
        write_clip_tokenizer(folder / "tokenizer", bpe.END if xl else "!", wheel)
        if xl:
            write_clip_tokenizer(folder / "tokenizer_2", "!", wheel)
        index = tiny.model_index(tiny.Parts("xl" if xl else "turbo"))
        index["scheduler"] = ["diffusers", scheduler["_class_name"]]
    tiny.write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    tiny.write_json(folder / "model_index.json", index)


def alone(function, *args):
    """In a process of its own, so that its memory comes back."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=args)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{function.__name__} {args[0]} failed")


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--like", choices=list(LIKES), default="turbo")
    parser.add_argument("--precision", choices=("fp32", "fp16", "int8", "int4"))
    parser.add_argument("--only", default="", metavar="NAME", help="networks whose names begin so")
    parser.add_argument("--wheel", help="the pinned open_clip_torch wheel, if it is here already")
    args = parser.parse_args()
    precision = args.precision or LIKES[args.like][0]
    for file in rows(args.like):
        if file.startswith(args.only):
            alone(write, file, args.like, args.folder, precision)
    write_rest(args.like, args.folder, args.wheel)
    total = sum(file.stat().st_size for file in args.folder.rglob("*") if file.is_file())
    print(f"{args.folder}: {total / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
