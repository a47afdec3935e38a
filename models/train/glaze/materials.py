"""Materials: where a true picture shows which, and what a picture lacks of them to the eyes of
`critics.Materials`, a linear reader of the frozen features."""

import torch
import torch.nn.functional as F

CLASSES, CELLS = 16, 16  # materials (scenes/README.md); parts of a view's side
RARELY, LIGHTEST, HEAVIEST = 0.1, 0.5, 5  # the share of all pixels at which one weighs 1, and its limits
UNSEEN = 0.01  # a probability below which it costs no more


def seldom(pool):
    """How much each weighs, by its share of a pool's masks. [1,16,1,1]"""
    count = torch.bincount(pool.mask[: pool.size : 4].flatten(), minlength=256)[:CLASSES]
    share = (count / count.sum()).clamp(min=1e-4)
    return (RARELY / share).sqrt().clamp(LIGHTEST, HEAVIEST).view(1, CLASSES, 1, 1)


def shares(material, whole, spots):
    """Of each in each part of a view: the whole picture, or 128 of 256 pixels at a spot (train.py).
    [n,128,128] (255: not known) -> [n,16,16,16]"""
    out = []
    for m, w, (p, q) in zip(material, whole.tolist(), spots, strict=True):
        m = m if w else m[p // 2 : p // 2 + 64, q // 2 : q // 2 + 64]
        planes = torch.stack([m == k for k in range(CLASSES)]).float()
        out.append(F.avg_pool2d(planes, m.shape[0] // CELLS))
    return torch.stack(out)


def absent(logits, weight, own):
    """How little of a material is seen near where it is; weight: its share times how much it weighs, own [n]:
    0 where the true picture is not asked for. Nearness forgives what the paint cannot tell, and what is seen
    beside it costs nothing."""
    there = F.max_pool2d(logits.float().softmax(1), 3, 1, 1).clamp(min=UNSEEN)
    return -(weight * own.view(-1, 1, 1, 1) * there.log()).sum((1, 2, 3)).mean() / CELLS**2


def unread(logits, weight):
    """What the reader itself gets wrong of a true picture."""
    return -(F.log_softmax(logits.float(), 1) * weight).sum((1, 2, 3)).mean() / CELLS**2
