"""The guide: a small U-Net that predicts the clean latents from noised paint and words."""

import math

import torch
import torch.nn.functional as F
from codec import CHANNELS
from torch import nn

TEXT = 384 + CHANNELS * 6
HIDDEN = 192


def schedule():
    """Stable Diffusion's cumulative alphas: scaled linear betas, 1000 steps."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


class Block(nn.Module):
    """Residual pair of convolutions; words and time scale and shift its input."""

    def __init__(self, n):
        super().__init__()
        self.film = nn.Linear(HIDDEN, 2 * n)
        self.a, self.b = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)
        nn.init.zeros_(self.b.weight)
        nn.init.zeros_(self.b.bias)

    def forward(self, x, c):
        scale, shift = self.film(c)[:, :, None, None].chunk(2, 1)
        h = x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-4)
        return x + self.b(F.relu(self.a(F.relu(h * (1 + scale) + shift))))


class UNet(nn.Module):
    """Three levels of the latent grid: full (thin), half, quarter (most of the weights)."""

    def __init__(self, widths=(48, 112, 192), half=3, quarter=4):
        super().__init__()
        a, b, c = widths
        self.widths = widths
        self.time = nn.Sequential(nn.Linear(64, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN))
        self.words = nn.Sequential(nn.Linear(TEXT, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN))
        self.stem = nn.Conv2d(CHANNELS, a, 3, padding=1)
        self.down1 = nn.Conv2d(a, b, 3, stride=2, padding=1)
        self.half_in = nn.ModuleList(Block(b) for _ in range(half))
        self.down2 = nn.Conv2d(b, c, 3, stride=2, padding=1)
        self.quarter = nn.ModuleList(Block(c) for _ in range(quarter))
        self.up2 = nn.Conv2d(c, b * 4, 1)
        self.join2 = nn.Conv2d(b * 2, b, 1)
        self.half_out = nn.ModuleList(Block(b) for _ in range(half))
        self.up1 = nn.Conv2d(b, a * 4, 1)
        self.join1 = nn.Conv2d(a * 2, a, 1)
        self.full = Block(a)
        self.out = nn.Conv2d(a, CHANNELS, 3, padding=1)
        nn.init.normal_(self.out.weight, std=0.01)
        frequency = torch.exp(torch.linspace(0, math.log(300), 32))
        self.register_buffer("frequency", frequency)

    def condition(self, timestep, words):
        angle = timestep.reshape(-1, 1).float() / 1000 * self.frequency
        wave = torch.cat([angle.sin(), angle.cos()], 1)
        return F.silu(self.time(wave) + self.words(words.mean(1)))

    def forward(self, sample, timestep, words):
        """sample [b,12,h,w], sides multiples of 4; timestep [b] or []; words [b,1,TEXT]."""
        c = self.condition(timestep, words)
        full = self.stem(sample)
        half = self.down1(full)
        for block in self.half_in:
            half = block(half, c)
        x = self.down2(half)
        for block in self.quarter:
            x = block(x, c)
        x = self.join2(torch.cat([F.pixel_shuffle(self.up2(x), 2), half], 1))
        for block in self.half_out:
            x = block(x, c)
        x = self.join1(torch.cat([F.pixel_shuffle(self.up1(x), 2), full], 1))
        return self.out(F.relu(self.full(x, c))).float()
