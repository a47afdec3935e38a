#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ours beside others on the same full-size networks: seconds a phase, one step, and the ratios.

    python benches/peers.py MODEL [--library FILE] [--openvino FOLDER] [--threads 2] [--rounds 3] [--side 512]
                            [--only NAME] [--forms FOLDER]

MODEL is a folder of tests/golden/fullsize.py (SD-Turbo's shapes, random weights). Every engine has a process
of its own, one after the other, round by round, so that what else the machine does meets all of them; the
least of the rounds counts, and how far the rounds' ratios of whole pictures lie apart is told. Ratios are to
the first engine. All have the same cores and as many threads as there are of these.

| engine | what is run |
|---|---|
| scumble | whole pictures through the library, with all that lies between the networks, on the device `cpu` |
| scumble-openvino | the same on the device `openvino` of the ONNX Runtime in --openvino |
| onnxruntime | the same files, bare: what ours stands on |
| openvino | the same files, by OpenVINO itself |
| genai | the same files as OpenVINO GenAI's Image2ImagePipeline wants them; times by its own metrics |
| pytorch | diffusers' modules of the same configurations |
| sd.cpp | random weights of the same shapes, by stable-diffusion.cpp; times between the lines of its log |

FOLDER keeps the forms that GenAI and stable-diffusion.cpp read (peer_folders.py; 10 GB), made where they are
not there yet. The first table has seconds by the clock, the second the processor's, which a busy machine
changes less. Figures, no limits.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import peer_folders

PHASES = ("encode", "denoise", "decode")  # VAE encoder, U-Net, VAE decoder
NETWORKS = dict(zip(PHASES, ("vae_encoder", "unet", "vae_decoder"), strict=True))
ENGINES = (
    "scumble f32", "scumble-openvino f32", "scumble-openvino bf16", "onnxruntime f32", "openvino f32",
    "openvino bf16", "genai f32", "genai bf16", "pytorch f32", "pytorch bf16", "sd.cpp f32",
)  # fmt: skip
OURS = {"scumble": "cpu", "scumble-openvino": "openvino"}  # the device option
# What another reads in a form of its own, and who makes that.
FORMS = {"genai": peer_folders.for_genai, "sd.cpp": peer_folders.for_sd_cpp}
CLOCKS = ("by the clock", "of the processor's time")
PROMPT = "a house"


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
    return {"sample": latent, "timestep": np.asarray(999, "f4"), "encoder_hidden_states": words}


def picture(side, seed=0):
    """[side, side, 3] bytes."""
    import numpy as np

    return np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)


def settings(model, phase):
    return peer_folders.settings(model, NETWORKS[phase])


def now():
    """Seconds by the clock, and of the processor's time of this process."""
    return time.perf_counter(), time.process_time()


def since(began):
    return [after - before for before, after in zip(began, now(), strict=True)]


def timed(call):
    """Of the second call: the first one warms up."""
    call()
    began = now()
    call()
    return since(began)


def onnxruntime(model, phase, precision, threads, side):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    file = model / NETWORKS[phase] / "model.onnx"
    network = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    feed = inputs(model, phase, side)
    return timed(lambda: network.run(None, feed))


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


def genai(folder, precision, threads, side):
    import openvino
    import openvino_genai

    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
    pipeline = openvino_genai.Image2ImagePipeline(folder, "CPU", **options)
    paint = openvino.Tensor(picture(side)[None])
    # Half of two steps is one.
    how = {"strength": 0.5, "num_inference_steps": 2, "guidance_scale": 0.0}
    whole = timed(lambda: pipeline.generate(PROMPT, paint, **how))
    told = pipeline.get_performance_metrics()
    encode, decode = told.get_vae_encoder_infer_duration(), told.get_vae_decoder_infer_duration()
    clock = encode / 1e3, sum(told.raw_metrics.unet_inference_durations) / 1e6, decode / 1e3
    # It tells nothing of the processor's time: that of the whole goes by the shares of the clock.
    share = whole[1] / sum(clock)
    return {phase: [seconds, seconds * share] for phase, seconds in zip(PHASES, clock, strict=True)}


def sd_cpp(folder, precision, threads, side):
    import ctypes

    import stable_diffusion_cpp
    from PIL import Image

    lines = []

    @stable_diffusion_cpp.sd_log_callback
    def hear(level, text, data):
        lines.append((text.decode(errors="replace"), now()))

    model = stable_diffusion_cpp.StableDiffusion(
        model_path=str(folder), n_threads=threads, prediction="eps", wtype=precision, vae_conv_direct=False
    )
    stable_diffusion_cpp.sd_set_log_callback(hear, ctypes.c_void_p(0))
    paint = Image.fromarray(picture(side))
    for _ in range(2):
        lines.clear()
        model.generate_image(
            prompt=PROMPT, init_image=paint, width=side, height=side, strength=0.99, sample_steps=1,
            sample_method="euler", cfg_scale=1.0, seed=1,
        )  # fmt: skip
    return between(lines)


def between(lines):
    """Phases, by what stable-diffusion.cpp logs when each begins and ends."""
    said = lambda words: next(when for text, when in lines if words in text)  # noqa: E731
    bounds = {
        "encode": ("IMG2IMG", "encode_first_stage completed"),
        "denoise": ("generating image:", "sampling completed"),
        "decode": ("decoding ", "decode_first_stage completed"),
    }
    return {
        phase: [b - a for a, b in zip(said(first), said(last), strict=True)]
        for phase, (first, last) in bounds.items()
    }


