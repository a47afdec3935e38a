"""What both training loops share: slices of time, checkpoints, moving averages, logs."""

import copy
import json
import os
import random
import time
from pathlib import Path

import numpy as np
import torch


def seed_all(seed):
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Ema:
    """A slowly following copy of a module."""

    def __init__(self, module, decay=0.997):
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self.decay, self.count = decay, 0

    @torch.no_grad()
    def update(self, module):
        self.count += 1
        decay = min(self.decay, self.count / (self.count + 10))
        for mine, theirs in zip(self.module.parameters(), module.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)


class Run:
    """Wall time over several slices, a log, and one checkpoint file that is replaced at once."""

    def __init__(self, folder, name, total_minutes, slice_minutes):
        self.path = Path(folder) / f"{name}.pt"
        self.log_path = Path(folder) / f"{name}.jsonl"
        self.total, self.slice = total_minutes * 60, slice_minutes * 60
        self.spent, self.step = 0.0, 0
        self.start = self.saved = time.time()

    def load(self):
        if not self.path.exists():
            return None
        state = torch.load(self.path, map_location="cpu", weights_only=False)
        self.spent, self.step = state["spent"], state["step"]
        return state

    def elapsed(self):
        return self.spent + time.time() - self.start

    def progress(self):
        return min(1.0, self.elapsed() / self.total)

    def over(self):
        return self.progress() >= 1.0 or time.time() - self.start >= self.slice

    def due(self, seconds=120):
        if time.time() - self.saved < seconds:
            return False
        self.saved = time.time()
        return True

    def save(self, **state):
        state.update(spent=self.elapsed(), step=self.step)
        temporary = self.path.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.path)

    def log(self, **values):
        row = {"step": self.step, "minutes": round(self.elapsed() / 60, 2)}
        row.update({k: round(float(torch.as_tensor(v).detach()), 5) for k, v in values.items()})
        with self.log_path.open("a") as out:
            out.write(json.dumps(row) + "\n")
        print(row, flush=True)


def rate(progress, peak, warm=0.02):
    """Learning rate: a short warm-up, flat, then linearly down in the last 40 %."""
    if progress < warm:
        return peak * (0.1 + 0.9 * progress / warm)
    return peak * min(1.0, max(0.02, (1 - progress) / 0.4))
