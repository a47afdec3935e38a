"""Torch modules to ONNX files with the names and types that optimum-onnx gives them."""

import contextlib
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from diffusers.models.transformers import transformer_flux, transformer_flux2
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel
from pictures import patched

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "models" / "export"))
from networks import (  # noqa: E402, F401
    LATENT,
    OPSET,
    PIXELS,
    all_states_forward,
    as_exported,
    decode_forward,
    encode_forward,
    encode_mean_forward,
    projected_forward,
    text_forward,
    unet_forward,
    unet_xl_forward,
)


def plain_rms_norm(self, x):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def plain_rotary(x, freqs, **_):
    cos, sin = freqs
    real, imaginary = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = torch.stack([-imaginary, real], dim=-1).flatten(-2)
    return x * cos[None, :, None, :] + turned * sin[None, :, None, :]


def plain_repeat(x, repeats, dim=None, output_size=None):
    shape = [-1] * x.dim()
    shape.insert(dim + 1, repeats)
    return x.unsqueeze(dim + 1).expand(shape).flatten(dim, dim + 1)


def plain_move(x, source, target):
    axes = list(range(x.dim()))
    axes.insert(target % x.dim(), axes.pop(source))
    return x.permute(axes)


@contextlib.contextmanager
def plainly():
    """Operators in whose place the tracing exporter writes something wrong, or nothing at all."""
    changes = [
        (torch.nn.RMSNorm, "forward", plain_rms_norm),
        (transformer_flux, "apply_rotary_emb", plain_rotary),
        (transformer_flux2, "apply_rotary_emb", plain_rotary),
        (torch.Tensor, "movedim", plain_move),
        (torch.Tensor, "repeat_interleave", plain_repeat),
    ]
    with patched(changes):
        yield


def components(parts):
    """name: (module, its forward, inputs by name, axes of inputs and outputs, float16 sides)"""
    options, unet = parts.options, parts.unet
    ids = torch.zeros(2, 77, dtype=options.get("ids", torch.int64))
    hidden = torch.randn(2, 77, unet.config.cross_attention_dim)
    side = 64 // parts.factor
    latent = torch.randn(2, unet.config.in_channels, side, side)
    if options.get("timestep") == torch.int64:
        timestep, time_axes = torch.tensor([999]), ("steps",)
    else:
        timestep, time_axes = torch.tensor(999.0), ()
    unet_inputs = {"sample": latent, "timestep": timestep, "encoder_hidden_states": hidden}
    unet_axes = {
        "sample": PIXELS,
        "timestep": time_axes,
        "encoder_hidden_states": ("batch_size", "sequence_length"),
    }
    if unet.config.time_cond_proj_dim:
        unet_inputs["timestep_cond"] = torch.randn(2, unet.config.time_cond_proj_dim)
        unet_axes["timestep_cond"] = ("batch_size",)
    if parts.second:
        unet_inputs["text_embeds"] = torch.randn(2, parts.second["projection_dim"])
        sizes = torch.tensor([[96.0, 64, 0, 32, 64, 64], [64, 64, 0, 0, 64, 64]])
        unet_inputs["time_ids"] = sizes[:, : parts.sizes]
        unet_axes |= {"text_embeds": ("batch_size",), "time_ids": ("batch_size",)}
    words = ("batch_size", "sequence_length")

    def text(module, forward, named):
        states = {}
        if parts.second:
            count = module.config.num_hidden_layers + 1
            states = {f"hidden_states.{i}": words for i in range(count)}
        outputs = {**named, **states}
        return (module, forward), {"input_ids": ids}, {"input_ids": words}, outputs, set(outputs)

    texts = {}
    if parts.text_encoder:
        plain = all_states_forward if parts.second else text_forward
        named = {"last_hidden_state": words, "pooler_output": ("batch_size",)}
        texts["text_encoder"] = text(parts.text_encoder, plain, named)
    if parts.second:
        named = {"text_embeds": ("batch_size",), "last_hidden_state": words}
        texts["text_encoder_2"] = text(parts.text_encoder_2, projected_forward, named)
    return {
        **texts,
        "unet": (
            (unet, unet_xl_forward if parts.second else unet_forward),
            unet_inputs,
            unet_axes,
            {"out_sample": PIXELS},
            {"encoder_hidden_states", "text_embeds", "time_ids"},
        ),
        **autoencoder(parts),
    }


