"""Simulated painting: what somebody might have brushed before asking for this picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

LOW = 48  # the labels are found at this size


def field(rng, size, cells):
    """A smooth random field in about [-1, 1]."""
    small = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
    return np.asarray(small.resize((size, size), Image.Resampling.BICUBIC))


def clusters(pixels, count, rng):
    """k-means: label of each pixel and the colour of each label."""
    centre = pixels[rng.choice(len(pixels), count, replace=False)]
    for _ in range(5):
        label = ((pixels[:, None] - centre[None]) ** 2).sum(-1).argmin(1)
        for i in range(count):
            if (label == i).any():
                centre[i] = pixels[label == i].mean(0)
    return label, centre


def blobs(picture, rng, count, smooth):
    """Regions of few colours with soft outlines: label map at full size, RGB of each label."""
    size = picture.size[0]
    small = picture.resize((LOW, LOW), Image.Resampling.BOX)
    small = small.filter(ImageFilter.GaussianBlur(smooth * 0.4))
    rgb = np.asarray(small).astype(np.float32).reshape(-1, 3)
    yy, xx = np.mgrid[0:LOW, 0:LOW].reshape(2, -1, 1).astype(np.float32) / LOW
    weight = rng.uniform(0, 70)
    label, centre = clusters(np.concatenate([rgb, yy * weight, xx * weight * 0.5], 1), count, rng)
    layers = []
    for i in range(count):
        one = Image.fromarray(((label == i) * 255).astype(np.uint8).reshape(LOW, LOW))
        one = one.filter(ImageFilter.GaussianBlur(smooth))
        layers.append(np.asarray(one.resize((size, size), Image.Resampling.BICUBIC)))
    return np.stack(layers).argmax(0), centre[:, :3]


def warp(labels, rng, amount):
    """Wobble the outlines as a hand would."""
    size = labels.shape[0]
    yy, xx = np.mgrid[0:size, 0:size].astype(np.float32)
    cells = int(rng.integers(4, 14))
    yy = np.clip(yy + amount * field(rng, size, cells), 0, size - 1).astype(int)
    xx = np.clip(xx + amount * field(rng, size, cells), 0, size - 1).astype(int)
    return labels[yy, xx]


def strokes(image, picture, rng, count):
    """A few round brush strokes in colours of the picture."""
    draw = ImageDraw.Draw(image)
    size = image.size[0]
    source = picture.resize((32, 32), Image.Resampling.BOX)
    for _ in range(count):
        x, y = rng.uniform(0, size, 2)
        colour = source.getpixel((int(x * 31 / size), int(y * 31 / size)))
        angle, width = rng.uniform(-0.5, 0.5), rng.uniform(4, 22)
        for _ in range(int(rng.integers(4, 18))):
            draw.ellipse((x - width, y - width, x + width, y + width), fill=colour)
            x, y = x + width * 0.7 * np.cos(angle), y + width * 0.7 * np.sin(angle)
            angle += rng.uniform(-0.3, 0.3)


def tint(colours, rng, amount):
    """The palette somebody would pick who has not seen the picture."""
    colours = (colours - 128) * rng.uniform(1 - amount, 1 + 2 * amount) + 128
    mean = colours.mean(1, keepdims=True)
    colours = mean + (colours - mean) * rng.uniform(1 - amount, 1 + 3 * amount)
    colours = colours + rng.normal(0, 40 * amount, 3)  # all the same way
    return np.clip(colours + rng.normal(0, 30 * amount, colours.shape), 0, 255)


def simulate(picture, rng, mask=None):
    """A painting of the picture; mask tells an object from its background."""
    count = int(rng.integers(2, 9))
    smooth = rng.uniform(0.8, 3.5)
    labels, colours = blobs(picture, rng, count, smooth)
    if mask is not None:
        labels, colours = on_object(picture, mask, labels, colours, rng)
    labels = warp(labels, rng, rng.uniform(0, 10))
    colours = tint(colours, rng, rng.choice([0.05, 0.2, 0.5], p=[0.4, 0.4, 0.2]))
    if rng.random() < 0.2:  # a region that nobody has painted yet
        colours[rng.integers(len(colours))] = 255
    image = Image.fromarray(colours[labels].astype(np.uint8))
    if rng.random() < 0.35:
        strokes(image, picture, rng, int(rng.integers(1, 7)))
    style = rng.random()
    if style < 0.25:  # airbrush
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(2, 9)))
    elif style < 0.7:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0)))
    if rng.random() < 0.25:  # grain of a brush
        array = np.asarray(image).astype(np.float32)
        grain = rng.normal(0, rng.uniform(2, 8), array.shape[:2] + (1,))
        image = Image.fromarray(np.clip(array + grain, 0, 255).astype(np.uint8))
    return image


def on_object(picture, mask, labels, colours, rng):
    """One to four colours on the object, one flat or simple background."""
    inside = np.asarray(mask.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 5)))) > 110
    rgb = np.asarray(picture).astype(np.float32)
    pixels = rgb[inside][::37]
    if len(pixels) < 16:
        return labels, colours
    count = int(rng.integers(1, 5))
    centre = clusters(pixels, count, rng)[1]
    smooth = np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(2, 7))))
    near = ((smooth[:, :, None].astype(np.float32) - centre) ** 2).sum(-1).argmin(-1)
    if rng.random() < 0.6:
        labels, colours = np.zeros_like(labels), rgb[~inside][::37].mean(0, keepdims=True)
    return np.where(inside, near, labels + count), np.concatenate([centre, colours])
