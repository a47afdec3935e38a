"""Small copies of a checkpoint: the averaged networks in fp16 (or int8 by rows), the critics in fp16, in
parts.

python release.py CHECKPOINT OUT [--bytes] [--critics]      writes OUT.part-00 ...
"""

import argparse
import io
from pathlib import Path

import torch

PART = 15_500_000  # bytes: some places let no larger file out
CRITICS = ("pixel", "sentence", "fine", "material", "reader")


def half(v):
    return v.half() if v.is_floating_point() else v


def byte(v):
    """int8 with a scale for each output, where it is worth it."""
    if not v.is_floating_point() or v.dim() < 2 or v.numel() < 4096:
        return half(v)
    scale = v.flatten(1).abs().amax(1) / 127 + 1e-12
    return (v / scale.view(-1, *[1] * (v.dim() - 1))).round().to(torch.int8), scale


def full(v):
    if isinstance(v, tuple):
        return v[0].float() * v[1].view(-1, *[1] * (v[0].dim() - 1))
    return v.float() if v.is_floating_point() else v


def write(state, out, numbers, critics):
    keep = {k: {n: numbers(v.cpu()) for n, v in net.items()} for k, net in state["ema"].items()}
    if critics:
        keep |= {k: {n: half(v.cpu()) for n, v in state["nets"][k].items()} for k in CRITICS}
    keep |= {
        k: state[k]
        for k in ("step", "seen", "crops", "scale", "scale_fine", "balance", "balance_fine", "vocabulary")
    }
    buffer = io.BytesIO()
    torch.save(keep, buffer)
    data, out = buffer.getvalue(), Path(out)
    for i in range(0, len(data), PART):
        (out.parent / f"{out.name}.part-{i // PART:02}").write_bytes(data[i : i + PART])
    return len(data)


def read(path):
    """What `write` wrote, as float32 states by name."""
    path = Path(path)
    parts = [path] if path.is_file() else sorted(path.parent.glob(path.name + ".part-*"))
    if not parts:
        raise FileNotFoundError(f"there are no weights at {path} (nor {path.name}.part-00); train first")
    state = torch.load(
        io.BytesIO(b"".join(p.read_bytes() for p in parts)), map_location="cpu", weights_only=False
    )
    return {k: {n: full(t) for n, t in v.items()} if isinstance(v, dict) else v for k, v in state.items()}


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoint")
    p.add_argument("out")
    p.add_argument("--bytes", action="store_true")
    p.add_argument("--critics", action="store_true")
    a = p.parse_args()
    size = write(
        torch.load(a.checkpoint, map_location="cpu", weights_only=False),
        a.out,
        byte if a.bytes else half,
        a.critics,
    )
    print(a.out, size)
