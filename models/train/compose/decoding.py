"""The detail decoder's losses and critics, on degraded truth and on the composing network's own results."""

import random

import batch as make
import losses
import torch
import torch.nn.functional as F
from degrade import degraded
from latent import encode
from state import LAST


class Decoding:
    def decode(self, out, b, compose_loss, z):
        """The decoder's losses on degraded truth, and on the composing network's own results. -> loss, the
        rest"""
        a, nets, device = self.a, self.nets, self.device
        n, size = a.crops, 256
        side = size // 4
        pools = [(self.large, n * 5 // 8), (self.photos_large, n - n * 5 // 8)]
        tiles = []
        for pool, k in pools:
            picture, _, mask, _, _ = make.views(pool, k, (size, size), 1.0)
            tiles.append((picture, mask))
        truth, mask = (torch.cat(x) for x in zip(*tiles, strict=True))
        truth = (truth + torch.randn(n, 3, 1, 1, device=device) * 0.04).clamp(-1, 1)
        latent = encode(truth)
        fed, level = degraded(latent)
        # Own results: whole pictures of the large pool; the crop's truth is the picture at 512.
        o = b["large"]
        own = 0
        if o.stop > o.start and out.shape[2] >= side and out.shape[3] >= side:
            own = min(o.stop - o.start, max(2, n * 5 // 8))
            y = random.randint(0, (out.shape[2] - side) // 2) * 2
            x = random.randint(0, (out.shape[3] - side) // 2) * 2
            mine = out[o.start : o.start + own, :, y : y + side, x : x + side]
            mine = mine * self.joint + mine.detach() * (1 - self.joint)
            fed = torch.cat([fed, mine])
            style = make.views(self.large, own, (size, size), 1.0)[0]  # what fine pictures look like
            own_mask = b["mask"][o.start : o.start + own, y : y + side, x : x + side]
            mask = torch.cat([mask, own_mask.repeat_interleave(2, 1).repeat_interleave(2, 2)])
            truth = torch.cat([truth, style])
        known = (mask < make.CLASSES)[:, None].float()
        label = (
            F.one_hot(mask.clamp(max=make.CLASSES - 1).long(), make.CLASSES).permute(0, 3, 1, 2).float()
            * known
        )
        share = F.avg_pool2d(label, 4)  # 128 -> 32: eighths of 256
        with torch.autocast(device.type, torch.bfloat16):
            y, said = nets["decoder"](fed.contiguous(memory_format=LAST), says=True)
        real = truth.contiguous(memory_format=LAST)
        seen = y.clamp(-1.1, 1.1).contiguous(memory_format=LAST)
        with torch.no_grad():
            fr = self.features(real, stages=2)
        ff = self.features(seen, stages=2)
        if self.scale_fine is None or self.step < 20:
            now = torch.stack([q.float().abs().mean() for q in fr])
            self.scale_fine = now if self.scale_fine is None else 0.9 * self.scale_fine + 0.1 * now
        mean = losses.mean
        aligned = torch.cat([1 / (1 + 3 * level), torch.zeros(own, device=device)])
        stat = torch.cat([(1 / (1 + level)).sqrt(), torch.zeros(own, device=device)])
        la, ls = losses.features(ff, fr, self.scale_fine, aligned, stat)
        lq, lt = losses.laplacian(y), losses.laplacian(truth)
        lap = (mean((lq - lt).abs()) * stat).mean() / (lt.mean() + 0.02)
        pix = (mean((y - truth).abs()) * aligned).mean()
        goal = torch.cat([latent[:, :3], fed[n:, :3].detach()])
        four = F.avg_pool2d(y, 4)
        soft = torch.cat([aligned[:n], torch.full((own,), 0.3, device=device)])
        low = (mean((four - goal).abs()) * soft).mean() + (
            mean((F.avg_pool2d(four, 2) - F.avg_pool2d(goal, 2)).abs()) * (1 - soft)
        ).mean()
        index = share.argmax(1).masked_fill(share.sum(1) < 0.5, -1)
        say = torch.nan_to_num(F.cross_entropy(said.float(), index, ignore_index=-1))
        rec = 0.6 * pix + 4.0 * low + 1.2 * la + 3.0 * ls + 0.3 * lap
        nf = [q / s for q, s in zip(ff[1:], self.scale_fine[1:], strict=True)]
        loss = rec + 0.1 * say
        on = self.step >= a.warm
        lgan = rec.detach() * 0
        if on:
            with torch.autocast(device.type, torch.bfloat16):
                po, pf = nets["fine"](y)
                fo = nets["material"](nf, share)[0]
                with torch.no_grad():
                    pfr = nets["fine"](truth)[1]
            lgan = losses.hinge_fake([po]) + losses.hinge_fake(fo)
            lfm = sum((mean((p - q).abs()) * aligned).mean() for p, q in zip(pf, pfr, strict=True)) / 4
            if self.step % 50 == 0 or self.balance_fine.now is None:
                self.balance_fine.measure(y, rec, (lgan, lfm))
                if own and self.step >= 3 * a.warm:
                    gain = self.joint.clamp(min=0.05)  # the gradient that arrives is proportional to it
                    total = self.balance_fine.now[0] * lgan
                    arrives = torch.autograd.grad(total, z, retain_graph=True, allow_unused=True)[0]
                    wants = torch.autograd.grad(compose_loss, z, retain_graph=True)[0].float().norm()
                    ratio = arrives.float().norm() / self.joint.clamp(min=1e-6) if self.joint > 0 else None
                    self.joint = gain if ratio is None else (0.25 * wants / (ratio + 1e-8)).clamp(0.01, 1.0)
            g = self.balance_fine.now * min(1.0, (self.step - a.warm) / a.warm)
            loss = loss + g[0] * lgan + g[1] * lfm
        self.crops += n + own
        fake_features, real_features = (
            [q.detach() for q in nf],
            [(q / s).detach() for q, s in zip(fr[1:], self.scale_fine[1:], strict=True)],
        )
        return loss, dict(
            y=y.detach(),
            truth=truth,
            share=share,
            fake_features=fake_features,
            real_features=real_features,
            d_pix=pix,
            d_low=low,
            d_st=ls,
            d_lap=lap,
            d_say=say,
            d_gan=lgan,
        )

    def critic_fine(self, m):
        if self.step < self.a.warm - 100:
            return
        share = m["share"]
        other = share.roll(1, 0)
        differ = (share - other).abs().sum(1).mean((1, 2)).view(-1, 1, 1, 1).clamp(max=1)
        with torch.autocast(self.device.type, torch.bfloat16):
            pr, pk = self.nets["fine"](m["truth"])[0], self.nets["fine"](m["y"])[0]
            r, wrong = self.nets["material"](m["real_features"], share, other)
            k = self.nets["material"](m["fake_features"], share)[0]
        loss = losses.hinge([pr], [pk]) + losses.hinge(r, k, wrong, differ)
        self.optimisers["fine"].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers["fine"].step()
        m["d_real"], m["d_fake"] = pr.float().mean().detach(), pk.float().mean().detach()
