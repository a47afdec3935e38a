"""Holds a rendered picture to the paint: in each painted region the mean colours move to the painter's, what
is drawn there stays, and what is finer (texture, light) is the network's.

The difference between paint and picture is smoothed along the regions of the paint by a guided filter (He,
Sun, Tang, "Guided image filtering", 2013; at half size, as in He and Sun's "Fast guided filter", 2015). A
second, narrow one brings back what the first leaves out: from strength 0.6 on down what is small and faint;
up to 0.85 whatever is drawn, a castle, a boat, a line, half of it at 0.9. Up to 0.75 the paint itself comes
back along outlines of what is drawn, for the network leaves a halo around it and frays it. Where the paint is
flat (sky, a meadow) nothing is brought back, and the network fills it.

What is painted with a soft brush is not drawn. There, and where nothing is drawn far and wide, the paint
binds light less; where edges are soft, colours, too: from a blocked-in landscape the network makes its own.
"""

import math

import torch
import torch.nn.functional as F

RADIUS = 8  # of the windows, in pixels of the halved guide: 16 of the quarter, 64 of the finished picture
# How much the paint binds at each strength.
NEAR, NEAREST = (0.58, 0.88), (0.85, 1.0)  # shares: strengths 0.6 to 0.24, 0.3 to 0
FINE, LINE = 0.002, 2  # softness and radius of the second pass
# The most of what is drawn that is brought back; at which shares none and all of that (strengths 0.96, 0.85).
THINGS, THINGS_AT = 0.9, (0.02, 0.10)
# Variance of colours at an edge; the part of a window that edges take where nothing, where all is drawn.
EDGE, SPARSE, DENSE = 0.015, 0.38, 0.78
NARROW, APART = 4, 0.15  # half of a narrow thing's width; the square of its difference to what is around it
# Hue and saturation bind more than light does: by none and by so much of what is left at these shares
# (strengths 0.75, 0.6).
VIVID, VIVID_AT = 0.4, (0.18, 0.58)
# The most of the paint that comes back along outlines of what is drawn; at which shares none and all of that
# (strengths 0.75, 0.62); how far from them, in pixels of the halved guide.
CRISP, CRISP_AT, OUTLINE = 0.85, (0.18, 0.53), 2
# The part of the share that is let go where nothing is drawn; how much is drawn where none of it is.
LOOSE, TIGHT = 0.65, 0.15
# How much of an edge lies within three pixels where it is soft, where it is hard; how wide an edge may be, on
# each side; how far around edges are looked at, for what is drawn and for colours. In pixels of the quarter.
SOFT, HARD, EDGE_WIDTH, NEARBY, AROUND = 0.7, 0.9, 4, 5, 16
BOUND = ((0.0, 1.0), (0.3, 0.85), (0.6, 0.58), (0.75, 0.18), (0.9, 0.06), (1.0, 0.0))


def bound(strength):
    """The share of the correction that is applied; 1 at strength 0, 0 at 1."""
    for (s0, b0), (s1, b1) in zip(BOUND, BOUND[1:], strict=False):
        if strength <= s1:
            return b0 + (b1 - b0) * (strength - s0) / (s1 - s0)
    return 0.0


def box(x, radius):
    """The mean over a square window, of what lies inside the picture."""
    k = 2 * radius + 1
    x = F.avg_pool2d(x, (k, 1), 1, (radius, 0), count_include_pad=False)
    return F.avg_pool2d(x, (1, k), 1, (0, radius), count_include_pad=False)


def smoothed(guide, x, softness, radius):
    """x [b,3,h,w] smoothed along the regions of the guide [b,3,h,w]; h, w even. softness [b,1,h/2,w/2]:
    variance of colour below which a region counts as flat."""
    g, p = F.avg_pool2d(guide, 2), F.avg_pool2d(x, 2)

    def one(t, k):
        return t[:, k : k + 1]

    mg, mp = box(g, radius), box(p, radius)
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    square = torch.cat([one(g, i) * one(g, j) for i, j in pairs], 1)
    variance = box(square, radius) - torch.cat([one(mg, i) * one(mg, j) for i, j in pairs], 1)
    rr, rg, rb, gg, gb, bb = (one(variance, k) for k in range(6))
    rr, gg, bb = rr + softness, gg + softness, bb + softness
    # The inverse of the symmetric 3 x 3 matrix, by its cofactors.
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    whole = rr * c00 + rg * c01 + rb * c02
    shared = [box(one(g, k) * p, radius) - one(mg, k) * mp for k in range(3)]
    slope = [
        (u * shared[0] + v * shared[1] + w * shared[2]) / whole
        for u, v, w in ((c00, c01, c02), (c01, c11, c12), (c02, c12, c22))
    ]
    level = mp - sum(slope[k] * one(mg, k) for k in range(3))
    planes = box(torch.cat([*slope, level], 1), radius)
    planes = F.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False)
    return sum(planes[:, 3 * k : 3 * k + 3] * one(guide, k) for k in range(3)) + planes[:, 9:]


