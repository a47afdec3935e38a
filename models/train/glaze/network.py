"""The networks of Glaze: a U-Net on the halved picture's block transform, and a light correction behind it.

Latents here are 48 channels at an eighth of the finished picture: each colour's 4 x 4 blocks of the halved
picture.
"""

import math

import torch
import torch.nn.functional as F
from hold import box
from torch import nn

HIDDEN, TEXT = 256, 384
BLOCK, CODES = 4, 48  # pixels of the halved picture to a cell's side; channels
BROAD = 2  # cells on each side of one: the window, taken twice, over which noise is level


def schedule():
    """Stable Diffusion's cumulative alphas: scaled linear betas, 1000 steps."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def sigmas():
    """Noise levels by timestep. [1000]"""
    a = schedule()
    return ((1 - a) / a).sqrt()


def at_time(values, timestep):
    """One of 1000 values, between two of them where the engine begins between whole timesteps. [1,1,1,1]"""
    t = timestep.reshape(-1).float().clamp(0, 999)
    low = t.floor().long()
    high = (low + 1).clamp(max=999)
    part = t - low.float()
    return (values[low] * (1 - part) + values[high] * part).view(-1, 1, 1, 1)


def fine_noise(like):
    """Standard normal noise of the shape of `like` [b,c,h,w], the first three channels (the mean colours)
    without what of it is broader than some 40 pixels of the finished picture: that looks like paint, and
    stood in the picture as stains. As the engine draws it (`fine_noise` of scumble.json)."""
    b, _, h, w = like.shape
    noise, edge = torch.randn_like(like), 2 * BROAD
    means = torch.randn(b, 3, h + 2 * edge, w + 2 * edge, device=like.device, dtype=like.dtype)
    means = means - box(box(means, BROAD), BROAD)
    noise[:, :3] = means[:, :, edge : edge + h, edge : edge + w]
    return noise


class Code(nn.Module):
    """Fixed and invertible: the DCT of each colour's 4 x 4 blocks. [b,3,h,w] in -1..1 <-> [b,48,h/4,w/4]; the
    three means first. `mean` scales those: half for twice the picture's side, so that the noise on what a
    coarse cell shows is the same."""

    DETAIL = 3.0

    def __init__(self, mean=0.225):
        super().__init__()
        self.mean = BLOCK * mean  # of a cell that is 1
        k = torch.arange(float(BLOCK))
        wave = torch.cos(math.pi / BLOCK * (k[None] + 0.5) * k[:, None]) * 0.5**0.5
        wave[0] *= 0.5**0.5
        plane = torch.einsum("ai,bj->abij", wave, wave).reshape(16, BLOCK, BLOCK)
        w = torch.zeros(CODES, 3, BLOCK, BLOCK)
        for colour in range(3):
            for i in range(16):
                w[i * 3 + colour, colour] = plane[i]
        s = torch.tensor([mean if i < 3 else self.DETAIL for i in range(CODES)]).view(CODES, 1, 1, 1)
        self.register_buffer("fw", w * s, persistent=False)
        self.register_buffer("bw", w / s, persistent=False)

    def encode(self, x):
        return F.conv2d(x, self.fw, stride=BLOCK)

    def decode(self, z):
        return F.conv_transpose2d(z, self.bw, stride=BLOCK)


def conv3(before, after):
    """3 x 3; what lies beyond the border is like what is there: zeros paint a coloured edge."""
    return nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate")


class Norm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = (n,)

    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.n, eps=1e-4).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A residual block; time and sentence by scale and shift."""

    def __init__(self, n):
        super().__init__()
        self.film, self.norm = nn.Linear(HIDDEN, 2 * n), Norm(n)
        self.a, self.b = conv3(n, n), conv3(n, n)
        for layer in (self.film, self.b):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, x, condition):
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, 1)
        h = F.silu(torch.addcmul(shift, self.norm(x), 1 + scale))
        return x + self.b(F.silu(self.a(h)))


