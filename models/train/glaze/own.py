"""What the generator makes of paintings, as the engine runs it in two steps; the decoder is trained on it,
too."""

import random

import torch
from folder import EASE, Decoder, Encoder, UNet
from network import fine_noise, sigmas
from processes import amp

import batch as make  # isort: skip  (compose/, found through folder)

STRENGTHS = (0.3, 0.45, 0.6, 0.6, 0.75, 0.9)
CELL = 4  # pixels of the finished picture to the quarter's


class Own:
    """Results of the generator, more as they are made, then newer in the place of older ones.

    nets: generator and light correction; scenes: a Pool of 512 x 512."""

    def __init__(self, nets, scenes, capacity=800):
        self.unet = UNet(nets["generator"], nets["smooth"]).eval().requires_grad_(False)
        self.encoder, self.decoder = Encoder(), Decoder(None)
        self.scenes, self.sigma = scenes, sigmas()
        side = scenes.side // CELL
        self.quarter = torch.empty(capacity, 3, side, side, dtype=torch.float16)
        self.row = torch.empty(capacity, dtype=torch.long)  # of the scene
        self.strength = torch.empty(capacity)
        self.size = self.made = 0

    @torch.no_grad()
    def rendered(self, paint, told, strength):
        """paint [1,3,h,w] in -1..1, told [1,words,384] -> what the decoder begins with [1,3,h/4,w/4]"""
        first = round(1000 * strength) - 1
        start, crop = self.encoder(paint) / EASE, torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        noise, x = fine_noise(start), start
        for t, rest in ((first, first // 2), (first // 2, None)):
            s = self.sigma[t]
            x = x + s * noise if t == first else x
            with amp():
                clean = self.unet(x / (s * s + 1).sqrt(), torch.tensor(float(t)), told, crop).float()
            x = clean if rest is None else clean + (x - clean) * (self.sigma[rest] / s)
        return self.decoder.quarter(x * EASE)

    def make(self, count):
        for _ in range(count):
            i = random.randrange(self.scenes.size)
            picture, paint = (make.floats(v[i : i + 1]) for v in (self.scenes.picture, self.scenes.paint))
            paint = make.repainted(paint, picture, torch.zeros(1, dtype=torch.bool))
            paint, _ = make.strokes(paint, picture, torch.zeros(1), 0.2)
            told = self.scenes.tokens[i, random.randrange(self.scenes.tokens.shape[1])][None].float()
            strength, at = random.choice(STRENGTHS), self.made % len(self.row)
            self.quarter[at] = self.rendered(paint, told, strength)[0]
            self.row[at], self.strength[at] = i, strength
            self.made += 1
            self.size = min(self.made, len(self.row))

    def crops(self, n, size):
        """n windows of size x size: what the decoder begins with, the scene there, its mask (every second
        pixel), strengths"""
        rows = torch.randint(self.size, (n,))
        y, x = (2 * torch.randint((self.scenes.side - size) // (2 * CELL) + 1, (n,)) for _ in range(2))
        index, cells = self.row[rows], size // CELL
        quarter = torch.stack(
            [self.quarter[i, :, a : a + cells, b : b + cells] for i, a, b in zip(rows, y, x, strict=True)]
        )
        picture = make.floats(make.cut(self.scenes.picture, index, y * CELL, x * CELL, size, size))
        half = CELL // 2
        mask = make.cut(self.scenes.mask, index, y * half, x * half, size // 2, size // 2)
        return quarter.float(), picture, mask, self.strength[rows]
