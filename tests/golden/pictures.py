"""What every golden picture starts from, and how diffusers is listened to while it makes one."""

import numpy as np
from PIL import Image


def picture(size):
    """A small landscape: sky, hill, a sun, two strokes; smooth, hard and flat parts."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / width, y / height
    rgb = np.stack([0.45 + 0.4 * v, 0.6 + 0.2 * v, 0.95 - 0.3 * v], axis=-1)
    hill = v > 0.65 + 0.12 * np.sin(5 * u + 1)
    rgb[hill] = (0.25, 0.45, 0.2)
    rgb[(u - 0.72) ** 2 * (width / height) ** 2 + (v - 0.25) ** 2 < 0.015] = (1.0, 0.85, 0.3)
    rgb[np.abs(v - 0.5 - 0.3 * (u - 0.3)) < 0.03] = (0.55, 0.1, 0.12)
    rgb[(np.abs(u - 0.2) < 0.04) & (v > 0.35)] = (0.08, 0.07, 0.1)
    return Image.fromarray(np.rint(rgb * 255).astype(np.uint8), "RGB")


def lines(size, turn=0.0):
    """White strokes on black, as a scribble has them, with a few colours."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    u, v = x / width - 0.5, y / height - 0.5
    along, across = u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)
    rgb = np.zeros((height, width, 3))
    rgb[np.abs(np.hypot(along / 0.4, across / 0.3) - 1) < 0.1] = 1
    rgb[(np.abs(across - 0.1) < 0.03) & (along > -0.2)] = (0.9, 0.5, 0.2)
    rgb[np.abs(along + 0.3) < 0.02] = (0.3, 0.4, 1.0)
    return Image.fromarray(np.rint(rgb * 255).astype(np.uint8), "RGB")


def hole(size):
    """A mask with a soft edge whose middle of the way lies on no border of a cell."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    away = np.hypot((x / width - 0.55) / 0.33, (y / height - 0.6) / 0.29)
    return Image.fromarray(np.rint(np.clip((1.15 - away) / 0.3, 0, 1) * 255).astype(np.uint8), "L")