class Attention(nn.Module):
    """Over the words and, with `own`, over all cells."""

    def __init__(self, n, heads=4, own=False):
        super().__init__()
        self.norm, self.heads, self.own = Norm(n), heads, own
        self.q, self.kv, self.o = nn.Linear(n, n), nn.Linear(TEXT, 2 * n), nn.Linear(n, n)
        if own:
            self.skv = nn.Linear(n, 2 * n)
        self.none = nn.Parameter(torch.randn(1, 1, 2 * n) * 0.02)
        nn.init.normal_(self.o.weight, std=0.01)
        nn.init.zeros_(self.o.bias)

    def forward(self, x, tokens, mask, loud=None):
        b, n, h, w = x.shape
        y = self.norm(x).permute(0, 2, 3, 1).reshape(b, h * w, n)
        told = self.kv(tokens)
        if loud is not None:
            (k, v), none = told.chunk(2, 2), self.none[..., n:]
            told = torch.cat([k, none + loud * (v - none)], 2)
        kv = torch.cat([told, self.none.expand(b, -1, -1).to(x.dtype)], 1)
        if self.own:
            kv = torch.cat([kv, self.skv(y)], 1)

        def split(t):
            return t.reshape(b, -1, self.heads, n // self.heads).transpose(1, 2)

        k, v = kv.chunk(2, 2)
        bias = torch.cat([mask, mask.new_zeros(b, kv.shape[1] - mask.shape[1])], 1)[:, None, None].to(y.dtype)
        score = (split(self.q(y)) @ split(k).transpose(2, 3)) * (n // self.heads) ** -0.5 + bias
        o = (score.softmax(-1) @ split(v)).transpose(1, 2).reshape(b, h * w, n)
        return x + self.o(o).reshape(b, h, w, n).permute(0, 3, 1, 2)


class Generator(nn.Module):
    """z [b,48,h,w] of unit variance mix, t [b], sentence [b,384], tokens [b,n,384], mask [b,n] (0 or -1e4) ->
    the clean latents. h, w divide by 8. Levels 0 to 3: the latents' grid, a half, a quarter, an eighth."""

    def __init__(self, widths=(48, 96, 192, 256)):
        super().__init__()
        w0, w1, w2, w3 = widths
        self.register_buffer("alphas", schedule(), persistent=False)
        self.register_buffer("freq", torch.exp(torch.linspace(0, math.log(300), 32)), persistent=False)
        self.time = nn.Sequential(nn.Linear(64, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN))
        self.sent = nn.Sequential(nn.Linear(TEXT, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN))
        self.c0, self.c1 = Code(0.225), Code(0.45)
        self.stem0 = conv3(CODES + 2, w0)
        self.in0 = nn.ModuleList([Block(w0)])
        self.down0 = nn.Conv2d(w0, w1, 2, stride=2)
        self.stem1 = conv3(CODES + 2, w1)
        self.in1 = nn.ModuleList([Block(w1)])
        self.down1 = nn.Conv2d(w1, w2, 2, stride=2)
        self.in2 = nn.ModuleList([Block(w2)])
        self.att2 = Attention(w2)
        self.down2 = nn.Conv2d(w2, w3, 2, stride=2)
        self.mid = nn.ModuleList(Block(w3) for _ in range(3))
        self.att3 = nn.ModuleList(Attention(w3, own=True) for _ in range(2))
        self.up2, self.join2 = nn.Conv2d(w3, w2 * 4, 1), nn.Conv2d(w2 * 2, w2, 1)
        self.att2b = Attention(w2)
        self.out2 = nn.ModuleList(Block(w2) for _ in range(2))
        self.up1, self.join1 = nn.Conv2d(w2, w1 * 4, 1), nn.Conv2d(w1 * 2, w1, 1)
        self.out1 = nn.ModuleList(Block(w1) for _ in range(2))
        self.tail1 = conv3(w1, CODES)
        self.up0, self.join0 = nn.Conv2d(w1, w0 * 4, 1), nn.Conv2d(w0 * 2, w0, 1)
        self.out0 = nn.ModuleList(Block(w0) for _ in range(2))
        self.tail0 = conv3(w0, CODES)
        nn.init.normal_(self.down0.weight, std=0.01)
        for tail in (self.tail0, self.tail1):
            nn.init.normal_(tail.weight, std=0.003)
            nn.init.zeros_(tail.bias)

    @staticmethod
    def up(conv, x):
        """1 x 1, then bilinear: a pixel shuffle repeats a texture on the coarse lattice. The layer's four
        outputs for each channel are averaged (it began as such a shuffle)."""
        n = conv.weight.shape[1]
        y = F.conv2d(x, conv.weight.view(-1, 4, n).mean(1)[..., None, None], conv.bias.view(-1, 4).mean(1))
        return F.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False)

    def forward(self, z, t, sentence, tokens, mask, crop=None, loud=None):
        """`crop` [b,4]: left, top, right, bottom of the window as shares of the whole picture, where it is
        not the whole; beyond 0 and 1 the edge is repeated. `loud` [1,1,1]: what words add to what no words
        would give goes on so far in each layer that hears them (1: as trained). Classifier-free guidance
        (Ho and Salimans, 2022) does it with the whole network's answers and runs it twice."""
        b, _, h, w = z.shape
        a = self.alphas[t.long()].view(-1, 1, 1, 1)
        angle = t.reshape(-1, 1).float() / 1000 * self.freq
        if loud is None:
            told = self.sent(sentence)
        else:
            told, none = self.sent(torch.cat([sentence, sentence * 0])).chunk(2)
            told = none + loud[0] * (told - none)
        c = F.silu(self.time(torch.cat([angle.sin(), angle.cos()], 1)) + told)
        y = ((torch.arange(h, device=z.device) + 0.5) / h).view(1, 1, h, 1)
        if crop is not None:
            top, bottom = crop[:, 1].view(b, 1, 1, 1), crop[:, 3].view(b, 1, 1, 1)
            y = (top + y * (bottom - top)).clamp(0, 1)
        y = (y * 2 - 1).expand(b, 1, h, w)
        x = self.stem0(torch.cat([z, y.to(z.dtype), (y * y).to(z.dtype)], 1))
        for m in self.in0:
            x = m(x, c)
        s0 = x
        # The halved picture's own code; its details carry more noise there and are turned down.
        z1 = self.c1.encode(F.avg_pool2d(self.c0.decode(z.float()), 2))
        z1 = torch.cat([z1[:, :3], z1[:, 3:] * 0.15], 1).to(z.dtype)
        y = F.avg_pool2d(y, 2)
        x = self.down0(x) + self.stem1(torch.cat([z1, y.to(z.dtype), (y * y).to(z.dtype)], 1))
        for m in self.in1:
            x = m(x, c)
        s1 = x
        x = self.down1(x)
        for m in self.in2:
            x = m(x, c)
        x = self.att2(x, tokens, mask, loud)
        s2 = x
        x = self.down2(x)
        for i, m in enumerate(self.mid):
            x = m(x, c)
            if i < len(self.att3):
                x = self.att3[i](x, tokens, mask, loud)
        x = self.join2(torch.cat([self.up(self.up2, x), s2], 1))
        x = self.att2b(self.out2[0](x, c), tokens, mask, loud)
        for m in self.out2[1:]:
            x = m(x, c)
        x = self.join1(torch.cat([self.up(self.up1, x), s1], 1))
        for m in self.out1:
            x = m(x, c)
        # The coarse picture: from the means what the noise level lets through, the rest is learned; enlarged.
        means = torch.cat([z1[:, :3], torch.zeros_like(z1[:, 3:])], 1).float()
        coarse = self.tail1(x).float() + means * a.sqrt()
        base = self.c0.encode(
            F.interpolate(self.c1.decode(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        )
        x = self.join0(torch.cat([self.up(self.up0, x), s0], 1))
        for m in self.out0:
            x = m(x, c)
        return self.tail0(x).float() + base


class Smooth(nn.Module):
    """Latents -> the halved picture: the code undone, and a light learned correction at half of that."""

    def __init__(self, n=32):
        super().__init__()
        self.code = Code()
        self.a, self.b = conv3(12, n), conv3(n, n)
        self.c = conv3(n, 12)
        nn.init.normal_(self.c.weight, std=0.005)
        nn.init.zeros_(self.c.bias)

    def forward(self, z):
        flat = self.code.decode(z.float())
        h = F.pixel_unshuffle(flat, 2).contiguous(memory_format=torch.channels_last)
        h = self.c(F.silu(self.b(F.silu(self.a(h)))))
        return flat + F.pixel_shuffle(h, 2).float()
