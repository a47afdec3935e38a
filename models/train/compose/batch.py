"""Batches made on the device: views, paintings as beginners make them, free strokes, objects, noise levels.

Pictures here have two pixels to a latent cell (half of the finished size); -1..1.
"""

import math
import random

import torch
import torch.nn.functional as F
from unet import PATCH, TEXT, THING, THINGS

CLASSES = 16


def floats(bytes_):
    """[n,h,w,3] bytes -> [n,3,h,w] in -1..1"""
    return bytes_.permute(0, 3, 1, 2).float() / 127.5 - 1


def cut(store, index, y, x, h, w):
    """Windows of h x w at (y, x) out of store[index]; [n,h,w,...]"""
    rows = y[:, None] + torch.arange(h, device=y.device)
    columns = x[:, None] + torch.arange(w, device=y.device)
    return store[index[:, None, None], rows[:, :, None], columns[:, None, :]]


def views(pool, n, out, zoom):
    """Random windows of a pool at `out` = (h, w) after scaling by 1/zoom: picture, painting, mask, and
    which (index
    and caption, on the processor: reading them back would wait for the device). Half of the windows is
    mirrored."""
    device, side = pool.device, pool.side
    h, w = (min(side, round(s * zoom) // 2 * 2) for s in out)
    chosen = torch.randint(pool.size, (n,)), torch.randint(pool.tokens.shape[1], (n,))
    index = chosen[0].to(device)
    y = torch.randint((side - h) // 2 + 1, (n,), device=device) * 2
    x = torch.randint((side - w) // 2 + 1, (n,), device=device) * 2
    picture, paint = (floats(cut(s, index, y, x, h, w)) for s in (pool.picture, pool.paint))
    mask = cut(pool.mask, index, y // 2, x // 2, h // 2, w // 2)
    flip = torch.rand(n, device=device) < 0.5

    def turned(t):
        return torch.where(flip.view(-1, *[1] * (t.dim() - 1)), t.flip(-1), t)

    picture, paint, mask = turned(picture), turned(paint), turned(mask)
    if (h, w) != tuple(out):
        scale = dict(size=out, mode="bilinear", align_corners=False, antialias=True)
        picture, paint = F.interpolate(picture, **scale), F.interpolate(paint, **scale)
        mask = F.interpolate(mask[:, None].float(), (out[0] // 2, out[1] // 2), mode="nearest")[:, 0].byte()
    return picture, paint, mask, *chosen


def soft(x, size):
    """A box blur with repeated edges, by rows and by columns: large ones cost a processor much otherwise."""
    x = F.pad(x, (size // 2,) * 4, mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(x, (size, 1), 1), (1, size), 1)


def field(n, channels, cells, size, device):
    """Smooth random fields of unit spread at the nodes. [n,channels,h,w]"""
    return F.interpolate(
        torch.randn(n, channels, cells, cells, device=device), size, mode="bicubic", align_corners=False
    )


def blobs(source, most=12, grid=32):
    """Few flat colours with soft, wobbling outlines: k-means of colour and place. -> labels [n,k,h,w],
    colours"""
    n, _, h, w = source.shape
    device = source.device
    small = F.interpolate(source, (grid, grid), mode="area")
    small = torch.where(torch.rand(n, 1, 1, 1, device=device) < 0.6, soft(small, 3), small)
    at = (torch.arange(grid, device=device) + 0.5) / grid
    place = torch.stack(torch.meshgrid(at, at * 0.5, indexing="ij")).flatten(1).T.expand(n, -1, -1)
    point = torch.cat(
        [small.flatten(2).transpose(1, 2), place * (torch.rand(n, 1, 1, device=device) * 0.6)], 2
    )
    count = torch.randint(3, most + 1, (n, 1), device=device)
    unused = (torch.arange(most, device=device)[None] >= count).float() * 1e4  # [n,k]
    centre = torch.gather(
        point, 1, torch.rand(n, grid * grid, device=device).argsort(1)[:, :most, None].expand(-1, -1, 5)
    )
    for _ in range(4):
        label = F.one_hot((torch.cdist(point, centre) + unused[:, None]).argmin(2), most).float()
        mass = label.sum(1)[..., None]
        centre = torch.where(mass > 0, label.transpose(1, 2) @ point / mass.clamp(min=1), centre)
    label = label.transpose(1, 2).reshape(n, most, grid, grid)
    once = soft(label, 3)
    smooth = torch.randint(3, (n, 1, 1, 1), device=device)
    label = torch.where(smooth == 0, label, torch.where(smooth == 1, once, soft(once, 3)))
    label = F.interpolate(label, (h, w), mode="bicubic", align_corners=False)
    sharp = torch.tensor([8.0, 20.0, 40.0], device=device)[torch.randint(3, (n, 1, 1, 1), device=device)]
    label = (label * sharp - unused.view(n, most, 1, 1)).softmax(1)
    return label, centre[..., :3]


def tinted(x, amount):
    """Contrast, saturation and a shift for each sample; x [n,3,...], amount [n]"""
    n, ones = x.shape[0], [1] * (x.dim() - 1)
    a = amount.view(-1, *ones)

    def noise(*shape):
        return torch.randn(*shape, device=x.device)

    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + a * (torch.rand(n, *ones, device=x.device) * 3.2 - 1.2))
    x = x * (1 + a * (torch.rand(n, *ones, device=x.device) * 2 - 1))
    return x + a * 0.45 * noise(n, 3, *ones[1:]) + a * 0.35 * noise(n, *ones)


def moved(x, amount):
    """Outlines moved as by an unsure hand; amount [n], in half sides"""
    n, _, h, w = x.shape
    shift = field(n, 2, random.randint(4, 10), (h, w), x.device).permute(0, 2, 3, 1) * amount.view(
        -1, 1, 1, 1
    )
    grid = F.affine_grid(torch.eye(2, 3, device=x.device).expand(n, 2, 3), (n, 1, h, w), align_corners=False)
    return F.grid_sample(x, grid + shift, mode="bilinear", padding_mode="border", align_corners=False)


def repainted(paint, picture, simplify):
    """The renderer's painting, or the same simplified (always where `simplify` is set), tinted, moved,
    blurred."""
    n, device = paint.shape[0], paint.device

    def chance(p):
        return torch.rand(n, device=device) < p

    def where(flag, a, b):
        return torch.where(flag.view(-1, 1, 1, 1), a, b)

    # Everything is made for all samples and chosen by masks: picking rows would wait for the device.
    amount = torch.rand(n, device=device) * 0.28 * chance(0.7)
    label, colour = blobs(where(simplify | chance(0.3), picture, paint))
    colour = tinted(colour.transpose(1, 2), amount).transpose(1, 2)
    colour = colour + (amount * 0.5).view(-1, 1, 1) * torch.randn_like(colour)
    bare = (torch.rand(colour.shape[:2], device=device) < 0.008)[..., None]
    colour = torch.where(bare, torch.full_like(colour, 0.95), colour)
    flat = torch.einsum("bkhw,bkc->bchw", label, colour)
    out = where(simplify | chance(0.28), flat, tinted(paint, amount))
    out = moved(out, torch.rand(n, device=device) * 0.04 * chance(0.15))
    out = where(chance(0.15), soft(out, random.choice((3, 5, 9))), out)
    return out.clamp(-1, 1)


def recoloured(picture, paint, mask, weight):
    """The picture with each material's mean moved to the painting's there, by weight [n]: what low noise
    should
    keep of the artist's colours. mask [n,h/2,w/2]: materials, 255: not known (nothing is moved)"""
    n, _, h, w = picture.shape
    known = (mask < CLASSES).float()[:, None]
    label = F.one_hot(mask.clamp(max=CLASSES - 1).long(), CLASSES).permute(0, 3, 1, 2).float() * known
    mass = label.flatten(2).sum(2)[..., None]
    half = (F.avg_pool2d(paint, 2) - F.avg_pool2d(picture, 2)).flatten(2)
    mean = label.flatten(2) @ half.transpose(1, 2) / mass.clamp(min=1)  # [n,classes,3]
    # No farther than a colour goes: bare paper does not bleach what it stands for.
    shift = torch.einsum("bkhw,bkc->bchw", label, mean.clamp(-0.6, 0.6)) * weight.view(-1, 1, 1, 1)
    return (picture + F.interpolate(shift, (h, w), mode="bilinear", align_corners=False)).clamp(-1, 1)


def strokes(paint, picture, kept, share, most=3):
    """Free shapes in free colours laid on `share` of the paintings; where kept [n] is set the picture
    shows them too,
    in its own light and grain. -> paint, picture"""
    n, _, h, w = paint.shape
    device = paint.device
    y = ((torch.arange(h, device=device) + 0.5) / h * 2 - 1).view(1, -1, 1)
    x = ((torch.arange(w, device=device) + 0.5) / w * 2 - 1).view(1, 1, -1)
    light = soft(picture.mean(1, keepdim=True), 31)
    grain = picture - soft(picture, 9)
    some = torch.rand(n, device=device) < share
    for _ in range(most):
        on = (some & (torch.rand(n, device=device) < 0.6)).view(-1, 1, 1)
        cy, cx, angle = (torch.rand(n, 1, 1, device=device) * s - s / 2 for s in (1.9, 1.9, 2 * math.pi))
        ry = 0.02 + 0.16 * torch.rand(n, 1, 1, device=device) ** 2
        rx = ry * (1 + 4 * torch.rand(n, 1, 1, device=device) ** 2)
        u, v = (
            (x - cx) * angle.cos() + (y - cy) * angle.sin(),
            (y - cy) * angle.cos() - (x - cx) * angle.sin(),
        )
        v = v + 0.6 * (torch.rand(n, 1, 1, device=device) - 0.5) * u * u / rx  # bent
        power = torch.where(torch.rand(n, 1, 1, device=device) < 0.5, 2.0, 6.0)  # round or with corners
        inside = (u / rx).abs() ** power + (v / ry).abs() ** power
        shape = (((1 - inside) * ry * h * 0.35).clamp(-6, 6).sigmoid() * on)[:, None]
        colour = (torch.rand(n, 3, 1, 1, device=device) * 2 - 1) * 1.1
        paint = paint + (colour.clamp(-1, 1) - paint) * shape
        shade = colour * 0.9 + (light - light.mean((2, 3), keepdim=True)) * 0.35 + grain * 0.7
        picture = picture + (shade.clamp(-1, 1) - picture) * shape * kept.view(-1, 1, 1, 1)
    return paint, picture


def with_objects(picture, paint, mask, drawings, index):
    """Lays drawings[index] into pictures and a flat blob of each into the paintings. -> picture, paint, mask,
    thumbnails [n,THING,THING,4]"""
    n, _, h, w = picture.shape
    device = picture.device
    rgba = drawings[index].permute(0, 3, 1, 2).float() / 255
    alpha = rgba[:, 3:]
    flat = torch.cat([rgba[:, :3] * alpha, alpha], 1)  # premultiplied
    size = 0.16 + 0.34 * torch.rand(n, device=device)
    cy, cx = torch.rand(n, device=device) * 1.2 - 0.5, torch.rand(n, device=device) * 1.4 - 0.7
    theta = torch.zeros(n, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 1, 1] = 1 / size, h / w / size
    theta[:, 0, 2], theta[:, 1, 2] = -cx / size, -cy * (h / w) / size
    grid = F.affine_grid(theta, (n, 4, h, w), align_corners=False)
    shrink = F.interpolate(flat, scale_factor=0.5, mode="area") if random.random() < 0.7 else flat
    laid = F.grid_sample(shrink, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    over, cover = laid[:, :3], laid[:, 3:]
    # The scene's light on it: its brightness, a little of its tint, shade from above.
    tone = ((picture + 1) / 2).mean((2, 3), keepdim=True)
    bright = tone.mean(1, keepdim=True)
    lit = over * (0.35 + 0.85 * bright) * (1 + 0.5 * (tone / bright.clamp(min=0.05) - 1))
    result = (picture + 1) / 2 * (1 - cover) + lit.clamp(max=1.0) * 1.0
    # The blob: outline of few points, one to three colours of the drawing, in the painter's own key.
    few = random.choice((8, 12, 20))
    rough = F.interpolate(
        F.interpolate(flat, (few, few), mode="area"), flat.shape[2:], mode="bicubic", align_corners=False
    )
    rough = F.grid_sample(rough, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    silhouette = ((rough[:, 3:] - 0.5) * 14).sigmoid()
    mean = flat[:, :3].sum((2, 3), keepdim=True) / flat[:, 3:].sum((2, 3), keepdim=True).clamp(min=1)
    local = rough[:, :3] / rough[:, 3:].clamp(min=0.2)
    plain = (torch.rand(n, 1, 1, 1, device=device) < 0.4).float()
    colour = mean * plain + local * (1 - plain)
    colour = tinted(colour * 2 - 1, torch.rand(n, device=device) * 0.25)
    paint = paint * (1 - silhouette) + colour * silhouette
    thumb = F.interpolate(flat, (THING, THING), mode="area").permute(0, 2, 3, 1)
    mask = torch.where(
        F.interpolate(cover, mask.shape[1:], mode="area")[:, 0] > 0.3, torch.full_like(mask, 255), mask
    )
    return result.clamp(0, 1) * 2 - 1, paint.clamp(-1, 1), mask, thumb


def thing_tokens(thumb):
    """Thumbnails [n,THING,THING,4], premultiplied, 0..1 -> their tokens [n,THINGS,TEXT]: a patch's
    numbers, its
    place as waves, a one."""
    n, k = thumb.shape[0], THING // PATCH
    patch = thumb.view(n, k, PATCH, k, PATCH, 4).permute(0, 1, 3, 2, 4, 5).reshape(n, THINGS, -1) * 2 - 1
    at = (torch.arange(k, device=thumb.device) + 0.5) / k * 2 - 1
    y, x = (t.reshape(-1) for t in torch.meshgrid(at, at, indexing="ij"))
    wave = [f(t * s) for t in (y, x) for s in (1.5, 3.0, 6.0, 12.0) for f in (torch.sin, torch.cos)]
    place = torch.stack([y, x, *wave], 1).expand(n, -1, -1)
    out = torch.cat([patch, place, torch.ones(n, THINGS, 1, device=thumb.device)], 2)
    return F.pad(out, (0, TEXT - out.shape[2]))


def levels(n, device):
    """First noise levels of a batch: those that few steps use, or any."""
    some = torch.tensor([249, 299, 399, 499, 599, 749, 899, 999], device=device)
    usual = some[torch.randint(len(some), (n,), device=device)]
    any_ = torch.randint(40, 1000, (n,), device=device)
    return torch.where(torch.rand(n, device=device) < 0.55, usual, any_)
