"""Puts a batch together: scenes whole and near, photographs, objects, free strokes, words and pictures as
words."""

import random

import batch as make
import torch
import torch.nn.functional as F
from unet import TEXT, THINGS

SHAPES = ((256, 256),) * 4 + ((192, 256), (256, 192))


class Gathering:
    def gather(self, n):
        """n first samples: pictures, paintings (both two pixels to a cell), tokens and what else the
        losses want."""
        device, small, large = self.device, self.small, self.large
        out = random.choice(SHAPES)
        exact = large.size >= 32
        share = {"large": 0.16 if exact else 0, "zoom": 0.08 if exact else 0, "photos": 0.12, "objects": 0.14}
        count = {k: max(1, round(n * v)) if v else 0 for k, v in share.items()}
        count["small"] = n - sum(count.values())
        parts, at = [], {}
        for kind, pool, zoom in (
            ("large", large, 2.0),
            ("zoom", large, 1.0),
            ("photos", self.photos, 1.0),
            ("objects", small, 1.0),
            ("small", small, random.choice((1.0, 1.0, 0.85))),
        ):
            k = count[kind]
            if not k:
                continue
            at[kind] = slice(sum(p[0].shape[0] for p in parts), sum(p[0].shape[0] for p in parts) + k)
            picture, paint, mask, rows, variants = make.views(pool, k, out, zoom)
            index, variant = rows.to(device), variants.to(device)
            parts.append(
                (picture, paint, mask, pool.tokens[index, variant].float(), pool.said[index, variant].float())
            )
            if kind == "objects":
                scene_captions = [
                    pool.captions[i][v] for i, v in zip(rows.tolist(), variants.tolist(), strict=True)
                ]
        picture, paint, mask, tokens, said = (torch.cat(x) for x in zip(*parts, strict=True))
        t = make.levels(n, device)
        t[at["photos"]] = t[at["photos"]].clamp(max=899)
        if "zoom" in at:
            t[at["zoom"]] = t[at["zoom"]] // 2 + 40  # what a tile is asked for
        simplify = torch.zeros(n, dtype=torch.bool, device=device)
        simplify[at["photos"]] = True
        paint = make.repainted(paint, picture, simplify)
        # Low noise keeps the artist's colours, high noise the words'.
        weight = (1 - ((t.float() - 250) / 500).clamp(0, 1)) * 0.95
        picture = make.recoloured(picture, paint, mask, weight)
        things = torch.zeros(n, THINGS, TEXT, device=device)
        o = at["objects"]
        chosen = torch.randint(len(self.names), (count["objects"],))
        picture[o], paint[o], mask[o], thumb = make.with_objects(
            picture[o], paint[o], mask[o], self.drawings, chosen.to(device)
        )
        shown = (torch.rand(count["objects"], 1, 1, device=device) < 0.85).float()
        things[o] = make.thing_tokens(thumb) * shown
        tokens[o] = self.words(
            [self.object_caption(i, c) for i, c in zip(chosen.tolist(), scene_captions, strict=True)]
        )
        kept = (torch.rand(n, device=device) > ((t.float() - 350) / 350).clamp(0, 1)).float()
        paint, picture = make.strokes(paint, picture, kept, 0.3)
        where = at.get("large", slice(0, 0))
        exact = torch.zeros(n, device=device)  # whose detail at full size is known
        exact[where] = 1
        return dict(
            picture=picture,
            paint=paint,
            mask=mask,
            tokens=tokens,
            said=said,
            things=things,
            t=t,
            exact=exact,
            large=where,
            objects=o,
        )

    def object_caption(self, index, scene):
        name, keywords = self.names[index]
        article = "an" if name[0].lower() in "aeiou" else "a"
        kind = random.random()
        if kind < 0.35:
            return f"{article} {name}"
        if kind < 0.45:
            return name
        if kind < 0.55 and keywords:
            return f"{name}, {random.choice(keywords)}"
        return f"{article} {name}, {scene}" if kind < 0.8 else f"{scene} with {article} {name}"

    def referenced(self, tokens, pictures):
        """A part of the samples hears the picture (mirrored, cut) instead of its words, or both."""
        n, k = tokens.shape[0], max(2, round(0.14 * tokens.shape[0]))
        h, w = pictures.shape[2:]
        rows = torch.randperm(n, device=self.device)[:k]
        cut = random.uniform(0.6, 1.0)
        y, x = random.randint(0, int(h * (1 - cut))), random.randint(0, int(w * (1 - cut)))
        seen = pictures[rows, :, y : y + int(h * cut), x : x + int(w * cut)].flip(3)
        heard = self.nets["image"](F.interpolate(seen, (64, 64), mode="area")).float()
        count = heard.shape[1] - 1
        own = tokens[rows]
        both = (torch.rand(k, 1, 1, device=self.device) < 0.4).float()
        sentence = heard[:, :1] * (1 - both * 0.5) + own[:, :1] * both * 0.5
        kept = own[:, 1:-count] * both
        return tokens.index_copy(0, rows, torch.cat([sentence, kept, heard[:, 1:]], 1))
