"""Train the denoiser: from noised paint (or noised picture) and words to the clean picture."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from codec import flip_signs
from common import Ema, Run, device, rate, seed_all
from torch import nn
from unet import Critic, UNet, schedule
from words import recall

BATCH = 12
SHARE = 8  # steps between the workers' averages
LEVELS = (999, 749, 666, 499, 333, 249)  # what trailing spacing with 1 to 4 steps visits
CHANCE = (0.14, 0.17, 0.09, 0.25, 0.10, 0.25)
EMPTY = 0.1


class Pairs:
    """Batches of latents, paint, words with their recalled looks, and the noise level."""

    def __init__(self, work, dev, seed):
        data = torch.load(Path(work) / "pairs.pt", weights_only=False)
        held = np.load(Path(work) / "memory.npz")
        keys = (held["keys"], held["owner"])
        self.z, self.paint, self.prompt = data["z"], data["paint"], data["prompt"]
        self.vectors = data["vectors"]
        self.owner = data["owner"]
        vectors = self.vectors.numpy()
        self.own = torch.from_numpy(recall(vectors, keys, held["values"])).float()
        owner = np.full(len(vectors), -1)
        for three, who in zip(self.prompt.numpy(), self.owner.numpy(), strict=True):
            owner[three] = who
        self.others = torch.from_numpy(recall(vectors, keys, held["values"], owner)).float()
        self.empty = data["lines"].index("")
        self.random = torch.Generator().manual_seed(seed)
        self.alphas, self.signs, self.dev = schedule(), flip_signs().view(1, -1, 1, 1), dev

    def chance(self, n):
        return torch.rand(n, generator=self.random)

    def words(self, rows):
        n = len(rows)
        pick = torch.randint(0, self.prompt.shape[1], (n,), generator=self.random)
        line = self.prompt[rows, pick]
        line = torch.where(self.chance(n) < EMPTY, self.empty, line)
        own = (self.chance(n) < 0.5)[:, None]
        return torch.cat([self.vectors[line],
                          torch.where(own, self.own[line], self.others[line])], 1)

    def batch(self, n, side):
        """side: of the latent square; smaller than the whole costs less and teaches texture."""
        g = self.random
        rows = torch.randint(0, len(self.z), (n,), generator=g)
        z, paint = self.z[rows].float(), self.paint[rows].float()
        words = self.words(rows)
        level = torch.multinomial(torch.tensor(CHANCE), n, True, generator=g)
        t = torch.tensor(LEVELS)[level]
        t = torch.where(self.chance(n) < 0.15, torch.randint(20, 1000, (n,), generator=g), t)
        # At high noise some paint is of another picture: there the words must decide.
        wrong = (self.chance(n) < 0.25) & (t > 600)
        paint = torch.where(wrong[:, None, None, None], paint.roll(1, 0), paint)
        # Half the time the source is pure paint; else a picture that keeps a rest of its paint,
        # as the later steps of a run see it.
        kind = self.chance(n)
        rest = torch.where(kind < 0.5, 1.0, torch.where(kind < 0.8, self.chance(n) * 0.6, 0.0))
        source = z + rest[:, None, None, None] * (paint - z)
        flip = (self.chance(n) < 0.5)[:, None, None, None]
        z = torch.where(flip, z.flip(3) * self.signs, z)
        source = torch.where(flip, source.flip(3) * self.signs, source)
        top, left = torch.randint(0, z.shape[2] - side + 1, (2,), generator=g).tolist()
        z = z[:, :, top:top + side, left:left + side]
        source = source[:, :, top:top + side, left:left + side]
        a = self.alphas[t][:, None, None, None]
        noise = torch.randn(z.shape, generator=g)
        x = a.sqrt() * source + (1 - a).sqrt() * noise
        return [v.to(self.dev) for v in (x, t, words, z)]


def hinge(scores, sign):
    return sum(F.relu(1 - sign * s).mean() for s in scores)


@torch.no_grad()
def average(modules, workers, over):
    """Give all workers the mean of their weights; true when the first says that time is over."""
    flag = torch.tensor([float(over)])
    if workers > 1:
        dist.broadcast(flag, 0)
        for module in modules:
            for p in module.parameters():
                dist.all_reduce(p)
                p.div_(workers)
    return bool(flag)


def push_of(judge, y, words, size):
    """The discriminator's gradient on y, as long in each sample as size says; and its loss."""
    with torch.autocast(y.device.type, torch.bfloat16):
        scores = judge(y, words)
    loss = -sum(s.float().mean() for s in scores)
    push = torch.autograd.grad(loss, y)[0]
    norm = push.flatten(1).norm(dim=1)[:, None, None, None]
    return push * size / (norm + 1e-9), loss


