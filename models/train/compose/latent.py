"""The latent space: a picture averaged 4 x 4 (three channels), and how much detail each block holds (one).

No weights: the encoder is a box filter, so a stroke changes the cells under it and no others.
"""

import torch
import torch.nn.functional as F
from torch import nn

CELL = 4  # pixels of a latent cell's side
CHANNELS = 4
SCALING = 0.9  # diffusers' scaling_factor: decides how much of the paint a strength leaves
SPREAD = 0.45  # of the scaled latents, for the preconditioning of the U-Net
DETAIL, FLAT = 8.0, 0.6  # the detail channel is DETAIL * deviation - FLAT


def detail(picture, cell):
    """Deviation of luminance inside each block of `cell` pixels; picture [b,3,h,w] in -1..1 ->
    [b,1,h/c,w/c]"""
    grey = picture.mean(1, keepdim=True)
    mean = F.avg_pool2d(grey, cell)
    square = F.avg_pool2d(grey * grey, cell)
    return (square - mean * mean).clamp(min=0).add(1e-6).sqrt() * DETAIL - FLAT


def encode(picture, cell=CELL):
    """[b,3,h,w] in -1..1 -> [b,4,h/cell,w/cell], not scaled yet. `cell` 2: a picture of half the size."""
    return torch.cat([F.avg_pool2d(picture, cell), detail(picture, cell)], 1)


class Encoder(nn.Module):
    """What the folder's vae_encoder holds."""

    def forward(self, sample):
        return encode(sample)


def schedule():
    """Stable Diffusion's cumulative alphas: scaled linear betas, 1000 steps."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def sigmas():
    """Noise levels by timestep, as Euler's scheduler counts them."""
    a = schedule()
    return ((1 - a) / a).sqrt()
