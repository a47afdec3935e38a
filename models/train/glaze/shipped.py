"""The weights that ship, back as PyTorch: a checkpoint to go on from.

    python shipped.py --model FOLDER [--out FILE]

Reads the initializers of a folder that `folder.py` wrote, and compares PyTorch with ONNX, in dB. Fails below
60 dB, or if rounding the weights to bytes again, as an export does, would give others. --out writes a
checkpoint that `folder.py` reads. What training alone knew (critics, optimisers, the running weights before
they were averaged) is lost; the eight bits of the U-Net's weights stay eight bits.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import steer
import torch
from folder import CHANNELS, CODES, TEXT, Decoder, Detail, UNet, export
from network import Generator, Smooth

LEAST = 60.0  # dB


def unfolded(graph):
    """The weights by name, as floats: bytes times their scale, halves widened (`compose/export.py`)."""
    stored = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    out = {}
    for name, array in stored.items():
        if name.endswith("_byte"):
            own = name.removesuffix("_byte")
            out[own] = array.astype(np.float32) * stored[own + "_scale"]
        elif name.endswith("_half"):
            out[name.removesuffix("_half")] = array.astype(np.float32)
        elif not (name.endswith("_scale") and name.removesuffix("_scale") + "_byte" in stored):
            out[name] = array
    return stored, out


def named(path):
    """The weights of the file at `path` under PyTorch's names. The exporter has renamed those of linear
    layers (which it stored transposed) and of the enlarging layers (reshaped); their nodes tell whose."""
    graph = onnx.load(str(path)).graph
    stored, found = unfolded(graph)
    weights = {k: v for k, v in found.items() if not k.startswith(("onnx::", "entrance/"))}
    enlarging = iter(f"generator.up{k}.{what}" for k in (2, 1, 0) for what in ("weight", "bias"))
    for node in graph.node:
        anonymous = [i for i in node.input if i.startswith("onnx::") and i in found]
        if node.op_type == "MatMul" and anonymous:
            layer = node.name.removesuffix("/MatMul").strip("/").replace("/", ".")
            weights[layer + ".weight"] = found[anonymous[0]].T
        elif node.op_type == "ReduceMean" and anonymous:
            name, array = next(enlarging), found[anonymous[0]]
            if name.endswith("weight"):
                array = array.reshape(-1, array.shape[-1], 1, 1)
            weights[name] = array.reshape(-1) if name.endswith("bias") else array
    return stored, {k: torch.from_numpy(np.array(v, np.float32)) for k, v in weights.items()}


def part(weights, prefix):
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def load(model):
    """The folder's generator, light correction and detail decoder, with every weight set, or an error."""
    nets = {"generator": Generator(), "smooth": Smooth(), "detail": Detail()}
    files = {"generator": "unet", "smooth": "unet", "detail": "vae_decoder"}
    for name, net in nets.items():
        weights = part(named(Path(model) / files[name] / "model.onnx")[1], name + ".")
        needed = net.state_dict()
        # The word that only training asks for (what a cell is) is not in the decoder's file.
        absent = [k for k in needed if k not in weights and not k.startswith("says")]
        wrong = [k for k, v in weights.items() if k not in needed or needed[k].shape != v.shape]
        if absent or wrong:
            raise SystemExit(f"{model}/{files[name]} is not of these networks: {absent} lack, {wrong} differ")
        net.load_state_dict(weights, strict=False)
        net.eval()
    return nets


def decibels(expected, got):
    error = float(((expected - got) ** 2).mean())
    span = float(expected.max() - expected.min())
    return 10 * np.log10(span**2 / max(error, 1e-30))


@torch.no_grad()
def check(model, nets):
    """PyTorch against ONNX at three noise levels, square and wide. -> dB by network"""
    torch.manual_seed(0)
    net, found = UNet(nets["generator"], nets["smooth"]).eval(), {}
    session = onnxruntime.InferenceSession(str(Path(model) / "unet" / "model.onnx"))
    width = {i.name: i.shape for i in session.get_inputs()}
    door = (
        steer.Entrance(*steer.known(Path(model) / "unet" / "model.onnx")) if "image_embeds" in width else None
    )
    for time, size in ((249.0, (32, 32)), (599.0, (32, 64)), (899.0, (64, 64))):
        sample, words = torch.randn(1, CHANNELS, *size), torch.randn(1, 6, TEXT)
        fed = {
            "sample": sample.numpy(),
            "timestep": np.array(time, np.float32),
            "encoder_hidden_states": words.numpy(),
        }
        crop = torch.tensor([[0.0, 0.25, 1.0, 0.75]])
        if "crop" in width:
            fed["crop"] = crop.numpy()
        else:
            crop = None
        change = 0
        if door:
            none = torch.zeros(1, 1, steer.WIDTH), torch.zeros(1, 1)
            fed["image_embeds"], fed["ip_adapter_scale"] = (t.numpy() for t in none)
            sample, words, _, change = door(sample, torch.tensor(time), words, *none)
        got = session.run(None, fed)[0]
        expected = (net(sample, torch.tensor(time), words, crop) - change).numpy()
        found[f"unet at {time:.0f}"] = decibels(expected[:, :CODES], got[:, :CODES])
    session = onnxruntime.InferenceSession(str(Path(model) / "vae_decoder" / "model.onnx"))
    z = torch.randn(1, CHANNELS, 32, 48)
    got = session.run(None, {"latent_sample": z.numpy()})[0]
    found["vae_decoder"] = decibels(Decoder(nets["detail"])(z).numpy(), got)
    return found


def again(model):
    """How many of the U-Net's bytes rounding what was read anew would change, and of how many."""
    stored, _ = named(Path(model) / "unet" / "model.onnx")
    other = count = 0
    for name, array in stored.items():
        if name.endswith("_byte"):
            value = array.astype(np.float32) * stored[name.removesuffix("_byte") + "_scale"]
            other += int((export.in_bytes(value)[0] != array).sum())
            count += array.size
    return other, count


def checkpoint(nets):
    """As train.py saves it, without critics and optimisers."""
    state = {k: nets[k].state_dict() for k in ("generator", "smooth")}
    state |= {"gen_ema": state["generator"], "dec_ema": state["smooth"], "ema": nets["detail"].state_dict()}
    return state | {"step": 0, "seen": 0, "spent": 0.0, "scale": None, "balance": None, "shipped": True}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True, help="the model folder")
    p.add_argument("--out", help="the checkpoint to write; folder.py's --weights and --detail")
    a = p.parse_args()
    nets = load(a.model)
    found, (other, count) = check(a.model, nets), again(a.model)
    print({k: round(float(v), 1) for k, v in found.items()}, "dB;", other, "of", count, "bytes differ")
    if a.out:
        torch.save(checkpoint(nets), a.out)
    if min(found.values()) < LEAST or other:
        sys.exit("what was read is not what ships")


if __name__ == "__main__":
    main()
