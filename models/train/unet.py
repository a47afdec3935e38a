"""The denoiser (predicts the clean latents) and the discriminator that trains it."""

import math

import torch
import torch.nn.functional as F
from codec import BASE, CHANNELS
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

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
        self.out = nn.Conv2d(a, CHANNELS * 2, 3, padding=1)
        nn.init.normal_(self.out.weight, std=0.01)
        keep = torch.full((CHANNELS,), 0.8)
        keep[list(BASE)] = 0.2  # mean colours must not become speckled
        self.register_buffer("keep", keep.view(1, -1, 1, 1), persistent=False)
        self.register_buffer("alphas", schedule(), persistent=False)
        frequency = torch.exp(torch.linspace(0, math.log(300), 32))
        self.register_buffer("frequency", frequency)

    def condition(self, timestep, words):
        angle = timestep.reshape(-1, 1).float() / 1000 * self.frequency
        wave = torch.cat([angle.sin(), angle.cos()], 1)
        return F.silu(self.time(wave) + self.words(words.mean(1)))

    def parts(self, sample, timestep, encoder_hidden_states):
        """The expected clean latents, and how far off the true ones are likely to be."""
        c = self.condition(timestep, encoder_hidden_states)
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
        mean, doubt = self.out(F.relu(self.full(x, c))).float().chunk(2, 1)
        return mean, F.softplus(doubt - 2)

    def textured(self, mean, doubt, sample, timestep):
        """Where the picture is in doubt, keep as much of the sample's own noise as detail.

        Mostly at low noise levels: what an early step keeps, a later one would add to.
        """
        a = self.alphas[timestep.reshape(-1).long()].view(-1, 1, 1, 1)
        noise = (sample - a.sqrt() * mean.detach()) * torch.rsqrt(1 - a)
        share = ((600 - timestep.reshape(-1, 1, 1, 1).float()) / 350).clamp(0.1, 1)
        return mean + self.keep * share * doubt * noise

    def forward(self, sample, timestep, encoder_hidden_states):
        mean, doubt = self.parts(sample, timestep, encoder_hidden_states)
        return self.textured(mean, doubt, sample, timestep)


class Critic(nn.Module):
    """Scores latents at half and quarter size; the words must fit by a learned product."""

    def __init__(self, widths=(48, 96, 160)):
        super().__init__()

        def conv(i, o, k=3, s=1):
            return spectral_norm(nn.Conv2d(i, o, k, s, padding=1))

        a, b, c = widths
        act = nn.LeakyReLU(0.2)
        self.fine = nn.Sequential(
            conv(CHANNELS, a), act, conv(a, b, 4, 2), act, conv(b, b), act)
        self.coarse = nn.Sequential(conv(b, c, 4, 2), act, conv(c, c), act)
        self.fine_score = spectral_norm(nn.Conv2d(b, 1, 1))
        self.coarse_score = spectral_norm(nn.Conv2d(c, 1, 1))
        self.words = nn.Sequential(nn.Linear(TEXT, 256), nn.LeakyReLU(0.2), nn.Linear(256, b + c))
        self.widths = widths

    def forward(self, z, words):
        fine = self.fine(z)
        coarse = self.coarse(fine)
        w = self.words(words)
        w_fine, w_coarse = w.split([self.widths[1], self.widths[2]], 1)
        fit_fine = (fine * w_fine[:, :, None, None]).mean(1) / 2
        fit_coarse = (coarse * w_coarse[:, :, None, None]).mean(1) * 2
        return (self.fine_score(fine)[:, 0] + fit_fine).flatten(1), (
            self.coarse_score(coarse)[:, 0] + fit_coarse).flatten(1)
