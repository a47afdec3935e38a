"""Takes the weave out of a picture: the pattern that repeats with the latents' cells.

The networks write each cell by itself, and what they always write a little too much of becomes a cloth of
fine lines on flat grass, sand and sky. It is found as what is finer than a cell and the same in all cells
around: small things and texture differ from cell to cell, and their mean is nearly nothing.
"""

import torch.nn.functional as F
from hold import box
from network import BLOCK

CELL = 2 * BLOCK  # pixels of the finished picture
AROUND = 3  # cells to each side
MOST = 0.06  # of what a pixel adds to the mean: an edge is no weave


LINE = 6  # cells to each side of one along which a stripe is followed


def finer(picture):
    """What is finer than a cell, by the pixels of cells. [b,3,h,w] -> [b,3 * CELL ** 2,h/CELL,w/CELL]"""
    smooth = F.pad(picture, (CELL // 2,) * 4, mode="replicate")
    # By 8, then by 2: the blur is centred, and knows nothing of a pattern that repeats in 8 pixels.
    smooth = F.avg_pool2d(F.avg_pool2d(F.avg_pool2d(smooth, (CELL, 1), 1), (1, CELL), 1), 2, 1)
    return F.pixel_unshuffle((picture - smooth).clamp(-MOST, MOST), CELL)


def weave(picture):
    """Finished pictures [b,3,h,w] in -1..1 -> what of them is weave."""
    return F.pixel_shuffle(box(finer(picture), AROUND), CELL)


def repeats(picture):
    """How much repeats from cell to cell: in all around, above and below, at both sides. [b,3,h,w] -> [b]"""
    fine, k = finer(picture.float()), 2 * LINE + 1
    stripes = (
        F.avg_pool2d(fine, size, 1, around, count_include_pad=False)
        for size, around in (((k, 1), (LINE, 0)), ((1, k), (0, LINE)))
    )
    return sum(v.abs().mean((1, 2, 3)) for v in (box(fine, AROUND), *stripes))
