"""Train the decoder on 128-pixel crops: L1 and Laplacian first, then with a patch discriminator."""

import argparse
import random

import numpy as np
import pictures
import torch
import torch.nn.functional as F
from codec import Decoder, Encoder
from common import Ema, Run, device, rate, seed_all
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

SIZE = 128
BATCH = 16


def critic():
    """Patch discriminator in pixels; sees 46 pixels at each place."""
    def conv(i, o, k, s):
        return spectral_norm(nn.Conv2d(i, o, k, s, padding=1))
    act = nn.LeakyReLU(0.2)
    return nn.Sequential(
        conv(3, 32, 4, 2), act, conv(32, 64, 4, 2), act,
        conv(64, 128, 4, 2), act, conv(128, 128, 3, 1), act, conv(128, 1, 3, 1),
    )


def batch(entries, landscapes, rng, count, size=SIZE):
    """Crops at the scale they have in a 256-pixel picture, as a tensor in [-1,1]."""
    out = []
    for _ in range(count):
        if rng.random() < 0.75:
            picture = rng.choice(landscapes).image
            out.append(pictures.crop(picture, size, rng, smallest=0.3))
        else:
            entry = rng.choice(entries)
            while entry.kind != "object":
                entry = rng.choice(entries)
            whole = pictures.place(entry.image, size * 2, rng, landscapes)[0]
            x, y = rng.randint(0, size), rng.randint(0, size)
            out.append(whole.crop((x, y, x + size, y + size)))
    array = np.stack([np.asarray(x) for x in out]).astype(np.float32)
    return torch.from_numpy(array).permute(0, 3, 1, 2) / 127.5 - 1


def detail(a, b):
    """Difference of three Laplacian levels, L1."""
    loss = 0.0
    for _ in range(3):
        small_a, small_b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        high_a = a - F.interpolate(small_a, scale_factor=2.0, mode="nearest")
        high_b = b - F.interpolate(small_b, scale_factor=2.0, mode="nearest")
        loss = loss + (high_a - high_b).abs().mean()
        a, b = small_a, small_b
    return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minutes", type=float, default=60, help="in all")
    parser.add_argument("--slice", type=float, default=1e9, help="minutes of this call")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    dev = device()
    run = Run(args.work, "decoder", args.minutes, args.slice)
    state = run.load()
    seed_all(1 + run.step)
    rng = random.Random(1 + run.step)
    entries = pictures.load(args.data)
    landscapes = [x for x in entries if x.kind == "landscape"]
    encoder = Encoder()
    if state:
        encoder.load_state_dict(state["encoder"])
    else:
        encoder.fit(batch(entries, landscapes, rng, 256))
    decoder, judge = Decoder(encoder).to(dev), critic().to(dev)
    encoder = encoder.to(dev)
    ema = Ema(decoder)
    opt = torch.optim.AdamW(decoder.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-4)
    opt_judge = torch.optim.AdamW(judge.parameters(), lr=4e-4, betas=(0.5, 0.99))
    if state:
        decoder.load_state_dict(state["decoder"])
        judge.load_state_dict(state["judge"])
        ema.module.load_state_dict(state["ema"])
        ema.count = run.step
        opt.load_state_dict(state["opt"])
        opt_judge.load_state_dict(state["opt_judge"])

    def save():
        run.save(encoder=encoder.state_dict(), decoder=decoder.state_dict(),
                 ema=ema.module.state_dict(), judge=judge.state_dict(),
                 opt=opt.state_dict(), opt_judge=opt_judge.state_dict())

    save()
    while not run.over():
        adversarial = run.progress() > 0.25
        for group in opt.param_groups:
            group["lr"] = rate(run.progress(), 6e-4)
        x = batch(entries, landscapes, rng, BATCH).to(dev)
        with torch.no_grad():
            z = encoder(x)
            z = z + torch.randn_like(z) * torch.rand(len(z), 1, 1, 1, device=dev) * 0.15
        with torch.autocast(dev.type, torch.bfloat16):
            y = decoder(z)
        y = y.float()
        loss_px, loss_detail = (y - x).abs().mean(), detail(y, x)
        loss = loss_px + loss_detail
        loss_judge = loss_adv = torch.zeros(())
        if adversarial:
            with torch.autocast(dev.type, torch.bfloat16):
                score = judge(y).float()
            loss_adv = -score.mean()
            pull = torch.autograd.grad(loss, y, retain_graph=True)[0].norm()
            push = torch.autograd.grad(loss_adv, y, retain_graph=True)[0].norm()
            loss = loss + loss_adv * (0.8 * pull / (push + 1e-8)).clamp(max=1e3).detach()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        opt.step()
        ema.update(decoder)
        if adversarial:
            with torch.autocast(dev.type, torch.bfloat16):
                real, fake = judge(x).float(), judge(y.detach()).float()
            loss_judge = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
            opt_judge.zero_grad(set_to_none=True)
            loss_judge.backward()
            opt_judge.step()
        run.step += 1
        if run.step == 1 or run.step % 50 == 0:
            run.log(l1=loss_px, detail=loss_detail, adv=loss_adv, judge=loss_judge)
        if run.due():
            save()
    save()


if __name__ == "__main__":
    main()
