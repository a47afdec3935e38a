"""The denoiser: a guide that cleans up the paint, and pictures of the pack recalled patch by patch.

Ideal denoisers of patches: Kamb and Ganguli, "An analytic theory of creativity in convolutional
diffusion models" (2024). Matching and averaging of overlapping patches: Kwatra et al., "Texture
optimization for example-based synthesis" (2005). The prompt's nearest pictures as conditioning:
Blattmann et al., "Retrieval-augmented diffusion models" (2022).
"""

import torch
import torch.nn.functional as F
from codec import BASE, CHANNELS, unbend
from torch import nn
from unet import TEXT, schedule

PICTURES = 6  # exemplars of landscapes: two crops of each of the three nearest
SIDE = 32  # their latent side
THING = 24  # latent side of the recalled object
WIDTH = CHANNELS * SIDE * SIDE  # of a token; the first holds the words and the gates
PATCH, STRIDE = 5, 2
ORDER = [*BASE, *(i for i in range(CHANNELS) if i not in BASE)]
BACK = [ORDER.index(i) for i in range(CHANNELS)]

COLOUR = 0.25  # weight of a patch's mean colour against its structure
DETAIL = 0.15  # weight of the detail channels in the second matching
HEIGHT = 0.06  # weight of the place between sky and ground
WORDS = 0.06  # weight of how well the picture's words fit
MOOD = 0.5  # how far the words' pictures colour the whole, at most
STIR = 0.3  # how much of the sample's noise decides between patches


def window():
    w = torch.hann_window(PATCH + 2, periodic=False)[1:-1]
    return (w[:, None] * w[None]).reshape(-1)


def deltas():
    return torch.eye(PATCH * PATCH).view(-1, 1, PATCH, PATCH)


def places(n):
    """Centres of n cells on -1..1."""
    return (torch.arange(n) * 2 + 1) / n - 1


def moments(mask):
    """Centre (y, x) and spread (y, x) of a mask [1, 1, h, w], on -1..1."""
    y, x = places(mask.shape[2]).view(1, 1, -1, 1), places(mask.shape[3]).view(1, 1, 1, -1)
    total = mask.sum((2, 3)) + 1e-4
    my, mx = (mask * y).sum((2, 3)) / total, (mask * x).sum((2, 3)) / total
    sy = ((mask * (y - my) ** 2).sum((2, 3)) / total).sqrt()
    sx = ((mask * (x - mx) ** 2).sum((2, 3)) / total).sqrt()
    return my, mx, sy, sx


def foreground(base):
    """How far each cell is from the colours of the border, row by row and column by column; and those."""
    h, w = base.shape[2:]
    x, y = (places(w).view(1, 1, 1, -1) + 1) / 2, (places(h).view(1, 1, -1, 1) + 1) / 2
    left, right = base[:, :, :, :2].mean(3, keepdim=True), base[:, :, :, -2:].mean(3, keepdim=True)
    top, bottom = base[:, :, :2].mean(2, keepdim=True), base[:, :, -2:].mean(2, keepdim=True)
    rows, columns = left + (right - left) * x, top + (bottom - top) * y
    apart = (base - rows).pow(2).sum(1, True).minimum((base - columns).pow(2).sum(1, True)).sqrt()
    most = F.avg_pool2d(apart, 3, 1, 1).amax((2, 3), keepdim=True)
    mask = ((apart - 0.35 * most) / (0.3 * most + 1e-3)).clamp(0, 1)
    return mask * ((most - 0.3) / 0.3).clamp(0, 1), rows


def resampling(n, centre, grow, home):
    """The matrix [n, 8 THING] that lays a row of an object's pixels at centre, grow times smaller."""
    source = THING * 8
    at = ((places(n) - centre.view(1)) * grow.view(1) + home.view(1) + 1) * (source / 2) - 0.5
    wide = (grow.view(1, 1) * (source / n)).clamp(min=1)
    near = (1 - (at[:, None] - torch.arange(source)[None]).abs() / wide).clamp(min=0)
    return near / torch.maximum(near.sum(1, True), wide / 2)


