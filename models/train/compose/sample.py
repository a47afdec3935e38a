"""Runs the networks as the engine does (Euler on Stable Diffusion's schedule), and draws sheets."""

import numpy as np
import torch
from latent import CELL, CHANNELS, SCALING, encode, sigmas
from PIL import Image, ImageDraw
from unet import TEXT, THINGS

SIGMAS = sigmas()


def tokens(words, things=None):
    """Words' tokens [n,1+L,TEXT] with those of thumbnails behind them (zeros: none)."""
    if things is None:
        things = torch.zeros(words.shape[0], THINGS, TEXT, device=words.device)
    return torch.cat([words.float(), things.float()], 1)


@torch.no_grad()
def run(unet, decoder, pictures, conditions, strength, steps=2, seed=0):
    """pictures [n,3,h,w] in -1..1 -> the same, rendered in `steps` runs from the strength's noise on."""
    device = pictures.device
    z = encode(pictures) * SCALING
    top = round(1000 * strength) - 1
    times = [round(top * (steps - i) / steps) for i in range(steps)]
    noise = torch.from_numpy(
        np.random.default_rng(seed).standard_normal((1, CHANNELS, *z.shape[2:]), np.float32)
    )
    x = z + SIGMAS[times[0]].item() * noise.to(device)
    for i, t in enumerate(times):
        s = SIGMAS[t].item()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            clean = unet(
                x / (s * s + 1) ** 0.5, torch.full((len(z),), float(t), device=device), conditions
            ).float()
        after = SIGMAS[times[i + 1]].item() if i + 1 < len(times) else 0.0
        x = clean + (x - clean) * (after / s)
    return decoder(x / SCALING).clamp(-1, 1)


def to_tensor(image, size):
    return (
        torch.from_numpy(
            np.array(image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC), np.float32)
        ).permute(2, 0, 1)
        / 127.5
        - 1
    )


def to_image(x):
    return Image.fromarray(
        ((x.permute(1, 2, 0).float().cpu() + 1) * 127.5 + 0.5).clamp(0, 255).byte().numpy()
    )


def sheet(
    unet, decoder, words, rows, path, size=512, shown=320, columns=((0.3, 0), (0.6, 0), (0.9, 0), (0.9, 1))
):
    """rows: (PIL painting, prompt, PIL truth or None). One row each: painting, the columns' strengths and
    seeds, truth."""
    device = next(unet.parameters()).device
    width = shown * (len(columns) + 1 + any(r[2] is not None for r in rows))
    out = Image.new("RGB", (width, len(rows) * (shown + 14)), "white")
    draw = ImageDraw.Draw(out)
    assert size % CELL == 0
    paint = torch.stack([to_tensor(r[0], size) for r in rows]).to(device)
    conditions = tokens(words([r[1] for r in rows]))
    for c, (strength, seed) in enumerate(columns):
        for i in range(0, len(rows), 8):
            for k, y in enumerate(
                run(unet, decoder, paint[i : i + 8], conditions[i : i + 8], strength, seed=seed)
            ):
                out.paste(
                    to_image(y).resize((shown, shown), Image.Resampling.LANCZOS),
                    ((c + 1) * shown, (i + k) * (shown + 14) + 14),
                )
    for i, (image, prompt, truth) in enumerate(rows):
        out.paste(image.resize((shown, shown)), (0, i * (shown + 14) + 14))
        if truth is not None:
            out.paste(
                truth.resize((shown, shown), Image.Resampling.LANCZOS), (width - shown, i * (shown + 14) + 14)
            )
        draw.text((4, i * (shown + 14) + 1), prompt, "black")
    out.save(path, quality=88)
