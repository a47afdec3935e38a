"""What training asks of a picture: aligned where noise left something to align to, statistics of windows,
adversaries."""

import random

import torch
import torch.nn.functional as F


def mean(x):
    return x.float().mean((1, 2, 3))


def moments(x, size, eps=1e-2):
    """Local means and deviations in half overlapping windows."""

    def pool(t):
        return F.avg_pool2d(F.avg_pool2d(t, size // 2), 2, 1)

    m = pool(x)
    return m, (pool(x * x) - m * m).clamp(min=0).add(eps).sqrt()


def features(fake, real, scale, aligned, statistics, windows=(16, 8, 4, 4)):
    """Distances of frozen features, aligned and by local moments, weighted by sample. Half of the channels
    by turns."""
    la = ls = 0.0
    for p, q, s, k in zip(fake, real, scale, windows, strict=False):
        half = p.shape[1] // 2
        o = random.choice((0, half))
        p, q = p[:, o : o + half].float() / s, q[:, o : o + half].float() / s
        la = la + (mean((p - q).abs()) * aligned).mean()
        (mp, vp), (mq, vq) = moments(p, k), moments(q, k)
        ls = ls + ((mean((mp - mq).abs()) + mean((vp - vq).abs())) * statistics).mean()
    return la / len(fake), ls / len(fake)


def laplacian(x):
    """Local mean of what a Laplacian finds in luminance."""
    y = x.mean(1, keepdim=True)
    y = (
        4 * y[:, :, 1:-1, 1:-1]
        - y[:, :, :-2, 1:-1]
        - y[:, :, 2:, 1:-1]
        - y[:, :, 1:-1, :-2]
        - y[:, :, 1:-1, 2:]
    )
    return F.avg_pool2d(F.avg_pool2d(y.abs(), 8), 2, 1)


def hinge_fake(maps):
    return -sum(m.float().mean() for m in maps) / len(maps)


def hinge(real, fake, wrong=(), wrong_weight=None):
    """The critic's loss on lists of maps; `wrong`: true pictures under other conditions."""
    total = 0.0
    for i, (r, f) in enumerate(zip(real, fake, strict=True)):
        total = total + F.relu(1 - r.float()).mean()
        lie = F.relu(1 + f.float()).mean()
        if len(wrong):
            w = F.relu(1 + wrong[i].float())
            lie = 0.75 * lie + 0.25 * (w if wrong_weight is None else w * wrong_weight).mean()
        total = total + lie
    return total / len(real)


class Balance:
    """Weights that hold the gradients of several losses at the picture in fixed proportion to a first one's.

    Esser et al., "Taming transformers" (2021), section 3.2, with proportions of our own and a slow
    average."""

    def __init__(self, proportions, most):
        self.proportions, self.most, self.now = proportions, most, None

    def measure(self, at, first, others):
        norms = [
            torch.autograd.grad(loss, at, retain_graph=True)[0].float().norm() for loss in (first, *others)
        ]
        base = norms[0]
        new = torch.stack(
            [
                (r * base / (n + 1e-8)).clamp(max=m)
                for r, n, m in zip(self.proportions, norms[1:], self.most, strict=True)
            ]
        )
        self.now = new if self.now is None else 0.7 * self.now + 0.3 * new