def ours(options, device, precision):
    """The second picture of two in one engine, in this process."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "plugin-krita"))
    from scumble import abi
    from scumble.engine import Engine, Session, Settings
    from scumble.library import Library

    os.environ["SCUMBLE_FULL_PRECISION"] = "1" if precision == "f32" else "0"
    how = {"device": device, "threads": options.threads, "process": abi.PROCESS_HOST}
    if device == "openvino":
        how["runtime"] = str(options.openvino)
    side, seeds = options.side, iter(range(2))
    with Engine(Library(options.library), str(options.model), **how) as engine:
        while not (info := engine.info()).ready:
            if info.failed:
                sys.exit(info.message)
            time.sleep(0.1)
        print(f"{info.device}: {info.note or 'as asked for'}", file=sys.stderr)
        with Session(engine) as session:
            session.set(Settings(PROMPT, strength=0.9, steps=1, resolution=side))
            told = {}

            def render():
                paint = picture(side, next(seeds))[..., (0, 1, 2, 2)].copy()
                paint[..., 3] = 255
                part = (0, 0, side, side), paint.ctypes.data, paint.nbytes
                session.push(abi.FORMAT_RGBA8, (side, side), [part])
                while not session.wait(1000):
                    pass
                with session.poll() as frame:
                    told.update({phase: getattr(frame.info, f"{phase}_us") / 1e6 for phase in PHASES})

            whole = timed(render)
    return {phase: [seconds, seconds * whole[1] / sum(told.values())] for phase, seconds in told.items()}


def alone(name, options):
    """The phases of an engine, in this process: one network after the other, or a whole picture."""
    engine, precision = name.split()
    model, threads, side = options.model, options.threads, options.side
    if engine in OURS:
        return ours(options, OURS[engine], precision)
    if engine in FORMS:
        return {"genai": genai, "sd.cpp": sd_cpp}[engine](model, precision, threads, side)
    run = {"onnxruntime": onnxruntime, "openvino": openvino, "pytorch": pytorch}[engine]
    return {phase: run(model, phase, precision, threads, side) for phase in PHASES}


def in_its_process(name, options):
    model = options.made.get(name.split()[0], options.model)
    command = [sys.executable, __file__, str(model), "--alone", name]
    command += ["--threads", str(options.threads), "--side", str(options.side)]
    command += ["--library", options.library, "--openvino", options.openvino]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"-- {name} did not run", file=sys.stderr)
        return None
    # stable-diffusion.cpp says more, before and after.
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))


def table(rounds, clock):
    """rounds: the phases of each engine, by name, or None; clock: 0 or 1, of CLOCKS."""
    names = [name for name in rounds[0] if all(one[name] for one in rounds)]
    least = {name: [min(one[name][phase][clock] for one in rounds) for phase in PHASES] for name in names}
    wholes = {name: [sum(one[name][phase][clock] for phase in PHASES) for one in rounds] for name in names}
    if not names:
        return
    first = names[0]
    heads = [CLOCKS[clock], *PHASES, *(f"{phase} / first" for phase in PHASES)]
    yield "| " + " | ".join([*heads, "whole", "whole / first, round by round"]) + " |"
    yield "|---" * (len(heads) + 2) + "|"
    for name in names:
        seconds = [f"{value:.2f} s" for value in least[name]]
        ratios = [f"{value / own:.2f}" for value, own in zip(least[name], least[first], strict=True)]
        apart = sorted(value / own for value, own in zip(wholes[name], wholes[first], strict=True))
        spread = f"{min(wholes[name]):.2f} to {max(wholes[name]):.2f} s", " ".join(f"{v:.3f}" for v in apart)
        yield f"| {name} | " + " | ".join([*seconds, *ratios, *spread]) + " |"


def forms(options):
    """Makes what is not there yet; the folders by engine."""
    made = {}
    for engine in {name.split()[0] for name in options.only} & set(FORMS):
        made[engine] = options.forms / engine
        if not made[engine].exists():
            unfinished = made[engine].with_name(engine + ".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            FORMS[engine](options.model, unfinished)
            unfinished.rename(made[engine])
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--library", default="target/release/libscumble.so")
    parser.add_argument("--openvino", default=".setup/openvino-built-in")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--forms", type=pathlib.Path, default=pathlib.Path("out/peers"))
    parser.add_argument("--only", choices=ENGINES, action="append")
    parser.add_argument("--alone", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(alone(options.alone, options)))
        return
    options.only = list(dict.fromkeys(options.only or ENGINES))
    cores = sorted(os.sched_getaffinity(0))[: options.threads]
    os.sched_setaffinity(0, cores)  # its children's too
    options.made = forms(options)
    rounds = []
    for _ in range(options.rounds):
        rounds.append({name: in_its_process(name, options) for name in options.only})
        print(json.dumps(rounds[-1]), file=sys.stderr, flush=True)
    print("\n".join("\n".join(table(rounds, clock)) + "\n" for clock in range(len(CLOCKS))))


if __name__ == "__main__":
    main()
