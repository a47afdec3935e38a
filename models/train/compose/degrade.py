"""Latents as an imperfect composing network gives them: blurred, blocky, noisy, tinted."""

import torch
import torch.nn.functional as F


def blurred(x, sigma):
    radius = max(1, int(2.5 * sigma + 0.5))
    at = torch.arange(-radius, radius + 1.0, device=x.device)
    g = torch.exp(-(at**2) / (2 * sigma * sigma))
    g, c = g / g.sum(), x.shape[1]
    x = F.pad(x, (radius,) * 4, mode="replicate")
    x = F.conv2d(x, g.view(1, 1, -1, 1).expand(c, 1, -1, 1), groups=c)
    return F.conv2d(x, g.view(1, 1, 1, -1).expand(c, 1, 1, -1), groups=c)


def smooth(x, cells, gain=1.0):
    b, _, h, w = x.shape
    return (
        F.interpolate(
            torch.randn(b, 1, cells, cells, device=x.device), (h, w), mode="bicubic", align_corners=False
        )
        * gain
    )


def degraded(latent):
    """[n,4,h,w] -> the same, worse, and how much worse [n] (0: a quarter stays as it is)."""
    n, device = latent.shape[0], latent.device

    def chance(p):
        return (torch.rand(n, 1, 1, 1, device=device) < p).float()

    def uniform(low, high):
        return torch.rand(n, 1, 1, 1, device=device) * (high - low) + low

    # Blur between the powers of three kernels, in patches in a third of the samples.
    sigma = torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.65, uniform(0, 1.0), uniform(1.0, 2.2))
    one, two = blurred(latent, 0.8), blurred(latent, 2.2)
    mild = latent + (one - latent) * (sigma / 0.8).clamp(max=1)
    strong = one + (two - one) * ((sigma - 0.8) / 1.4).clamp(0, 1)
    x = torch.where(sigma < 0.8, mild, strong)
    patchy = chance(0.3)
    x = latent + (x - latent) * (1 - patchy + patchy * smooth(latent, 4, 3).sigmoid())
    level = sigma * (1 - 0.4 * patchy)
    blocks = F.interpolate(F.avg_pool2d(x, 2), scale_factor=2.0, mode="nearest")
    some = chance(0.2)
    x = x + (blocks - x) * (smooth(x, 4, 6) - 2).sigmoid() * some
    level = level + 0.5 * some
    noise = torch.randn_like(x) * uniform(0, 0.05) * chance(0.6)
    grey = chance(0.5)
    noise = noise * (1 - grey) + noise.mean(1, keepdim=True) * 1.7 * grey
    x = x + noise
    level = level + noise.std((1, 2, 3), keepdim=True) * 6
    tint = chance(0.5)
    x = (
        x
        + torch.randn(n, 4, 1, 1, device=device)
        * torch.tensor([1, 1, 1, 6.0], device=device).view(1, 4, 1, 1)
        * 0.015
        * tint
    )
    level = level + 0.15 * tint
    touched = chance(0.78)
    out = latent + (x - latent) * touched
    return torch.cat([out[:, :3].clamp(-1, 1), out[:, 3:]], 1), (level * touched).view(n)
