"""The composing network: noised latents and tokens -> clean latents."""

import math

import torch
import torch.nn.functional as F
from latent import CHANNELS, SPREAD, schedule
from torch import nn

HIDDEN = 256
TEXT = 384  # numbers of a token
THING, PATCH = 24, 4  # side of an object's thumbnail, side of the patches that become tokens
THINGS = (THING // PATCH) ** 2  # tokens of a thumbnail; they come last


def normed(x):
    """Unit mean square over the channels (Zhang and Sennrich, "Root mean square layer normalization",
    2019)"""
    # Back to x's type: autocast computes the root in float32, which would spread to all that follows.
    return x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-4).to(x.dtype)


class Block(nn.Module):
    """Residual pair of convolutions; time and words scale and shift its input (Perez et al., FiLM, 2018)."""

    def __init__(self, n):
        super().__init__()
        self.film = nn.Linear(HIDDEN, 2 * n)
        self.a, self.b = nn.Conv2d(n, n, 3, padding=1), nn.Conv2d(n, n, 3, padding=1)
        nn.init.normal_(self.film.weight, std=0.01)
        nn.init.zeros_(self.film.bias)
        nn.init.normal_(self.b.weight, std=0.01)
        nn.init.zeros_(self.b.bias)

    def forward(self, x, c):
        scale, shift = self.film(c)[:, :, None, None].chunk(2, 1)
        h = F.silu(normed(x) * (1 + scale) + shift)
        return x + self.b(F.silu(self.a(h)))


