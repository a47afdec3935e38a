"""The networks of a tiny model as ONNX files, in the forms met in the wild: rows of models/export, with the
types that a model's options say."""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "models" / "export"))
from families import stable_diffusion as sd  # noqa: E402
from tracing import LATENT, OPSET, PIXELS, Row, as_exported, other, patched, said, trace  # noqa: E402, F401

# Inputs and outputs that are float32 also where weights are float16.
WHOLE = {"input_ids", "sample", "timestep", "timestep_cond", "out_sample"}


def components(parts):
    """name: row"""
    options, second = parts.options, bool(parts.second)
    rows = {}
    first = sd.all_states_forward if second else sd.text_forward
    if parts.text_encoder:
        rows["text_encoder"] = sd.text_row(parts.text_encoder, first, second)
    if second:
        rows["text_encoder_2"] = sd.text_row(parts.text_encoder_2, sd.projected_forward, True)
    for row in rows.values():
        row.inputs["input_ids"] = torch.zeros(2, 77, dtype=options.get("ids", torch.int64))
    rows["unet"] = sd.unet_row(parts.unet, parts.sizes)
    side = 64 // parts.factor
    rows["unet"].inputs["sample"] = torch.randn(2, parts.unet.config.in_channels, side, side)
    if options.get("timestep") == torch.int64:
        rows["unet"].inputs["timestep"] = torch.tensor([999])
        rows["unet"].axes["timestep"] = ("steps",)
    if second:
        sizes = torch.tensor([[96.0, 64, 0, 32, 64, 64], [64, 64, 0, 0, 64, 64]])
        rows["unet"].inputs["time_ids"] = sizes[:, : parts.sizes]
    return rows | autoencoder(parts)


def autoencoder(parts):
    """The rows of components() for both ways of the autoencoder."""
    rows = {
        "vae_encoder": sd.encoder_row(parts.vae, bool(parts.options.get("latent_sample"))),
        "vae_decoder": sd.decoder_row(parts.vae),
    }
    rows["vae_encoder"].inputs["sample"] = torch.rand(2, 3, 64, 64) * 2 - 1
    shape = (2, parts.vae.config.latent_channels, 64 // parts.factor, 64 // parts.factor)
    rows["vae_decoder"].inputs["latent_sample"] = torch.randn(shape) * 2
    return rows


def write_onnx(parts, folder):
    half = bool(parts.options.get("half"))
    for name, row in parts.components().items():
        path = folder / name / "model.onnx"
        path.parent.mkdir(parents=True)
        write(path, row, half)


def write(path, row, half=False):
    trace(path, row)
    model = onnx.load(path)
    if half:
        io = (*model.graph.input, *model.graph.output)
        latents = path.parent.name.startswith("vae")
        kept = [] if latents else [i.name for i in io if i.name in WHOLE]
        wrapped = OnnxModel(convert_float_to_float16(model, keep_io_types=kept))
        wrapped.topological_sort()
        model = wrapped.model
    onnx.checker.check_model(model)
    onnx.save(model, path)
    check(path, row, 3e-2 if half else 2e-4)


def check(path, row, tolerance):
    """The file must say what torch says, also at sizes other than the traced one."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    wanted = {i.name: i.type for i in session.get_inputs()}
    for given in (row.inputs, other(row)):
        feed = {
            key: value.numpy().astype(np.float16)
            if wanted[key] == "tensor(float16)"
            else value.numpy()
            for key, value in given.items()
        }
        got = session.run(list(row.outputs), feed)
        for name, a, b in zip(row.outputs, got, said(row, given), strict=True):
            scale = max(1.0, float(b.abs().max()))
            worst = float(np.abs(a.astype(np.float32) - b.numpy()).max()) / scale
            print(f"  {path.parent.parent.name}/{path.parent.name} {name}: {worst:.1e}")
            if worst > tolerance or a.shape != tuple(b.shape):
                raise ValueError(f"{path}: {name} is off by {worst}")
