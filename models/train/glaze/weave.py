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


def weave(picture):
    """Finished pictures [b,3,h,w] in -1..1 -> what of them is weave."""
    smooth = F.pad(picture, (CELL // 2,) * 4, mode="replicate")
    # By 8, then by 2: the blur is centred, and knows nothing of a pattern that repeats in 8 pixels.
    smooth = F.avg_pool2d(F.avg_pool2d(F.avg_pool2d(smooth, (CELL, 1), 1), (1, CELL), 1), 2, 1)
    fine = (picture - smooth).clamp(-MOST, MOST)
    return F.pixel_shuffle(box(F.pixel_unshuffle(fine, CELL), AROUND), CELL)
