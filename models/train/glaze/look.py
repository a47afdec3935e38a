"""What looks at a reference picture: what it would be called, in the numbers of words, and its palette.

A small network says of a picture how well each caption of a dictionary fits. What the U-Net is told is the
mean of the captions' sentences by these weights, and the words of the best four: so it is told nothing that
the text encoder could not have said.

The palette is two affine maps, for sky and for what is below it: each carries the mean and covariance of the
colours that paintings usually have there to the picture's (the linear optimal transport of Pitie and Kokaram,
"The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer", 2007), drawn towards
no change.
"""

import numpy as np
import steer
import torch
import torch.nn.functional as F
from torch import nn

SIDE, ENTRIES, BEST = 128, 320, 4  # pixels; captions of the dictionary; of which so many tell their words
SHORT = steer.TOKENS // BEST  # tokens of a caption of the dictionary
SHARP = 3.0  # fits are told apart so much more than they were learnt, or the mean says too little
KINDS = (10, 9, 4)  # of places, light, seasons (../scenes/README.md)
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's
KEPT, NOISE = 0.15, 0.004  # share of the palette's map that stays no change; variance added to all colours
WHOLE = 0.03  # what all of a picture weighs in the colours of its sky and of its ground
FREE = 2.0  # how much of what paintings differ by in hue counts as within one
SKY, WATER = 2, 8  # classes up to this are sky; this one has its colours


def floats(pictures):
    """Bytes [n,h,w,3] -> [n,3,h,w] in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def root(m, steps=14):
    """The square root of symmetric positive [n,3,3], and its inverse (Newton and Schulz, coupled)."""
    size = (m * torch.eye(3)).sum((1, 2), keepdim=True)
    y, z = m / size, torch.eye(3).expand_as(m)
    for _ in range(steps):
        t = 0.5 * (3 * torch.eye(3) - z @ y)
        y, z = y @ t, t @ z
    return y * size.sqrt(), z / size.sqrt()


def colours(x, part):
    """Of a part [n,1,h,w] (0..1) of pictures [n,3,h,w]: mean [n,3,1] and covariance [n,3,3]."""
    x, part = x.flatten(2), part.flatten(2) + WHOLE
    share = part.mean(2, keepdim=True)
    mean = (x * part).mean(2, keepdim=True) / share
    d = x - mean
    return mean, (d * part) @ d.transpose(1, 2) / x.shape[2] / share


def usual(x, part):
    """The same of paintings in general, whose hues may be any painting's."""
    mean, spread = colours(x, part)
    middle = mean.mean(0, keepdim=True)
    d = (mean - middle)[:, :, 0]
    hue = torch.eye(3) - 1 / 3
    return middle, spread.mean(0, keepdim=True) + FREE * (hue @ (d.t() @ d / len(d)) @ hue)


def carried(mean, spread, own, half, inverse):
    """The map that carries the usual colours to a picture's, as what it differs from no change by: [n,12], a
    matrix and a colour. mean and spread: `colours`; own: the usual mean; half, inverse: `root` of the usual
    spread."""
    middle, _ = root(half @ (spread + torch.eye(3) * NOISE) @ half)
    turn = (inverse @ middle @ inverse) * (1 - KEPT) + torch.eye(3) * KEPT
    shift = mean * (1 - KEPT) + own * KEPT - turn @ own
    return torch.cat([(turn - torch.eye(3)).flatten(1), shift.flatten(1)], 1)