def most(x, radius):
    """The greatest value in a square window."""
    k = 2 * radius + 1
    x = F.max_pool2d(x, (k, 1), 1, (radius, 0))
    return F.max_pool2d(x, (1, k), 1, (0, radius))


def drawn(paint):
    """Where the paint shows something, and with hard edges, 0 to 1. [b,3,h,w] -> [b,1,h/2,w/2]"""
    return shapes(paint) * hard(paint, NEARBY)


def shapes(paint):
    """Where edges are dense, and what is narrow, 0 to 1. [b,3,h,w] -> [b,1,h/2,w/2]

    Narrow is what opening and closing take away (top-hat transform, Meyer, 1979). Where two broad regions
    meet there is no shape.
    """
    half = F.avg_pool2d(paint, 2)
    mean = box(half, LINE)
    edges = (box(half * half, LINE) - mean * mean).mean(1, keepdim=True).clamp(min=0)
    dense = box(edges / (edges + EDGE), RADIUS)
    dense = ((dense - SPARSE) / (DENSE - SPARSE)).clamp(0, 1)
    opened, closed = most(-most(-half, NARROW), NARROW), -most(-most(half, NARROW), NARROW)
    narrow = torch.maximum(half - opened, closed - half).amax(1, keepdim=True)
    narrow = box(most(narrow, 1), LINE).square()
    return torch.maximum(dense, narrow / (narrow + APART))


def hard(paint, around):
    """Where the paint's edges, as far around, are hard, 1, or soft, or there are none, 0. [b,3,h,w] ->
    [b,1,h/2,w/2]"""

    def extent(radius):
        return (most(paint, radius) + most(-paint, radius)).amax(1, keepdim=True)

    whole = extent(EDGE_WIDTH)
    part = most(extent(1), EDGE_WIDTH) / (whole + 0.05)
    part = box(part * whole, around) / (box(whole, around) + 0.02)
    return F.avg_pool2d(((part - SOFT) / (HARD - SOFT)).clamp(0, 1), 2)


def outlines(paint):
    """Where the paint has edges, 0 to 1. [b,3,h,w] -> [b,1,h/2,w/2]"""
    half = F.avg_pool2d(paint, 2)
    apart = (most(half, 1) + most(-half, 1)).amax(1, keepdim=True).square()
    apart = most(apart / (apart + APART), OUTLINE)
    return box(apart, 1)


def tightness(things, before, known):
    """How much what is drawn nearby (`drawn`) binds light, 0 to 1. A window shows too little of the paint to
    tell: what lies beyond it counts as the whole had it, `before`, where that is `known` (1 or 0, nowhere in
    the whole itself). All [b,1,h,w]"""

    def wide(x):
        return box(box(x, RADIUS), RADIUS)

    def inside(x):  # what of each window of the filter lies in the picture
        k = 2 * RADIUS + 1
        x = F.avg_pool2d(x, (k, 1), 1, (RADIUS, 0))
        return F.avg_pool2d(x, (1, k), 1, (0, RADIUS))

    beyond = TIGHT * wide(before * known) / (wide(known) + 1e-3)
    part = (1 - inside(torch.ones_like(known))) * known.amax((2, 3), keepdim=True)
    for _ in range(2):
        things = box(things, RADIUS) * (1 - part) + beyond * part
    return torch.where(known > 0, before, (things / TIGHT).clamp(max=1))


def held(picture, paint, share, things, tight):
    """picture and paint [b,3,h,w] in -1..1, share [b,1,h/2,w/2] in 0..1 (from `bound`), things (`drawn`) and
    `tightness` of the paint -> what to add."""

    def up(t):
        return F.interpolate(t, scale_factor=2.0, mode="nearest")

    def ramp(none, whole):
        return ((share - none) / (whole - none)).clamp(0, 1)

    near, nearest = ramp(*NEAR), ramp(*NEAREST)
    loose = LOOSE * (1 - near)
    bright = share * (1 - loose * (1 - tight))
    softness = 0.02 * torch.exp((0.85 - bright) * math.log(50) / 0.8)
    difference = paint - picture
    regions = smoothed(paint, difference, softness, RADIUS)
    light = regions.mean(1, keepdim=True)
    vivid = (share + VIVID * ramp(*VIVID_AT) * (1 - share)) * (1 - loose * (1 - hard(paint, AROUND)))
    change = up(bright) * light + up(vivid) * (regions - light)
    # At low strengths what is small and faint stays, too; towards 0 the paint itself.
    back = THINGS * ramp(*THINGS_AT) * things * (1 - near)
    rest = up(near) * (difference - change) + up(back) * (difference - regions)
    change = change + smoothed(paint, rest, torch.full_like(share, FINE), LINE)
    crisp = CRISP * ramp(*CRISP_AT) * things * outlines(paint)
    crisp = F.interpolate(crisp, scale_factor=2.0, mode="bilinear", align_corners=False)
    change = change + crisp * (difference - change)
    return change + up(nearest) * (difference - change)
