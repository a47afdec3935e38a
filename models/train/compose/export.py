"""Writes the trained parts as a diffusers-style ONNX folder, and checks it against PyTorch.

python export.py --weights FILE-OR-PARTS --assets FOLDER --out FOLDER
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from decoder import Decoder
from latent import CELL, CHANNELS, SCALING, Encoder
from release import read
from text import LENGTH, Words
from things import Things
from torch import nn
from unet import TEXT, ImageEncoder, UNet

OPSET = 17
NATIVE = 512


class Clamped(nn.Module):
    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, latent_sample):
        return self.decoder(latent_sample).clamp(-1, 1)


def in_bytes(array):
    """Rounded to eight bits with a scale for each output. -> (int8, scale)"""
    # A matrix that came from a linear layer is stored [in, out]; a kernel [out, in, ...].
    axes = (0,) if array.ndim == 2 else tuple(range(1, array.ndim))
    scale = np.abs(array).max(axis=axes, keepdims=True) / 127 + 1e-12
    return np.round(array / scale).astype(np.int8), scale


def smaller(path, bits, least=4096):
    """Stores the large weights as fp16, or as int8 with a scale for each output; the runtime unfolds them."""
    model = onnx.load(str(path))
    graph, added = model.graph, []
    node, numbers = onnx.helper.make_node, onnx.numpy_helper
    for init in list(graph.initializer):
        array, name = numbers.to_array(init), init.name
        if array.dtype != np.float32 or array.size < least:
            continue
        if bits == 16 or array.ndim < 2:
            init.CopyFrom(numbers.from_array(array.astype(np.float16), name + "_half"))
            added.append(node("Cast", [name + "_half"], [name], to=1))
            continue
        rounded, scale = in_bytes(array)
        init.CopyFrom(numbers.from_array(rounded, name + "_byte"))
        graph.initializer.append(numbers.from_array(scale.astype(np.float32), name + "_scale"))
        added.append(node("Cast", [name + "_byte"], [name + "_float"], to=1))
        added.append(node("Mul", [name + "_float", name + "_scale"], [name]))
    nodes = added + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def write(module, inputs, names, output, axes, path, bits=16):
    """Exports, makes smaller, and returns the largest and the mean difference to PyTorch, also on a wider
    picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    module = module.eval()
    torch.onnx.export(
        module,
        tuple(inputs),
        str(path),
        input_names=names,
        output_names=[output],
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )
    if bits:
        smaller(path, bits)
    session = onnxruntime.InferenceSession(str(path))
    worst = average = 0.0
    for repeat in (1, 2):
        fed = [torch.cat([x] * repeat, 3) if x.dim() == 4 else x for x in inputs]
        with torch.no_grad():
            expected = module(*fed).numpy()
        got = session.run(None, {n: x.numpy() for n, x in zip(names, fed, strict=True)})[0]
        assert got.shape == expected.shape, (got.shape, expected.shape)
        worst = max(worst, float(np.abs(got - expected).max()))
        average = max(average, float(np.abs(got - expected).mean()))
    return round(worst, 5), round(average, 5)


def as_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def configs(out, vocabulary):
    as_json(
        out / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.35.0",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", "EulerDiscreteScheduler"],
            "text_encoder": ["transformers", "BertModel"],
            "tokenizer": ["transformers", "BertTokenizerFast"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
    as_json(
        out / "scheduler" / "scheduler_config.json",
        {
            "_class_name": "EulerDiscreteScheduler",
            "_diffusers_version": "0.35.0",
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "num_train_timesteps": 1000,
            "prediction_type": "sample",
            "interpolation_type": "linear",
            "timestep_spacing": "trailing",
            "steps_offset": 0,
            "use_karras_sigmas": False,
        },
    )
    as_json(
        out / "unet" / "config.json",
        {
            "_class_name": "UNet2DConditionModel",
            "sample_size": NATIVE // CELL,
            "in_channels": CHANNELS,
            # Five: the latents must divide by sixteen.
            "out_channels": CHANNELS,
            "block_out_channels": [32, *UNet().widths],
            "cross_attention_dim": TEXT,
            "center_input_sample": False,
        },
    )
    vae = {
        "_class_name": "AutoencoderKL",
        "sample_size": NATIVE,
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": CHANNELS,
        "block_out_channels": [32, 64, 112],
        "scaling_factor": SCALING,
    }
    as_json(out / "vae_encoder" / "config.json", vae)
    as_json(out / "vae_decoder" / "config.json", vae)
    as_json(
        out / "text_encoder" / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": TEXT,
            "max_position_embeddings": LENGTH,
            "vocab_size": vocabulary,
            "pad_token_id": 0,
        },
    )
    as_json(
        out / "image_encoder" / "config.json",
        {
            "architectures": ["ScumbleImageEncoder"],
            "hidden_size": TEXT,
            "image_size": ImageEncoder.SIDE,
            "tokens": 1 + ImageEncoder.COUNT,
        },
    )
    as_json(
        out / "scumble.json",
        {
            "name": "Scumble Vista",
            "description": "A small model for landscapes: crisp pictures that follow your paint "
            "and your words; native at 512 x 512.",
            "defaults": {"steps": 4, "strength": 0.6, "guidance": 1.0},
            "native": NATIVE,
            "licence": "MIT OR Apache-2.0 (trained weights); text encoder MiniLM-L6: Apache-2.0",
        },
    )


