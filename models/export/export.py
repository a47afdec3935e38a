#!/usr/bin/env python3
"""Turns a diffusers folder, or a single checkpoint, into a folder of ONNX networks that Scumble loads: of
Stable Diffusion 1.x, 2.x and XL (Turbo, Lightning, LCM and inpainting kin among them), SD 3 and 3.5, FLUX.1
(schnell, dev and what is made of them), FLUX.2 klein, Z-Image, SANA-Sprint.

    python models/export/export.py MODEL OUTPUT [--precision fp32|fp16|int8|int4] [--tiny AUTOENCODER]
                                   [--preview AUTOENCODER] [--config DIFFUSERS_FOLDER] [--control]

MODEL is a folder with model_index.json, or a .safetensors file: a checkpoint of Stable Diffusion, whose
configurations diffusers asks the hub for or takes from --config; or the transformer of SD 3, FLUX.1, FLUX.2
klein or Z-Image, whose other parts are those of the folder --config. --tiny puts a tiny autoencoder (TAESD,
TAESD3, TAEF1: its folder) in the place of the model's own: coarser, and much faster. --preview leaves that
to pictures before the last step. --control adds the U-Net that listens to ControlNets. Each file is
compared with the original in the same run; what loses too much in fp16, int8 or int4 stays more precise,
and is told. Parts are read one after the other. The folder appears when it is whole.
"""

import argparse
import gc
import json
import pathlib
import shutil
import sys

import files
import sources
import torch
from diffusers import AutoencoderTiny
from families import flow, klein, sana, stable_diffusion, z_image

# Pipelines of diffusers, without Img2Img in their names.
FAMILIES = {
    "StableDiffusion": stable_diffusion,
    "StableDiffusionInpaint": stable_diffusion,
    "StableDiffusionInstructPix2Pix": stable_diffusion,
    "StableDiffusionXL": stable_diffusion,
    "StableDiffusionXLInpaint": stable_diffusion,
    "LatentConsistencyModel": stable_diffusion,
    "StableDiffusion3": flow,
    "Flux": flow,
    "FluxInpaint": flow,
    "FluxFill": flow,
    "FluxControl": flow,
    "FluxControlInpaint": flow,
    "FluxKontext": flow,
    "FluxKontextInpaint": flow,
    "Flux2Klein": klein,
    "Flux2KleinInpaint": klein,
    "ZImage": z_image,
    "ZImageInpaint": z_image,
    "SanaSprint": sana,
}
KNOWN = "Stable Diffusion 1.x, 2.x, XL and 3, FLUX.1, FLUX.2 klein, Z-Image and SANA-Sprint are exported here"
PREVIEW = "preview_decoder"
TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")


def family(source, place):
    plain = source.kind.removesuffix("Pipeline").replace("Img2Img", "")
    if plain not in FAMILIES:
        raise SystemExit(f"{place} is a {source.kind}; {KNOWN}")
    return FAMILIES[plain]


def write_tokenizer(source, name, place):
    """As it lies in its folder; where it has no form that is read without a program, in one that has."""
    if source.path and (source.path / name).is_dir():
        shutil.copytree(source.path / name, place, ignore=shutil.ignore_patterns("*.bin", "*.pt"))
        if any((place / file).is_file() for file in ("tokenizer.json", "merges.txt")):
            return
    if getattr(source, "whole", None) is not None:
        getattr(source.whole, name).save_pretrained(place)
        return
    import transformers

    kind = source.index[name][1]
    getattr(transformers, kind).from_pretrained(source.path / name).save_pretrained(place)
    if not (place / "tokenizer.json").is_file():
        raise SystemExit(f"{source.path / name} could not be made into a tokenizer.json")


def write_small(source, making, configs):
    """Tokenizers, scheduler, model_index.json, and the configurations of all parts."""
    tokenizers = [name for name in TOKENIZERS if name in source.parts]
    for name in tokenizers:
        write_tokenizer(source, name, making / name)
    if getattr(source, "whole", None) is not None:
        source.whole.scheduler.save_pretrained(making / "scheduler")
    else:
        shutil.copytree(source.path / "scheduler", making / "scheduler")
    for name, config in configs.items():
        (making / name / "config.json").write_text(json.dumps(config, indent=2, default=str))
    index = {key: value for key, value in source.index.items() if not isinstance(value, (list, tuple))}
    index["scheduler"] = ["diffusers", source.scheduler()]
    # Those that a model of the kind may be without, and this one is.
    index |= {key: value for key, value in source.index.items() if value == [None, None]}
    kinds = {"unet": "Unet", "transformer": "Transformer"}
    kinds |= {"vae_encoder": "VaeEncoder", "vae_decoder": "VaeDecoder"}
    for name in configs.keys() - {PREVIEW}:  # no pipeline of diffusers has one
        index[name] = ["optimum.onnxruntime.modeling_diffusion", f"ORT{kinds.get(name, 'TextEncoder')}"]
    index |= {name: ["transformers", source.index.get(name, [0, "CLIPTokenizer"])[1]] for name in tokenizers}
    (making / "model_index.json").write_text(json.dumps(index, indent=2, default=str))


def config_of(part):
    """A network's configuration, as plain values."""
    told = part.config if hasattr(part.config, "to_json_string") else part
    return json.loads(told.to_json_string())


def tiny(folder):
    variant = sources.variant(folder)
    return AutoencoderTiny.from_pretrained(folder, torch_dtype=torch.float32, variant=variant).eval()


def say(line):
    print(line, flush=True)


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--precision", choices=list(files.TRIED), default="fp32")
    parser.add_argument("--tiny", type=pathlib.Path, metavar="AUTOENCODER")
    parser.add_argument("--preview", type=pathlib.Path, metavar="AUTOENCODER")
    parser.add_argument("--config", type=pathlib.Path, metavar="DIFFUSERS_FOLDER")
    parser.add_argument("--control", action="store_true")
    args = parser.parse_args()
    if args.output.exists():
        raise SystemExit(f"{args.output} is there already")
    source = sources.opened(args.model, args.config)
    options = {"kind": source.kind, "control": args.control}
    if source.index.get("requires_aesthetics_score"):
        options["sizes"] = 5
    made = family(source, args.model)
    rows = made.rows(source.parts, options)
    if args.control and made is not stable_diffusion:
        raise SystemExit(f"--control: ControlNets of a {source.kind} are not run; leave it out")
    making = args.output.with_name(args.output.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    torch.manual_seed(0)
    configs, held, part, norms = {}, None, None, {}
    for file, (name, row) in rows.items():
        if name != held:
            part = None
            gc.collect()
            held, part = name, source.load(name)
            if name == "vae":
                # What the model's own latents are normed by holds for a tiny autoencoder's, too.
                norms = made.told(part) if hasattr(made, "told") else {}
                part = tiny(args.tiny) if args.tiny else part
        files.write(making / file, row(part), args.precision, say)
        configs[pathlib.Path(file).parent.name] = config_of(part) | (norms if name == "vae" else {})
    if args.preview:
        part, (_, row) = tiny(args.preview), rows["vae_decoder/model.onnx"]
        files.write(making / PREVIEW / "model.onnx", row(part), args.precision, say)
        configs[PREVIEW] = config_of(part) | norms
    write_small(source, making, configs)
    making.rename(args.output)
    total = sum(file.stat().st_size for file in args.output.rglob("*") if file.is_file())
    print(f"{args.output}: {total / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
