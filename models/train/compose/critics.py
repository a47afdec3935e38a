"""The adversaries, and the reader of words. Hinge losses; spectral normalisation (Miyato et al., 2018)."""

import torch
import torch.nn.functional as F
from torch import nn
from unet import TEXT


def sn(layer):
    return nn.utils.parametrizations.spectral_norm(layer)


class PixelCritic(nn.Module):
    """Judges patches of about 46 pixels. `unshuffle` 2 for pictures whose finest grid is not the question."""

    def __init__(self, widths=(48, 96, 160, 160), unshuffle=2):
        super().__init__()
        a, b, c, d = widths
        self.unshuffle = unshuffle
        self.net = nn.ModuleList(
            [
                nn.Conv2d(3 * unshuffle**2, a, 3, padding=1),
                sn(nn.Conv2d(a, b, 4, stride=2, padding=1)),
                sn(nn.Conv2d(b, c, 4, stride=2, padding=1)),
                sn(nn.Conv2d(c, d, 3, padding=1)),
            ]
        )
        self.out = nn.Conv2d(d, 1, 3, padding=1)

    def forward(self, x):
        h, features = F.pixel_unshuffle(x, self.unshuffle) if self.unshuffle > 1 else x, []
        for layer in self.net:
            h = F.leaky_relu(layer(h), 0.2)
            features.append(h)
        return self.out(h), features


def head(size, stride, n):
    return nn.Sequential(
        nn.Conv2d(size, n, 1),
        nn.LeakyReLU(0.2),
        sn(nn.Conv2d(n, n, 3, padding=1, stride=stride)),
        nn.LeakyReLU(0.2),
        sn(nn.Conv2d(n, n, 3, padding=1)),
        nn.LeakyReLU(0.2),
    )


class SentenceCritic(nn.Module):
    """Heads on frozen features with a projection of the sentence (Miyato and Koyama, 2018; Sauer et al.,
    "Projected GANs converge faster", 2021)."""

    def __init__(self, sizes=(256, 512, 1024), strides=(2, 1, 1), n=128):
        super().__init__()
        self.heads = nn.ModuleList(head(s, k, n) for s, k in zip(sizes, strides, strict=True))
        self.outs = nn.ModuleList(nn.Conv2d(n, 1, 1) for _ in sizes)
        self.project = nn.ModuleList(nn.Linear(TEXT, n) for _ in sizes)

    def forward(self, features, *sentences):
        """A list of maps, one for each feature, for each of the sentences."""
        out = [[] for _ in sentences]
        for f, h, o, p in zip(features, self.heads, self.outs, self.project, strict=True):
            h = h(f)
            s = o(h)
            for k, sentence in enumerate(sentences):
                out[k].append(s + (h * p(sentence)[:, :, None, None]).mean(1, keepdim=True))
        return out


class MaterialCritic(nn.Module):
    """The same on the materials' shares in each eighth (zeros: not known)."""

    def __init__(self, sizes=(256, 512), strides=(2, 1), n=96, classes=16):
        super().__init__()
        self.heads = nn.ModuleList(head(s, k, n) for s, k in zip(sizes, strides, strict=True))
        self.outs = nn.ModuleList(nn.Conv2d(n, 1, 1) for _ in sizes)
        self.project = nn.ModuleList(nn.Conv2d(classes, n, 1, bias=False) for _ in sizes)

    def forward(self, features, *shares):
        out = [[] for _ in shares]
        for f, h, o, p in zip(features, self.heads, self.outs, self.project, strict=True):
            h = h(f)
            s = o(h)
            for k, share in enumerate(shares):
                out[k].append(s + (h * p(share)).mean(1, keepdim=True))
        return out


class Reader(nn.Module):
    """The caption's words read from the frozen features; trained on true pictures alone."""

    def __init__(self, words, sizes=(512, 1024), n=160):
        super().__init__()
        self.squeeze = nn.ModuleList(nn.Conv2d(s, n, 1) for s in sizes)
        self.out = nn.Linear(2 * n * len(sizes), words)
        nn.init.zeros_(self.out.weight)
        nn.init.constant_(self.out.bias, -3)

    def forward(self, features):
        h = []
        for f, layer in zip(features[-len(self.squeeze) :], self.squeeze, strict=True):
            y = F.leaky_relu(layer(f), 0.1).flatten(2)
            h += [y.mean(2), y.amax(2)]
        return self.out(torch.cat(h, 1))


class Materials(nn.Module):
    """Which material each sixteenth of a picture's side shows, by the last two of the frozen features (an
    eighth and a sixteenth of the picture); trained on true pictures alone. -> logits [b,classes,h,w] at an
    eighth"""

    def __init__(self, sizes=(512, 1024), n=128, classes=16):
        super().__init__()
        self.squeeze = nn.ModuleList(nn.Conv2d(s, n, 1) for s in sizes)
        self.out = nn.Conv2d(n, classes, 1)

    def forward(self, features):
        fine, coarse = (
            layer(f) for f, layer in zip(features[-len(self.squeeze) :], self.squeeze, strict=True)
        )
        coarse = F.interpolate(coarse, size=fine.shape[2:], mode="bilinear", align_corners=False)
        return self.out(F.leaky_relu(fine + coarse, 0.1))