class Prompt(nn.Module):
    """input_ids [1,L] (0: padding) -> [1, 1 + L + THINGS, TEXT]: sentence, words, a named object's
    thumbnail or zeros."""

    def __init__(self, words, things):
        super().__init__()
        self.bert, self.things = words.bert, things

    def states(self, ids):
        b = self.bert
        mask = (ids != 0).float()
        bias = ((1 - mask) * -1e4)[:, None, None, :]
        place = torch.cumsum(torch.ones_like(ids), 1) - 1
        h = b.embeddings.word_embeddings(ids) + b.embeddings.position_embeddings(place)
        h = b.embeddings.LayerNorm(h + b.embeddings.token_type_embeddings.weight[0])
        for layer in b.encoder.layer:
            att = layer.attention.self
            heads, size = att.num_attention_heads, att.attention_head_size

            def cut(x, heads=heads, size=size):
                return x.reshape(x.shape[0], -1, heads, size).transpose(1, 2)

            q, k, v = cut(att.query(h)), cut(att.key(h)), cut(att.value(h))
            mixed = (torch.softmax(q @ k.transpose(2, 3) / size**0.5 + bias, -1) @ v).transpose(1, 2)
            h = layer.attention.output.LayerNorm(layer.attention.output.dense(mixed.reshape(h.shape)) + h)
            inner = torch.nn.functional.gelu(layer.intermediate.dense(h))
            h = layer.output.LayerNorm(layer.output.dense(inner) + h)
        h = h * mask[..., None]
        pooled = h.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        sentence = pooled / pooled.pow(2).sum(1, keepdim=True).sqrt().clamp(min=1e-6) * TEXT**0.5
        return torch.cat([sentence[:, None], h], 1)

    def forward(self, input_ids):
        return torch.cat([self.states(input_ids), self.things(input_ids)], 1)


def text_files(words, out):
    tokenizer = json.loads(words.tokenizer.to_str())
    tokenizer["truncation"] = {
        "direction": "Right",
        "max_length": LENGTH,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    as_json(
        out / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizerFast",
            "model_max_length": LENGTH,
            "pad_token": "[PAD]",
            "do_lower_case": True,
        },
    )
    (out / "tokenizer.json").write_text(json.dumps(tokenizer))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("weights", "assets", "out"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    out = Path(args.out)
    state = read(args.weights)
    nets = {"unet": UNet(), "image": ImageEncoder(), "decoder": Decoder()}
    for name, net in nets.items():
        net.load_state_dict(state[name])
    words = Words(Path(args.assets) / "words.pt")
    vocabulary = json.loads((Path(args.assets) / "vocabulary.json").read_text())
    things = Things(Path(args.assets) / "pack", vocabulary, words.tokenizer)
    prompt = Prompt(words, things).eval()
    configs(out, words.bert.config.vocab_size)
    text_files(words, out / "tokenizer")
    grid, place = {0: "batch", 2: "height", 3: "width"}, {2: "height", 3: "width"}
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 8, 8).repeat_interleave(32, 2).repeat_interleave(32, 3) * 2 - 1
    ids = torch.tensor([words.tokenizer.encode("a castle above a lake").ids])
    with torch.no_grad():
        z = Encoder()(picture)
        noised = (z * SCALING + torch.randn_like(z) * 2.2) / (1 + 2.2**2) ** 0.5
        tokens = prompt(ids)
        told = words(["a castle above a lake"])
        assert (tokens[:, : ids.shape[1] + 1] - told[:, : ids.shape[1] + 1]).abs().max() < 1e-3
    report = {
        "vae_encoder": write(
            Encoder(),
            [picture],
            ["sample"],
            "latent_sample",
            {"sample": grid, "latent_sample": grid},
            out / "vae_encoder" / "model.onnx",
        ),
        "vae_decoder": write(
            Clamped(nets["decoder"]),
            [z],
            ["latent_sample"],
            "sample",
            {"sample": grid, "latent_sample": grid},
            out / "vae_decoder" / "model.onnx",
        ),
        "unet": write(
            nets["unet"],
            [noised, torch.tensor(599.0), tokens],
            ["sample", "timestep", "encoder_hidden_states"],
            "out_sample",
            {"sample": place, "out_sample": place, "encoder_hidden_states": {1: "tokens"}},
            out / "unet" / "model.onnx",
            bits=8,
        ),
        "image_encoder": write(
            nets["image"],
            [picture],
            ["pixel_values"],
            "image_embeds",
            {"pixel_values": place},
            out / "image_encoder" / "model.onnx",
            bits=8,
        ),
        "text_encoder": write(
            prompt,
            [ids],
            ["input_ids"],
            "last_hidden_state",
            {"input_ids": {0: "batch", 1: "sequence"}, "last_hidden_state": {0: "batch"}},
            out / "text_encoder" / "model.onnx",
            bits=8,
        ),
    }
    print("largest and mean difference to PyTorch", json.dumps(report))
    total = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"folder {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