def autoencoder(parts):
    """The rows of components() for both ways of the autoencoder."""
    vae, mean_only = parts.vae, bool(parts.options.get("latent_sample"))
    latents_out = "latent_sample" if mean_only else "latent_parameters"
    side = 64 // parts.factor
    latent = torch.randn(2, vae.config.latent_channels, side, side)
    return {
        "vae_encoder": (
            (vae, encode_mean_forward if mean_only else encode_forward),
            {"sample": torch.rand(2, 3, 64, 64) * 2 - 1},
            {"sample": PIXELS},
            {latents_out: LATENT},
            {"sample", latents_out},
        ),
        "vae_decoder": (
            (vae, decode_forward),
            {"latent_sample": latent * 2},
            {"latent_sample": LATENT},
            {"sample": PIXELS},
            {"latent_sample", "sample"},
        ),
    }


def write_onnx(parts, folder):
    half = bool(parts.options.get("half"))
    for name, (how, inputs, in_axes, out_axes, half_io) in parts.components().items():
        path = folder / name / "model.onnx"
        path.parent.mkdir(parents=True)
        with as_exported(*how) as module, warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                tuple(inputs.values()),
                str(path),
                input_names=list(inputs),
                output_names=list(out_axes),
                dynamic_axes={
                    k: v if isinstance(v, dict) else dict(enumerate(v))
                    for k, v in {**in_axes, **out_axes}.items()
                    if v
                },
                opset_version=OPSET,
                do_constant_folding=True,
                dynamo=False,
            )
            model = onnx.load(path)
            if half:
                io = (*model.graph.input, *model.graph.output)
                kept = [i.name for i in io if i.name not in half_io]
                wrapped = OnnxModel(convert_float_to_float16(model, keep_io_types=kept))
                wrapped.topological_sort()
                model = wrapped.model
            onnx.checker.check_model(model)
            onnx.save(model, path)
            check(path, module, inputs, list(out_axes), 3e-2 if half else 2e-4)


def check(path, module, inputs, outputs, tolerance):
    """The file must say what torch says, also at sizes other than the traced one."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    wanted = {i.name: i.type for i in session.get_inputs()}
    other = {}
    for key, value in inputs.items():
        if value.dim() >= 4 and key != "pixel_values":
            other[key] = torch.cat([value, value.flip(-2)], dim=-1)[:1]
        elif key.endswith("_ids") and key != "input_ids" and key != "time_ids":
            other[key] = value  # places of tokens, which have no batch
        elif key == "guidance":
            other[key] = value[:1]
        else:
            other[key] = value[:1] if value.dim() > 1 else value
    for given in (inputs, other):
        feed = {
            key: value.numpy().astype(np.float16)
            if wanted[key] == "tensor(float16)"
            else value.numpy()
            for key, value in given.items()
        }
        got = session.run(outputs, feed)
        with torch.no_grad():
            expected = module(*given.values())
        expected = [expected] if isinstance(expected, torch.Tensor) else expected
        for name, a, b in zip(outputs, got, expected, strict=True):
            scale = max(1.0, float(b.abs().max()))
            worst = float(np.abs(a.astype(np.float32) - b.numpy()).max()) / scale
            print(f"  {path.parent.parent.name}/{path.parent.name} {name}: {worst:.1e}")
            if worst > tolerance or a.shape != tuple(b.shape):
                raise ValueError(f"{path}: {name} is off by {worst}")
