"""The picture code: a fixed companded block-DCT encoder and a learned decoder (12 channels, f8)."""

import math

import torch
import torch.nn.functional as F
from torch import nn

LUMA = [(u, v) for s in range(4) for u in range(s + 1) for v in [s - u]]  # u + v <= 3
CHANNELS = len(LUMA) + 2
BASE = (0, CHANNELS - 2, CHANNELS - 1)  # channels that hold the mean colour of a block


def dct_kernel():
    """[12, 3, 8, 8]: ten low luma frequencies and two mean chromas, orthonormal."""
    n = torch.arange(8, dtype=torch.float64)
    rows = []
    for f in range(4):
        scale = math.sqrt((1 if f == 0 else 2) / 8)
        rows.append(scale * torch.cos((2 * n + 1) * f * math.pi / 16))
    colour = torch.tensor(
        [[1, 1, 1], [1, 0, -1], [1, -2, 1]], dtype=torch.float64
    ) / torch.tensor([[3.0], [2.0], [6.0]], dtype=torch.float64).sqrt()
    kernel = [torch.einsum("c,y,x->cyx", colour[0], rows[v], rows[u]) for u, v in LUMA]
    kernel += [torch.einsum("c,y,x->cyx", colour[i], rows[0], rows[0]) for i in (1, 2)]
    return torch.stack(kernel).float(), colour.float()


def flip_signs():
    """What a mirror image (left to right) does to each channel."""
    return torch.tensor([(-1.0) ** u for u, _ in LUMA] + [1.0, 1.0])


def bend(x):
    """asinh, in operators that every ONNX exporter knows."""
    return x.sign() * (x.abs() + (x * x + 1).sqrt()).log()


def unbend(x):
    return (x.exp() - (-x).exp()) * 0.5


class Encoder(nn.Module):
    """sample [b,3,H,W] in [-1,1] -> latents [b,12,H/8,W/8] of about unit spread."""

    def __init__(self):
        super().__init__()
        self.register_buffer("kernel", dct_kernel()[0])
        for name in ("mean", "gain_in", "gain_out"):
            self.register_buffer(name, torch.ones(CHANNELS))

    def linear(self, sample):
        return F.conv2d(sample, self.kernel, stride=8)

    def fit(self, sample):
        """Set the companding so that each channel of these pictures has unit spread."""
        c = self.linear(sample)
        mean, curve = torch.zeros(CHANNELS), torch.full((CHANNELS,), 3.0)
        for i in BASE:
            mean[i], curve[i] = c[:, i].mean(), 0.3
        spread = (c - mean.view(1, -1, 1, 1)).pow(2).mean((0, 2, 3)).sqrt()
        self.mean.copy_(mean)
        self.gain_in.copy_(curve / spread)
        self.gain_out.fill_(1.0)
        self.gain_out.copy_(1.0 / self(sample).pow(2).mean((0, 2, 3)).sqrt())

    def forward(self, sample):
        c = self.linear(sample) - self.mean.view(1, -1, 1, 1)
        return bend(c * self.gain_in.view(1, -1, 1, 1)) * self.gain_out.view(1, -1, 1, 1)


class Res(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.a, self.b = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)
        nn.init.normal_(self.b.weight, std=0.01)
        nn.init.zeros_(self.b.bias)

    def forward(self, x):
        return F.relu(x + self.b(F.relu(self.a(x))))


class Decoder(nn.Module):
    """latents -> picture in [-1,1]: smooth mean colours plus learned detail."""

    def __init__(self, encoder, widths=(96, 64, 32)):
        super().__init__()
        colour = dct_kernel()[1]
        base = list(BASE)
        self.register_buffer("back", (colour / 8).t().reshape(3, 3, 1, 1).clone())
        self.register_buffer("mean", encoder.mean[base].clone())
        self.register_buffer("gain_in", encoder.gain_in[base].clone())
        self.register_buffer("gain_out", encoder.gain_out[base].clone())
        a, b, c = widths
        self.head = nn.Conv2d(CHANNELS, a, 3, padding=1)
        self.low = nn.Sequential(Res(a), Res(a), Res(a))
        self.up1 = nn.Conv2d(a, b * 4, 1)
        self.mid = nn.Sequential(Res(b), Res(b))
        self.up2 = nn.Conv2d(b, c * 4, 1)
        self.high = Res(c)
        self.tail = nn.Conv2d(c, 12, 3, padding=1)
        nn.init.normal_(self.tail.weight, std=0.01)

    def smooth(self, z):
        z = z[:, :1], z[:, CHANNELS - 2:]
        c = unbend(torch.cat(z, 1) / self.gain_out.view(1, -1, 1, 1))
        c = c / self.gain_in.view(1, -1, 1, 1) + self.mean.view(1, -1, 1, 1)
        return F.interpolate(F.conv2d(c, self.back), scale_factor=8.0, mode="bilinear")

    def forward(self, z):
        h = self.low(F.relu(self.head(z)))
        h = self.mid(F.relu(F.pixel_shuffle(self.up1(h), 2)))
        h = self.high(F.relu(F.pixel_shuffle(self.up2(h), 2)))
        return self.smooth(z) + F.pixel_shuffle(self.tail(h), 2)
