"""Modules of torch at real size whose weights take no memory: each is drawn at random when it is asked for,
always the same."""

import math
import zlib

import accelerate
import numpy as np
import torch
from weights import BLOCK


def empty(kind, *args, **settings):
    """A module without its weights; it has its buffers."""
    with accelerate.init_empty_weights(include_buffers=False):
        return kind(*args, **settings).eval()


class Drawn:
    """A weight: numbers of float32, all as likely, around `middle` and `reach` to both sides. With `bits`
    they lie on the grid of MatMulNBits, so that quantizing to so many bits loses nothing; `half` ones on
    float16's."""

    def __init__(self, name, shape, middle, reach, bits=None, half=False):
        self.seed = zlib.crc32(name.encode())
        self.shape, self.middle, self.reach, self.bits, self.half = shape, middle, reach, bits, half

    def is_floating_point(self):
        return True

    def float(self):
        source = np.random.Generator(np.random.SFC64(self.seed))
        if self.bits:
            return self.on_grid(source)
        made = whole(source, math.prod(self.shape), np.int16).view(self.shape)
        made.mul_(self.reach / (1 << 15)).add_(self.middle)
        return made.half().float() if self.half else made

    def on_grid(self, source):
        """[outputs, inputs], whole multiples of a step. What tells the scale of a block of inputs is its
        largest number: the first, of any sign."""
        outputs, inputs = self.shape
        least = -(1 << (self.bits - 1))
        made = whole(source, outputs * inputs, np.int8, 8 - self.bits).view(outputs, -1, BLOCK)
        made[:, :, 0] = least
        signs = whole(source, outputs * inputs // BLOCK, np.int8, 7).mul_(2).add_(1)
        made.mul_(signs.mul_(self.reach / -least).view(outputs, -1, 1))
        return made.view(outputs, inputs)


def whole(source, count, kind, less=0):
    """As many whole numbers of a kind, without their last bits, as float32."""
    made = np.frombuffer(source.bytes(count * np.dtype(kind).itemsize), kind)
    return torch.from_numpy((made >> less).astype(np.float32))


def weight(precision, louder):
    """How the weights of a module are drawn: as of weights.emptied. `louder`: by name, how many times as
    large as torch's own beginning a weight is."""
    bits = {"int4": 4, "int8": 8}.get(precision)

    def draw(inner, name, part):
        if part.dim() < 2:
            return Drawn(name, part.shape, 1.0 if name.endswith("weight") else 0.0, 0.1)
        if isinstance(inner, torch.nn.Embedding):
            return Drawn(name, part.shape, 0.0, 0.02 * math.sqrt(3), half=bool(bits))
        reach = louder.get(name, 1.0) / math.sqrt(math.prod(part.shape[1:]))
        on_grid = part.dim() == 2 and part.shape[1] % BLOCK == 0
        return Drawn(name, part.shape, 0.0, reach, bits if on_grid else None)

    return draw
