"""A module of torch as a graph of ONNX: the one place where torch.onnx.export is called.

Modules are traced under their own names (no wrapper), so that node and initializer names are those of other
exports, e.g. /down_blocks.0/attentions.0/..., and a LoRA finds its weights. Hence forwards that are
functions, not classes.
"""

import contextlib
import math
import types
import typing
import warnings

import numpy as np
import torch
from diffusers.models.transformers import transformer_flux, transformer_flux2
from torch.onnx._internal.torchscript_exporter import utils as exporter

OPSET = 17
PIXELS = ("batch_size", "num_channels", "height", "width")
LATENT = ("batch_size", "num_channels_latent", "height_latent", "width_latent")
WORDS = ("batch_size", "sequence_length")


class Row(typing.NamedTuple):
    """A network to be exported: the module, its forward, an example of each input by name, and the names of
    axes that may change, as a tuple or by number."""

    module: torch.nn.Module
    forward: typing.Callable
    inputs: dict
    axes: dict
    outputs: dict


@contextlib.contextmanager
def patched(changes):
    """`changes`: (object, attribute, what stands there instead)."""
    old = [(target, name, getattr(target, name)) for target, name, _ in changes]
    for target, name, value in changes:
        setattr(target, name, value)
    try:
        yield
    finally:
        for target, name, value in reversed(old):
            setattr(target, name, value)


def plain_rms_norm(self, x):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def plain_rotary(x, freqs, **_):
    cos, sin = freqs
    real, imaginary = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = torch.stack([-imaginary, real], dim=-1).flatten(-2)
    return x * cos[None, :, None, :] + turned * sin[None, :, None, :]


REPEAT = torch.Tensor.repeat_interleave


def plain_repeat(x, repeats, dim=None, output_size=None):
    if dim is None or not isinstance(repeats, int):
        return REPEAT(x, repeats, dim=dim, output_size=output_size)
    shape = [-1] * x.dim()
    shape.insert(dim % x.dim() + 1, repeats)
    return x.unsqueeze(dim % x.dim() + 1).expand(shape).flatten(dim % x.dim(), dim % x.dim() + 1)


def plain_move(x, source, target):
    axes = list(range(x.dim()))
    axes.insert(target % x.dim(), axes.pop(source))
    return x.permute(axes)


# Operators in whose place the tracing exporter writes something wrong, or nothing at all.
PLAIN = [
    (torch.nn.RMSNorm, "forward", plain_rms_norm),
    (transformer_flux, "apply_rotary_emb", plain_rotary),
    (transformer_flux2, "apply_rotary_emb", plain_rotary),
    (torch.Tensor, "movedim", plain_move),
    (torch.Tensor, "repeat_interleave", plain_repeat),
]


# The exporter is not given the numbers of weights that it does not write: it would copy them, whole, into
# every node whose shape it works out, and put one weight in the place of all others that are zeros, too.
UNTOLD = (exporter, "_get_named_param_dict", lambda graph, params: {})


@contextlib.contextmanager
def as_exported(module, forward):
    module.forward = types.MethodType(forward, module)
    try:
        with patched(PLAIN):
            yield module
    finally:
        del module.forward


def trace(path, row, weights=True):
    """Writes the graph; without `weights` they are inputs of it, by the names that the module has for
    them."""
    every = {**row.axes, **row.outputs}
    every = {key: axis if isinstance(axis, dict) else dict(enumerate(axis)) for key, axis in every.items()}
    told = patched([] if weights else [UNTOLD])
    with as_exported(row.module, row.forward) as module, told, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            tuple(row.inputs.values()),
            str(path),
            export_params=weights,
            input_names=list(row.inputs),
            output_names=list(row.outputs),
            dynamic_axes={key: axis for key, axis in every.items() if axis},
            opset_version=OPSET,
            # Without weights there is nothing to fold them into.
            do_constant_folding=weights,
            dynamo=False,
        )


def said(row, given):
    """What torch says to these inputs, as a list."""
    with torch.no_grad(), as_exported(row.module, row.forward) as module:
        out = module(*given.values())
    return [out] if isinstance(out, torch.Tensor) else list(out)


def other(row):
    """The inputs in another size: one row of a batch, pictures and latents twice as wide where they may
    be."""
    made = {}
    for key, value in row.inputs.items():
        axes = row.axes.get(key, ())
        free = axes if isinstance(axes, dict) else dict(enumerate(axes))
        if value.dim() >= 4:
            wide = torch.cat([value, value.flip(-2)], dim=-1)
            made[key] = (wide if value.dim() - 1 in free else value)[:1]
        elif key in ("img_ids", "txt_ids"):
            made[key] = value  # places of tokens, which have no batch
        else:
            made[key] = value[:1] if value.dim() > 1 or key == "guidance" else value
    return made


def flat(inputs):
    """The inputs with a picture or latent of one colour, whose deviation is nothing."""
    return {key: torch.full_like(value, 0.5) if value.dim() >= 4 else value for key, value in inputs.items()}


def examples(row):
    yield row.inputs
    yield other(row)
    if any(value.dim() >= 4 for value in row.inputs.values()):
        yield flat(row.inputs)


def decibels(session, row):
    """How near a file comes to torch: the least signal-to-error ratio of its outputs, at the traced sizes, at
    others, and of a flat picture if it sees one."""
    least = math.inf
    types = {one.name: np.float16 for one in session.get_inputs() if one.type == "tensor(float16)"}
    for given in examples(row):
        feed = {key: value.numpy() for key, value in given.items()}
        feed = {key: value.astype(types.get(key, value.dtype)) for key, value in feed.items()}
        got = session.run(list(row.outputs), feed)
        for a, b in zip(got, said(row, given), strict=True):
            least = min(least, ratio(torch.from_numpy(a).float(), b))
    return least


def ratio(got, expected):
    """Decibels; 200 where both are equal, less than any where one is no number or of another shape."""
    if got.shape != expected.shape or not bool(torch.isfinite(got).all()):
        return -math.inf
    error, power = float((got - expected).pow(2).mean()), float(expected.pow(2).mean())
    return 200.0 if error == 0 else 10 * math.log10(max(power, 1e-30) / error)
