"""What the makers of tiny folders with a transformer write alike, and the loop of all of them."""

import json

import tiny

OPTIMUM = "optimum.onnxruntime.modeling_diffusion"


def index(pipeline, scheduler, tokenizer, **own):
    """model_index.json, as optimum has it."""
    halves = {f"vae_{way}coder": [OPTIMUM, f"ORTVae{way.title()}coder"] for way in ("en", "de")}
    return {
        "_class_name": pipeline,
        "_diffusers_version": "0.42.1",
        **own,
        "scheduler": ["diffusers", scheduler],
        "text_encoder": [OPTIMUM, "ORTTextEncoder"],
        "tokenizer": ["transformers", tokenizer],
        "transformer": [OPTIMUM, "ORTTransformer"],
        **halves,
    }


def write_configs(parts, folder, named, vae=None):
    """The small files of all parts; `vae` has more for the autoencoder's, `named` is model_index.json."""
    tiny.write_json(folder / "scheduler" / "scheduler_config.json", parts.scheduler)
    tiny.write_json(folder / "text_encoder" / "config.json", parts.text_encoder.config.to_diff_dict())
    tiny.write_json(folder / "transformer" / "config.json", json.loads(parts.transformer.to_json_string()))
    for name in ("vae_encoder", "vae_decoder"):
        tiny.write_json(folder / name / "config.json", json.loads(parts.vae.to_json_string()) | (vae or {}))
    tiny.write_json(folder / "model_index.json", named)


def make(maker, folder, only=""):
    """All models of a maker whose name begins with `only`: a module with MODELS, Parts and write_folder."""
    names = [name for name in maker.MODELS if name.startswith(only)]
    for name in names:
        maker.write_folder(maker.Parts(name), folder / name)
    return len(names)