def train(rank, args):
    if args.workers > 1:
        where = f"file://{Path(args.work).resolve()}/meet.{args.token}"
        dist.init_process_group("gloo", init_method=where, rank=rank, world_size=args.workers)
    torch.set_num_threads(args.threads)
    dev = device()
    run = Run(args.work, "denoiser", args.minutes, args.slice)
    state = run.load()
    seed_all(3 + run.step)
    pairs = Pairs(args.work, dev, 3 + run.step + 10_000_000 * rank)
    net, judge = UNet().to(dev), Critic().to(dev)
    ema = Ema(net)
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=1e-3)
    opt_judge = torch.optim.AdamW(judge.parameters(), lr=4e-4, betas=(0.5, 0.99))
    if state:
        net.load_state_dict(state["net"])
        judge.load_state_dict(state["judge"])
        ema.module.load_state_dict(state["ema"])
        ema.count = run.step
        opt.load_state_dict(state["opt"])
        opt_judge.load_state_dict(state["opt_judge"])

    def save():
        run.save(net=net.state_dict(), ema=ema.module.state_dict(), judge=judge.state_dict(),
                 opt=opt.state_dict(), opt_judge=opt_judge.state_dict())

    while run.step % SHARE or not average((net, judge), args.workers, run.over()):
        adversarial = run.progress() > 0.15
        for group in opt.param_groups:
            group["lr"] = rate(run.progress(), 8e-4)
        whole = args.crop == 0 or run.step % 8 == 0
        x, t, words, z = pairs.batch(BATCH, 32) if whole else pairs.batch(BATCH * 2, args.crop)
        with torch.autocast(dev.type, torch.bfloat16):
            mean, doubt = net.parts(x, t, words[:, None])
        y = net.textured(mean, doubt, x, t)
        error = (mean - z).pow(2).mean((1, 2, 3))
        # 1.25 |x| is the spread of a normal variable of which |x| is the mean deviation
        loss_doubt = (doubt - 1.25 * (mean - z).abs().detach()).pow(2).mean()
        loss = error.mean() + loss_doubt
        loss_judge = loss_adv = torch.zeros(())
        if adversarial:
            pull = 2 * (mean - z).detach() / mean.numel()
            size = args.adversarial * pull.flatten(1).norm(dim=1)[:, None, None, None]
            push, loss_adv = push_of(judge, y.detach().requires_grad_(), words, size)
            loss = loss + (y * push).sum()
        opt.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        ema.update(net)
        if adversarial:
            with torch.autocast(dev.type, torch.bfloat16):
                real, fake = judge(z, words), judge(y.detach(), words)
                other = judge(z[::2], words[1::2])  # not its own words
            loss_judge = hinge(real, 1) + 0.6 * hinge(fake, -1) + 0.4 * hinge(other, -1)
            opt_judge.zero_grad(set_to_none=True)
            loss_judge.backward()
            opt_judge.step()
        run.step += 1
        if rank == 0 and (run.step == 1 or run.step % 50 == 0):
            low, high = error[t < 400], error[t > 700]
            run.log(mse=error.mean(), low=low.mean(), high=high.mean(), doubt=loss_doubt,
                    adv=loss_adv, judge=loss_judge)
        if rank == 0 and run.due():
            save()
    if rank == 0:
        save()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minutes", type=float, default=60, help="in all")
    parser.add_argument("--slice", type=float, default=1e9, help="minutes of this call")
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    parser.add_argument("--workers", type=int, default=1, help="processes, weights averaged")
    parser.add_argument("--crop", type=int, default=16, help="latent side in 7 of 8 steps, or 0")
    parser.add_argument("--adversarial", type=float, default=0.9, help="its share of the gradient")
    args = parser.parse_args()
    args.token = str(time.time_ns())
    if args.workers > 1:
        mp.spawn(train, (args,), args.workers)
    else:
        train(0, args)


if __name__ == "__main__":
    main()
