#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Ours beside others on the same full-size networks: seconds a phase, one step, and the ratio to ours.

    python benches/peers.py MODEL [--scumble PROGRAM] [--threads 2] [--rounds 3] [--side 512] [--only NAME]

MODEL is a folder of tests/golden/fullsize.py (SD-Turbo's shapes, random weights). Every engine has a process
of its own, one after the other, round by round, so that what else the machine does meets all of them; the
least of the rounds counts. Ours is a whole `scumble render`, with all that lies between the networks.
OpenVINO reads the same files; PyTorch has diffusers' modules of the same configurations. Figures, no limits.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PHASES = ("encode", "denoise", "decode")  # VAE encoder, U-Net, VAE decoder
NETWORKS = dict(zip(PHASES, ("vae_encoder", "unet", "vae_decoder"), strict=True))
PEERS = ("openvino f32", "openvino bf16", "pytorch f32", "pytorch bf16")


def inputs(model, phase, side):
    """What a network is fed: [1, channels, height, width] floats, by the export's names."""
    import numpy as np

    noise = np.random.default_rng(0).standard_normal
    latent = np.asarray(noise((1, 4, side // 8, side // 8)), "f4")
    if phase == "encode":
        return {"sample": np.asarray(noise((1, 3, side, side)), "f4")}
    if phase == "decode":
        return {"latent_sample": latent}
    words = np.asarray(noise((1, 77, settings(model, phase)["cross_attention_dim"])), "f4")
    return {"sample": latent, "timestep": np.float32(999), "encoder_hidden_states": words}


def settings(model, phase):
    return json.loads((model / NETWORKS[phase] / "config.json").read_text())


def timed(call):
    """Seconds of the second call: the first one warms up."""
    call()
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def openvino(model, phase, precision, threads, side):
    import openvino as ov

    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
    network = ov.Core().compile_model(model / NETWORKS[phase] / "model.onnx", "CPU", options)
    feed = inputs(model, phase, side)
    return timed(lambda: network(feed))


def pytorch(model, phase, precision, threads, side):
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel

    torch.set_num_threads(threads)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    make = UNet2DConditionModel if phase == "denoise" else AutoencoderKL
    module = make.from_config(settings(model, phase)).eval().to(kind)
    feed = [torch.as_tensor(value).to(kind) for value in inputs(model, phase, side).values()]
    run = {"encode": lambda x: module.encode(x), "decode": lambda x: module.decode(x)}.get(phase, module)
    with torch.inference_mode():
        return timed(lambda: run(*feed))


def alone(name, model, threads, side):
    """The phases of a peer, in this process, one network after the other."""
    engine, precision = name.split()
    run = {"openvino": openvino, "pytorch": pytorch}[engine]
    return {phase: run(model, phase, precision, threads, side) for phase in PHASES}


def ours(program, model, threads, side):
    """One picture of the command; the trial run on loading has warmed it up."""
    import numpy as np
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        paint, out = os.path.join(folder, "in.png"), os.path.join(folder, "out.png")
        noise = np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8)
        Image.fromarray(noise).save(paint)
        command = [program, "render", "--json", "--device", "cpu", "--threads", str(threads)]
        command += ["--model", model, "--prompt", "a house", "--strength", "0.9", "--steps", "1"]
        command += ["--resolution", str(side), "--input", paint, "--output", out]
        told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {phase: told["microseconds"][phase] / 1e6 for phase in PHASES}


def of_peer(name, options):
    command = [sys.executable, __file__, str(options.model), "--alone", name]
    command += ["--threads", str(options.threads), "--side", str(options.side)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"-- {name} did not run", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def table(found):
    own = found["scumble"]
    yield "| engine | " + " | ".join(PHASES) + " | " + " | ".join(f"{p} / ours" for p in PHASES) + " |"
    yield "|---" * (1 + 2 * len(PHASES)) + "|"
    for name, times in found.items():
        seconds = [f"{times[phase]:.2f} s" for phase in PHASES]
        ratios = [f"{times[phase] / own[phase]:.2f}" for phase in PHASES]
        yield f"| {name} | " + " | ".join(seconds + ratios) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--scumble", default="target/release/scumble")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--only", choices=PEERS, action="append")
    parser.add_argument("--alone", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(alone(options.alone, options.model, options.threads, options.side)))
        return
    found = {}
    for _ in range(options.rounds):
        rows = {"scumble": ours(options.scumble, options.model, options.threads, options.side)}
        rows.update({name: of_peer(name, options) for name in options.only or PEERS})
        for name, times in rows.items():
            if times is not None:
                best = found.setdefault(name, dict.fromkeys(PHASES, math.inf))
                best.update({phase: min(best[phase], times[phase]) for phase in PHASES})
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
