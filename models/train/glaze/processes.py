"""Single-threaded processes that train one network together and average their gradients; two threads of one
process are slower by far."""

import os
import subprocess
import sys

import torch
import torch.distributed as dist

RANK, MEET = "GLAZE_RANK", "GLAZE_MEET"
# Without instructions for it bfloat16 is emulated, several times slower than float32.
HALF = torch.cpu._is_avx512_bf16_supported()


def amp():
    """Networks run in bfloat16 where the processor has it."""
    return torch.autocast("cpu", torch.bfloat16, enabled=HALF)


class Processes:
    """This process' `rank` among `count`. The first starts the others, with its own arguments."""

    def __init__(self, count, out):
        """out: a folder that all see; they meet there."""
        self.count, self.rank = count, int(os.environ.get(RANK, "0"))
        torch.set_num_threads(1)
        out.mkdir(parents=True, exist_ok=True)
        if count == 1:
            return
        if self.rank == 0:
            os.environ[MEET] = str((out / f"meet-{os.getpid()}").resolve())
            for r in range(1, count):
                subprocess.Popen([sys.executable, *sys.argv], env=os.environ | {RANK: str(r)})
        dist.init_process_group(
            "gloo", init_method="file://" + os.environ[MEET], rank=self.rank, world_size=count
        )

    def averaged(self, optimiser, extra=0.0):
        """Averages the gradients; -> the sum of `extra` over the processes."""
        if self.count == 1:
            return extra
        grads = [p.grad for g in optimiser.param_groups for p in g["params"] if p.grad is not None]
        flat = torch.cat([*(g.reshape(-1) for g in grads), torch.tensor([float(extra)])])
        dist.all_reduce(flat)
        if not grads:
            return float(flat[-1])
        parts = (flat[:-1] / self.count).split([g.numel() for g in grads])
        torch._foreach_copy_(grads, [v.view_as(g) for v, g in zip(parts, grads, strict=True)])
        return float(flat[-1])
