"""The networks of a training with their optimisers, averages and checkpoints."""

import copy
import os
import time

import losses
import release
import torch
from critics import MaterialCritic, PixelCritic, Reader, SentenceCritic
from decoder import Decoder
from unet import ImageEncoder, UNet

LAST = torch.channels_last


class State:
    def build(self, assets):
        torch.manual_seed(0)
        m = self.nets = dict(
            unet=UNet(),
            image=ImageEncoder(),
            decoder=Decoder(),
            pixel=PixelCritic(unshuffle=1),
            sentence=SentenceCritic(),
            fine=PixelCritic(),
            material=MaterialCritic(),
            reader=Reader(len(self.vocabulary)),
        )
        if (assets / "decoder.pt").exists():
            m["decoder"].take_over(torch.load(assets / "decoder.pt", map_location="cpu"))
        for net in m.values():
            net.to(self.device, memory_format=LAST)
        self.ema = {k: copy.deepcopy(m[k]).eval().requires_grad_(False) for k in ("unet", "image", "decoder")}

        def adam(names, lr, betas=(0.5, 0.99), decay=1e-4):
            ps = [q for n in names for q in m[n].parameters()]
            return torch.optim.AdamW(ps, lr, betas=betas, weight_decay=decay, fused=True)

        self.optimisers = dict(
            compose=adam(("unet", "image"), self.a.lr),
            decode=adam(("decoder",), self.a.lr),
            critic=adam(("pixel", "sentence"), self.a.critic_lr),
            fine=adam(("fine", "material"), self.a.critic_lr),
            reader=adam(("reader",), 1e-3, (0.9, 0.99), 1e-2),
        )
        self.step = self.seen = self.crops = 0
        self.spent, self.scale, self.scale_fine, self.carried = 0.0, None, None, None
        # adversary, feature matching, reading
        self.balance = losses.Balance((1.2, 0.3, 0.3), (4.0, 40.0, 0.3))
        self.balance_fine = losses.Balance((1.3, 0.3), (6.0, 40.0))
        self.joint, self.good = torch.zeros((), device=self.device), {}
        path = self.out / "checkpoint.pt"
        if path.exists():
            self.load(torch.load(path, map_location=self.device, weights_only=False))
        elif self.a.init:
            self.begin_with(release.read(self.a.init))

    def state(self):
        keep = dict(
            step=self.step,
            seen=self.seen,
            crops=self.crops,
            spent=self.spent + time.time() - self.begin,
            scale=self.scale,
            scale_fine=self.scale_fine,
            balance=self.balance.now,
            balance_fine=self.balance_fine.now,
            joint=self.joint,
            vocabulary=self.vocabulary,
        )
        return keep | {
            "nets": {k: v.state_dict() for k, v in self.nets.items()},
            "ema": {k: v.state_dict() for k, v in self.ema.items()},
            "optimisers": {k: v.state_dict() for k, v in self.optimisers.items()},
        }

    def load(self, s):
        for k, v in s["nets"].items():
            self.nets[k].load_state_dict(v)
        for k, v in s["ema"].items():
            self.ema[k].load_state_dict(v)
        for k, v in s.get("optimisers", {}).items():
            self.optimisers[k].load_state_dict(v)
        for k in ("step", "seen", "crops", "spent", "scale", "scale_fine", "joint"):
            setattr(self, k, s[k])
        self.balance.now, self.balance_fine.now = s["balance"], s["balance_fine"]
        self.say(f"goes on from step {self.step}")

    def begin_with(self, weights):
        """A small copy (release.py) as the start: the averaged networks, and the critics if it has them."""
        for k, net in self.nets.items():
            if k == "reader" and weights["vocabulary"] != self.vocabulary:
                continue
            if k in weights:
                net.load_state_dict(weights[k])
        for k, net in self.ema.items():
            net.load_state_dict(weights[k])
        self.scale, self.scale_fine = (weights[k].to(self.device) for k in ("scale", "scale_fine"))
        self.seen, self.crops = weights["seen"], weights["crops"]
        self.say(f"begins with weights of {self.seen} samples")

    def save(self):
        temporary = self.out / "checkpoint.tmp"
        torch.save(self.state(), temporary)
        os.replace(temporary, self.out / "checkpoint.pt")

    def progress(self):
        return (self.spent + time.time() - self.begin) / ((self.a.total or self.a.minutes) * 60)

    def guard(self, fine):
        """Keeps a copy of the last good state, and goes back to it when numbers stop being finite."""
        if not fine and self.good:
            self.say("numbers are not finite; back to the last good state")
            for k, (net, optimiser) in self.good.items():
                (self.nets if net else self.optimisers)[k].load_state_dict(optimiser)
        elif fine and self.step % 500 == 0:
            self.good = {k: (True, copy.deepcopy(v.state_dict())) for k, v in self.nets.items()} | {
                k: (False, copy.deepcopy(v.state_dict())) for k, v in self.optimisers.items()
            }

    def rates(self):
        f = min(1.0, max(0.03, (1 - self.progress()) / 0.3)) * min(1.0, (self.step + 1) / 50)
        for k, o in self.optimisers.items():
            if k != "reader":
                base = self.a.critic_lr if k in ("critic", "fine") else self.a.lr
                for g in o.param_groups:
                    g["lr"] = base * f

    @torch.no_grad()
    def follow(self):
        keep = min(0.9985 if self.progress() > 0.6 else 0.995, (self.step + 1) / (self.step + 10))
        for k, slow in self.ema.items():
            torch._foreach_lerp_(list(slow.parameters()), list(self.nets[k].parameters()), 1 - keep)
