"""One step of the composing network, its critics and the reader; the decoder's losses join every second
time."""

import losses
import torch
import torch.nn.functional as F
from latent import SCALING, encode
from state import LAST


class Composing:
    def train_step(self):
        a, nets, device, step = self.a, self.nets, self.device, self.step
        amp = torch.autocast(device.type, torch.bfloat16)
        self.rates()
        b = self.gather(a.batch)
        t, first = b["t"], self.sigma[b["t"]]
        true = encode(b["picture"], 2)
        start = encode(b["paint"], 2) * SCALING
        x = start + first.view(-1, 1, 1, 1) * torch.randn_like(start)
        tokens = b["tokens"]
        deaf = torch.rand(a.batch, 1, 1, device=device) < 0.06
        tokens = torch.where(deaf, self.nothing.expand_as(tokens), tokens)
        said_known = (~deaf.view(-1)) & (t >= 350)
        said_known[b["objects"]] = False
        sentence = tokens[:, 0]
        s0, things, exact, said = first, b["things"], b["exact"], b["said"]
        if self.carried is not None and self.carried["x"].shape[2:] == x.shape[2:]:
            c = self.carried
            true, x, t, s0, first, tokens, things, exact, said, said_known, sentence = (
                torch.cat([u, c[k]])
                for u, k in (
                    (true, "true"),
                    (x, "x"),
                    (t, "t"),
                    (s0, "s0"),
                    (first, "first"),
                    (tokens, "tokens"),
                    (things, "things"),
                    (exact, "exact"),
                    (said, "said"),
                    (said_known, "said_known"),
                    (sentence, "sentence"),
                )
            )
        n = x.shape[0]
        real = true[:, :3].contiguous(memory_format=LAST)
        with amp:
            heard = self.referenced(tokens, real)
            scaled = (x / (s0.view(-1, 1, 1, 1) ** 2 + 1).sqrt()).contiguous(memory_format=LAST)
            z = nets["unet"](scaled, t.float(), torch.cat([heard, things], 1))
        out = z / SCALING
        fake = out[:, :3].contiguous(memory_format=LAST)
        seen = fake.clamp(-1.1, 1.1)
        with torch.no_grad():
            fr = self.features(real)
        ff = self.features(seen)
        if self.scale is None or step < 20:
            now = torch.stack([q.float().abs().mean() for q in fr])
            self.scale = now if self.scale is None else 0.9 * self.scale + 0.1 * now
        w = 1 / (1 + first / 2)  # what the paint still tells of the picture
        la, ls = losses.features(ff, fr, self.scale, w.sqrt(), w.sqrt())
        pixel = (losses.mean((fake - real).abs()) * w).mean()
        low = (losses.mean((F.avg_pool2d(fake, 8) - F.avg_pool2d(real, 8)).abs()) * w).mean()
        fine = (losses.mean((out[:, 3:] - true[:, 3:]).abs()) * exact).mean() / 0.16
        rec = 3.0 * (pixel + low) + 3.0 * la + 3.0 * ls + 0.15 * fine
        nf = [q / s for q, s in zip(ff[1:], self.scale[1:], strict=True)]
        on = step >= a.warm
        total = rec
        ramp = min(1.0, max(0.0, (step - a.warm) / a.warm))
        lgan = lread = rec.detach() * 0
        if on:
            with amp:
                po, pf = nets["pixel"](fake)
                fo = nets["sentence"](nf, sentence)[0]
                read = nets["reader"](nf)
                with torch.no_grad():
                    pfr = nets["pixel"](real)[1]
            lgan = losses.hinge_fake([po]) + losses.hinge_fake(fo) * 1.5
            lfm = sum((losses.mean((p - q).abs()) * w).mean() for p, q in zip(pf, pfr, strict=True)) / 4
            bce = F.binary_cross_entropy_with_logits(read.float(), said, reduction="none").sum(1)
            lread = (bce * said_known).sum() / said_known.sum().clamp(min=1)
            if step % 25 == 0 or self.balance.now is None:
                self.balance.measure(z, rec, (lgan, lfm, lread))
            g = self.balance.now * ramp
            total = rec + g[0] * lgan + g[1] * lfm + g[2] * lread
        for o in ("compose", "decode"):
            self.optimisers[o].zero_grad(set_to_none=True)
        decoding = step % 2 == 0 and (self.large.size > 16)
        more = {}
        if decoding:
            loss, more = self.decode(out, b, total, z)
            (total + loss).backward()
        else:
            total.backward()
        norm = torch.nn.utils.clip_grad_norm_([*nets["unet"].parameters(), *nets["image"].parameters()], 2.0)
        self.optimisers["compose"].step()
        if decoding:
            torch.nn.utils.clip_grad_norm_(nets["decoder"].parameters(), 2.0)
            self.optimisers["decode"].step()
            self.critic_fine(more)
        # The critics, on the same pictures.
        nr = [(q / s).detach() for q, s in zip(fr[1:], self.scale[1:], strict=True)]
        dr = dk = rec.detach() * 0
        if step >= a.warm - 100:
            with amp:
                pr, pk = nets["pixel"](real)[0], nets["pixel"](fake.detach())[0]
                r, wrong = nets["sentence"](nr, sentence, sentence.roll(1, 0))
                k = nets["sentence"]([q.detach() for q in nf], sentence)[0]
            ld = losses.hinge([pr], [pk]) + 1.5 * losses.hinge(r, k, wrong)
            self.optimisers["critic"].zero_grad(set_to_none=True)
            ld.backward()
            self.optimisers["critic"].step()
            dr, dk = pr.float().mean().detach(), pk.float().mean().detach()
        with amp:
            read = nets["reader"](nr)
        bce = F.binary_cross_entropy_with_logits(read.float(), said, reduction="none").sum(1)
        lreal = (bce * said_known).sum() / said_known.sum().clamp(min=1)
        self.optimisers["reader"].zero_grad(set_to_none=True)
        lreal.backward()
        self.optimisers["reader"].step()
        self.follow()
        with torch.no_grad():  # some of the first go on at a lower noise, as second runs do
            rows = (
                torch.nonzero(b["t"] > 330)[:, 0]
                if device.type == "cpu"
                else torch.topk(b["t"].float() + torch.rand(a.batch, device=device) * 900, a.carry).indices
            )
            rows = rows[: a.carry]
            tr = b["t"][rows]
            lower = torch.where(torch.rand(len(rows), device=device) < 0.5, tr - 250, tr // 2).clamp(min=40)
            s1, z1 = self.sigma[lower], z[rows].detach().float()
            again = z1 + (x[rows] - z1) * (s1 / s0[rows]).view(-1, 1, 1, 1)
            self.carried = dict(
                true=true[rows],
                x=again,
                t=lower,
                s0=s1,
                first=first[rows],
                tokens=tokens[rows],
                things=things[rows],
                exact=exact[rows],
                said=said[rows],
                said_known=said_known[rows],
                sentence=sentence[rows],
            )
        self.step += 1
        self.seen += n
        return dict(
            pixel=pixel,
            low=low,
            al=la,
            st=ls,
            fine=fine,
            gan=lgan,
            read=lread,
            readreal=lreal,
            norm=norm,
            real=dr,
            fake=dk,
            **{k: v for k, v in more.items() if k.startswith("d_")},
        )
