"""The detail decoder: latents [b,4,h,w] (not scaled), h and w even -> picture [b,3,4h,4w] in about -1..1.

Local (a cell reaches some 90 pixels), deterministic, fully convolutional.
"""

import torch
import torch.nn.functional as F
from latent import CHANNELS
from torch import nn

LEAK = 0.1
CLASSES = 16  # materials of the renderer's masks


def act(x):
    return F.leaky_relu(x, LEAK)


def conv(n, m, size=3):
    layer = nn.Conv2d(n, m, size, padding=size // 2)
    nn.init.kaiming_normal_(layer.weight, LEAK)
    nn.init.zeros_(layer.bias)
    return layer


class Residual(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.a, self.b = conv(n, n), conv(n, n)
        nn.init.normal_(self.b.weight, std=0.1 * (2 / 9 / n) ** 0.5)

    def forward(self, x):
        return x + self.b(act(self.a(x)))


def box(x, size):
    return F.avg_pool2d(x, size, 1, size // 2, count_include_pad=False)


class Decoder(nn.Module):
    """channels: on the latents' grid and on half of it; deep, fine: residual blocks there."""

    def __init__(self, channels=(64, 112), deep=3, fine=2, last=32):
        super().__init__()
        a, b = channels
        self.head = conv(3 + CHANNELS, a)
        self.down = nn.Conv2d(a, b, 2, stride=2)
        self.deep = nn.ModuleList(Residual(b) for _ in range(deep))
        self.up = conv(b, a * 8, 1)
        self.fine = nn.ModuleList(Residual(a) for _ in range(fine))
        self.grow = conv(a, last * 4, 1)
        self.mix = conv(last, last)
        self.tail = conv(last, 12)
        self.says = nn.Conv2d(b, CLASSES, 1)  # for training alone: the material of each cell
        nn.init.zeros_(self.tail.weight)
        with torch.no_grad():
            self.up.weight[a * 4 :] *= 0.2

    @staticmethod
    def seen(latent):
        """Colours, and their own finest variation brought to one strength, so that soft input seeds texture;
        the detail channel stays as it is."""
        x = latent[:, :3]
        fine = x - box(x, 3)
        spread = torch.sqrt(box((fine * fine).mean(1, keepdim=True), 7) + 4e-5)
        return torch.cat([x, fine / spread, latent[:, 3:]], 1)

    def forward(self, latent_sample, says=False):
        skip = act(self.head(self.seen(latent_sample)))
        h = act(self.down(skip))
        for m in self.deep:
            h = m(h)
        h = act(h)
        word = self.says(h) if says else None
        shift, scale = F.pixel_shuffle(self.up(h), 2).chunk(2, 1)
        h = skip * (1 + scale) + shift
        for m in self.fine:
            h = m(h)
        h = F.pixel_shuffle(act(self.grow(act(h))), 2)
        h = F.pixel_shuffle(self.tail(act(self.mix(h))), 2).float()
        base = F.interpolate(
            latent_sample[:, :3].float(), scale_factor=4.0, mode="bilinear", align_corners=False
        )
        return (base + h, word) if says else base + h

    def take_over(self, state):
        """Weights of a decoder that was trained without the detail channel."""
        own = self.state_dict()
        head = torch.zeros_like(own["head.weight"])
        head[:, :6] = state["head.weight"]
        self.load_state_dict({**state, "head.weight": head})