def told_sky(paint, mask):
    """Which colours sky is painted with, water's aside: [10], a line through their `squares` (logistic
    regression). paint [n,3,h,w] in -1..1, mask [n,h,w] of classes"""
    colour, kind = paint.transpose(0, 1).flatten(1), mask.flatten()
    x, y = steer.squares(colour[:, kind != WATER]).t(), (kind[kind != WATER] <= SKY).float()
    line = torch.zeros(10, requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=60, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(x @ line, y) + 1e-4 * line.pow(2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    return line.detach()


class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.a, self.b = nn.Conv2d(n, n, 3, padding=1, bias=False), nn.Conv2d(n, n, 3, padding=1, bias=False)
        self.na, self.nb = nn.BatchNorm2d(n), nn.BatchNorm2d(n)
        nn.init.zeros_(self.nb.weight)

    def forward(self, x):
        return F.relu(x + self.nb(self.b(F.relu(self.na(self.a(x))))))


class Eye(nn.Module):
    """[n,3,128,128] in -1..1 -> how well each caption of the dictionary fits [n,ENTRIES] and the kinds of
    a scene [n,23], logits; with `above` where sky is, [n,1,16,16]."""

    def __init__(self, widths=(24, 48, 96, 160, 256)):
        super().__init__()
        layers, n, ends = [], 3, []
        for i, w in enumerate(widths):
            layers += [nn.Conv2d(n, w, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(w), nn.ReLU()]
            layers += [Block(w)] if i > 1 else []
            n = w
            ends.append(len(layers))
        self.ends = ends[2], ends[3]  # pictures of 16 x 16 and of 8 x 8 cells
        self.net = nn.Sequential(*layers)
        self.where = nn.Linear(n * 4, 128)  # what lies above and what below
        self.hidden = nn.Linear(2 * n + 128, 320)
        self.fit = nn.Linear(320, ENTRIES)
        self.kinds = nn.Linear(320, sum(KINDS))
        self.sky = nn.Conv2d(widths[2] + widths[3] + 1, 1, 1)

    def above(self, x):
        a = self.net[: self.ends[0]](x)
        b = F.interpolate(self.net[self.ends[0] : self.ends[1]](a), scale_factor=2.0, mode="bilinear")
        height = torch.linspace(-1, 1, a.shape[2]).view(1, 1, -1, 1).expand(len(x), 1, *a.shape[2:])
        return self.sky(torch.cat([a, b, height], 1))

    def forward(self, x):
        x = self.net(x)
        rows = F.relu(self.where(x.mean(3).flatten(1)))
        h = torch.cat([x.mean((2, 3)), x.amax((2, 3)), rows], 1)
        h = F.relu(self.hidden(F.dropout(h, 0.3, self.training)))
        return self.fit(F.dropout(h, 0.3, self.training)), self.kinds(h)


class Encoder(nn.Module):
    """pixel_values [1,3,128,128] in CLIP's numbers -> image_embeds [1,steer.WIDTH]."""

    def __init__(self, eye, dictionary, known):
        """dictionary [ENTRIES,1 + SHORT,TEXT]; known: `usual` of sky and of ground."""
        super().__init__()
        self.eye = eye
        self.register_buffer("sentences", dictionary[:, 0])
        # In bytes, of which four rows are unfolded: that loads quicker than a table that is unfolded whole.
        words = dictionary[:, 1:].reshape(ENTRIES, -1)
        scale = words.abs().amax(0) / 127 + 1e-12
        self.register_buffer("scale", scale)
        self.register_buffer("words", (words / scale).round().to(torch.int8))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))
        for name, (mean, spread) in zip(("sky", "ground"), known, strict=True):
            half, inverse = root(spread + torch.eye(3) * NOISE)
            for what, value in (("mean", mean), ("half", half), ("inverse", inverse)):
                self.register_buffer(f"{name}_{what}", value)

    def palette(self, x):
        sky = F.interpolate(self.eye.above(x), size=x.shape[2:], mode="bilinear").sigmoid()
        out = []
        for name, part in (("sky", sky), ("ground", 1 - sky)):
            own, half, inverse = (getattr(self, f"{name}_{what}") for what in ("mean", "half", "inverse"))
            out.append(carried(*colours(x, part), own, half, inverse))
        return torch.cat(out, 1)

    def forward(self, pixel_values):
        x = (pixel_values * self.deviation + self.mean) * 2 - 1
        fit = (self.eye(x)[0] * SHARP).softmax(1)
        sentence = fit @ self.sentences
        sentence = sentence / (sentence.pow(2).mean(1, keepdim=True) + 1e-9).sqrt()
        words = self.words[fit.topk(BEST, 1).indices.reshape(-1)].float() * self.scale
        return torch.cat([sentence, words.reshape(1, -1), self.palette(x)], 1)
