"""What a stroke's window gives is to be what the whole picture gives there: the engine denoises the cells
that changed, held to the last picture around them (../../../src/live.rs, pipeline/hold.rs), and the hand sees
it before the whole settles. That last picture knows nothing of the stroke."""

import random

import torch
import torch.nn.functional as F

SIDES = (24, 32, 40)  # cells, multiples of STEP
STEP, MARGIN = 8, (3, 9)  # where windows begin; held cells on each side of what is free
SCALES = (1, 4, 8)  # pixels of the halved picture over which both are compared
BLUR = 16  # pixels of the halved painting on each side over which it is blurred where nothing was painted yet


class Windows:
    """Windows of one size on `rows` of a batch, each on a stroke of its own."""

    def __init__(self, rows, whole):
        """whole: cells of the pictures' sides."""
        self.rows = rows
        height, width = (random.choice(SIDES) for _ in range(2))
        self.free, self.places, crops = [], [], []
        for _ in rows:
            top, left = (STEP * random.randint(0, (whole - side) // STEP) for side in (height, width))
            self.places.append((slice(top, top + height), slice(left, left + width)))
            self.free.append(self.drawn(height, width))
            crops.append([left, top, left + width, top + height])
        self.free, self.crop = torch.stack(self.free)[:, None], torch.tensor(crops) / float(whole)

    @staticmethod
    def drawn(height, width):
        """1 where cells are denoised, half around that, 0 where they are held. [h,w]"""
        share = torch.zeros(height, width)
        down, across = (
            (random.randint(*MARGIN), side - random.randint(*MARGIN)) for side in (height, width)
        )
        share[slice(*down), slice(*across)] = 1
        grown = F.max_pool2d(share[None, None], 3, 1, 1)[0, 0]
        return (share + grown) / 2

    def views(self, x, size=1):
        """x [rows,c,h,w] at `size` pixels a cell -> its windows, each a view of it"""
        return [
            v[:, rows.start * size : rows.stop * size, columns.start * size : columns.stop * size]
            for v, (rows, columns) in zip(x, self.places, strict=True)
        ]

    def cut(self, x, size=1):
        """x [rows,c,h,w] at `size` pixels a cell -> its windows"""
        return torch.stack(self.views(x, size))

    def before(self, paint, size):
        """The paintings [n,3,h,w] before the strokes: blurred there, or something else. [rows,3,h,w]"""
        own, k = paint[self.rows].clone(), 2 * BLUR + 1
        other = F.avg_pool2d(own, k, 1, BLUR, count_include_pad=False)
        if random.random() < 0.5:
            other = paint.roll(1, 0)[self.rows]
        strokes = F.interpolate((self.free > 0.9).float(), scale_factor=size, mode="nearest")
        for stroke, to, new in zip(strokes, self.views(own, size), self.views(other, size), strict=True):
            to += (new - to) * stroke
        return own

    def held(self, x, last):
        """What the network is shown of the windows: x [rows,48,h,w] where it is free, `last`, the last
        picture at this noise level, where it is held."""
        last = self.cut(last)
        return last + (self.cut(x) - last) * self.free

    def apart(self, made, whole):
        """How far what was made of the windows is from what was made of the whole. [rows,3,...] each"""
        size = made.shape[-1] // self.free.shape[-1]
        whole, total = self.cut(whole, size), 0.0
        for step in SCALES:
            share = F.interpolate(self.free, size=[n // step for n in made.shape[2:]], mode="nearest")
            apart = (F.avg_pool2d(made.float(), step) - F.avg_pool2d(whole, step)).abs()
            total = total + (apart * share).sum() / (3 * share.sum()).clamp(min=1)
        return total / len(SCALES)