class Recall(nn.Module):
    """sample [1,12,h,w], timestep, encoder_hidden_states [1,8,WIDTH] -> the clean latents."""

    def __init__(self, guide, encoder):
        super().__init__()
        self.guide, self.encoder = guide, encoder
        weight = window() / window().sum()
        centred = (torch.eye(PATCH * PATCH) - weight) * weight.sqrt()[:, None]
        mean = weight[None] * COLOUR**0.5
        base = torch.cat([centred, mean]).view(-1, 1, PATCH, PATCH)
        self.register_buffer("base_kernel", base.repeat(3, 1, 1, 1))
        middle = [y * PATCH + x for y in range(1, PATCH - 1) for x in range(1, PATCH - 1)]
        detail = (deltas() * (weight * DETAIL).sqrt().view(-1, 1, 1, 1))[middle]
        self.register_buffer("detail_kernel", detail.repeat(CHANNELS - 3, 1, 1, 1))
        vote = window() ** 2
        self.register_buffer("cut", deltas().repeat(3, 1, 1, 1))
        self.register_buffer("lay", (deltas() * vote.view(-1, 1, 1, 1)).repeat(CHANNELS, 1, 1, 1))
        self.register_buffer("vote", vote.view(PATCH, PATCH)[None, None])
        self.register_buffer("weight", weight)
        self.register_buffer("alphas", schedule(), persistent=False)
        near = torch.tensor([0.054, 0.242, 0.408, 0.242, 0.054])
        self.register_buffer("soft", (near[:, None] * near[None] / near.sum() ** 2)[None, None])
        inside = torch.arange(PATCH)[:, None] * SIDE + torch.arange(PATCH)[None]
        channel = torch.arange(CHANNELS) * SIDE * SIDE
        self.register_buffer("reach", channel[:, None] + inside.reshape(1, -1))

    def pixels(self, z, smooth=False):
        """The fixed code undone: [n,3,8h,8w] in -1..1, as far as the latents say; smooth: no steps of hue."""
        e = self.encoder
        c = unbend(z / e.gain_out.view(1, -1, 1, 1)) / e.gain_in.view(1, -1, 1, 1)
        c = c + e.mean.view(1, -1, 1, 1)
        if not smooth:
            return F.conv_transpose2d(c, e.kernel, stride=8)
        luma, hue = c.split([CHANNELS - 2, 2], 1)
        hue = F.conv_transpose2d(hue, e.kernel[CHANNELS - 2:, :, :1, :1])
        hue = F.interpolate(hue, scale_factor=8.0, mode="bilinear", align_corners=False)
        return F.conv_transpose2d(luma, e.kernel[:CHANNELS - 2], stride=8) + hue

    def features(self, x, stride=1):
        """Patches of [n,12,h,w] (channels in ORDER) as columns: structure and colour; the middle's detail."""
        base = F.conv2d(x[:, :3], self.base_kernel, stride=stride, groups=3)
        detail = F.conv2d(x[:, 3:], self.detail_kernel, stride=stride, groups=CHANNELS - 3)
        return base.flatten(2), detail.flatten(2)

    def match(self, query, keys, places_q):
        """For each patch of query [1,f,q] the nearest of keys [n,f,l]: which picture, which place."""
        keys, bias = keys
        rows = torch.cat([query * -2, torch.ones_like(places_q), places_q * (-2 * HEIGHT)], 1)
        distance = torch.matmul(rows.transpose(1, 2), torch.cat([keys, bias], 1))
        least, place = distance.min(2)
        picture = least.argmin(0)
        return picture, place.gather(0, picture[None])[0]

    def plan(self, guide, noise, pictures, fit, pull, amount):
        """At high noise one recalled picture suggests where things are."""
        h, w = guide.shape[2:]
        cell_y = (torch.arange(8)[:, None] == (torch.arange(h) * 8 // h)[None]).float()
        cell_x = (torch.arange(8)[:, None] == (torch.arange(w) * 8 // w)[None]).float()
        cell_y = cell_y / cell_y.sum(1, True).clamp(min=1)
        cell_x = cell_x / cell_x.sum(1, True).clamp(min=1)
        here = torch.matmul(torch.matmul(cell_y, guide[:, :3] + noise[:, :3] * 0.1), cell_x.t())
        there = F.avg_pool2d(pictures[:, :3], SIDE // 8)
        shift = here.mean((2, 3), True) - there.mean((2, 3), True)
        apart = (here - there - shift * 0.6).pow(2).mean((1, 2, 3)) - fit * 0.15 / 18
        best = apart.argmin(0, keepdim=True)
        chosen = pictures.index_select(0, best)[:, :3] + shift.index_select(0, best) * (1 - pull)
        y, x = torch.arange(h) * SIDE // h, torch.arange(w) * SIDE // w
        chosen = chosen.index_select(2, y).index_select(3, x)
        return torch.cat([guide[:, :3] + amount * (chosen - guide[:, :3]), guide[:, 3:]], 1)

    def synthesise(self, guide, noise, pictures, fit, pull, share):
        """The guide in the pictures' material; all in ORDER."""
        h, w = guide.shape[2:]
        pad = PATCH // 2
        side = SIDE - PATCH + 1
        own = self.features(pictures)
        y_key = places(side).view(1, 1, side, 1).expand(len(pictures), 1, side, side).flatten(2)
        fixed = HEIGHT * y_key**2 - WORDS * fit.view(-1, 1, 1)
        bias0 = torch.cat([own[0].pow(2).sum(1, True) + fixed, y_key], 1)
        keys1 = torch.cat(own, 1)
        bias1 = torch.cat([keys1.pow(2).sum(1, True) + fixed, y_key], 1)
        y_query = places(h).view(1, 1, h, 1)[:, :, ::STRIDE].expand(1, 1, (h + 1) // STRIDE,
                                                                  (w + 1) // STRIDE).flatten(2)

        def padded(x):
            return F.pad(x, (pad,) * 4, mode="replicate")

        def lay(values):
            out = F.conv_transpose2d(values, self.lay, stride=STRIDE, groups=CHANNELS)
            return out

        rows, columns = (h + 1) // STRIDE, (w + 1) // STRIDE
        ones = torch.ones_like(guide[:, :1, ::STRIDE, ::STRIDE])
        total = F.conv_transpose2d(ones, self.vote, stride=STRIDE)
        grown = padded(guide)
        guide_base = F.conv2d(grown[:, :3], self.cut, stride=STRIDE, groups=3)
        guide_base = guide_base.view(3, PATCH * PATCH, -1).permute(2, 0, 1)
        flat = pictures.reshape(-1)
        query = guide + noise * STIR
        for turn in range(2):
            base, detail = self.features(padded(query), STRIDE)
            if turn == 0:
                picture, place = self.match(base, (own[0], bias0), y_query)
            else:
                picture, place = self.match(torch.cat([base, detail], 1), (keys1, bias1), y_query)
            start = picture * (CHANNELS * SIDE * SIDE) + place // side * SIDE + place % side
            taken = flat[start[:, None, None] + self.reach[None]]
            seen = taken[:, :3]
            off = ((guide_base - seen) * self.weight).sum(2, keepdim=True)
            colour = guide_base + (seen + off * (1 - pull) - guide_base) * share
            values = torch.cat([colour, taken[:, 3:]], 1)
            values = values.permute(1, 2, 0).reshape(1, CHANNELS * PATCH * PATCH, rows, columns)
            out = lay(values) / total
            out = out[:, :, pad:pad + h, pad:pad + w]
            query = out + noise * (STIR * 0.3)
        # Averaging makes detail weaker: give it the strength that the patches had.
        energy = values.view(1, CHANNELS, -1, rows, columns)[:, 3:].pow(2).mean(1)
        one = self.lay[: PATCH * PATCH]
        energy = (F.conv_transpose2d(energy, one, stride=STRIDE) / total)[:, :, pad:pad + h, pad:pad + w]
        have = out[:, 3:].pow(2).mean(1, True)
        both = F.conv2d(padded(torch.cat([energy, have], 0)), self.soft)
        gain = (both[:1] / (both[1:] + 1e-3)).clamp(1, 9).pow(0.45)
        detail = out[:, 3:] * gain + guide[:, 3:] * (1 - share) * 0.5
        return torch.cat([out[:, :3], detail], 1)

    def set_down(self, scene, guide, thing, pull, invent):
        """The recalled object over the scene, where and as large as what is painted there; its share."""
        h, w = guide.shape[2] * 8, guide.shape[3] * 8
        thing = thing.view(1, CHANNELS + 1, THING, THING)
        cover = thing[:, CHANNELS:]
        mask, behind = foreground(guide[:, list(BASE)])
        y, x = places(guide.shape[2]).view(1, 1, -1, 1), places(guide.shape[3]).view(1, 1, 1, -1)
        middle = ((y * y + x * x) < 0.36).float()
        a, b = moments(mask + middle * 0.03 * invent), moments(cover)
        grow_y, grow_x = b[2] / a[2].clamp(min=0.06), b[3] / a[3].clamp(min=0.06)
        both = (grow_y * grow_x).sqrt()
        # Not all of the stretch: a long blob is an apple and something, not a long apple.
        grow_y, grow_x = both * (grow_y / both).pow(0.7), both * (grow_x / both).pow(0.7)
        rows, columns = resampling(h, a[0], grow_y, b[0]), resampling(w, a[1], grow_x, b[1])

        def warped(picture):
            return torch.matmul(torch.matmul(rows, picture), columns.t())

        large = F.interpolate(cover, scale_factor=8.0, mode="bilinear", align_corners=False)
        picture = self.pixels(thing[:, :CHANNELS], smooth=True)
        # The drawing lies on near-white: that tells its outline more finely than the cover does.
        inked = ((picture - 0.96).pow(2).sum(1, True).sqrt() * 8).clamp(max=1)
        solid = ((large - 0.85) * 10).clamp(0, 1)
        cover = warped(((large - 0.5) * 3 + 0.5).clamp(0, 1) * torch.maximum(inked, solid))
        picture = warped(picture - 0.96) + 0.96
        wide = F.interpolate(mask, scale_factor=8.0, mode="bilinear", align_corners=False)
        painted = self.pixels(guide)
        ground = torch.cat([behind[:, :1], torch.zeros_like(guide[:, 1:CHANNELS - 2]), behind[:, 1:]], 1)

        def mean(of, where):
            return (of * where).sum((2, 3), True) / (where.sum((2, 3), True) + 16)

        shift = (mean(painted, wide * cover) - mean(picture, cover)) * (1 - pull)
        shift = shift * (mask.amax((2, 3), keepdim=True) > 0.5)
        # A little beyond the painted edge, or a rim of the blob would look out behind the object.
        mask = F.max_pool2d(mask, 3, 1, 1)
        wide = F.interpolate(mask, scale_factor=8.0, mode="bilinear", align_corners=False)
        back = self.pixels(scene) * (1 - wide) + self.pixels(ground) * wide
        laid = self.encoder((picture + shift).clamp(-1, 1) * cover + back * (1 - cover))
        there = (mask.mean((2, 3), keepdim=True) * 80 + invent).clamp(0, 1)
        return laid, there

    def forward(self, sample, timestep, encoder_hidden_states):
        tokens = encoder_hidden_states
        words, told = tokens[:, :1, :TEXT], tokens[0, 0, TEXT:TEXT + PICTURES + 2]
        fit, thing_gate, scene_gate = told[:PICTURES], told[PICTURES], told[PICTURES + 1]
        time = timestep.reshape(-1)[:1].float()
        a = self.alphas[time.long()].view(1, 1, 1, 1)
        guide = self.guide(sample, time, words)
        noise = (sample - a.sqrt() * guide) * torch.rsqrt(1 - a)
        far = ((time - 249) / 500).clamp(0, 1).view(1, 1, 1, 1)
        pull, share = 0.1 + 0.5 * far, 0.4 + 0.5 * far
        pictures = tokens[0, 1:1 + PICTURES].reshape(PICTURES, CHANNELS, SIDE, SIDE)
        pictures = pictures[:, ORDER]
        ordered, stirred = guide[:, ORDER], noise[:, ORDER]
        amount = 0.6 * ((far - 0.5) * 2).clamp(0, 1)
        # The words' mood: some of the way to the recalled pictures' mean colours.
        mood = pictures[:, :3].mean((0, 2, 3)).view(1, 3, 1, 1) - ordered[:, :3].mean((2, 3), True)
        ordered = torch.cat([ordered[:, :3] + MOOD * far * scene_gate * mood, ordered[:, 3:]], 1)
        led = self.plan(ordered, stirred, pictures, fit, pull, amount)
        scene = self.synthesise(led, stirred, pictures, fit, pull[0], share[0])[:, BACK]
        scene = guide + (scene - guide) * scene_gate
        thing = tokens[:, 1 + PICTURES, :(CHANNELS + 1) * THING * THING]
        laid, there = self.set_down(scene, guide, thing, 0.15 * pull, far)
        return scene + (laid - scene) * (thing_gate * there * (0.75 + 0.25 * far))