class Attention(nn.Module):
    """Attention from the cells to tokens (a thumbnail's have keys of their own), and to the cells if
    `own`."""

    def __init__(self, n, heads, own=False):
        super().__init__()
        self.heads, self.own = heads, own
        self.q, self.kv, self.out = nn.Linear(n, n), nn.Linear(TEXT, 2 * n), nn.Linear(n, n)
        self.thing = nn.Linear(TEXT, 2 * n)
        self.none = nn.Parameter(torch.randn(1, 1, 2 * n) * 0.02)
        if own:
            self.cells = nn.Linear(n, 2 * n)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, words, things, bias):
        b, n, h, w = x.shape
        y = normed(x).flatten(2).transpose(1, 2)
        kv = [self.kv(words), self.thing(things), self.none.expand(b, -1, -1).to(y.dtype)]
        if self.own:
            kv.append(self.cells(y))
        kv = torch.cat([t.to(y.dtype) for t in kv], 1)
        bias = F.pad(bias, (0, kv.shape[1] - bias.shape[1]))[:, None, None].to(y.dtype)

        def split(t):
            return t.reshape(b, -1, self.heads, n // self.heads).transpose(1, 2)

        k, v = kv.chunk(2, 2)
        score = split(self.q(y)) @ split(k).transpose(2, 3) * (n // self.heads) ** -0.5 + bias
        mixed = (score.softmax(-1) @ split(v)).transpose(1, 2).reshape(b, h * w, n)
        return x + self.out(mixed).transpose(1, 2).reshape(b, n, h, w)


class UNet(nn.Module):
    """Cells of a half, a quarter, an eighth and a sixteenth of the latents' grid (sides: multiples of 16)."""

    def __init__(self, widths=(96, 176, 304, 384)):
        super().__init__()
        a, b, c, d = widths
        self.widths = widths
        self.register_buffer("alphas", schedule(), persistent=False)
        self.register_buffer("frequency", torch.exp(torch.linspace(0, math.log(300), 32)), persistent=False)
        self.time = nn.Sequential(nn.Linear(64, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN))
        self.sentence = nn.Sequential(nn.Linear(TEXT, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN))
        self.stem = nn.Conv2d(4 * CHANNELS + 2, a, 3, padding=1, padding_mode="replicate")

        def blocks(n, count):
            return nn.ModuleList(Block(n) for _ in range(count))

        self.in1, self.down1 = blocks(a, 2), nn.Conv2d(a, b, 2, stride=2)
        self.in2, self.down2 = blocks(b, 2), nn.Conv2d(b, c, 2, stride=2)
        self.in3, self.down3 = blocks(c, 2), nn.Conv2d(c, d, 2, stride=2)
        self.mid = blocks(d, 3)
        self.mid_attention = nn.ModuleList(Attention(d, 8, own=True) for _ in range(2))
        self.up3, self.join3, self.out3 = nn.Conv2d(d, c, 1), nn.Conv2d(2 * c, c, 1), blocks(c, 2)
        self.attention3 = nn.ModuleList((Attention(c, 8, own=True), Attention(c, 8, own=True)))
        self.up2, self.join2, self.out2 = nn.Conv2d(c, b, 1), nn.Conv2d(2 * b, b, 1), blocks(b, 3)
        self.attention2 = nn.ModuleList((Attention(b, 4), Attention(b, 4)))
        self.up1, self.join1, self.out1 = nn.Conv2d(b, a, 1), nn.Conv2d(2 * a, a, 1), blocks(a, 3)
        # The last layer overlaps on the full grid: a shuffle alone leaves a woven pattern.
        self.grow = nn.Conv2d(a, 32 * 4, 1)
        self.tail = nn.Conv2d(32, CHANNELS, 3, padding=1, padding_mode="replicate")
        nn.init.normal_(self.tail.weight, std=0.003)
        nn.init.zeros_(self.tail.bias)

    @staticmethod
    def up(conv, x):
        """Bilinear: with a pixel shuffle one texture repeats on the coarse grid."""
        return F.interpolate(conv(x), scale_factor=2.0, mode="bilinear", align_corners=False)

    def forward(self, sample, timestep, tokens):
        """sample [b,4,h,w] as the scheduler scales it; timestep [b] or []; tokens [b, 1 + n + THINGS, TEXT]:
        the sentence, its words, a thumbnail's patches; tokens of zeros are not looked at. -> [b,4,h,w]"""
        a = self.alphas[timestep.reshape(-1).long()].view(-1, 1, 1, 1)
        sigma2 = (1 - a) / a
        noisy = sample.float() * (sigma2 + 1).sqrt()
        total = (sigma2 + SPREAD**2).sqrt()
        angle = (timestep.reshape(-1, 1).float() / 1000) * self.frequency
        time = self.time(torch.cat([angle.sin(), angle.cos()], 1))
        c = F.silu(time + self.sentence(tokens[:, 0]))
        words, things = tokens[:, 1:-THINGS], tokens[:, -THINGS:]
        bias = (tokens[:, 1:].abs().sum(-1) == 0).float() * -1e4
        x = F.pixel_unshuffle(noisy / total, 2)
        h, w = x.shape[2:]
        y = (torch.arange(h, device=x.device) + 0.5) / h * 2 - 1
        y = y.view(1, 1, h, 1).expand(x.shape[0], 1, h, w)
        x = self.stem(torch.cat([x, y, y * y], 1))
        for block in self.in1:
            x = block(x, c)
        s1 = x
        x = self.down1(x)
        for block in self.in2:
            x = block(x, c)
        s2 = x
        x = self.down2(x)
        for block in self.in3:
            x = block(x, c)
        s3 = x
        x = self.down3(x)
        for i, block in enumerate(self.mid):
            x = block(x, c)
            if i < len(self.mid_attention):
                x = self.mid_attention[i](x, words, things, bias)
        x = self.join3(torch.cat([self.up(self.up3, x), s3], 1))
        for block, attention in zip(self.out3, self.attention3, strict=True):
            x = block(attention(x, words, things, bias), c)
        x = self.join2(torch.cat([self.up(self.up2, x), s2], 1))
        for i, block in enumerate(self.out2):
            x = block(self.attention2[i](x, words, things, bias) if i < 2 else x, c)
        x = self.join1(torch.cat([self.up(self.up1, x), s1], 1))
        for block in self.out1:
            x = block(x, c)
        x = self.tail(F.silu(F.pixel_shuffle(self.grow(x), 2))).float()
        # Karras et al., "Elucidating the design space of diffusion-based generative models" (2022), table 1.
        return noisy * (SPREAD**2 / total**2) + x * (sigma2.sqrt() * SPREAD / total)


class ImageEncoder(nn.Module):
    """A picture of any size -> what the words are turned into: [b, 1 + COUNT, TEXT]."""

    COUNT, SIDE = 8, 64

    def __init__(self, widths=(48, 96, 160, 256)):
        super().__init__()
        layers, n = [], 3
        for w in widths:
            layers += [
                nn.Conv2d(n, w, 3, stride=2, padding=1),
                nn.SiLU(),
                nn.Conv2d(w, w, 3, padding=1),
                nn.SiLU(),
            ]
            n = w
        self.net = nn.Sequential(*layers)
        self.head = nn.Linear(2 * n, (1 + self.COUNT) * TEXT)

    def forward(self, pixel_values):
        x = F.interpolate(
            pixel_values, (self.SIDE, self.SIDE), mode="bilinear", antialias=False, align_corners=False
        )
        x = self.net(x).flatten(2)
        mean = x.mean(2)
        spread = ((x * x).mean(2) - mean * mean).clamp(min=0).add(1e-4).sqrt()
        return self.head(torch.cat([mean, spread], 1)).view(-1, 1 + self.COUNT, TEXT)
