"""Write the trained parts as a diffusers-style ONNX folder, and check it against PyTorch."""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import words
from codec import CHANNELS, Decoder, Encoder
from common import read_checkpoint
from recall import WIDTH, Recall
from torch import nn
from unet import UNet

OPSET = 17


class Clamped(nn.Module):
    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, latent_sample):
        return self.decoder(latent_sample).clamp(-1, 1)


def smaller(path, bits):
    """Store the large weights as fp16, or as int8 with a scale for each output; the runtime unfolds them."""
    model = onnx.load(str(path))
    graph, added = model.graph, []
    node, numbers = onnx.helper.make_node, onnx.numpy_helper
    for init in list(graph.initializer):
        array, name = numbers.to_array(init), init.name
        if array.dtype != np.float32 or array.size < 4096:
            continue
        if bits == 16:
            init.CopyFrom(numbers.from_array(array.astype(np.float16), name + "_half"))
            added.append(node("Cast", [name + "_half"], [name], to=1))
            continue
        axes = tuple(range(1, array.ndim))
        scale = np.abs(array).max(axis=axes, keepdims=True) / 127 + 1e-12
        init.CopyFrom(numbers.from_array(np.round(array / scale).astype(np.int8), name + "_byte"))
        graph.initializer.append(numbers.from_array(scale.astype(np.float32), name + "_scale"))
        added.append(node("Cast", [name + "_byte"], [name + "_float"], to=1))
        added.append(node("Mul", [name + "_float", name + "_scale"], [name]))
    nodes = added + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def write(module, inputs, names, output, axes, path, bits=16):
    """Export, make smaller, and return the largest difference to PyTorch, also on a wider picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    module = module.eval()
    torch.onnx.export(module, tuple(inputs), str(path), input_names=names, output_names=[output],
                      dynamic_axes=axes, opset_version=OPSET, dynamo=False)
    smaller(path, bits)
    session = onnxruntime.InferenceSession(str(path))
    worst = 0.0
    for repeat in (1, 2):
        fed = [torch.cat([x] * repeat, 3) if x.dim() == 4 else x for x in inputs]
        with torch.no_grad():
            expected = module(*fed).numpy()
        got = session.run(None, {n: x.numpy() for n, x in zip(names, fed, strict=True)})[0]
        assert got.shape == expected.shape, (got.shape, expected.shape)
        # The mean, not the worst: where two patches fit equally well either may be taken.
        worst = max(worst, float(np.abs(got - expected).mean()))
    return worst


def as_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def configs(out, vocabulary):
    as_json(out / "model_index.json", {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.35.0",
        "feature_extractor": [None, None], "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": ["transformers", "BertModel"],
        "tokenizer": ["transformers", "BertTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    })
    as_json(out / "scheduler" / "scheduler_config.json", {
        "_class_name": "EulerDiscreteScheduler", "_diffusers_version": "0.35.0",
        "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000, "prediction_type": "sample", "interpolation_type": "linear",
        "timestep_spacing": "trailing", "steps_offset": 0, "use_karras_sigmas": False,
    })
    as_json(out / "unet" / "config.json", {
        "_class_name": "UNet2DConditionModel", "sample_size": 32, "in_channels": CHANNELS,
        "out_channels": CHANNELS, "block_out_channels": list(UNet().widths),
        "cross_attention_dim": WIDTH, "center_input_sample": False,
    })
    vae = {
        "_class_name": "AutoencoderKL", "sample_size": 256, "in_channels": 3, "out_channels": 3,
        "latent_channels": CHANNELS, "block_out_channels": [32, 64, 96, 96],
        "scaling_factor": 1.0,
    }
    as_json(out / "vae_encoder" / "config.json", vae)
    as_json(out / "vae_decoder" / "config.json", vae)
    as_json(out / "text_encoder" / "config.json", {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_size": WIDTH,
        "max_position_embeddings": words.LENGTH, "vocab_size": vocabulary, "pad_token_id": 0,
    })
    as_json(out / "scumble.json", {
        "name": "Scumble Recall",
        "description": "A small model for landscapes and simple objects: it keeps your paint and recalls "
                       "about a thousand free pictures by your words; native at 256 x 256.",
        "defaults": {"steps": 4, "strength": 0.6, "guidance": 1.0},
        "native": 256,
        "licence": "MIT OR Apache-2.0 (trained weights); text encoder MiniLM-L6: Apache-2.0",
    })


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minilm", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    work, out = Path(args.work), Path(args.out)
    state = torch.load(work / "decoder.pt", weights_only=False)
    encoder = Encoder()
    encoder.load_state_dict(state["encoder"])
    decoder = Decoder(encoder)
    decoder.load_state_dict(state["ema"])
    guide = UNet()
    guide.load_state_dict(read_checkpoint(work / "guide.pt")["ema"])
    configs(out, len(words.vocabulary(args.minilm)[1]))
    words.tokenizer_files(args.minilm, out / "tokenizer")
    (out / "text_encoder").mkdir(exist_ok=True)
    held, text = np.load(work / "memory.npz"), out / "text_encoder" / "model.onnx"
    words.add_recall(work / "sentence.onnx", (held["keys"], held["owner"], held["values"]),
                     np.load(work / "bank.npz"), text)
    tokens = onnxruntime.InferenceSession(str(text)).run(
        None, {"input_ids": words.ids(words.vocabulary(args.minilm)[0], "a castle above a lake")})[0]
    grid = {0: "batch", 2: "height", 3: "width"}
    place = {2: "height", 3: "width"}
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 8, 8).repeat_interleave(32, 2).repeat_interleave(32, 3) * 2 - 1
    with torch.no_grad():
        z = encoder(picture)
        noised = z * 0.53 + torch.randn_like(z) * 0.85
    report = {
        "vae_encoder": write(encoder, [picture], ["sample"], "latent_sample",
                             {"sample": grid, "latent_sample": grid},
                             out / "vae_encoder" / "model.onnx"),
        "vae_decoder": write(Clamped(decoder), [z], ["latent_sample"], "sample",
                             {"sample": grid, "latent_sample": grid},
                             out / "vae_decoder" / "model.onnx"),
        "unet": write(Recall(guide, encoder),
                      [noised, torch.tensor(499.0), torch.from_numpy(tokens)],
                      ["sample", "timestep", "encoder_hidden_states"], "out_sample",
                      {"sample": place, "out_sample": place}, out / "unet" / "model.onnx", bits=8),
    }
    print("mean difference to PyTorch", json.dumps(report))
    total = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"folder {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
